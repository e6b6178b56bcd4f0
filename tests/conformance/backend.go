package conformance

import (
	"context"
	"errors"
	"sync"
)

// Room is a room that a [Backend] opened. Rooms are compared by pointer: a copy is another room.
type Room struct {
	Name    string
	Options string
}

// Work is one call of a [Backend], which opens or releases a room. It lasts until the call returns.
type Work struct {
	Opening bool            // whether the call opens the room; if not, it releases it
	Context context.Context // the context that the System passed to the call
	Room    *Room
}

// Backend opens and releases rooms for a System. The Backend that [Run] gives to a System holds
// each call until the script ends the call.
type Backend struct {
	do func(Work) error

	mu     sync.Mutex
	opened map[*Room]bool
	fault  error // describes the first wrong call of the backend
}

// NewBackend returns a Backend. Each of its calls runs do and fails with do's error; calls may run
// concurrently. NewBackend is for harnesses that end the calls themselves. [Run] makes its own
// Backend.
func NewBackend(do func(Work) error) *Backend { return &Backend{do: do, opened: map[*Room]bool{}} }

// Open opens a room. It may take long, even after ctx has ended. Options are those that the System
// got, or only their token: see [Spelling].
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
		fault = errors.New("the system released a room of " + room.Name + " that the backend did not open, or a copy of one")
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

// Fault returns an error that describes the first wrong call of the backend, or nil. A call is
// wrong if it releases a room that the backend did not open.
func (b *Backend) Fault() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fault
}
