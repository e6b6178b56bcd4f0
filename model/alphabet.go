package model

// Bounds makes the machine finite: at most Calls calls begin, with these names and options. As a
// Get creates at most one incarnation, there are no more incarnations than calls.
type Bounds struct {
	Calls       int
	Names       []string
	Options     []string
	Conditional bool // calls may be a ReleaseIf too
}

// Alphabet returns every input within the bounds, each once, also those that no rule names in any
// state.
func Alphabet(b Bounds) []Input {
	var all []Input
	for call := 1; call <= b.Calls; call++ {
		all = append(all, beginnings(call, b, b.Calls)...)
	}
	for call := 1; call <= b.Calls; call++ {
		all = append(all, GiveUp(call))
	}
	for i := 1; i <= b.Calls; i++ {
		all = append(all, Opened(i), OpenFailed(i), Released(i), ReleaseFailed(i))
	}
	return all
}

// Enabled returns the inputs within the bounds that a rule names in this state, which [State.Step]
// takes. They are in the order of [Alphabet].
func (s State) Enabled(b Bounds) []Input {
	var enabled []Input
	if len(s.Calls) < b.Calls {
		enabled = beginnings(len(s.Calls)+1, b, len(s.Incarnations))
	}
	for i, c := range s.Calls {
		if c.Pending() {
			enabled = append(enabled, GiveUp(i+1))
		}
	}
	for i, inc := range s.Incarnations {
		switch inc.Work {
		case WorkOpening:
			enabled = append(enabled, Opened(i+1), OpenFailed(i+1))
		case WorkClosing:
			enabled = append(enabled, Released(i+1), ReleaseFailed(i+1))
		}
	}
	return enabled
}

// beginnings returns every input that begins the call, if there are so many incarnations.
func beginnings(call int, b Bounds, incarnations int) []Input {
	var all []Input
	for _, name := range b.Names {
		for _, options := range b.Options {
			all = append(all, Get(call, name, options))
		}
		all = append(all, Release(call, name))
	}
	all = append(all, Dispose(call))
	for i := 1; b.Conditional && i <= incarnations; i++ {
		all = append(all, ReleaseIf(call, i))
	}
	return all
}
