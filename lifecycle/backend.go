package lifecycle

import "context"

// Backend opens and releases what [Rooms] registers: the port that an adapter implements.
//
// For one name the calls alternate: Open, then Release of what it returned, then Open again. A call
// for a name begins only after the one before it has returned. Calls for different names overlap.
// No lock is held while one runs: it may block for as long as the work takes, and may call back
// into the Rooms. But it must not wait there for its own end, as a Get or a Release of the name
// that it works on does, and a Dispose.
type Backend[R any] interface {
	// Open makes the resource for a name, with options that are complete and valid, in a goroutine
	// of its own. ctx carries no deadline. It is cancelled when the name is released while Open
	// runs: then Open should return soon, in either way; what it still returns is released at once.
	// It ends when Open has returned, so the resource must not live by it. An error, or a panic,
	// becomes the error of the gets that wait (CHA-RC1f), and the name is free again; what is
	// returned beside an error is dropped.
	Open(ctx context.Context, name string, options RoomOptions) (R, error)

	// Release ends the resource that Open returned and comes back when it is gone: only then is the
	// name opened again (CHA-RC1f4). ctx carries no deadline and is never cancelled. An error, or a
	// panic, becomes the error of the releases that wait (CHA-RC1g1); the resource is given up all
	// the same, and the name is free again. It may run in the goroutine of the call that asked for
	// it.
	Release(ctx context.Context, name string, room R) error
}
