package conformance

import (
	"context"
	"errors"
	"sync"
)

// Room is what a [Backend] opens. It is known by its pointer: a copy is another room.
type Room struct {
	Name    string
	Options string
}

// Work is one call of a [Backend].
type Work struct {
	Opening bool            // it opens the room; else it releases it
	Context context.Context // that the System gave
	Room    *Room
}

// Backend opens and releases rooms for a System. [Run] gives a System one whose works wait until
// the script ends them.
type Backend struct {
	do func(Work) error

	mu     sync.Mutex
	opened map[*Room]bool
	fault  error // what was wrong first with a call of the backend
}

// NewBackend returns a Backend that does each work by calling do, concurrently. It is for harnesses
// with a course of their own; [Run] makes its own.
func NewBackend(do func(Work) error) *Backend { return &Backend{do: do, opened: map[*Room]bool{}} }

// Open opens a room. It may take long, also when ctx ends first. Options may be as the System got
// them, or the token of their [Spelling].
func (b *Backend) Open(ctx context.Context, name, options string) (*Room, error) {
	token, _ := Spelling(options)
	room := &Room{Name: name, Options: token}
	if err := b.do(Work{Opening: true, Context: ctx, Room: room}); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened[room] = true
	return room, nil
}

// Release releases a room that Open returned. It may take long.
func (b *Backend) Release(ctx context.Context, room *Room) error {
	b.mu.Lock()
	var fault error
	switch {
	case room == nil:
		fault = errors.New("the system released a room that is nil")
	case !b.opened[room]:
		fault = errors.New("the system released a room of " + room.Name + " that the backend did not open, or a copy")
	}
	if b.fault == nil {
		b.fault = fault
	}
	b.mu.Unlock()
	if fault != nil {
		return fault
	}
	return b.do(Work{Context: ctx, Room: room})
}

// Fault returns what was wrong first with a call of the backend, or nil: a room released that it
// did not open.
func (b *Backend) Fault() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fault
}
