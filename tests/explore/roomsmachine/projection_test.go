package roomsmachine

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/tests/explore"
)

func TestTheProjectionOnOneNameIsSaturated(t *testing.T) {
	if raceDetector {
		t.Skip("too slow with the race detector")
	}
	var last Row
	err := Saturate(t.Context(), AllSeries(4), coreOptions{Invariants: Lasting()}, func(s Series, r Row) {
		if s.Name == "all three" {
			last = r
		}
	})
	if err != nil || last.States != 36 || last.Steps != 247 {
		t.Errorf("%v, %+v", err, last)
	}
}

func TestGrowthIsNoticed(t *testing.T) {
	all := AllSeries(4)
	all[0].Bounds = all[0].Bounds[:5]
	if err := Saturate(t.Context(), all, coreOptions{}, func(Series, Row) {}); err == nil || !strings.Contains(err.Error(), "still grows") {
		t.Errorf("%v", err)
	}
	if err := Saturate(t.Context(), AllSeries(4)[4:], coreOptions{}, func(Series, Row) {}); err == nil {
		t.Error("a series with memory alone passes")
	}
	if err := Saturate(t.Context(), AllSeries(4), coreOptions{MaxStates: 100}, func(Series, Row) {}); err == nil {
		t.Error("what was bounded passes")
	}
}

// Without memory there are all the states that there are with it, less the memory; and names and the order of calls can be reduced
// without a change to what one name shows.
func TestForgettingLosesNothingThatOneNameShows(t *testing.T) {
	b, more := Bounds{3, 2, 2}, []Bounds{{3, 2, 2}, {4, 2, 1}, {1, 3, 1}}
	if raceDetector {
		b, more = Bounds{2, 2, 2}, []Bounds{{2, 2, 2}}
	}
	keys := map[string]bool{}
	note := []Invariant{{Name: "Note", State: func(s *State) error {
		f := *s
		f.forget()
		keys[string(f.appendKey(nil))] = true
		return nil
	}}}
	explore.Run(t.Context(), NewCore(b), coreOptions{Workers: 1, SkipUnlikely: true, Invariants: note})
	with := keys
	keys = map[string]bool{}
	r := explore.Run(t.Context(), NewCore(b).WithoutMemory(), coreOptions{Workers: 1, Invariants: append(Lasting(), note...)})
	if r.Verdict != explore.Complete || uint64(len(keys)) != r.States {
		t.Fatalf("%d keys, %+v", len(keys), r)
	}
	for key := range with {
		if !keys[key] {
			t.Fatalf("%q is not reached without memory", key)
		}
	}

	for _, b := range more {
		full, r := Project(t.Context(), NewCore(b).WithoutMemory(), coreOptions{})
		reduced, q := Project(t.Context(), NewCore(b).WithoutMemory(), coreOptions{Symmetry: true})
		if r.Verdict != explore.Complete || q.Verdict != explore.Complete || q.States >= r.States {
			t.Fatalf("%+v\n%+v", r, q)
		}
		if !slices.Equal(slices.Sorted(maps.Keys(full.Steps)), slices.Sorted(maps.Keys(reduced.Steps))) || len(full.States) != len(reduced.States) {
			t.Errorf("%v: %d steps, reduced %d", b, len(full.Steps), len(reduced.Steps))
		}
		projected, _ := Project(t.Context(), NewCore(b), coreOptions{})
		if s, n := full.add(projected); s+n > 0 {
			t.Errorf("%v: with memory one name shows %d states and %d steps more", b, s, n)
		}
	}
}

// A violation without memory comes with a path that the machine with memory can go, to the same violation.
func TestAPathWithoutMemoryIsRecalled(t *testing.T) {
	for name, property := range map[string]string{"half-released": "SixPairs", "second-in-use": "OneInUse", "wedged": "WaitsForPredecessor",
		"open-at-once": "OneOpen"} {
		f, _ := FaultByName(name)
		var broken Invariant
		for _, inv := range Lasting() {
			if inv.Name == property {
				broken = inv
			}
		}
		m := NewCore(Bounds{1, 2, 2}).WithFault(f) // one pending call at a time, so that numbers come again
		if name == "open-at-once" || name == "wedged" {
			m = NewCore(Bounds{2, 2, 2}).WithFault(f)
		}
		r := explore.Run(t.Context(), m.WithoutMemory(), coreOptions{Symmetry: true, Invariants: []Invariant{broken}})
		if r.Verdict != explore.Violated {
			t.Errorf("%s: %+v", name, r)
			continue
		}
		path, err := m.WithoutMemory().Recall(r.Violation.Path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		w := NewCore(Bounds{8, 2, 2}).WithFault(f).Walker()
		for i, in := range path {
			if broken.State(w.State()) != nil {
				t.Errorf("%s: fails before step %d of %v", name, i+1, path)
			}
			if err := w.Load(w.Key(nil)); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Step(in); err != nil {
				t.Errorf("%s: step %d of %v: %v", name, i+1, path, err)
			}
		}
		if broken.State(w.State()) == nil {
			t.Errorf("%s: %v breaks nothing", name, path)
		}
	}
}
