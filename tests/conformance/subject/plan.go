package subject

import (
	"slices"

	"ablyrooms.example/tests/conformance"
)

// Plan says what is tried.
type Plan struct {
	Promises conformance.Promises // what the subject is held to
	Known    []Script             // these are tried first
	All      []Bounds             // of each of these, all scripts
	Random   []Random             // of each of these, some
	Seed     uint64
	Rigs     int // how many subjects run at a time; 0 for one
	// Progress, if it is not nil, is told after each script how many are done.
	Progress func(done int)
}

// Bounds are an alphabet and a length of scripts.
type Bounds struct {
	Alphabet
	Length int
}

// Random are bounds within which scripts are drawn.
type Random struct {
	Bounds
	Runs int
}

// The kinds of steps of which all scripts are tried, and all kinds.
var (
	fewest   = []Kind{Get, Release, Attach, Released}
	fewKinds = []Kind{Get, Release, Dispose, GiveUp, Attach, Released}
	allKinds = []Kind{Get, Release, Dispose, GiveUp, Attach, Attaching, Attached, AttachRefused, Released, Failed, Resisted}
)

// NewPlan returns a plan for a subject that makes these promises: all scripts of up to depth steps on one name, one or two steps less where
// there are more names or options, and then random ones, runs of each of three kinds: with good options only, with some spelled out, with
// some that are not valid. Of the promises, those of what can't be seen at the wire ask for nothing: see the package's comment.
func NewPlan(p conformance.Promises, depth, runs int) Plan {
	bounds := func(length, calls int, kinds []Kind, names []string, options ...string) Bounds {
		return Bounds{Alphabet{calls, names, options, kinds, p}, length}
	}
	a, ab := []string{"a"}, []string{"a", "b"}
	plan := Plan{Promises: p, All: []Bounds{
		bounds(depth, depth, fewKinds, a, "x"),
		bounds(depth-1, depth, fewKinds, a, "x", "y"),
		bounds(depth-1, depth, fewKinds, ab, "x"),
		bounds(depth-2, depth, fewKinds, a, "x", "x"+SpelledOut, Invalid),
		bounds(depth, depth, fewest, a, "x", "x"+SpelledOut),
		bounds(depth, depth, fewest, a, "x", Invalid),
	}}
	for _, options := range [][]string{{"x", "y"}, {"x", "x" + SpelledOut, "y", "y" + SpelledOut}, {"x", Invalid, "y"}} {
		plan.Random = append(plan.Random, Random{bounds(14, 12, allKinds, ab, options...), runs})
	}
	return plan
}

// covers tells whether all scripts of these bounds include the script.
func (b Bounds) covers(script Script) bool {
	calls := 0
	for _, s := range script {
		if s.Kind.call() {
			calls++
		}
		if !slices.Contains(b.Kinds, s.Kind) || s.Name != "" && !slices.Contains(b.Names, s.Name) ||
			s.Kind == Get && !slices.Contains(b.Options, s.Options) {
			return false
		}
	}
	return len(script) <= b.Length && calls <= b.Calls
}
