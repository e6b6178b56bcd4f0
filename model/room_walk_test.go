package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A walk of a room visits every state, with its history, that can be reached within bounds, and
// every step from each of them.

type roomEdge struct {
	before  RoomRun
	in      RoomInput
	after   RoomRun
	outputs []RoomOutput
}

type roomStepper func(RoomRun, RoomInput) (RoomRun, []RoomOutput, error)

// roomWalk walks breadth first. It calls visit for every step, with the shortest script that ends
// with the step, and continues after the step if visit returns true. With promised, the port keeps
// its promise.
func roomWalk(t *testing.T, b RoomBounds, promised bool, step roomStepper, visit func(e roomEdge, script func() string) bool) (states, steps int) {
	t.Helper()
	type reached struct {
		RoomRun
		from int
		by   RoomInput
	}
	found := []reached{{from: -1}}
	seen := map[string]bool{RoomRun{}.Key(): true}
	for at := 0; at < len(found); at++ {
		before := found[at].RoomRun
		for _, in := range before.Enabled(b) {
			if promised && !before.Promised(in) {
				continue
			}
			next, outputs, err := step(before, in)
			if err != nil {
				t.Fatalf("%v is enabled in %v: %v", in, before, err)
			}
			steps++
			script := func() string {
				lines := []string{in.String()}
				for i := at; found[i].from >= 0; i = found[i].from {
					lines = append(lines, found[i].by.String())
				}
				slices.Reverse(lines)
				return strings.Join(lines, "; ")
			}
			if !visit(roomEdge{before, in, next, outputs}, script) {
				continue
			}
			if key := next.Key(); !seen[key] {
				seen[key] = true
				found = append(found, reached{next, at, in})
			}
		}
	}
	return len(found), steps
}

// String returns only the state of a run, so that messages are short.
func (r RoomRun) String() string { return r.RoomState.String() }

// failingRoom returns the names of the properties that a step breaks. It checks properties with
// Promise only if promised is true.
func failingRoom(e roomEdge, promised bool) (names []string, reasons string) {
	for _, p := range RoomProperties() {
		if p.Promise && !promised {
			continue
		}
		if err := p.Check(e.before, e.in, e.outputs, e.after); err != nil {
			names = append(names, p.Name)
			reasons += fmt.Sprintf("%s: %v\n", p.Name, err)
		}
	}
	return names, reasons
}

// roomWalks are the bounds of the exhaustive tests, with the size of each graph. Without the sizes,
// a graph that became smaller would go unnoticed.
var roomWalks = []struct {
	bounds        RoomBounds
	promised      bool
	states, steps int
}{
	{RoomBounds{Calls: 3, Errors: 1}, false, 15641, 368040},
	{RoomBounds{Calls: 2, Errors: 2}, false, 4541, 150819},
	{RoomBounds{Calls: 2, Errors: 1}, true, 2663, 60148},
}

func TestEveryRoomPropertyHoldsInEveryStep(t *testing.T) {
	t.Parallel()
	for _, w := range roomWalks {
		states, steps := roomWalk(t, w.bounds, w.promised, RoomRun.Step, func(e roomEdge, script func() string) bool {
			if names, reasons := failingRoom(e, w.promised); names != nil {
				t.Fatalf("%s\nafter %s:\n%v -> %v", reasons, script(), e.before, e.after)
			}
			return true
		})
		if states != w.states || steps != w.steps {
			t.Errorf("%+v, promised %t: %d states and %d steps, want %d and %d", w.bounds, w.promised, states, steps, w.states, w.steps)
		}
	}
}

