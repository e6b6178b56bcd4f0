package rooms

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/report/golden"
)

const root = "../../.."

// The core takes and refuses what the model does, in all states of the machines of a few ten thousand
// states, and puts out the same; all properties hold.
func TestModelAndCoreHaveTheKnownSizes(t *testing.T) {
	for _, m := range Sizes() {
		if golden.Int(m.Golden+"/states") > 50_000 {
			continue
		}
		full := graphs.Explore(t.Context(), m, graphs.Options{Against: true})
		reduced := graphs.Explore(t.Context(), m, graphs.Options{Symmetry: true, Possible: true})
		for _, r := range []*graphs.Result[model.Input]{full, reduced} {
			if err := r.Check(m.Golden); err != nil {
				t.Error(err)
			}
		}
		if tried := uint64(len(m.Inputs)) * full.States; full.Edges+full.Refused != tried || full.States < reduced.States {
			t.Errorf("%s: %d of %d inputs were tried in %d states, reduced to %d", m.Name,
				full.Edges+full.Refused, tried, full.States, reduced.States)
		}
	}
}

// The full graph of four calls leaves out trying what is not likely; go run ./tests/graphs/run tries it.
func TestTheCoreAtFourCalls(t *testing.T) {
	m := New(Bounds{4, 2, 2})
	if err := graphs.Explore(t.Context(), m, graphs.Options{Possible: true}).Check(m.Golden); err != nil {
		t.Error(err)
	}
}

// Different states have different views, keys and texts, and are restored from what they are.
func TestStatesMapToTheModelOneToOne(t *testing.T) {
	m := New(Bounds{3, 2, 2})
	seen := [3]map[string]bool{{}, {}, {}}
	m.Agrees = func(s *State) error {
		var v model.State
		view(s, &v)
		for i, text := range []string{string(appendKey(nil, s)), v.Key(), v.String()} {
			if seen[i][text] {
				return fmt.Errorf("two states are %s", text)
			}
			seen[i][text] = true
		}
		c := m.New()
		again := *s
		if err := c.Restore(s); err != nil {
			return err
		}
		if err := c.Read(&again); err != nil || again != *s {
			return fmt.Errorf("%+v is restored as %+v, %v", *s, again, err)
		}
		return nil
	}
	if err := graphs.Explore(t.Context(), m, graphs.Options{Workers: 1, Possible: true}).Check(m.Golden); err != nil {
		t.Error(err)
	}
}

func TestEachInvariantFailsOnAPlantedFault(t *testing.T) {
	broken, err := graphs.CheckFaults(t.Context(), "rooms", New(Bounds{4, 1, 2}), New(Bounds{4, 1, 1}))
	if err != nil {
		t.Error(err)
	}
	for _, want := range []string{"CallsSettle(1)", "CallsSettle(4)", "NoWedge(1, releasing)", "NoWedge(2, waiting)"} {
		if !broken[want] {
			t.Errorf("no fault breaks %s", want)
		}
	}
}

// What the reduced graph shows of the properties is what the full one does: the same verdict, and as
// short a counterexample, which the machine can go.
func TestSymmetryHidesNoViolation(t *testing.T) {
	violated := 0
	for _, f := range New(Bounds{3, 2, 2}).Faults {
		m, _ := New(Bounds{3, 2, 2}).WithFault(f.Name)
		full := graphs.Explore(t.Context(), m, graphs.Options{Possible: true})
		r := graphs.Explore(t.Context(), m, graphs.Options{Possible: true, Symmetry: true})
		switch {
		case r.Verdict != full.Verdict:
			t.Errorf("%s: %v, and %v without", f.Name, r.Verdict, full.Verdict)
		case r.Verdict == graphs.Complete:
			continue
		case r.Violation.Property != full.Violation.Property || len(r.Violation.Path) != len(full.Violation.Path):
			t.Errorf("%s: %v, and %v without", f.Name, r.Violation, full.Violation)
		case strings.Contains(graphs.Script(m, r.Violation.Path[:len(r.Violation.Path)-1]), "core: refused"):
			t.Errorf("%s: %s", f.Name, graphs.Script(m, r.Violation.Path))
		}
		violated++
	}
	if violated < 15 {
		t.Errorf("only %d violations were compared", violated)
	}
}

func TestTheCoreKeepsTheLivenessProperties(t *testing.T) {
	m := New(Bounds{3, 2, 1})
	r, err := graphs.CheckLiveness(t.Context(), m)
	if err != nil || r.Err() != nil {
		t.Fatal(err, r.Err())
	}
	// The third incarnation can only be made by the last call, so that none is left to release it.
	if r.Properties != 9 || !slices.Equal(r.Vacuous, []string{"ClosingEnds(3)"}) || len(r.Without) != 5 {
		t.Errorf("%+v", r)
	}
	for conjunct := range r.Without {
		graphs.Caught("fairness-rooms", conjunct)
	}
	of, err := graphs.CheckLiveness(t.Context(), m.OfModel())
	if err != nil || of.Err() != nil || of.States != r.States || of.Edges != r.Edges {
		t.Errorf("the model: %v, %v, %+v", err, of.Err(), of)
	}
}

