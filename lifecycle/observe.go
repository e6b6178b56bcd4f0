package lifecycle

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
)

// Observer receives the steps of the cores, for traces and debug pages. Its functions receive one
// step at a time, in order, under no lock, and may call back; nil ones receive none. They run in
// the goroutine of a call or of work, which they hold up when they block. A panic in one is logged.
type Observer struct {
	Rooms func(RoomsStep) // each step of the Rooms
	// the steps of the Rooms have the whole state too, at a cost in time for each room
	States bool
	Room   func(RoomStep) // each step of each room
}

// observer hands records to a function in the order in which they were put, one at a time, in the
// goroutine that comes by. So the function runs under no lock, may call back, and sees the
// steps of a core in their order.
type observer[T any] struct {
	handle func(T)
	log    *slog.Logger

	mu      sync.Mutex
	queue   []T
	running bool
}

// put queues a record. It never blocks and calls nothing, so that it may be called under the lock
// that orders the records.
func (o *observer[T]) put(record T) {
	o.mu.Lock()
	o.queue = append(o.queue, record)
	o.mu.Unlock()
}

// also has another function receive the records that are handed over from now on, after the first.
func (o *observer[T]) also(handle func(T)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	first := o.handle
	o.handle = func(record T) {
		defer handle(record) // also when the first panics
		first(record)
	}
}

// flush hands over what is queued, unless somebody else is at it, further up in this goroutine's
// own stack perhaps.
func (o *observer[T]) flush() {
	if o == nil {
		return
	}
	o.mu.Lock()
	for !o.running && len(o.queue) > 0 {
		record := o.queue[0]
		o.queue = o.queue[1:]
		o.running = true
		handle := o.handle
		o.mu.Unlock()
		o.call(handle, record)
		o.mu.Lock()
	}
	o.mu.Unlock()
}

// flushSoon hands over what is queued in a goroutine of its own: for those who must not wait for
// foreign code.
func (o *observer[T]) flushSoon() {
	o.mu.Lock()
	queued := !o.running && len(o.queue) > 0
	o.mu.Unlock()
	if queued {
		go o.flush()
	}
}

func (o *observer[T]) call(handle func(T), record T) {
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
			// the observer ended this goroutine (runtime.Goexit), and with it the loop of flush
			go o.flush()
		}
	}()
	handle(record)
	returned = true
}

func logPanic(log *slog.Logger, message string, value any, attrs ...slog.Attr) {
	attrs = append(attrs, slog.Any("panic", value), slog.String("stack", string(debug.Stack())))
	log.LogAttrs(context.Background(), slog.LevelError, message, attrs...)
}
