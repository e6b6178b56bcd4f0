// Command traces records what the core does in the running library, on ably-go and the embedded server, and has TLC hold every line of it
// against spec/TLA/TraceRooms.tla; and the same with corrupted traces, of which only those may pass that the reference model
// takes too. With -check it judges traces from files. docs/traces.md tells more.
//
//	go run ./tests/traces [-seed N] [-keep FILE.jsonl]
//	go run ./tests/traces -check FILE.jsonl …
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/spec/TLA/tlcrun"
)

// What a run must reach, or it fails.
const (
	fromTheStack    = 300  // traces of the adapter's own Rooms
	corruptions     = 600  // corrupted traces
	leastRecorded   = 200  // traces
	leastShare      = 90.0 // percent of the small graph's edges
	leastCorruption = 500
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("traces", flag.ContinueOnError)
	flags.SetOutput(stderr)
	files := flags.Bool("check", false, "judge the traces in the files given")
	seed := flags.Uint64("seed", 1, "the seed of what is drawn")
	keep := flags.String("keep", "", "write the recorded traces to this `FILE`")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 1
	}
	root, err := tlcrun.Root()
	var tlc *tlcrun.TLC
	if err == nil {
		tlc, err = tlcrun.New(ctx, root, stderr)
	}
	if err == nil {
		s := &suite{root: root, tlc: tlc, out: stdout}
		if *files {
			err = s.files(ctx, flags.Args())
		} else {
			err = s.all(ctx, *seed, *keep)
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "traces: %v\n", err)
		return 1
	}
	return 0
}

// suite is what a run of the command works with.
type suite struct {
	root string
	tlc  *tlcrun.TLC
	out  io.Writer
}

// all records, judges, corrupts and judges again.
func (s *suite) all(ctx context.Context, seed uint64, keep string) error {
	draw := rand.New(rand.NewPCG(seed, 0))
	g := newSmallGraph()
	began := time.Now()
	traces, err := recordAll(ctx, draw, fromTheStack, newScripts())
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "recorded %d traces in %v\n", len(traces), time.Since(began).Round(time.Second))
	if keep != "" {
		if err := keepIn(keep, traces); err != nil {
			return err
		}
	}
	lines, stack, err := s.judgeAll(ctx, g, traces)
	if err != nil {
		return err
	}
	outcome, err := s.judgeCorrupted(ctx, corrupt(traces, corruptions, draw))
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "EVIDENCE traces recorded=%d stack=%d attaching=%d lines=%d accepted=%d corruptions=%d rejected=%d legal=%d skipping=%d edges=%d/%d stackedges=%d unscripted=%d share=%.1f%%\n",
		len(traces), stack.traces, len(traces)-stack.traces, lines, len(traces), outcome.made, outcome.rejected, outcome.legal, outcome.skipping, g.count, len(g.Edges),
		stack.edges, g.unscripted(), g.share())
	var errs []error
	if stack.traces < leastRecorded {
		errs = append(errs, fmt.Errorf("%d traces of the adapter's Rooms, expected at least %d", stack.traces, leastRecorded))
	}
	if outcome.made < leastCorruption {
		errs = append(errs, fmt.Errorf("%d corruptions, expected at least %d", outcome.made, leastCorruption))
	}
	if g.share() < leastShare {
		errs = append(errs, fmt.Errorf("%.1f %% of the edges are covered, expected at least %.0f %%", g.share(), leastShare))
	}
	return errors.Join(errs...)
}

// part are the traces of one kind.
type part struct{ traces, edges int }

// judgeAll has the model and TLC judge recorded traces, all of which must be right.
func (s *suite) judgeAll(ctx context.Context, g *smallGraph, traces []trace.Trace) (lines int, stack part, err error) {
	n := newNaming()
	var all [][]entry
	alone := g.empty()
	for i, t := range traces {
		e := n.entries(t)
		steps, err := judge(e)
		if err != nil {
			return 0, part{}, fmt.Errorf("trace %d (%s): line %d is no step of the model: %w", i+1, t.Label, len(steps)+1, err)
		}
		all = append(all, e)
		lines += len(e)
		if t.Label == "stack" {
			stack.traces++
			alone.cover(steps)
		}
		g.cover(steps)
	}
	stack.edges = alone.count
	m := newModule(n, all)
	v, err := m.check(ctx, s.tlc, s.root, false)
	if err != nil {
		return 0, part{}, err
	}
	fmt.Fprintf(s.out, "TLC judged %d lines, %d of them different, in %v\n", lines, len(m.nodes), v.result.Time.Round(time.Second))
	for i, t := range traces {
		if !v.accepted(i) {
			return 0, part{}, fmt.Errorf("TLC rejects trace %d (%s), which the model takes", i+1, t.Label)
		}
	}
	if want := len(m.nodes) + 1; v.result.Distinct != want { // each line is a state of its own, and there is a beginning
		return 0, part{}, fmt.Errorf("TLC found %d states, expected %d", v.result.Distinct, want)
	}
	return lines, stack, nil
}

