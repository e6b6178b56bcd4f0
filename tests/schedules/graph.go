// Package schedules replays the state graph of the Rooms machine through the goroutine layer: every edge of a small configuration, and
// every order of calls and completions of a small number of calls, compared with the core step for step.
//
// What walks the graph is general: a [Machine] is anything with states, inputs and a key.
package schedules

import (
	"iter"
	"slices"
)

// Machine is a deterministic machine with states S and inputs I, whose graph has no cycles.
type Machine[S, I any] struct {
	Initial S
	Enabled func(S) []I    // the inputs that the state takes, always in the same order
	Step    func(S, I) S   // the state after one of them
	Key     func(S) string // equal for equal states, and for no others
}

// Graph is the explored state graph of a machine.
type Graph[S, I any] struct {
	States []S
	Edges  []Edge[I]
	Out    [][]int // for each state the numbers of its edges
}

// Edge is one step: its input, and the numbers of the states before and after it.
type Edge[I any] struct {
	Input    I
	From, To int
}

// Explore walks all states that are reachable, breadth first.
func (m Machine[S, I]) Explore() *Graph[S, I] {
	g := &Graph[S, I]{States: []S{m.Initial}, Out: [][]int{nil}}
	number := map[string]int{m.Key(m.Initial): 0}
	for at := 0; at < len(g.States); at++ {
		for _, in := range m.Enabled(g.States[at]) {
			next := m.Step(g.States[at], in)
			key := m.Key(next)
			to, known := number[key]
			if !known {
				to = len(g.States)
				number[key] = to
				g.States, g.Out = append(g.States, next), append(g.Out, nil)
			}
			g.Out[at] = append(g.Out[at], len(g.Edges))
			g.Edges = append(g.Edges, Edge[I]{Input: in, From: at, To: to})
		}
	}
	return g
}

// Walk is a path from the initial state, by the numbers of its edges.
type Walk []int

// Cover yields walks that together take every edge at least once. Each goes along edges that no walk has taken yet as long as it can,
// and else to where one is left; it ends where none can be reached.
func (g *Graph[S, I]) Cover() iter.Seq[Walk] {
	return func(yield func(Walk) bool) {
		taken := make([]bool, len(g.Edges))
		done := make([]bool, len(g.States)) // no edge is left from here on
		for !done[0] {
			var walk Walk
			for at := 0; !done[at]; {
				next := -1
				for _, e := range g.Out[at] {
					if !taken[e] {
						next = e
						break
					}
					if next < 0 && !done[g.Edges[e].To] {
						next = e
					}
				}
				if next < 0 {
					break
				}
				taken[next] = true
				walk = append(walk, next)
				at = g.Edges[next].To
			}
			// What is done shows from the end of a walk to its beginning.
			for i := len(walk); i >= 0; i-- {
				at := 0
				if i > 0 {
					at = g.Edges[walk[i-1]].To
				}
				done[at] = !slices.ContainsFunc(g.Out[at], func(e int) bool { return !taken[e] || !done[g.Edges[e].To] })
			}
			if len(walk) > 0 && !yield(walk) {
				return
			}
		}
	}
}

// Inputs returns the inputs along a walk.
func (g *Graph[S, I]) Inputs(walk Walk) []I {
	in := make([]I, len(walk))
	for i, e := range walk {
		in[i] = g.Edges[e].Input
	}
	return in
}

// Paths yields every path of the machine that is maximal: up to a state that takes no input, or up to a length. The slice is the
// receiver's to keep.
func (m Machine[S, I]) Paths(length int) iter.Seq[[]I] {
	return func(yield func([]I) bool) {
		var path []I
		var walk func(S) bool
		walk = func(at S) bool {
			inputs := m.Enabled(at)
			if len(inputs) == 0 || len(path) == length {
				return yield(slices.Clone(path))
			}
			for _, in := range inputs {
				path = append(path, in)
				if !walk(m.Step(at, in)) {
					return false
				}
				path = path[:len(path)-1]
			}
			return true
		}
		walk(m.Initial)
	}
}
