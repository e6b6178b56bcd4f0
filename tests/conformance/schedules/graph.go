// Package schedules replays the state graph of the Rooms machine through the goroutine layer: every
// edge of a small configuration, and every order of calls and ends of works of a small number of
// calls, compared with the core step for step.
package schedules

import (
	"iter"
	"slices"

	"ablyrooms.example/model"
)

// Small are the bounds of the graph of which every edge is replayed, and of the schedules that are
// all run: 3 calls, 2 names, 2 options.
func Small() model.Bounds {
	return model.Bounds{Calls: 3, Names: []string{"a", "b"}, Options: []string{"x", "y"}}
}

// Graph is the state graph of the model within bounds. It has no cycles.
type Graph struct {
	States []model.State // the initial one first
	Edges  []Edge
	out    [][]int // for each state the numbers of its edges
}

// Edge is one step: its input, and the numbers of the states before and after it.
type Edge struct {
	Input    model.Input
	From, To int
}

// Explore walks all states that are reachable by inputs that are not left out, breadth first. A nil
// function leaves out none.
func Explore(b model.Bounds, leaveOut func(model.State, model.Input) bool) *Graph {
	g := &Graph{States: []model.State{{}}, out: [][]int{nil}}
	number := map[string]int{model.State{}.Key(): 0}
	for at := 0; at < len(g.States); at++ {
		state := g.States[at]
		for _, in := range state.Enabled(b) {
			if leaveOut != nil && leaveOut(state, in) {
				continue
			}
			next, _, _ := state.Step(in)
			to, known := number[next.Key()]
			if !known {
				to = len(g.States)
				number[next.Key()] = to
				g.States, g.out = append(g.States, next), append(g.out, nil)
			}
			g.out[at] = append(g.out[at], len(g.Edges))
			g.Edges = append(g.Edges, Edge{in, at, to})
		}
	}
	return g
}

// Cover yields scripts that together take every edge, with the numbers of their edges. Each goes
// along edges that none has taken yet as long as it can, and else to where one is left; it ends where
// none can be reached.
func (g *Graph) Cover() iter.Seq2[[]model.Input, []int] {
	taken, done := make([]bool, len(g.Edges)), make([]bool, len(g.States)) // done: no edge is left from here on
	return func(yield func([]model.Input, []int) bool) {
		for !done[0] {
			var script []model.Input
			var edges []int
			for at := 0; !done[at]; {
				next := slices.IndexFunc(g.out[at], func(e int) bool { return !taken[e] })
				if next < 0 {
					next = slices.IndexFunc(g.out[at], func(e int) bool { return !done[g.Edges[e].To] })
				}
				if next < 0 {
					break
				}
				e := g.out[at][next]
				taken[e], at = true, g.Edges[e].To
				script, edges = append(script, g.Edges[e].Input), append(edges, e)
			}
			// What is done shows from the end of a script to its beginning.
			left := func(e int) bool { return !taken[e] || !done[g.Edges[e].To] }
			for i := len(edges) - 1; i >= 0; i-- {
				e := g.Edges[edges[i]]
				done[e.To] = !slices.ContainsFunc(g.out[e.To], left)
			}
			done[0] = !slices.ContainsFunc(g.out[0], left)
			if len(script) > 0 && !yield(script, edges) {
				return
			}
		}
	}
}
