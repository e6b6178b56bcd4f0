package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/ours"
)

type room = *conformance.Room

// twisted is a good system with something done wrongly.
type twisted struct {
	ours.Rooms
	get     func(ctx context.Context, name, options string) (room, error)
	release func(ctx context.Context, name string) error
	dispose func(ctx context.Context) error
}

func (s *twisted) Get(ctx context.Context, name, options string) (room, error) {
	return s.get(ctx, name, options)
}

func (s *twisted) Release(ctx context.Context, name string) error { return s.release(ctx, name) }

func (s *twisted) Dispose(ctx context.Context) error { return s.dispose(ctx) }

// twist returns the good subject with something changed in each system that it makes.
func twist(change func(*twisted)) conformance.Subject {
	s := ours.Subject()
	s.New = func(b *conformance.Backend) conformance.System {
		good := ours.New(b)
		t := &twisted{good, good.Get, good.Release, good.Dispose}
		change(t)
		return t
	}
	return s
}

// badPort is a port with something done wrongly. Its options are tokens.
type badPort struct {
	open    func(ctx context.Context, name, options string) (room, error)
	release func(ctx context.Context, room room) error
}

func (p badPort) Open(ctx context.Context, name string, o lifecycle.RoomOptions) (room, error) {
	return p.open(ctx, name, map[bool]string{true: "x", false: "y"}[o.Presence.EnableEvents])
}

func (p badPort) Release(ctx context.Context, _ string, room room) error { return p.release(ctx, room) }

func twistPort(change func(*badPort, *conformance.Backend)) conformance.Subject {
	s := ours.Subject()
	s.New = func(b *conformance.Backend) conformance.System {
		p := badPort{b.Open, b.Release}
		change(&p, b)
		return ours.Rooms{Rooms: lifecycle.NewRooms(p)}
	}
	return s
}

// noDispose is the good subject without a method Dispose, which it promises.
func noDispose() conformance.Subject {
	s := ours.Subject()
	s.New = func(b *conformance.Backend) conformance.System { return struct{ conformance.System }{ours.New(b)} }
	return s
}

func small() conformance.Plan {
	return conformance.Plan{Spaces: conformance.DefaultPlan().Spaces[:1]}
}

