package main

import (
	"slices"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance/schedules"
)

// smallGraph is the state graph of the small configuration, the one that MCRooms_graph2 has, with what was covered of it.
type smallGraph struct {
	*schedules.Graph[model.State, model.Input]
	edges   map[edge]int
	covered []bool
	count   int
}

type edge struct {
	from  string
	input model.Input
}

func newSmallGraph() *smallGraph {
	g := &smallGraph{Graph: schedules.Rooms(schedules.Small()).Explore(), edges: map[edge]int{}}
	for i, e := range g.Edges {
		g.edges[edge{g.States[e.From].Key(), e.Input}] = i
	}
	g.covered = make([]bool, len(g.Edges))
	return g
}

// cover notes the edges that an accepted trace takes, and returns how many are new. Those outside the small configuration don't count.
func (g *smallGraph) cover(steps []taken) (fresh int) {
	for _, s := range steps {
		i, ok := g.edges[edge{s.before.Key(), s.input}]
		if ok && !g.covered[i] {
			g.covered[i] = true
			fresh++
		}
	}
	g.count += fresh
	return fresh
}

// share returns the part of the edges that is covered, in percent.
func (g *smallGraph) share() float64 { return 100 * float64(g.count) / float64(len(g.Edges)) }

// withoutReadyGets is the machine of the small graph without the gets that a ready room answers.
func withoutReadyGets() schedules.Machine[model.State, model.Input] {
	m := schedules.Rooms(schedules.Small())
	all := m.Enabled
	m.Enabled = func(s model.State) []model.Input {
		return slices.DeleteFunc(all(s), func(in model.Input) bool { return answeredByReadyRoom(s, in) })
	}
	return m
}

// answeredByReadyRoom tells a get by rule R3.
func answeredByReadyRoom(s model.State, in model.Input) bool {
	if in.Kind != model.KindGet || s.Disposing() {
		return false
	}
	i := s.InUse(in.Name)
	return i != 0 && s.Incarnations[i-1].Life == model.LifeReady && s.Incarnations[i-1].Options == in.Options
}

// unscripted counts the edges that no script takes: the gets that a ready room answers, and what is reached by them alone. A trace has
// one only when a room becomes ready between a get's look at it and its step.
func (g *smallGraph) unscripted() int { return len(g.Edges) - len(withoutReadyGets().Explore().Edges) }

// empty returns the same graph with nothing covered.
func (g *smallGraph) empty() *smallGraph {
	return &smallGraph{Graph: g.Graph, edges: g.edges, covered: make([]bool, len(g.Edges))}
}
