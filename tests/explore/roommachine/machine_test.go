package roommachine

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/explore"
)

type options = explore.Options[*State, *Input, Output]

// known are the sizes of the graphs. Those that are bare are of the room alone, which other explorers count too.
var known = []struct {
	bounds        Bounds
	states, edges uint64
}{
	{Bounds{Calls: 3, Errors: 1}, 15641, 368040},
	{Bounds{Calls: 3, Errors: 1, Promised: true}, 14282, 334521},
	{Bounds{Calls: 2, Errors: 2}, 4541, 150819},
	{Bounds{Calls: 3, Errors: 1, Bare: true}, 7424, 175323},
}

func TestCoreAndModelHaveTheKnownSizes(t *testing.T) {
	t.Parallel()
	for _, k := range known {
		if raceDetector && k.states > 10000 {
			continue
		}
		o := options{Invariants: Invariants(k.bounds)}
		if k.bounds.Bare {
			o.Invariants = nil
		}
		core := explore.Run(t.Context(), NewCore(k.bounds), o)
		if core.Verdict != explore.Complete || core.States != k.states || core.Edges != k.edges {
			t.Errorf("core %v: %v, %d states, %d edges, expected %d and %d: %s", k.bounds, core.Verdict, core.States, core.Edges, k.states, k.edges, core.Reason)
		}
		reference := explore.Run(t.Context(), NewModel(k.bounds), o)
		if reference.Verdict != explore.Complete || reference.States != core.States || reference.Edges != core.Edges ||
			reference.Refused != core.Refused || !slices.Equal(reference.Levels, core.Levels) || !maps.Equal(reference.Actions, core.Actions) {
			t.Errorf("%v: model %+v\ncore %+v", k.bounds, reference, core)
		}
		if tried := uint64(len(NewCore(k.bounds).Alphabet())) * core.States; core.Edges+core.Refused != tried {
			t.Errorf("%v: %d inputs were taken and %d refused, of %d", k.bounds, core.Edges, core.Refused, tried)
		}
		fmt.Printf("EVIDENCE room_explored calls=%d errors=%d promised=%t bare=%t states=%d steps=%d refusals=%d properties=%d\n", k.bounds.Calls,
			k.bounds.Errors, k.bounds.Promised, k.bounds.Bare, core.States, core.Edges, core.Refused, len(o.Invariants))
	}
}

// The core and the model have one graph: the same states, texts and all, and the same steps with the same outputs.
func TestCoreAndModelHaveTheSameGraph(t *testing.T) {
	t.Parallel()
	b := Bounds{Calls: 2, Errors: 1, Bare: true}
	graph := func(m Machine) *explore.Graph {
		space, err := explore.Build(t.Context(), m, explore.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		g, err := space.Graph()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	core, reference := graph(NewCore(b)), graph(NewModel(b))
	if !slices.Equal(core.States, reference.States) {
		t.Errorf("%d and %d states", len(core.States), len(reference.States))
	}
	if !slices.EqualFunc(core.Edges, reference.Edges, func(a, b explore.Edge) bool {
		return a.From == b.From && a.To == b.To && a.Label == b.Label && slices.Equal(a.Outputs, b.Outputs)
	}) {
		t.Errorf("%d and %d edges, or others", len(core.Edges), len(reference.Edges))
	}
}

// A state is loaded from its key as it was, and no two have one key.
func TestKeysAreTheWholeState(t *testing.T) {
	t.Parallel()
	texts, m := map[string]bool{}, NewCore(Bounds{Calls: 3})
	r := explore.Run(t.Context(), m, options{Workers: 1, SkipUnlikely: true, Invariants: []Invariant{{Name: "Loads", State: func(s *State) error {
		var again State
		if err := again.load(s.appendKey(nil)); err != nil {
			return err
		}
		if text := m.StateText(s); m.StateText(&again) != text {
			return fmt.Errorf("%s is loaded as %s", text, m.StateText(&again))
		}
		texts[m.StateText(s)] = true
		return nil
	}}}})
	if r.Verdict != explore.Complete || uint64(len(texts)) != r.States {
		t.Errorf("%d states, %d texts: %s", r.States, len(texts), r.Reason)
	}
	if (&State{}).load([]byte{1, 2}) == nil {
		t.Error("a key that is too short is loaded")
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
	t.Parallel()
	b := Bounds{Calls: 3, Errors: 1, Promised: true}
	failed, planted := map[string]bool{}, 0
	for _, f := range Faults() {
		planted++
		for _, inv := range Invariants(b) {
			if !slices.Contains(f.Breaks, inv.Name) {
				continue
			}
			found := false
			for _, half := range halves(inv) {
				r := explore.Run(t.Context(), NewCore(b).WithFault(f), options{SkipUnlikely: true, Invariants: []Invariant{half}})
				if r.Verdict == explore.Violated && r.Violation.Property == half.Name {
					failed[half.Name], found = true, true
				}
			}
			if !found {
				t.Errorf("the fault %s does not break %s", f.Name, inv.Name)
			}
		}
	}
	for _, inv := range Invariants(b) {
		for _, half := range halves(inv) {
			if !failed[half.Name] {
				t.Errorf("no fault breaks %s", half.Name)
			}
		}
	}
	fmt.Printf("EVIDENCE room_explorer_faults planted=%d properties=%d\n", planted, len(failed))
}

func TestARefusedInputThatChangesTheCoreIsFound(t *testing.T) {
	t.Parallel()
	f, _ := FaultByName("leak")
	r := explore.Run(t.Context(), NewCore(Bounds{Calls: 1}).WithFault(f), options{})
	if r.Verdict != explore.Violated || r.Violation.Property != explore.Unchanged || len(r.Violation.Path) != 2 {
		t.Errorf("%v %+v", r.Verdict, r.Violation)
	}
}

// The properties that name the port's promise need it.
func TestThePromiseIsNeeded(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]Input{
		"AttachedOnlyIf": {model.RoomAttach(1), model.AttachEnded(0)},
		"OwnEventSilent": {model.RoomAttach(1), model.AttachEnded(0), model.ChannelTurned(model.ChannelAttached, 0)},
	} {
		all := Invariants(Bounds{Promised: true})
		i := slices.IndexFunc(all, func(inv Invariant) bool { return inv.Name == name })
		r := explore.Run(t.Context(), NewCore(Bounds{Calls: 1}), options{Invariants: all[i : i+1]})
		var path []Input
		if r.Verdict == explore.Violated {
			for _, in := range r.Violation.Path {
				path = append(path, *in)
			}
		}
		if !slices.Equal(path, want) {
			t.Errorf("%s: %v by %v, want %v", name, r.Verdict, path, want)
		}
	}
}

func TestBoundsAreChecked(t *testing.T) {
	t.Parallel()
	for _, b := range []Bounds{{}, {Calls: 9}, {Calls: 1, Errors: -1}, {Calls: 1, Errors: 4}, {Calls: 1, Bare: true, Promised: true}} {
		if b.Check() == nil {
			t.Errorf("%v are taken", b)
		}
	}
}
