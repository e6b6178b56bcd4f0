package transport

import (
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// EventKind is a kind of [Event].
type EventKind int

// The kinds of events.
const (
	// Connected: CONNECTED came on a new socket. The frames that follow belong to that connection.
	Connected EventKind = iota + 1
	// Updated: another CONNECTED came on the same socket (RTN24).
	Updated
	// Message: a frame of a room's channel came.
	Message
	// Disconnected: the socket of the last Connected has ended.
	Disconnected
	// Suspended, Closing, Closed and Failed: ably-go has put the connection in that state. Messages
	// that were unanswered at Suspended, Closed or Failed have failed (RTN7e).
	Suspended
	Closing
	Closed
	Failed
	// Status: ably-go's state has changed. It comes after the other event of the same change: a
	// change to CONNECTED comes after Connected, and so on.
	Status
)

var eventNames = [...]string{"", "CONNECTED", "UPDATE", "MESSAGE", "DISCONNECTED", "SUSPENDED", "CLOSING",
	"CLOSED", "FAILED", "STATUS"}

// String returns the name of the kind in capitals.
func (k EventKind) String() string { return eventNames[k] }

// Event is an event of the connection. Events come in the order of the wire: each frame comes after
// the Connected and before the Disconnected of its socket. Suspended, Closed and Failed come before
// the next Connected.
type Event struct {
	Kind EventKind
	// Connection is set in events of the kinds Connected and Updated. It must not be changed.
	Connection *Connection
	// Message is set in events of the kind Message. Its entries are complete and never nil.
	Message *wire.ProtocolMessage
	// Reason is the cause of the event, or nil. In Connected it says why the previous connection
	// could not be resumed (RTN15c7).
	Reason *wire.ErrorInfo
	// Change is set in events of the kind Status. It must not be changed.
	Change *ably.ConnectionStateChange
}

// reason returns the reason for the end of a connection. It is never nil.
func (e *Event) reason() *wire.ErrorInfo {
	if e.Reason != nil {
		return e.Reason
	}
	switch e.Kind {
	case Suspended:
		return newError(codeConnectionSuspend, 400, "the connection is suspended")
	case Failed:
		return newError(codeConnectionFailed, 400, "the connection failed")
	default:
		return newError(codeConnectionClosed, 400, "the connection is closed")
	}
}

// stream is the queue of events. One goroutine at a time drains it, and calls the handler.
type stream struct {
	bound    *binding // the binding of the last Bind, until it is unbound
	active   *binding // the same, as soon as the events before it are done
	queue    []entry
	spare    []entry // an empty slice, for the next queue
	draining bool
	space    chan struct{} // closed when the queue is taken; nil if no goroutine waits
}

// binding is a handler between Bind and unbind.
type binding struct{ handler func(Event) }

// entry is an event for the handler, or a function that is called in its place among the events.
type entry struct {
	event Event
	call  func()
}

// streamLimit is how many entries may wait before the reader waits.
const streamLimit = 4096

// spareLimit is the capacity, in entries, of the largest queue that is used again.
const spareLimit = 16

// room returns a channel that is closed when the queue is taken. The lock is held.
func (s *stream) room() <-chan struct{} {
	if s.space == nil {
		s.space = make(chan struct{})
	}
	return s.space
}

// connectedEvent returns an event that describes the connection. The lock is held.
func (t *Transport) connectedEvent(kind EventKind) *Event {
	info := t.info
	return &Event{Kind: kind, Connection: &info}
}

// post adds an event. The lock is held.
func (t *Transport) post(e Event) { t.then(entry{event: e}) }

// then adds an entry; unlock then drains the stream. The lock is held.
func (t *Transport) then(e entry) { t.stream.queue = append(t.stream.queue, e) }

// unlock releases the lock. If the stream isn't empty, a goroutine drains it.
func (t *Transport) unlock() {
	if len(t.stream.queue) > 0 && !t.stream.draining {
		t.stream.draining = true
		t.run(t.drain)
	}
	t.mu.Unlock()
}

// unlockAndDrain is unlock for a goroutine on which the handler may run: that goroutine drains the
// stream.
func (t *Transport) unlockAndDrain() {
	mine := len(t.stream.queue) > 0 && !t.stream.draining
	t.stream.draining = t.stream.draining || mine
	t.mu.Unlock()
	if mine {
		t.drain()
	}
}

// drain calls the handler and the functions of the stream until the stream is empty.
func (t *Transport) drain() {
	s := &t.stream
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(s.queue) > 0 {
		batch := s.queue
		s.queue, s.spare = s.spare, nil
		if s.space != nil {
			close(s.space)
			s.space = nil
		}
		for i := range batch {
			e, b := &batch[i], s.active
			if e.call == nil && b == nil {
				continue
			}
			t.mu.Unlock()
			if e.call != nil {
				e.call()
			} else {
				b.handler(e.event)
			}
			t.mu.Lock()
		}
		if cap(batch) <= spareLimit {
			clear(batch)
			s.spare = batch[:0]
		}
	}
	s.draining = false
}

// Bind makes t call handler for each event from now on, one at a time and without a lock. The
// handler must not wait for a later event. The first event describes the present state: Connected,
// Suspended, Closing, Closed or Failed. There is no such event while ably-go is connecting, or
// waits to connect. Bind returns false if there is a handler already. After unbind the handler is
// not called again; a call that is running goes on. Events without a handler are lost.
func (t *Transport) Bind(handler func(Event)) (unbind func(), ok bool) {
	t.mu.Lock()
	defer t.unlock()
	s := &t.stream
	if s.bound != nil {
		return nil, false
	}
	b := &binding{handler}
	s.bound = b
	now := t.ended
	if t.sock.usable() {
		now = t.connectedEvent(Connected)
	}
	t.then(entry{call: func() { // the events in the queue happened before Bind
		t.mu.Lock()
		still := s.bound == b
		if still {
			s.active = b
		}
		t.mu.Unlock()
		if still && now != nil {
			handler(*now)
		}
	}})
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if s.bound == b {
			s.bound, s.active = nil, nil
		}
	}, true
}

