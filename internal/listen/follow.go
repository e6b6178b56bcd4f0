package listen

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"runtime/debug"
)

// errGoexit is the error of a listener that ended its goroutine with runtime.Goexit.
var errGoexit = errors.New("the listener ended its goroutine")

// Follow calls a function with each event of a sequence, in a goroutine. The goroutine ends when
// the sequence ends or the subscription is cancelled; it then cancels the sequence's context.
func Follow[T any](
	handle func(T), c Config, events func(context.Context) iter.Seq2[T, error],
) *Subscription {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Subscription{remove: cancel, running: true, done: make(chan struct{})}
	all := events(ctx) // registers at once
	go func() {
		last := errGoexit
		defer func() {
			cancel()
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.running = false; s.off {
				last = nil
			}
			s.finish(last)
		}()
		for event, err := range all {
			if err != nil {
				last = err
				return
			}
			if s.isOff() {
				return
			}
			call(handle, event, c)
		}
		last = nil
	}()
	return s
}

func (s *Subscription) isOff() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.off
}

// call calls a listener. It recovers and logs a panic of the listener.
func call[T any](handle func(T), event T, c Config) {
	defer func() {
		if p := recover(); p != nil {
			c.log(slog.LevelError, "listener panicked", slog.Any("panic", p),
				slog.String("stack", string(debug.Stack())))
		}
	}()
	handle(event)
}
