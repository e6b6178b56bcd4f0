package gallery

import (
	"context"
	"sync"

	"ablyrooms.example/tests/conformance"
)

// entry is what is kept for a name: done is closed when room or err is there, left when the name
// was released.
type entry struct {
	options    string
	done, left chan struct{}
	room       *conformance.Room
	err        error
}

func newEntry(options string) *entry {
	return &entry{options: options, done: make(chan struct{}), left: make(chan struct{})}
}

func (e *entry) open(ctx context.Context, b *conformance.Backend, name string) {
	e.room, e.err = b.Open(ctx, name, token(e.options))
	close(e.done)
}

// get waits for the room, for the release of the name, or for the context.
func (e *entry) get(ctx context.Context) (*conformance.Room, error) {
	select {
	case <-e.done:
		return e.room, e.err
	case <-e.left:
		return nil, errReleased
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// release waits for the opening and releases what came of it.
func (e *entry) release(b *conformance.Backend) error {
	close(e.left)
	<-e.done
	if e.room == nil {
		return nil
	}
	return b.Release(context.Background(), e.room)
}

// doubleChecked looks under a read lock and again under a write lock. The bug: an entry that is not
// filled yet is found by the second get, which takes it as it is.
type doubleChecked struct {
	*conformance.Backend
	mu      sync.RWMutex
	entries map[string]*cell
}

type cell struct {
	mu      sync.Mutex
	options string
	room    *conformance.Room
}

func newDoubleChecked(b *conformance.Backend) conformance.System {
	return &doubleChecked{Backend: b, entries: map[string]*cell{}}
}

func (m *doubleChecked) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	m.mu.RLock()
	c := m.entries[name]
	m.mu.RUnlock()
	if c == nil {
		m.mu.Lock()
		if c = m.entries[name]; c == nil {
			c = &cell{options: options}
			m.entries[name] = c
			m.mu.Unlock()
			room, err := m.Open(ctx, name, options)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.room = room
			return room, err
		}
		m.mu.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.options != options {
		return nil, errOptions
	}
	return c.room, nil
}

func (m *doubleChecked) Release(ctx context.Context, name string) error {
	m.mu.Lock()
	c := m.entries[name]
	delete(m.entries, name)
	m.mu.Unlock()
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return m.Backend.Release(ctx, c.room)
}

// syncMap keeps entries in a sync.Map, by LoadOrStore. The bug: an entry whose opening failed
// stays, and answers for ever.
type syncMap struct {
	*conformance.Backend
	entries sync.Map // of *entry
	leaving sync.Map // of chan struct{}, closed when the last room of a name is gone
}

func newSyncMap(b *conformance.Backend) conformance.System { return &syncMap{Backend: b} }

func (m *syncMap) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	found, loaded := m.entries.LoadOrStore(name, newEntry(options))
	e := found.(*entry)
	switch {
	case !loaded:
		gone, _ := m.leaving.Load(name)
		go func() {
			if gone != nil {
				<-gone.(chan struct{})
			}
			e.open(context.Background(), m.Backend, name)
		}()
	case e.options != options:
		return nil, errOptions
	}
	return e.get(ctx)
}

func (m *syncMap) Release(ctx context.Context, name string) error {
	gone := make(chan struct{})
	found, ok := m.entries.LoadAndDelete(name)
	if before, leaving := m.leaving.LoadOrStore(name, gone); leaving || !ok {
		if leaving {
			return wait(ctx, before.(chan struct{}))
		}
		m.leaving.Delete(name)
		return nil
	}
	defer close(gone)
	defer m.leaving.Delete(name)
	return found.(*entry).release(m.Backend)
}

// counted counts its users, as for shared files. The bug: a release is only counted, and the room
// stays until the last of those who got it has released it.
type counted struct {
	*conformance.Backend
	mu      sync.Mutex
	entries map[string]*entry
	users   map[string]int
}

func newCounted(b *conformance.Backend) conformance.System {
	return &counted{Backend: b, entries: map[string]*entry{}, users: map[string]int{}}
}

func (m *counted) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	m.mu.Lock()
	e := m.entries[name]
	switch {
	case e == nil:
		e = newEntry(options)
		m.entries[name] = e
		go e.open(context.Background(), m.Backend, name)
	case e.options != options:
		m.mu.Unlock()
		return nil, errOptions
	}
	m.users[name]++
	m.mu.Unlock()
	return e.get(ctx)
}

func (m *counted) Release(_ context.Context, name string) error {
	m.mu.Lock()
	e := m.entries[name]
	if e == nil {
		m.mu.Unlock()
		return nil
	}
	if m.users[name]--; m.users[name] > 0 {
		m.mu.Unlock()
		return nil
	}
	delete(m.entries, name)
	m.mu.Unlock()
	return e.release(m.Backend)
}

// signalled has its gets wait on a condition. The bug: it is signalled and not broadcast, so one of
// several that wait goes on.
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
