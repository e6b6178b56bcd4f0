package ablytest

import "net/http"

// handle handles a protocol message of a client.
func (s *Server) handle(t *transport, pm *ProtocolMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := t.conn
	if c == nil {
		return // The transport is closing, or its CONNECT was refused.
	}
	c.lastKey = "" // the client has received the last CONNECTED
	if pm.Action.acknowledged() {
		s.handleAcknowledged(c, pm)
		return
	}
	switch pm.Action {
	case ActionHeartbeat:
		c.send(&ProtocolMessage{Action: ActionHeartbeat, ID: pm.ID, Timestamp: s.nowMillis()})
	case ActionClose:
		s.closeConnection(t)
	case ActionDisconnect:
		s.disconnectLocked(t, nil, outgoing{closing: true})
	case ActionAttach:
		s.attach(t, pm)
	case ActionDetach:
		s.detach(t, pm)
	case ActionAuth:
		s.renew(t, pm)
	case ActionSync:
		if pm.Channel == "" {
			s.failTransportLocked(t, errBadRequest("a SYNC without a channel"), outgoing{closing: true})
			return
		}
		s.syncAgain(c, pm)
	default:
		err := errNotServed(pm.Action.String() + " from a client")
		if pm.Channel == "" {
			s.failTransportLocked(t, err, outgoing{closing: true})
		} else if a := c.attached[pm.Channel]; a != nil {
			a.end(ActionError, err)
		} else {
			c.send(&ProtocolMessage{Action: ActionError, Channel: pm.Channel, Error: err})
		}
	}
}

// syncAgain answers a SYNC of a client, which requests the members again (RTP3).
func (s *Server) syncAgain(c *connection, pm *ProtocolMessage) {
	a := c.attached[pm.Channel]
	switch {
	case a == nil:
		c.send((&ProtocolMessage{Action: ActionError, Channel: pm.Channel, Error: NewError(90001,
			http.StatusBadRequest, "unable to sync presence: the channel is not attached")}).named())
	case a.modes.Has(ModePresenceSubscribe):
		a.sendMembers()
	}
}

// handleAcknowledged handles a message that needs an ACK or a NACK, and answers it once.
func (s *Server) handleAcknowledged(c *connection, pm *ProtocolMessage) {
	if pm.MsgSerial == nil {
		s.failTransportLocked(c.t, errBadRequest("%v without a msgSerial", pm.Action), outgoing{closing: true})
		return
	}
	serial := *pm.MsgSerial
	if !c.acks.answered(serial) {
		var answer *ProtocolMessage
		switch pm.Action {
		case ActionMessage:
			answer = s.message(c, pm)
		case ActionPresence:
			answer = s.presence(c, pm)
		case ActionAnnotation:
			answer = s.annotations(c, pm)
		default:
			answer = nack(errNotServed("objects"))
		}
		answer.MsgSerial = &serial
		c.acks.answer(serial, answer)
	}
	c.flush()
}
