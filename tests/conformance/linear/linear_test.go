package linear

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/internal/evidence"
	"ablyrooms.example/tests/conformance/ours"
)

var operations = flag.Int("linear.ops", 0, "how many calls to make; 0 stands for 20,000, or 1,000,000 with EVIDENCE=full")

// round is the n-th: 8 goroutines that make 12 calls each on 3 names; a disposal in every fourth, a
// backend that takes its time in every second.
func round(n int) Round {
	return Round{Names: 3, Goroutines: 8, Calls: 12, Dispose: n%4 == 3, Jitter: n%2 == 1, Seed: uint64(n)}
}

// TestLinearizable makes calls from 8 goroutines at once and checks that every history is
// linearizable. Histories are short, since each round has a Rooms of its own, and are checked by
// name.
func TestLinearizable(t *testing.T) {
	want := *operations
	switch {
	case want == 0 && evidence.At(evidence.Full):
		want = 1_000_000
	case want == 0:
		want = 20_000
	}
	// Some are watched: a Rooms with an observer may do otherwise.
	var watched *ours.Watched
	look := func() {
		if watched == nil {
			return
		}
		if steps, err := watched.Steps(); err != nil || len(steps) == 0 {
			t.Errorf("%d steps were observed: %v", len(steps), err)
		}
		watched = nil
	}
	made := 0
	subject := ours.Subject()
	subject.New = func(b *conformance.Backend) conformance.System {
		look()
		if made++; made/4%2 == 0 {
			return ours.New(b)
		}
		watched = ours.Watch(b, nil)
		return watched
	}
	r, err := Run(subject, want, round)
	look()
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for kind := model.OutcomeRoom; kind <= model.OutcomeGaveUp; kind++ {
		kinds = append(kinds, fmt.Sprintf("%v:%d", kind, r.Ends[kind]))
		if r.Ends[kind] == 0 {
			t.Errorf("no call ended with %v", kind)
		}
	}
	evidence.Print("linear", "ops", r.Calls, "goroutines", 8, "rounds", r.Rounds, "histories", r.Histories,
		"longest", r.Longest, "unknown", 0, "illegal", 0, "ends", strings.Join(kinds, ","))
}

// TestTheBrokenAreNotLinearizable shows that the check can fail, and that it draws a picture then.
func TestTheBrokenAreNotLinearizable(t *testing.T) {
	type room = *conformance.Room
	background := context.Background()
	for name, change := range map[string]func(*ours.Twisted){
		"a get that returns a released room": func(s *ours.Twisted) { // as a cache does now and then
			var calls atomic.Int64
			var last atomic.Pointer[conformance.Room]
			s.OnGet = func(ctx context.Context, name, options string) (room, error) {
				if old := last.Load(); calls.Add(1)%8 == 0 && old != nil && old.Options == options {
					return old, nil
				}
				room, err := s.Rooms.Get(ctx, name, options)
				if err == nil {
					last.Store(room)
				}
				return room, err
			}
		},
		"two rooms for one name": func(s *ours.Twisted) { // as where a client is made twice
			var calls atomic.Int64
			other := ours.Rooms{Rooms: lifecycle.NewRooms(s.Port)}
			s.OnGet = func(ctx context.Context, name, options string) (room, error) {
				if calls.Add(1)%16 == 0 {
					return other.Get(ctx, name, options)
				}
				return s.Rooms.Get(ctx, name, options)
			}
		},
		"a release that returns too soon": func(s *ours.Twisted) {
			s.OnRelease = func(_ context.Context, name string) error {
				go func() { _ = s.Rooms.Release(background, name) }()
				return nil
			}
		},
		"conflicting options get the room": func(s *ours.Twisted) {
			s.OnGet = func(ctx context.Context, name, options string) (room, error) {
				room, err := s.Rooms.Get(ctx, name, options)
				if errors.Is(err, lifecycle.RoomExistsWithDifferentOptions) {
					return s.Rooms.Get(ctx, name, map[string]string{"x": "y", "y": "x"}[options])
				}
				return room, err
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for n := range 500 {
				// Short: what no order explains is tried in all of them.
				h := Round{Names: 1, Goroutines: 4, Calls: 5, Jitter: n%2 == 1, Seed: uint64(n)}.Record(ours.Twist(change))
				err := h.Check()
				if err == nil {
					continue
				}
				_, path, _ := strings.Cut(err.Error(), "see ")
				page, readErr := os.ReadFile(path)
				if readErr != nil || !strings.Contains(string(page), "<html") {
					t.Errorf("no picture: %v", readErr)
				}
				if !strings.Contains(err.Error(), ": not linearizable: ") {
					t.Errorf("got %v", err)
				}
				_ = os.RemoveAll(strings.TrimSuffix(path, "/history.html"))
				evidence.Print("linear-planted", "fault", name, "round", n+1)
				return
			}
			t.Error("not found in 500 rounds")
		})
	}
}

// TestCallsWithoutEnd shows that a call that never returns breaks a history.
func TestCallsWithoutEnd(t *testing.T) {
	short := func(n int) Round {
		r := round(n)
		r.Patience = time.Millisecond
		return r
	}
	stuck := ours.Twist(func(s *ours.Twisted) { s.OnRelease = func(context.Context, string) error { select {} } })
	_, err := Run(stuck, 1000, short)
	if err == nil || !strings.Contains(err.Error(), "have returned") {
		t.Fatalf("got %v", err)
	}
}
