// Package goroutines compares the goroutine layer with the reference models: lifecycle.Rooms with
// the harness of tests/conformance, and a room step by step.
package goroutines

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/ours"
)

func TestRoomsAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		script := conformance.Script(rt, conformance.DefaultBounds())
		if v := conformance.RunScript(t, ours.Subject(), script); v != nil {
			rt.Fatal(v)
		}
	})
}

// TestRoomsConform runs all tests of the conformance suite on lifecycle.Rooms.
func TestRoomsConform(t *testing.T) { conformance.Run(t, ours.Subject()) }

// states returns scripts that bring the name a into each state in which a call may find it.
func states() map[string][]model.Input {
	return map[string][]model.Input{
		"free":      nil,
		"opening":   {model.Get(1, "a", "x")},
		"ready":     {model.Get(1, "a", "x"), model.Opened(1)},
		"abandoned": {model.Get(1, "a", "x"), model.Release(2, "a")},
		"releasing": {model.Get(1, "a", "x"), model.Opened(1), model.Release(2, "a")},
		"waiting":   {model.Get(1, "a", "x"), model.Opened(1), model.Release(2, "a"), model.Get(3, "a", "x")},
		"disposed":  {model.Dispose(1)},
	}
}

// extraSystem calls extra before each call.
type extraSystem struct {
	ours.Rooms
	extra func(ours.Rooms)
}

func (s extraSystem) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	s.extra(s.Rooms)
	return s.Rooms.Get(ctx, name, options)
}

func (s extraSystem) Release(ctx context.Context, name string) error {
	s.extra(s.Rooms)
	return s.Rooms.Release(ctx, name)
}

// everywhere calls extra in each state of a name. The valid calls that follow must not be
// influenced by it.
func everywhere(t *testing.T, extra func(*testing.T, ours.Rooms)) {
	for name, script := range states() {
		t.Run(name, func(t *testing.T) {
			state := model.State{}
			for _, in := range script {
				state, _, _ = state.Step(in)
			}
			n := len(state.Calls)
			script = append(script, model.Get(n+1, "a", "x"), model.Release(n+2, "a"), model.Get(n+3, "a", "x"))
			calls := 0
			s := ours.Subject()
			s.New = func(b *conformance.Backend) conformance.System {
				return extraSystem{ours.New(b), func(r ours.Rooms) { calls++; extra(t, r) }}
			}
			if v := conformance.RunScript(t, s, script); v != nil {
				t.Error(v)
			}
			if calls < 3 {
				t.Errorf("only %d calls were made", calls)
			}
		})
	}
}

// CHA-RC2a: a get with invalid options is refused at once and has no other effect, in every state
// of the name.
func TestInvalidGetLeavesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, rooms ours.Rooms) {
		for _, o := range []lifecycle.RoomOption{lifecycle.WithTypingHeartbeatThrottle(0),
			lifecycle.WithDefaultMessageReactionType("like")} {
			if _, err := rooms.Rooms.Get(context.Background(), "a", o); !errors.Is(err, lifecycle.ErrInvalidArgument) {
				t.Errorf("a get with invalid options returned %v, expected InvalidArgument", err)
			}
		}
		if _, err := rooms.Rooms.Get(context.Background(), ""); !errors.Is(err, lifecycle.ErrInvalidArgument) {
			t.Errorf("a get of an empty name returned %v, expected InvalidArgument", err)
		}
	})
}

// A Get whose context has ended before the call has no effect, in every state of the name.
func TestEndedContextHasNoEffect(t *testing.T) {
	cause := errors.New("ended before")
	everywhere(t, func(t *testing.T, rooms ours.Rooms) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(cause)
		if _, err := rooms.Rooms.Get(ctx, "a"); !errors.Is(err, cause) {
			t.Errorf("a call with an ended context returned %v, expected the context's cause", err)
		}
	})
}
