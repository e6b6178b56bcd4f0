// Package graphtest has the tests that every machine of package graphs needs.
package graphtest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/report/golden"
)

// Root is the path to the module's root from the folder of a machine.
const Root = "../../.."

// Sizes explores those of the machines that have at most limit states. It tries all inputs in each
// state, compares with the model, and checks all properties and the known size of the graph. If a
// machine has a symmetry, Sizes explores it again with the symmetry. It must not visit more states
// then, and the states that they represent must add up to the same size.
func Sizes[S, M, I, O any](t *testing.T, machines []graphs.Machine[S, M, I, O], limit int) {
	for _, m := range machines {
		if golden.Int(m.Golden+"/states") > limit {
			continue
		}
		r := graphs.Explore(t.Context(), m, graphs.Options{Against: true})
		if err := r.Check(m.Golden); err != nil {
			t.Error(err)
		}
		if tried := uint64(len(m.Inputs)) * r.States; r.Edges+r.Refused != tried {
			t.Errorf("%s: %d inputs were taken and %d refused, which must add up to %d", m.Name, r.Edges, r.Refused, tried)
		}
		fmt.Printf("EVIDENCE explored of=%s states=%d steps=%d refusals=%d properties=%d\n", m.Golden, r.States,
			r.Edges, r.Refused, len(m.PropertyNames()))
		if m.Canonical == nil {
			continue
		}
		reduced := graphs.Explore(t.Context(), m, graphs.Options{Symmetry: true, Possible: true})
		if err := reduced.Check(m.Golden); err != nil || reduced.States > r.States {
			t.Errorf("%s: with the symmetry, %d states were visited: %v", m.Name, reduced.States, err)
		}
	}
}

// Faults plants all faults. Each property that a fault lists must catch it, and each property must
// catch some fault: see [graphs.CheckFaults].
func Faults[S, M, I, O any](t *testing.T, family string, m, live graphs.Machine[S, M, I, O]) map[string]bool {
	broken, err := graphs.CheckFaults(t.Context(), family, m, live)
	if err != nil {
		t.Error(err)
	}
	fmt.Printf("EVIDENCE explorer_faults of=%s planted=%d properties=%d\n", family, len(m.Faults), len(broken))
	return broken
}

// Liveness checks the liveness of core and model, and that each conjunct of the fairness is needed.
func Liveness[S, M, I, O any](t *testing.T, family string, m graphs.Machine[S, M, I, O]) *graphs.LivenessReport[I] {
	r, err := graphs.CheckLiveness(t.Context(), m)
	of, err2 := graphs.CheckLiveness(t.Context(), m.OfModel())
	if err != nil || err2 != nil || r.Err() != nil || of.States != r.States || of.Edges != r.Edges {
		t.Fatalf("liveness: core error %v, model error %v, report error %v; the graphs of core and model must have equal sizes: core %+v, model %+v", err, err2, r.Err(), r, of)
	}
	for conjunct := range r.Without {
		graphs.Caught("fairness-"+family, conjunct)
	}
	fmt.Printf("EVIDENCE liveness_checked of=%s states=%d steps=%d properties=%d fairness=%d\n", m.Golden, r.States,
		r.Edges, r.Properties, len(r.Without))
	return r
}

// Equal reads the spec's graph from the dump that is kept for tests. It compares the graph with
// core and model: neither side may have an edge that the other lacks. It also compares the refused
// inputs. Then it removes an edge from the dump, and checks that the comparison notices that.
func Equal(t *testing.T, family string, c graphs.Comparison) {
	dump, err := c.ReadGolden(Root)
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.Compare(t.Context(), dump)
	if err == nil {
		err = e.Check()
	}
	if err != nil {
		t.Fatalf("the graphs must be equal: %v, %+v", err, e)
	}
	fmt.Printf("EVIDENCE golden of=%s states=%d edges=%d refused=%d\n", c.Config, e.States, e.Edges, e.Refused)

	at := bytes.LastIndex(dump, []byte(" -> "))
	begin, end := bytes.LastIndexByte(dump[:at], '\n')+1, at+bytes.IndexByte(dump[at:], '\n')+1
	e, err = c.Compare(t.Context(), slices.Concat(dump[:begin], dump[end:]))
	if err != nil || e.OnlySpec != 0 || e.OnlyCore != 1 || len(e.Shown) != 1 || e.Shown[0].Only != c.Name {
		t.Fatalf("the comparison did not report the missing edge: %v, %+v", err, e)
	}
	graphs.Caught("mapping-"+family, "an edge less")
}

// Broken is a mapping with a planted fault.
type Broken[N any] struct {
	graphs.Mapping[N]
	Spoil   func(*N)  // changes the states that are read; may be nil
	Swapped [2]string // each of these actions is read as the other
}

// State implements [graphs.Mapping].
func (b Broken[N]) State(vars graphs.Value) (N, error) {
	n, err := b.Mapping.State(vars)
	if b.Spoil != nil {
		b.Spoil(&n)
	}
	return n, err
}

// Step implements [graphs.Mapping].
func (b Broken[N]) Step(action string, before, after N) (string, error) {
	if i := slices.Index(b.Swapped[:], action); i >= 0 {
		action = b.Swapped[1-i]
	}
	return b.Mapping.Step(action, before, after)
}

// BrokenMappings reads the dump that is kept for tests with mappings that have a fault. For each,
// the graphs must differ, or reading must fail.
func BrokenMappings[S, M, I, O, N any](t *testing.T, family string, c graphs.Comparison, m graphs.Machine[S, M, I, O],
	mapping graphs.Mapping[N], broken map[string]Broken[N]) {
	dump, err := c.ReadGolden(Root)
	if err != nil {
		t.Fatal(err)
	}
	core, _, err := graphs.ToGraph(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	for what, wrong := range broken {
		wrong.Mapping = mapping
		spec, err := graphs.ReadDot("the spec", bytes.NewReader(dump), wrong)
		if err == nil { // an error of ReadDot shows the fault too
			if found, a, b := graphs.Compare(spec, core, 1); a+b+len(found) == 0 {
				t.Errorf("%s: the faulty mapping was not noticed", what)
				continue
			}
		}
		graphs.Caught("mapping-"+family, what)
	}
}

// Scripts runs random scripts on core and model, step by step. A script has at most longest inputs.
// In each
// state it also tries all inputs that must be refused.
func Scripts[S, M, I, O any](t *testing.T, m graphs.Machine[S, M, I, O], longest int, weight func(I) int) {
	rapid.Check(t, func(t *rapid.T) {
		script := Script(t, m, longest, weight)
		if err := graphs.Follow(m, script); err != nil {
			t.Fatalf("%v\n%s", err, graphs.Script(m, script))
		}
	})
}

// Script draws a script of at most longest inputs. weight says how often an input is drawn,
// relative to the others.
func Script[S, M, I, O any](t *rapid.T, m graphs.Machine[S, M, I, O], longest int, weight func(I) int) []I {
	return graphs.Draw(m, rapid.IntRange(1, longest).Draw(t, "length"), func(enabled []I) int {
		total := 0
		for _, in := range enabled {
			total += weight(in)
		}
		at := rapid.IntRange(0, total-1).Draw(t, "input")
		return slices.IndexFunc(enabled, func(in I) bool { at -= weight(in); return at < 0 })
	})
}
