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

// graph has the steps of the model in the small configuration, which is that of MCRooms_graph2, and
// counts which steps were covered by traces.
type graph struct {
	covered    map[step]bool
	count      int             // number of the steps that traces have covered
	scripts    [][]model.Input // together, these scripts have every step that a trace can have
	unscripted int             // number of the steps that no script has
}

type step struct {
	from  string // the key of the state before the step
	input model.Input
}

// newGraph explores the model. Its scripts have no get that a ready room answers (R3):
// lifecycle.Rooms answers such a get without its core, so a trace normally has no step for it. Only
// if the room becomes ready just before the core's step does a trace have one.
func newGraph(ctx context.Context) (*graph, error) {
	g := &graph{covered: map[step]bool{}}
	part := map[string]bool{} // scripts that are the beginning of another script
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

// answered reports whether a ready room answers the get.
func answered(s model.State, in model.Input) bool {
	if in.Kind != model.KindGet || s.Disposing() || s.InUse(in.Name) == 0 {
		return false
	}
	inc := s.Incarnations[s.InUse(in.Name)-1]
	return inc.Life == model.LifeReady && inc.Options == in.Options
}

// cover marks the steps of an accepted trace as covered. It ignores steps outside the small
// configuration.
func (g *graph) cover(steps []judge.Step) {
	for _, s := range steps {
		at := step{s.Before.Key(), s.Input}
		if covered, known := g.covered[at]; known && !covered {
			g.covered[at] = true
			g.count++
		}
	}
}

// share returns the percentage of the steps that are covered.
func (g *graph) share() float64 { return 100 * float64(g.count) / float64(len(g.covered)) }
