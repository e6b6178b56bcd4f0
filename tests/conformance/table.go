package conformance

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Write prints what was tried, a table of the rules, and each violation with its verdict.
func (r Result) Write(w io.Writer, verdicts Verdicts) {
	fmt.Fprintf(w, "%s: %d scripts (%d exhaustive, %d random with seed %d), %d steps\n\n", r.Subject,
		r.Scripts(), r.Exhaustive, r.Random, r.Seed, r.Steps)
	r.writeTable(w, verdicts)
	for i, v := range r.Violations {
		fmt.Fprintf(w, "\n%s\n%d. %s\n\n%v\n", strings.Repeat("-", 100), i+1, v.Class, v)
		f, _ := verdicts.find(v.Class)
		fmt.Fprintf(w, "verdict: %s\n", f.Verdict.Words())
		if f.Reason != "" {
			fmt.Fprintf(w, "why: %s\n", f.Reason)
		}
		fmt.Fprintf(w, "%d scripts showed this; to run the shortest one again: -script '%s'\n", v.Scripts, v.Steps())
	}
}

// Evidence returns the figures as one line that begins with "EVIDENCE" and the name.
func (r Result) Evidence(name string) string {
	return fmt.Sprintf("EVIDENCE %s subject=%s rules=%d kept=%d broken=%d unobservable=%d findings=%d scripts=%d steps=%d",
		name, r.Subject, len(Rules()), r.Count(Kept), r.Count(Broken), r.Count(Unobserved), len(r.Violations),
		r.Scripts(), r.Steps)
}

func (r Result) writeTable(w io.Writer, verdicts Verdicts) {
	fmt.Fprintf(w, "%-8s %-22s %-15s %8s %9s\n", "rule", "specification", "state", "kept in", "broken in")
	for _, rule := range Rules() {
		spec := cmp.Or(strings.Join(rule.Spec(), ", "), "(our decision)")
		state, notes, broken := r.State(rule), []string(nil), 0
		for _, v := range r.Violations {
			if v.rule() == rule {
				broken += v.Scripts
				f, _ := verdicts.find(v.Class)
				notes = append(notes, cmp.Or(string(f.Verdict), "no verdict"))
			}
		}
		slices.Sort(notes)
		notes = slices.Compact(notes)
		label := string(state)
		if why, known := verdicts.Unobservable[rule]; known && state == Unobserved {
			label, notes = "not observable", append(notes, why)
		}
		if part := verdicts.Partly[rule]; part != "" {
			notes = append(notes, "only in part: "+part)
		}
		fmt.Fprintf(w, "%-8s %-22s %-15s %8d %9d  %s\n", rule, spec, label, r.Kept[rule], broken, strings.Join(notes, "; "))
	}
}