// Every rule is followed, and every outcome, output, status and pair of operation and phase occurs.
func TestEverythingOfTheRoomIsReached(t *testing.T) {
	t.Parallel()
	rules, outcomes, outputs := map[RoomRule]int{S2: 1}, map[RoomOutcomeKind]int{}, map[RoomOutputKind]int{}
	statuses, phases := map[RoomStatus]int{StatusInitialized: 1}, map[string]int{}
	roomWalk(t, RoomBounds{Calls: 2, Errors: 1}, true, RoomRun.Step, func(e roomEdge, _ func() string) bool {
		followed := e.before.Explain(e.in)
		if len(followed) == 0 {
			t.Fatalf("no rule for %v in %v", e.in, e.before)
		}
		for _, r := range followed {
			rules[r]++
		}
		for _, o := range e.outputs {
			outputs[o.Kind]++
			if o.Kind == OutputRoomSettle {
				outcomes[o.Outcome.Kind]++
			}
		}
		statuses[e.after.Status]++
		phases[e.after.Op.String()+" "+e.after.Phase.String()]++
		return true
	})
	if got := slices.Sorted(maps.Keys(rules)); !slices.Equal(got, RoomRules()) {
		t.Errorf("rules followed: %v", got)
	}
	if len(outcomes) != int(OutcomeRoomGaveUp) || len(outputs) != int(OutputDiscontinuity) || len(statuses) != int(StatusReleased)+1 {
		t.Errorf("outcomes %v, outputs %v, statuses %v", outcomes, outputs, statuses)
	}
	want := []string{"attach inAttach", "detach inDetach", "none idle", "release inDetach", "release inGiveBack", "release inRetryPause"}
	if got := slices.Sorted(maps.Keys(phases)); !slices.Equal(got, want) {
		t.Errorf("phases: %v", got)
	}
}

// Of the whole alphabet, Step takes exactly the inputs that Enabled returns. A refused input
// changes nothing. A step can be repeated with the same result, and doesn't change the state
// before. Two states have the same key exactly if they have the same text.
func TestRoomStepIsPure(t *testing.T) {
	t.Parallel()
	b := RoomBounds{Calls: 2, Errors: 1}
	alphabet := RoomAlphabet(b)
	if want := b.Calls*4 + (b.Errors+1)*(10+3) + 1; len(alphabet) != want {
		t.Errorf("the alphabet has %d inputs, want %d", len(alphabet), want)
	}
	texts := map[string]string{}
	roomWalk(t, b, false, RoomRun.Step, func(e roomEdge, script func() string) bool {
		s, kept := e.before.RoomState, e.before.RoomState.Clone()
		next, outputs, err := s.Step(e.in)
		if err != nil || !next.Equal(e.after.RoomState) || !slices.Equal(outputs, e.outputs) || !s.Equal(kept) {
			t.Fatalf("the last of %s does otherwise when taken again, or changed the state before it", script())
		}
		if text, ok := texts[next.Key()]; ok && text != next.String() {
			t.Fatalf("%s and %s have one key", text, next)
		}
		texts[next.Key()] = next.String()
		for _, in := range alphabet {
			if _, _, err := next.Step(in); err != nil {
				if left, outputs, _ := next.Step(in); !left.Equal(next) || outputs != nil {
					t.Fatalf("%v is refused and changes %v", in, next)
				}
			}
		}
		return true
	})
	different := map[string]bool{}
	for _, text := range texts {
		different[text] = true
	}
	if len(different) != len(texts) {
		t.Errorf("%d keys, %d texts", len(texts), len(different))
	}
}

// From every state, ends without errors settle every call: no call is stuck.
// (tests/graphs/roomstatus checks liveness itself.)
func TestFromEveryStateGoodEndsSettleAllCallsOfTheRoom(t *testing.T) {
	t.Parallel()
	roomWalk(t, RoomBounds{Calls: 2, Errors: 1}, false, RoomRun.Step, func(e roomEdge, script func() string) bool {
		s := e.after
		for ends := 0; s.Phase != PhaseIdle; ends++ {
			if ends > 20 {
				t.Fatalf("no rest after %s: %v", script(), s)
			}
			good := map[RoomPhase]RoomInput{PhaseInAttach: AttachEnded(0), PhaseInDetach: DetachEnded(0), PhaseInRetryPause: RetryDue(),
				PhaseInGiveBack: GiveBackEnded(0)}
			next, _, err := s.Step(good[s.Phase])
			if err != nil {
				t.Fatal(err)
			}
			s = next
		}
		if len(s.Pending()) > 0 {
			t.Fatalf("%v is pending for ever after %s", s.Pending(), script())
		}
		return true
	})
}
