package listen

import (
	"context"
	"iter"
)

// Events registers a listener at once and returns a sequence to range over: every event from now on, in order. With an event the error is
// nil; where more than c.Limit waited, an [*OverflowError] stands in the place of what was lost, and the sequence goes on.
//
// It ends when the context ends, when the loop is left, or when the list is cleared; then the listener is gone, and the sequence can't be
// ranged over again. Nothing runs in the background meanwhile. Whoever doesn't range over it must end the context.
func (l *List[T]) Events(ctx context.Context, c Config) iter.Seq2[T, error] {
	q := &queue[T]{config: c, ready: make(chan struct{}, 1)}
	off := l.add(q)
	stop := context.AfterFunc(ctx, off)
	return func(yield func(T, error) bool) {
		defer off()
		defer stop()
		for {
			event, lost := q.take()
			switch {
			case ctx.Err() != nil:
				return
			case event != nil:
				if !yield(*event, nil) {
					return
				}
			case lost > 0:
				var none T
				if !yield(none, &OverflowError{Lost: lost, Limit: c.Limit}) {
					return
				}
			case q.ended():
				return
			default:
				select {
				case <-q.ready:
				case <-ctx.Done():
					return
				}
			}
		}
	}
}

func (q *queue[T]) ended() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.off
}
