package gallery

import (
	"strings"
	"testing"

	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/internal/evidence"
)

var least, all = conformance.Promises{}, conformance.AllPromises()

// pictures are the broken implementations with what each must be caught by: a shortest script, or
// how long it is, where it is one of several that are met at random; and the rule that it breaks.
var pictures = []struct {
	name     string
	slip     slip
	promises conformance.Promises
	script   string
	length   int
	rule     conformance.Rule
}{
	{"map and mutex, held while the backend works", lockHeld, least, "get(1, a, x); get(2, a, x)", 2, "R4"},
	{"map and mutex, check then act", checkThenAct, least, "get(1, a, x); get(2, a, x)", 2, "R4"},
	{"RWMutex, double-checked", unfilled, least, "get(1, a, x); get(2, a, x)", 2, "R4"},
	{"sync.Map that keeps a failure", failedOpeningKept, conformance.Promises{FailedOpenings: true}, "get(1, a, x); openFailed(1); get(2, a, x)", 3, "R5"},
	{"reference count", counted, least, "get(1, a, x); get(2, a, x); release(3, a)", 3, "R11"},
	{"singleflight without options", optionsIgnored, least, "get(1, a, x); get(2, a, y)", 2, "R2"},
	{"singleflight with the first caller's context", firstContext, conformance.Promises{Cancellation: true}, "get(1, a, x); giveUp(1)", 2, "R16"},
	{"singleflight where each tries again", eachTriesAgain, conformance.Promises{FailedOpenings: true},
		"get(1, a, x); get(2, a, x); openFailed(1)", 3, "R19"},
	{"options compared as they are written", spellingsDiffer, conformance.Promises{EqualAfterDefaults: true}, "get(1, a, x); get(2, a, x)", 2, "R4"},
	{"opened again before the last room is gone", noPredecessor, least, "get(1, a, x); release(2, a); get(3, a, x)", 3, "R6"},
	{"get after dispose", ghost, conformance.Promises{Disposal: true}, "dispose(1); get(2, a, x)", 2, "R1"},
	{"a lock for each name", ownTurn, least, "get(1, a, x); get(2, a, y)", 2, "R2"},
	{"one goroutine that does the backend's work too", oneLoop, least, "get(1, a, x); get(2, a, y)", 2, "R2"},
	{"a condition that is signalled once", signalledOnce, least, "get(1, a, x); get(2, a, x); opened(1)", 3, "R17"},
	{"promise cache that keeps a failed release", failureKept, conformance.Promises{FailedReleases: true}, "", 5, "R7"},
	{"dispose that returns early", disposeEarly, all, "get(1, a, x); release(2, a); dispose(3)", 3, "R12"},
	{"dispose with a flag", disposedFlag, all, "get(1, a, x); dispose(2); dispose(3)", 3, "R14"},
	{"dispose as an errgroup with a context", firstErrorEnds, all, "", 6, "R15"},
	{"dispose that keeps one error", lastErrorOnly, all, "", 7, "R15"},
	{"a waiting get forgotten by a release", waiterForgotten, all,
		"get(1, a, x); release(2, a); get(3, a, x); release(4, a)", 4, "R9"},
	{"an orphan: opened after its release", orphan, all, "get(1, a, x); release(2, a); opened(1)", 3, "R18"},
	{"a release that doesn't wait for an opening", abandonedTooSoon, all, "get(1, a, x); release(2, a)", 2, "R11"},
}

// subject has the harness make registries with a slip and read their errors.
func subject(p conformance.Promises, s slip) conformance.Subject {
	return conformance.Subject{New: func(b *conformance.Backend) conformance.System { return newPromises(b, s) },
		Classify: conformance.ClassifyBy(errOptions, errReleased, errDisposed), Promises: p}
}

// TestTheBrokenAreCaught shows the shortest script that catches each, and the rule that it breaks.
func TestTheBrokenAreCaught(t *testing.T) {
	for _, p := range pictures {
		t.Run(p.name, func(t *testing.T) {
			plan := conformance.DefaultPlan()
			plan.Seed = 1
			r := conformance.Check(t, subject(p.promises, p.slip), plan)
			v := r.Violation()
			if v == nil {
				t.Fatal("not caught")
			}
			evidence.Print("gallery", "subject", p.name, "length", len(v.Script), "rule", v.Cite(), "kind", v.Kind,
				"scripts", r.Scripts(), "script", v.Steps())
			hang := strings.Contains(p.name, "held while")
			if (v.Kind == conformance.Hang) != hang || !hang && v.Kind != conformance.Differs || !v.Shortest ||
				len(v.Script) != p.length || p.script != "" && v.Steps() != p.script || len(v.Rules) == 0 || v.Rules[0] != p.rule {
				t.Errorf("expected %d steps, %q, %v\n%v", p.length, p.script, p.rule, v)
			}
		})
	}
}

// TestTheGoodPass runs the good one without an alarm.
func TestTheGoodPass(t *testing.T) {
	plan := conformance.DefaultPlan()
	if plan.Spaces[1].Runs = 2000; evidence.At(evidence.Full) {
		plan.Spaces[1].Runs = 100_000
	}
	r := conformance.Check(t, subject(all, none), plan)
	if v := r.Violation(); v != nil {
		t.Fatal(v)
	}
	evidence.Print("good", "subject", "promises", "exhaustive", r.Exhaustive, "length", plan.Spaces[0].Length,
		"random", r.Random, "alarms", 0)
}

// TestPromises breaks each promise alone: the harness sees it when it is made, and nothing else
// when it is not.
func TestPromises(t *testing.T) {
	breaks := map[string]slip{"Cancellation": waitsOn, "Causes": causeLost, "OpeningsCancelled": openingGoesOn,
		"EqualAfterDefaults": spellingsDiffer, "FailedOpenings": failedOpeningKept, "FailedReleases": failureKept,
		"Disposal": ghost, "SharedDisposal": disposedFlag, "DisposalWaitsForAll": disposeEarly,
		"DisposalReports": failuresHidden, "DisposalJoins": lastErrorOnly}
	if some := all.Loosenings(); len(some) != 0 {
		t.Errorf("all promises leave out %v", some)
	}
	for _, loosening := range least.Loosenings() {
		promise, _, _ := strings.Cut(loosening, " ")
		t.Run(promise, func(t *testing.T) {
			slip, known := breaks[promise]
			rest, err := all.Without(promise)
			if err != nil || !known {
				t.Fatalf("nothing breaks it: %v", err)
			}
			plan := conformance.DefaultPlan()
			plan.Seed, plan.Spaces[0].Length, plan.Spaces[1].Runs = 1, 3, 600
			r := conformance.Check(t, subject(all, slip), plan)
			v := r.Violation()
			if v == nil {
				t.Fatal("the broken promise is not seen")
			}
			t.Logf("%v, shortest: %t, %s", v.Kind, v.Shortest, v.Steps())
			r = conformance.Check(t, subject(rest, slip), plan)
			if v := r.Violation(); v != nil {
				t.Errorf("it is not promised, and judged all the same: %v", v)
			}
		})
	}
}
