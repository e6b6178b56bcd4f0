package model

import (
	"slices"
	"testing"
)

func TestStringsReadAsScripts(t *testing.T) {
	for want, value := range map[string]interface{ String() string }{
		"get(1, a, x)":          Get(1, "a", "x"),
		`get(1, "", "x, y")`:    Get(1, "", "x, y"),
		"release(2, room-1::x)": Release(2, "room-1::x"),
		"dispose(3)":            Dispose(3),
		"giveUp(1)":             GiveUp(1),
		"openFailed(4)":         OpenFailed(4),
		"releaseFailed(4)":      ReleaseFailed(4),
		"invalid(0)(0)":         Input{},
		"abandon(2)":            Output{Kind: OutputAbandon, Incarnation: 2},
		"settle(1, failed{2})":  Output{Kind: OutputSettle, Call: 1, Outcome: Outcome{Kind: OutcomeFailed, Failed: []int{2}}},
		"room(7)":               Outcome{Kind: OutcomeRoom, Incarnation: 7},
		"pending":               Outcome{},
		"invalid(9)":            Life(9),
		"calls [get(1, a, x) room(1) @1, release(2, a) pending @1] incarnations [1 a/x releasing+closing after opened]": after(t,
			Get(1, "a", "x"), Opened(1), Release(2, "a")),
		"calls [get(1, a, x) room(1) @1, dispose(2) failed{1}] incarnations [1 a/x released after releaseFailed] failed {1}": after(t,
			Get(1, "a", "x"), Opened(1), Dispose(2), ReleaseFailed(1)),
	} {
		if got := value.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// Names and options are opaque: no choice of them gives two different states the same key.
func TestKeyTellsOpaqueStringsApart(t *testing.T) {
	odd := []string{"", " ", "a", "1 a", "a1 x", "a\x00", `a"`, "ä", "c1 1 a1 x0 0 0 0 ", "i", "f0 "}
	seen := map[string]State{}
	add := func(s State) {
		t.Helper()
		if twin, ok := seen[s.Key()]; ok {
			t.Errorf("one key for %v and %v", twin, s)
		}
		seen[s.Key()] = s
	}
	add(State{})
	for _, name := range odd {
		for _, options := range odd {
			s := after(t, Get(1, name, options))
			add(s)
			for _, second := range odd {
				add(after(t, Get(1, name, options), Get(2, second, options)))
			}
		}
	}
}

// Key and Equal depend on each field.
func TestKeyAndEqualTakeInEveryField(t *testing.T) {
	base := after(t, Get(1, "a", "x"), Opened(1), Get(2, "b", "x"), Dispose(3), ReleaseFailed(1), OpenFailed(2))
	for name, change := range map[string]func(*State){
		"call kind":           func(s *State) { s.Calls[0].Kind = KindRelease },
		"call name":           func(s *State) { s.Calls[0].Name = "b" },
		"call options":        func(s *State) { s.Calls[0].Options = "y" },
		"call waits for":      func(s *State) { s.Calls[0].WaitsFor = 2 },
		"outcome kind":        func(s *State) { s.Calls[0].Outcome.Kind = OutcomeOpenFailed },
		"outcome incarnation": func(s *State) { s.Calls[0].Outcome.Incarnation = 2 },
		"outcome failed":      func(s *State) { s.Calls[2].Outcome.Failed[0] = 2 },
		"a call less":         func(s *State) { s.Calls = s.Calls[:2] },
		"incarnation name":    func(s *State) { s.Incarnations[0].Name = "b" },
		"incarnation options": func(s *State) { s.Incarnations[0].Options = "y" },
		"life":                func(s *State) { s.Incarnations[0].Life = LifeReleasing },
		"work":                func(s *State) { s.Incarnations[0].Work = WorkClosing },
		"ended":               func(s *State) { s.Incarnations[0].Ended = KindReleased },
		"one less":            func(s *State) { s.Incarnations = s.Incarnations[:1] },
		"failed":              func(s *State) { s.Failed = nil },
	} {
		changed := base.Clone()
		if !changed.Equal(base) || changed.Key() != base.Key() {
			t.Fatal("a clone differs")
		}
		change(&changed)
		if changed.Equal(base) || changed.Key() == base.Key() {
			t.Errorf("%s: a change of it is not seen", name)
		}
	}
	empty := State{Calls: []Call{}, Incarnations: []Incarnation{}, Failed: []int{}}
	if !empty.Equal(State{}) || empty.Key() != (State{}).Key() {
		t.Error("empty and absent slices differ")
	}
}

// Two steps are taken from one state whose slices have spare capacity. If the first appended in
// place, the second would overwrite its result.
func TestStepsFromOneStateDontMeet(t *testing.T) {
	roomy := after(t, Get(1, "a", "x"), Opened(1), Get(2, "b", "x"), Opened(2), Dispose(3))
	roomy.Calls = slices.Grow(roomy.Calls, 8)
	roomy.Incarnations = slices.Grow(roomy.Incarnations, 8)
	roomy.Failed = slices.Grow(roomy.Failed, 8)
	before := roomy.Clone()

	one, _, _ := roomy.Step(ReleaseFailed(1))
	kept := one.Clone()
	two, _, _ := roomy.Step(ReleaseFailed(2))
	_, _, _ = roomy.Step(Get(4, "c", "y"))
	if !one.Equal(kept) || !roomy.Equal(before) || slices.Equal(two.Failed, one.Failed) {
		t.Errorf("steps met: %v, %v, from %v", one, two, roomy)
	}
}

// The state after a step shares no memory with the state before it, nor with the outputs.
func TestStepSharesNoMemory(t *testing.T) {
	before := after(t, Get(1, "a", "x"), Opened(1), Get(2, "b", "x"), Opened(2), Dispose(3), Dispose(4), ReleaseFailed(1))
	kept := before.Clone()
	next, outputs, err := before.Step(ReleaseFailed(2))
	if err != nil {
		t.Fatal(err)
	}
	nextKept := next.Clone()
	for i := range outputs {
		for j := range outputs[i].Outcome.Failed {
			outputs[i].Outcome.Failed[j] = 99
		}
	}
	if !next.Equal(nextKept) {
		t.Error("writing to the outputs changed the state")
	}
	scribble(next)
	if !before.Equal(kept) {
		t.Error("writing to the state after changed the state before")
	}

	ended := nextKept.Clone()
	again, _, err := ended.Step(Dispose(5))
	if err != nil {
		t.Fatal(err)
	}
	scribble(again)
	if !ended.Equal(nextKept) {
		t.Error("writing to the state after changed an outcome in the state before")
	}
}

// scribble overwrites all memory of the state.
func scribble(s State) {
	for i := range s.Calls {
		for j := range s.Calls[i].Outcome.Failed {
			s.Calls[i].Outcome.Failed[j] = 77
		}
		s.Calls[i] = Call{Kind: KindRelease, Name: "scribble"}
	}
	for i := range s.Incarnations {
		s.Incarnations[i] = Incarnation{Name: "scribble"}
	}
	for i := range s.Failed {
		s.Failed[i] = 77
	}
}
