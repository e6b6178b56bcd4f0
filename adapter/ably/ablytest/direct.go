package ablytest

import (
	"fmt"
	"time"
)

// The methods here read and change the server's state without the wire. A parameter connectionID is
// a connection's id, as ably-go's Connection.ID returns it; "" means all connections. Channels are
// those of the first key's application. Frames that these methods send to clients cross the wire
// like any other, and faults apply to them. Only the frames of [Server.Inject] meet no fault.

// Publish publishes messages on a channel like a REST publish of another client, and returns their
// serials. It uses ClientID, ID and Encoding as given, and fills in the other fields. It returns an
// error if Ably would refuse the messages.
func (s *Server) Publish(channel string, messages ...Message) ([]string, error) {
	var ms []*Message
	for i := range messages {
		m := messages[i]
		ms = append(ms, &m)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	serials, err := s.publish(channel, identity{app: s.app(), anyClient: true}, "", nil, &ProtocolMessage{Messages: ms})
	if err != nil {
		return nil, err
	}
	return serials, nil
}

// Messages returns copies of the messages in a channel's history, oldest first.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	if ch := s.channels[channel]; ch != nil {
		for _, m := range ch.log.kept() {
			out = append(out, *m)
		}
	}
	return out
}

// Inject sends protocol messages to a connection exactly as given, whether or not they make sense
// there. The server's own state doesn't change, and no fault applies. It fails if the connection is
// unknown or has no transport; with connectionID "" it never fails.
func (s *Server) Inject(connectionID string, messages ...*ProtocolMessage) error {
	return s.each(connectionID, func(c *connection) {
		for _, pm := range messages {
			c.t.send(pm, outgoing{injected: true})
		}
	})
}

// Cut cuts a connection's transport. The client gets no closing frame. The connection can be
// resumed.
func (s *Server) Cut(connectionID string) error {
	var cut []*transport
	err := s.each(connectionID, func(c *connection) { cut = append(cut, c.t) })
	for _, t := range cut {
		t.cut()
	}
	return err
}

// Disconnect ends a connection's transport with a DISCONNECTED. The connection can be
// resumed.
func (s *Server) Disconnect(connectionID string, reason *ErrorInfo) error {
	return s.each(connectionID, func(c *connection) {
		s.disconnectLocked(c.t, reason, outgoing{closing: true})
	})
}

// FailConnection ends a connection with an ERROR. The connection can't be resumed.
func (s *Server) FailConnection(connectionID string, reason *ErrorInfo) error {
	return s.each(connectionID, func(c *connection) {
		s.failTransportLocked(c.t, reason, outgoing{closing: true})
	})
}

// CloseConnection ends a connection with a CLOSED, as if the client had closed it. The connection
// can't be resumed.
func (s *Server) CloseConnection(connectionID string) error {
	return s.each(connectionID, func(c *connection) { s.closeConnection(c.t) })
}

// RequestAuth sends an AUTH, which requests that the client authenticate again (RTN22).
func (s *Server) RequestAuth(connectionID string) error {
	return s.Inject(connectionID, &ProtocolMessage{Action: ActionAuth})
}

// Forget makes the server forget a connection that has no transport, so that a resume fails as it
// does after the connection's time to live. It fails if the connection is unknown or has a
// transport; with connectionID "" it never fails.
func (s *Server) Forget(connectionID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if connectionID == "" {
		for _, c := range s.sortedConnections() {
			if c.t == nil {
				s.forget(c)
			}
		}
		return nil
	}
	c := s.conns[connectionID]
	if c == nil || c.t != nil {
		return fmt.Errorf("ablytest: connection %q is unknown or has a transport", connectionID)
	}
	s.forget(c)
	return nil
}

// each calls f, under the lock, with the given connection, or with all connections that have a
// transport.
func (s *Server) each(connectionID string, f func(*connection)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.notifyLocked()
	if connectionID != "" {
		c := s.conns[connectionID]
		if c == nil || c.t == nil {
			return fmt.Errorf("ablytest: connection %q is unknown or has no transport", connectionID)
		}
		f(c)
		return nil
	}
	for _, c := range s.sortedConnections() {
		if c.t != nil {
			f(c)
		}
	}
	return nil
}

