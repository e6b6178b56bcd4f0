package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/graphs"
)

// end is what became of a mutant.
type end uint8

const (
	lives      end = iota
	byProperty     // an invariant or a property of steps is violated
	byLiveness     // a property of liveness is violated
	byError        // TLC can't evaluate it
	byGraph        // no property is violated, but the graph of its states isn't the spec's
	unparsed       // it is no TLA+
	timeout
	unclear // TLC ended in a way that this command doesn't know
)

var endNames = map[end]string{lives: "lives", byProperty: "property", byLiveness: "liveness", byError: "error", byGraph: "graph",
	unparsed: "unparsed", timeout: "timeout", unclear: "unclear"}

func (e end) killed() bool { return e == byProperty || e == byLiveness || e == byError || e == byGraph }

// verdict is what became of a mutant, with the property, the configuration or the error that decided it.
type verdict struct {
	end  end
	what string
	took time.Duration
}

// stage is one run of TLC: all of them together are what a mutant must pass to live.
type stage struct {
	name           string
	names, options string
	calls          int
	liveness       bool // check the properties of liveness, with one worker, under fairness; else those of states and steps
	bare           bool // check nothing, for the graph alone
}

// stages go from what costs little to what costs much. No action needs more than two names, two options or four calls: the first one
// leaves out the fourth call and the second name, the others one of them each.
var stages = []stage{
	{name: "options", names: `"a"`, options: `"x", "y"`, calls: 3},
	{name: "liveness", names: `"a"`, options: `"x"`, calls: 3, liveness: true},
	{name: "names", names: `"a", "b"`, options: `"x"`, calls: 3},
	{name: "calls", names: `"a"`, options: `"x"`, calls: 4},
	{name: "all", names: `"a", "b"`, options: `"x", "y"`, calls: 3, bare: true}, // only for what lives until here
}

// judge runs mutants. Several goroutines may use it once it is ready.
type judge struct {
	tlc              *tlcrun.TLC
	dir              string // for the configurations and all that is written
	limit            time.Duration
	quick            bool           // don't ask whether a property at a later stage notices what the graph has shown
	safety, liveness *tlcrun.Config // whose properties are checked
	originals        map[string]*graphs.Graph
}

// ready writes the configurations and has TLC make the graphs of the spec itself.
func (j *judge) ready(ctx context.Context, source string) error {
	j.originals = map[string]*graphs.Graph{}
	for _, s := range stages {
		if err := os.WriteFile(j.config(s), []byte(j.text(s)), 0o644); err != nil {
			return err
		}
		if s.liveness {
			continue
		}
		r, g, err := j.exec(ctx, s, source, true)
		if err != nil {
			return err
		}
		if v, ended := classify(r); ended || r.Exit != tlcrun.ExitOK {
			return fmt.Errorf("the spec itself does not pass the stage %s: %s\n%s", s.name, v.what, r.Output)
		}
		j.originals[s.name] = g
	}
	return nil
}

func (j *judge) config(s stage) string { return filepath.Join(j.dir, s.name+".cfg") }

// text writes a stage's configuration, with the properties that the spec's own configurations check.
func (j *judge) text(s stage) string {
	var b strings.Builder
	spec := "Spec"
	if s.liveness {
		spec = "FairSpec"
	}
	fmt.Fprintf(&b, "SPECIFICATION %s\nCONSTANTS\n  Names = {%s}\n  Options = {%s}\n  MaxCalls = %d\nCHECK_DEADLOCK FALSE\n", spec, s.names, s.options, s.calls)
	switch {
	case s.liveness:
		fmt.Fprintf(&b, "PROPERTIES %s\n", strings.Join(j.liveness.Temporal, " "))
	case !s.bare:
		fmt.Fprintf(&b, "INVARIANTS %s\nPROPERTIES %s\n", strings.Join(j.safety.Invariants, " "), strings.Join(j.safety.Temporal, " "))
	}
	return b.String()
}

// exec runs TLC on a text at a stage, and reads the graph when asked for it and when the run got to the end.
func (j *judge) exec(ctx context.Context, s stage, text string, dump bool) (*tlcrun.Result, *graphs.Graph, error) {
	dir, err := os.MkdirTemp(j.dir, "mutant")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "Rooms.tla"), []byte(text), 0o644); err != nil {
		return nil, nil, err
	}
	job := tlcrun.Job{Dir: dir, Module: "Rooms", Config: j.config(s), Workers: 1, Small: true}
	if dump {
		job.Dump = filepath.Join(dir, "graph.dot")
	}
	ctx, cancel := context.WithTimeout(ctx, j.limit)
	defer cancel()
	r, err := j.tlc.Exec(ctx, job)
	if err != nil || !dump || r.Exit != tlcrun.ExitOK {
		return r, nil, err
	}
	g, steps, err := read(job.Dump)
	if err != nil {
		return nil, nil, err
	}
	if states, _ := g.Len(); states != r.Distinct || steps != r.Generated-1 {
		return nil, nil, fmt.Errorf("the dump has %d states and %d steps, TLC says %d and %d", states, steps, r.Distinct, r.Generated-1)
	}
	return r, g, nil
}

