package roomsmachine

import (
	"maps"
	"slices"
	"testing"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/chain"
	"ablyrooms.example/tests/explore"
)

type (
	coreOptions  = CoreOptions
	modelOptions = explore.Options[*State, *Input, model.Output]
)

// known are the sizes of the graphs, which three separate explorers agree on: TLC, the model's own walk, and this one.
var known = []struct {
	bounds        Bounds
	states, edges uint64
}{
	{Bounds{3, 2, 2}, 22384, 37567},
	{Bounds{4, 1, 2}, 38127, 49124},
	{Bounds{4, 1, 1}, 8705, 11378},
	{Bounds{3, 2, 1}, 5612, 8981},
}

// sizes are those of known that are small enough.
func sizes() (small []struct {
	bounds        Bounds
	states, edges uint64
}) {
	for _, k := range known {
		if !raceDetector || k.states < 10000 {
			small = append(small, k)
		}
	}
	return small
}

func TestModelAndCoreHaveTheKnownSizes(t *testing.T) {
	for _, k := range sizes() {
		core := explore.Run(t.Context(), NewCore(k.bounds), coreOptions{Invariants: Invariants()})
		if core.Verdict != explore.Complete || core.States != k.states || core.Edges != k.edges {
			t.Errorf("core %v: %v, %d states, %d edges, expected %d and %d: %s", k.bounds, core.Verdict, core.States, core.Edges, k.states, k.edges, core.Reason)
		}
		reference := explore.Run(t.Context(), NewModel(k.bounds), modelOptions{})
		if reference.Verdict != explore.Complete || reference.States != core.States || reference.Edges != core.Edges ||
			reference.Refused != core.Refused || !slices.Equal(reference.Levels, core.Levels) || !maps.Equal(reference.Actions, core.Actions) {
			t.Errorf("%v: model %+v\ncore %+v", k.bounds, reference, core)
		}
		if tried := uint64(len(NewCore(k.bounds).Alphabet())) * core.States; core.Edges+core.Refused != tried {
			t.Errorf("%v: %d inputs were taken and %d refused, of %d", k.bounds, core.Edges, core.Refused, tried)
		}
	}
}

// The largest that plain tests go to leaves out trying what the environment knows to be impossible.
func TestTheCoreAtFourCalls(t *testing.T) {
	if raceDetector {
		t.Skip("too slow with the race detector, which finds nothing here that it does not find in smaller graphs")
	}
	r := explore.Run(t.Context(), NewCore(Bounds{4, 2, 2}), coreOptions{Invariants: Invariants(), SkipUnlikely: true})
	if r.Verdict != explore.Complete || r.States != 587777 || r.Edges != 1095940 {
		t.Errorf("%+v", r)
	}
}

func TestOrbitsAddUp(t *testing.T) {
	for _, k := range sizes() {
		for _, s := range []Symmetry{Global, ByName} {
			r := explore.Run(t.Context(), NewCore(k.bounds).WithSymmetry(s), coreOptions{Symmetry: true, SkipUnlikely: true, Invariants: Invariants()})
			if r.Verdict != explore.Complete || r.Orbits != k.states || r.States > k.states {
				t.Errorf("%v, symmetry %d: %d states stand for %d, expected %d: %s", k.bounds, s, r.States, r.Orbits, k.states, r.Reason)
			}
			m := explore.Run(t.Context(), NewModel(k.bounds).WithSymmetry(s), modelOptions{Symmetry: true, SkipUnlikely: true})
			if m.States != r.States || m.Orbits != r.Orbits || m.Edges != r.Edges {
				t.Errorf("%v, symmetry %d: model %+v\ncore %+v", k.bounds, s, m, r)
			}
		}
	}
}

// A state, its image in the model and its key each give back the others, and the core that is restored from it is in the state that
// the chain's mapping expects.
func TestStatesMapToTheModelOneToOne(t *testing.T) {
	texts := map[string]bool{}
	keys := map[string]bool{}
	b := Bounds{3, 2, 2}
	r := explore.Run(t.Context(), NewCore(b), coreOptions{Workers: 1, SkipUnlikely: true, Invariants: []Invariant{{Name: "Maps", State: func(s *State) error {
		m := s.Model()
		if back := FromModel(m); back != *s {
			t.Fatalf("%+v becomes %v and that %+v", *s, m, back)
		}
		var again State
		if err := again.load(s.appendKey(nil)); err != nil || again != *s {
			t.Fatalf("%+v is loaded as %+v, %v", *s, again, err)
		}
		w := &coreWalker{core: fsm.NewRooms[string](), state: *s}
		if err := w.restore(); err != nil {
			t.Fatal(err)
		}
		texts[m.String()], keys[m.Key()] = true, true
		return chain.CompareState(m, w.core)
	}}}})
	if r.Verdict != explore.Complete || uint64(len(texts)) != r.States || uint64(len(keys)) != r.States {
		t.Errorf("%d states, %d texts, %d keys: %s", r.States, len(texts), len(keys), r.Reason)
	}
}

