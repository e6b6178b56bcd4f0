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
	step := func(t *rapid.T) {
		// Nothing is drawn that is not possible: an action that skips too often would fail the whole property.
		in, ok := draw(t, state, b)
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

// draw draws one input that the model takes in the state; there is none when all calls are used and nothing is under way.
func draw(t *rapid.T, state model.State, b Bounds) (model.Input, bool) {
	var kinds []model.Kind
	var pending, opening, closing []int
	for i, c := range state.Calls {
		if c.Pending() {
			pending = append(pending, i+1)
		}
	}
	for i, inc := range state.Incarnations {
		switch inc.Work {
		case model.WorkOpening:
			opening = append(opening, i+1)
		case model.WorkClosing:
			closing = append(closing, i+1)
		}
	}
	if len(state.Calls) < b.Calls {
		for range 3 {
			kinds = append(kinds, model.KindGet, model.KindRelease)
		}
		kinds = append(kinds, model.KindGet, model.KindDispose)
	}
	if len(opening) > 0 {
		kinds = append(kinds, model.KindOpened, model.KindOpened, model.KindOpenFailed)
	}
	if len(closing) > 0 {
		kinds = append(kinds, model.KindReleased, model.KindReleaseFailed)
	}
	if len(pending) > 0 {
		kinds = append(kinds, model.KindGiveUp)
	}
	if len(kinds) == 0 {
		return model.Input{}, false
	}
	in := model.Input{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
	switch in.Kind {
	case model.KindGet, model.KindRelease, model.KindDispose:
		in.Call = len(state.Calls) + 1
	case model.KindGiveUp:
		in.Call = rapid.SampledFrom(pending).Draw(t, "call")
	case model.KindOpened, model.KindOpenFailed:
		in.Incarnation = rapid.SampledFrom(opening).Draw(t, "incarnation")
	case model.KindReleased, model.KindReleaseFailed:
		in.Incarnation = rapid.SampledFrom(closing).Draw(t, "incarnation")
	}
	if in.Kind == model.KindGet || in.Kind == model.KindRelease {
		in.Name = rapid.SampledFrom(b.Names).Draw(t, "name")
	}
	if in.Kind == model.KindGet {
		in.Options = rapid.SampledFrom(b.Options).Draw(t, "options")
	}
	return in, true
}
