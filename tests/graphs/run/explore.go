package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"

	"ablyrooms.example/internal/progress"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/report/golden"
)

// explore explores a machine, and prints the result.
func explore[S, M, I, O any](ctx context.Context, c *command, m graphs.Machine[S, M, I, O]) error {
	properties := m.PropertyNames()
	fmt.Fprintf(c.stdout, "exploring %s, %d properties\n", m.Name, len(properties))
	c.options.Progress = func(p graphs.Progress) {
		c.bar.Set(int(p.Done), int(p.Level), "%s states, %s states/s, depth %d", progress.Grouped(p.States),
			progress.Grouped(uint64(float64(p.States)/max(p.Elapsed.Seconds(), 1e-3))), p.Depth)
	}
	r := graphs.Explore(ctx, m, c.options)
	c.bar.Set(0, 0, "")
	table(c, r)
	if v := r.Violation; v != nil {
		fmt.Fprintf(c.stdout, "\n%s fails: %s\n\n%s", v.Property, v.Reason, graphs.Script(m, v.Path))
	}
	if r.Verdict != graphs.Complete {
		return fmt.Errorf("%v: %s", r.Verdict, r.Reason)
	}
	fmt.Fprintf(c.stdout, "EVIDENCE explore of=%s machine=%s calls=%d states=%d edges=%d reduced=%d properties=%d\n",
		c.of, c.machine, c.rooms.Calls, r.Orbits, r.Steps, r.States, len(properties))
	switch known := golden.Has(m.Golden + "/states"); {
	case known:
		return r.Check(m.Golden)
	case c.check:
		return fmt.Errorf("golden.json has no entry %q", m.Golden+"/states")
	}
	return nil
}

// table prints the figures of a result.
func table[I any](c *command, r *graphs.Result[I]) {
	w := tabwriter.NewWriter(c.stdout, 0, 8, 2, ' ', 0)
	row := func(name string, n uint64) { fmt.Fprintf(w, "%s\t%s\n", name, progress.Grouped(n)) }
	fmt.Fprintf(w, "verdict\t%v\n", r.Verdict)
	row("states", r.States)
	if c.options.Symmetry {
		row("all states that they stand for", r.Orbits)
	}
	row("edges", r.Edges)
	row("depth", uint64(r.Depth()))
	row("refused", r.Refused)
	if r.Skipped > 0 {
		row("not tried", r.Skipped)
	}
	row("states without a step", r.Ends)
	for _, action := range slices.Sorted(maps.Keys(r.Actions)) {
		row("  "+action, r.Actions[action])
	}
	fmt.Fprintf(w, "time\t%.1f s, %s states/s, %d workers\n", r.Elapsed.Seconds(),
		progress.Grouped(uint64(float64(r.States)/max(r.Elapsed.Seconds(), 1e-9))), r.Workers)
	fmt.Fprintf(w, "collisions\tthe probability that two states had the same fingerprint is at most %.1g (128 bits)\n", r.Collision)
	w.Flush()
}

// liveness checks the liveness of a machine, and prints the result.
func liveness[S, M, I, O any](ctx context.Context, c *command, m graphs.Machine[S, M, I, O]) error {
	fmt.Fprintln(c.stdout, "liveness of", m.Name)
	r, err := graphs.CheckLiveness(ctx, m)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s states, %s edges, %d properties\n", progress.Grouped(r.States),
		progress.Grouped(r.Edges), r.Properties)
	if len(r.Broken) > 0 {
		shortest := slices.MinFunc(r.Broken, func(a, b *graphs.Lasso[I]) int {
			return len(a.Prefix) + len(a.Cycle) - len(b.Prefix) - len(b.Cycle)
		})
		for _, l := range r.Broken {
			fmt.Fprintln(c.stdout, l.Property, "fails")
		}
		end := "after this, fairness requires no further step"
		if n := len(shortest.Cycle); n > 0 {
			end = fmt.Sprintf("the last %d steps may come again and again", n)
		}
		fmt.Fprintf(c.stdout, "\n%s:\n%s%s\n", shortest.Property,
			graphs.Script(m, slices.Concat(shortest.Prefix, shortest.Cycle)), end)
		return errors.New(shortest.String())
	}
	fmt.Fprintln(c.stdout, "every property holds. If one conjunct of fairness is left out:")
	w, needed := tabwriter.NewWriter(c.stdout, 0, 8, 2, ' ', 0), 0
	for _, name := range slices.Sorted(maps.Keys(r.Without)) {
		if broken := r.Without[name]; len(broken) > 0 {
			needed++
			fmt.Fprintf(w, "  %s\t%v\n", name, broken[0])
		} else {
			fmt.Fprintf(w, "  %s\tevery property still holds\n", name)
		}
	}
	for _, name := range r.Vacuous {
		fmt.Fprintf(w, "  %s\tits action is never possible within the bounds\n", name)
	}
	w.Flush()
	fmt.Fprintf(c.stdout, "EVIDENCE liveness of=%s machine=%s calls=%d states=%d properties=%d fairness=%d/%d\n",
		c.of, c.machine, c.rooms.Calls, r.States, r.Properties, needed, len(r.Without))
	return r.Err()
}