// TestTheHarnessSees shows what can go wrong in a system that a harness could trip over itself,
// with the shortest script of each.
func TestTheHarnessSees(t *testing.T) {
	background := context.Background()
	for name, c := range map[string]struct {
		subject conformance.Subject
		kind    conformance.ViolationKind
		script  string
		got     string // part of what is reported
	}{
		"a call that waits for ever": {
			twist(func(s *twisted) {
				s.release = func(context.Context, string) error { select {} }
			}), conformance.Differs, "release(1, a)", "waits",
		},
		"a lock held while the backend works": {
			twist(func(s *twisted) {
				var mu sync.Mutex
				s.get = func(ctx context.Context, name, options string) (room, error) {
					mu.Lock()
					defer mu.Unlock()
					return s.Rooms.Get(ctx, name, options)
				}
			}), conformance.Hang, "get(1, a, x); get(2, a, x)", "sync.Mutex.Lock in",
		},
		"a goroutine left behind": {
			twist(func(s *twisted) {
				s.release = func(ctx context.Context, name string) error {
					go func() { select {} }()
					return s.Rooms.Release(ctx, name)
				}
			}), conformance.Leftover, "release(1, a)", "wait for ever",
		},
		"no room and no error": {
			twist(func(s *twisted) {
				s.get = func(ctx context.Context, name, options string) (room, error) {
					_, err := s.Rooms.Get(ctx, name, options)
					return nil, err
				}
			}), conformance.Differs, "get(1, a, x); opened(1)", "no error and no room",
		},
		"another pointer for the same room": {
			twist(func(s *twisted) {
				var mu sync.Mutex
				got := map[room]bool{}
				s.get = func(ctx context.Context, name, options string) (room, error) {
					room, err := s.Rooms.Get(ctx, name, options)
					mu.Lock()
					defer mu.Unlock()
					if err == nil && got[room] {
						other := *room
						return &other, nil
					}
					got[room] = true
					return room, err
				}
			}), conformance.Differs, "get(1, a, x); get(2, a, x); opened(1)", "a copy",
		},
		"opened twice": {
			twistPort(func(p *badPort, b *conformance.Backend) {
				p.open = func(ctx context.Context, name, options string) (room, error) {
					go func() { _, _ = b.Open(ctx, name, options) }()
					return b.Open(ctx, name, options)
				}
			}), conformance.Differs, "get(1, a, x)", "opening one that was not asked for (a)",
		},
		"opened with other options": {
			twistPort(func(p *badPort, b *conformance.Backend) {
				p.open = func(ctx context.Context, name, _ string) (room, error) { return b.Open(ctx, name, "x") }
			}), conformance.Differs, "get(1, a, y)", "it is opened with x",
		},
		"the wrong room released": {
			twistPort(func(p *badPort, b *conformance.Backend) {
				var first atomic.Pointer[conformance.Room]
				p.open = func(ctx context.Context, name, options string) (room, error) {
					room, err := b.Open(ctx, name, options)
					first.CompareAndSwap(nil, room)
					return room, err
				}
				p.release = func(ctx context.Context, _ room) error { return b.Release(ctx, first.Load()) }
			}), conformance.Differs, "get(1, a, x); release(2, a); get(3, b, x); opened(2); opened(1)", "closing #2 (b)",
		},
		"a copy of a room released": {
			twistPort(func(p *badPort, b *conformance.Backend) {
				p.release = func(ctx context.Context, room room) error { other := *room; return b.Release(ctx, &other) }
			}), conformance.Differs, "get(1, a, x); release(2, a); opened(1)", "or a copy",
		},
		"no room released": {
			twistPort(func(p *badPort, b *conformance.Backend) {
				p.release = func(ctx context.Context, _ room) error { return b.Release(ctx, nil) }
			}), conformance.Differs, "get(1, a, x); release(2, a); opened(1)", "a room that is nil",
		},
		"a panic in a call": {
			twist(func(s *twisted) {
				s.release = func(context.Context, string) error { panic("oh") }
			}), conformance.Panic, "release(1, a)", "call 1 (release(1, a)) panics: oh",
		},
		"a call that ends its goroutine": {
			twist(func(s *twisted) {
				s.dispose = func(context.Context) error { runtime.Goexit(); return nil }
			}), conformance.Panic, "dispose(1)", "ends its goroutine",
		},
		"a disposal promised without Dispose": {
			noDispose(), conformance.Panic, "get(1, a, x)", "no method Dispose",
		},
		"a panic in New": {
			twist(func(*twisted) { panic("oh") }), conformance.Panic, "get(1, a, x)", "New panics: oh",
		},
		"the caller's context given to the backend": {
			twistPort(func(p *badPort, b *conformance.Backend) {
				p.open = func(_ context.Context, name, options string) (room, error) {
					ctx, cancel := context.WithCancel(background)
					cancel()
					return b.Open(ctx, name, options)
				}
			}), conformance.Differs, "get(1, a, x)", "ended: true",
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan := small()
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

// TestInspectIsAsked shows that a look inside is taken at each step, and what it finds is reported.
func TestInspectIsAsked(t *testing.T) {
	var steps []string
	s := ours.Subject()
	s.Inspect = func(_ conformance.System, step conformance.Step) error {
		steps = append(steps, fmt.Sprintf("%d %v %v %d", step.Index, step.Input, step.Outputs, len(step.State.Calls)))
		if step.Input.Kind == model.KindOpened {
			return errors.New("ready too soon")
		}
		return nil
	}
	script := conformance.MustParse("get(1, a, x); opened(1); release(2, a)")
	v := conformance.RunScript(t, s, script)
	if v == nil || v.Kind != conformance.Inside || v.Got != "ready too soon" || v.Steps() != "get(1, a, x); opened(1)" {
		t.Errorf("got %v", v)
	}
	if got := strings.Join(steps, "; "); got != "0 get(1, a, x) [open(1)] 1; 1 opened(1) [settle(1, room(1))] 1" {
		t.Errorf("asked with %s", got)
	}
}
