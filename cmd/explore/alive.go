package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"ablyrooms.example/tests/explore/roomsmachine"
)

// alive checks liveness.
func alive[O any](ctx context.Context, s *settings, m subject[O]) error {
	fmt.Fprintf(s.stdout, "liveness of %s, provided that every opening and every release ends\n", s.what())
	began := time.Now()
	r, err := roomsmachine.CheckLiveness(ctx, m.machine, s.bounds)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "%s states, %s edges, %d properties, %.1f s\n", grouped(uint64(r.States)), grouped(uint64(r.Edges)), r.Properties, time.Since(began).Seconds())
	if len(r.Broken) == 0 {
		fmt.Fprintln(s.stdout, "every property holds; without one conjunct of fairness:")
		w := tabwriter.NewWriter(s.stdout, 0, 8, 2, ' ', 0)
		needed := 0
		for _, d := range r.Without {
			if d.Lasso == nil {
				fmt.Fprintf(w, "  %s\tevery property still holds\n", d.Conjunct)
			} else {
				needed++
				fmt.Fprintf(w, "  %s\t%v\n", d.Conjunct, d.Lasso)
			}
		}
		for _, v := range r.Vacuous {
			fmt.Fprintf(w, "  %s\tis never possible within the bounds\n", v)
		}
		w.Flush()
		fmt.Fprintf(s.stdout, "EVIDENCE liveness of=rooms machine=%s calls=%d states=%d properties=%d fairness=%d/%d\n", s.machine, s.bounds.Calls, r.States, r.Properties,
			needed, len(r.Without))
		return r.Err()
	}
	names := make([]string, len(r.Broken))
	shortest := r.Broken[0]
	for i, l := range r.Broken {
		names[i] = l.Property
		if len(l.Prefix)+len(l.Cycle) < len(shortest.Prefix)+len(shortest.Cycle) {
			shortest = l
		}
	}
	fmt.Fprintf(s.stdout, "%d properties fail: %s\n", len(names), strings.Join(names, ", "))
	path := append(append([]*roomsmachine.Input{}, shortest.Prefix...), shortest.Cycle...)
	end := "after this nothing more need happen"
	if n := len(shortest.Cycle); n > 0 {
		end = fmt.Sprintf("the last %d steps may come again and again for ever", n)
	}
	s.counterexample(shortest.Property, end, path, outputs(m, path))
	return errors.New(shortest.String())
}

// saturate prints the table of saturation.
func (s *settings) saturate(ctx context.Context) error {
	fmt.Fprintln(s.stdout, "what one name shows of the core's graph: its states and steps, with callers counted as none, one, several")
	fmt.Fprintln(s.stdout, "(pending: any number of calls and of rooms, so many calls pending at a time)")
	w := tabwriter.NewWriter(s.stdout, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "growing\tcalls\tnames\toptions\tgraph\tstates\tsteps\tmore\ttime\t")
	err := roomsmachine.Saturate(ctx, roomsmachine.AllSeries(6), roomsmachine.CoreOptions{
		Invariants: roomsmachine.Lasting(), Workers: s.workers, MaxStates: s.maxStates, MaxMemory: s.maxMemory,
	}, func(series roomsmachine.Series, r roomsmachine.Row) {
		calls := fmt.Sprintf("%d pending", r.Bounds.Calls)
		if !r.Lasting {
			calls = fmt.Sprintf("%d in all", r.Bounds.Calls)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%d\t%d\t%d\t%.1f s\t\n", series.Name, calls, r.Bounds.Names, r.Bounds.Options, grouped(r.Graph),
			r.States, r.Steps, r.More, r.Elapsed.Seconds())
	})
	w.Flush()
	if err == nil {
		fmt.Fprintln(s.stdout, "saturated: the last two enlargements of each, alone and together, brought nothing")
	}
	return err
}