// halves splits an invariant in what it says of states and of steps.
func halves(inv Invariant) (list []Invariant) {
	if inv.State != nil {
		list = append(list, Invariant{Name: inv.Name + " (states)", State: inv.State})
	}
	if inv.Step != nil {
		list = append(list, Invariant{Name: inv.Name + " (steps)", Step: inv.Step})
	}
	return list
}

func TestEachInvariantFailsOnAPlantedFault(t *testing.T) {
	failed := map[string]bool{}
	for _, f := range Faults() {
		machine := NewCore(Bounds{4, 1, 2}).WithFault(f)
		for _, inv := range Invariants() {
			if !slices.Contains(f.Breaks, inv.Name) {
				continue
			}
			any := false
			for _, half := range halves(inv) {
				r := explore.Run(t.Context(), machine, coreOptions{SkipUnlikely: true, Invariants: []Invariant{half}})
				if r.Verdict == explore.Violated && r.Violation.Property == half.Name {
					failed[half.Name], any = true, true
				}
			}
			if !any {
				t.Errorf("the fault %s does not break %s", f.Name, inv.Name)
			}
		}
	}
	for _, inv := range Invariants() {
		for _, half := range halves(inv) {
			if !failed[half.Name] {
				t.Errorf("no fault breaks %s", half.Name)
			}
		}
	}
}

// What the reduced graph shows of the properties is what the full one does: the same verdict, and as short a counterexample, which the
// machine can go.
func TestSymmetryHidesNoViolation(t *testing.T) {
	violated := 0
	for _, f := range Faults() {
		m := NewCore(Bounds{3, 2, 2}).WithFault(f)
		full := explore.Run(t.Context(), m, coreOptions{Invariants: Invariants(), SkipUnlikely: true})
		for _, s := range []Symmetry{Global, ByName} {
			r := explore.Run(t.Context(), m.WithSymmetry(s), coreOptions{Invariants: Invariants(), SkipUnlikely: true, Symmetry: true})
			if r.Verdict != full.Verdict {
				t.Errorf("%s, symmetry %d: %v, and %v without", f.Name, s, r.Verdict, full.Verdict)
				continue
			}
			if r.Verdict != explore.Violated {
				continue
			}
			violated++
			if r.Violation.Property != full.Violation.Property || len(r.Violation.Path) != len(full.Violation.Path) {
				t.Errorf("%s, symmetry %d: %v, and %v without", f.Name, s, r.Violation, full.Violation)
			}
			w := m.Walker()
			for i, in := range r.Violation.Path {
				if err := w.Load(w.Key(nil)); err != nil {
					t.Fatal(err)
				}
				if _, err := w.Step(in); err != nil && i < len(r.Violation.Path)-1 {
					t.Errorf("%s, symmetry %d: %v in %v", f.Name, s, err, r.Violation.Path)
				}
			}
		}
	}
	if violated < 24 {
		t.Errorf("only %d violations were compared", violated)
	}
}

func TestARefusedInputThatChangesTheCoreIsFound(t *testing.T) {
	f, _ := FaultByName("leak")
	r := explore.Run(t.Context(), NewCore(Bounds{2, 1, 1}).WithFault(f), coreOptions{})
	if r.Verdict != explore.Violated || r.Violation.Property != explore.Unchanged || len(r.Violation.Path) != 2 {
		t.Errorf("%v %+v", r.Verdict, r.Violation)
	}
}

func TestBoundsAreChecked(t *testing.T) {
	for _, b := range []Bounds{{0, 1, 1}, {9, 1, 1}, {1, 9, 1}, {1, 1, 9}, {1, 1, 0}} {
		if b.Check() == nil {
			t.Errorf("%v are taken", b)
		}
	}
}
