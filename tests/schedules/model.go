package schedules

import (
	"slices"

	"ablyrooms.example/model"
)

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

// Renamed is [Rooms] up to a renaming of names: a name is used first after those that stand before it in the bounds.
func Renamed(b model.Bounds) Machine[model.State, model.Input] {
	m := Rooms(b)
	m.Enabled = func(s model.State) []model.Input {
		used := 0
		for _, c := range s.Calls {
			used = max(used, slices.Index(b.Names, c.Name)+1)
		}
		return slices.DeleteFunc(s.Enabled(b), func(in model.Input) bool { return slices.Index(b.Names, in.Name) > used })
	}
	return m
}

// Small are the bounds of the graph of which every edge is replayed, and of the schedules that are all run: 3 calls, 2 names, 2 options.
func Small() model.Bounds {
	return model.Bounds{Calls: 3, Names: []string{"a", "b"}, Options: []string{"x", "y"}}
}
