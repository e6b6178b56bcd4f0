package ablytest

import "time"

// timer is a call that is scheduled on the server's clock.
type timer struct{ stop func() }

// after calls f after d, unless it is stopped or the server closes first.
func (s *Server) after(d time.Duration, f func()) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.afterLocked(d, f)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.stopLocked(t)
	}
}

// afterLocked is after for callers that hold s.mu; f runs without the lock.
func (s *Server) afterLocked(d time.Duration, f func()) *timer {
	t := &timer{}
	if s.ctx.Err() != nil {
		return t
	}
	s.timers[t] = struct{}{}
	t.stop = s.opts.clock.AfterFunc(d, func() {
		s.mu.Lock()
		_, live := s.timers[t]
		delete(s.timers, t)
		if !live {
			s.mu.Unlock()
			return
		}
		// Count f before the lock is released, so that Close waits for it.
		done := s.owners.start("timer")
		s.mu.Unlock()
		defer done()
		f()
	})
	return t
}

// stopLocked stops t, which may be nil or have fired.
func (s *Server) stopLocked(t *timer) {
	if _, live := s.timers[t]; live {
		delete(s.timers, t)
		t.stop()
	}
}

func (s *Server) stopTimers() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.timers {
		s.stopLocked(t)
	}
}
