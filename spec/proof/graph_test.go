package proof

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/rooms"
)

const root = "../.."

// read reads the proof of a spec.
func read(t testing.TB, name string) *Proof {
	t.Helper()
	m, err := tla.Read(name+"Proof", ".", filepath.Join(root, "spec", "TLA"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := proofs[name](m)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func readRooms(t testing.TB) *Proof {
	t.Helper()
	return read(t, "Rooms")
}

// fromTLC converts a state that TLC printed, variable by variable, in the system's order.
func fromTLC(w *Small, vars graphs.Value) (State, error) {
	s := w.Blank()
	for _, v := range w.System.Variables {
		if v.Name == "parted" || v.Name == "since" {
			continue // a history variable of the proof, which the spec lacks
		}
		of := vars.Field(v.Name)
		if v.kind == numbers {
			for _, item := range of.Items {
				w.Set(s, v.Name, 1, item.Number, 0)
			}
			continue
		}
		for i := 1; i <= of.Len(); i++ {
			for _, f := range v.parts[0].Type.parts {
				if err := setField(w, s, v.Name+"."+f.Name, i, of.At(i).Field(f.Name)); err != nil {
					return nil, err
				}
			}
		}
	}
	setHistory(w, s)
	return s, nil
}

func setField(w *Small, s State, symbol string, i int, v graphs.Value) error {
	switch p := w.layout[symbol]; p.symbol.Sort {
	case "Int":
		w.Set(s, symbol, v.Number, i, 0)
	case "Word":
		w.SetWord(s, symbol, v.Text, i)
	case "Name":
		n, err := w.Name(v.Text)
		if err != nil {
			return err
		}
		w.Set(s, symbol, n, i, 0)
	case "Bool":
		for _, item := range v.Items {
			w.Set(s, symbol, 1, i, item.Number)
		}
	}
	return nil
}

// setHistory computes the proof's history variables from the calls, without the proof's module: for
// each name, the last call that separates its gets; for each call of a name, the call that was last
// when it began. Leases have the same history, but only of releases by name and of disposes.
func setHistory(w *Small, s State) {
	is := func(c int, word string) bool { return w.Get(s, "calls.op", c, 0) == w.word(word) }
	byName := func(c int) bool { return is(c, "release") }
	setLast(w, s, "parted", "since", func(c int) bool {
		return byName(c) || is(c, "releaseIf") && w.Get(s, "calls.waits", c, 0) != 0
	})
	if _, ok := w.layout["named"]; ok {
		setLast(w, s, "named", "sinceNamed", byName)
	}
}

// setLast sets, for each name, the last call that separates its gets: a dispose, or a call of the
// name for which parts is true. For each call, it sets the call that was last when it began.
func setLast(w *Small, s State, last, since string, parts func(call int) bool) {
	at := make([]int, 1+len(w.Bounds.Names))
	dispose := w.word("dispose")
	for c := 1; c <= w.Bounds.MaxCalls; c++ {
		name := w.Get(s, "calls.name", c, 0)
		w.Set(s, since, at[name], c, 0)
		for n := 1; n <= len(w.Bounds.Names); n++ {
			if w.Get(s, "calls.op", c, 0) == dispose || name == n && parts(c) {
				at[n] = c
				w.Set(s, last, c, n, 0)
			}
		}
	}
}

// graph is a state graph: the states, and for each state the next states of each action.
type graph struct {
	states []State
	edges  []map[string][]string // for each state, by action, the sorted keys of the next states
	count  int
}

func key(s State) string {
	b := make([]byte, len(s))
	for i, v := range s {
		b[i] = byte(v)
	}
	return string(b)
}

// tlcGraph reads the graph of one name that TLC made.
func tlcGraph(t testing.TB, w *Small) *graph {
	t.Helper()
	g, err := keptGraph(w)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

var dump = sync.OnceValues(func() ([]byte, error) { return rooms.Comparisons()[0].ReadGolden(root) })

func keptGraph(w *Small) (*graph, error) {
	text, err := dump()
	if err != nil {
		return nil, err
	}
	return readGraph(w, text, fromTLC)
}

// readGraph reads a graph that TLC printed.
func readGraph(w *Small, text []byte, read func(*Small, graphs.Value) (State, error)) (*graph, error) {
	g := &graph{}
	number := map[string]int{}
	type edge struct{ from, to, action string }
	var edges []edge
	err := tlcrun.EachLine(bytes.NewReader(text), func(l tlcrun.DumpLine) error {
		if l.To != nil {
			edges = append(edges, edge{string(l.From), string(l.To), l.Label()})
			return nil
		}
		vars, err := graphs.ParseState(l.Label())
		if err != nil {
			return err
		}
		s, err := read(w, vars)
		number[string(l.From)] = len(g.states)
		g.states, g.edges = append(g.states, s), append(g.edges, map[string][]string{})
		return err
	})
	for _, e := range edges {
		to := g.edges[number[e.from]]
		to[e.action] = append(to[e.action], key(g.states[number[e.to]]))
		g.count++
	}
	for _, to := range g.edges {
		for action := range to {
			to[action] = distinct(to[action])
		}
	}
	return g, err
}

// distinct sorts the keys and removes duplicates.
func distinct(keys []string) []string {
	slices.Sort(keys)
	return slices.Compact(keys)
}

// difference compares an action's steps with the graph's, in all states. Neither side may have a
// step that the other lacks.
func (g *graph) difference(s *Steps) string {
	for i, from := range g.states {
		var to []string
		s.Each(from, func(_ []int, next State) { to = append(to, key(next)) })
		if to = distinct(to); !slices.Equal(to, g.edges[i][s.Action.Name]) {
			return fmt.Sprintf("%s in state %d: %d steps, and %d of the graph's", s.Action.Name, i, len(to),
				len(g.edges[i][s.Action.Name]))
		}
	}
	return ""
}

// one has the bounds of the stored graph.
var one = Bounds{MaxCalls: 4, Names: []string{"a"}, Options: []string{"x"}, Conditional: true}

func steps(t testing.TB, w *Small, actions []Action) []*Steps {
	t.Helper()
	all, err := w.Steps(actions)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// nonedges returns the number of pairs of states that are not an edge.
func (g *graph) nonedges() int {
	n := len(g.states) * len(g.states)
	for _, by := range g.edges {
		var to []string
		for _, next := range by {
			to = append(to, next...)
		}
		n -= len(distinct(to))
	}
	return n
}

// TestTheRelationIsTLCs checks that from each state of TLC's graph, the proved relation takes the
// same actions to the same states and to no others. So it refutes each pair of states that is not
// an edge in the graph. It also checks the proved properties in each state and step.
func TestTheRelationIsTLCs(t *testing.T) {
	t.Parallel()
	p := readRooms(t)
	w := NewSmall(p.System, one)
	g := tlcGraph(t, w)
	for _, s := range steps(t, w, p.Actions) {
		if d := g.difference(s); d != "" {
			t.Error(d)
		}
	}
	for _, broken := range g.broken(t, p, w) {
		t.Error(broken)
	}
	t.Logf("EVIDENCE relation of=MCRooms_graph1 states=%d edges=%d nonedges=%d", len(g.states), g.count, g.nonedges())
}

// broken returns the properties that fail in a state or a step of the graph.
func (g *graph) broken(t testing.TB, p *Proof, w *Small) (all []string) {
	t.Helper()
	predicate := func(formula *term.Term, err error) func(now, next State) bool {
		if err != nil {
			t.Fatal(err)
		}
		holds, err := w.Predicate(formula)
		if err != nil {
			t.Fatal(err)
		}
		return holds
	}
	for _, name := range slices.Concat(p.Invariant, p.Implied) {
		holds := predicate(p.State(name, false))
		if i := slices.IndexFunc(g.states, func(s State) bool { return !holds(s, nil) }); i >= 0 {
			all = append(all, fmt.Sprintf("%s does not hold in state %d", name, i))
		}
	}
	ofSteps := map[string]func(now, next State) bool{}
	for _, name := range slices.Concat(p.Properties, p.Progress) {
		if c := p.Promised[name]; c != "" && w.Bounds.Constants[c] == 0 {
			continue
		}
		ofSteps[name] = predicate(p.Step(name))
	}
	for _, by := range steps(t, w, p.Actions) {
		for i, s := range g.states {
			by.Each(s, func(_ []int, next State) {
				for name, holds := range ofSteps {
					if !holds(s, next) {
						all = append(all, fmt.Sprintf("%s does not hold of %s in state %d", name, by.Action.Name, i))
						delete(ofSteps, name)
					}
				}
			})
		}
	}
	return all
}
