package ablytest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxFrameSize   = 512 << 10
	maxInboundRate = 250
)

// connection is the state of a client's connection, which outlives its transports. All
// fields are guarded by Server.mu.
type connection struct {
	s        *Server
	id, key  string
	lastKey  string // also good while the client may not have seen key: see findResumable
	order    int    // in the order of making, from 1
	identity identity
	clientID string // implied in what it publishes; "" for none
	echo     bool
	t        *transport // nil while there is none
	attached map[string]*attachment
	acks     acks
	lapse    *timer // forgets the connection; runs while it has no transport
	absence  *timer // has its members leave; likewise
	// remainPresent is how long its members stay while it has no transport.
	remainPresent time.Duration
	renew         *timer // of its token
}

// refusal says how new connections are refused.
type refusal struct{ err *ErrorInfo }

// connect opens a connection on a fresh transport, or resumes one.
func (s *Server) connect(t *transport, cr credentials, query url.Values) {
	id, err := s.authenticate(cr, query.Get("clientId"))
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.notifyLocked()
	if s.disruptions.outages > 0 { // began while the WebSocket opened
		t.muted = true
		t.cancel()
		return
	}
	if s.refusal != nil && err == nil {
		err = s.refusal.err
	}
	if err != nil {
		t.send(&ProtocolMessage{Action: ActionError, Error: err}, outgoing{closing: true})
		return
	}
	key := query.Get("resume")
	if key == "" {
		key = query.Get("recover")
	}
	var lost *ErrorInfo
	var c *connection
	if key != "" {
		c, lost = s.findResumable(key, id)
	}
	if c == nil {
		c = s.newConnection()
	} else {
		c.lastKey, c.key = c.key, c.newKey() // RTN15e, RTN16: the key changes each time
	}
	c.remainPresent = s.remainPresentFor(query)
	c.identity = id
	c.clientID = id.implied
	c.echo = query.Get("echo") != "false"
	if old := c.t; old != nil {
		// The server has not noticed yet that the client left its old transport.
		s.dropTransport(old)
		old.send(&ProtocolMessage{Action: ActionDisconnected, Error: NewError(80003, http.StatusBadRequest,
			"the connection goes on with another transport")}, outgoing{closing: true})
	}
	s.stopLocked(c.lapse)
	s.stopLocked(c.absence)
	c.t, t.conn = t, c
	c.acks.restart()
	s.watchToken(c)
	s.watchIdle(t, s.opts.maxIdleInterval)
	c.sendConnected(lost)
}

// remainPresentFor returns how long members stay that lose their transport: what the client asks
// for in its connection's query, in milliseconds, or else what the server is set to.
func (s *Server) remainPresentFor(query url.Values) time.Duration {
	ms, err := strconv.ParseInt(query.Get("remainPresentFor"), 10, 32)
	if err != nil || ms < 0 {
		return s.opts.remainPresentFor
	}
	return time.Duration(ms) * time.Millisecond
}

// findResumable finds the connection that a key is of, or says why it can't be resumed. The key of
// the last CONNECTED is good. So is the one before it, while the connection has no transport and
// has sent nothing since: that CONNECTED may have been lost. With a transport the old key is
// refused, or two clients with one key would take the connection from each other for ever.
func (s *Server) findResumable(key string, id identity) (*connection, *ErrorInfo) {
	connID, _, _ := strings.Cut(key, "!")
	c := s.conns[connID]
	if c != nil && c.t == nil && c.lastKey == key {
		c.key = key
	}
	if c == nil || c.key != key {
		return nil, NewError(80018, http.StatusBadRequest,
			"unable to recover connection: its key is unknown, or its state has expired")
	}
	if c.identity.app != id.app || c.clientID != id.implied {
		return nil, NewError(80018, http.StatusBadRequest,
			"unable to recover connection: its credentials are not compatible")
	}
	return c, nil
}

func (s *Server) newConnection() *connection {
	id := randomText(10)
	s.made++
	c := &connection{s: s, id: id, order: s.made, attached: map[string]*attachment{}}
	c.key = c.newKey()
	s.conns[id] = c
	return c
}

// newKey returns a key by which the connection can be resumed.
func (c *connection) newKey() string { return c.id + "!" + randomText(20) }

// sendConnected tells the client about its connection. err is why it is a new one.
func (c *connection) sendConnected(err *ErrorInfo) {
	clientID := c.clientID
	if clientID == "" && c.identity.token != nil {
		clientID = c.identity.token.details.ClientID
	}
	c.send(&ProtocolMessage{
		Action:       ActionConnected,
		ConnectionID: c.id,
		Error:        err,
		Timestamp:    c.s.nowMillis(),
		ConnectionDetails: &ConnectionDetails{
			ClientID:           clientID,
			ConnectionKey:      c.key,
			MaxMessageSize:     c.s.opts.maxMessageSize,
			MaxFrameSize:       maxFrameSize,
			MaxInboundRate:     maxInboundRate,
			ConnectionStateTTL: c.s.opts.connectionStateTTL.Milliseconds(),
			MaxIdleInterval:    c.s.opts.maxIdleInterval.Milliseconds(),
			ServerID:           "ablytest",
			SiteCode:           "loopback",
		},
	})
}

// send queues a message for the client, if it has a transport.
func (c *connection) send(pm *ProtocolMessage) {
	if c.t != nil {
		c.t.send(pm, outgoing{})
	}
}

// dropTransport takes the transport away from its connection, whose state is kept for
// its time to live.
func (s *Server) dropTransport(t *transport) {
	s.stopLocked(t.idle)
	c := t.conn
	if c == nil {
		return
	}
	t.conn, c.t = nil, nil
	for _, a := range c.attached {
		a.live = false
	}
	s.stopLocked(c.renew)
	c.absence = s.afterLocked(c.remainPresent, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, a := range c.sortedAttachments() {
			if c.t == nil {
				a.leaveAll()
			}
		}
	})
	c.lapse = s.afterLocked(s.opts.connectionStateTTL, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.forget(c)
	})
	s.notifyLocked()
}

// forget ends the connection: it can't be resumed, and is attached to nothing.
func (s *Server) forget(c *connection) {
	if s.conns[c.id] != c {
		return
	}
	if c.t != nil {
		c.t.conn = nil
		s.stopLocked(c.t.idle)
		c.t = nil
	}
	s.stopLocked(c.lapse)
	s.stopLocked(c.absence)
	s.stopLocked(c.renew)
	for _, a := range c.attached {
		a.remove()
	}
	delete(s.conns, c.id)
	s.notifyLocked()
}

// close ends the connection as the client asked for.
func (s *Server) closeConnection(t *transport) {
	if t.conn != nil {
		s.forget(t.conn)
	}
	t.send(&ProtocolMessage{Action: ActionClosed}, outgoing{closing: true})
}

// failTransport ends the transport, and its connection, with an ERROR.
func (s *Server) failTransport(t *transport, err *ErrorInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failTransportLocked(t, err, outgoing{closing: true})
}

func (s *Server) failTransportLocked(t *transport, err *ErrorInfo, o outgoing) {
	c := t.conn
	if c != nil {
		s.forget(c)
	}
	pm := &ProtocolMessage{Action: ActionError, Error: err}
	if c != nil {
		pm.ConnectionID = c.id
	}
	t.send(pm, o)
}

// disconnect ends the transport with a DISCONNECTED; the connection can be resumed.
func (s *Server) disconnectLocked(t *transport, err *ErrorInfo, o outgoing) {
	s.dropTransport(t)
	t.send(&ProtocolMessage{Action: ActionDisconnected, Error: err}, o)
}
