package subject

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"ablyrooms.example/tests/conformance"
)

// Try runs one script on a subject and writes what it shows. It returns the violations.
func Try(ctx context.Context, w io.Writer, command Command, promises conformance.Promises, text string) ([]*Violation, error) {
	script, err := ParseScript(text)
	if err != nil {
		return nil, err
	}
	rig, err := NewRig(ctx, command, promises)
	if err != nil {
		return nil, err
	}
	defer rig.Close()
	out, err := rig.Run(ctx, script)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(w, "%s\n%s\n", rig.Subject(), Format(script))
	for _, v := range out.Violations {
		fmt.Fprintf(w, "%s\n\n%v\n", v.Class, v)
	}
	if len(out.Violations) == 0 {
		fmt.Fprintln(w, "no violation")
	}
	return out.Violations, nil
}

// Write writes what was tried, the table of rules, and each deviation.
func (r Result) Write(w io.Writer, plan Plan, verdicts Verdicts, again func(Script) string) {
	fmt.Fprintf(w, "%s: %d scripts (%d are all of up to a length, %d at random, seed %d), %d steps\n\n", r.Subject, r.Scripts(), r.Exhaustive,
		r.Random, plan.Seed, r.Steps)
	r.WriteTable(w, verdicts)
	r.WriteFindings(w, verdicts, again)
}

// Evidence returns the figures in one line, under a name.
func (r Result) Evidence(name string) string {
	return fmt.Sprintf("EVIDENCE %s subject=%s rules=%d kept=%d broken=%d unobservable=%d findings=%d scripts=%d steps=%d", name, r.Subject,
		len(Rules()), r.Count(Kept), r.Count(Broken), r.Count(Unobserved), len(r.Violations), r.Scripts(), r.Steps)
}

// WriteTable writes the table of rules.
func (r Result) WriteTable(w io.Writer, verdicts Verdicts) {
	fmt.Fprintf(w, "%-8s %-22s %-15s %8s %8s  %s\n", "rule", "specification", "", "kept in", "not in", "")
	for _, rule := range Rules() {
		spec := strings.Join(rule.Spec(), ", ")
		if spec == "" {
			spec = "(a decision)"
		}
		state, notes, broken := r.State(rule), []string(nil), 0
		for _, v := range r.Violations {
			if v.Rule == rule {
				broken += v.Scripts
				if f, ok := verdicts.find(v.Class); ok {
					notes = append(notes, string(f.Verdict))
				} else {
					notes = append(notes, "no verdict")
				}
			}
		}
		slices.Sort(notes)
		notes = slices.Compact(notes)
		if state == Unobserved {
			notes = append(notes, verdicts.Unobservable[rule])
		}
		if part := verdicts.Partly[rule]; part != "" {
			notes = append(notes, "in part: "+part)
		}
		label := string(state)
		if _, known := verdicts.Unobservable[rule]; known && state == Unobserved {
			label = "not observable"
		}
		fmt.Fprintf(w, "%-8s %-22s %-15s %8d %8d  %s\n", rule, spec, label, r.Kept[rule], broken, strings.Join(notes, "; "))
	}
}

// WriteFindings writes each deviation with its verdict, script and diagram, and the command that runs its script again.
func (r Result) WriteFindings(w io.Writer, verdicts Verdicts, again func(Script) string) {
	for i, v := range r.Violations {
		fmt.Fprintf(w, "\n%s\n%d. %s\n\n%v\n", strings.Repeat("-", 100), i+1, v.Class, v)
		if f, ok := verdicts.find(v.Class); ok {
			what := map[Verdict]string{Fault: "a fault", Letter: "by the letter of its specification, not a fault"}[f.Verdict]
			fmt.Fprintf(w, "verdict: %s. %s\n", what, f.Reason)
		} else {
			fmt.Fprintln(w, "verdict: none yet")
		}
		fmt.Fprintf(w, "seen in %d scripts; again: %s\n", v.Scripts, again(v.Script))
	}
}
