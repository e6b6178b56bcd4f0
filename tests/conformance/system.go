package conformance

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// System is what the harness tries: anything that gets, releases and disposes of rooms by name. Its methods are called
// concurrently. Options are tokens: two gets ask for the same room when the tokens are equal.
type System interface {
	// Get returns the room of a name: the *Room that [Backend.Open] returned, as it is.
	Get(ctx context.Context, name, options string) (*Room, error)
	// Release ends the room of a name.
	Release(ctx context.Context, name string) error
	// Dispose ends all rooms, for good.
	Dispose(ctx context.Context) error
}

// Subject tells the harness how to make a System and how to read its errors.
type Subject struct {
	// New makes a fresh System that opens and releases rooms with the backend, and with nothing else.
	New func(*Backend) System
	// Classify tells what an error of the System means. Errors that a Backend method returned, and the causes of contexts, need not be
	// told; they must be found in the System's error with errors.Is.
	Classify func(error) Rejection
	// CancelsOpenings says that the System ends the context of an opening that is no longer wanted, and of no other.
	CancelsOpenings bool
}

// Rejection is what an error of a System means.
type Rejection uint8

// The rejections.
const (
	Unknown          Rejection = iota // none of those below
	DifferentOptions                  // the name has a room with other options (CHA-RC1f1)
	ReleasedBefore                    // the room was released before the get was done (CHA-RC1g4)
	Disposed                          // the system was disposed of (CHA-RC1f8)
)

// Room is what a [Backend] opens.
type Room struct {
	Name        string
	Options     string
	incarnation int // 0 until the harness knows
}

// Backend opens and releases rooms for a System. Each of its calls waits until the harness ends it, well or badly.
type Backend struct {
	mu       sync.Mutex
	works    []*work // not ended yet, in the order of their begin
	faults   []string
	draining bool
}

// work is one call of the backend.
type work struct {
	opening     bool
	ctx         context.Context
	room        *Room
	gate        chan error
	incarnation int
}

// failure is the error that the backend ends a work with when the script says so.
type failure struct {
	incarnation int
	opening     bool
}

func (f *failure) Error() string {
	if f.opening {
		return fmt.Sprintf("the backend could not open #%d", f.incarnation)
	}
	return fmt.Sprintf("the backend could not release #%d", f.incarnation)
}

var errDrained = errors.New("the run is over")

// Open opens a room. It waits until the harness lets it end, also when ctx ends first.
func (b *Backend) Open(ctx context.Context, name, options string) (*Room, error) {
	room := &Room{Name: name, Options: options}
	if err := b.do(&work{opening: true, ctx: ctx, room: room}); err != nil {
		return nil, err
	}
	return room, nil
}

// Release releases a room that Open returned. It waits until the harness lets it end.
func (b *Backend) Release(ctx context.Context, room *Room) error {
	if room == nil {
		b.fault("the system released a room that is nil")
		return errors.New("nil room")
	}
	return b.do(&work{ctx: ctx, room: room})
}

func (b *Backend) do(w *work) error {
	b.mu.Lock()
	if b.draining {
		b.mu.Unlock()
		return errDrained
	}
	w.gate = make(chan error, 1)
	b.works = append(b.works, w)
	b.mu.Unlock()
	return <-w.gate
}

func (b *Backend) fault(s string) {
	b.mu.Lock()
	b.faults = append(b.faults, s)
	b.mu.Unlock()
}

// end lets a work of an incarnation end.
func (b *Backend) end(incarnation int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, w := range b.works {
		if w.incarnation == incarnation {
			b.works = append(b.works[:i:i], b.works[i+1:]...)
			w.gate <- err
			return
		}
	}
}

// drain lets everything end, now and later.
func (b *Backend) drain() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.draining = true
	for _, w := range b.works {
		w.gate <- errDrained
	}
	b.works = nil
}
