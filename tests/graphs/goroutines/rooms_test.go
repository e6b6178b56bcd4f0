package goroutines

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/conformance"
)

// backend has lifecycle.Rooms open the harness's rooms. The token y is a room without presence events; x is the defaults.
type backend struct{ harness *conformance.Backend }

func token(o lifecycle.RoomOptions) string {
	if o.Presence.EnableEvents {
		return "x"
	}
	return "y"
}

func (b backend) Open(ctx context.Context, name string, options lifecycle.RoomOptions) (*conformance.Room, error) {
	return b.harness.Open(ctx, name, token(options))
}

func (b backend) Release(ctx context.Context, _ string, room *conformance.Room) error {
	return b.harness.Release(ctx, room)
}

type system struct {
	*lifecycle.Rooms[*conformance.Room]
}

func (s *system) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	var o []lifecycle.RoomOption
	token, out := conformance.Spelling(options)
	if out {
		o = append(o, lifecycle.WithRoomOptions(lifecycle.DefaultRoomOptions()))
	}
	if token == "y" {
		o = append(o, lifecycle.WithPresenceEvents(false))
	}
	return s.Rooms.Get(ctx, name, o...)
}

// subject is lifecycle.Rooms under the harness.
func subject() conformance.Subject {
	return conformance.Subject{
		New: func(b *conformance.Backend) conformance.System {
			return &system{Rooms: lifecycle.NewRooms(backend{b})}
		},
		Classify: func(err error) conformance.Rejection {
			switch {
			case errors.Is(err, lifecycle.RoomExistsWithDifferentOptions):
				return conformance.DifferentOptions
			case errors.Is(err, lifecycle.RoomReleasedBeforeOperationCompleted):
				return conformance.ReleasedBefore
			case errors.Is(err, lifecycle.ResourceDisposed):
				return conformance.Disposed
			}
			return conformance.Unknown
		},
		Promises: conformance.AllPromises(),
	}
}

func TestRoomsAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		script := conformance.Script(rt, conformance.DefaultBounds())
		if v := conformance.RunScript(t, subject(), script); v != nil {
			rt.Fatal(v)
		}
	})
}

// TestRoomsConform holds lifecycle.Rooms to all that the harness knows.
func TestRoomsConform(t *testing.T) { conformance.Run(t, subject()) }
