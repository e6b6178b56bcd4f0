package conformance

import "ablyrooms.example/model"

// Plan says which scripts are tried: first Known, and then the Spaces in their order.
type Plan struct {
	Known  [][]model.Input // single scripts, such as those of known deviations
	Spaces []Space         // sets of scripts; of each, all scripts are tried, or some at random
	Seed   int             // the seed of the random scripts; 0 for a seed from the clock
	// Progress, if it is not nil, is called after each script with the number of scripts run so
	// far.
	Progress func(done int)
}

// DefaultPlan tries all scripts of up to 4 steps (4 calls, 2 names, 2 options). Then it tries 1,000
// random scripts within [DefaultBounds], which have leases too if [Promises.Leases] is promised.
func DefaultPlan() Plan {
	small := Bounds{Calls: 4, Names: []string{"a", "b"}, Options: []string{"x", "y"}}
	return Plan{Spaces: []Space{{Bounds: small, Length: 4}, {Bounds: DefaultBounds(), Leases: true, Runs: 1000}}}
}

// Kinds of steps. For a process, all scripts with steps of these kinds are tried, up to a length.
var (
	fewest   = []model.Kind{model.KindGet, model.KindRelease, KindAttach, model.KindReleased}
	fewKinds = append([]model.Kind{model.KindDispose, model.KindGiveUp}, fewest...)
)

// ProcessPlan returns a plan for a subject in a process. It tries all scripts of up to depth steps
// with one name and one option. With more names or options, scripts are one or two steps shorter,
// or have fewer kinds of steps. Then it tries random scripts, as many as runs says for each of
// three sets of options: only valid ones; some that are spelled out; some that are invalid.
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

// Result has the numbers of scripts that were tried, and the violations that were found.
type Result struct {
	Subject string // for a process: the name that the subject gives itself
	// scripts run from Plan.Known, and from spaces whose scripts are all tried
	Exhaustive int
	Random     int          // random scripts run
	Seed       int          // the seed of the random scripts
	Steps      int          // the number of steps of all scripts
	Kept       map[Rule]int // how many scripts showed that the rule is kept
	// Violations has one violation of each class, with the shortest script found, in the order of
	// the rules. In process there is at most one violation, since the run ends with it.
	Violations []*Violation
}

// Scripts returns the number of scripts that were run.
func (r Result) Scripts() int { return r.Exhaustive + r.Random }

// Violation returns the first violation, or nil.
func (r Result) Violation() *Violation {
	if len(r.Violations) == 0 {
		return nil
	}
	return r.Violations[0]
}
