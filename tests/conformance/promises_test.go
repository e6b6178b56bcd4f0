package conformance_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/ours"
)

// TestPromises breaks each promise alone: the harness sees it when it is made, and nothing else
// when it is not.
func TestPromises(t *testing.T) {
	broken := map[string]conformance.Subject{
		"Cancellation": ours.Twist(func(s *twisted) {
			s.OnRelease = func(ctx context.Context, name string) error { return s.Rooms.Release(context.WithoutCancel(ctx), name) }
		}),
		"Causes": ours.Twist(func(s *twisted) {
			s.OnGet = func(ctx context.Context, name, options string) (room, error) {
				room, err := s.Rooms.Get(ctx, name, options)
				if errors.Is(err, context.Cause(ctx)) && err != nil {
					err = ctx.Err()
				}
				return room, err
			}
		}),
		"OpeningsCancelled": ours.Twist(func(s *twisted) {
			good := s.OpenRoom
			s.OpenRoom = func(ctx context.Context, name, options string) (room, error) {
				return good(context.WithoutCancel(ctx), name, options)
			}
		}),
		"EqualAfterDefaults": ours.Twist(func(s *twisted) {
			s.OnGet = func(ctx context.Context, name, options string) (room, error) {
				token, out := conformance.Spelling(options)
				return s.Rooms.Rooms.Get(ctx, name, lifecycle.WithPresenceEvents(token == "x"), lifecycle.WithOccupancyEvents(out))
			}
		}),
		"FailedOpenings": ours.Twist(func(s *twisted) {
			s.OnGet = func(ctx context.Context, name, options string) (room, error) {
				room, err := s.Rooms.Get(ctx, name, options)
				if failed(err) {
					err = errors.New("something failed")
				}
				return room, err
			}
		}),
		"FailedReleases": ours.Twist(func(s *twisted) {
			s.OnRelease = func(ctx context.Context, name string) error {
				return unless(failed, s.Rooms.Release(ctx, name))
			}
		}),
		"Disposal": ours.Twist(func(s *twisted) {
			s.OnDispose = func(context.Context) error { return errors.New("not implemented") }
		}),
		"SharedDisposal": ours.Twist(func(s *twisted) {
			var calls atomic.Int64
			s.OnDispose = func(ctx context.Context) error {
				if calls.Add(1) > 1 {
					return errors.New("already disposed")
				}
				return s.Rooms.Dispose(ctx)
			}
		}),
		"DisposalWaitsForAll": ours.Twist(disposesEarly),
		"DisposalReports": ours.Twist(func(s *twisted) {
			s.OnDispose = func(ctx context.Context) error { return unless(failed, s.Rooms.Dispose(ctx)) }
		}),
		"DisposalJoins": ours.Twist(func(s *twisted) {
			s.OnDispose = func(ctx context.Context) error {
				err := s.Rooms.Dispose(ctx)
				if all, ok := err.(interface{ Unwrap() []error }); ok {
					return all.Unwrap()[0]
				}
				return err
			}
		}),
	}
	if all := conformance.AllPromises().Loosenings(); len(all) != 0 {
		t.Errorf("all promises leave out %v", all)
	}
	for _, loosening := range (conformance.Promises{}).Loosenings() {
		promise, _, _ := strings.Cut(loosening, " ")
		t.Run(promise, func(t *testing.T) {
			subject, known := broken[promise]
			if !known {
				t.Fatal("nothing breaks it")
			}
			plan := conformance.DefaultPlan()
			plan.Seed, plan.Spaces[0].Length, plan.Spaces[1].Runs = 1, 3, 600
			if promise == "FailedReleases" { // a disposal isn't spoilt by it
				subject.Promises.DisposalReports = false
			}
			v := conformance.Check(t, subject, plan).Violation()
			if v == nil {
				t.Fatal("the broken promise is not seen")
			}
			t.Logf("%v, shortest: %t, %s", v.Kind, v.Shortest, v.Steps())
			var err error
			if subject.Promises, err = subject.Promises.Without(promise); err != nil {
				t.Fatal(err)
			}
			if v := conformance.Check(t, subject, plan).Violation(); v != nil {
				t.Errorf("it is not promised, and judged all the same: %v", v)
			}
		})
	}
}

// failed reports whether an error is one of the backend.
func failed(err error) bool { return errors.As(err, new(*conformance.Failure)) }

// unless drops an error of some kind.
func unless(dropped func(error) bool, err error) error {
	if dropped(err) {
		return nil
	}
	return err
}

// disposesEarly has Dispose return when the releases are over that it began itself.
func disposesEarly(s *twisted) {
	var mu sync.Mutex
	ready, disposed := map[string]bool{}, false
	s.OnGet = func(ctx context.Context, name, options string) (room, error) {
		mu.Lock()
		ready[name] = true
		mu.Unlock()
		return s.Rooms.Get(ctx, name, options)
	}
	s.OnRelease = func(ctx context.Context, name string) error {
		mu.Lock()
		delete(ready, name)
		mu.Unlock()
		return s.Rooms.Release(ctx, name)
	}
	s.OnDispose = func(ctx context.Context) error {
		mu.Lock()
		early := len(ready) == 0 && !disposed
		disposed = true
		mu.Unlock()
		if early {
			go func() { _ = s.Rooms.Dispose(context.WithoutCancel(ctx)) }()
			return nil
		}
		return s.Rooms.Dispose(ctx)
	}
}
