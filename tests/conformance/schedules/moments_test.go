package schedules

import (
	"fmt"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"ablyrooms.example/fsm"
	"ablyrooms.example/tests/conformance/internal/evidence"
)

// TestContextEndsAsItSettles ends a call's context and the work that it waits for at one moment, in both orders. The caller gets what
// the core settled, whichever it is, and both ends are met.
func TestContextEndsAsItSettles(t *testing.T) {
	rounds := 100
	if evidence.Race {
		rounds = 20
	}
	for _, call := range []input{get("a", "x"), release("a"), dispose()} {
		for _, err := range []error{nil, errRelease} {
			seen := map[fsm.OutcomeKind]int{}
			for i := range rounds {
				perform(t, func(s *stage) {
					if call.Kind != fsm.CallGet {
						s.begin(get("a", "x"))
						synctest.Wait()
						s.gates()[0].finish(nil)
						synctest.Wait()
					}
					c := s.begin(call)
					synctest.Wait()
					if work := s.gates()[0]; i%2 == 0 {
						work.finish(err)
						c.cancel()
					} else {
						c.cancel()
						work.finish(err)
					}
					synctest.Wait()
					if !c.ended {
						t.Errorf("%v waits though both have ended", call)
						return
					}
					seen[outcomeOf(c)]++
				})
			}
			evidence.Print("moments", "call", call.Kind, "fails", err != nil, "gaveUp", seen[fsm.GaveUp], "settled", rounds-seen[fsm.GaveUp])
			if seen[fsm.GaveUp] == 0 || seen[fsm.GaveUp] == rounds {
				t.Errorf("%v: only one of both ends was met: %v", call, seen)
			}
		}
	}
}

// TestBursts begins several inputs at one moment, at random, lets all of them race, and audits what came of it.
func TestBursts(t *testing.T) {
	runs := 1000
	switch {
	case evidence.At(evidence.Full):
		runs = 20_000
	case evidence.Race:
		runs = 100
	}
	type burst []int // numbers that choose
	draw := rapid.Custom(func(t *rapid.T) []burst {
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) burst {
			return rapid.SliceOfN(rapid.IntRange(0, 1<<16), 1, 6).Draw(t, "burst")
		}), 2, 12).Draw(t, "bursts")
	})
	inputs, steps, fast := 0, 0, 0
	for seed := range runs {
		perform(t, func(s *stage) {
			defer func() {
				synctest.Wait()
				steps += len(s.steps)
				if t.Failed() {
					t.Logf("seed %d", seed)
				}
			}()
			for _, b := range draw.Example(seed + 1) {
				gates := s.gates()
				for _, n := range b {
					inputs++
					s.act(n, &gates)
				}
				synctest.Wait()
				if err := s.audit(); err != nil {
					t.Errorf("seed %d: %v", seed, err)
					return
				}
			}
			for _, c := range s.calls {
				if c.ended && c.room != nil {
					fast++
				}
			}
		})
		if t.Failed() {
			return
		}
	}
	evidence.Print("bursts", "runs", runs, "inputs", inputs, "steps", steps, "rooms", fast)
}

// act does one thing without waiting for anything: a call begins, a caller gives up, or a work ends.
func (s *stage) act(n int, gates *[]*gate) {
	pick, n := n%16, n/16
	name := string(rune('a' + n%2))
	switch {
	case pick < 5:
		s.begin(get(name, string(rune('x'+n/2%2*(n/4%2)))))
	case pick < 8:
		if n/2%2 == 0 {
			s.begin(release(name))
		} else {
			s.beginForGood(release(name))
		}
	case pick == 8 && n%4 == 0:
		s.begin(dispose())
	case pick < 11:
		if len(s.calls) > 0 {
			s.calls[n%len(s.calls)].cancel()
		}
	case len(*gates) > 0:
		g := (*gates)[n%len(*gates)]
		*gates = append((*gates)[:n%len(*gates):n%len(*gates)], (*gates)[n%len(*gates)+1:]...)
		switch {
		case n%5 > 0:
			g.finish(nil)
		case g.Opening:
			g.finish(errOpen)
		default:
			g.finish(errRelease)
		}
	}
}

// TestDisposeUnderGets disposes of 10 names under 100 gets that are waiting, met by rooms or about to begin.
func TestDisposeUnderGets(t *testing.T) {
	ends := map[fsm.OutcomeKind]int{}
	const rounds, gets, names = 50, 100, 10
	for round := range rounds {
		perform(t, func(s *stage) {
			for i := range gets {
				s.begin(get(fmt.Sprint("room", i%names), "x"))
				if i == round*2 {
					synctest.Wait()
					for j, g := range s.gates() {
						if j%2 == 0 {
							g.finish(nil) // at the moment of the disposal, or just before
						}
					}
					s.begin(dispose())
				}
			}
			synctest.Wait()
			got := s.begin(get("room0", "x"))
			synctest.Wait()
			if !got.ended || outcomeOf(got) != fsm.RejectedDisposed {
				t.Errorf("a get after the begin of the disposal: %v", got.err)
			}
			s.openAll()
			synctest.Wait()
			for _, c := range s.calls {
				if !c.ended {
					t.Errorf("%v waits after the disposal", c.in)
					return
				}
				ends[outcomeOf(c)]++
			}
		})
	}
	evidence.Print("dispose", "rounds", rounds, "gets", gets, "room", ends[fsm.GotRoom],
		"releasedBefore", ends[fsm.RejectedReleased], "disposed", ends[fsm.RejectedDisposed])
	if ends[fsm.GotRoom] == 0 || ends[fsm.RejectedReleased] == 0 || ends[fsm.RejectedDisposed] == 0 || ends[fsm.Done] != rounds {
		t.Errorf("not every end was met: %v", ends)
	}
}
