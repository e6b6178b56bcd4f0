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

// List is a list of listeners. The zero List is empty and ready, and as small as a pointer; it must
// not be copied. Its methods may be called concurrently, and from within listeners.
type List[T any] struct {
	state atomic.Pointer[listeners[T]] // nil until the first listener comes, or the end
}

type listeners[T any] struct {
	mu   sync.Mutex
	list []*queue[T]
	gone func() error // says why nothing more is published; nil while it is
}

// listeners returns the list's state, and makes it if there is none.
func (l *List[T]) listeners() *listeners[T] {
	s := l.state.Load()
	for s == nil {
		l.state.CompareAndSwap(nil, &listeners[T]{})
		s = l.state.Load()
	}
	return s
}

// Config says how a listener is served.
type Config struct {
	Log    *slog.Logger // receives panics (error), dropped events (warn); nil is [ErrorsToDefault]
	Room   string       // for the log
	Limit  int          // how many events may wait, further ones are dropped; 0 is no limit
	Newest bool         // at the limit the oldest event that waits is dropped, not the newest
	Again  error        // what a second range over a sequence yields
}

func (c Config) log(level slog.Level, message string, attrs ...slog.Attr) {
	log := c.Log
	if log == nil {
		log = ErrorsToDefault()
	}
	attrs = append([]slog.Attr{slog.String("room", c.Room)}, attrs...)
	log.LogAttrs(context.Background(), level, message, attrs...)
}

// DroppedError reports that events were dropped because a loop was too far behind. It stands in
// their place; the loop goes on.
type DroppedError struct {
	Count int64 // how many events were dropped in this place
}

// Error prints how many events were dropped.
func (e *DroppedError) Error() string {
	return fmt.Sprintf("%d events were dropped because the loop was too far behind", e.Count)
}

// queue holds what waits for one listener.
type queue[T any] struct {
	Subscription
	config Config
	handle func(T)       // nil for a loop
	start  func()        // run, for a function
	ready  chan struct{} // has a token when there may be something for a loop; nil for a function
	stop   func() bool   // takes a loop out of its context

	// Guarded by the lock of the subscription.
	items []*T // shared by all listeners, and never changed; those before head are gone
	head  int
	// events dropped since a gap was last reported; after the items, or before for Newest
	gap    int64
	warned bool // the log has the gap; until nothing waits
}

// put queues an event. It reports whether a goroutine must be started to deliver it.
func (q *queue[T]) put(event *T) (start bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := len(q.items) - q.head
	full := q.config.Limit > 0 && waiting >= q.config.Limit
	switch {
	case q.off || q.gone != nil:
		return false
	case full && q.config.Newest:
		q.pop()
		waiting--
		q.gap++
		q.dropped++
	case full, q.gap > 0 && q.handle == nil && !q.config.Newest:
		// A loop receives the gap in its place, so nothing is queued behind it until it is.
		q.gap++
		q.dropped++
		return false
	}
	if len(q.items) == cap(q.items) && q.head > waiting {
		copy(q.items, q.items[q.head:])
		clear(q.items[waiting:])
		q.items, q.head = q.items[:waiting], 0
	}
	q.items = append(q.items, event)
	if q.handle == nil {
		q.wake()
		return false
	}
	start = !q.running
	q.running = true
	return start
}

// wake has a loop look again.
func (q *queue[T]) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// next is what a queue has for its listener.
type next[T any] struct {
	event *T           // nil for none
	gap   int64        // dropped events to report first
	ended bool         // there is nothing more
	gone  func() error // for ended: why; nil after Unsubscribe
}

// take removes what is next for a loop.
func (q *queue[T]) take() (n next[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.off:
		n.ended = true
	case q.gap > 0 && (q.config.Newest || !q.waits()):
		n.gap, q.gap = q.gap, 0
	case q.waits():
		n.event = q.pop()
	case q.gone != nil:
		n.ended, n.gone = true, q.gone
	}
	return n
}

