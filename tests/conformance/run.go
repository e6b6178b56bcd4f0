package conformance

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ablyrooms.example/model"
)

// Plan says how much is tried.
type Plan struct {
	Length int    // all scripts up to this length are tried, within Small and up to a renaming of names
	Small  Bounds // for those
	Runs   int    // so many random scripts are tried
	Bounds Bounds // for those
	Seed   int    // of the random scripts; 0 stands for one of the clock
}

// DefaultPlan tries all scripts of up to 4 inputs (4 calls, 2 names, 2 options), and then 1,000 random ones within [DefaultBounds].
func DefaultPlan() Plan {
	return Plan{
		Length: 4, Small: Bounds{Calls: 4, Names: []string{"a", "b"}, Options: []string{"x", "y"}},
		Runs: 1000, Bounds: DefaultBounds(),
	}
}

// Result is what was tried, and what was found.
type Result struct {
	Exhaustive int        // scripts tried in the exhaustive part
	Random     int        // scripts tried at random
	Seed       int        // of the random part
	Violation  *Violation // nil if there is none
}

// shortestLimit is how many scripts are tried at most to find one that is shorter than a random one.
const shortestLimit = 20_000

// Run tries a subject by [DefaultPlan] and fails the test with the [Violation] found, if there is one. It logs what was tried and what was
// not judged.
func Run(t *testing.T, subject Subject) {
	t.Helper()
	RunPlan(t, subject, DefaultPlan())
}

// RunPlan is [Run] by another plan.
func RunPlan(t *testing.T, subject Subject, plan Plan) {
	t.Helper()
	for _, l := range subject.Promises.Loosenings() {
		t.Logf("not promised, so not judged: %v", l)
	}
	r := Check(t, subject, plan)
	if r.Violation != nil {
		t.Fatal(r.Violation)
	}
	t.Logf("no violation in %d scripts, all of up to %d inputs (%s), and in %d random ones (%s, seed %d)",
		r.Exhaustive, plan.Length, describe(plan.Small), r.Random, describe(plan.Bounds), r.Seed)
}

func describe(b Bounds) string {
	return fmt.Sprintf("%d calls, %d names, %d options", b.Calls, len(b.Names), len(b.Options))
}

// Check tries a subject and returns what it found, without failing the test. A violation of the exhaustive part is a shortest one within
// its bounds. One of the random part is shortened, and is a shortest one where Shortest says so.
func Check(t *testing.T, subject Subject, plan Plan) Result {
	t.Helper()
	try := func(script []model.Input) *Violation { return RunScript(t, subject, script) }
	var r Result
	var leftover *Violation // told only if no rule is broken, which says more
	for n := 1; n <= plan.Length; n++ {
		for script := range scripts(plan.Small, n, subject.Promises.allows) {
			r.Exhaustive++
			switch v := try(script); {
			case v == nil:
			case v.Kind == Leftover:
				if leftover == nil {
					leftover = v
				}
			default:
				v.Shortest = true
				r.Violation = v
				return r
			}
		}
	}
	if leftover != nil {
		leftover.Shortest = true
		r.Violation = leftover
		return r
	}
	if r.Seed = plan.Seed; r.Seed == 0 {
		r.Seed = int(time.Now().UnixNano() >> 10)
	}
	draw := rapid.Custom(func(t *rapid.T) []model.Input { return script(t, plan.Bounds, subject.Promises) })
	for ; r.Random < plan.Runs; r.Random++ {
		script := draw.Example(r.Seed + r.Random)
		v := try(script)
		if v == nil {
			continue
		}
		r.Violation = shortest(shorten(v, plan.Bounds, try), subject.Promises, shortestLimit, try)
		return r
	}
	return r
}
