package main

import (
	"context"
	"fmt"
	"sync"
)

// inbox keeps the events of one subscription, in their order. Its methods may be called
// concurrently.
type inbox[T any] struct {
	change func(T) T // if not nil, changes each event: to plant a client that reports wrongly

	mu     sync.Mutex
	events []T
	more   chan struct{} // closed when an event comes, and replaced
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

// next takes the first event out, once there is one.
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
			t.fail(fmt.Errorf("no %T came: %w", *new(T), context.Cause(t.ctx)))
		}
	}
}

// take takes out the next n events.
func (b *inbox[T]) take(t *trial, n int) (events []T) {
	for range n {
		events = append(events, b.next(t))
	}
	return events
}

// until takes events out up to the first that is as wanted.
func (b *inbox[T]) until(t *trial, wanted func(T) bool) (events []T) {
	for {
		event := b.next(t)
		if events = append(events, event); wanted(event) {
			return events
		}
	}
}

// left returns what has come and was not taken.
func (b *inbox[T]) left() []T {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.events
}