// takeForFunction removes what is next for a function. Without an event its goroutine must end.
func (q *queue[T]) takeForFunction() (n next[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if waits := q.waits(); !waits || !q.warned {
		n.gap, q.gap = q.gap, 0
		q.warned = waits && (q.warned || n.gap > 0)
	}
	if q.waits() && !q.off {
		n.event = q.pop()
	}
	return n
}

// waits reports whether there are items. The lock is held.
func (q *queue[T]) waits() bool { return q.head < len(q.items) }

// roomKept is for how many events a queue keeps room while it is empty.
const roomKept = 8

// pop removes the first item. The lock is held.
func (q *queue[T]) pop() *T {
	event := q.items[q.head]
	q.items[q.head] = nil
	if q.head++; !q.waits() {
		q.empty()
	}
	return event
}

// empty drops all items. The lock is held.
func (q *queue[T]) empty() {
	clear(q.items[q.head:])
	q.items, q.head = q.items[:0], 0
	if cap(q.items) > roomKept {
		q.items = nil
	}
}

// rest ends the goroutine that delivers to a function, and the registration if that has ended. It
// reports whether an event has come meanwhile.
func (q *queue[T]) rest() (more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waits() && !q.off {
		return true
	}
	q.running = false
	switch {
	case q.off:
		q.empty()
		q.finish(nil)
	case q.gone != nil:
		q.finishGone()
	}
	return false
}

// finishGone ends the registration with what ended the list. The lock is held, and left for the
// function that says why, which is not ours.
func (q *queue[T]) finishGone() {
	gone := q.gone
	q.mu.Unlock()
	err := gone()
	q.mu.Lock()
	q.finish(err)
}

// add registers a queue. It returns what ended the list, if it has ended.
func (l *List[T]) add(q *queue[T]) (gone func() error) {
	all := l.listeners()
	q.done = make(chan struct{})
	q.remove = func() {
		all.mu.Lock()
		defer all.mu.Unlock()
		all.list = slices.DeleteFunc(all.list, func(e *queue[T]) bool { return e == q })
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	if q.gone = all.gone; q.gone == nil {
		all.list = append(all.list, q)
	}
	return q.gone
}

// Add registers a function, which receives every event from now on, in order and one at a time, in
// a goroutine that lives only while there are events. It returns the list's error when that has
// ended. It panics when handle is nil.
func (l *List[T]) Add(handle func(T), c Config) (*Subscription, error) {
	if handle == nil {
		panic("listen: a listener is nil, expected a function")
	}
	q := &queue[T]{config: c, handle: handle}
	q.start = q.run
	if gone := l.add(q); gone != nil {
		return nil, gone()
	}
	return &q.Subscription, nil
}

// Publish queues an event for every listener. It never blocks and runs no foreign code, so that it
// may be called under a lock that keeps events in order.
func (l *List[T]) Publish(event T) {
	all := l.state.Load()
	if all == nil {
		return
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	if len(all.list) == 0 {
		return
	}
	shared := event
	for _, q := range all.list {
		if q.put(&shared) {
			go q.start()
		}
	}
}

// Len returns how many listeners there are.
func (l *List[T]) Len() int {
	all := l.state.Load()
	if all == nil {
		return 0
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	return len(all.list)
}

// End ends the list: nothing more is published. Events that wait are delivered, then each listener
// ends with the error that gone returns at that time; so does what is registered later. gone must
// not block. Further calls change nothing. End runs no foreign code but gone.
func (l *List[T]) End(gone func() error) {
	all := l.listeners()
	all.mu.Lock()
	if all.gone != nil {
		all.mu.Unlock()
		return
	}
	all.gone = gone
	list := all.list
	all.list = nil
	all.mu.Unlock()
	for _, q := range list {
		q.mu.Lock()
		q.gone = gone
		if q.ready != nil {
			q.wake()
		} else if !q.running {
			q.finishGone()
		}
		q.mu.Unlock()
	}
}

// run delivers until nothing waits.
func (q *queue[T]) run() {
	done := false
	defer func() {
		if done {
			return // recover would be called for nothing, and make the stack of the goroutine grow
		}
		if p := recover(); p != nil {
			q.config.log(slog.LevelError, "listener panicked", slog.Any("panic", p),
				slog.String("stack", string(debug.Stack())))
		}
		// Nor does a listener that ends its goroutine (runtime.Goexit) end what follows.
		go q.start()
	}()
	for {
		n := q.takeForFunction()
		if n.gap > 0 {
			q.config.log(slog.LevelWarn, "a listener is too slow, events were dropped",
				slog.Int64("dropped", n.gap), slog.Int("limit", q.config.Limit))
		}
		if n.event != nil {
			q.handle(*n.event)
		} else if !q.rest() {
			done = true
			return
		}
	}
}
