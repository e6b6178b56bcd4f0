package proof

import (
	"path/filepath"
	"testing"

	"ablyrooms.example/tests/report/golden"
)

// TestTheRelationOfLeasesIsTLCs checks that the proved relation of leases has as many states and
// steps as TLC's graph of leases, and checks the proved properties in each state and step. `make
// equality` compares the same graph with model and core.
func TestTheRelationOfLeasesIsTLCs(t *testing.T) {
	t.Parallel()
	p, err := Leases(".", filepath.Join(root, "spec", "TLA"))
	if err != nil {
		t.Fatal(err)
	}
	w := NewSmall(p.System, Bounds{MaxCalls: 4, Names: []string{"a"}, Options: []string{"x"}})
	all := steps(t, w, p.Actions)
	g := &graph{}
	number := map[string]bool{}
	add := func(s State) {
		if k := key(s); !number[k] {
			number[k] = true
			g.states = append(g.states, s)
		}
	}
	add(w.Blank())
	for i := 0; i < len(g.states); i++ {
		for _, s := range all {
			s.Each(g.states[i], func(_ []int, next State) {
				add(next)
				g.count++
			})
		}
	}
	if want := golden.Int("equality/Leases_graph4/states"); len(g.states) != want {
		t.Errorf("%d states, and %d of TLC's", len(g.states), want)
	}
	if want := golden.Int("equality/Leases_graph4/edges"); g.count != want {
		t.Errorf("%d steps, and %d of TLC's", g.count, want)
	}
	for _, broken := range g.broken(t, p, w) {
		t.Error(broken)
	}
	t.Logf("EVIDENCE relation of=Leases_graph4 states=%d edges=%d", len(g.states), g.count)
}
