package listen

import "sync"

// Subscription is the registration of one listener. Its methods may be called concurrently, and
// from within the listener.
type Subscription struct {
	mu      sync.Mutex
	remove  func()       // takes the queue out of its list
	running bool         // a goroutine delivers
	off     bool         // nothing more is delivered
	gone    func() error // says why nothing more is published; nil while it is
	over    bool         // done is closed
	err     error
	dropped int64
	done    chan struct{}
}

// Unsubscribe ends the registration. No call of the listener begins after it; one that is under way
// goes on. It may be called again.
func (s *Subscription) Unsubscribe() {
	s.remove()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = true
	s.finish(nil)
}

// Done returns a channel that is closed when the last call of the listener has returned.
func (s *Subscription) Done() <-chan struct{} { return s.done }

// Err returns why the registration ended: nil before the end, and for Unsubscribe.
func (s *Subscription) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Dropped returns how many events were dropped because the listener was behind.
func (s *Subscription) Dropped() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// finish closes done, unless a call is under way. The lock is held.
func (s *Subscription) finish(err error) {
	if s.running || s.over {
		return
	}
	s.over, s.err = true, err
	close(s.done)
}
