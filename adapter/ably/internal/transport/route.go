package transport

import (
	"bytes"
	"context"
	"time"

	"github.com/ably/ably-go/ably"
	"github.com/coder/websocket"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// read reads frames from the socket until the socket ends.
func (s *socket) read() {
	var buffer bytes.Buffer // decoded frames don't share its memory
	for {
		kind, r, err := s.ws.Reader(context.Background())
		if err == nil {
			buffer.Reset()
			_, err = buffer.ReadFrom(r)
		}
		if err != nil {
			s.end(err)
			return
		}
		format := wire.JSON
		if kind == websocket.MessageBinary {
			format = wire.MsgPack
		}
		t := s.t
		last, full := s.take(format, buffer.Bytes())
		if buffer.Cap() > bufferKept {
			buffer = bytes.Buffer{}
		}
		if last {
			// No frame follows that matters. The server closes the WebSocket.
			s.ws.Close(websocket.StatusNormalClosure, "")
			return
		}
		if full != nil {
			select {
			case <-full:
			case <-s.ctx.Done():
			}
		}
		for t.mu.Lock(); len(s.inbox) > inboxLimit && !s.ended; t.mu.Lock() {
			t.mu.Unlock()
			select {
			case <-s.space:
			case <-s.ctx.Done():
			}
		}
		t.mu.Unlock()
	}
}

// take passes one frame to its receiver. It reports whether the frame is the socket's last. If the
// handler is too far behind, it returns a channel to wait for.
func (s *socket) take(format wire.Format, b []byte) (last bool, full <-chan struct{}) {
	t := s.t
	h, err := wire.UnmarshalHeader(format, b)
	// Decoding doesn't need the lock.
	var ours *wire.ProtocolMessage
	var theirs any
	nulls := 0
	switch {
	case err != nil:
	case isChannelAction(h) && IsRoomChannel(h.Channel), isConnectionAction(h):
		if ours, err = wire.Unmarshal(format, b); err == nil {
			nulls = ours.Complete()
		}
	case isChannelAction(h) && h.Channel != "":
		if theirs, err = t.native.decode(format, b); err == nil {
			nulls = t.native.dropNulls(theirs)
		}
	}
	t.mu.Lock()
	defer t.unlockAndDrain()
	if s.ended {
		return false, nil // the next read fails
	}
	s.heard = time.Now()
	s.unknown = true
	t.drop("a null entry", nulls)
	switch {
	case err != nil:
		t.drop("a frame that can't be decoded", 1)
	case !s.up && isChannelAction(h):
		t.drop("a frame of a channel before CONNECTED", 1)
	case theirs != nil && h.Action == wire.ActionMessage && t.native.empty(theirs):
		t.drop("a MESSAGE without messages", 1)
	case theirs != nil:
		if h.Action == wire.ActionError {
			t.native.needError(theirs, errWithoutReason)
		}
		s.give(theirs)
	case ours == nil && h.Action == wire.ActionHeartbeat:
		s.give(t.native.heartbeat())
	case ours == nil:
		t.drop("a frame of an unknown kind", 1)
	case isConnectionAction(h):
		s.last = s.takeOwn(ours)
		return s.last, nil
	default:
		if h.Action == wire.ActionError && ours.Error == nil {
			ours.Error = errWithoutReason
		}
		t.post(Event{Kind: Message, Message: ours})
		if len(t.stream.queue) > streamLimit {
			full = t.stream.room()
		}
	}
	return false, full
}

var errWithoutReason = newError(codeInternal, 500, "the server gave no reason")

// isChannelAction reports whether the frame is one that servers send for a channel.
func isChannelAction(h wire.Header) bool {
	switch h.Action {
	case wire.ActionAttached, wire.ActionDetached, wire.ActionMessage, wire.ActionPresence,
		wire.ActionSync, wire.ActionObject, wire.ActionObjectSync, wire.ActionAnnotation:
		return true
	case wire.ActionError:
		return h.Channel != ""
	}
	return false
}

// isConnectionAction reports whether the frame is about the connection, and handled by the
// transport.
func isConnectionAction(h wire.Header) bool {
	switch h.Action {
	case wire.ActionAck, wire.ActionNack, wire.ActionConnected, wire.ActionDisconnected,
		wire.ActionClosed, wire.ActionAuth:
		return true
	case wire.ActionError:
		return h.Channel == ""
	}
	return false
}

// takeOwn handles a frame about the connection. It reports whether the frame is the socket's last.
// The lock is held.
func (s *socket) takeOwn(m *wire.ProtocolMessage) (last bool) {
	t := s.t
	switch m.Action {
	case wire.ActionAck, wire.ActionNack:
		s.acknowledge(m)
	case wire.ActionConnected:
		s.connected(m)
	case wire.ActionAuth:
		s.giveAll(received{v: t.native.from(m), asks: true})
	case wire.ActionClosed:
		s.closedLocked()
		return true
	case wire.ActionDisconnected:
		if m.Error == nil {
			t.drop("a DISCONNECTED without an error", 1)
			m.Error = newError(codeDisconnected, 400, "the server ended the transport without a reason")
		}
		s.giveLast(m, m.Error)
		return true
	case wire.ActionError:
		if m.Error == nil {
			t.drop("an ERROR without an error", 1)
			m.Error = newError(codeConnectionFailed, 400, "the server ended the connection without a reason")
		}
		s.failed(m)
		return true
	}
	return false
}

// acknowledge handles an ACK or NACK. The lock is held.
func (s *socket) acknowledge(m *wire.ProtocolMessage) {
	t := s.t
	if m.MsgSerial == nil {
		t.drop("an acknowledgement without a waiting frame", 1)
		return
	}
	result := func(i int) (a answer) {
		if m.Action == wire.ActionNack {
			a.err = m.Error
		} else if i < len(m.Res) && m.Res[i] != nil {
			a.serials = m.Res[i].Serials
		}
		return a
	}
	if m.Action == wire.ActionNack && m.Error == nil {
		m.Error = errWithoutReason
	}
	answers, ok := t.seq.Acknowledge(*m.MsgSerial, int64(m.Count), result, answer{err: errSkipped})
	if !ok {
		t.drop("an acknowledgement without a waiting frame", 1)
	}
	t.deliver(answers)
}

// connected handles a CONNECTED. The lock is held.
func (s *socket) connected(m *wire.ProtocolMessage) {
	t := s.t
	resumed := t.info.ID != "" && t.info.ID == m.ConnectionID
	if !s.up {
		t.sockets++
	}
	t.info = Connection{ID: m.ConnectionID, Key: t.info.Key, Details: t.info.Details, Resumed: resumed,
		Socket: t.sockets}
	if m.ConnectionDetails != nil {
		t.info.Details = *m.ConnectionDetails
		t.info.Key = m.ConnectionDetails.ConnectionKey
	}
	kind := Connected
	if s.up {
		kind = Updated
	}
	e := t.connectedEvent(kind)
	e.Reason = m.Error
	t.post(*e)
	s.giveAll(t.owed...)
	t.owed = nil
	if s.up {
		s.give(t.native.from(m))
		return
	}
	// If ably-go got the error, it would send its unanswered messages again, with other serials.
	// The rooms' side reports the error.
	withoutError := *m
	withoutError.Error = nil
	s.give(t.native.from(&withoutError))
	s.up = true
	close(s.first)
	t.refusal, t.tokenRefused = nil, false
	if t.ended != nil && t.ended.Kind != Closing {
		t.ended = nil
	}
	t.setState(ably.ConnectionState{}) // so that await waits for the next event
	for _, f := range t.seq.Connected(resumed) {
		s.queue = append(s.queue, f.Item)
	}
	s.resent = len(s.queue)
	notify(s.wake)
}

// failed handles an ERROR of the connection. The lock is held.
func (s *socket) failed(m *wire.ProtocolMessage) {
	t := s.t
	if isTokenError(m.Error) && (s.up || t.renewable && !t.tokenRefused) {
		t.tokenRefused = !s.up
		s.giveLast(m, m.Error) // ably-go renews the token (RTN14b, RTN15h2)
		return
	}
	if !s.up {
		s.refuseConnection(m.Error)
		return
	}
	t.fail(m.Error)
	s.giveLast(m, m.Error)
}

// refuseConnection makes the dial fail with the server's refusal. As a frame, the refusal can make
// ably-go deadlock. The lock is held.
func (s *socket) refuseConnection(e *wire.ErrorInfo) {
	s.t.refusal = e
	s.refused = asDialError(e)
	s.endLocked(e)
}
