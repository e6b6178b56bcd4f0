package ablychat

import (
	"context"

	"ablyrooms.example/lifecycle"
)

// Rooms are the chat rooms of a [Client]: a name has at most one room at a time (CHA-RC1). All
// methods may be called concurrently, and from within listeners. docs/rooms.md states the rules.
type Rooms struct{ rooms *lifecycle.Rooms[*Room] }

// Get returns the room of a name, and opens it when the name has none (CHA-RC1f). It attaches
// nothing. With the same options, defaults filled in, every Get of a name returns the same room
// until the name is released; while the name's last room is being released, Get waits for that.
//
// Errors: [ErrInvalidArgument] for an empty name or options that are not valid (CHA-RC2a);
// [ErrResourceDisposed] after disposal began (CHA-RC1f8); [ErrRoomExistsWithDifferentOptions]
// (CHA-RC1f1); [ErrRoomReleasedBeforeOperationCompleted] when the name is released while Get waits
// (CHA-RC1g4); the context's when ctx ends first.
func (r *Rooms) Get(ctx context.Context, name string, options ...RoomOption) (*Room, error) {
	return r.rooms.Get(ctx, name, options...)
}

// Acquire returns a lease of the room of a name, which it opens when the name has none, as
// [Rooms.Get] does. It is for owners that share a room and don't know of each other: each closes
// its own lease. The room is released when the last lease closes, unless a Get keeps it: then it is
// released by name. [Rooms.Release] and [Rooms.Dispose] release a room whatever leases of it are
// open; these are over then. docs/leases.md states the rules.
//
// Errors: those of Get. When ctx ends first there is no lease, and nothing has to be closed.
func (r *Rooms) Acquire(ctx context.Context, name string, options ...RoomOption) (*Lease, error) {
	lease, err := r.rooms.Acquire(ctx, name, options...)
	if err != nil {
		return nil, err
	}
	return (*Lease)(lease), nil
}

// Lease is one owner's hold on a room that may have several: see [Rooms.Acquire]. Its methods may
// be called concurrently.
type Lease lifecycle.Lease[*Room]

func (l *Lease) lease() *lifecycle.Lease[*Room] { return (*lifecycle.Lease[*Room])(l) }

// Room returns the leased room. It is always the same, also after Close and after the release of
// the room.
func (l *Lease) Room() *Room { return l.lease().Room() }

// Close closes the lease. The last lease of a room starts its release, and Close doesn't wait for
// that: the next Get or Acquire of the name does. Close may be called again; only the first call
// has an effect. Close has no effect when the room was released by name or with its client, and
// never touches a later room of the name.
func (l *Lease) Close() { l.lease().Close() }

// Release ends the room of a name, for everybody who has it, leases included, and returns when it
// is gone (CHA-RC1g). The name is free for a new Get as soon as Release is called; that Get waits
// for the end of the release. A name without a room is no error; a release under way is joined.
//
// A context that ends, also before the call, stops the wait and not the release.
//
// Errors: [ErrInvalidArgument] for an empty name; the service's when the room could not be
// released in order: it is gone for this client all the same; the context's when ctx ends first.
func (r *Rooms) Release(ctx context.Context, name string) error { return r.rooms.Release(ctx, name) }

// Dispose releases all rooms at once and returns when they are gone, those included whose release
// began before (CHA-RD1). From its begin on every Get fails with [ErrResourceDisposed]. The
// client's connection stays; see [Client.Dispose].
//
// A context that ends, also before the call, stops the wait and not the disposal.
//
// Errors: those of all releases that failed, joined; the context's when ctx ends first.
func (r *Rooms) Dispose(ctx context.Context) error { return r.rooms.Dispose(ctx) }
