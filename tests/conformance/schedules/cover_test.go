package schedules

import (
	"iter"

	"ablyrooms.example/model"
)

// small are the bounds of the graph of which every edge is replayed, and of the schedules that are
// all run: 3 calls, 2 names, 2 options.
func small() model.Bounds {
	return model.Bounds{Calls: 3, Names: []string{"a", "b"}, Options: []string{"x", "y"}}
}

// graph is the state graph of the model within bounds, whose initial state is number 0.
type graph struct {
	out   [][]int // for each state the numbers of its edges
	edges []edge
}

type edge struct {
	input    model.Input
	from, to int
}

// explore walks all states that are reachable, breadth first.
func explore(b model.Bounds) *graph {
	g := &graph{out: [][]int{nil}}
	states, number := []model.State{{}}, map[string]int{model.State{}.Key(): 0}
	for at := 0; at < len(states); at++ {
		for _, in := range states[at].Enabled(b) {
			next, _, _ := states[at].Step(in)
			to, known := number[next.Key()]
			if !known {
				to = len(states)
				number[next.Key()] = to
				states, g.out = append(states, next), append(g.out, nil)
			}
			g.out[at] = append(g.out[at], len(g.edges))
			g.edges = append(g.edges, edge{in, at, to})
		}
	}
	return g
}

// cover yields scripts that together take every edge: for each edge that is not on the way to
// another one, a shortest way to its state, and the edge.
func (g *graph) cover() iter.Seq[schedule] {
	by := make([]int, len(g.out)) // the first edge to each state, by which it was found
	for e := len(g.edges) - 1; e >= 0; e-- {
		by[g.edges[e].to] = e
	}
	return func(yield func(schedule) bool) {
		for last, e := range g.edges {
			if by[e.to] == last && len(g.out[e.to]) > 0 {
				continue // those from there have it on their way
			}
			s := schedule{edges: []int{last}}
			for at := e.from; at != 0; at = g.edges[s.edges[0]].from {
				s.edges = append([]int{by[at]}, s.edges...)
			}
			for _, e := range s.edges {
				s.script = append(s.script, g.edges[e].input)
			}
			if !yield(s) {
				return
			}
		}
	}
}
