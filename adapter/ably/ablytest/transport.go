package ablytest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/coder/websocket"
)

// transport is one WebSocket. The goroutine of the HTTP handler reads from it. Two more goroutines
// carry the frames, one for each direction.
type transport struct {
	s          *Server
	n          int // counts the WebSockets, from 1
	ws         *websocket.Conn
	tcp        net.Conn
	format     Format
	heartbeats bool // the client wants heartbeats as protocol messages
	ctx        context.Context
	cancel     context.CancelFunc
	in, out    *pipe
	lastSent   atomic.Int64 // time in ms, on the server's clock

	// Guarded by s.mu.
	conn  *connection // nil before CONNECTED, and after the transport has lost its connection
	muted bool        // nothing more is sent to the client
	idle  *timer
}

// maxInbound is how many bytes of a client's frames may wait to be handled.
const maxInbound = 4 << 20

// outgoing says how a message to a client is sent.
type outgoing struct {
	closing  bool // end the transport after the message
	injected bool // made by a fault or by the test
	ownWill  bool // an unsolicited heartbeat
}

// serveSocket serves a WebSocket until it ends.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	t := &transport{s: s, heartbeats: query.Get("heartbeats") != "false"}
	if query.Get("format") == "msgpack" {
		t.format = MsgPack
	}
	s.mu.Lock()
	s.accepted++
	t.n = s.accepted
	s.mu.Unlock()
	defer s.owners.start(fmt.Sprintf("WebSocket %d", t.n))()

	// serve has already checked the origin of the request.
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered.
	}
	// As at Ably, a frame above the limit that CONNECTED names cuts the connection.
	ws.SetReadLimit(maxFrameSize)
	t.ws = ws
	t.tcp, _ = r.Context().Value(netConnKey{}).(net.Conn)
	t.ctx, t.cancel = context.WithCancel(s.ctx)
	defer t.cancel()
	defer ws.CloseNow()

	t.in = newPipe(t, ClientToServer, t.frameArrived, t.frameToServer)
	t.out = newPipe(t, ServerToClient, func(*crossing) {}, t.frameToClient)

	var carriers sync.WaitGroup
	carriers.Go(func() { t.in.run(t.ctx) })
	carriers.Go(func() { t.out.run(t.ctx) })

	credentials := credentialsOf(r)
	t.in.push(&crossing{
		Frame:   Frame{Action: ActionConnect, Query: query, Header: r.Header},
		counted: true,
		connect: func() { s.connect(t, credentials, query) },
	})
	t.read()
	carriers.Wait()
}

// read reads frames until the socket ends. The transport loses its connection after all frames that
// were read are handled.
func (t *transport) read() {
	defer t.in.push(finish{func() { t.lost() }})
	for {
		kind, b, err := t.ws.Read(t.ctx)
		if err != nil {
			return
		}
		format := JSON
		if kind == websocket.MessageBinary {
			format = MsgPack
		}
		pm, err := unmarshalProtocol(format, b)
		if err != nil {
			t.s.failTransport(t, errBadRequest("a frame can't be decoded: %v", err))
			continue
		}
		t.in.push(&crossing{
			Frame:   Frame{Action: pm.Action, Channel: pm.Channel, Message: pm},
			counted: true,
			size:    int64(len(b)),
		})
		// Make a client wait that sends faster than the server works.
		if !t.in.awaitRoom(t.ctx, maxInbound) {
			return
		}
	}
}

// lost separates the transport from its connection, if it has one, and ends the transport.
func (t *transport) lost() {
	t.s.mu.Lock()
	t.s.dropTransport(t)
	t.s.mu.Unlock()
	t.cancel()
}

// cut ends the transport. The client gets no closing frame.
func (t *transport) cut() {
	t.mute()
	t.lost()
	t.ws.CloseNow()
}

// mute stops all further writes to the client.
func (t *transport) mute() {
	t.s.mu.Lock()
	t.muted = true
	t.s.mu.Unlock()
}

// cutAfterWrite ends the transport such that everything that was written before still arrives. A
// plain close would reset the stream if the server has unread frames of the client.
func (t *transport) cutAfterWrite() {
	t.mute()
	t.s.mu.Lock()
	t.s.dropTransport(t)
	t.s.mu.Unlock()
	half, ok := t.tcp.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		t.cut()
	}
	// The client sees the end of the stream and closes its side; the reader notices that.
}

// send queues a message for the client. Callers hold s.mu.
func (t *transport) send(pm *ProtocolMessage, o outgoing) {
	if t.muted {
		return
	}
	if o.closing {
		t.muted = true
	}
	c := &crossing{
		Frame:   Frame{Action: pm.Action, Channel: pm.Channel, Message: pm, Injected: o.injected},
		counted: !o.ownWill,
		closing: o.closing,
		size:    pm.size(),
	}
	if t.out.push(c) > t.s.opts.outboundLimit {
		t.tooSlow()
	}
}

// tooSlow ends the transport of a client that doesn't read what is sent to it. It sends no closing
// frame, which would wait until everything else is sent. Callers hold s.mu.
func (t *transport) tooSlow() {
	t.muted = true
	t.s.dropTransport(t)
	t.cancel()
}

// frameArrived records each frame of the client as it is read from the socket.
func (t *transport) frameArrived(c *crossing) {
	if serial, ok := c.awaitsAck(); ok {
		t.s.mu.Lock()
		defer t.s.mu.Unlock()
		if t.conn != nil {
			t.conn.acks.arrived(serial)
		}
	}
}

// awaitsAck returns the serial of a frame of the client that needs an ACK or a NACK. ok is false
// for other frames, in which some clients send a serial too.
func (c *crossing) awaitsAck() (serial int64, ok bool) {
	if c.Direction != ClientToServer || c.Message == nil || c.Message.MsgSerial == nil || !c.Action.acknowledged() {
		return 0, false
	}
	return *c.Message.MsgSerial, true
}

// frameToServer delivers a frame of the client to the server.
func (t *transport) frameToServer(c *crossing) {
	if c.cutAfter {
		t.mute()
	}
	if c.connect != nil {
		c.connect()
	} else {
		t.s.handle(t, c.Message)
	}
	if c.cutAfter {
		t.cut()
	}
}

// frameToClient writes a frame to the client.
func (t *transport) frameToClient(c *crossing) {
	b, err := marshalProtocol(t.format, c.Message)
	if err != nil {
		t.s.opts.logf("ablytest: %v can't be encoded: %v", c.Frame, err)
		t.cut()
		return
	}
	kind := websocket.MessageText
	if t.format == MsgPack {
		kind = websocket.MessageBinary
	}
	if err := t.ws.Write(t.ctx, kind, b); err != nil {
		if t.ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
			t.lost()
		}
		return
	}
	switch {
	case c.cutAfter:
		t.cutAfterWrite()
	case c.closing:
		t.ws.Close(websocket.StatusNormalClosure, "")
		t.lost()
	default:
		t.lastSent.Store(t.s.nowMillis())
	}
}
