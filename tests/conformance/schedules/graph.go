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

// Schedule is a script to run.
type Schedule struct {
	Script []model.Input
	Edges  int // how many edges of a graph it is the first to take, if that is counted
	States int // how many states it is the first to reach
}

// Cover yields scripts that together take every edge of the model's state graph within bounds: each
// goes on until it reaches a state that another has reached.
func Cover(b model.Bounds) iter.Seq[Schedule] {
	return func(yield func(Schedule) bool) {
		seen := map[string]bool{model.State{}.Key(): true}
		next := Schedule{States: 1}
		var walk func(model.State) bool
		walk = func(state model.State) bool {
			steps := state.Enabled(b)
			for _, in := range steps {
				after, _, _ := state.Step(in)
				next.Script = append(next.Script, in)
				next.Edges++
				known := seen[after.Key()]
				if !known {
					seen[after.Key()] = true
					next.States++
				}
				if known && !yieldClone(&next, yield) || !known && !walk(after) {
					return false
				}
				next.Script = next.Script[:len(next.Script)-1]
			}
			return len(steps) > 0 || yieldClone(&next, yield)
		}
		walk(model.State{})
	}
}

// yieldClone yields what there is so far and begins to count again.
func yieldClone(s *Schedule, yield func(Schedule) bool) bool {
	whole := Schedule{slices.Clone(s.Script), s.Edges, s.States}
	s.Edges, s.States = 0, 0
	return yield(whole)
}
