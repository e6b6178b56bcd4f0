package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"ablyrooms.example/internal/modroot"
	"ablyrooms.example/internal/progress"
	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/channel"
	"ablyrooms.example/tests/graphs/rooms"
	"ablyrooms.example/tests/graphs/roomstatus"
	"ablyrooms.example/tests/graphs/toy"
	"ablyrooms.example/tests/report/golden"
)

// comparisons returns the comparisons of all machines, the largest first.
func comparisons() []graphs.Comparison {
	all := slices.Concat(toy.Comparisons(), rooms.Comparisons(), roomstatus.Comparisons(),
		channel.Comparisons())
	slices.Reverse(all)
	return all
}

func (c *command) tlc(ctx context.Context) (*tlcrun.TLC, string, error) {
	root, err := modroot.Find()
	if err != nil {
		return nil, "", err
	}
	tlc, err := tlcrun.New(ctx, root, c.bar)
	return tlc, root, err
}

// equality compares the graphs of specs, cores and models, and prints their sizes. It calls known
// with the result of each comparison.
func (c *command) equality(ctx context.Context, known func(*graphs.Equality) error) error {
	tlc, root, err := c.tlc(ctx)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(c.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, "configuration\tmachine\tstates\tedges\trefused\tspec = core = model\ttime")
	all := slices.DeleteFunc(comparisons(), func(other graphs.Comparison) bool {
		return !strings.HasPrefix(other.Config, c.only)
	})
	found, errs := make([]*graphs.Equality, len(all)), make([]error, len(all))
	// two comparisons at a time: for each, TLC uses one processor, and the core's graph another
	two := make(chan struct{}, 2)
	var running sync.WaitGroup
	for i, comparison := range all {
		two <- struct{}{}
		running.Go(func() {
			task := c.bar.Task(comparison.Config)
			found[i], errs[i] = comparison.Run(ctx, tlc, root)
			task.Stop()
			<-two
		})
	}
	running.Wait()
	var evidence, differences []string
	for _, e := range found {
		if e == nil {
			continue
		}
		verdict := "equal"
		if !e.Equal() {
			verdict = fmt.Sprintf("the core lacks %d edges, the spec %d", e.OnlySpec, e.OnlyCore)
		}
		for _, d := range e.Shown {
			differences = append(differences, d.String())
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%v\n", e.Config, e.Name, progress.Grouped(e.States),
			progress.Grouped(e.Edges), progress.Grouped(e.Refused), verdict, e.Took.Round(100*time.Millisecond))
		evidence = append(evidence, fmt.Sprintf("EVIDENCE equality configuration=%s states=%d edges=%d refused=%d "+
			"differences=%t", e.Config, e.States, e.Edges, e.Refused, !e.Equal()))
		errs = append(errs, known(e))
	}
	out.Flush()
	fmt.Fprintln(c.stdout, strings.Join(append(evidence, differences...), "\n"))
	if len(evidence)+len(errs) == 0 {
		return fmt.Errorf("no configuration has a name that begins with %q", c.only)
	}
	return errors.Join(errs...)
}

// golden writes what the tests need of the graphs: some dumps, and the sizes of all graphs.
func (c *command) golden(ctx context.Context) error {
	tlc, root, err := c.tlc(ctx)
	if err != nil {
		return err
	}
	graph, equality := map[string]any{}, map[string]any{}
	for _, key := range golden.Keys("equality") { // keeps the sizes that -only leaves out
		equality[strings.TrimPrefix(key, "equality/")] = golden.Int(key)
	}
	for _, comparison := range comparisons() {
		if comparison.Golden != "" && strings.HasPrefix(comparison.Config, c.only) {
			if err := comparison.WriteGolden(ctx, tlc, root); err != nil {
				return err
			}
		}
	}
	err = c.equality(ctx, func(e *graphs.Equality) error {
		if !e.Equal() {
			return e.Check()
		}
		for what, n := range e.Sizes() {
			equality[e.Config+what] = n
		}
		return nil
	})
	err = errors.Join(err, measure(ctx, c, toy.Sizes(), graph), measure(ctx, c, rooms.Sizes(), graph), measure(ctx, c, rooms.LeasesSizes(), graph),
		measure(ctx, c, roomstatus.Sizes(), graph), measure(ctx, c, channel.Sizes(), graph))
	if err != nil {
		return err
	}
	return errors.Join(golden.Update(root, "equality", equality), golden.Update(root, "graph", graph))
}

// measure adds the sizes of machines to sizes.
func measure[S, M, I, O any](ctx context.Context, c *command, machines []graphs.Machine[S, M, I, O],
	sizes map[string]any) error {
	for _, m := range machines {
		task := c.bar.Task(m.Name)
		r := graphs.Explore(ctx, m, graphs.Options{Possible: true, Symmetry: m.Canonical != nil})
		task.Stop()
		if r.Verdict != graphs.Complete {
			return fmt.Errorf("%s: %v: %s", m.Name, r.Verdict, r.Reason)
		}
		key := strings.TrimPrefix(m.Golden, "graph/")
		sizes[key+"/states"], sizes[key+"/steps"] = int(r.Orbits), int(r.Steps)
	}
	return nil
}
