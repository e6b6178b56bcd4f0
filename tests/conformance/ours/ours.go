// Package ours makes this project's registry, lifecycle.Rooms, a subject of the harness.
package ours

import (
	"context"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/conformance"
)

// Options returns the options that a token stands for: x for the defaults, y for a room without
// presence events.
func Options(token string) lifecycle.RoomOptions {
	o := lifecycle.DefaultRoomOptions()
	o.Presence.EnableEvents = token == "x"
	return o
}

// port opens rooms of the harness for lifecycle.Rooms, and gives them the token of their options.
type port struct{ *conformance.Backend }

func (p port) Open(ctx context.Context, name string, o lifecycle.RoomOptions) (*conformance.Room, error) {
	return p.Backend.Open(ctx, name, map[bool]string{true: "x", false: "y"}[o.Presence.EnableEvents])
}

func (p port) Release(ctx context.Context, _ string, room *conformance.Room) error {
	return p.Backend.Release(ctx, room)
}

// Rooms is lifecycle.Rooms with the methods that the harness calls.
type Rooms struct {
	*lifecycle.Rooms[*conformance.Room]
}

// New returns a Rooms on a backend.
func New(b *conformance.Backend, options ...lifecycle.RoomsOption) Rooms {
	return Rooms{lifecycle.NewRooms(port{b}, options...)}
}

// Get gets a room.
func (r Rooms) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	return r.Rooms.Get(ctx, name, spelled(options)...)
}

// Acquire acquires a room.
func (r Rooms) Acquire(ctx context.Context, name, options string) (conformance.Lease, error) {
	lease, err := r.Rooms.Acquire(ctx, name, spelled(options)...)
	if err != nil {
		return nil, err
	}
	return lease, nil
}

// spelled returns the options in one of two ways: all of them, or only those that aren't the
// default.
func spelled(options string) []lifecycle.RoomOption {
	token, out := conformance.Spelling(options)
	switch {
	case out:
		return []lifecycle.RoomOption{lifecycle.WithRoomOptions(Options(token))}
	case token != "x":
		return []lifecycle.RoomOption{lifecycle.WithPresenceEvents(false)}
	}
	return nil
}

// Subject returns lifecycle.Rooms as a subject that makes all promises.
func Subject() conformance.Subject {
	return conformance.Subject{
		New: func(b *conformance.Backend) conformance.System { return New(b) },
		Classify: conformance.ClassifyBy(lifecycle.ErrRoomExistsWithDifferentOptions,
			lifecycle.ErrRoomReleasedBeforeOperationCompleted, lifecycle.ErrResourceDisposed),
		Promises: conformance.AllPromises(),
	}
}