// read reads a dump, and counts the steps in it. For properties TLC adds an edge to each state, dashed, that is no step. A step that
// TLC takes twice, because a guard is true in two ways, is one step: what it leads to is the same.
func read(file string) (g *graphs.Graph, steps int, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, 0, err
	}
	var kept bytes.Buffer
	seen := map[string]bool{}
	for line := range bytes.Lines(data) {
		if bytes.Contains(line, []byte(`style="dashed"`)) {
			continue
		}
		if head, _, _ := bytes.Cut(line, []byte(" [")); bytes.Contains(head, []byte(" -> ")) {
			steps++
			if seen[string(line)] {
				continue
			}
			seen[string(line)] = true
		}
		kept.Write(line)
	}
	g, err = graphs.ReadDot("the mutant", &kept, graphs.Mapping[string](asWritten{}))
	return g, steps, err
}

// asWritten takes states and steps as TLC writes them: they are compared with other ones of TLC's.
type asWritten struct{}

func (asWritten) State(vars graphs.Value) (string, error) { return fmt.Sprint(vars), nil }
func (asWritten) Text(state string) string                           { return state }
func (asWritten) Step(action, _, _ string) (string, error)           { return action, nil }

// judge runs a mutant through the stages until something kills it. That its graph differs kills it only when no property does.
func (j *judge) judge(ctx context.Context, m mutant) (v verdict) {
	began := time.Now()
	defer func() { v.took = time.Since(began) }()
	differs := ""
	for _, s := range stages {
		if s.bare && differs != "" {
			break
		}
		r, g, err := j.exec(ctx, s, m.text, !s.liveness && differs == "")
		switch {
		case ctx.Err() != nil:
			return verdict{end: unclear, what: "cancelled"}
		case errors.Is(err, context.DeadlineExceeded):
			return verdict{end: timeout, what: s.name}
		case err != nil:
			return verdict{end: unclear, what: err.Error()}
		}
		if v, ended := classify(r); ended {
			if v.end == byLiveness {
				v.what = strings.Join(j.liveness.Temporal, " or ") // TLC doesn't say which
			}
			if v.end != unclear {
				v.what += " (" + s.name + ")"
			}
			return v
		}
		if g == nil {
			continue
		}
		if found, only, lacks := graphs.Compare(j.originals[s.name], g, 1); len(found) > 0 {
			differs = fmt.Sprintf("%d edges less, %d more (%s)", only, lacks, s.name)
			if j.quick {
				break
			}
		}
	}
	if differs != "" {
		return verdict{end: byGraph, what: differs}
	}
	return verdict{end: lives}
}

// cannotEvaluate are TLC's words for a module that it can read and not run.
var cannotEvaluate = regexp.MustCompile(`current state is not a legal state|is not completely specified|[Aa]ttempted to |was not in the domain|The invariant \S+ is not|[Ee]valuating |TLC encountered|In evaluation|initial predicate`)

// classify tells what a run's end says of the mutant; ended is false if TLC found nothing.
func classify(r *tlcrun.Result) (v verdict, ended bool) {
	switch {
	case r.Exit == tlcrun.ExitOK && r.NoError && r.Left == 0 && len(r.Errors) == 0 && len(r.Violated) == 0 && !r.Temporal:
		return verdict{}, false
	case (r.Exit == tlcrun.ExitInvariant || r.Exit == tlcrun.ExitProperty) && len(r.Violated) == 1 && !r.Temporal:
		return verdict{end: byProperty, what: r.Violated[0]}, true
	case r.Exit == tlcrun.ExitProperty && r.Temporal && len(r.Violated) == 0:
		return verdict{end: byLiveness}, true
	case r.Exit == 150:
		return verdict{end: unparsed, what: strings.Join(r.Errors, "; ")}, true
	case len(r.Errors) > 0 && cannotEvaluate.MatchString(r.Output):
		return verdict{end: byError, what: fmt.Sprintf("exit %d, %s", r.Exit, short(r.Errors[0]))}, true
	}
	return verdict{end: unclear, what: fmt.Sprintf("exit %d, %q\n%s", r.Exit, r.Errors, r.Output)}, true
}
