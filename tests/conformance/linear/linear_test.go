package linear

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
)

var (
	full = flag.Bool("evidence.full", os.Getenv("EVIDENCE") == "full" || os.Getenv("EVIDENCE") == "all",
		"run everything, not a quick share; also by EVIDENCE=full or all")
	operations = flag.Int("linear.ops", 0, "how many calls to make; 0 stands for 20,000, or 1,000,000 with -evidence.full")
)

// port has lifecycle.Rooms open rooms at the backend.
type port struct{ *Backend }

func (p port) Open(_ context.Context, name string, options lifecycle.RoomOptions) (*Room, error) {
	if options == lifecycle.DefaultRoomOptions() {
		return p.Backend.Open(name, "x")
	}
	return p.Backend.Open(name, "y")
}

func (p port) Release(_ context.Context, _ string, room *Room) error { return p.Backend.Release(room) }

type rooms struct{ *lifecycle.Rooms[*Room] }

func (r rooms) Get(ctx context.Context, name, options string) (*Room, error) {
	if options == "y" {
		return r.Rooms.Get(ctx, name, lifecycle.WithPresenceEvents(false))
	}
	return r.Rooms.Get(ctx, name)
}

func subject() Subject {
	return Subject{
		New: func(b *Backend) Rooms { return rooms{lifecycle.NewRooms(port{b})} },
		Classify: func(err error) model.OutcomeKind {
			switch {
			case errors.Is(err, lifecycle.RoomExistsWithDifferentOptions):
				return model.OutcomeDifferentOptions
			case errors.Is(err, lifecycle.RoomReleasedBeforeOperationCompleted):
				return model.OutcomeReleasedBefore
			case errors.Is(err, lifecycle.ResourceDisposed):
				return model.OutcomeDisposed
			}
			return model.OutcomePending
		},
	}
}

// round is the n-th: 8 goroutines that make 12 calls each on 3 names; a disposal in every fourth, a backend that takes its time in
// every second.
func round(n int) Round {
	return Round{Names: 3, Goroutines: 8, Calls: 12, Dispose: n%4 == 3, Jitter: n%2 == 1, Seed: uint64(n)}
}

// TestLinearizable makes calls from 8 goroutines at once and checks that every history is linearizable. Histories are short, since each
// round has a Rooms of its own, and are checked by name.
func TestLinearizable(t *testing.T) {
	want := *operations
	switch {
	case want == 0 && *full:
		want = 1_000_000
	case want == 0:
		want = 20_000
	}
	type checked struct {
		n int
		h History
	}
	histories := make(chan checked, 64)
	ends := map[model.OutcomeKind]int{}
	calls, rounds, checks, longest := 0, 0, 0, 0
	var mu sync.Mutex
	var failed error
	var checkers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		checkers.Go(func() {
			for c := range histories {
				for name, history := range c.h.Names {
					err := errors.Join(c.h.Broken, Check(history))
					mu.Lock()
					checks++
					longest = max(longest, len(history))
					if err != nil && failed == nil {
						failed = fmt.Errorf("round %d, name %s: %w", c.n, name, err)
					}
					mu.Unlock()
				}
			}
		})
	}
	for ; calls < want; rounds++ {
		h := round(rounds).Record(subject())
		calls += h.Calls
		for kind, n := range h.Ends {
			ends[kind] += n
		}
		histories <- checked{rounds, h}
		mu.Lock()
		stop := failed != nil
		mu.Unlock()
		if stop {
			break
		}
	}
	close(histories)
	checkers.Wait()
	if failed != nil {
		t.Fatal(failed)
	}
	var kinds []string
	for kind := model.OutcomeRoom; kind <= model.OutcomeGaveUp; kind++ {
		kinds = append(kinds, fmt.Sprintf("%v:%d", kind, ends[kind]))
		if ends[kind] == 0 {
			t.Errorf("no call ended with %v", kind)
		}
	}
	fmt.Printf("EVIDENCE linear ops=%d goroutines=8 rounds=%d histories=%d longest=%d unknown=0 illegal=0 ends=%s\n",
		calls, rounds, checks, longest, strings.Join(kinds, ","))
}

// Broken subjects: the good one with something done wrongly.

// stale keeps the last room of a name and hands it out now and then, as a cache would.
type stale struct {
	rooms
	mu   sync.Mutex
	last map[string]*Room
	n    int
}

