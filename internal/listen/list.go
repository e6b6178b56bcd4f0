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

// List is a list of listeners. The zero List is empty and ready to use, and is as large as a
// pointer. It must not be copied. Its methods may be called concurrently, and from within
// listeners.
type List[T any] struct {
	state atomic.Pointer[listeners[T]] // nil until the first listener is added or End is called
}

type listeners[T any] struct {
	mu   sync.Mutex
	list []*queue[T]
	gone func() error // returns why the list ended; nil before the end
}

// listeners returns the list's state, and creates it if there is none.
func (l *List[T]) listeners() *listeners[T] {
	s := l.state.Load()
	for s == nil {
		l.state.CompareAndSwap(nil, &listeners[T]{})
		s = l.state.Load()
	}
	return s
}

// Config configures a listener.
type Config struct {
	Log    *slog.Logger // gets panics (error), dropped events (warn); nil for [ErrorsToDefault]
	Room   string       // the room's name, for the log
	Limit  int          // how many events may wait; 0 for no limit
	Newest bool         // at the limit, drop the oldest waiting event, not the new event
	Again  error        // the error of a second range over a sequence
}

func (c Config) log(level slog.Level, message string, attrs ...slog.Attr) {
	log := c.Log
	if log == nil {
		log = ErrorsToDefault()
	}
	attrs = append([]slog.Attr{slog.String("room", c.Room)}, attrs...)
	log.LogAttrs(context.Background(), level, message, attrs...)
}

// DroppedError reports that events were dropped because a loop was too slow. The loop gets it in
// place of these events, and goes on.
type DroppedError struct {
	Count int64 // how many events were dropped here
}

// Error returns a text with the number of dropped events.
func (e *DroppedError) Error() string {
	return fmt.Sprintf("%d events were dropped because the loop was too far behind", e.Count)
}

// queue holds the events that wait for one listener.
type queue[T any] struct {
	Subscription
	config Config
	handle func(T)       // the function; nil for a loop
	start  func()        // the method run, for a function
	ready  chan struct{} // has a token if a loop must look at the queue; nil for a function
	stop   func() bool   // unregisters a loop's function from its context

	// The lock of the subscription guards these fields.
	items []*T // shared by all listeners, never changed; those before head are delivered
	head  int
	// how many events were dropped since the last report: after the items or, with Newest, before
	// them
	gap    int64
	warned bool // the log has reported the gap; reset when no event waits
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
		// A loop gets the gap in the place of the dropped events, so no event is queued after the
		// gap until the loop has got it.
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

// wake makes a loop look at the queue again.
func (q *queue[T]) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// next is what the listener of a queue must handle next.
type next[T any] struct {
	event *T           // nil if there is none
	gap   int64        // how many dropped events to report first
	ended bool         // nothing more will come
	gone  func() error // if ended: returns the reason; nil after Unsubscribe
}

// take removes the next item for a loop, and returns it.
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

// takeForFunction removes the next item for a function, and returns it. If there is no event, the
// function's goroutine must call rest.
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

// waits reports whether events wait. The lock is held.
func (q *queue[T]) waits() bool { return q.head < len(q.items) }

// roomKept is the capacity, in events, of the largest slice that an empty queue keeps.
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

// rest marks the goroutine that delivers to a function as ended, and ends the registration if the
// list or the subscription has ended. If an event has come, rest returns true instead.
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

// finishGone ends the registration with the reason for the end of the list. The lock is held, but
// released while the caller's function gone runs.
func (q *queue[T]) finishGone() {
	gone := q.gone
	q.mu.Unlock()
	err := gone()
	q.mu.Lock()
	q.finish(err)
}

// add registers a queue. If the list has ended, add returns the function gone of [List.End]
// instead.
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

// Add registers a function. The function receives every event from now on, in order and one at a
// time, in a goroutine that runs only while there are events. If the list has ended, Add returns
// the list's error. It panics if handle is nil.
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

// Publish queues an event for every listener. It never blocks and calls no listener, so it may be
// called under a lock that keeps events in order.
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

// End ends the list: no more events are published. Events that wait are delivered; then each
// listener ends with the error that gone returns at that time. Listeners that are registered later
// end with it at once. gone must not block. Further calls have no effect. End calls no function of
// the program but gone.
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

// run delivers events until none waits.
func (q *queue[T]) run() {
	done := false
	defer func() {
		if done {
			return // without recover, whose call would make the goroutine's stack grow
		}
		if p := recover(); p != nil {
			q.config.log(slog.LevelError, "listener panicked", slog.Any("panic", p),
				slog.String("stack", string(debug.Stack())))
		}
		// After a panic or runtime.Goexit of the listener, a new goroutine delivers the next
		// events.
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
