package schedules

import (
	"fmt"
	"testing"
	"testing/synctest"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/internal/evidence"
)

// TestContextEndsAsItSettles ends a call's context and the backend call that it waits for at the
// same moment, in both orders. The caller gets what the core settled. Both outcomes must occur.
func TestContextEndsAsItSettles(t *testing.T) {
	rounds := 100
	if evidence.Race {
		rounds = 20
	}
	for _, call := range []model.Input{model.Get(0, "a", "x"), model.Release(0, "a"), model.Dispose(0)} {
		for _, fails := range []bool{false, true} {
			seen := map[model.OutcomeKind]int{}
			for i := range rounds {
				perform(t, func(s *stage) {
					if call.Kind != model.KindGet {
						s.begin(model.Get(0, "a", "x"))
						synctest.Wait()
						s.gates.Works()[0].End(nil)
						synctest.Wait()
					}
					c := s.begin(call)
					synctest.Wait()
					work := s.gates.Works()[0]
					var err error
					if fails {
						err = &conformance.Failure{Opening: work.Opening, Number: 1}
					}
					if i%2 == 0 {
						work.End(err)
						c.cancel()
					} else {
						c.cancel()
						work.End(err)
					}
					synctest.Wait()
					if !c.ended {
						t.Errorf("%v still waits, although the context and the backend call have ended", call)
						return
					}
					seen[c.outcome()]++
				})
			}
			evidence.Print("moments", "call", call.Kind, "fails", fails, "gaveUp", seen[model.OutcomeGaveUp], "settled", rounds-seen[model.OutcomeGaveUp])
			if seen[model.OutcomeGaveUp] == 0 || seen[model.OutcomeGaveUp] == rounds {
				t.Errorf("%v: both outcomes must occur in the runs, got %v", call, seen)
			}
		}
	}
}

// TestDisposeUnderGets disposes of 10 names while 100 gets wait, return or begin.
func TestDisposeUnderGets(t *testing.T) {
	ends := map[model.OutcomeKind]int{}
	const rounds, gets, names = 50, 100, 10
	for round := range rounds {
		perform(t, func(s *stage) {
			for i := range gets {
				s.begin(model.Get(0, fmt.Sprint("room", i%names), "x"))
				if i == round*2 {
					synctest.Wait()
					for j, g := range s.gates.Works() {
						if j%2 == 0 {
							// some openings end while the disposal begins, or just before
							g.End(nil)
						}
					}
					s.begin(model.Dispose(0))
				}
			}
			synctest.Wait()
			got := s.begin(model.Get(0, "room0", "x"))
			synctest.Wait()
			if !got.ended || got.outcome() != model.OutcomeDisposed {
				t.Errorf("a get that began after the disposal ended with %v, expected the error for a disposal", got.err)
			}
			s.gates.Drain()
			synctest.Wait()
			for _, c := range s.calls {
				if !c.ended {
					t.Errorf("%v still waits after the disposal", c.in)
					return
				}
				ends[c.outcome()]++
			}
		})
	}
	evidence.Print("dispose", "rounds", rounds, "gets", gets, "room", ends[model.OutcomeRoom],
		"releasedBefore", ends[model.OutcomeReleasedBefore], "disposed", ends[model.OutcomeDisposed])
	if ends[model.OutcomeRoom] == 0 || ends[model.OutcomeReleasedBefore] == 0 || ends[model.OutcomeDisposed] == 0 || ends[model.OutcomeDone] != rounds {
		t.Errorf("not every outcome occurred: %v", ends)
	}
}
