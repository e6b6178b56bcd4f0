package model

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/tests/report/golden"
)

// A walk visits every state that can be reached within bounds, and every step from each of them.

type edge struct {
	before  State
	in      Input
	after   State
	outputs []Output
}

// reached is a state of a walk, with the step by which it was first reached.
type reached struct {
	State
	from int // the index of the state before it; -1 at the beginning
	by   Input
}

type stepper func(State, Input) (State, []Output, error)

// walk walks breadth first, so that it first reaches a state by a shortest script. It calls visit
// for every step, with the shortest script that ends with the step, and continues after the step if
// visit returns true. It returns the numbers of states and steps.
func walk(t *testing.T, b Bounds, step stepper, visit func(e edge, script func() string) bool) (states, steps int) {
	t.Helper()
	found := []reached{{from: -1}}
	seen := map[string]bool{State{}.Key(): true}
	for at := 0; at < len(found); at++ {
		before := found[at].State
		for _, in := range before.Enabled(b) {
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
			if !visit(edge{before, in, next, outputs}, script) {
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

// failing returns the names of the properties that fail in a step or in the state after it.
func failing(properties []Property, before, after State) (names []string, err error) {
	for _, p := range properties {
		var errs []error
		if p.Check != nil {
			errs = append(errs, p.Check(after))
		}
		if p.CheckStep != nil {
			errs = append(errs, p.CheckStep(before, after))
		}
		if e := errors.Join(errs...); e != nil {
			names, err = append(names, p.Name), errors.Join(err, fmt.Errorf("%s: %w", p.Name, e))
		}
	}
	return names, err
}

// liveness returns the two liveness properties as properties of states at rest, in which the
// backend has no work under way. TestEndsLeadToRest shows why this is enough.
func liveness() []Property {
	atRest := func(check func(State) error) func(State) error {
		return func(s State) error {
			for _, inc := range s.Incarnations {
				if inc.Work != WorkNone {
					return nil
				}
			}
			return check(s)
		}
	}
	return []Property{
		{Name: "CallsSettle", Check: atRest(func(s State) error {
			for n, c := range s.Calls {
				if c.Pending() {
					return fmt.Errorf("call %d is pending for ever", n+1)
				}
			}
			return nil
		})},
		{Name: "NoWedge", Check: atRest(func(s State) error {
			for i, inc := range s.Incarnations {
				if inc.waiting() || inc.beingReleased() {
					return fmt.Errorf("incarnation %d is %v for ever", i+1, inc.Life)
				}
			}
			return nil
		})},
	}
}

func bounds(calls, names, options int) Bounds {
	return Bounds{Calls: calls, Names: []string{"a", "b", "c"}[:names], Options: []string{"x", "y", "z"}[:options]}
}

// conditional returns bounds within which calls may be ReleaseIf too.
func conditional(calls, names, options int) Bounds {
	b := bounds(calls, names, options)
	b.Conditional = true
	return b
}

// walks are the bounds of the exhaustive tests. Fewer than four calls can't follow every rule (R9).
// The last two are small enough for tests that walk several times.
var walks = []Bounds{conditional(3, 2, 2), bounds(4, 1, 2), conditional(4, 1, 1), bounds(3, 2, 1)}

// sizeOf returns the known size of a graph. Without it, a graph that became smaller would go
// unnoticed.
func sizeOf(b Bounds) (states, steps int) {
	key := fmt.Sprintf("graph/rooms/%d-%d-%d", b.Calls, len(b.Names), len(b.Options))
	if b.Conditional {
		key += "-if"
	}
	return golden.Int(key + "/states"), golden.Int(key + "/steps")
}

func TestEveryPropertyHoldsInEveryState(t *testing.T) {
	t.Parallel()
	properties := append(Properties(), liveness()...)
	for _, p := range properties {
		if p.Check != nil && p.Check(State{}) != nil {
			t.Errorf("%s fails at the beginning", p.Name)
		}
	}
	for _, w := range walks {
		states, steps := walk(t, w, State.Step, func(e edge, script func() string) bool {
			if _, err := failing(properties, e.before, e.after); err != nil {
				t.Fatalf("%v\nafter %s", err, script())
			}
			return true
		})
		if wantStates, wantSteps := sizeOf(w); states != wantStates || steps != wantSteps {
			t.Errorf("%v has %d states and %d steps, want %d and %d", w, states, steps, wantStates, wantSteps)
		}
	}
}

// Every rule is followed, and every outcome, output and pair of life and work occurs. No other pair
// occurs.
func TestEverythingIsReached(t *testing.T) {
	t.Parallel()
	rules, outcomes, outputs, pairs := map[Rule]int{}, map[OutcomeKind]int{}, map[OutputKind]int{}, map[string]int{}
	for _, w := range walks[1:3] {
		walk(t, w, State.Step, func(e edge, _ func() string) bool {
			followed := e.before.Explain(e.in)
			if len(followed) == 0 {
				t.Fatalf("no rule for %v in %v", e.in, e.before)
			}
			for _, r := range followed {
				rules[r]++
			}
			for _, o := range e.outputs {
				outputs[o.Kind]++
				if o.Kind == OutputSettle {
					outcomes[o.Outcome.Kind]++
				}
			}
			for _, inc := range e.after.Incarnations {
				pairs[inc.Life.String()+" "+inc.Work.String()]++
			}
			return true
		})
	}
	if got := slices.Sorted(maps.Keys(rules)); !slices.Equal(got, Rules()) {
		t.Errorf("rules followed: %v", got)
	}
	if got := slices.Sorted(maps.Keys(outcomes)); len(got) != int(OutcomeGaveUp) || got[0] != OutcomeRoom {
		t.Errorf("outcomes reached: %v", got)
	}
	if got := slices.Sorted(maps.Keys(outputs)); len(got) != int(OutputAbandon) || got[0] != OutputSettle {
		t.Errorf("outputs put out: %v", got)
	}
	want := []string{"initializing none", "initializing opening", "ready none", "released none", "releasing closing", "releasing opening"}
	if got := slices.Sorted(maps.Keys(pairs)); !slices.Equal(got, want) {
		t.Errorf("pairs of life and work: %v", got)
	}
}

// Ends of the backend's works lead to a state of rest, in any order and with any outcomes. Each end
// makes a rank smaller that is never negative, and no other step prevents the end of a work under
// way. So if every work ends, every state leads to rest once no more calls begin.
// TestEveryPropertyHoldsInEveryState checks that the liveness properties hold at rest.
func TestEndsLeadToRest(t *testing.T) {
	t.Parallel()
	rank := func(s State) (total int) {
		for _, inc := range s.Incarnations {
			total += map[string]int{
				"initializing none": 5, "initializing opening": 4, "releasing opening": 3, "releasing closing": 2, "ready none": 1,
			}[inc.Life.String()+" "+inc.Work.String()]
		}
		return total
	}
	for _, w := range walks[2:] {
		walk(t, w, State.Step, func(e edge, script func() string) bool {
			if e.in.Kind >= KindOpened && rank(e.after) >= rank(e.before) {
				t.Fatalf("rank goes from %d to %d by the last of %s", rank(e.before), rank(e.after), script())
			}
			for i, inc := range e.before.Incarnations {
				if inc.Work != WorkNone && e.in.Incarnation != i+1 && e.after.Incarnations[i].Work != inc.Work {
					t.Fatalf("the work of %d is taken away by the last of %s", i+1, script())
				}
			}
			return true
		})
	}
}

// From every state, the ends of works settle all calls, with the ends picked in each of several
// ways.
func TestFromEveryStateTheEndsSettleAllCalls(t *testing.T) {
	t.Parallel()
	picks := map[string]func([]Input) Input{
		"first, well":    func(ends []Input) Input { return ends[0] },
		"first, failing": func(ends []Input) Input { return ends[1] },
		"last, well":     func(ends []Input) Input { return ends[len(ends)-2] },
		"last, failing":  func(ends []Input) Input { return ends[len(ends)-1] },
		"middle":         func(ends []Input) Input { return ends[len(ends)/2] },
	}
	noCalls := Bounds{}
	walk(t, conditional(3, 2, 1), State.Step, func(e edge, script func() string) bool {
		for how, pick := range picks {
			s := e.after
			for {
				ends := slices.DeleteFunc(s.Enabled(noCalls), func(in Input) bool { return in.Kind == KindGiveUp })
				if len(ends) == 0 {
					break
				}
				next, _, err := s.Step(pick(ends))
				if err != nil {
					t.Fatal(err)
				}
				s = next
			}
			if slices.ContainsFunc(s.Calls, Call.Pending) {
				t.Fatalf("pending after %s and all ends (%s): %v", script(), how, s)
			}
		}
		return true
	})
}

// Of the whole alphabet, Step takes exactly the inputs that Enabled returns. A refused input
// changes nothing.
func TestEnabledIsWhatStepTakes(t *testing.T) {
	t.Parallel()
	for _, b := range []Bounds{bounds(3, 2, 1), conditional(3, 1, 2)} {
		alphabet := Alphabet(b)
		want := b.Calls * (len(b.Names)*(len(b.Options)+1) + 1 + 1 + 4)
		if b.Conditional {
			want += b.Calls * b.Calls
		}
		if len(alphabet) != want {
			t.Errorf("the alphabet has %d inputs, want %d", len(alphabet), want)
		}
		check := func(s State) {
			var taken []Input
			for _, in := range alphabet {
				next, outputs, err := s.Step(in)
				if err == nil {
					taken = append(taken, in)
				} else if !next.Equal(s) || outputs != nil {
					t.Fatalf("%v is refused and changes %v", in, s)
				}
			}
			if !slices.Equal(taken, s.Enabled(b)) {
				t.Fatalf("taken %v, enabled %v in %v", taken, s.Enabled(b), s)
			}
		}
		check(State{})
		walk(t, b, State.Step, func(e edge, _ func() string) bool { check(e.after); return true })
	}
}

// A step doesn't change the state before it, and can be repeated with the same result.
func TestStepIsPure(t *testing.T) {
	t.Parallel()
	walk(t, conditional(3, 2, 1), State.Step, func(e edge, script func() string) bool {
		before, kept := e.before.Key(), e.before.Clone()
		next, outputs, err := e.before.Step(e.in)
		if err != nil || !next.Equal(e.after) || next.Key() != e.after.Key() || !slices.EqualFunc(outputs, e.outputs, Output.Equal) {
			t.Fatalf("taken again, the last of %s does otherwise: %v %v", script(), next, outputs)
		}
		if e.before.Key() != before || !e.before.Equal(kept) {
			t.Fatalf("the last of %s changed the state before it", script())
		}
		return true
	})
}

// The outputs of a step are exactly the differences of the two states, in the stated order.
func TestOutputsAreTheDifferenceOfStates(t *testing.T) {
	t.Parallel()
	for _, w := range walks[2:] {
		walk(t, w, State.Step, func(e edge, script func() string) bool {
			var want []Output
			for n, c := range e.after.Calls {
				if wasPending := n >= len(e.before.Calls) || e.before.Calls[n].Pending(); wasPending && !c.Pending() {
					want = append(want, Output{Kind: OutputSettle, Call: n + 1, Outcome: c.Outcome})
				}
			}
			for i, now := range e.after.Incarnations {
				var was Incarnation
				if i < len(e.before.Incarnations) {
					was = e.before.Incarnations[i]
				}
				switch {
				case now.Work == WorkOpening && was.Work != WorkOpening:
					want = append(want, Output{Kind: OutputOpen, Incarnation: i + 1})
				case now.Work == WorkClosing && was.Work != WorkClosing:
					want = append(want, Output{Kind: OutputRelease, Incarnation: i + 1})
				case now.Work == WorkOpening && now.Life == LifeReleasing && was.Life != LifeReleasing:
					want = append(want, Output{Kind: OutputAbandon, Incarnation: i + 1})
				}
			}
			if !slices.EqualFunc(e.outputs, want, Output.Equal) {
				t.Fatalf("%s\noutputs %v\nwant %v", script(), e.outputs, want)
			}
			return true
		})
	}
}
