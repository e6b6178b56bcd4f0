package world

import (
	"fmt"
	"regexp"
	"slices"
	"sync"
)

// Known is a known failure, which can't be fixed in this library.
type Known struct {
	Name        string
	Runs        string  // a regular expression for the names of the runs that may have the failure
	Problem     string  // a regular expression for the problem
	Witness     string  // a run that often has the failure; empty if no run has it often enough
	PerThousand float64 // how many of a thousand runs may have it, not counting witnesses
	Reason      string
}

// KnownFailures returns the known failures, for both frames and soak. A run of soak is named
// "soak/" and its scenario. For a child process of soak that ends early, the name is "soak/child".
func KnownFailures() []Known { return nil }

// Directed returns the names of runs that once showed a fault of this library. They are always run.
func Directed() []string {
	return []string{
		// A release never settled, since ably-go was attaching the channel on its own and got no
		// answer.
		"get-attach-release/1/in/MESSAGE.lobby.3/detach-beside+1/out/ATTACH.lobby.2/drop",
		// A failed channel was released while ably-go was about to attach it again.
		"reattach-after-suspension/1/out/ATTACH.lobby.1/fail-channel+2/out/ATTACH.lobby.1/refuse",
		"get-attach-release/1/in/DETACHED.lobby.1/refuse+1/out/ATTACH.lobby.2/refuse",
		// An attach timed out, its channel was released, and the DETACH was lost.
		"the-server-acts/1/in/ATTACHED.lobby.4/delay+1/out/DETACH.lobby.1/drop",
		// The late answer to a DETACH came after the channel was released. ably-go created the
		// channel again, and attached it.
		"reattach-after-suspension/2/in/MESSAGE.lobby.1/fail-beside+2/out/DETACH.lobby.1/delay",
	}
}

// KnownList explains failures by known failures, and counts them. Its methods may be called
// concurrently.
type KnownList struct {
	mu      sync.Mutex
	entries []*knownEntry
	runs    int
}

type knownEntry struct {
	Known
	runs, problem *regexp.Regexp
	could         int  // number of runs that match Runs
	met           int  // number of failed runs that the entry explained, without witnesses
	shown         bool // the witness had the failure, as it should
}

// NewKnownList returns a list without any runs so far.
func NewKnownList(list []Known) *KnownList {
	l := &KnownList{}
	for _, k := range list {
		l.entries = append(l.entries, &knownEntry{Known: k, runs: regexp.MustCompile(k.Runs), problem: regexp.MustCompile(k.Problem)})
	}
	return l
}

// Explain counts a run, and reports whether all of its problems are known failures.
func (l *KnownList) Explain(run string, problems []string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs++
	var by []*knownEntry
	all := true
	for _, e := range l.entries {
		if e.runs.MatchString(run) {
			e.could++
		}
	}
	for _, problem := range problems {
		i := slices.IndexFunc(l.entries, func(e *knownEntry) bool { return e.runs.MatchString(run) && e.problem.MatchString(problem) })
		if i < 0 {
			all = false
		} else if !slices.Contains(by, l.entries[i]) {
			by = append(by, l.entries[i])
		}
	}
	if !all {
		return false
	}
	for _, e := range by {
		e.shown = e.shown || run == e.Witness
		if !slices.ContainsFunc(l.entries, func(e *knownEntry) bool { return run == e.Witness }) {
			e.met++
		}
	}
	return true
}

// Shown reports whether the run is the witness of a known failure, and has shown it.
func (l *KnownList) Shown(run string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.entries, func(e *knownEntry) bool { return e.shown && e.Witness == run })
}

// Unused returns a problem for each known failure that its witness did not show.
func (l *KnownList) Unused() (stale []string) {
	for _, e := range l.entries {
		if !e.shown && e.Witness != "" {
			stale = append(stale, fmt.Sprintf("a known failure did not occur, so remove it from the list: %s: %s: %s", e.Name, e.Witness, e.Reason))
		}
	}
	return stale
}

// Up to fewFailures failures are too few to estimate their rate. Up to fewRuns runs are too few to
// say that a known failure would explain every run.
const (
	fewFailures = 5
	fewRuns     = 200
)

// TooMany returns a problem for each known failure that explained too many failures, or that would
// explain every run.
func (l *KnownList) TooMany() (wrong []string) {
	for _, e := range l.entries {
		if most := max(e.PerThousand*float64(l.runs)/1000, fewFailures); float64(e.met) > most {
			wrong = append(wrong, fmt.Sprintf("%d of %d runs had the known failure %q, expected at most %.0f", e.met, l.runs, e.Name, most))
		}
		if l.runs > fewRuns && e.could == l.runs {
			wrong = append(wrong, fmt.Sprintf("the known failure %q would explain every run", e.Name))
		}
	}
	return wrong
}

// String returns a line for each known failure that occurred, with the number of failed runs.
func (l *KnownList) String() string {
	text := ""
	for _, e := range l.entries {
		if e.met > 0 || e.shown {
			text += fmt.Sprintf("known: %s: %d, expected at most %g in a thousand runs: %s\n", e.Name, e.met, e.PerThousand, e.Reason)
		}
	}
	return text
}

// Witnesses returns the names of the runs that should show known failures.
func Witnesses() (names []string) {
	for _, k := range KnownFailures() {
		if k.Witness != "" {
			names = append(names, k.Witness)
		}
	}
	return names
}
