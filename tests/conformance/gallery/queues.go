package gallery

import (
	"context"
	"sync"

	"ablyrooms.example/tests/conformance"
)

// turnstile has a lock for each name, a channel so that waiting for it obeys the context, which each call holds from its begin to its
// end. The bug: a release waits its turn behind the get that it should end.
type turnstile struct {
	*conformance.Backend
	mu    sync.Mutex
	locks map[string]chan struct{}
	rooms map[string]*conformance.Room
}

func newTurnstile(b *conformance.Backend) conformance.System {
	return &turnstile{Backend: b, locks: map[string]chan struct{}{}, rooms: map[string]*conformance.Room{}}
}

func (s *turnstile) lock(ctx context.Context, name string) (unlock func(), err error) {
	s.mu.Lock()
	lock := s.locks[name]
	if lock == nil {
		lock = make(chan struct{}, 1)
		s.locks[name] = lock
	}
	s.mu.Unlock()
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (s *turnstile) room(name string) *conformance.Room {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rooms[name]
}

func (s *turnstile) set(name string, room *conformance.Room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rooms[name] = room
}

func (s *turnstile) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	unlock, err := s.lock(ctx, name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	room := s.room(name)
	if room == nil {
		if room, err = s.Open(ctx, name, options); err == nil {
			s.set(name, room)
		}
		return room, err
	}
	if room.Options != options {
		return nil, errOptions
	}
	return room, nil
}

func (s *turnstile) Release(ctx context.Context, name string) error {
	unlock, err := s.lock(ctx, name)
	if err != nil {
		return err
	}
	defer unlock()
	room := s.room(name)
	if room == nil {
		return nil
	}
	s.set(name, nil)
	return s.Backend.Release(ctx, room)
}

// loop is one goroutine that does all work in turn. The bug: it does the backend's too, so one name holds up all others.
type loop struct {
	*conformance.Backend
	inbox chan func()
	rooms map[string]*conformance.Room
}

func newLoop(b *conformance.Backend) conformance.System {
	l := &loop{Backend: b, inbox: make(chan func(), 100), rooms: map[string]*conformance.Room{}}
	go func() {
		for act := range l.inbox {
			act()
		}
	}()
	return l
}

// Close ends the goroutine.
func (l *loop) Close() { close(l.inbox) }

func (l *loop) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	e := newEntry(options)
	l.inbox <- func() {
		defer close(e.done)
		room := l.rooms[name]
		switch {
		case room == nil:
			if e.room, e.err = l.Open(context.Background(), name, options); e.err == nil {
				l.rooms[name] = e.room
			}
		case room.Options != options:
			e.err = errOptions
		default:
			e.room = room
		}
	}
	if err := wait(ctx, e.done); err != nil {
		return nil, err
	}
	return e.room, e.err
}

func (l *loop) Release(ctx context.Context, name string) error {
	e := newEntry("")
	l.inbox <- func() {
		defer close(e.done)
		if room := l.rooms[name]; room != nil {
			delete(l.rooms, name)
			e.err = l.Backend.Release(context.Background(), room)
		}
	}
	if err := wait(ctx, e.done); err != nil {
		return err
	}
	return e.err
}

// signalled has its gets wait on a condition. The bug: it is signalled and not broadcast, so one of several that wait goes on.
type signalled struct {
	*conformance.Backend
	mu    sync.Mutex
	moved sync.Cond
	names map[string]*state
}

// state is what a name has.
type state struct {
	options string
	opening bool
	room    *conformance.Room
}

func newSignalled(b *conformance.Backend) conformance.System {
	s := &signalled{Backend: b, names: map[string]*state{}}
	s.moved.L = &s.mu
	return s
}

func (s *signalled) Get(_ context.Context, name, options string) (*conformance.Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.names[name]
	if n == nil {
		n = &state{options: options, opening: true}
		s.names[name] = n
		go func() {
			room, _ := s.Open(context.Background(), name, options)
			s.mu.Lock()
			defer s.mu.Unlock()
			n.opening, n.room = false, room
			s.moved.Signal()
		}()
	} else if n.options != options {
		return nil, errOptions
	}
	for n.opening && s.names[name] == n {
		s.moved.Wait()
	}
	if s.names[name] != n {
		return nil, errReleased
	}
	return n.room, nil
}

func (s *signalled) Release(ctx context.Context, name string) error {
	s.mu.Lock()
	n := s.names[name]
	delete(s.names, name)
	s.moved.Broadcast()
	for n != nil && n.opening {
		s.moved.Wait()
	}
	s.mu.Unlock()
	if n == nil {
		return nil
	}
	return s.Backend.Release(ctx, n.room)
}
