package subject

import "slices"

// Shorten takes steps away from a script, and makes others plainer, as long as fails holds for what is left.
func Shorten(script Script, fails func(Script) bool) Script {
	for changed := true; changed; {
		changed = false
		for i := len(script) - 1; i >= 0; i-- {
			for _, shorter := range plainer(script, i) {
				if fails(shorter) {
					script, changed = shorter, true
					break
				}
			}
			i = min(i, len(script))
		}
	}
	return inOrder(script)
}

// plainer lists scripts without the i-th step, or with a plainer one.
func plainer(script Script, i int) []Script {
	var all []Script
	if shorter := without(script, i); len(shorter) < len(script) {
		all = append(all, shorter)
	}
	s := script[i]
	alternatives := []Step{s}
	switch s.Kind {
	case Get:
		alternatives = []Step{{Kind: Get, Call: s.Call, Name: s.Name, Options: "x"}, {Kind: Get, Call: s.Call, Name: s.Name, Options: "y"}}
		if at := slices.IndexFunc(alternatives, func(a Step) bool { return a == s }); at >= 0 {
			alternatives = alternatives[:at]
		}
	case Failed:
		alternatives[0].Kind = Released
	case AttachRefused:
		alternatives[0].Kind = Attached
	case Attaching:
		alternatives[0].Kind = Attach
	default:
		alternatives = nil
	}
	for _, a := range alternatives {
		changed := slices.Clone(script)
		changed[i] = a
		if possible(changed) {
			all = append(all, changed)
		}
	}
	return all
}

func possible(script Script) bool {
	var m machine
	for _, s := range script {
		var err error
		if m, _, err = m.step(s); err != nil {
			return false
		}
	}
	return true
}

// without removes one step, and then whatever can't happen without it, and numbers calls and incarnations anew.
func without(script Script, remove int) Script {
	var kept Script
	var before, now machine
	calls, incarnations := map[int]int{}, map[int]int{}
	for i, s := range script {
		old, _, err := before.step(s)
		if err != nil {
			return script
		}
		if i != remove {
			mapped := s
			switch {
			case s.Kind.call():
				mapped.Call = len(now.calls) + 1
			case s.Kind == GiveUp:
				mapped.Call = calls[s.Call]
			default:
				mapped.Incarnation = incarnations[s.Incarnation]
			}
			if next, _, err := now.step(mapped); err == nil {
				if s.Kind.call() {
					calls[s.Call] = mapped.Call
				}
				if len(next.wires) > len(now.wires) && len(old.wires) > len(before.wires) {
					incarnations[len(old.wires)] = len(next.wires)
				}
				now, kept = next, append(kept, mapped)
			}
		}
		before = old
	}
	return kept
}

// inOrder renames the names of a script to a, b, c in the order of their first use.
func inOrder(script Script) Script {
	renamed, names := slices.Clone(script), map[string]string{"": ""}
	for i, s := range script {
		if _, known := names[s.Name]; !known {
			names[s.Name] = string(rune('a' + len(names) - 1))
		}
		renamed[i].Name = names[s.Name]
	}
	return renamed
}
