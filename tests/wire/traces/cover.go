package main

import (
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance/schedules"
	"ablyrooms.example/tests/wire/judge"
)

// smallGraph is the state graph of the small configuration, the one of MCRooms_graph2, with what was covered
// of it.
type smallGraph struct {
	*schedules.Graph
	edges   map[edge]int
	covered []bool
	count   int
}

type edge struct {
	from  string
	input model.Input
}

func newSmallGraph() *smallGraph {
	g := &smallGraph{Graph: schedules.Explore(schedules.Small(), nil), edges: map[edge]int{}}
	for i, e := range g.Edges {
		g.edges[edge{g.States[e.From].Key(), e.Input}] = i
	}
	g.covered = make([]bool, len(g.Edges))
	return g
}

// cover notes the edges that an accepted trace takes. Those outside the small configuration don't count.
func (g *smallGraph) cover(steps []judge.Step) {
	for _, s := range steps {
		if i, ok := g.edges[edge{s.Before.Key(), s.Input}]; ok && !g.covered[i] {
			g.covered[i] = true
			g.count++
		}
	}
}

// share returns the part of the edges that is covered, in percent.
func (g *smallGraph) share() float64 { return 100 * float64(g.count) / float64(len(g.Edges)) }

// scriptable is the machine of the small graph without the gets that a ready room answers (R3): those
// lifecycle.Rooms answers without its core, so no trace has them, unless a room becomes ready between a
// get's look at it and its step.
func scriptable() *schedules.Graph {
	return schedules.Explore(schedules.Small(), func(s model.State, in model.Input) bool {
		if in.Kind != model.KindGet || s.Disposing() {
			return false
		}
		i := s.InUse(in.Name)
		return i != 0 && s.Incarnations[i-1].Life == model.LifeReady && s.Incarnations[i-1].Options == in.Options
	})
}

// scripts returns walks that together take every edge of the scriptable graph.
func (g *smallGraph) scripts() (scripts [][]model.Input) {
	for script := range scriptable().Cover() {
		scripts = append(scripts, script)
	}
	return scripts
}

// unscripted counts the edges that no script takes.
func (g *smallGraph) unscripted() int { return len(g.Edges) - len(scriptable().Edges) }
