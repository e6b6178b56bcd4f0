package lifecycle

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
)

// observer hands records to a function in the order in which they were put, one at a time, in the goroutine of whoever comes by. So
// the function runs under no lock, may call back, and sees the steps of a core in their order.
type observer[T any] struct {
	handle func(T)
	log    *slog.Logger

	mu      sync.Mutex
	queue   []T
	running bool
}

// put queues a record. It never blocks and calls nothing, so that it may be called under the lock that orders the records.
func (o *observer[T]) put(record T) {
	o.mu.Lock()
	o.queue = append(o.queue, record)
	o.mu.Unlock()
}

// flush hands over what is queued, unless somebody else is at it, further up in this goroutine's own stack perhaps.
func (o *observer[T]) flush() {
	if o == nil {
		return
	}
	o.mu.Lock()
	for !o.running && len(o.queue) > 0 {
		record := o.queue[0]
		o.queue = o.queue[1:]
		o.running = true
		o.mu.Unlock()
		o.call(record)
		o.mu.Lock()
	}
	o.mu.Unlock()
}

// flushSoon hands over what is queued in a goroutine of its own: for those who must not wait for foreign code.
func (o *observer[T]) flushSoon() {
	o.mu.Lock()
	queued := !o.running && len(o.queue) > 0
	o.mu.Unlock()
	if queued {
		go o.flush()
	}
}

func (o *observer[T]) call(record T) {
	returned := false
	defer func() {
		p := recover()
		if p != nil {
			logPanic(o.log, "observer panicked", p)
		}
		o.mu.Lock()
		o.running = false
		o.mu.Unlock()
		if p == nil && !returned {
			go o.flush() // the observer ended this goroutine (runtime.Goexit), and with it the loop of flush
		}
	}()
	o.handle(record)
	returned = true
}

// defaultLogger writes errors alone, to the program's default logger, as the other chat SDKs do.
func defaultLogger() *slog.Logger { return slog.New(errorsOnly{slog.Default().Handler()}) }

type errorsOnly struct{ slog.Handler }

func (h errorsOnly) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && h.Handler.Enabled(ctx, level)
}

func (h errorsOnly) WithAttrs(attrs []slog.Attr) slog.Handler {
	return errorsOnly{h.Handler.WithAttrs(attrs)}
}

func (h errorsOnly) WithGroup(name string) slog.Handler { return errorsOnly{h.Handler.WithGroup(name)} }

func logPanic(log *slog.Logger, message string, value any, attrs ...slog.Attr) {
	attrs = append(attrs, slog.Any("panic", value), slog.String("stack", string(debug.Stack())))
	log.LogAttrs(context.Background(), slog.LevelError, message, attrs...)
}
