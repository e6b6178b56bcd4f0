package gallery

import (
	"os"
	"strings"
	"testing"
	"time"

	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/internal/evidence"
	"ablyrooms.example/tests/conformance/linear"
)

var least, rejecting, all = conformance.Promises{}, conformance.Promises{ReleaseRejectsGets: true}, conformance.AllPromises()

// pictures are the broken implementations. Each must be caught with a shortest script, and with the
// rule that it breaks. If script is empty, several scripts are possible, and only their length is
// checked.
var pictures = []struct {
	name     string
	slip     slip
	promises conformance.Promises
	script   string
	length   int
	rule     conformance.Rule
}{
	{"map and mutex, held while the backend works", lockHeld, least, "get(1, a, x); get(2, a, x)", 2, "R4"},
	{"map and mutex, held while a room is closed", lockOverClose, least, "get(1, a, x); opened(1); release(2, a); get(3, a, x)", 4, "R6"},
	{"map and mutex, check then act", checkThenAct, least, "get(1, a, x); get(2, a, x)", 2, "R4"},
	{"RWMutex, double-checked", unfilled, least, "get(1, a, x); get(2, a, x)", 2, "R4"},
	{"sync.Map that keeps a failure", failedOpeningKept, conformance.Promises{FailedOpenings: true}, "get(1, a, x); openFailed(1); get(2, a, x)", 3, "R5"},
	{"reference count", counted, rejecting, "get(1, a, x); get(2, a, x); release(3, a)", 3, "R11"},
	{"singleflight without options", optionsIgnored, least, "get(1, a, x); get(2, a, y)", 2, "R2"},
	{"singleflight with the first caller's context", firstContext, conformance.Promises{Cancellation: true}, "get(1, a, x); giveUp(1)", 2, "R16"},
	{"singleflight where each tries again", eachTriesAgain, conformance.Promises{FailedOpenings: true},
		"get(1, a, x); get(2, a, x); openFailed(1)", 3, "R19"},
	{"options compared as they are written", spellingsDiffer, conformance.Promises{EqualAfterDefaults: true}, "get(1, a, x); get(2, a, x)", 2, "R4"},
	{"opened again before the last room is gone", noPredecessor, rejecting, "get(1, a, x); release(2, a); get(3, a, x)", 3, "R6"},
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

// subject returns a subject whose registries have a slip.
func subject(p conformance.Promises, s slip) conformance.Subject {
	return conformance.Subject{New: func(b *conformance.Backend) conformance.System { return newPromises(b, s) },
		Classify: conformance.ClassifyBy(errOptions, errReleased, errDisposed), Promises: p}
}

// TestTheBrokenAreCaught prints for each broken registry the shortest script that catches it, and
// the rule that it breaks.
func TestTheBrokenAreCaught(t *testing.T) {
	for _, p := range pictures {
		t.Run(p.name, func(t *testing.T) {
			plan := conformance.DefaultPlan()
			plan.Seed = 1
			r := conformance.Check(t, subject(p.promises, p.slip), plan)
			v := r.Violation()
			if v == nil {
				t.Fatal("the broken registry was not caught")
			}
			evidence.Print("gallery", "subject", p.name, "length", len(v.Script), "rule", v.Cite(), "kind", v.Kind,
				"scripts", r.Scripts(), "script", v.Steps())
			hang := strings.Contains(p.name, "held while")
			if (v.Kind == conformance.Hang) != hang || !hang && v.Kind != conformance.Differs || !v.Shortest ||
				len(v.Script) != p.length || p.script != "" && v.Steps() != p.script || len(v.Rules) == 0 || v.Rules[0] != p.rule {
				t.Errorf("expected a script of %d steps, %q, that breaks %v; found\n%v", p.length, p.script, p.rule, v)
			}
		})
	}
}

// TestTheGoodPass checks that the registry without a slip passes.
func TestTheGoodPass(t *testing.T) {
	plan := conformance.DefaultPlan()
	if plan.Spaces[1].Runs = 2000; evidence.At(evidence.Full) {
		plan.Spaces[1].Runs = 100_000
	}
	r := conformance.Check(t, subject(all, none), plan)
	if v := r.Violation(); v != nil {
		t.Fatal(v)
	}
	if _, err := linear.Run(subject(all, none), 2000, small); err != nil {
		t.Error(err)
	}
	evidence.Print("good", "subject", "promises", "exhaustive", r.Exhaustive, "length", plan.Spaces[0].Length,
		"random", r.Random, "alarms", 0)
}

// TestPromises runs, for each promise, a registry that breaks only this promise. The harness must
// report a violation if the subject makes the promise, and none if the subject doesn't make it.
func TestPromises(t *testing.T) {
	breaks := map[string]slip{"Cancellation": waitsOn, "Causes": causeLost,
		"EndedContexts": endedRefused, "Leases": leasesForgotten, "OpeningsCancelled": openingGoesOn,
		"EqualAfterDefaults": spellingsDiffer, "FailedOpenings": failedOpeningKept, "FailedReleases": failureKept,
		"ReleaseRejectsGets": waitersStay,
		"Disposal":           ghost, "SharedDisposal": disposedFlag, "DisposalWaitsForAll": disposeEarly,
		"DisposalReports": failuresHidden, "DisposalJoins": lastErrorOnly}
	if some := all.Loosenings(); len(some) != 0 {
		t.Errorf("AllPromises does not make all promises: %v", some)
	}
	for _, loosening := range least.Loosenings() {
		promise, _, _ := strings.Cut(loosening, " ")
		t.Run(promise, func(t *testing.T) {
			slip, known := breaks[promise]
			rest, err := all.Without(promise)
			if err != nil || !known {
				t.Fatalf("no slip breaks this promise: %v", err)
			}
			plan := conformance.DefaultPlan()
			plan.Seed, plan.Spaces[0].Length, plan.Spaces[1].Runs = 1, 3, 600
			r := conformance.Check(t, subject(all, slip), plan)
			v := r.Violation()
			if v == nil {
				t.Fatal("the broken promise was not reported")
			}
			t.Logf("%v, shortest: %t, %s", v.Kind, v.Shortest, v.Steps())
			r = conformance.Check(t, subject(rest, slip), plan)
			if v := r.Violation(); v != nil {
				t.Errorf("the subject does not make the promise, but its breach was reported: %v", v)
			}
		})
	}
}

// TestTheHarnessSees plants faults that could make a harness itself fail or hang. Each must be
// reported with its shortest script.
func TestTheHarnessSees(t *testing.T) {
	noDispose := subject(all, none)
	noDispose.New = func(b *conformance.Backend) conformance.System {
		return struct{ conformance.System }{newPromises(b, none)}
	}
	const differs, opened = conformance.Differs, "get(1, a, x); release(2, a); opened(1)"
	for name, c := range map[string]struct {
		subject conformance.Subject
		kind    conformance.ViolationKind
		script  string
		got     string // a part of what is reported
	}{
		"a call that waits for ever": {subject(all, stuck), differs, "release(1, a)", "waits"},
		"a lock held while the backend works": {subject(all, lockHeld), conformance.Hang,
			"get(1, a, x); get(2, a, x)", "a lock is held during the open of a: sync.Mutex.Lock in"},
		"a lock held while the backend closes": {subject(all, lockOverClose), conformance.Hang,
			"get(1, a, x); release(2, a); opened(1); get(3, a, x)", "a lock is held during the close of a: sync.Mutex.Lock in"},
		"a goroutine left behind": {subject(all, goroutineLeft), conformance.Leftover, "release(1, a)", "wait for ever"},
		"no room and no error":    {subject(all, roomLost), differs, "get(1, a, x); opened(1)", "no error and no room"},
		"another pointer for the same room": {subject(all, roomCopied), differs,
			"get(1, a, x); get(2, a, x); opened(1)", "a copy"},
		"opened twice":              {subject(all, openedTwice), differs, "get(1, a, x)", "opening an unexpected room (a)"},
		"opened with other options": {subject(all, optionsReplaced), differs, "get(1, a, y)", "it is opened with x"},
		"the wrong room released": {subject(all, firstReleased), differs,
			"get(1, a, x); release(2, a); get(3, b, x); opened(2); opened(1)", "closing #2 (b)"},
		"a copy of a room released": {subject(all, copyReleased), differs, opened, "or a copy"},
		"no room released":          {subject(all, nilReleased), differs, opened, "a room that is nil"},
		"a panic in a call": {subject(all, releasePanics), conformance.Panic,
			"release(1, a)", "call 1 (release(1, a)) panics: oh"},
		"a call that ends its goroutine": {subject(all, disposeGoexits), conformance.Panic,
			"dispose(1)", "ends its goroutine"},
		"a disposal promised without Dispose": {noDispose, conformance.Panic, "get(1, a, x)", "no method Dispose"},
		"a panic in New":                      {subject(all, newPanics), conformance.Panic, "get(1, a, x)", "New panics: oh"},
		"the caller's context given to the backend": {subject(all, contextEnded), differs,
			"get(1, a, x)", "ended: true"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := conformance.Plan{Spaces: conformance.DefaultPlan().Spaces[:1]}
			if strings.Count(c.script, ";") >= 4 {
				plan.Spaces[0].Length, plan.Spaces[0].Options = 5, []string{"x"}
			}
			r := conformance.Check(t, c.subject, plan)
			v := r.Violation()
			if v == nil {
				t.Fatal("the harness did not report the fault")
			}
			if v.Kind != c.kind || v.Steps() != c.script || !v.Shortest || !strings.Contains(v.Got, c.got) {
				t.Errorf("expected a violation of the kind %v with the script %q and the text %q; found\n%v", c.kind, c.script, c.got, v)
			}
		})
	}
}

