package conformance_test

import (
	"context"
	"testing"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/conformance"
)

// This file is all that you write to test an implementation of your own.

type port struct{ *conformance.Backend }

func (p port) Open(ctx context.Context, name string, options lifecycle.RoomOptions) (*conformance.Room, error) {
	return p.Backend.Open(ctx, name, map[bool]string{true: "x", false: "y"}[options.Presence.EnableEvents])
}

func (p port) Release(ctx context.Context, _ string, room *conformance.Room) error {
	return p.Backend.Release(ctx, room)
}

type rooms struct {
	*lifecycle.Rooms[*conformance.Room]
}

func (r rooms) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	if token, spelledOut := conformance.Spelling(options); token != "x" || spelledOut {
		return r.Rooms.Get(ctx, name, lifecycle.WithPresenceEvents(token == "x"))
	}
	return r.Rooms.Get(ctx, name)
}

// Acquire is only for systems that promise leases.
func (r rooms) Acquire(ctx context.Context, name, options string) (conformance.Lease, error) {
	token, _ := conformance.Spelling(options)
	lease, err := r.Rooms.Acquire(ctx, name, lifecycle.WithPresenceEvents(token == "x"))
	if err != nil {
		return nil, err // nil, not a Lease that holds a nil pointer
	}
	return lease, nil
}

var subject = conformance.Subject{
	New: func(b *conformance.Backend) conformance.System { return rooms{lifecycle.NewRooms(port{b})} },
	Classify: conformance.ClassifyBy(lifecycle.ErrRoomExistsWithDifferentOptions,
		lifecycle.ErrRoomReleasedBeforeOperationCompleted, lifecycle.ErrResourceDisposed),
	Promises: conformance.AllPromises(),
}

func TestMyRooms(t *testing.T) { conformance.Run(t, subject) }
