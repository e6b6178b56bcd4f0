package listen

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
)

// List is a list of listeners. The zero List is empty and ready, and as small as a pointer; it must not be copied. Its methods may be
// called concurrently, and from within listeners.
type List[T any] struct {
	state atomic.Pointer[listeners[T]] // nil until the first listener comes
}

type listeners[T any] struct {
	mu   sync.Mutex
	list []*queue[T]
}

// Config says how a listener is served.
type Config struct {
	Log   *slog.Logger // where panics (error) and lost events (warn) go; nil is for [slog.Default]
	Room  string       // whose listener it is, for the log
	Limit int          // how many events may wait for it; further ones are lost, and counted; 0 or less is no limit
}

func (c Config) log(level slog.Level, message string, attrs ...slog.Attr) {
	log := c.Log
	if log == nil {
		log = slog.Default()
	}
	log.LogAttrs(context.Background(), level, message, append([]slog.Attr{slog.String("room", c.Room)}, attrs...)...)
}

// OverflowError tells a listener that events were lost because it was too slow: more than Limit waited for it.
type OverflowError struct {
	Lost  int // how many in a row
	Limit int
}

// Error prints how many events were lost.
func (e *OverflowError) Error() string {
	return fmt.Sprintf("%d events were lost: more than %d waited for the listener", e.Lost, e.Limit)
}

// queue holds what waits for one listener.
type queue[T any] struct {
	config Config
	handle func(T)       // nil for one that is ranged over
	start  func()        // run, for a function
	ready  chan struct{} // has a token when there may be something for a loop; nil for a function

	mu      sync.Mutex
	off     bool
	items   []*T // shared by all listeners, and never changed; those before head are gone
	head    int
	lost    int // after the items
	running bool
}

// put queues an event; it returns whether a goroutine must be started to deliver it.
func (q *queue[T]) put(event *T) (start bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch waiting := len(q.items) - q.head; {
	case q.off:
		return false
	case q.config.Limit > 0 && waiting >= q.config.Limit:
		q.lost++
		return false
	case q.lost > 0 && q.handle == nil:
		// A loop hears of what was lost in its place, so nothing comes in behind it until it has.
		q.lost++
		return false
	case len(q.items) == cap(q.items) && q.head > waiting:
		copy(q.items, q.items[q.head:])
		clear(q.items[waiting:])
		q.items, q.head = q.items[:waiting], 0
	}
	q.items = append(q.items, event)
	if q.handle == nil {
		select {
		case q.ready <- struct{}{}:
		default:
		}
		return false
	}
	start = !q.running
	q.running = true
	return start
}

// roomKept is for how many events a queue keeps room while it is empty.
const roomKept = 8

// take removes the first event; without one, event is nil, and lost tells how many were lost since the last one.
func (q *queue[T]) take() (event *T, lost int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head < len(q.items) && !q.off {
		event = q.items[q.head]
		q.items[q.head] = nil
		q.head++
		return event, 0
	}
	lost, q.lost = q.lost, 0
	q.items, q.head, q.running = q.items[:0], 0, false
	if cap(q.items) > roomKept {
		q.items = nil
	}
	return nil, lost
}

func (q *queue[T]) end() {
	q.mu.Lock()
	q.off, q.items, q.head, q.lost = true, nil, 0, 0
	q.mu.Unlock()
}

func (list *List[T]) add(q *queue[T]) (off func()) {
	l := list.state.Load()
	for l == nil {
		list.state.CompareAndSwap(nil, &listeners[T]{})
		l = list.state.Load()
	}
	l.mu.Lock()
	l.list = append(l.list, q)
	l.mu.Unlock()
	return func() {
		l.mu.Lock()
		l.list = slices.DeleteFunc(l.list, func(e *queue[T]) bool { return e == q })
		l.mu.Unlock()
		q.end()
	}
}

// Add registers a function and returns what removes this registration; that may be called again. The function gets every event from now
// on, in order and one at a time, in a goroutine that lives only while there are events. Once off has returned, events that are
// yet to come or still wait are not told; a call that was under way goes on. Add panics when handle is nil.
func (list *List[T]) Add(handle func(T), c Config) (off func()) {
	if handle == nil {
		panic("listen: a listener is nil, expected a function")
	}
	q := &queue[T]{config: c, handle: handle}
	q.start = q.run
	return list.add(q)
}

// Publish queues an event for every listener. It never blocks and runs no listener's code, so that it may be called under a lock that
// keeps events in order.
func (list *List[T]) Publish(event T) {
	l := list.state.Load()
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		return
	}
	shared := event
	for _, q := range l.list {
		if q.put(&shared) {
			go q.start()
		}
	}
}

// Len returns how many listeners there are.
func (list *List[T]) Len() int {
	l := list.state.Load()
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.list)
}

// Clear removes all listeners. Loops end.
func (list *List[T]) Clear() {
	l := list.state.Load()
	if l == nil {
		return
	}
	l.mu.Lock()
	gone := l.list
	l.list = nil
	l.mu.Unlock()
	for _, q := range gone {
		q.end()
		if q.ready != nil {
			select {
			case q.ready <- struct{}{}:
			default:
			}
		}
	}
}

// run delivers until the queue is empty.
func (q *queue[T]) run() {
	done := false
	defer func() {
		if done {
			return // recover would be called for nothing, and makes the stack of a new goroutine grow
		}
		if p := recover(); p != nil {
			q.config.log(slog.LevelError, "listener panicked", slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		}
		// Nor does a listener that ends its goroutine (runtime.Goexit) end the delivery of what comes after.
		go q.start()
	}()
	for {
		event, lost := q.take()
		if lost > 0 {
			q.config.log(slog.LevelWarn, "a listener is too slow and lost events", slog.Int("lost", lost), slog.Int("limit", q.config.Limit))
		}
		if event == nil {
			done = true
			return
		}
		q.handle(*event)
	}
}
