package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"ablyrooms.example/internal/progress"
	"ablyrooms.example/spec/TLA/tlcrun"
)

func verdict(o outcome) string {
	switch {
	case o.err != nil:
		return "FAILED"
	case o.config.Violates != "":
		return "rejects " + o.config.Violates + ", as it must"
	default:
		return "ok"
	}
}

// printTable prints a line for each outcome, the errors of those that failed, and the numbers of
// passed and failed ones.
func printTable(w io.Writer, outcomes []outcome) (failed int) {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nconfiguration\tdistinct / generated\tdiameter\ttime\tcpu\tverdict")
	for _, o := range outcomes {
		r := o.result
		if r == nil {
			fmt.Fprintf(table, "%s\t-\t-\t-\t-\t%s\n", o.config.Name, verdict(o))
			continue
		}
		diameter := "-"
		if r.Depth > 0 {
			diameter = fmt.Sprint(r.Depth)
		}
		fmt.Fprintf(table, "%s\t%s / %s\t%s\t%.1f s\t%.1f s\t%s\n", o.config.Name, progress.Grouped(r.Distinct),
			progress.Grouped(r.Generated), diameter, r.Time.Seconds(), r.CPU.Seconds(), verdict(o))
	}
	table.Flush()
	for _, o := range outcomes {
		for _, warning := range o.config.Warnings() {
			if !o.config.Stated {
				fmt.Fprintf(&b, "\n%s: WARNING: %s\n", o.config.Name, warning)
			}
		}
		if o.err == nil {
			continue
		}
		failed++
		fmt.Fprintf(&b, "\n%s: %s\n  %s\n", o.config.Name, o.config.Description, strings.ReplaceAll(o.err.Error(), "\n", "\n  "))
		if o.result == nil {
			continue
		}
		if o.result.Progress != "" {
			fmt.Fprintf(&b, "  %s\n", o.result.Progress)
		}
		if o.result.Trace != "" && o.config.Violates == "" {
			fmt.Fprintf(&b, "%s\n%s\n", o.result.Trace, link(o.config, o.result.Trace))
		}
	}
	fmt.Fprintf(&b, "\n%d passed, %d failed\n", len(outcomes)-failed, failed)
	io.WriteString(w, b.String())
	return failed
}

func printList(w io.Writer, configs []*tlcrun.Config) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "configuration\texpected\tworkers\twhat for")
	for _, c := range configs {
		expected := "no violation"
		switch {
		case c.Violates != "":
			expected = fmt.Sprintf("exit %d, %s", c.Exit, c.Violates)
		case c.Distinct > 0:
			expected = progress.Grouped(c.Distinct) + " states"
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", c.Name, expected, c.Workers, c.Description)
	}
	table.Flush()
}

// printEvidence prints the names of the twins and canaries that TLC rejected, and the figures in
// one line. t is nil if not all configurations were run.
func printEvidence(w io.Writer, outcomes []outcome, t *together) {
	asStated, canaries, twins, states := 0, 0, 0, 0
	for _, o := range outcomes {
		family := ""
		switch {
		case o.config.IsCanary():
			family = "canary"
			canaries++
		case strings.Contains(o.config.Name, "Fair_"):
			family = "fairness"
			twins++
		case o.config.Violates != "":
			family = "twin"
			twins++
		case o.result != nil:
			states += o.result.Distinct
		}
		if o.err == nil {
			asStated++
			if family != "" {
				fmt.Fprintf(w, "CAUGHT %s: %s\n", family, o.config.Name)
			}
		}
	}
	line := fmt.Sprintf("EVIDENCE tlc configurations=%d asstated=%d twins=%d canaries=%d states=%d",
		len(outcomes), asStated, twins, canaries, states)
	if t != nil {
		taken, reached := t.counts()
		line += fmt.Sprintf(" actions=%d taken=%d antecedents=%d reached=%d", len(t.actions), taken, len(t.antecedents), reached)
	}
	fmt.Fprintln(w, line)
}
