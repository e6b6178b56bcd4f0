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
	lastKey  string // the key before key; still accepted in some cases, see findResumable
	order    int    // counts the connections, from 1
	identity identity
	clientID string // the clientId of messages that name none; "" for none
	echo     bool
	t        *transport // nil if the connection has no transport
	attached map[string]*attachment
	acks     acks
	lapse    *timer // ends the connection's state; runs while there is no transport
	absence  *timer // makes its members leave; runs while there is no transport
	// remainPresent is how long its members stay present without a transport.
	remainPresent time.Duration
	renew         *timer // requests a new token from the client
}

// refusal says how new connections are refused: with err, or by a cut if err is nil.
type refusal struct{ err *ErrorInfo }

// connect opens a new connection on the transport, or resumes one.
func (s *Server) connect(t *transport, cr credentials, query url.Values) {
	id, err := s.authenticate(cr, query.Get("clientId"))
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.notifyLocked()
	if s.disruptions.outages > 0 { // the outage began while the WebSocket opened
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
		// The server has not noticed yet that the client has dropped its old transport.
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

// remainPresentFor returns how long the members of a connection without a transport stay present.
// This is the parameter of the query, in milliseconds, or else the server's default.
func (s *Server) remainPresentFor(query url.Values) time.Duration {
	ms, err := strconv.ParseInt(query.Get("remainPresentFor"), 10, 32)
	if err != nil || ms < 0 {
		return s.opts.remainPresentFor
	}
	return time.Duration(ms) * time.Millisecond
}

// findResumable returns the connection that has this key, or the reason why it can't be resumed.
// The key of the last CONNECTED is accepted. The key before it is accepted too, if the connection
// has no transport and has sent nothing since: the last CONNECTED may have been lost. While there
// is a transport, the old key is refused; otherwise two clients with one key would take the
// connection from each other for ever.
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

// newKey returns a new key for resuming the connection.
func (c *connection) newKey() string { return c.id + "!" + randomText(20) }

// sendConnected sends the CONNECTED. err is the reason why a connection could not be resumed, or
// nil.
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

// dropTransport separates the transport from its connection. The server keeps the connection's
// state for its time to live.
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

// forget ends the connection: it can't be resumed, and its attachments end.
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

// closeConnection ends the connection because the client requested it.
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

// disconnectLocked ends the transport with a DISCONNECTED; the connection can be resumed.
func (s *Server) disconnectLocked(t *transport, err *ErrorInfo, o outgoing) {
	s.dropTransport(t)
	t.send(&ProtocolMessage{Action: ActionDisconnected, Error: err}, o)
}
