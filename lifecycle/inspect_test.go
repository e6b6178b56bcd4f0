package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
)

// TestObserveLate adds an observer to a Rooms that runs, with and without an observer from the
// beginning. The added observer receives the steps that follow, even if the first one panics.
func TestObserveLate(t *testing.T) {
	for name, first := range map[string]func(RoomsStep){
		"alone": nil, "after another": func(RoomsStep) {}, "after one that panics": func(RoomsStep) { panic("oh") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var options []RoomsOption
				if first != nil {
					options = append(options, WithObserver(first), WithLogger(slog.New(slog.DiscardHandler)))
				}
				r := NewRooms[*resource](&backend{}, options...)
				if _, err := r.Get(t.Context(), "a"); err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // the observers have received the opening
				var seen []string
				r.Observe(func(s RoomsStep) { seen = append(seen, s.Input.Kind.String()+" "+s.Name) })
				if err := errors.Join(r.Release(t.Context(), "a"), r.Dispose(t.Context())); err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // the last work ends before the observer returns
				if want := []string{"Release a", "Released a", "Dispose "}; !slices.Equal(seen, want) {
					t.Errorf("seen %q, expected %q", seen, want)
				}
			})
		})
	}
}

// TestRoomsSnapshot checks that a snapshot shows the calls that wait, and what each waits for.
func TestRoomsSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGates()
		r := NewRooms[*resource](g)
		go func() { _, _ = r.Get(context.Background(), "a") }()
		synctest.Wait()
		s := r.Snapshot()
		if len(s.Rooms) != 1 || s.Rooms[0].Life != "initializing" || s.Rooms[0].Work != "opening" || s.Rooms[0].Opened ||
			!slices.Equal(s.Calls, []CallSnapshot{{1, "Get", "a", 1}}) || s.Disposal != "no" {
			t.Errorf("while it is being opened: %+v", s)
		}
		(<-g.opening).finish(nil)
		go func() { _ = r.Dispose(context.Background()) }()
		synctest.Wait()
		s = r.Snapshot()
		if len(s.Rooms) != 1 || s.Rooms[0].Life != "releasing" || !s.Rooms[0].Opened || s.Rooms[0].Room == nil ||
			!slices.Equal(s.Calls, []CallSnapshot{{2, "Dispose", "", 0}}) || s.Disposal != "disposing" {
			t.Errorf("while it is being released: %+v", s)
		}
		(<-g.closing).finish(nil)
		if s = r.Snapshot(); len(s.Rooms)+len(s.Calls) != 0 || s.Disposal != "disposed" {
			t.Errorf("at the end: %+v", s)
		}
	})
}

// TestRoomSnapshot checks that a snapshot shows the operation that runs and those in the queue. It
// also checks that a late observer receives the steps from then on, and that a second one receives
// none.
func TestRoomSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeChannel()
		r, _ := NewRoom("a", DefaultRoomOptions(), c, RoomConfig{})
		for _, call := range []func(context.Context) error{r.Attach, r.Detach} {
			go func() { _ = call(context.Background()) }()
			synctest.Wait()
		}
		op := c.next(t, "Attach")
		s := r.Snapshot()
		if s.Status != RoomAttaching || s.Operation != "attach: inAttach" ||
			!slices.Equal(s.Calls, []RoomCallSnapshot{{1, "attach", true}, {2, "detach", false}}) {
			t.Errorf("got %+v", s)
		}
		var seen []RoomStatus
		r.Observe("the room", func(s RoomStep) {
			if seen = append(seen, s.Status); s.Of != "the room" {
				t.Errorf("of %v", s.Of)
			}
		})
		r.Observe(nil, func(RoomStep) { t.Error("the second observer receives a step") })
		op.ok()
		c.next(t, "Detach").ok()
		if len(seen) == 0 || seen[len(seen)-1] != RoomDetached {
			t.Errorf("seen %v", seen)
		}
		if s = r.Snapshot(); s.Operation != "" || len(s.Calls) != 0 {
			t.Errorf("at the end: %+v", s)
		}
	})
}
