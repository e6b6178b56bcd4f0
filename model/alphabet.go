package model

// Bounds makes the machine finite: at most so many calls begin, on these names, with these options.
// As one Get creates at most one incarnation, the number of calls bounds the incarnations too.
type Bounds struct {
	Calls       int
	Names       []string
	Options     []string
	Conditional bool // a call may be a ReleaseIf
}

// Alphabet returns every input within the bounds, each once, whether a rule names it in some state
// or not.
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

// Enabled returns the inputs within the bounds that a rule names in this state, in the order of
// [Alphabet]: those of its inputs that [State.Step] takes.
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

// beginnings returns every way in which the call can begin, after so many incarnations.
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
