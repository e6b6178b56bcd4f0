package schedules

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance/internal/evidence"
)

// inner returns the calls that are made from inside: for the name a, for another name, and a
// disposal.
func inner() []model.Input {
	return []model.Input{
		model.Get(0, "a", "x"), model.Get(0, "a", "y"), model.Get(0, "b", "x"), model.Release(0, "a"), model.Release(0, "b"), model.Dispose(0),
	}
}

// outer takes the name a through several lives, while the room of b is ready.
func outer(s *stage, begin func(model.Input)) {
	for _, in := range []model.Input{
		model.Get(0, "b", "x"), model.Get(0, "a", "x"), {}, model.Release(0, "a"), model.Get(0, "a", "x"), {},
		model.Release(0, "a"), model.Get(0, "a", "y"), model.Release(0, "a"), {}, model.Dispose(0), {},
	} {
		if in.Kind != 0 {
			begin(in)
		} else {
			synctest.Wait()
			for _, g := range s.gates.Works() {
				g.End(nil)
			}
		}
		synctest.Wait()
	}
}

// TestCallsFromTheObserver makes each call from inside the observer, at each step, and waits there
// until it returns. All calls must return.
func TestCallsFromTheObserver(t *testing.T) {
	tried := 0
	for _, in := range inner() {
		for at := uint64(1); at <= 16; at++ {
			for _, begin := range []func(*stage, model.Input) *result{(*stage).begin, (*stage).beginForGood} {
				t.Run(fmt.Sprintf("%v at step %d", in.Kind, at), func(t *testing.T) {
					perform(t, func(s *stage) {
						s.onStep = func(step lifecycle.RoomsStep) {
							if step.Seq == at {
								tried++
								s.inline(context.Background(), in)
							}
						}
						outer(s, func(in model.Input) { begin(s, in) })
					})
				})
			}
		}
	}
	evidence.Print("within", "place", "observer", "calls", tried)
	if tried < 5*len(inner()) {
		t.Errorf("only %d calls were made", tried)
	}
}

// TestCallsFromTheBackend makes each call from inside Open and Release of the name a, and waits
// there until it returns. Some calls wait for the very backend call that waits for them: they give
// up when their context ends. The others must return.
func TestCallsFromTheBackend(t *testing.T) {
	tried := 0
	for _, in := range inner() {
		for _, opening := range []bool{true, false} {
			for nth := 1; nth <= 2; nth++ {
				t.Run(fmt.Sprintf("%v, opening %t, the %d.", in, opening, nth), func(t *testing.T) {
					perform(t, func(s *stage) {
						calls := 0
						ctx, cancel := context.WithCancel(context.Background())
						call := func(_ context.Context, name string) {
							if name != "a" {
								return
							}
							if calls++; calls == nth {
								tried++
								s.inline(ctx, in)
							}
						}
						if opening {
							s.onOpen = call
						} else {
							s.onRelease = call
						}
						outer(s, func(in model.Input) { s.begin(in) })
						s.gates.Drain()
						synctest.Wait()
						cancel()
					})
				})
			}
		}
	}
	evidence.Print("within", "place", "backend", "calls", tried)
	if tried < 3*len(inner()) {
		t.Errorf("only %d calls were made", tried)
	}
}

// TestAnOpeningMayEndItself has Open release its own name, or dispose of all names, with the
// context of the opening. That context ends when the opening is no longer wanted, so the call
// returns.
func TestAnOpeningMayEndItself(t *testing.T) {
	for _, in := range []model.Input{model.Release(0, "a"), model.Dispose(0)} {
		perform(t, func(s *stage) {
			s.onOpen = func(ctx context.Context, _ string) {
				if c := s.inline(ctx, in); c.err == nil {
					t.Errorf("%v returned no error while the room was still being opened", in)
				}
			}
			got := s.begin(model.Get(0, "a", "x"))
			synctest.Wait()
			if !got.ended || got.outcome() != model.OutcomeReleasedBefore {
				t.Errorf("the get ended with %v", got.err)
			}
		})
	}
}
