package conformance

import "ablyrooms.example/model"

// Plan says what is tried, in this order.
type Plan struct {
	Known  [][]model.Input // scripts
	Spaces []Space         // all scripts of each, or some at random
	Seed   int             // of the random scripts; 0 stands for one of the clock
	// Progress, if it is not nil, is called after each script with how many are done.
	Progress func(done int)
}

// DefaultPlan tries all scripts of up to 4 steps (4 calls, 2 names, 2 options), and then 1,000
// random ones within [DefaultBounds]. With [Promises.Leases] scripts of leases are among these.
func DefaultPlan() Plan {
	small := Bounds{Calls: 4, Names: []string{"a", "b"}, Options: []string{"x", "y"}}
	return Plan{Spaces: []Space{{Bounds: small, Length: 4}, {Bounds: DefaultBounds(), Leases: true, Runs: 1000}}}
}

// The kinds of steps of which all scripts are tried on a process.
var (
	fewest   = []model.Kind{model.KindGet, model.KindRelease, KindAttach, model.KindReleased}
	fewKinds = append([]model.Kind{model.KindDispose, model.KindGiveUp}, fewest...)
)

// ProcessPlan returns a plan for a subject in a process: all scripts of up to depth steps on one
// name, one or two steps less where there are more names or options, and then random ones, runs of
// each of three kinds: with good options only, with some spelled out, with some that are not valid.
func ProcessPlan(depth, runs int) Plan {
	space := func(length int, kinds []model.Kind, names []string, options ...string) Space {
		return Space{Bounds: Bounds{Calls: depth, Names: names, Options: options}, Kinds: kinds, Length: length}
	}
	a, ab := []string{"a"}, []string{"a", "b"}
	plan := Plan{Seed: 1, Spaces: []Space{
		space(depth, fewKinds, a, "x"),
		space(depth-1, fewKinds, a, "x", "y"),
		space(depth-1, fewKinds, ab, "x"),
		space(depth-2, fewKinds, a, "x", "x"+SpelledOut, Invalid),
		space(depth, fewest, a, "x", "x"+SpelledOut),
		space(depth, fewest, a, "x", Invalid),
	}}
	for _, options := range [][]string{{"x", "y"}, {"x", "x" + SpelledOut, "y", "y" + SpelledOut}, {"x", Invalid, "y"}} {
		random := space(14, nil, ab, options...)
		random.Calls, random.Runs = 12, runs
		plan.Spaces = append(plan.Spaces, random)
	}
	return plan
}

// Result is what was tried, and what was found.
type Result struct {
	Subject    string       // by its own account, for a process
	Exhaustive int          // scripts tried of spaces that are tried whole, and known ones
	Random     int          // scripts tried at random
	Seed       int          // of these
	Steps      int          // of all scripts
	Kept       map[Rule]int // how many scripts followed the rule, and showed it
	// Violations are the shortest of each class, in the order of the rules. In process there is one
	// at most, since trying ends with it.
	Violations []*Violation
}

// Scripts returns how many were run.
func (r Result) Scripts() int { return r.Exhaustive + r.Random }

// Violation returns the first violation, or nil.
func (r Result) Violation() *Violation {
	if len(r.Violations) == 0 {
		return nil
	}
	return r.Violations[0]
}
