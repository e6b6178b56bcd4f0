package main

import (
	"context"
	"fmt"
	"slices"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/rooms"
	"ablyrooms.example/tests/wire/judge"
)

// graph has the steps of the model in the small configuration, that of MCRooms_graph2, and tells
// which were covered.
type graph struct {
	covered    map[step]bool
	count      int             // of those that are covered
	scripts    [][]model.Input // that take every step which a trace can have
	unscripted int             // the other steps
}

type step struct {
	from  string // the state's key
	input model.Input
}

// newGraph explores the model. Its scripts have no gets that a ready room answers (R3):
// lifecycle.Rooms answers those without its core, so no trace has one, unless a room becomes ready
// between a get's look at it and its step.
func newGraph(ctx context.Context) (*graph, error) {
	g := &graph{covered: map[step]bool{}}
	part := map[string]bool{} // the scripts that others begin with
	m := rooms.New(rooms.Bounds{Calls: limit, Names: 2, Options: 2}).OfModel()
	_, _, err := graphs.EachStep(ctx, m, func(script []model.Input) error {
		state, last, scripted := model.State{}, step{}, true
		for _, in := range script {
			last, scripted = step{state.Key(), in}, scripted && !answered(state, in)
			state, _, _ = state.Step(in)
		}
		if g.covered[last] = false; scripted {
			part[fmt.Sprint(script[:len(script)-1])] = true
			g.scripts = append(g.scripts, script)
		} else {
			g.unscripted++
		}
		return nil
	})
	g.scripts = slices.DeleteFunc(g.scripts, func(s []model.Input) bool { return part[fmt.Sprint(s)] })
	return g, err
}

// answered reports whether a ready room answers a get.
func answered(s model.State, in model.Input) bool {
	if in.Kind != model.KindGet || s.Disposing() || s.InUse(in.Name) == 0 {
		return false
	}
	inc := s.Incarnations[s.InUse(in.Name)-1]
	return inc.Life == model.LifeReady && inc.Options == in.Options
}

// cover notes the steps of an accepted trace. Those outside the small configuration don't count.
func (g *graph) cover(steps []judge.Step) {
	for _, s := range steps {
		at := step{s.Before.Key(), s.Input}
		if covered, known := g.covered[at]; known && !covered {
			g.covered[at] = true
			g.count++
		}
	}
}

// share returns the part of the steps that is covered, in percent.
func (g *graph) share() float64 { return 100 * float64(g.count) / float64(len(g.covered)) }
