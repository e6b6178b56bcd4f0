package conformance

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Room is what a [Backend] opens. It is known by its pointer: a copy is another room.
type Room struct {
	Name    string
	Options string
}

// Backend opens and releases rooms for a System. Each of its calls waits until the harness ends it, well or badly.
type Backend struct {
	mu       sync.Mutex
	works    []*work       // not ended yet, in the order of their begin
	opened   map[*Room]int // the incarnations of the rooms that were handed out
	fault    string        // what was wrong first with a call of the backend
	draining bool
}

// work is one call of the backend.
type work struct {
	opening     bool
	ctx         context.Context
	room        *Room
	gate        chan error
	incarnation int // 0 until the harness knows
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

// Open opens a room. It waits until the harness lets it end, also when ctx ends first. Options may be as the System got them, or the
// token of their [Spelling].
func (b *Backend) Open(ctx context.Context, name, options string) (*Room, error) {
	token, _ := Spelling(options)
	room := &Room{Name: name, Options: token}
	if err := b.do(&work{opening: true, ctx: ctx, room: room}); err != nil {
		return nil, err
	}
	return room, nil
}

// Release releases a room that Open returned. It waits until the harness lets it end.
func (b *Backend) Release(ctx context.Context, room *Room) error {
	if room == nil {
		return b.blame("the system released a room that is nil")
	}
	return b.do(&work{ctx: ctx, room: room})
}

func (b *Backend) do(w *work) error {
	b.mu.Lock()
	if b.draining {
		b.mu.Unlock()
		return nil
	}
	if !w.opening {
		if w.incarnation = b.opened[w.room]; w.incarnation == 0 {
			b.mu.Unlock()
			return b.blame("the system released a room of " + w.room.Name + " that the backend did not open, or a copy")
		}
	}
	w.gate = make(chan error, 1)
	b.works = append(b.works, w)
	b.mu.Unlock()
	return <-w.gate
}

func (b *Backend) blame(fault string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fault == "" {
		b.fault = fault
	}
	return errors.New(fault)
}

// end lets a work of an incarnation end.
func (b *Backend) end(incarnation int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, w := range b.works {
		if w.incarnation == incarnation {
			b.works = append(b.works[:i:i], b.works[i+1:]...)
			if w.opening && err == nil {
				b.opened[w.room] = incarnation
			}
			w.gate <- err
			return
		}
	}
}

// drain lets everything end well, now and later.
func (b *Backend) drain() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.draining = true
	for _, w := range b.works {
		w.gate <- nil
	}
	b.works = nil
}
