package main

import (
	"slices"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/wire/judge"
	"ablyrooms.example/tests/wire/stack"
)

// graph is the model's state graph of the small configuration, that of MCRooms_graph2, with what was covered
// of it. It has no cycles.
type graph struct {
	out     [][]int // of each state, the numbers of its edges
	edges   []edge
	numbers map[step]int // of the edges

	covered []bool
	count   int
}

type edge struct {
	input model.Input
	to    int // a state
}

type step struct {
	from  string // the state's key
	input model.Input
}

// newGraph explores the model. Without ready it has no gets that a ready room answers (R3): lifecycle.Rooms
// answers those without its core, so no trace has one, unless a room becomes ready between a get's look at
// it and its step.
func newGraph(ready bool) *graph {
	g := &graph{numbers: map[step]int{}}
	states, number := []model.State{{}}, map[string]int{model.State{}.Key(): 0}
	for at := 0; at < len(states); at++ {
		s := states[at]
		g.out = append(g.out, nil)
		for _, in := range s.Enabled(stack.Bounds(limit)) {
			if !ready && answered(s, in) {
				continue
			}
			next, _, _ := s.Step(in)
			to, known := number[next.Key()]
			if !known {
				to = len(states)
				states, number[next.Key()] = append(states, next), to
			}
			g.numbers[step{s.Key(), in}] = len(g.edges)
			g.out[at] = append(g.out[at], len(g.edges))
			g.edges = append(g.edges, edge{in, to})
		}
	}
	g.covered = make([]bool, len(g.edges))
	return g
}

// answered reports whether a ready room answers a get.
func answered(s model.State, in model.Input) bool {
	if in.Kind != model.KindGet || s.Disposing() || s.InUse(in.Name) == 0 {
		return false
	}
	inc := s.Incarnations[s.InUse(in.Name)-1]
	return inc.Life == model.LifeReady && inc.Options == in.Options
}

// cover notes the edges that an accepted trace takes. Those outside the small configuration don't count.
func (g *graph) cover(steps []judge.Step) {
	for _, s := range steps {
		if i, ok := g.numbers[step{s.Before.Key(), s.Input}]; ok && !g.covered[i] {
			g.covered[i] = true
			g.count++
		}
	}
}

// share returns the part of the edges that is covered, in percent.
func (g *graph) share() float64 { return 100 * float64(g.count) / float64(len(g.edges)) }

// scripts returns walks from the beginning that together take every edge. Each goes along edges that no walk
// has taken yet as long as it can, and else to where one is left.
func (g *graph) scripts() (scripts [][]model.Input) {
	taken := make([]bool, len(g.edges))
	done := make([]bool, len(g.out)) // no edge is left from here on
	for !done[0] {
		var script []model.Input
		path := []int{0} // of states
		for at := 0; !done[at]; path = append(path, at) {
			next := slices.IndexFunc(g.out[at], func(e int) bool { return !taken[e] })
			if next < 0 {
				next = slices.IndexFunc(g.out[at], func(e int) bool { return !done[g.edges[e].to] })
			}
			if next < 0 {
				break
			}
			e := g.out[at][next]
			taken[e] = true
			script, at = append(script, g.edges[e].input), g.edges[e].to
		}
		for _, at := range slices.Backward(path) { // what is done shows from the end of a walk to its beginning
			done[at] = !slices.ContainsFunc(g.out[at], func(e int) bool { return !taken[e] || !done[g.edges[e].to] })
		}
		if len(script) > 0 {
			scripts = append(scripts, script)
		}
	}
	return scripts
}
