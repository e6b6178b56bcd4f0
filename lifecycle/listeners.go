package lifecycle

import (
	"context"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
)

// listeners delivers events to functions, to each in order and in a goroutine that lives only while it has events. So a listener
// that panics, blocks or calls back hurts neither the one who publishes nor the other listeners.
type listeners[T any] struct {
	mu   sync.Mutex
	list []*listener[T]
}

type listener[T any] struct {
	log     *slog.Logger
	room    string // whose listener it is, for the log
	mu      sync.Mutex
	handle  func(T) // nil once it is off
	queue   []T
	running bool
}

// add registers a listener; off removes this registration alone and may be called again (CHA-RS4f, CHA-RL15c).
func (l *listeners[T]) add(handle func(T), log *slog.Logger, room string) (off func()) {
	if handle == nil {
		panic("lifecycle: a listener is nil, expected a function")
	}
	entry := &listener[T]{log: log, room: room, handle: handle}
	l.mu.Lock()
	l.list = append(l.list, entry)
	l.mu.Unlock()
	return func() {
		l.mu.Lock()
		l.list = slices.DeleteFunc(l.list, func(e *listener[T]) bool { return e == entry })
		l.mu.Unlock()
		entry.mu.Lock()
		entry.handle, entry.queue = nil, nil
		entry.mu.Unlock()
	}
}

// publish queues an event for every listener. It never blocks and runs no listener's code, so that it may be called under a lock
// that keeps events in order.
func (l *listeners[T]) publish(event T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.list {
		e.mu.Lock()
		e.queue = append(e.queue, event)
		if !e.running {
			e.running = true
			go e.run()
		}
		e.mu.Unlock()
	}
}

// run delivers until the queue is empty.
func (e *listener[T]) run() {
	// A listener that ends its goroutine (runtime.Goexit) must not end the delivery of what comes after.
	done := false
	defer func() {
		if !done {
			go e.run()
		}
	}()
	for {
		e.mu.Lock()
		if len(e.queue) == 0 {
			e.running, e.queue, done = false, nil, true
			e.mu.Unlock()
			return
		}
		event, handle := e.queue[0], e.handle
		e.queue = e.queue[1:]
		e.mu.Unlock()
		e.call(handle, event)
	}
}

func (e *listener[T]) call(handle func(T), event T) {
	defer func() {
		if p := recover(); p != nil {
			logPanic(e.log, "listener panicked", p, slog.String("room", e.room))
		}
	}()
	handle(event)
}

func logPanic(log *slog.Logger, message string, value any, attrs ...slog.Attr) {
	attrs = append(attrs, slog.Any("panic", value), slog.String("stack", string(debug.Stack())))
	log.LogAttrs(context.Background(), slog.LevelError, message, attrs...)
}
