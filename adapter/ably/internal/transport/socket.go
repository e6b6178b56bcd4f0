package transport

import (
	"context"
	"time"

	"github.com/coder/websocket"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// socket is one WebSocket. A reader goroutine receives frames from it, and a writer goroutine sends
// frames; both end with it. The fields below the first group are guarded by Transport.mu.
type socket struct {
	t       *Transport
	ws      *websocket.Conn
	format  wire.Format
	timeout time.Duration // the time limit of a write, and of the answer to CLOSE
	ctx     context.Context
	cancel  context.CancelFunc
	first   chan struct{} // closed when the connection is up, refused or ended
	letGo   chan struct{} // closed when ably-go has closed the socket

	up      bool // CONNECTED was received
	given   bool // dial returned the socket to ably-go, which reads it
	over    bool // ably-go got CLOSED or ERROR, and will close the socket
	ended   bool
	last    bool          // the server sent its last frame, and closes the WebSocket
	err     error         // why the socket ended
	refused error         // why dial fails, if the server refused the connection
	goAhead time.Time     // the time before which ably-go gets no frame
	queue   []*item       // the frames to be written
	resent  int           // how many frames of the queue are sent again
	inbox   []received    // the frames for ably-go
	wake    chan struct{} // wakes the writer; holds one token
	arrived chan struct{} // wakes receive; holds one token
	space   chan struct{} // wakes the reader; holds one token
	heard   time.Time     // when the last frame came
	unknown bool          // a frame came after ably-go's last one
	closing *time.Timer   // runs since CLOSE was sent; nil before
}

// received is a frame for ably-go.
type received struct {
	v any
	// answers are the frames of ably-go's that an ACK or NACK answers. The ACK or NACK must not be
	// lost: until ably-go gets it, ably-go may send these frames again.
	answers []any
	last    bool // ably-go reads no frame after it
	closes  bool // ably-go closes the socket after it
	asks    bool // ably-go gets a token before it reads the next frame
}

// inboxLimit is how many frames may wait for ably-go before the reader waits too.
const inboxLimit = 1024

func newSocket(t *Transport, ws *websocket.Conn, format wire.Format, timeout time.Duration) *socket {
	s := &socket{
		t: t, ws: ws, format: format, timeout: timeout,
		first: make(chan struct{}), letGo: make(chan struct{}), heard: time.Now(),
		wake: make(chan struct{}, 1), arrived: make(chan struct{}, 1), space: make(chan struct{}, 1),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// deadSocket returns a socket that has ended, which makes ably-go close at once.
func deadSocket(t *Transport) *socket {
	s := newSocket(t, nil, wire.JSON, 0)
	s.ended, s.err = true, errClosedByClient
	close(s.first)
	return s
}

// usable reports whether frames can be sent. The lock is held; s may be nil.
func (s *socket) usable() bool { return s != nil && s.up && !s.ended }

// start runs the reader and the writer. They use the WebSocket without contexts, which would cost
// more than a frame; instead, the WebSocket is closed when the socket has ended. The lock is held.
func (s *socket) start() {
	wrote, hungUp := make(chan struct{}), make(chan struct{})
	context.AfterFunc(s.ctx, func() {
		defer close(hungUp)
		s.t.mu.Lock()
		last := s.last
		s.t.mu.Unlock()
		if !last { // after the last frame, the reader closes it properly
			s.ws.CloseNow()
		}
	})
	s.t.run(func() {
		defer close(wrote)
		s.write()
	})
	s.t.run(func() {
		s.read()
		<-wrote
		<-hungUp
	})
}

// queueItem queues a frame for the writer. If the queue is full, it ends the socket. The lock is
// held.
func (s *socket) queueItem(it *item) {
	if len(s.queue) >= s.t.options.QueueLimit+s.resent {
		s.t.drop("a socket whose queue is full", 1)
		s.endLocked(errQueueFull)
		return
	}
	s.queue = append(s.queue, it)
	notify(s.wake)
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// write writes the queued frames until the socket ends.
func (s *socket) write() {
	t := s.t
	slow := time.AfterFunc(s.timeout, func() { s.end(errSlow) })
	defer slow.Stop()
	var buffer []byte
	for {
		slow.Stop()
		t.mu.Lock()
		for len(s.queue) == 0 && !s.ended {
			t.mu.Unlock()
			select {
			case <-s.wake:
			case <-s.ctx.Done():
			}
			t.mu.Lock()
		}
		if s.ended {
			t.mu.Unlock()
			return
		}
		it := s.queue[0]
		s.queue[0] = nil
		s.queue = s.queue[1:]
		s.resent = min(s.resent, len(s.queue))
		serial := int64(-1)
		if it.frame != nil {
			var ok bool
			if serial, ok = t.seq.Write(it.frame); !ok {
				t.mu.Unlock()
				continue // the frame was answered while it waited to be sent again
			}
		}
		t.mu.Unlock()
		b, err := s.encode(buffer, it, serial)
		if err != nil {
			s.refuse(it, err)
			continue
		}
		if buffer = b; cap(b) > bufferKept {
			buffer = nil
		}
		kind := websocket.MessageText
		if s.format == wire.MsgPack {
			kind = websocket.MessageBinary
		}
		slow.Reset(s.timeout)
		if err := s.ws.Write(context.Background(), kind, b); err != nil {
			s.end(err)
		}
	}
}

// bufferKept is the size, in bytes, of the largest buffer that is used for another frame.
const bufferKept = 64 << 10

// encode encodes a frame, with serial if that isn't negative. It may use the memory of buffer.
func (s *socket) encode(buffer []byte, it *item, serial int64) ([]byte, error) {
	if it.ours == nil {
		return s.t.native.encode(s.format, it.native, serial)
	}
	m := it.ours
	if serial >= 0 || m.MsgSerial != nil {
		c := *m
		c.MsgSerial = nil
		if serial >= 0 {
			c.MsgSerial = &serial
		}
		m = &c
	}
	return wire.MarshalInto(buffer, s.format, m)
}

// refuse answers a frame that can't be encoded.
func (s *socket) refuse(it *item, err error) {
	t := s.t
	t.mu.Lock()
	defer t.unlock()
	t.drop("a frame to be sent that can't be encoded", 1)
	a := answer{err: newError(codeBadRequest, 400, "the message can't be encoded: "+err.Error())}
	if it.frame != nil { // else no answer is awaited
		t.deliver(t.seq.Refuse(it.frame, a))
	}
}

// give adds a frame to ably-go's inbox. The lock is held.
func (s *socket) give(v any) { s.giveAll(received{v: v}) }

// giveLast adds ably-go's last frame to its inbox, and ends the socket. The lock is held.
func (s *socket) giveLast(m *wire.ProtocolMessage, reason error) {
	closes := m.Action == wire.ActionClosed || m.Action == wire.ActionError
	s.giveAll(received{v: s.t.native.from(m), last: true, closes: closes})
	s.endLocked(reason)
}

func (s *socket) giveAll(frames ...received) {
	s.inbox = append(s.inbox, frames...)
	notify(s.arrived)
}

// receive returns ably-go's next frame. ably-go passes a deadline that counts from its own last
// frame; with it, ably-go would drop a healthy connection. So receive counts the same time from the
// last frame that came, for ably-go or for the rooms (RTN23a).
func (s *socket) receive(deadline time.Time) (any, error) {
	t := s.t
	var idle time.Duration
	if !deadline.IsZero() {
		idle = time.Until(deadline)
	}
	for {
		t.mu.Lock()
		if t.asking == s {
			t.asking = nil
		}
		wait := time.Until(s.goAhead)
		switch {
		case wait > 0:
		case len(s.inbox) > 0:
			r := s.inbox[0]
			s.inbox[0] = received{}
			s.inbox = s.inbox[1:]
			s.unknown = false
			s.given = s.given && !r.last
			s.over = s.over || r.closes
			if r.asks {
				t.asking = s
			}
			notify(s.space)
			for _, v := range r.answers {
				delete(t.pending, v)
			}
			t.mu.Unlock()
			return r.v, nil
		case s.ended && s.unknown:
			// ably-go takes the age of its last frame as the age of the connection, and doesn't
			// resume a connection that is too old (RTN15g). The HEARTBEAT stands for the frames
			// that ably-go didn't get.
			s.unknown = false
			t.mu.Unlock()
			return t.native.heartbeat(), nil
		case s.ended:
			err := s.err
			s.given = false
			t.mu.Unlock()
			return nil, err
		case !deadline.IsZero():
			if wait = time.Until(later(deadline, s.heard.Add(idle))); wait <= 0 {
				s.endLocked(errIdle)
				t.unlock()
				continue
			}
		}
		t.mu.Unlock()
		if wait <= 0 {
			<-s.arrived
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-s.arrived:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// awaitClosed makes the transport itself answer with CLOSED if the server doesn't (RTN12b). The
// lock is held.
func (s *socket) awaitClosed() {
	if s.closing == nil {
		s.closing = time.AfterFunc(s.timeout, func() {
			s.t.mu.Lock()
			defer s.t.unlock()
			s.closedLocked()
		})
	}
}

// closedLocked sends CLOSED to ably-go, and ends the socket. The lock is held.
func (s *socket) closedLocked() {
	if s.ended {
		return
	}
	s.t.fail(newError(codeConnectionClosed, 400, "the connection is closed"))
	s.giveLast(&wire.ProtocolMessage{Action: wire.ActionClosed}, errClosedByClient)
}

// end ends the socket. It doesn't wait for the goroutines.
func (s *socket) end(err error) {
	s.t.mu.Lock()
	defer s.t.unlock()
	s.endLocked(err)
}

func (s *socket) endLocked(err error) {
	if s.ended {
		return
	}
	t := s.t
	if s.closing != nil {
		s.closing.Stop()
		t.fail(newError(codeConnectionClosed, 400, "the connection is closed"))
	}
	s.ended, s.err, s.queue = true, err, nil
	if s.up {
		reason := reasonOf(err, codeDisconnected, 400)
		if t.unqueued {
			t.fail(reason) // RTN7d
		} else {
			t.takeBack()
		}
		t.post(Event{Kind: Disconnected, Reason: reason})
	} else {
		close(s.first)
	}
	s.cancel()
	notify(s.arrived)
}

// takeBack ends the PRESENCE frames that were never written, with ErrNotSent. The lock is held.
func (t *Transport) takeBack() {
	for _, f := range t.seq.Open() {
		if f.Item.ours != nil && f.Item.ours.Action == wire.ActionPresence && !f.Written() {
			t.deliver(t.seq.Refuse(f, answer{notSent: true}))
		}
	}
}
