package ablychat

import (
	"context"

	"ablyrooms.example/lifecycle"
)

// Rooms has the chat rooms of a [Client]: at most one for each name at a time (CHA-RC1). All
// methods may be called concurrently, and from within listeners. docs/rooms.md states the rules.
type Rooms struct{ rooms *lifecycle.Rooms[*Room] }

// Get returns the room of a name. If there is none, it makes one (CHA-RC1f). It doesn't attach the
// room, and makes no request. Until the name is released, every Get of the name with equal options
// returns the same room; options that are not given have their defaults. If the name's last room is
// being released, Get waits for the end of the release.
//
// Errors: [ErrInvalidArgument] for an empty name or invalid options (CHA-RC2a);
// [ErrResourceDisposed] once disposal has begun (CHA-RC1f8); [ErrRoomExistsWithDifferentOptions] if
// the name's room has other options (CHA-RC1f1); [ErrRoomReleasedBeforeOperationCompleted] if the
// name is released while Get waits (CHA-RC1g4); the context's error.
func (r *Rooms) Get(ctx context.Context, name string, options ...RoomOption) (*Room, error) {
	return r.rooms.Get(ctx, name, options...)
}

// Acquire returns a lease of the room of a name. It gets the room like [Rooms.Get]. Use it where
// several parts of a program share a room and don't know of each other: each part closes its own
// lease. The room is released when its last lease is closed, unless a Get of the name keeps it;
// then only a Release of the name releases it. [Rooms.Release] and [Rooms.Dispose] release the room
// even if leases are open, and end these leases. docs/leases.md states the rules.
//
// Errors: those of Get. After an error there is no lease, so nothing has to be closed.
func (r *Rooms) Acquire(ctx context.Context, name string, options ...RoomOption) (*Lease, error) {
	lease, err := r.rooms.Acquire(ctx, name, options...)
	if err != nil {
		return nil, err
	}
	return (*Lease)(lease), nil
}

// Lease is one owner's share of a room that may have several owners: see [Rooms.Acquire]. Its
// methods may be called concurrently.
type Lease lifecycle.Lease[*Room]

func (l *Lease) lease() *lifecycle.Lease[*Room] { return (*lifecycle.Lease[*Room])(l) }

// Room returns the leased room. It returns the same room also after Close, and after the room was
// released.
func (l *Lease) Room() *Room { return l.lease().Room() }

// Close closes the lease. If it is the room's last lease, Close starts the release of the room, and
// doesn't wait for its end; the next Get or Acquire of the name waits for it. Close may be called
// again; only the first call has an effect. If the room was released already, Close has no effect:
// it never releases a later room of the name.
func (l *Lease) Close() { l.lease().Close() }

// Release releases the room of a name, for all its users, and ends its leases. It returns when the
// room is gone (CHA-RC1g). A Get that comes after the call gets a new room, and waits for the end
// of the release. If the name has no room, Release returns nil. If the room is already being
// released, it waits for that release.
//
// If ctx ends, or has ended before the call, only the wait stops: the release goes on.
//
// Errors: [ErrInvalidArgument] for an empty name; the error of a release that failed, after which
// the room is gone for this client nevertheless; the context's error.
func (r *Rooms) Release(ctx context.Context, name string) error { return r.rooms.Release(ctx, name) }

// Dispose releases all rooms at once, and returns when they are gone, also those whose release
// began before (CHA-RD1). Once it has begun, every Get fails with [ErrResourceDisposed]. The
// client's connection stays open; see [Client.Dispose].
//
// If ctx ends, or has ended before the call, only the wait stops: the disposal goes on.
//
// Errors: the errors of all releases that failed, joined; the context's error.
func (r *Rooms) Dispose(ctx context.Context) error { return r.rooms.Dispose(ctx) }
