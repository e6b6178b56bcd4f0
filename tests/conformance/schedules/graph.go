// Package schedules runs scripts on lifecycle.Rooms, the goroutine layer, and compares each step
// with the core. The scripts take every edge of the state graph of a small configuration. They also
// try every order in which a small number of calls begin and backend calls end.
package schedules

import (
	"iter"
	"slices"

	"ablyrooms.example/model"
)

// Small returns bounds of 3 calls, 2 names and 2 options. Within these, every edge of the graph is
// taken, and every schedule is run.
func Small() model.Bounds {
	return model.Bounds{Calls: 3, Names: []string{"a", "b"}, Options: []string{"x", "y"}}
}

// Schedule is a script to run.
type Schedule struct {
	Script []model.Input
	Edges  int // how many edges of the graph it is the first to take; 0 if not counted
	States int // how many states it is the first to reach; 0 if not counted
}

// Cover yields scripts that together take every edge of the model's state graph within bounds. Each
// script ends when it reaches a state that an earlier script has reached.
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

// yieldClone yields a copy of the schedule, and resets its counts.
func yieldClone(s *Schedule, yield func(Schedule) bool) bool {
	whole := Schedule{slices.Clone(s.Script), s.Edges, s.States}
	s.Edges, s.States = 0, 0
	return yield(whole)
}
