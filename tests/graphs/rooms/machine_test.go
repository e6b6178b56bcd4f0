package rooms

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/graphtest"
)

func TestModelAndCoreHaveTheKnownSizes(t *testing.T) { graphtest.Sizes(t, Sizes(), 40_000) }

// On the full graph of four calls, only likely inputs are tried; `make equality` tries the others
// too.
func TestTheCoreAtFourCalls(t *testing.T) {
	m := New(Bounds{4, 2, 2, false})
	if err := graphs.Explore(t.Context(), m, graphs.Options{Possible: true}).Check(m.Golden); err != nil {
		t.Error(err)
	}
}

func TestEachInvariantFailsOnAPlantedFault(t *testing.T) {
	broken := graphtest.Faults(t, "rooms", New(Bounds{4, 1, 2, true}), New(Bounds{4, 1, 1, true}))
	for _, want := range []string{"CallsSettle(1)", "CallsSettle(4)", "NoWedge(1, releasing)", "NoWedge(2, waiting)"} {
		if !broken[want] {
			t.Errorf("no fault breaks %s", want)
		}
	}
}

// The reduced graph must have the same violations as the full graph. Its counterexamples must be as
// short, and the machine must be able to take their steps.
func TestSymmetryHidesNoViolation(t *testing.T) {
	violated := 0
	for _, f := range New(Bounds{3, 2, 2, true}).Faults {
		m, _ := New(Bounds{3, 2, 2, true}).WithFault(f.Name)
		full := graphs.Explore(t.Context(), m, graphs.Options{Possible: true})
		r := graphs.Explore(t.Context(), m, graphs.Options{Possible: true, Symmetry: true})
		switch {
		case r.Verdict != full.Verdict:
			t.Errorf("%s: the verdict with symmetry is %v, without %v", f.Name, r.Verdict, full.Verdict)
		case r.Verdict == graphs.Complete:
			continue
		case r.Violation.Property != full.Violation.Property || len(r.Violation.Path) != len(full.Violation.Path):
			t.Errorf("%s: the violation with symmetry is %v, without %v", f.Name, r.Violation, full.Violation)
		case strings.Contains(graphs.Script(m, r.Violation.Path[:len(r.Violation.Path)-1]), "core: refused"):
			t.Errorf("%s: the core refuses an input before the last step of the script:\n%s", f.Name, graphs.Script(m, r.Violation.Path))
		}
		violated++
	}
	if violated < 15 {
		t.Errorf("only %d violations were compared", violated)
	}
}

func TestTheResultDoesNotDependOnTheWorkers(t *testing.T) {
	m := New(Bounds{3, 2, 2, true})
	violated, _ := m.WithFault("failure-forgotten")
	for _, c := range []struct {
		m       Machine
		o       graphs.Options
		verdict graphs.Verdict
	}{{m, graphs.Options{}, graphs.Complete}, {m, graphs.Options{MaxStates: 9000}, graphs.Bounded},
		{violated, graphs.Options{}, graphs.Violated}, {violated, graphs.Options{Symmetry: true}, graphs.Violated}} {
		var first *graphs.Result[model.Input]
		for c.o.Workers = 1; c.o.Workers <= 8; c.o.Workers *= 2 {
			c.o.Possible = true
			r := graphs.Explore(t.Context(), c.m, c.o)
			r.Elapsed, r.Workers = 0, 0
			if first == nil {
				first = r
			}
			if r.Verdict != c.verdict || !reflect.DeepEqual(r, first) {
				t.Errorf("the result with the options %+v is %+v, but with one worker it is %+v", c.o, r, first)
			}
		}
	}
}

func TestTheCoreKeepsTheLivenessProperties(t *testing.T) {
	r := graphtest.Liveness(t, "rooms", New(Bounds{3, 2, 1, true}))
	// Only the last call can create the third incarnation, so there is no further call to release
	// it.
	if r.Properties != 9 || !slices.Equal(r.Vacuous, []string{"ClosingEnds(3)"}) || len(r.Without) != 5 {
		t.Errorf("the properties or the conjuncts of fairness are wrong: %+v", r)
	}
}

func TestBoundsAreChecked(t *testing.T) {
	for _, b := range []Bounds{{Calls: 0, Names: 1, Options: 1}, {Calls: 9, Names: 1, Options: 1}, {Calls: 1, Names: 9, Options: 1},
		{Calls: 1, Names: 1, Options: 9}, {Calls: 1, Names: 1, Options: 0}} {
		if b.Check() == nil {
			t.Errorf("Check accepts the wrong bounds %v", b)
		}
	}
}

func TestCoreAgainstModel(t *testing.T) {
	graphtest.Scripts(t, New(Bounds{8, 3, 2, true}), 40, func(model.Input) int { return 1 })
}

func TestCoreAgainstModelEverywhere(t *testing.T) {
	graphtest.Sizes(t, []Machine{New(Bounds{3, 2, 2, true})}, 40_000)
}

func TestTheGraphsAreEqual(t *testing.T) { graphtest.Equal(t, "rooms", Comparisons()[0]) }

type broken = graphtest.Broken[model.State]

func TestABrokenMappingIsSeen(t *testing.T) {
	incarnations := func(change func(*model.Incarnation)) broken {
		return broken{Spoil: func(s *model.State) {
			for i := range s.Incarnations {
				change(&s.Incarnations[i])
			}
		}}
	}
	calls := func(change func(*model.Call)) broken {
		return broken{Spoil: func(s *model.State) {
			for i := range s.Calls {
				change(&s.Calls[i])
			}
		}}
	}
	graphtest.BrokenMappings(t, "rooms", Comparisons()[0], New(Bounds{4, 1, 1, true}), Spec{}, map[string]broken{
		"a constant map":        {Spoil: func(s *model.State) { *s = model.State{} }},
		"a dropped field, work": incarnations(func(i *model.Incarnation) { i.Work = model.WorkNone }),
		"a dropped field, life": incarnations(func(i *model.Incarnation) { i.Life = model.LifeReady }),
		"swapped lives": incarnations(func(i *model.Incarnation) {
			i.Life = swapped(i.Life, model.LifeReady, model.LifeReleased)
		}),
		"swapped outcomes": calls(func(c *model.Call) {
			c.Outcome.Kind = swapped(c.Outcome.Kind, model.OutcomeReleasedBefore, model.OutcomeDisposed)
		}),
		"a dropped field, waits":  calls(func(c *model.Call) { c.WaitsFor = 0 }),
		"a dropped field, failed": broken{Spoil: func(s *model.State) { s.Failed = nil }},
		"a dropped field, ended":  incarnations(func(i *model.Incarnation) { i.Ended = 0 }),
	})
}

func swapped[T comparable](v, a, b T) T {
	switch v {
	case a:
		return b
	case b:
		return a
	}
	return v
}
