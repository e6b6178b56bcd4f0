// Package schedules replays the state graph of the Rooms machine through the goroutine layer: every
// edge of a small configuration, and every order of calls and ends of works of a small number of calls,
// compared with the core step for step.
package schedules

import (
	"iter"

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

// Cover yields scripts that together take every edge: for each edge that is not on the way to another
// one, a shortest way to its state, and the edge. With each come the numbers of its edges.
func (g *Graph[S, I]) Cover() iter.Seq2[[]I, []int] {
	by := make([]int, len(g.States)) // the first edge to each state, by which it was found
	for e := len(g.Edges) - 1; e >= 0; e-- {
		by[g.Edges[e].To] = e
	}
	return func(yield func([]I, []int) bool) {
		for last, e := range g.Edges {
			if by[e.To] == last && len(g.Out[e.To]) > 0 {
				continue // those from there have it on their way
			}
			way := []int{last}
			for at := e.From; at != 0; at = g.Edges[way[0]].From {
				way = append([]int{by[at]}, way...)
			}
			script := make([]I, len(way))
			for i, e := range way {
				script[i] = g.Edges[e].Input
			}
			if !yield(script, way) {
				return
			}
		}
	}
}
