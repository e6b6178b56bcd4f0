package conformance

import (
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
func Script(t *rapid.T, b Bounds) []model.Input {
	var script []model.Input
	var state model.State
	take := func(in model.Input) {
		next, _, err := state.Step(in)
		if err != nil {
			t.Skip("the model refuses it")
		}
		state, script = next, append(script, in)
	}
	begin := func(t *rapid.T) int {
		if len(state.Calls) >= b.Calls {
			t.Skip("no calls left")
		}
		return len(state.Calls) + 1
	}
	works := func(t *rapid.T, w model.Work) int {
		var ids []int
		for i, inc := range state.Incarnations {
			if inc.Work == w {
				ids = append(ids, i+1)
			}
		}
		if len(ids) == 0 {
			t.Skip("nothing under way")
		}
		return rapid.SampledFrom(ids).Draw(t, "incarnation")
	}
	get := func(t *rapid.T) {
		call := begin(t)
		take(model.Get(call, rapid.SampledFrom(b.Names).Draw(t, "name"), rapid.SampledFrom(b.Options).Draw(t, "options")))
	}
	release := func(t *rapid.T) {
		call := begin(t)
		take(model.Release(call, rapid.SampledFrom(b.Names).Draw(t, "name")))
	}
	t.Repeat(map[string]func(*rapid.T){
		"get":     get,
		"getMore": get, // twice as often as the rest
		"release": release,
		"dispose": func(t *rapid.T) {
			call := begin(t)
			if rapid.IntRange(0, 3).Draw(t, "rarely") != 3 {
				t.Skip("not now")
			}
			take(model.Dispose(call))
		},
		"giveUp": func(t *rapid.T) {
			var pending []int
			for i, c := range state.Calls {
				if c.Pending() {
					pending = append(pending, i+1)
				}
			}
			if len(pending) == 0 {
				t.Skip("nothing pending")
			}
			take(model.GiveUp(rapid.SampledFrom(pending).Draw(t, "call")))
		},
		"opened":        func(t *rapid.T) { take(model.Opened(works(t, model.WorkOpening))) },
		"openFailed":    func(t *rapid.T) { take(model.OpenFailed(works(t, model.WorkOpening))) },
		"released":      func(t *rapid.T) { take(model.Released(works(t, model.WorkClosing))) },
		"releaseFailed": func(t *rapid.T) { take(model.ReleaseFailed(works(t, model.WorkClosing))) },
		"rest":          func(*rapid.T) {}, // rapid wants an action that is always possible
	})
	return script
}