// corrupted is what became of the corruptions.
type corrupted struct{ made, rejected, legal, skipping int }

// judgeCorrupted has TLC judge corruptions: it must take those that the model takes, and no others; of the others it must stop at the
// line at which the model stops. With a skip rule it would take more.
func (s *suite) judgeCorrupted(ctx context.Context, made []corruption) (corrupted, error) {
	n := newNaming()
	var all [][]entry
	for _, c := range made {
		all = append(all, n.entries(c.trace))
	}
	m := newModule(n, all)
	v, err := m.check(ctx, s.tlc, s.root, true)
	if err != nil {
		return corrupted{}, err
	}
	outcome := corrupted{made: len(made)}
	byKind := map[string]*corrupted{}
	for i, c := range made {
		steps, refused := judge(all[i])
		consumed, _ := v.lines(i)
		if v.accepted(i) != (refused == nil && len(all[i]) > 0) || consumed != len(steps) {
			return outcome, fmt.Errorf("of the corruption (%s: %s) TLC took %d lines, the model %d: %v", c.kind, c.what, consumed, len(steps), refused)
		}
		if byKind[c.kind] == nil {
			byKind[c.kind] = &corrupted{}
		}
		byKind[c.kind].made++
		if refused == nil {
			outcome.legal++
			byKind[c.kind].legal++
		} else {
			outcome.rejected++
			byKind[c.kind].rejected++
		}
	}
	for _, kind := range []string{"dropped", "swapped", "doubled", "changed"} {
		o := byKind[kind]
		if o == nil || o.rejected == 0 {
			return outcome, fmt.Errorf("no trace with a line %s was rejected", kind)
		}
		fmt.Fprintf(s.out, "a line %s: %d traces, %d rejected, %d legal\n", kind, o.made, o.rejected, o.legal)
	}
	skipping, err := os.ReadFile(filepath.Join(s.root, "tests", "traces", "testdata", "Skipping.tla"))
	if err != nil {
		return outcome, err
	}
	lax, err := m.check(ctx, s.tlc, s.root, false, string(skipping))
	if err != nil {
		return outcome, err
	}
	for i := range made {
		if lax.accepted(i) && !v.accepted(i) {
			outcome.skipping++
		}
	}
	if outcome.skipping == 0 {
		return outcome, errors.New("a skip rule makes no difference, so the corruptions don't tell whether there is one")
	}
	return outcome, nil
}

// files judges the traces of files.
func (s *suite) files(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return errors.New("there is no file to check")
	}
	type place struct {
		file   string
		number int
	}
	n := newNaming()
	var all [][]entry
	var places []place
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		traces, err := trace.Read(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for i, t := range traces {
			all = append(all, n.entries(t))
			places = append(places, place{name, i + 1})
		}
	}
	m := newModule(n, all)
	v, err := m.check(ctx, s.tlc, s.root, true)
	if err != nil {
		return err
	}
	rejected, lines := 0, 0
	for i, p := range places {
		consumed, differs := v.lines(i)
		lines += consumed
		steps, refused := judge(all[i])
		switch {
		case len(steps) != consumed:
			return fmt.Errorf("%s, trace %d: TLC takes %d lines, the model %d", p.file, p.number, consumed, len(steps))
		case len(all[i]) == 0:
			rejected++
			fmt.Fprintf(s.out, "%s, trace %d: it has no steps\n", p.file, p.number)
		case refused != nil:
			rejected++
			fmt.Fprintf(s.out, "%s, trace %d: step %d is no step of Rooms.tla: %v\n", p.file, p.number, consumed+1, refused)
			if differs != "" {
				fmt.Fprintf(s.out, "  TLC: %s\n", differs)
			}
		}
	}
	fmt.Fprintf(s.out, "EVIDENCE check traces=%d lines=%d accepted=%d rejected=%d\n", len(all), lines, len(all)-rejected, rejected)
	if rejected > 0 {
		return fmt.Errorf("%d of %d traces are rejected", rejected, len(all))
	}
	return nil
}

func keepIn(name string, traces []trace.Trace) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(trace.Write(f, traces...), f.Close())
}
