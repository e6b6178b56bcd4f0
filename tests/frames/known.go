package main

import "regexp"

// known is a failure that can't be mended here.
type known struct {
	runs    string // the names of the runs, as a regular expression
	problem string // the problem, as a regular expression
	reason  string
}

// knownFailures are the failures that can't be mended here, each with the reason. One that doesn't fail any more fails the suite.
func knownFailures() []known { return nil }

// knownList notes which entries have been met.
type knownList struct {
	entries []knownEntry
}

type knownEntry struct {
	known
	runs, problem *regexp.Regexp
	met           bool
}

func newKnownList() *knownList {
	l := &knownList{}
	for _, k := range knownFailures() {
		l.entries = append(l.entries, knownEntry{known: k, runs: regexp.MustCompile(k.runs), problem: regexp.MustCompile(k.problem)})
	}
	return l
}

// explains tells whether each problem of a run is known.
func (l *knownList) explains(r result) bool {
	for _, problem := range r.problems {
		found := false
		for i := range l.entries {
			if e := &l.entries[i]; e.runs.MatchString(r.plan.String()) && e.problem.MatchString(problem) {
				e.met, found = true, true
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// unused returns the entries that nothing has met.
func (l *knownList) unused() (stale []known) {
	for _, e := range l.entries {
		if !e.met {
			stale = append(stale, e.known)
		}
	}
	return stale
}
