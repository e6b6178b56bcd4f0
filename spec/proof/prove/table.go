package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"ablyrooms.example/spec/proof"
)

// printTable prints the time of each condition, in a table of goals and actions, and the conditions
// that were not proved. It returns the number of conditions that were not proved.
func printTable(w io.Writer, p *proof.Proof, results []result, seed int) (failed int) {
	var goals, actions []string
	at := map[[2]string]result{}
	var total time.Duration
	steps, slowest := 0, results[0]
	for _, r := range results {
		goals, actions = append(goals, r.condition.Goal), append(actions, r.condition.Action)
		at[[2]string{r.condition.Goal, r.condition.Action}] = r
		total += r.answer.Took
		steps += r.answer.Steps
		if r.answer.Steps > slowest.answer.Steps {
			slowest = r
		}
	}
	goals, actions = distinct(goals), distinct(actions)
	fmt.Fprintf(w, "\n%s: milliseconds for each condition, goal by action (– not asked)\n", p.Name)
	for i, a := range actions {
		fmt.Fprintf(w, "  %2d %s\n", i+1, a)
	}
	table := tabwriter.NewWriter(w, 0, 0, 1, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "goal\t")
	for i := range actions {
		fmt.Fprintf(table, "%d\t", i+1)
	}
	fmt.Fprintln(table)
	for _, goal := range goals {
		fmt.Fprintf(table, "%s\t", goal)
		for _, a := range actions {
			r, ok := at[[2]string{goal, a}]
			switch {
			case !ok:
				fmt.Fprint(table, "–\t")
			case r.proved():
				fmt.Fprintf(table, "%d\t", r.answer.Took.Milliseconds())
			default:
				fmt.Fprintf(table, "%s!\t", r.answer.Verdict)
			}
		}
		fmt.Fprintln(table)
	}
	table.Flush()
	for _, r := range results {
		if !r.proved() {
			failed++
			fmt.Fprintf(w, "NOT PROVED %s: %v: the solver says %s\n", p.Name, r.condition, r.answer.Verdict)
		}
	}
	fmt.Fprintf(w, "%s: %d of %d conditions proved, %.1f s of the solver; the longest, %v, took %.1f s\n", p.Name,
		len(results)-failed, len(results), total.Seconds(), slowest.condition, slowest.answer.Took.Seconds())
	fmt.Fprintf(w, "EVIDENCE proof of=%s conditions=%d unproved=%d actions=%d states=%d steps=%d progress=%d seed=%d\n", p.Name,
		len(results), failed, len(p.ActionNames()), len(p.Invariant)+len(p.Implied), len(p.Properties), len(p.Progress), seed)
	return failed
}

func distinct(list []string) (all []string) {
	for _, s := range list {
		if !slices.Contains(all, s) {
			all = append(all, strings.Clone(s))
		}
	}
	return all
}