// small returns the n-th round. Rounds are short, since porcupine tries all orders of a history
// that no order explains.
func small(n int) linear.Round {
	return linear.Round{Names: 1, Goroutines: 4, Calls: 5, Jitter: n%2 == 1, Seed: uint64(n)}
}

// TestTheBrokenAreNotLinearizable checks that broken registries fail the check for linearizability,
// and that the check then draws a picture.
func TestTheBrokenAreNotLinearizable(t *testing.T) {
	for name, slip := range map[string]slip{
		"a get that returns a released room": stale, "two rooms for one name": checkThenAct,
		"a release that returns too soon": releasedEarly, "conflicting options get the room": optionsIgnored,
	} {
		t.Run(name, func(t *testing.T) {
			for n := range 500 {
				h := small(n).Record(subject(all, slip))
				err := h.Check()
				if err == nil {
					continue
				}
				_, path, _ := strings.Cut(err.Error(), "see ")
				page, readErr := os.ReadFile(path)
				if readErr != nil || !strings.Contains(string(page), "<html") {
					t.Errorf("the check drew no picture: %v", readErr)
				}
				if !strings.Contains(err.Error(), ": not linearizable: ") {
					t.Errorf("got the error %v, expected that the history is not linearizable", err)
				}
				_ = os.RemoveAll(strings.TrimSuffix(path, "/history.html"))
				evidence.Print("linear-planted", "fault", name, "round", n+1)
				return
			}
			t.Error("no history of 500 rounds failed the check")
		})
	}
}

// TestCallsWithoutEnd checks that a call that never returns is reported.
func TestCallsWithoutEnd(t *testing.T) {
	short := func(n int) linear.Round {
		r := small(n)
		r.Patience = time.Millisecond
		return r
	}
	_, err := linear.Run(subject(all, stuck), 1000, short)
	if err == nil || !strings.Contains(err.Error(), "have returned") {
		t.Fatalf("got the error %v, expected one about calls that have not returned", err)
	}
}
