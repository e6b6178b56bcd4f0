package listen

import (
	"context"
	"iter"
	"sync/atomic"

	"ablyrooms.example/internal/ctxerr"
)

// Events registers a listener at once. It returns a sequence that can be ranged over once: it
// yields the events in first, then every event from now on, in order, each with a nil error. Where
// events were dropped, it yields a [*DroppedError] and goes on. Any other error is the last one:
//
//   - the context's error when the context ends; events that wait are then discarded
//   - the error of [List.End], after the events that wait
//   - c.Again, if the sequence is ranged over a second time
//
// The registration ends with the loop and with the context. No goroutine runs in the background.
// The registration of a sequence that is never ranged over ends with its context.
func (l *List[T]) Events(ctx context.Context, c Config, first ...T) iter.Seq2[T, error] {
	_, events := l.loop(ctx, c, first...)
	return events
}

// loop registers a queue for a loop, and returns the queue and the sequence.
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
				// gone is not nil: Unsubscribe is only called when the context or the loop ends.
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

// once returns a sequence that can be ranged over once. If it is ranged over again, it yields the
// error again.
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

// leave ends the registration of a loop. It is called by the goroutine of the loop.
func (q *queue[T]) leave() {
	q.stop()
	q.drop()
}

// drop ends the registration of a loop, and drops the events that wait for it.
func (q *queue[T]) drop() {
	q.Unsubscribe()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.empty()
}

// Await calls check with the value that now returns, and then with each event, until check returns
// true or an error.
//
// It returns the error of check, the error of the context, or the error of [List.End].
func Await[T any](
	ctx context.Context, l *List[T], c Config, now func() T, check func(T) (bool, error),
) error {
	q, events := l.loop(ctx, c) // registered before now is called, so that no change is missed
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
