package toy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/tests/graphs"
)

// The lock with n clients has a state for each ordered selection of clients. In each state, each
// client can do one thing.
func TestTheExplorerCountsWhatIsKnown(t *testing.T) {
	for n, states := range map[uint64]uint64{2: 1 + 2 + 2, 3: 1 + 3 + 6 + 6, 4: 1 + 4 + 12 + 24 + 24} {
		m := New(int(n))
		r := graphs.Explore(t.Context(), m, graphs.Options{Against: true})
		if r.Verdict != graphs.Complete || r.States != states || r.Orbits != states || r.Edges != n*states ||
			r.Steps != r.Edges || r.Refused != 2*n*states || r.Ends != 0 || r.Depth() != int(n) ||
			!slices.Equal(r.Levels[:2], []uint64{1, n}) || r.Actions["give"] != states-1 {
			t.Errorf("with %d clients, the result is %+v", n, r)
		}
		r = graphs.Explore(t.Context(), m, graphs.Options{Symmetry: true})
		if r.Verdict != graphs.Complete || r.States != n+1 || r.Orbits != states || r.Steps != n*states {
			t.Errorf("with %d clients and the symmetry, the result is %+v", n, r)
		}
		count := 0
		found, steps, err := graphs.EachStep(t.Context(), m, func([]Input) error { count++; return nil })
		if err != nil || found != int(states) || steps != int(n*states) || count != steps {
			t.Errorf("with %d clients, EachStep visited %d states and %d of %d steps, and returned %v", n, found, count, steps, err)
		}
	}
}

func TestEndsThatAreNoPass(t *testing.T) {
	never := errors.New("never")
	initial := New(3)
	initial.Properties = []graphs.Property[Model, Input, Granted]{{Name: "Never", State: func(*Model) error { return never }}}
	two, _ := New(3).WithFault("two-holders")
	thrown := New(3)
	thrown.Faults[0].Tamper = func(_ *State, in Input, _ *State, outs []Granted) []Granted {
		if in.Kind == Leave {
			panic("thrown")
		}
		return outs
	}
	thrown, _ = thrown.WithFault("two-holders")
	for reason, c := range map[string]struct {
		m    Machine
		path []Input
	}{
		"Never fails after 0 steps: never":                       {initial, nil},
		"OneHolder fails after 2 steps: 2 clients have the lock": {two, []Input{{Ask, 1}, {Ask, 2}}},
		"MachineIsSound fails after 3 steps: panic: thrown":      {thrown, []Input{{Ask, 1}, {Ask, 2}, {Leave, 2}}},
	} {
		r := graphs.Explore(t.Context(), c.m, graphs.Options{})
		if r.Verdict != graphs.Violated || r.Reason != reason || !slices.Equal(r.Violation.Path, c.path) {
			t.Errorf("the result is %+v, expected a violation with %s", r, reason)
		}
	}
	if _, _, err := graphs.ToGraph(t.Context(), thrown); err == nil || !strings.Contains(err.Error(), "thrown") {
		t.Errorf("building the graph of a core that panics returned the error %v", err)
	}
	r := graphs.Explore(t.Context(), New(4), graphs.Options{MaxStates: 20})
	if r.Verdict != graphs.Bounded || !slices.Equal(r.Levels, []uint64{1, 4, 12}) {
		t.Errorf("with MaxStates, the result is %+v", r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := graphs.Explore(ctx, New(3), graphs.Options{}); r.Verdict != graphs.Stopped {
		t.Errorf("with an ended context, the result is %+v", r)
	}
	if _, err := graphs.CheckLiveness(ctx, New(3)); err == nil {
		t.Error("liveness was checked, although the context had ended")
	}
}
