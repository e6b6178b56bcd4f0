package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/explore"
	"ablyrooms.example/tests/explore/roomsmachine"
)

// explored explores, draws or checks liveness, and prints what was found.
func explored[O any](ctx context.Context, s *settings, m subject[O]) error {
	if s.dot != "" {
		return draw(ctx, s, m.machine, fmt.Sprintf("%s %v", s.machine, s.bounds))
	}
	if s.liveness {
		return alive(ctx, s, m)
	}
	symmetry := s.symmetry
	if s.lasting {
		symmetry = "by what names hold"
	}
	fmt.Fprintf(s.stdout, "exploring %s, symmetry %s, %d properties\n", s.what(), symmetry, len(m.properties))
	r := explore.Run(ctx, m.machine, explore.Options[*roomsmachine.State, *roomsmachine.Input, O]{
		Invariants: m.properties, Workers: s.workers, MaxStates: s.maxStates, MaxMemory: s.maxMemory,
		Symmetry: s.symmetry != "off" || s.lasting, SkipUnlikely: !s.refusals, Progress: s.progress(), Every: s.every(),
	})
	s.endProgress()
	report(s, r)
	if r.Verdict == explore.Violated {
		s.violation(r.Violation, func(path []*roomsmachine.Input) []string { return outputs(m, path) })
	}
	if r.Verdict != explore.Complete {
		return fmt.Errorf("%v: %s", r.Verdict, r.Reason)
	}
	fmt.Fprintf(s.stdout, "EVIDENCE explore of=rooms machine=%s calls=%d states=%d edges=%d properties=%d\n", s.machine, s.bounds.Calls, r.States, r.Edges, len(m.properties))
	if s.check {
		return s.compare(r)
	}
	return nil
}

// what names the machine.
func (s *settings) what() string {
	what := "the " + s.machine
	if s.fault != nil {
		what += " with the fault " + s.fault.Name
	}
	if s.lasting {
		return fmt.Sprintf("%s without memory, any number of calls (%d pending at a time, %d names, %d options)", what, s.bounds.Calls, s.bounds.Names, s.bounds.Options)
	}
	return fmt.Sprintf("%s %v", what, s.bounds)
}

// violation prints the counterexample of a violation.
func (s *settings) violation(v *explore.Violation[*roomsmachine.Input], did func([]*roomsmachine.Input) []string) {
	path := v.Path
	if s.lasting {
		remembering := *s
		remembering.lasting, remembering.bounds.Calls = false, roomsmachine.MaxCalls
		core := remembering.core()
		real, err := s.core().machine.(roomsmachine.Core).Recall(path)
		if err != nil {
			fmt.Fprintf(s.stdout, "\n%s fails: %s\n%v, with numbers given anew after each step: %v\n", v.Property, v.Reason, err, path)
			return
		}
		path, did = real, func(path []*roomsmachine.Input) []string { return outputs(core, path) }
	}
	s.counterexample(v.Property, v.Reason, path, did(path))
}

// report prints the figures.
func report[I any](s *settings, r *explore.Result[I]) {
	w := tabwriter.NewWriter(s.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "verdict\t%v\n", r.Verdict)
	fmt.Fprintf(w, "states\t%s\n", grouped(r.States))
	if r.Symmetry && !s.lasting {
		fmt.Fprintf(w, "stand for\t%s\n", grouped(r.Orbits))
	}
	fmt.Fprintf(w, "edges\t%s\n", grouped(r.Edges))
	fmt.Fprintf(w, "depth\t%d\n", r.Depth())
	fmt.Fprintf(w, "refused\t%s\n", grouped(r.Refused))
	if r.Skipped > 0 {
		fmt.Fprintf(w, "not tried\t%s\n", grouped(r.Skipped))
	}
	fmt.Fprintf(w, "ends\t%s\n", grouped(r.Ends))
	for _, action := range slices.Sorted(maps.Keys(r.Actions)) {
		fmt.Fprintf(w, "  %s\t%s\n", action, grouped(r.Actions[action]))
	}
	fmt.Fprintf(w, "time\t%.1f s, %s states/s, %d workers\n", r.Elapsed.Seconds(), grouped(uint64(r.Rate())), r.Workers)
	fmt.Fprintf(w, "memory\t%s MB for states and paths\n", grouped(uint64(r.Memory>>20)))
	fmt.Fprintf(w, "collisions\tat most %.1g that two states were taken for one (84 bits)\n", r.Collision)
	w.Flush()
}

