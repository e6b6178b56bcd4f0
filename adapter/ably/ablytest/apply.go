package ablytest

// apply carries out an effect that removes a frame of t.
func (s *Server) apply(t *transport, c *crossing, e Effect) {
	if e.kind == effectCutBefore {
		t.cut()
		return
	}
	s.mu.Lock()
	if c.closing {
		// This frame was to end the transport. It is gone, so the transport goes on.
		t.muted = false
	}
	if serial, ok := c.awaitsAck(); ok && e.kind != effectRefuse && t.conn != nil {
		t.conn.acks.skip(serial)
		t.conn.flush()
	}
	switch e.kind {
	case effectRefuse:
		s.refuse(t, c, e.err)
	case effectFailChannel:
		s.endChannel(t, c, ActionError, e.err)
	case effectDetachChannel:
		s.endChannel(t, c, ActionDetached, e.err)
	case effectFailConnection:
		s.failTransportLocked(t, e.err, outgoing{closing: true, injected: true})
	case effectDisconnect:
		s.disconnectLocked(t, e.err, outgoing{closing: true, injected: true})
	case effectReply:
		for _, pm := range e.reply {
			t.send(pm, outgoing{injected: true})
		}
	}
	s.mu.Unlock()
	if c.cutAfter {
		t.cut()
	}
}

// refuse answers a frame with an error, and the frame is lost; see [Refuse].
func (s *Server) refuse(t *transport, c *crossing, err *ErrorInfo) {
	switch {
	case c.Direction == ClientToServer && c.Action.acknowledged():
		serial, ok := c.awaitsAck()
		if !ok || t.conn == nil {
			return
		}
		answer := nack(err)
		answer.MsgSerial = &serial
		t.conn.acks.answer(serial, answer)
		t.conn.flush()
	case c.Action == ActionAck:
		answer := nack(err)
		answer.MsgSerial, answer.Count = c.Message.MsgSerial, c.Message.Count
		t.send(answer, outgoing{injected: true})
	case c.Action == ActionAttach || c.Action == ActionAttached:
		s.endChannel(t, c, ActionDetached, err)
	default:
		s.endChannel(t, c, ActionError, err)
	}
}

// endChannel ends the attachment of the client to the frame's channel, with a DETACHED or an ERROR.
// If the frame has no channel, it ends the connection.
func (s *Server) endChannel(t *transport, c *crossing, action Action, err *ErrorInfo) {
	if c.Channel == "" {
		s.failTransportLocked(t, err, outgoing{closing: true, injected: true})
		return
	}
	if t.conn != nil {
		if a := t.conn.attached[c.Channel]; a != nil {
			a.remove()
		}
	}
	t.send(&ProtocolMessage{Action: action, Channel: c.Channel, Error: err}, outgoing{injected: true})
	s.notifyLocked()
}
