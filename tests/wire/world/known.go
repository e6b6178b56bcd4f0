package world

import (
	"fmt"
	"regexp"
	"slices"
	"sync"
)

// Known is a failure that can't be mended here.
type Known struct {
	Name        string
	Runs        string  // a regular expression of the names of the runs that may fail so
	Problem     string  // a regular expression of the problem
	Witness     string  // a run that shows it, if not each time; empty where none does often enough
	PerThousand float64 // of how many runs in a thousand may fail so, witnesses aside
	Reason      string
}

// KnownFailures returns the failures that are known. This is the only list of them, for frames and
// soak: a run of soak is named "soak/" and its scenario, and a child process of it that ends early
// "soak/child".
func KnownFailures() []Known { return nil }

// Directed returns the names of runs that showed a fault once. They are run each time.
func Directed() []string {
	return []string{
		// A release never settled: its channel was attaching by ably-go's own will, without an
		// answer.
		"get-attach-release/1/in/MESSAGE.lobby.3/detach-beside+1/out/ATTACH.lobby.2/drop",
		// A failed channel was given back while ably-go was about to attach it again.
		"reattach-after-suspension/1/out/ATTACH.lobby.1/fail-channel+2/out/ATTACH.lobby.1/refuse",
		"get-attach-release/1/in/DETACHED.lobby.1/refuse+1/out/ATTACH.lobby.2/refuse",
		// An attach was not answered in time, its channel was given back, and the DETACH was lost.
		"the-server-acts/1/in/ATTACHED.lobby.4/delay+1/out/DETACH.lobby.1/drop",
		// The late answer to a DETACH found the channel released, and ably-go made it again, and
		// attached it.
		"reattach-after-suspension/2/in/MESSAGE.lobby.1/fail-beside+2/out/DETACH.lobby.1/delay",
	}
}

// KnownList finds failures in a list, and counts them. Its methods may be called concurrently.
type KnownList struct {
	mu      sync.Mutex
	entries []*knownEntry
	runs    int
}

type knownEntry struct {
	Known
	runs, problem *regexp.Regexp
	could         int  // runs that it might explain
	met           int  // failures that it explained, of runs that are no witnesses
	shown         bool // its witness failed, as it should
}

// NewKnownList returns a list that has met nothing.
func NewKnownList(list []Known) *KnownList {
	l := &KnownList{}
	for _, k := range list {
		l.entries = append(l.entries, &knownEntry{Known: k, runs: regexp.MustCompile(k.Runs), problem: regexp.MustCompile(k.Problem)})
	}
	return l
}

// Explain counts a run, and reports whether each of its problems is known.
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

// Shown reports whether the run has shown what it is a witness of.
func (l *KnownList) Shown(run string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.entries, func(e *knownEntry) bool { return e.shown && e.Witness == run })
}

// Unused returns what is wrong with entries whose witness did not fail.
func (l *KnownList) Unused() (stale []string) {
	for _, e := range l.entries {
		if !e.shown && e.Witness != "" {
			stale = append(stale, fmt.Sprintf("a known failure did not fail, so take it off the list: %s: %s: %s", e.Name, e.Witness, e.Reason))
		}
	}
	return stale
}

// So many failures of a kind say nothing about how many there are, and so few runs nothing about
// which.
const (
	fewFailures = 5
	fewRuns     = 200
)

// TooMany returns what is wrong with entries that explain more failures than they may, or every
// run.
func (l *KnownList) TooMany() (wrong []string) {
	for _, e := range l.entries {
		if most := max(e.PerThousand*float64(l.runs)/1000, fewFailures); float64(e.met) > most {
			wrong = append(wrong, fmt.Sprintf("%d of %d runs failed as is known (%s), expected at most %.0f", e.met, l.runs, e.Name, most))
		}
		if l.runs > fewRuns && e.could == l.runs {
			wrong = append(wrong, fmt.Sprintf("the known failure %q would explain every run", e.Name))
		}
	}
	return wrong
}

// String says how often which known failure was met.
func (l *KnownList) String() string {
	text := ""
	for _, e := range l.entries {
		if e.met > 0 || e.shown {
			text += fmt.Sprintf("known: %s: %d, expected at most %g in a thousand runs: %s\n", e.Name, e.met, e.PerThousand, e.Reason)
		}
	}
	return text
}

// Witnesses returns the names of the runs that show known failures.
func Witnesses() (names []string) {
	for _, k := range KnownFailures() {
		if k.Witness != "" {
			names = append(names, k.Witness)
		}
	}
	return names
}
