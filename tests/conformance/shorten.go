package conformance

import (
	"slices"

	"ablyrooms.example/model"
)

// shorten removes steps from a script and makes steps simpler, as long as fails reports true for
// the result. It stops when fails reports false after the removal of any one step and the steps
// that depend on it.
func (m machine) shorten(script []model.Input, fails func([]model.Input) bool) []model.Input {
	for changed := true; changed; {
		changed = false
		for i := len(script) - 1; i >= 0; i-- {
			for _, shorter := range m.plainer(script, i) {
				if fails(shorter) {
					script, changed = shorter, true
					break
				}
			}
			i = min(i, len(script))
		}
	}
	if renamed := inOrder(script); !slices.Equal(renamed, script) && fails(renamed) {
		return renamed
	}
	return script
}

// plainer returns the script without its i-th step, and the script with a simpler i-th step.
func (m machine) plainer(script []model.Input, i int) [][]model.Input {
	var all [][]model.Input
	if shorter := m.without(script, i); len(shorter) > 0 && len(shorter) < len(script) {
		all = append(all, shorter)
	}
	add := func(in model.Input) {
		changed := slices.Clone(script)
		changed[i] = in
		if _, err := m.after(changed); err == nil && in != script[i] {
			all = append(all, changed)
		}
	}
	in := script[i]
	well := map[model.Kind]model.Kind{
		model.KindOpenFailed: model.KindOpened, model.KindReleaseFailed: model.KindReleased,
		KindFailed: model.KindReleased, KindAttachRefused: KindAttached, KindAttaching: KindAttach,
	}
	switch {
	case gets(in.Kind):
		for _, options := range []string{"x", "y"} {
			if in.Options == options {
				break
			}
			add(model.Input{Kind: in.Kind, Call: in.Call, Name: in.Name, Options: options})
		}
		add(model.Input{Kind: in.Kind, Call: in.Call, Name: "a", Options: in.Options})
	case in.Kind == model.KindRelease:
		add(model.Release(in.Call, "a"))
	case in.Kind == model.KindDispose:
		if j := slices.IndexFunc(script[:i], func(in model.Input) bool { return in.Name != "" }); j >= 0 {
			add(model.Release(in.Call, script[j].Name))
		}
	case well[in.Kind] != 0:
		in.Kind = well[in.Kind]
		add(in)
	}
	return all
}

// without removes one step, and the later steps that can't happen without it. It renumbers calls
// and incarnations.
func (m machine) without(script []model.Input, remove int) []model.Input {
	var kept []model.Input
	before, now := m, m
	calls, incarnations := map[int]int{}, map[int]int{}
	for i, in := range script {
		old, _, err := before.step(in)
		if err != nil {
			return script
		}
		if i != remove {
			mapped := in
			switch {
			case isCall(in.Kind):
				mapped.Call = now.begun() + 1
			case in.Kind == model.KindGiveUp || in.Kind == model.KindClose:
				mapped.Call = calls[in.Call]
			default:
				mapped.Incarnation = incarnations[in.Incarnation]
			}
			if next, _, err := now.step(mapped); err == nil {
				if isCall(in.Kind) {
					calls[in.Call] = mapped.Call
				}
				created := len(next.model.Incarnations)
				if created > len(now.model.Incarnations) && len(old.model.Incarnations) > len(before.model.Incarnations) {
					incarnations[len(old.model.Incarnations)] = created
				}
				now, kept = next, append(kept, mapped)
			}
		}
		before = old
	}
	return kept
}

// inOrder renames the names of a script to a, b, c in the order of their first use.
func inOrder(script []model.Input) []model.Input {
	renamed, names := slices.Clone(script), map[string]string{"": ""}
	for i, in := range script {
		if _, known := names[in.Name]; !known {
			names[in.Name] = string(rune('a' + len(names) - 1))
		}
		renamed[i].Name = names[in.Name]
	}
	return renamed
}