// RefuseConnections refuses new connections and resumes from now on: with an ERROR, or, if reason
// is nil, by cutting the transport while it opens, like a host that is down. Existing connections
// and REST go on.
func (s *Server) RefuseConnections(reason *ErrorInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = &refusal{reason}
	s.notifyLocked()
}

// AcceptConnections accepts new connections again, after RefuseConnections.
func (s *Server) AcceptConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = nil
	s.notifyLocked()
}

// DetachChannel detaches all connections from a channel, of the server's own accord, with a
// DETACHED. Clients then attach again.
func (s *Server) DetachChannel(channel string, reason *ErrorInfo) {
	s.eachAttached(channel, func(a *attachment) { a.end(ActionDetached, reason) })
}

// FailChannel fails a channel for all connections that are attached, with an ERROR.
func (s *Server) FailChannel(channel string, reason *ErrorInfo) {
	s.eachAttached(channel, func(a *attachment) { a.end(ActionError, reason) })
}

// UpdateChannel sends an unsolicited ATTACHED to all connections that are attached (RTL12). Without
// the RESUMED flag, it means that continuity was lost.
func (s *Server) UpdateChannel(channel string, resumed bool, reason *ErrorInfo) {
	s.eachAttached(channel, func(a *attachment) { a.update(resumed, reason) })
}

// LoseContinuity makes sure that no client can continue a channel from before this moment: an
// ATTACH with an older serial gets an ATTACHED without the RESUMED flag. LoseContinuity sends
// nothing, and the history stays.
func (s *Server) LoseContinuity(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channel(channel).log.newSeries()
	s.notifyLocked()
}

// ForgetChannel makes the server forget everything about a channel, its history and serials
// included, as Ably does some time after the last connection has left. It fails if a connection is
// attached.
func (s *Server) ForgetChannel(channel string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[channel]
	if ch != nil && len(ch.attached) > 0 {
		return fmt.Errorf("ablytest: connections are attached to channel %q", channel)
	}
	if ch != nil {
		ch.log.drop(len(ch.log.log))
		ch.dropPresence(len(ch.presenceLog))
	}
	delete(s.channels, channel)
	s.notifyLocked()
	return nil
}

func (s *Server) eachAttached(channel string, f func(*attachment)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch := s.channels[channel]; ch != nil {
		for _, a := range ch.attachments() {
			f(a)
		}
	}
	s.notifyLocked()
}

// IssueToken returns a token of the server's first key, like one that an application's own server
// gets from Ably for its clients.
func (s *Server) IssueToken(p TokenParams) (*TokenDetails, error) {
	if len(p.RoomClaims) > 0 {
		return nil, errInvalidParam("only a JWT has claims")
	}
	d, err := s.issue(s.opts.keys[0], p)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// ExpireTokens makes all tokens expire now. Connections that use one are disconnected
// with error 40142.
func (s *Server) ExpireTokens() {
	now := s.now()
	s.endTokens(func(t *token) { t.details.Expires = min(t.details.Expires, now.UnixMilli()) }, errTokenExpired())
}

// RevokeTokens revokes the tokens of a clientId, or all if it is "". Connections that
// use one are disconnected with error 40141.
func (s *Server) RevokeTokens(clientID string) {
	s.endTokens(func(t *token) {
		if clientID == "" || clientID == t.details.ClientID {
			t.revoked = true
		}
	}, NewError(40141, 401, "token revoked"))
}

func (s *Server) endTokens(end func(*token), reason *ErrorInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		end(t)
	}
	for _, c := range s.sortedConnections() {
		t := c.identity.token
		if c.t != nil && t != nil && (t.revoked || t.details.Expires <= s.nowMillis()) {
			s.disconnectLocked(c.t, reason, outgoing{closing: true})
		}
	}
	s.notifyLocked()
}

// Now returns the server's time.
func (s *Server) Now() time.Time { return s.now() }
