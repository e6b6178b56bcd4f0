package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/spec/TLA/tlcrun"
)

// The numbers of traces that a run makes, and the least numbers that it must reach.
const (
	fromTheStack   = 300  // traces of the adapter's own Rooms
	faultsEach     = 5    // runs with a fault, for each scenario
	corruptions    = 600  // corrupted traces
	leastShare     = 90.0 // percent of the small graph's edges
	leastScenarios = 60   // traces of scenarios
)

// skipping is a module like TraceRooms.tla with a rule that allows skipping a line.
//
//go:embed testdata/Skipping.tla
var skipping string

// run records traces, and lets the model and TLC check them and corrupted copies of them. If keep
// is not empty, it is the file to which the recorded traces are written.
func run(ctx context.Context, t *testing.T, out io.Writer, seed uint64, keep string, channelsAlone bool) error {
	draw := rand.New(rand.NewPCG(seed, 0))
	if channelsAlone {
		return runChannels(ctx, t, out, draw)
	}
	began := time.Now()
	g, err := newGraph(ctx)
	if err != nil {
		return err
	}
	stack, err := recordStack(t, draw, fromTheStack)
	if err != nil {
		return err
	}
	scripted, err := recordScripts(ctx, t, g.scripts)
	if err != nil {
		return err
	}
	scenarios, channels, err := recordScenarios(t, draw, faultsEach)
	if err != nil {
		return err
	}
	leases, err := recordLeases(ctx)
	if err != nil {
		return err
	}
	scenarios = append(scenarios, leases...)
	traces := slices.Concat(stack, scripted)
	recorded := len(traces) + len(scenarios)
	fmt.Fprintf(out, "recorded %d traces in %v\n", recorded, time.Since(began).Round(time.Second))
	if keep != "" {
		if err := write(keep, slices.Concat(traces, scenarios)); err != nil {
			return err
		}
	}
	tlc, err := newTLC(ctx)
	if err != nil {
		return err
	}
	more, _, err := judgeAll(ctx, out, tlc, g, scenarios)
	if err != nil {
		return err
	}
	lines, alone, err := judgeAll(ctx, out, tlc, g, traces)
	if err != nil {
		return err
	}
	o, err := judgeCorrupted(ctx, out, tlc, corrupt(traces, corruptions, draw))
	if err != nil {
		return err
	}
	if err := judgeChannels(ctx, out, tlc, channels, draw); err != nil {
		return err
	}
	bad := traces[0].Clone()
	bad.Lines[0].State.NextCall++
	if err := checkElsewhere(ctx, t, tlc, traces[0], bad); err != nil {
		return err
	}
	fmt.Fprintf(out, "EVIDENCE traces recorded=%d stack=%d attaching=%d scenarios=%d lines=%d corruptions=%d rejected=%d legal=%d skipping=%d edges=%d/%d stackedges=%d unscripted=%d share=%.1f%%\n",
		recorded, len(stack), len(scripted), len(scenarios), lines+more, o.made, o.rejected, o.legal, o.skipping,
		g.count, len(g.covered), alone, g.unscripted, g.share())
	switch {
	case len(scenarios) < leastScenarios:
		return fmt.Errorf("got %d traces of scenarios, expected at least %d", len(scenarios), leastScenarios)
	case g.share() < leastShare:
		return fmt.Errorf("the traces cover %.1f %% of the edges, expected at least %.0f %%", g.share(), leastShare)
	}
	return nil
}

func write(name string, traces []trace.Trace) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(trace.Write(f, traces...), f.Close())
}

// judgeAll lets the model and TLC check traces, which must all be correct. It returns the number of
// lines in all traces, and the number of edges that the traces of the stack cover.
func judgeAll(ctx context.Context, out io.Writer, tlc *tlcrun.TLC, g *graph, traces []trace.Trace) (
	lines, alone int, err error) {
	all, v, err := judgeTraces(ctx, tlc, false, traces)
	if err != nil {
		return 0, 0, err
	}
	for i, j := range all {
		if j.refused != nil {
			return 0, 0, fmt.Errorf("trace %d (%s): line %d is not a step of the model: %w", i+1,
				traces[i].Label, len(j.steps)+1, j.refused)
		}
		lines += len(j.steps)
		if g.cover(j.steps); traces[i].Label == "stack" { // the traces of the stack come first
			alone = g.count
		}
	}
	nodes := len(v.module.nodes)
	fmt.Fprintf(out, "TLC judged %d lines, %d of them different, in %v\n", lines, nodes,
		v.result.Time.Round(time.Second))
	// TLC finds one state for each node, and the initial state.
	if v.result.Distinct != nodes+1 {
		return 0, 0, fmt.Errorf("TLC found %d states, expected %d", v.result.Distinct, nodes+1)
	}
	return lines, alone, nil
}

// outcome counts corrupted traces: all (made), those that TLC rejects, those that it accepts
// (legal), and those that it accepts only with the skip rule.
type outcome struct{ made, rejected, legal, skipping int }

// judgeCorrupted lets TLC check corrupted traces. TLC must accept exactly the traces that the model
// accepts. It must reject the others at the line at which the model rejects them. With a skip rule,
// it would accept more.
func judgeCorrupted(ctx context.Context, out io.Writer, tlc *tlcrun.TLC, made []corruption) (outcome, error) {
	traces := make([]trace.Trace, len(made))
	for i, c := range made {
		traces[i] = c.trace
		traces[i].Label = c.kind + ": " + c.what
	}
	o := outcome{made: len(made)}
	all, v, err := judgeTraces(ctx, tlc, true, traces)
	if err != nil {
		return o, err
	}
	lax, err := v.module.check(ctx, tlc, false, skipping)
	if err != nil {
		return o, err
	}
	kinds, rejected := map[string]int{}, map[string]int{}
	for i, c := range made {
		if kinds[c.kind]++; all[i].refused == nil {
			o.legal++
		} else {
			o.rejected++
			rejected[c.kind]++
		}
		if lax.accepted(i) && !v.accepted(i) {
			o.skipping++
		}
	}
	for _, kind := range corruptionKinds {
		fmt.Fprintf(out, "a line %s: %d traces, %d rejected, %d legal\n", kind, kinds[kind], rejected[kind],
			kinds[kind]-rejected[kind])
		if rejected[kind] == 0 {
			return o, fmt.Errorf("no trace with a line %s was rejected", kind)
		}
	}
	if o.skipping == 0 {
		return o, errors.New("the skip rule accepts no corrupted trace that TLC rejects without it")
	}
	return o, nil
}

// checkElsewhere checks files like -check does, in a folder outside of this module. The check must
// accept the good trace and reject the bad one.
func checkElsewhere(ctx context.Context, t *testing.T, tlc *tlcrun.TLC, good, bad trace.Trace) error {
	t.Chdir(t.TempDir())
	if err := errors.Join(write("good.jsonl", []trace.Trace{good}), write("bad.jsonl", []trace.Trace{bad})); err != nil {
		return err
	}
	var out strings.Builder
	err := checkFiles(ctx, &out, tlc, []string{"good.jsonl", "bad.jsonl"})
	for _, want := range []string{"good.jsonl, trace 1: accepted: ", "bad.jsonl, trace 1: rejected: ", "accepted=1 rejected=1"} {
		if err == nil || !strings.Contains(out.String(), want) {
			return fmt.Errorf("-check of a good trace and a bad one printed %q, expected %q: %v", out.String(), want, err)
		}
	}
	return nil
}
