package conformance

import (
	"slices"

	"ablyrooms.example/model"
)

// Shorten removes inputs from a script, renumbering calls and incarnations, as long as fails holds for what is left. The result is
// one from which no single input, with what depends on it, can be removed.
func Shorten(script []model.Input, fails func([]model.Input) bool) []model.Input {
	for changed := true; changed; {
		changed = false
		for i := len(script) - 1; i >= 0; i-- {
			if shorter, ok := without(script, i); ok && len(shorter) < len(script) && fails(shorter) {
				script, changed = shorter, true
				i = min(i, len(script))
			}
		}
	}
	return script
}

// without removes one input and then whatever the model refuses because of it.
func without(script []model.Input, remove int) ([]model.Input, bool) {
	var kept []model.Input
	state, before := model.State{}, model.State{}
	calls, incarnations := map[int]int{}, map[int]int{}
	for i, in := range script {
		old, _, err := before.Step(in)
		if err != nil {
			return nil, false
		}
		if i != remove {
			mapped := in
			switch in.Kind {
			case model.KindGet, model.KindRelease, model.KindDispose:
				mapped.Call = len(state.Calls) + 1
			case model.KindGiveUp:
				mapped.Call = calls[in.Call]
			default:
				mapped.Incarnation = incarnations[in.Incarnation]
			}
			if next, _, err := state.Step(mapped); err == nil {
				if len(next.Calls) > len(state.Calls) {
					calls[in.Call] = mapped.Call
				}
				if len(next.Incarnations) > len(state.Incarnations) && len(old.Incarnations) > len(before.Incarnations) {
					incarnations[len(old.Incarnations)] = len(next.Incarnations)
				}
				state = next
				kept = append(kept, mapped)
			}
		}
		before = old
	}
	return slices.Clip(kept), true
}

// shorten returns a violation of a shorter script, by leaving out inputs and then by plainer ones: the first name and options, works
// that end well.
func shorten(v *Violation, b Bounds, try func([]model.Input) *Violation) *Violation {
	fails := func(script []model.Input) bool {
		if len(script) == 0 {
			return false
		}
		w := try(script)
		if w != nil {
			v = w
		}
		return w != nil
	}
	script := Shorten(v.Script, fails)
	for i := range script {
		for _, plainer := range plainer(script, i, b) {
			if fails(plainer) {
				script = Shorten(v.Script, fails)
				break
			}
		}
		if i+1 >= len(script) {
			break
		}
	}
	if renamed := inOrder(script, b); !slices.Equal(renamed, script) {
		fails(renamed)
	}
	return v
}

// inOrder renames the names of a script to those of the bounds, in the order of their first use.
func inOrder(script []model.Input, b Bounds) []model.Input {
	renamed, names := slices.Clone(script), map[string]string{"": ""}
	for i, in := range script {
		if _, known := names[in.Name]; !known {
			names[in.Name] = b.Names[len(names)-1]
		}
		renamed[i].Name = names[in.Name]
	}
	return renamed
}

// plainer lists scripts that differ in the i-th input, which is a plainer one, as far as the model takes them.
func plainer(script []model.Input, i int, b Bounds) [][]model.Input {
	in := script[i]
	switch in.Kind {
	case model.KindOpenFailed:
		in.Kind = model.KindOpened
	case model.KindReleaseFailed:
		in.Kind = model.KindReleased
	case model.KindDispose:
		for _, before := range script[:i] {
			if before.Name != "" {
				in = model.Release(in.Call, before.Name)
			}
		}
	}
	var all [][]model.Input
	add := func(in model.Input) {
		changed := slices.Clone(script)
		if changed[i] = in; in != script[i] && taken(changed) {
			all = append(all, changed)
		}
	}
	if in.Kind == model.KindGet {
		add(model.Get(in.Call, b.Names[0], b.Options[0]))
		add(model.Get(in.Call, in.Name, b.Options[0]))
		add(model.Get(in.Call, b.Names[0], in.Options))
	}
	if in.Kind == model.KindRelease {
		add(model.Release(in.Call, b.Names[0]))
	}
	add(in)
	return all
}

// taken reports whether the model takes a script.
func taken(script []model.Input) bool {
	state := model.State{}
	for _, in := range script {
		next, _, err := state.Step(in)
		if err != nil {
			return false
		}
		state = next
	}
	return true
}

// shortest looks for a violation by a script that is shorter than the given one and made of the same kinds of inputs, names and
// options. It returns what it found, or v itself; v.Shortest is set when all such scripts were tried within the limit.
func shortest(v *Violation, p Promises, limit int, try func([]model.Input) *Violation) *Violation {
	if v.Shortest || len(v.Script) == 0 {
		return v
	}
	bounds := Bounds{}
	kinds := map[model.Kind]bool{}
	for _, in := range v.Script {
		kinds[in.Kind] = true
		switch in.Kind {
		case model.KindGet, model.KindRelease, model.KindDispose:
			bounds.Calls++
		}
		if in.Name != "" && !slices.Contains(bounds.Names, in.Name) {
			bounds.Names = append(bounds.Names, in.Name)
		}
		if in.Kind == model.KindGet && !slices.Contains(bounds.Options, in.Options) {
			bounds.Options = append(bounds.Options, in.Options)
		}
	}
	allowed := func(s model.State, in model.Input) bool { return kinds[in.Kind] && p.allows(s, in) }
	for n := 1; n < len(v.Script); n++ {
		for script := range scripts(bounds, n, allowed) {
			if limit--; limit < 0 {
				return v
			}
			if w := try(script); w != nil {
				w.Shortest = true
				return w
			}
		}
	}
	v.Shortest = true
	return v
}
