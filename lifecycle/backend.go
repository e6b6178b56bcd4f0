package lifecycle

import "context"

// Backend opens and releases the rooms of a [Rooms]. An adapter implements it.
//
// For one name the calls alternate: Open, then Release of the room that it returned, then Open
// again. A call for a name begins only after the one before it has returned. Calls for different
// names overlap. No lock is held during a call: it may block for as long as the work takes, and may
// call methods of the Rooms. But it must not wait for a Get or a Release of the name that it works
// on, or for a Dispose: these wait for the end of the call.
type Backend[R any] interface {
	// Open opens the room of a name, with options that are complete and valid. It runs in a
	// goroutine of its own. ctx has no deadline. It is cancelled if the name is released while Open
	// runs: then Open should return soon, with a room or with an error. If it returns a room, that
	// room is released at once. ctx also ends when Open has returned, so the room must not depend
	// on it. If Open returns an error or panics, the gets that wait return that error (CHA-RC1f),
	// and the name is free again. A room returned together with an error is dropped.
	Open(ctx context.Context, name string, options RoomOptions) (R, error)

	// Release releases a room that Open returned, and returns when the room is gone: only then is
	// the name opened again (CHA-RC1f4). ctx has no deadline and is never cancelled. If Release
	// returns an error or panics, the releases that wait return that error (CHA-RC1g1); Release
	// isn't called again for the room, and the name is free. It may run in the goroutine of the
	// call that releases the room.
	Release(ctx context.Context, name string, room R) error
}