// listen registers t's listener for ably-go's changes of state, and removes the previous one.
func (t *Transport) listen(connection *ably.Connection) {
	off := connection.OnAll(t.stateChange)
	t.mu.Lock()
	before := t.off
	t.off = off
	t.mu.Unlock()
	if before != nil {
		before()
	}
}

// stateChange handles a change of ably-go's state. ably-go calls it in order, but after the change;
// dial waits for these calls.
func (t *Transport) stateChange(c ably.ConnectionStateChange) {
	if c.Event == ably.ConnectionEventUpdate {
		return
	}
	t.mu.Lock()
	defer t.unlock()
	e := Event{Reason: fromAbly(c.Reason)}
	if e.Reason != nil && t.refusal != nil && e.Reason.Code == t.refusal.Code {
		e.Reason = t.refusal // ably-go keeps the code and loses the message
	}
	t.last = Event{Kind: Status, Change: &c, Reason: e.Reason}
	defer t.post(t.last)
	t.setState(c.Current)
	switch c.Current {
	case ably.ConnectionStateConnecting:
		t.ended = nil
		return
	case ably.ConnectionStateDisconnected:
		if t.again {
			t.again = false
			t.run(t.connectAgain)
		}
		return
	case ably.ConnectionStateSuspended:
		e.Kind = Suspended
	case ably.ConnectionStateClosing:
		e.Kind = Closing
		if t.abort != nil {
			t.abort()
		}
	case ably.ConnectionStateClosed:
		e.Kind = Closed
		t.loopLeft = c.Previous == ably.ConnectionStateDisconnected ||
			c.Previous == ably.ConnectionStateSuspended
		select {
		case <-t.spare:
		default:
		}
	case ably.ConnectionStateFailed:
		e.Kind = Failed
	default:
		return
	}
	t.ended = &e
	if e.Kind != Closing {
		if t.sock != nil {
			t.sock.given = false
			t.sock.endLocked(errClosedByClient)
		}
		t.info = Connection{}
		t.fail(e.reason())
	}
	t.post(e)
}

// connectAgain has ably-go connect, if it is DISCONNECTED still. Its loop looks for that only a
// moment after it has said so; a Connect that comes before has it pause all the same.
func (t *Transport) connectAgain() {
	time.Sleep(10 * time.Millisecond)
	t.mu.Lock()
	still := t.state == ably.ConnectionStateDisconnected
	t.mu.Unlock()
	if client := t.client.Value(); client != nil && still {
		client.Connect()
	}
}

// setState records ably-go's state. The lock is held.
func (t *Transport) setState(s ably.ConnectionState) {
	t.state = s
	close(t.stateChanged)
	t.stateChanged = make(chan struct{})
}
