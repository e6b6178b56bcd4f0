package proof

import (
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/spec/proof/term"
)

// counterexample shows that a condition is false: a step by an action from a state that satisfies
// the invariant, after which the goal fails.
type counterexample struct {
	now, next State
	params    []int
}

// claim is a condition on small states: a goal holds after an action.
type claim struct {
	by    *Steps
	holds func(now, next State) bool
}

func newClaim(t testing.TB, p *Proof, w *Small, goal, action string) claim {
	t.Helper()
	var formula *term.Term
	var err error
	if slices.Contains(slices.Concat(p.Properties, p.Progress), goal) {
		formula, err = p.Step(goal)
	} else {
		formula, err = p.State(goal, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	holds, err := w.Predicate(formula)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(p.Actions, func(a Action) bool { return a.Name == action })
	if i < 0 {
		t.Fatalf("there is no action %s", action)
	}
	return claim{steps(t, w, p.Actions[i:i+1])[0], holds}
}

// against returns a counterexample that begins in s, or nil.
func (c claim) against(s State) (found *counterexample) {
	c.by.Each(s, func(params []int, next State) {
		if found == nil && !c.holds(s, next) {
			found = &counterexample{s, next, params}
		}
	})
	return found
}

// few has the bounds within which counterexamples are searched. One of the calls is left for the
// step.
var few = map[string]Bounds{
	"Rooms":  {MaxCalls: 3, Names: []string{"a", "b"}, Options: []string{"x", "y"}, Conditional: true},
	"Leases": {MaxCalls: 4, Names: []string{"a"}, Options: []string{"x"}},
}

// fewFor returns the bounds for a goal of a proof.
func fewFor(p *Proof, goal string) Bounds {
	if p.Recursion != nil {
		return smallRoom(3, 1, p.Promised[goal] != "")
	}
	return few[p.Name]
}

// search visits small states that satisfy the invariant of a proof, until visit returns true.
func search(t testing.TB, p *Proof, w *Small, visit func(State) bool) {
	t.Helper()
	if p.Recursion != nil {
		e := newRoomStates(t, p, w)
		e.last, e.queue, e.few = 1, 1, true
		e.visit = func(s State) { e.done = e.done || visit(s) }
		e.all()
		return
	}
	e := newStates(t, p, w)
	e.incs, e.calls, e.history = 2, w.Bounds.MaxCalls-1, true
	e.visit = func(s State) { e.done = e.done || visit(s) }
	e.all(w.Blank(), 1)
}

// TestPlantedFaultsBreakTheProof checks that each planted fault makes the condition that it names
// false. A small state shows it; without the fault there is no such state. Command prove checks
// that the solver proves none of these conditions.
func TestPlantedFaultsBreakTheProof(t *testing.T) {
	t.Parallel()
	for i := range Faults {
		f := &Faults[i]
		t.Run(f.Name, func(t *testing.T) {
			p, err := f.With(root)
			if err != nil {
				t.Fatal(err)
			}
			if f.Action[0] == '(' {
				condition, err := f.Condition(p)
				if err != nil {
					t.Fatal(err)
				}
				found, _, err := refutations(p, 2, []*Condition{condition})
				if err != nil || len(found) == 0 {
					t.Fatalf("%v still holds in small rooms (%v)", condition, err)
				}
				return
			}
			w := NewSmall(p.System, fewFor(p, f.Goal))
			claim := newClaim(t, p, w, f.Goal, f.Action)
			var c *counterexample
			search(t, p, w, func(s State) bool {
				c = claim.against(s)
				return c != nil
			})
			if c == nil {
				t.Fatalf("%s by %s still holds in small states", f.Goal, f.Action)
			}
			show := func(s State) any { return (&comparer{w: w}).model(s) }
			if p.Recursion != nil {
				show = func(s State) any { return (&roomComparer{w: w}).model(s) }
			}
			t.Logf("%s%v leads from\n%v to\n%v", f.Action, c.params, show(c.now), show(c.next))
		})
	}
	for _, of := range []string{"Rooms", "Leases", "RoomStatus", "RoomStatus with the promise"} {
		name, _, promise := strings.Cut(of, " ")
		p := read(t, name)
		w := NewSmall(p.System, few[name])
		if p.Recursion != nil {
			w = NewSmall(p.System, smallRoom(3, 1, promise))
		}
		claims := map[*Fault]claim{}
		for i := range Faults {
			if f := &Faults[i]; f.Of() == name && f.Action[0] != '(' && (p.Promised[f.Goal] != "") == promise {
				claims[f] = newClaim(t, p, w, f.Goal, f.Action)
			}
		}
		search(t, p, w, func(s State) bool {
			for f, claim := range claims {
				if claim.against(s) != nil {
					t.Errorf("%s by %s fails without the fault", f.Goal, f.Action)
				}
			}
			return t.Failed()
		})
	}
	t.Logf("EVIDENCE proof_faults planted=%d unnoticed=0", len(Faults))
}
