package lifecycle

import (
	"context"
	"sync/atomic"

	"ablyrooms.example/fsm"
	"ablyrooms.example/internal/ctxerr"
)

// Lease is one owner's hold on a room that may have several: see [Rooms.Acquire]. Its methods may
// be called concurrently.
type Lease[R any] struct {
	rooms  *Rooms[R]
	call   fsm.Call // of its Acquire
	room   R
	closed atomic.Bool
}

// Acquire returns a lease of the room of a name, which it opens when the name has none, as
// [Rooms.Get] does. The caller must close the lease. When the last lease of a room is closed the
// room is released, unless somebody got it by Get: a Get keeps its room until it is released by
// name. [Rooms.Release] and [Rooms.Dispose] release a room whatever leases of it are open; these
// are over then, and closing one has no effect, also when the name has a new room. docs/leases.md
// states the rules.
//
// Errors: those of Get. When ctx ends first there is no lease, and nothing has to be closed.
func (r *Rooms[R]) Acquire(ctx context.Context, name string, options ...RoomOption) (*Lease[R], error) {
	if ctx.Err() != nil {
		return nil, ctxerr.Of(ctx)
	}
	o, err := ResolveRoomOptions(options...)
	if err != nil {
		return nil, err
	}
	if name == "" {
		return nil, invalidArgument(`unable to acquire room; the name is "", expected at least one character`)
	}
	c := r.do(ctx, fsm.RoomsInput[RoomOptions]{Kind: fsm.CallAcquire, Name: name, Options: o})
	if c.err != nil {
		return nil, c.err
	}
	return &Lease[R]{rooms: r, call: c.in.Call, room: c.room}, nil
}

// Room returns the leased room. It is always the same, also after Close and after the release of
// the room.
func (l *Lease[R]) Room() R { return l.room }

// Close closes the lease. The last lease of a room starts its release, and Close doesn't wait for
// that: the next Get or Acquire of the name does. Close may be called again; only the first call
// has an effect.
func (l *Lease[R]) Close() {
	if l.closed.Swap(true) {
		return
	}
	r := l.rooms
	r.mu.Lock()
	r.step(&fsm.RoomsInput[RoomOptions]{Kind: fsm.CloseLease, Call: l.call}, nil)
	r.mu.Unlock()
	r.observer.Load().flush()
}
