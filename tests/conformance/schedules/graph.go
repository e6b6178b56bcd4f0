// Package schedules replays the state graph of the Rooms machine through the goroutine layer: every
// edge of a small configuration, and every order of calls and ends of works of a small number of calls,
// compared with the core step for step.
package schedules

import (
	"iter"
	"slices"

	"ablyrooms.example/model"
)

// Machine is a deterministic machine with states S and inputs I, whose graph has no cycles.
type Machine[S, I any] struct {
	Initial S
	Enabled func(S) []I    // the inputs that the state takes, always in the same order
	Step    func(S, I) S   // the state after one of them
	Key     func(S) string // equal for equal states, and for no others
}

// Small are the bounds of the graph of which every edge is replayed, and of the schedules that are all
// run: 3 calls, 2 names, 2 options.
func Small() model.Bounds {
	return model.Bounds{Calls: 3, Names: []string{"a", "b"}, Options: []string{"x", "y"}}
}

// Rooms is the reference model within bounds, as a machine.
func Rooms(b model.Bounds) Machine[model.State, model.Input] {
	return Machine[model.State, model.Input]{
		Enabled: func(s model.State) []model.Input { return s.Enabled(b) },
		Step: func(s model.State, in model.Input) model.State {
			next, _, err := s.Step(in)
			if err != nil {
				panic("schedules: " + err.Error())
			}
			return next
		},
		Key: model.State.Key,
	}
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

// Cover yields walks that together take every edge at least once. Each goes along edges that no walk
// has taken yet as long as it can, and else to where one is left; it ends where none can be reached.
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
				left := func(e int) bool { return !taken[e] || !done[g.Edges[e].To] }
				done[at] = !slices.ContainsFunc(g.Out[at], left)
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
