package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/explore"
	"ablyrooms.example/tests/explore/roommachine"
)

// completeRoom checks what the flags ask for together, for the machine of one room.
func (s *settings) completeRoom(flags *flag.FlagSet, fault string) error {
	s.roomBounds.Calls = s.bounds.Calls
	if err := s.roomBounds.Check(); err != nil {
		return err
	}
	if !slices.Contains([]string{"core", "model"}, s.machine) {
		return fmt.Errorf("no machine is called %q", s.machine)
	}
	var other error
	flags.Visit(func(f *flag.Flag) {
		if slices.Contains([]string{"names", "options", "symmetry", "lasting", "saturation", "check"}, f.Name) {
			other = fmt.Errorf("-%s is not for one room", f.Name)
		}
	})
	if other != nil {
		return other
	}
	if s.roomBounds.Bare && s.liveness {
		return errors.New("-liveness asks for what -bare leaves out")
	}
	if fault == "" {
		return nil
	}
	f, ok := roommachine.FaultByName(fault)
	if !ok {
		return fmt.Errorf("no fault is called %q", fault)
	}
	if s.machine == "model" || s.roomBounds.Bare {
		return errors.New("-plant is for the core, and not for one that is bare")
	}
	s.roomFault = &f
	return nil
}

// room explores, draws or checks liveness of the machine of one room.
func (s *settings) room(ctx context.Context) error {
	var m roommachine.Machine = roommachine.NewModel(s.roomBounds)
	what := "the model of one room"
	if s.machine == "core" {
		core := roommachine.NewCore(s.roomBounds)
		what = "the core of one room"
		if s.roomFault != nil {
			core, what = core.WithFault(*s.roomFault), what+" with the fault "+s.roomFault.Name
		}
		m = core
	}
	what += " " + s.roomBounds.String()
	switch {
	case s.dot != "":
		return draw(ctx, s, m, what)
	case s.liveness:
		return s.roomAlive(ctx, m, what)
	}
	var properties []roommachine.Invariant
	if !s.roomBounds.Bare {
		properties = roommachine.Invariants(s.roomBounds)
	}
	fmt.Fprintf(s.stdout, "exploring %s, %d properties\n", what, len(properties))
	r := explore.Run(ctx, m, explore.Options[*roommachine.State, *roommachine.Input, roommachine.Output]{
		Invariants: properties, Workers: s.workers, MaxStates: s.maxStates, MaxMemory: s.maxMemory, SkipUnlikely: !s.refusals,
		Progress: s.progress(), Every: s.every(),
	})
	s.endProgress()
	report(s, r)
	if v := r.Violation; v != nil {
		s.roomCounterexample(v.Property, v.Reason, v.Path)
	}
	if r.Verdict != explore.Complete {
		return fmt.Errorf("%v: %s", r.Verdict, r.Reason)
	}
	fmt.Fprintf(s.stdout, "EVIDENCE explore of=room machine=%s calls=%d states=%d edges=%d properties=%d\n", s.machine, s.roomBounds.Calls, r.States, r.Edges, len(properties))
	return nil
}

// roomAlive checks liveness.
func (s *settings) roomAlive(ctx context.Context, m roommachine.Machine, what string) error {
	fmt.Fprintf(s.stdout, "liveness of %s, provided that what the room asks for ends, and that the detach of a release succeeds at last\n", what)
	r, err := roommachine.CheckLiveness(ctx, m, s.roomBounds)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "%s states, %s edges, %d properties\n", grouped(uint64(r.States)), grouped(uint64(r.Edges)), r.Properties)
	if len(r.Broken) > 0 {
		l := r.Broken[0]
		s.roomCounterexample(l.Property, fmt.Sprintf("the last %d steps may come again and again for ever; if there are none, nothing more need happen", len(l.Cycle)),
			slices.Concat(l.Prefix, l.Cycle))
		return r.Err()
	}
	fmt.Fprintln(s.stdout, "every property holds; without one conjunct of fairness:")
	w := tabwriter.NewWriter(s.stdout, 0, 8, 2, ' ', 0)
	needed := 0
	for _, name := range slices.Sorted(maps.Keys(r.Without)) {
		if broken := r.Without[name]; len(broken) > 0 {
			needed++
			fmt.Fprintf(w, "  %s\t%v\n", name, broken[0])
		} else {
			fmt.Fprintf(w, "  %s\tevery property still holds\n", name)
		}
	}
	w.Flush()
	fmt.Fprintf(s.stdout, "EVIDENCE liveness of=room machine=%s calls=%d states=%d properties=%d fairness=%d/%d\n", s.machine, s.roomBounds.Calls, r.States, r.Properties,
		needed, len(r.Without))
	return r.Err()
}

// roomCounterexample prints a script, with what the rules ask for.
func (s *settings) roomCounterexample(property, reason string, path []*roommachine.Input) {
	fmt.Fprintf(s.stdout, "\n%s fails: %s\n\nscript, a shortest one, with the rules and what they ask for:\n", property, reason)
	var state model.RoomState
	for i, in := range path {
		next, outs, err := state.Step(*in)
		asked := make([]string, len(outs))
		for j, out := range outs {
			asked[j] = out.String()
		}
		want := said(asked)
		if err != nil {
			want = "refused"
		}
		fmt.Fprintf(s.stdout, "%3d  %v %v: %s\n", i+1, in, state.Explain(*in), want)
		state = next
	}
	fmt.Fprintf(s.stdout, "then the rules have the room in the state\n     %v\n", state)
}