// compare fails unless the graph has the size that is known.
func (s *settings) compare(r *explore.Result[*roomsmachine.Input]) error {
	want, ok := s.known[s.bounds]
	if !ok {
		return fmt.Errorf("no size is known for %v", s.bounds)
	}
	if r.Orbits != want[0] {
		return fmt.Errorf("%s states, and %s are known", grouped(r.Orbits), grouped(want[0]))
	}
	if s.symmetry == "off" && r.Edges != want[1] {
		return fmt.Errorf("%s edges, and %s are known", grouped(r.Edges), grouped(want[1]))
	}
	for kind := fsm.CallGet; kind <= fsm.ReleaseFailed; kind++ {
		if r.Actions[kind.String()] == 0 {
			return fmt.Errorf("no %v was taken", kind)
		}
	}
	fmt.Fprintln(s.stdout, "the size is the one that is known")
	return nil
}

// counterexample prints a script with what the rules ask for, where the machine did otherwise, and a sequence diagram.
func (s *settings) counterexample(property, reason string, path []*roomsmachine.Input, did []string) {
	script := scriptOf(path)
	fmt.Fprintf(s.stdout, "\n%s fails: %s\n\nscript, a shortest one, with what the rules ask for:\n%s", property, reason, conformance.FormatScript(script))
	state := model.State{}
	for i, in := range script {
		next, outs, err := state.Step(in)
		asked := make([]string, len(outs))
		for j, out := range outs {
			asked[j] = out.String()
		}
		want := said(asked)
		if err != nil {
			want = "refused"
		}
		if i < len(did) && did[i] != want {
			fmt.Fprintf(s.stdout, "in step %d the machine says: %s\n", i+1, did[i])
		}
		state = next
	}
	fmt.Fprintf(s.stdout, "\nsequence diagram (Mermaid), with what the rules ask for:\n%s", conformance.Mermaid(script, property+" fails: "+reason))
}

func scriptOf(path []*roomsmachine.Input) []model.Input {
	script := make([]model.Input, len(path))
	for i, in := range path {
		script[i] = in.Model
	}
	return script
}

func said(outs []string) string {
	if len(outs) == 0 {
		return "nothing"
	}
	return strings.Join(outs, ", ")
}

// outputs returns what the machine puts out in each step of a path.
func outputs[O any](m subject[O], path []*roomsmachine.Input) (list []string) {
	defer func() {
		if p := recover(); p != nil {
			list = append(list, fmt.Sprintf("panic: %v", p))
		}
	}()
	w := m.machine.Walker()
	for _, in := range path {
		outs, err := w.Step(in)
		texts := make([]string, len(outs))
		for i, out := range outs {
			texts[i] = m.machine.OutputText(out)
		}
		switch {
		case errors.Is(err, explore.ErrRefused):
			list = append(list, "refused")
		case err != nil:
			list = append(list, err.Error())
		default:
			list = append(list, said(texts))
			if err := w.Load(w.Key(nil)); err != nil { // a fault may have changed more than the walker's core knows
				return append(list, err.Error())
			}
		}
	}
	return list
}

// draw writes the graph for Graphviz.
func draw[S, I, O any](ctx context.Context, s *settings, m explore.Machine[S, I, O], name string) error {
	space, err := explore.Build(ctx, m, explore.BuildOptions{MaxStates: 2000})
	if err != nil {
		return err
	}
	graph, err := space.Graph()
	if err != nil {
		return err
	}
	if s.dot == "-" {
		return graph.WriteDot(s.stdout, name)
	}
	file, err := os.Create(s.dot)
	if err != nil {
		return err
	}
	err = graph.WriteDot(file, name)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "%s: %d states, %d edges; draw it with: dot -Tsvg %s\n", s.dot, len(graph.States), len(graph.Edges), s.dot)
	return nil
}
