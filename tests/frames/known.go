package main

import (
	"fmt"
	"regexp"
	"slices"
	"sync"
)

// known is a failure of ably-go's that can't be mended here.
type known struct {
	runs    string // the names of the runs, as a regular expression
	problem string // the problem, as a regular expression
	witness string // a run that shows it, if not each time; empty where none does often enough
	reason  string
}

// knownFailures are the failures that can't be mended here. One whose witness doesn't fail any more fails the suite.
func knownFailures() []known {
	return []known{
		{`.`, `^ably-go has left \d+ goroutines that wait for the end of an attach of its own$`,
			"before-the-connection/1/in/DETACHED.lobby.1/fail-channel+1/out/DETACH.lobby.2/delay",
			"ably-go's loop that attaches a channel again waits without a limit, also when the channel is released or the connection closed"},
		{`.`, `^ably-go is locked up: `, "",
			"a connection that is lost while ably-go sends what waited for it makes ably-go's loop of the connection wait for a lock that it holds"},
		{`\+.*/drop$`, `^(at rest|after it was used|in the end), the server still has .* attached to .*$`,
			"again-and-again/1/in/DETACHED.lobby.3/delay+1/in/ATTACHED.lobby.4/drop",
			"an attach whose ATTACHED is lost leaves the channel suspended to ably-go, which is released without a DETACH; the server has it " +
				"attached until the connection ends or the name is attached again"},
		{`^dispose/.*/outage$`, `^(after it was used|in the end), .* still has .*ATTACHED$|^(after it was used|in the end), the server still has .* attached to .*$`,
			"dispose/1/in/ATTACHED.failed.2/detach-beside+1/in/ATTACHED.failed.3/outage",
			"a client that is disposed of while the connection is lost leaves what ably-go attaches by itself when it is back; the name's next " +
				"attach by another chat client gets rid of it, and ably-go's loop may attach it once more"},
	}
}

// directed are pairs of faults that showed a fault once, and are run each time.
func directed() []string {
	return []string{
		// A release never settled: its channel was attaching by ably-go's own will, without an answer.
		"get-attach-release/1/in/MESSAGE.lobby.3/detach-beside+1/out/ATTACH.lobby.2/drop",
		// A failed channel was given back while ably-go was about to attach it again.
		"reattach-after-suspension/1/out/ATTACH.lobby.1/fail-channel+2/out/ATTACH.lobby.1/refuse",
		"get-attach-release/1/in/DETACHED.lobby.1/refuse+1/out/ATTACH.lobby.2/refuse",
		// The late answer to a DETACH found the channel released, and ably-go made it anew, and attached it.
		"reattach-after-suspension/2/in/MESSAGE.lobby.1/fail-beside+2/out/DETACH.lobby.1/delay",
	}
}

// knownList knows the failures by their expressions. Its methods may be called concurrently.
type knownList struct {
	mu      sync.Mutex
	entries []knownEntry
}

type knownEntry struct {
	known
	runs, problem *regexp.Regexp
	met           bool // its witness failed, as it should
}

func newKnownList(list []known) *knownList {
	l := &knownList{}
	for _, k := range list {
		l.entries = append(l.entries, knownEntry{known: k, runs: regexp.MustCompile(k.runs), problem: regexp.MustCompile(k.problem)})
	}
	return l
}

// explains tells whether each problem of a run is known.
func (l *knownList) explains(r result) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	run := r.plan.String()
	for _, problem := range r.problems {
		found := false
		for i := range l.entries {
			if e := &l.entries[i]; e.runs.MatchString(run) && e.problem.MatchString(problem) {
				e.met = e.met || run == e.witness
				found = true
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// met tells whether the run p has shown what it is a witness of.
func (l *knownList) met(p plan) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.entries, func(e knownEntry) bool { return e.met && e.witness == p.String() })
}

// unused returns the entries whose witness didn't fail.
func (l *knownList) unused() (stale []known) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if !e.met && e.witness != "" {
			stale = append(stale, e.known)
		}
	}
	return stale
}

// witnesses returns the names of the runs that show the known failures.
func witnesses(list []known) (names []string) {
	for _, k := range list {
		if k.witness != "" {
			names = append(names, k.witness)
		}
	}
	return names
}

// plansOf reads the names of runs.
func plansOf(names []string) (plans []plan, trouble []string) {
	for _, n := range names {
		p, err := parsePlan(n)
		if err != nil {
			trouble = append(trouble, fmt.Sprintf("in the list of runs: %v", err))
			continue
		}
		plans = append(plans, p)
	}
	return plans, trouble
}
