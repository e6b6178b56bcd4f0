package conformance

import (
	"iter"
	"slices"

	"pgregory.net/rapid"

	"ablyrooms.example/model"
)

// Bounds limits the scripts that are generated: how many calls, on which names, with which options.
type Bounds = model.Bounds

// DefaultBounds are two names, two options and twelve calls.
func DefaultBounds() Bounds {
	return Bounds{Calls: 12, Names: []string{"a", "b"}, Options: []string{"x", "y"}}
}

// Script draws a script within the bounds: any interleaving of calls, of callers that give up and of the backend's ends that the
// model takes. Dispose is drawn less often than the rest, since little happens after it.
func Script(t *rapid.T, b Bounds) []model.Input { return script(t, b, AllPromises()) }

// script draws a script for a system with these promises.
func script(t *rapid.T, b Bounds, p Promises) []model.Input {
	var script []model.Input
	var state model.State
	even := rapid.Bool().Draw(t, "evenly")
	step := func(t *rapid.T) {
		// Nothing is drawn that is not possible: an action that skips too often would fail the whole property.
		in, ok := draw(t, state, b, p, even)
		if !ok {
			return
		}
		next, _, err := state.Step(in)
		if err != nil {
			panic("conformance: the generator drew an input that the model refuses: " + err.Error())
		}
		state, script = next, append(script, in)
	}
	t.Repeat(map[string]func(*rapid.T){"step": step})
	return script
}

// weights say how often a kind of input is drawn beside the others, for each input of the kind that the model takes. Dispose is rare, since
// little happens after it.
var weights = map[model.Kind]int{
	model.KindGet: 4, model.KindRelease: 3, model.KindDispose: 1, model.KindGiveUp: 1,
	model.KindOpened: 2, model.KindOpenFailed: 1, model.KindReleased: 1, model.KindReleaseFailed: 1,
}

// draw draws an input that the model takes in the state, by weight or evenly; there is none when all calls are used and nothing is under
// way.
func draw(t *rapid.T, state model.State, b Bounds, p Promises, even bool) (model.Input, bool) {
	enabled := slices.DeleteFunc(state.Enabled(b), func(in model.Input) bool { return !p.allows(state, in) })
	if len(enabled) == 0 {
		return model.Input{}, false
	}
	if even {
		return rapid.SampledFrom(enabled).Draw(t, "input"), true
	}
	byKind := map[model.Kind][]model.Input{}
	var kinds []model.Kind
	for _, in := range enabled {
		if byKind[in.Kind] == nil {
			for range weights[in.Kind] {
				kinds = append(kinds, in.Kind)
			}
		}
		byKind[in.Kind] = append(byKind[in.Kind], in)
	}
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	return rapid.SampledFrom(byKind[kind]).Draw(t, "input"), true
}

// scripts yields every script of exactly n inputs within the bounds that is allowed, up to a renaming of names: a name is used first after
// those that stand before it in the bounds. The slice is the receiver's to keep.
func scripts(b Bounds, n int, allowed func(model.State, model.Input) bool) iter.Seq[[]model.Input] {
	return func(yield func([]model.Input) bool) {
		path := make([]model.Input, 0, n)
		var walk func(state model.State, named int) bool
		walk = func(state model.State, named int) bool {
			if len(path) == n {
				return yield(slices.Clone(path))
			}
			for _, in := range state.Enabled(b) {
				now := max(named, slices.Index(b.Names, in.Name)+1)
				if now > named+1 || !allowed(state, in) {
					continue
				}
				next, _, _ := state.Step(in)
				path = append(path, in)
				if !walk(next, now) {
					return false
				}
				path = path[:len(path)-1]
			}
			return true
		}
		walk(model.State{}, 0)
	}
}
