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
	// Connected: CONNECTED came on a new socket. Frames that follow are of that connection.
	Connected EventKind = iota + 1
	// Updated: a further CONNECTED came on the same socket (RTN24).
	Updated
	// Message: a frame of a rooms' channel came.
	Message
	// Disconnected: the socket of the last Connected is gone.
	Disconnected
	// Suspended, Closing, Closed and Failed: the connection is in that state, by ably-go.
	// Messages that were unanswered at Suspended, Closed or Failed have failed (RTN7e).
	Suspended
	Closing
	Closed
	Failed
	// Status: ably-go's state has changed. It comes after what the change is for the rooms: a
	// change to CONNECTED after Connected, and so on.
	Status
)

var eventNames = [...]string{"", "CONNECTED", "UPDATE", "MESSAGE", "DISCONNECTED", "SUSPENDED", "CLOSING",
	"CLOSED", "FAILED", "STATUS"}

// String returns the name of the kind in capitals.
func (k EventKind) String() string { return eventNames[k] }

// Event is one of the stream of what happens to the connection. The stream has one order, that
// of the wire: each frame comes between the Connected and the Disconnected of its socket, and
// Suspended, Closed and Failed come before the next Connected.
type Event struct {
	Kind EventKind
	// Connection is set in Connected and Updated. It must not be changed.
	Connection *Connection
	// Message is set in Message. Its entries are complete and never nil.
	Message *wire.ProtocolMessage
	// Reason says why, or is nil. In Connected it is why the connection could not be resumed
	// (RTN15c7).
	Reason *wire.ErrorInfo
	// Change is set in Status. It must not be changed.
	Change *ably.ConnectionStateChange
}

// reason returns the reason for the end of a connection, never nil.
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

// stream is the queue of events. The goroutine at its head calls the handler, one at a time.
type stream struct {
	bound    *binding // of the last Bind, until it is undone
	active   *binding // the same, once the events before it have had their turn
	queue    []entry
	spare    []entry // empty; the next queue, while this one is drained
	draining bool
	space    chan struct{} // closed when the queue has been taken; nil when no goroutine waits
}

// binding is a handler from Bind on, until it is undone.
type binding struct{ handler func(Event) }

// entry is an event for the handler, or a call that takes its turn among them.
type entry struct {
	event Event
	call  func()
}

// streamLimit is how many entries may wait before the reader waits.
const streamLimit = 4096

// spareLimit is for how many entries a queue may have room that is used again.
const spareLimit = 16

// room returns a channel that is closed when the queue has been taken. The lock is held.
func (s *stream) room() <-chan struct{} {
	if s.space == nil {
		s.space = make(chan struct{})
	}
	return s.space
}

// connectedEvent returns an event that says what the connection is now. The lock is held.
func (t *Transport) connectedEvent(kind EventKind) *Event {
	info := t.info
	return &Event{Kind: kind, Connection: &info}
}

// post adds an event. The lock is held.
func (t *Transport) post(e Event) { t.then(entry{event: e}) }

// then adds an entry, which unlock has drained. The lock is held.
func (t *Transport) then(e entry) { t.stream.queue = append(t.stream.queue, e) }

// unlock releases the lock, and has the stream drained if there is something in it.
func (t *Transport) unlock() {
	if len(t.stream.queue) > 0 && !t.stream.draining {
		t.stream.draining = true
		t.run(t.drain)
	}
	t.mu.Unlock()
}

// unlockAndDrain is unlock for a goroutine on which the handler may run.
func (t *Transport) unlockAndDrain() {
	mine := len(t.stream.queue) > 0 && !t.stream.draining
	t.stream.draining = t.stream.draining || mine
	t.mu.Unlock()
	if mine {
		t.drain()
	}
}

// drain carries out what is in the stream, until it is empty.
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

// Bind has handler called with each event from now on, one at a time and without a lock; it
// must not wait for what a later event brings. The first event is the state now: Connected,
// or one of Suspended, Closing, Closed and Failed; none of these if the connection comes. It
// returns false if there is a handler already. After unbind the handler is not called again,
// but for a call that runs already. Events without a handler are lost.
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
	t.then(entry{call: func() { // the events that are queued happened before
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

// listen has ably-go tell its changes of state to t, and to t alone.
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

// stateChange takes in a change of ably-go's state. ably-go calls it in order, but later
// than it happens; dial waits for it.
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

// setState notes ably-go's state. The lock is held.
func (t *Transport) setState(s ably.ConnectionState) {
	t.state = s
	close(t.stateChanged)
	t.stateChanged = make(chan struct{})
}