func TestBoundsAreChecked(t *testing.T) {
	for _, b := range []Bounds{{0, 1, 1}, {9, 1, 1}, {1, 9, 1}, {1, 1, 9}, {1, 1, 0}} {
		if b.Check() == nil {
			t.Errorf("%v are taken", b)
		}
	}
}

func TestCoreAgainstModel(t *testing.T) {
	m := New(Bounds{8, 3, 2})
	rapid.Check(t, func(t *rapid.T) {
		script := graphs.Draw(m, 40, func(enabled []model.Input) int {
			return rapid.IntRange(0, len(enabled)-1).Draw(t, "input")
		})
		if err := graphs.Follow(m, script); err != nil {
			t.Fatalf("%v\n%s", err, graphs.Script(m, script))
		}
	})
}

func TestCoreAgainstModelEverywhere(t *testing.T) {
	m := New(Bounds{3, 2, 2})
	if err := graphs.Explore(t.Context(), m, graphs.Options{Against: true}).Check(m.Golden); err != nil {
		t.Error(err)
	}
}

// The graphs of the spec, the core and the model are equal, both ways, refusals included.
func TestTheGraphsAreEqual(t *testing.T) {
	e, err := Comparisons()[0].CompareGolden(t.Context(), root)
	if err != nil || !e.Equal() || e.Refused == 0 || e.Edges != golden.Int("equality/"+e.Config+"/edges") {
		t.Fatalf("%v, %+v", err, e)
	}
	t.Logf("EVIDENCE golden states=%d edges=%d refused=%d", e.States, e.Edges, e.Refused)
}

// broken is a mapping with something wrong with it.
type broken struct {
	Spec
	state func(*model.State)
	text  func(string) string
}

func (b broken) State(vars graphs.Value) (model.State, error) {
	s, err := b.Spec.State(vars)
	if b.state != nil {
		b.state(&s)
	}
	return s, err
}

func (b broken) Text(s model.State) string {
	if b.text != nil {
		return b.text(s.String())
	}
	return s.String()
}

// The mapping can hide no difference.
func TestABrokenMappingIsSeen(t *testing.T) {
	incarnations := func(change func(*model.Incarnation)) func(*model.State) {
		return func(s *model.State) {
			for i := range s.Incarnations {
				change(&s.Incarnations[i])
			}
		}
	}
	calls := func(change func(*model.Call)) func(*model.State) {
		return func(s *model.State) {
			for i := range s.Calls {
				change(&s.Calls[i])
			}
		}
	}
	for what, m := range map[string]broken{
		"a constant map":        {text: func(string) string { return "some state" }},
		"a dropped field, work": {state: incarnations(func(i *model.Incarnation) { i.Work = model.WorkNone })},
		"a dropped field, life": {text: func(text string) string {
			return strings.NewReplacer("initializing", "alive", "ready", "alive", "releasing", "alive", "released", "alive").Replace(text)
		}},
		"swapped lives": {state: incarnations(func(i *model.Incarnation) {
			i.Life = swapped(i.Life, model.LifeReady, model.LifeReleased)
		})},
		"swapped outcomes": {state: calls(func(c *model.Call) {
			c.Outcome.Kind = swapped(c.Outcome.Kind, model.OutcomeReleasedBefore, model.OutcomeDisposed)
		})},
		"a dropped field, waits":  {state: calls(func(c *model.Call) { c.WaitsFor = 0 })},
		"a dropped field, failed": {state: func(s *model.State) { s.Failed = nil }},
	} {
		c := graphs.NewComparison("spec/TLA", "MCRooms_graph1", "tests/graphs/rooms/testdata", New(Bounds{4, 1, 1}), m)
		if e, err := c.CompareGolden(t.Context(), root); err == nil && e.Equal() {
			t.Errorf("%s was not seen", what)
		} else {
			graphs.Caught("mapping-rooms", what)
		}
	}
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

// One edge less is reported.
func TestADifferenceIsSeen(t *testing.T) {
	c := Comparisons()[0]
	dump, err := c.ReadGolden(root)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(dump, []byte(" -> "))
	begin, end := bytes.LastIndexByte(dump[:at], '\n')+1, at+bytes.IndexByte(dump[at:], '\n')+1
	e, err := c.CompareGolden(t.Context(), root, slices.Concat(dump[:begin], dump[end:]))
	if err != nil || e.OnlySpec != 0 || e.OnlyCore != 1 || len(e.Shown) != 1 || e.Shown[0].Only != c.Name {
		t.Errorf("one edge less: %v, %+v", err, e)
	}
	graphs.Caught("mapping-rooms", "an edge less")
}
