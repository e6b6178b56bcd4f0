package listen

import (
	"context"
	"iter"
	"sync/atomic"

	"ablyrooms.example/internal/ctxerr"
)

// Events registers a listener at once and returns a sequence to range over, once: the first ones,
// then every event from now on, in order, each with a nil error. Where events were dropped a
// [*DroppedError] stands in their place, and the sequence goes on. Any other error is the last: the
// context's, when that ends, and then events that wait are discarded; that of [List.End], after the
// events that wait; c.Again for a second range.
//
// The registration ends with the loop, however it is left, and with the context. Nothing runs in
// the background meanwhile. A sequence that is never ranged over ends with its context.
func (l *List[T]) Events(ctx context.Context, c Config, first ...T) iter.Seq2[T, error] {
	_, events := l.loop(ctx, c, first...)
	return events
}

// loop registers a queue for a loop and returns it with the sequence.
func (l *List[T]) loop(ctx context.Context, c Config, first ...T) (*queue[T], iter.Seq2[T, error]) {
	q := &queue[T]{config: c, ready: make(chan struct{}, 1)}
	for i := range first {
		q.put(&first[i])
	}
	l.add(q)
	q.stop = context.AfterFunc(ctx, q.drop)
	return q, once(c.Again, func(yield func(T, error) bool) {
		defer q.leave()
		for {
			var none T
			n := q.take()
			switch {
			case ctx.Err() != nil:
				yield(none, ctxerr.Of(ctx))
				return
			case n.event != nil:
				if !yield(*n.event, nil) {
					return
				}
			case n.gap > 0:
				if !yield(none, &DroppedError{Count: n.gap}) {
					return
				}
			case n.ended:
				// not by Unsubscribe: that comes with the context or at the end
				yield(none, n.gone())
				return
			default:
				select {
				case <-q.ready:
				case <-ctx.Done():
				}
			}
		}
	})
}

// Failed returns a sequence that yields one error and ends.
func Failed[T any](err error, c Config) iter.Seq2[T, error] {
	return once(c.Again, func(yield func(T, error) bool) {
		var none T
		yield(none, err)
	})
}

// once returns a sequence that can be ranged over once; further times it yields again.
func once[T any](again error, events iter.Seq2[T, error]) iter.Seq2[T, error] {
	var used atomic.Bool
	return func(yield func(T, error) bool) {
		if used.Swap(true) {
			var none T
			yield(none, again)
			return
		}
		events(yield)
	}
}

// leave ends the registration of a loop, in the goroutine of the loop.
func (q *queue[T]) leave() {
	q.stop()
	q.drop()
}

// drop ends the registration of a loop, and what waits for it.
func (q *queue[T]) drop() {
	q.Unsubscribe()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.empty()
}

// Await waits until check reports true or an error, for what now returns and then for each event.
//
// Errors: that of check; the context's; that of [List.End].
func Await[T any](
	ctx context.Context, l *List[T], c Config, now func() T, check func(T) (bool, error),
) error {
	q, events := l.loop(ctx, c) // before now, so that no change falls between
	defer q.leave()
	if done, err := check(now()); done || err != nil {
		return err
	}
	for event, err := range events {
		if err != nil {
			return err
		}
		if done, err := check(event); done || err != nil {
			return err
		}
	}
	return nil
}
