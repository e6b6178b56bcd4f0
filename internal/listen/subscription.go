package listen

import "sync"

// Subscription is the registration of one listener. Its methods may be called concurrently, and
// from within the listener.
type Subscription struct {
	mu      sync.Mutex
	remove  func()       // removes the queue from its list
	running bool         // a goroutine delivers events
	off     bool         // Unsubscribe was called
	gone    func() error // returns why the list ended; nil before the end
	over    bool         // done is closed
	err     error
	dropped int64
	done    chan struct{}
}

// Unsubscribe ends the registration. No call of the listener begins after it; a call that is
// running goes on. It may be called again.
func (s *Subscription) Unsubscribe() {
	s.remove()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = true
	s.finish(nil)
}

// Done returns a channel that is closed after the registration has ended and the last call of the
// listener has returned.
func (s *Subscription) Done() <-chan struct{} { return s.done }

// Err returns why the registration ended. It is nil before the end, and after Unsubscribe.
func (s *Subscription) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Dropped returns how many events were dropped because the listener was too slow.
func (s *Subscription) Dropped() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// finish closes done, unless a call is running. The lock is held.
func (s *Subscription) finish(err error) {
	if s.running || s.over {
		return
	}
	s.over, s.err = true, err
	close(s.done)
}
