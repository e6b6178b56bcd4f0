package main

import (
	"context"
	"fmt"
	"sync"
)

// inbox keeps the events of one subscription, in their order. Its methods may be called concurrently.
type inbox[T any] struct {
	what   string
	change func(T) T // makes another event of each, if not nil: for a test that has a client tell wrong

	mu     sync.Mutex
	events []T
	more   chan struct{} // closed when an event comes, and made anew
}

func newInbox[T any](what string) *inbox[T] { return &inbox[T]{what: what, more: make(chan struct{})} }

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
			t.fail(fmt.Errorf("no event came: %s: %w", b.what, context.Cause(t.ctx)))
		}
	}
}

// take takes out the next n events.
func (b *inbox[T]) take(t *trial, n int) []T {
	events := make([]T, n)
	for i := range events {
		events[i] = b.next(t)
	}
	return events
}

// until takes events out up to the first that is as wanted.
func (b *inbox[T]) until(t *trial, wanted func(T) bool) []T {
	var events []T
	for {
		event := b.next(t)
		events = append(events, event)
		if wanted(event) {
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
