package main

import (
	"context"
	"fmt"
	"sync"
)

// inbox keeps the events of one subscription, in their order. Its methods may be called
// concurrently.
type inbox[T any] struct {
	change func(T) T // changes each event, to plant a fault in a client; may be nil

	mu     sync.Mutex
	events []T
	more   chan struct{} // closed and replaced when an event comes
}

// listen returns an inbox with the events of a subscription.
func listen[T any](subscribe func(put func(T))) *inbox[T] {
	b := &inbox[T]{more: make(chan struct{})}
	subscribe(b.put)
	return b
}

func (b *inbox[T]) put(event T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.change != nil {
		event = b.change(event)
	}
	b.events = append(b.events, event)
	close(b.more)
	b.more = make(chan struct{})
}

// next waits for an event, and removes and returns the first.
func (b *inbox[T]) next(t *trial) T {
	for {
		b.mu.Lock()
		more := b.more
		if len(b.events) > 0 {
			event := b.events[0]
			b.events = b.events[1:]
			b.mu.Unlock()
			return event
		}
		b.mu.Unlock()
		select {
		case <-more:
		case <-t.ctx.Done():
			t.fail(fmt.Errorf("no event of the type %T has come: %w", *new(T), context.Cause(t.ctx)))
		}
	}
}

// take removes and returns the next n events.
func (b *inbox[T]) take(t *trial, n int) (events []T) {
	for range n {
		events = append(events, b.next(t))
	}
	return events
}

// until removes and returns events, up to the first one that is wanted.
func (b *inbox[T]) until(t *trial, wanted func(T) bool) (events []T) {
	for {
		event := b.next(t)
		if events = append(events, event); wanted(event) {
			return events
		}
	}
}

// left returns the events that have come and were not removed.
func (b *inbox[T]) left() []T {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.events
}
