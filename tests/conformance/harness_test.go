package conformance_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/ours"
)

type (
	room    = *conformance.Room
	twisted = ours.Twisted
)

// noDispose is the good subject without a method Dispose, which it promises.
func noDispose() conformance.Subject {
	s := ours.Subject()
	s.New = func(b *conformance.Backend) conformance.System { return struct{ conformance.System }{ours.New(b)} }
	return s
}

// TestTheHarnessSees shows what can go wrong in a system that a harness could trip over itself,
// with the shortest script of each.
func TestTheHarnessSees(t *testing.T) {
	for name, c := range map[string]struct {
		subject conformance.Subject
		kind    conformance.ViolationKind
		script  string
		got     string // part of what is reported
	}{
		"a call that waits for ever": {ours.Twist(func(s *twisted) {
			s.OnRelease = func(context.Context, string) error { select {} }
		}), conformance.Differs, "release(1, a)", "waits"},
		"a lock held while the backend works": {ours.Twist(func(s *twisted) {
			var mu sync.Mutex
			s.OnGet = func(ctx context.Context, name, options string) (room, error) {
				mu.Lock()
				defer mu.Unlock()
				return s.Rooms.Get(ctx, name, options)
			}
		}), conformance.Hang, "get(1, a, x); get(2, a, x)", "sync.Mutex.Lock in"},
		"a goroutine left behind": {ours.Twist(func(s *twisted) {
			s.OnRelease = func(ctx context.Context, name string) error {
				go func() { select {} }()
				return s.Rooms.Release(ctx, name)
			}
		}), conformance.Leftover, "release(1, a)", "wait for ever"},
		"no room and no error": {ours.Twist(func(s *twisted) {
			s.OnGet = func(ctx context.Context, name, options string) (room, error) {
				_, err := s.Rooms.Get(ctx, name, options)
				return nil, err
			}
		}), conformance.Differs, "get(1, a, x); opened(1)", "no error and no room"},
		"another pointer for the same room": {ours.Twist(func(s *twisted) {
			var gets atomic.Int64
			s.OnGet = func(ctx context.Context, name, options string) (room, error) {
				room, err := s.Rooms.Get(ctx, name, options)
				if err == nil && gets.Add(1) > 1 {
					other := *room
					return &other, nil
				}
				return room, err
			}
		}), conformance.Differs, "get(1, a, x); get(2, a, x); opened(1)", "a copy"},
		"opened twice": {ours.Twist(func(s *twisted) {
			good := s.OpenRoom
			s.OpenRoom = func(ctx context.Context, name, options string) (room, error) {
				go func() { _, _ = good(ctx, name, options) }()
				return good(ctx, name, options)
			}
		}), conformance.Differs, "get(1, a, x)", "opening one that was not asked for (a)"},
		"opened with other options": {ours.Twist(func(s *twisted) {
			good := s.OpenRoom
			s.OpenRoom = func(ctx context.Context, name, _ string) (room, error) { return good(ctx, name, "x") }
		}), conformance.Differs, "get(1, a, y)", "it is opened with x"},
		"the wrong room released": {ours.Twist(func(s *twisted) {
			var first atomic.Pointer[conformance.Room]
			open, release := s.OpenRoom, s.ReleaseRoom
			s.OpenRoom = func(ctx context.Context, name, options string) (room, error) {
				room, err := open(ctx, name, options)
				first.CompareAndSwap(nil, room)
				return room, err
			}
			s.ReleaseRoom = func(ctx context.Context, _ room) error { return release(ctx, first.Load()) }
		}), conformance.Differs, "get(1, a, x); release(2, a); get(3, b, x); opened(2); opened(1)", "closing #2 (b)"},
		"a copy of a room released": {ours.Twist(func(s *twisted) {
			good := s.ReleaseRoom
			s.ReleaseRoom = func(ctx context.Context, room room) error { other := *room; return good(ctx, &other) }
		}), conformance.Differs, "get(1, a, x); release(2, a); opened(1)", "or a copy"},
		"no room released": {ours.Twist(func(s *twisted) {
			good := s.ReleaseRoom
			s.ReleaseRoom = func(ctx context.Context, _ room) error { return good(ctx, nil) }
		}), conformance.Differs, "get(1, a, x); release(2, a); opened(1)", "a room that is nil"},
		"a panic in a call": {ours.Twist(func(s *twisted) {
			s.OnRelease = func(context.Context, string) error { panic("oh") }
		}), conformance.Panic, "release(1, a)", "call 1 (release(1, a)) panics: oh"},
		"a call that ends its goroutine": {ours.Twist(func(s *twisted) {
			s.OnDispose = func(context.Context) error { runtime.Goexit(); return nil }
		}), conformance.Panic, "dispose(1)", "ends its goroutine"},
		"a disposal promised without Dispose": {noDispose(), conformance.Panic, "get(1, a, x)", "no method Dispose"},
		"a panic in New":                      {ours.Twist(func(*twisted) { panic("oh") }), conformance.Panic, "get(1, a, x)", "New panics: oh"},
		"the caller's context given to the backend": {ours.Twist(func(s *twisted) {
			good := s.OpenRoom
			s.OpenRoom = func(_ context.Context, name, options string) (room, error) {
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				return good(ctx, name, options)
			}
		}), conformance.Differs, "get(1, a, x)", "ended: true"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := conformance.Plan{Spaces: conformance.DefaultPlan().Spaces[:1]}
			if strings.Count(c.script, ";") >= 4 {
				plan.Spaces[0].Length, plan.Spaces[0].Options = 5, []string{"x"}
			}
			v := conformance.Check(t, c.subject, plan).Violation()
			if v == nil {
				t.Fatal("not seen")
			}
			if v.Kind != c.kind || v.Steps() != c.script || !v.Shortest || !strings.Contains(v.Got, c.got) {
				t.Errorf("got %v by %q, %s; expected %v by %q, %s\n%v", v.Kind, v.Steps(), v.Got, c.kind, c.script, c.got, v)
			}
		})
	}
}
