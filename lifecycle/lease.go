package lifecycle

import (
	"context"
	"sync/atomic"

	"ablyrooms.example/fsm"
	"ablyrooms.example/internal/ctxerr"
)

// Lease is one owner's lease of a room, which may have several owners: see [Rooms.Acquire]. Its
// methods may be called concurrently.
type Lease[R any] struct {
	rooms  *Rooms[R]
	call   fsm.Call // of its Acquire
	room   R
	closed atomic.Bool
}

// Acquire returns a lease of the room of a name, and opens the room if there is none, as
// [Rooms.Get] does. The caller must close the lease. When the last lease of a room is closed, the
// room is released, unless a Get returned it: then the room stays until it is released by name.
//
// [Rooms.Release] and [Rooms.Dispose] release a room even if leases of it are open. Closing such a
// lease has no effect, even if the name has a new room. docs/leases.md states the rules.
//
// Errors: those of Get. If ctx ends first there is no lease, and nothing has to be closed.
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

// Room returns the leased room. It always returns the same room, also after Close and after the
// release of the room.
func (l *Lease[R]) Room() R { return l.room }

// Close closes the lease. Closing the last lease of a room starts the room's release. Close doesn't
// wait for its end; the next Get or Acquire of the name does. Only the first call of Close has an
// effect.
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
