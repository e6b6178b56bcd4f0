package gallery

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"ablyrooms.example/tests/conformance"
)

var full = flag.Bool("evidence.full", os.Getenv("EVIDENCE") == "full" || os.Getenv("EVIDENCE") == "all",
	"run everything, not a quick share; also by EVIDENCE=full or all")

// picture is a broken implementation with what it must be caught by.
type picture struct {
	name     string
	make     func(*conformance.Backend) conformance.System
	promises conformance.Promises
	kind     conformance.ViolationKind
	length   int
	script   string // a shortest one; empty where it is one of several that were met at random
	rule     conformance.Rule
}

func pictures() []picture {
	all := conformance.AllPromises()
	with := func(change func(p *conformance.Promises)) conformance.Promises {
		var p conformance.Promises
		change(&p)
		return p
	}
	least := conformance.Promises{}
	const differs, hang = conformance.Differs, conformance.Hang
	return []picture{
		{"map and mutex, held while the backend works", newLockedMap, least, hang, 2, "get(1, a, x); get(2, a, x)", "R4"},
		{"map and mutex, check then act", newCheckThenAct, least, differs, 2, "get(1, a, x); get(2, a, x)", "R4"},
		{"RWMutex, double-checked", newDoubleChecked, least, differs, 2, "get(1, a, x); get(2, a, x)", "R4"},
		{"sync.Map that keeps a failure", newSyncMap, with(func(p *conformance.Promises) { p.FailedOpenings = true }), differs,
			3, "get(1, a, x); openFailed(1); get(2, a, x)", "R5"},
		{"reference count", newCounted, least, differs, 3, "get(1, a, x); get(2, a, x); release(3, a)", "R11"},
		{"singleflight without options", newFlights(optionsIgnored), least, differs, 2, "get(1, a, x); get(2, a, y)", "R2"},
		{"singleflight with the first caller's context", newFlights(firstContext),
			with(func(p *conformance.Promises) { p.Cancellation = true }), differs, 2, "get(1, a, x); giveUp(1)", "R16"},
		{"singleflight where each tries again", newFlights(eachTriesAgain), with(func(p *conformance.Promises) { p.FailedOpenings = true }),
			differs, 3, "get(1, a, x); get(2, a, x); openFailed(1)", "R19"},
		{"options compared as they are written", newFlights(spellingsDiffer),
			with(func(p *conformance.Promises) { p.EqualAfterDefaults = true }), differs, 2, "get(1, a, x); get(2, a, x)", "R4"},
		{"opened again before the last room is gone", newFlights(noPredecessor), least, differs, 3, "get(1, a, x); release(2, a); get(3, a, x)", "R6"},
		{"get after dispose", newFlights(ghost), with(func(p *conformance.Promises) { p.Disposal = true }), differs, 2, "dispose(1); get(2, a, x)", "R1"},
		{"a lock for each name", newTurnstile, least, differs, 2, "get(1, a, x); get(2, a, y)", "R2"},
		{"one goroutine that does the backend's work too", newLoop, least, differs, 2, "get(1, a, x); get(2, a, y)", "R2"},
		{"a condition that is signalled once", newSignalled, least, differs, 3, "get(1, a, x); get(2, a, x); opened(1)", "R17"},
		{"promise cache that keeps a failed release", newPromises(failureKept), with(func(p *conformance.Promises) { p.FailedReleases = true }), differs,
			5, "", "R7"},
		{"dispose that returns early", newPromises(disposeEarly), all, differs, 3, "get(1, a, x); release(2, a); dispose(3)", "R12"},
		{"dispose with a flag", newPromises(disposedFlag), all, differs, 3, "get(1, a, x); dispose(2); dispose(3)", "R14"},
		{"dispose as an errgroup with a context", newPromises(firstErrorEnds), all, differs, 6, "", "R15"},
		{"dispose that keeps one error", newPromises(lastErrorOnly), all, differs, 7, "", "R15"},
		{"a waiting get forgotten by a release", newPromises(waiterForgotten), all, differs,
			4, "get(1, a, x); release(2, a); get(3, a, x); release(4, a)", "R9"},
		{"an orphan: opened after its release", newPromises(orphan), all, differs, 3, "get(1, a, x); release(2, a); opened(1)", "R18"},
		{"a release that doesn't wait for an opening", newPromises(abandonedTooSoon), all, differs, 2, "get(1, a, x); release(2, a)", "R11"},
	}
}

// TestTheBrokenAreCaught shows the shortest script that catches each, and the rule that it breaks.
func TestTheBrokenAreCaught(t *testing.T) {
	for _, p := range pictures() {
		t.Run(p.name, func(t *testing.T) {
			plan := conformance.DefaultPlan()
			plan.Seed = 1
			r := conformance.Check(t, subject(p.promises, p.make), plan)
			v := r.Violation()
			if v == nil {
				t.Fatal("not caught")
			}
			fmt.Printf("EVIDENCE gallery subject=%q length=%d rule=%q kind=%v scripts=%d script=%q\n", p.name, len(v.Script), v.Cite(), v.Kind,
				r.Exhaustive+r.Random, v.Steps())
			if v.Kind != p.kind || !v.Shortest || len(v.Script) != p.length || p.script != "" && v.Steps() != p.script || len(v.Rules) == 0 || v.Rules[0] != p.rule {
				t.Errorf("expected %v by %d inputs, %q, %v\n%v", p.kind, p.length, p.script, p.rule, v)
			}
		})
	}
}

// TestTheGoodPass runs the two good ones without an alarm.
func TestTheGoodPass(t *testing.T) {
	runs := 2000
	if *full {
		runs = 100_000
	}
	for name, make := range map[string]func(*conformance.Backend) conformance.System{"promises": newPromises(none), "actor": newActor} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := conformance.DefaultPlan()
			plan.Spaces[1].Runs = runs
			r := conformance.Check(t, subject(conformance.AllPromises(), make), plan)
			if r.Violation() != nil {
				t.Fatal(r.Violation())
			}
			fmt.Printf("EVIDENCE good subject=%s exhaustive=%d length=%d random=%d alarms=0\n", name, r.Exhaustive, plan.Spaces[0].Length, r.Random)
		})
	}
}
