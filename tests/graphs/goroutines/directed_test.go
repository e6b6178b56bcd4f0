package goroutines

import (
	"context"
	"errors"
	"testing"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
)

// states lists scripts that bring the name a into each state that a call can find it in.
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

// withExtra is the subject with something done before each call, once the state is reached.
func withExtra(extra func(*testing.T, *lifecycle.Rooms[*conformance.Room]), t *testing.T, calls *int) conformance.Subject {
	s := subject()
	s.New = func(b *conformance.Backend) conformance.System {
		return &extraSystem{system: &system{Rooms: lifecycle.NewRooms(backend{b})}, extra: extra, t: t, calls: calls}
	}
	return s
}

type extraSystem struct {
	*system
	extra func(*testing.T, *lifecycle.Rooms[*conformance.Room])
	t     *testing.T
	calls *int
}

func (s *extraSystem) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	s.extra(s.t, s.Rooms)
	*s.calls++
	return s.system.Get(ctx, name, options)
}

func (s *extraSystem) Release(ctx context.Context, name string) error {
	s.extra(s.t, s.Rooms)
	*s.calls++
	return s.system.Release(ctx, name)
}

// everywhere does something extra in each state of a name, and lets valid calls follow that must not notice.
func everywhere(t *testing.T, extra func(*testing.T, *lifecycle.Rooms[*conformance.Room])) {
	for name, script := range states() {
		t.Run(name, func(t *testing.T) {
			state := model.State{}
			for _, in := range script {
				state, _, _ = state.Step(in)
			}
			n := len(state.Calls)
			script = append(script, model.Get(n+1, "a", "x"), model.Release(n+2, "a"), model.Get(n+3, "a", "x"))
			calls := 0
			if v := conformance.RunScript(t, withExtra(extra, t, &calls), script); v != nil {
				t.Error(v)
			}
			if calls < 3 {
				t.Errorf("only %d calls were made", calls)
			}
		})
	}
}

// CHA-RC2a: options that are not valid are refused at once and leave nothing behind, whatever the state of the name.
func TestInvalidGetLeavesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, rooms *lifecycle.Rooms[*conformance.Room]) {
		for _, o := range []lifecycle.RoomOption{lifecycle.WithTypingHeartbeatThrottle(0), lifecycle.WithDefaultMessageReactionType("like")} {
			if _, err := rooms.Get(context.Background(), "a", o); !errors.Is(err, lifecycle.InvalidArgument) {
				t.Errorf("got %v, expected InvalidArgument", err)
			}
		}
		if _, err := rooms.Get(context.Background(), ""); !errors.Is(err, lifecycle.InvalidArgument) {
			t.Errorf("got %v, expected InvalidArgument", err)
		}
	})
}

// A call whose context has ended before it begins has no effect, whatever the state of the name.
func TestEndedContextHasNoEffect(t *testing.T) {
	cause := errors.New("ended before")
	everywhere(t, func(t *testing.T, rooms *lifecycle.Rooms[*conformance.Room]) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(cause)
		if _, err := rooms.Get(ctx, "a"); !errors.Is(err, cause) {
			t.Errorf("Get returned %v, expected the context's cause", err)
		}
		if err := rooms.Release(ctx, "a"); !errors.Is(err, cause) {
			t.Errorf("Release returned %v, expected the context's cause", err)
		}
		if err := rooms.Dispose(ctx); !errors.Is(err, cause) {
			t.Errorf("Dispose returned %v, expected the context's cause", err)
		}
	})
}

// TestLeftoversAreReported shows that a system which leaves goroutines waiting is reported, and does not end the run.
func TestLeftoversAreReported(t *testing.T) {
	s := subject()
	inner := s.New
	s.New = func(b *conformance.Backend) conformance.System {
		go func() { select {} }()
		return inner(b)
	}
	if v := conformance.RunScript(t, s, []model.Input{model.Get(1, "a", "x"), model.Opened(1)}); v == nil {
		t.Error("goroutines that wait for ever were not noticed")
	}
}
