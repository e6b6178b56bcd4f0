package lifecycle

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
)

// Observer receives the steps of the cores, for traces and debug pages. Its functions receive one
// step at a time, in order, while no lock is held, and may call methods of the Rooms and its rooms.
// A nil function receives nothing. The functions run in the goroutine of a call or of a backend's
// or channel's work; if they block, they delay it. A panic in one is logged.
type Observer struct {
	Rooms func(RoomsStep) // each step of the Rooms
	// each step of the Rooms has the whole state too; this takes time in proportion to the number
	// of rooms
	States bool
	Room   func(RoomStep) // each step of each room
}

// observer passes records to a function, one at a time, in the order in which they were put. The
// function runs in a goroutine that calls flush, and under no lock, so that it may call methods of
// the Rooms.
type observer[T any] struct {
	handle func(T)
	log    *slog.Logger

	mu      sync.Mutex
	queue   []T
	running bool
}

// put queues a record. It never blocks and calls no function. So its caller may hold the lock that
// orders the records.
func (o *observer[T]) put(record T) {
	o.mu.Lock()
	o.queue = append(o.queue, record)
	o.mu.Unlock()
}

// also adds a function that receives the records passed on from now on, each after the first
// function.
func (o *observer[T]) also(handle func(T)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	first := o.handle
	o.handle = func(record T) {
		defer handle(record) // even if the first function panics
		first(record)
	}
}

// flush passes on the queued records, unless another flush is doing so, in another goroutine or
// further up in this goroutine's stack.
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

// flushSoon passes on the queued records in a goroutine of its own, for callers that must not wait
// for foreign code.
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
			// The function ended this goroutine (runtime.Goexit), and with it the loop of flush.
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
