package ablytest

import "time"

// watchIdle schedules checkIdle, which runs after the duration left. It does nothing for a
// transport without a connection. Callers hold s.mu.
func (s *Server) watchIdle(t *transport, left time.Duration) {
	if s.opts.maxIdleInterval > 0 && t.conn != nil && !t.muted {
		t.idle = s.afterLocked(left, func() { s.checkIdle(t) })
	}
}

// checkIdle sends a heartbeat or a ping if the transport has been idle for the interval.
func (s *Server) checkIdle(t *transport) {
	interval := s.opts.maxIdleInterval
	left := interval - time.Duration(s.nowMillis()-t.lastSent.Load())*time.Millisecond
	due := left <= 0
	if due {
		if !t.heartbeats {
			// Ping waits for the pong, which shows that the client reads.
			if t.ws.Ping(t.ctx) != nil {
				return // the read fails too, and ends the transport
			}
			t.lastSent.Store(s.nowMillis())
		}
		left = interval
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if due && t.heartbeats {
		t.send(&ProtocolMessage{Action: ActionHeartbeat, Timestamp: s.nowMillis()}, outgoing{ownWill: true})
	}
	s.watchIdle(t, left)
}
