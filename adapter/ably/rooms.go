package ablychat

import (
	"context"

	"ablyrooms.example/lifecycle"
)

// Rooms are the chat rooms of a [Client]: a name has at most one room at a time (CHA-RC1). All
// methods may be called concurrently, and from within listeners. docs/rooms.md states the rules.
type Rooms struct{ rooms *lifecycle.Rooms[*Room] }

// Get returns the room of a name, and opens it when the name has none (CHA-RC1f). It attaches
// nothing. With the same options, defaults filled in, every Get of a name returns the same room until
// the name is released; while the name's last room is being released, Get waits for that.
//
// Errors: [ErrInvalidArgument] for an empty name or options that are not valid (CHA-RC2a);
// [ErrResourceDisposed] after disposal began (CHA-RC1f8); [ErrRoomExistsWithDifferentOptions]
// (CHA-RC1f1); [ErrRoomReleasedBeforeOperationCompleted] when the name is released while Get waits
// (CHA-RC1g4); the context's when ctx ends first.
func (r *Rooms) Get(ctx context.Context, name string, options ...RoomOption) (*Room, error) {
	return r.rooms.Get(ctx, name, options...)
}

// Release ends the room of a name, for everybody who has it, and returns when it is gone (CHA-RC1g).
// The name is free for a new Get as soon as Release is called; that Get waits for the end of the
// release. A name without a room is no error; a release under way is joined.
//
// Errors: [ErrInvalidArgument] for an empty name; the service's when the room can't be released,
// which is given up all the same; the context's when ctx ends first: then the release goes on.
func (r *Rooms) Release(ctx context.Context, name string) error { return r.rooms.Release(ctx, name) }

// Dispose releases all rooms at once and returns when they are gone, those included whose release
// began before (CHA-RD1). From its begin on every Get fails with [ErrResourceDisposed]. The client's
// connection stays; see [Client.Dispose].
//
// Errors: those of all releases that failed, joined; the context's when ctx ends first: then the
// disposal goes on.
func (r *Rooms) Dispose(ctx context.Context) error { return r.rooms.Dispose(ctx) }