func (s *stale) Get(ctx context.Context, name, options string) (*Room, error) {
	s.mu.Lock()
	s.n++
	room := s.last[name]
	hit := room != nil && room.Options == options && s.n%8 == 0
	s.mu.Unlock()
	if hit {
		return room, nil
	}
	room, err := s.rooms.Get(ctx, name, options)
	if err == nil {
		s.mu.Lock()
		s.last[name] = room
		s.mu.Unlock()
	}
	return room, err
}

// twofold has two registries, as where a client is made twice.
type twofold struct {
	rooms
	other rooms
	mu    sync.Mutex
	n     int
}

func (s *twofold) Get(ctx context.Context, name, options string) (*Room, error) {
	s.mu.Lock()
	s.n++
	other := s.n%16 == 0
	s.mu.Unlock()
	if other {
		return s.other.Get(ctx, name, options)
	}
	return s.rooms.Get(ctx, name, options)
}

// hasty doesn't wait for the end of a release.
type hasty struct{ rooms }

func (s hasty) Release(_ context.Context, name string) error {
	go func() { _ = s.rooms.Release(context.Background(), name) }()
	return nil
}

// lenient gives those who ask with other options the room that there is.
type lenient struct{ rooms }

func (s lenient) Get(ctx context.Context, name, options string) (*Room, error) {
	room, err := s.rooms.Get(ctx, name, options)
	if errors.Is(err, lifecycle.RoomExistsWithDifferentOptions) {
		return s.rooms.Get(ctx, name, map[string]string{"x": "y", "y": "x"}[options])
	}
	return room, err
}

// TestTheBrokenAreNotLinearizable shows that the check can fail, and that it draws a picture then.
func TestTheBrokenAreNotLinearizable(t *testing.T) {
	good := func(b *Backend) rooms { return rooms{lifecycle.NewRooms(port{b})} }
	for name, make := range map[string]func(*Backend) Rooms{
		"a get that returns a released room": func(b *Backend) Rooms { return &stale{rooms: good(b), last: map[string]*Room{}} },
		"two rooms for one name":             func(b *Backend) Rooms { return &twofold{rooms: good(b), other: good(b)} },
		"a release that returns too soon":    func(b *Backend) Rooms { return hasty{good(b)} },
		"conflicting options get the room":   func(b *Backend) Rooms { return lenient{good(b)} },
	} {
		t.Run(name, func(t *testing.T) {
			s := subject()
			s.New = make
			for n := range 500 {
				// Short: what no order explains is tried in all of them.
				h := Round{Names: 1, Goroutines: 4, Calls: 5, Jitter: n%2 == 1, Seed: uint64(n)}.Record(s)
				for _, history := range h.Names {
					err := Check(history)
					if err == nil {
						continue
					}
					_, path, _ := strings.Cut(err.Error(), "see ")
					page, readErr := os.ReadFile(path)
					if readErr != nil || !strings.Contains(string(page), "<html") {
						t.Errorf("no picture: %v", readErr)
					}
					if !strings.HasPrefix(err.Error(), "not linearizable") {
						t.Errorf("got %v", err)
					}
					_ = os.RemoveAll(strings.TrimSuffix(path, "/history.html"))
					fmt.Printf("EVIDENCE linear-planted fault=%q round=%d\n", name, n+1)
					return
				}
			}
			t.Error("not found in 500 rounds")
		})
	}
}

// TestCallsWithoutEnd shows that a call that never returns breaks a history, and stands in it with an end at infinity.
func TestCallsWithoutEnd(t *testing.T) {
	s := subject()
	s.New = func(b *Backend) Rooms { return stuck{rooms{lifecycle.NewRooms(port{b})}} }
	r := round(0)
	r.Patience = time.Millisecond
	h := r.Record(s)
	if h.Broken == nil || !strings.Contains(h.Broken.Error(), "has not returned") {
		t.Fatalf("broken by %v", h.Broken)
	}
	for _, history := range h.Names {
		if slices.ContainsFunc(history, func(op porcupine.Operation) bool { return op.Return == Never && op.Input.(Op).Kind == Begins }) {
			return
		}
	}
	t.Error("no call has its end at infinity")
}

type stuck struct{ rooms }

func (stuck) Release(context.Context, string) error { select {} }

// TestUnknownDoesNotPass: a check that runs out of time has not passed.
func TestUnknownDoesNotPass(t *testing.T) {
	for result, ok := range map[porcupine.CheckResult]bool{porcupine.Ok: true, porcupine.Illegal: false, porcupine.Unknown: false, "": false} {
		if err := verdict(result, "nowhere"); (err == nil) != ok {
			t.Errorf("%q: %v", result, err)
		}
	}
}
