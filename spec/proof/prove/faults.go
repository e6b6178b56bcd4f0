package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"ablyrooms.example/internal/progress"
	"ablyrooms.example/spec/proof/solver"
)

// faultLimit is the solver's limit for a fault, in its own steps. Within it, the solver finds a
// small state in which the condition is false, or gives up.
const faultLimit = 3e6

// faults plants the faults of the proof, one at a time, and checks that the solver no longer proves
// the condition that the fault breaks. It returns the number of conditions that are still proved.
func (c *command) faults(ctx context.Context, root string) (failed int, err error) {
	list := c.planted
	verdicts := make([]solver.Answer, len(list))
	var wrong atomic.Int32
	note := func() string { return fmt.Sprintf("planted faults, %d not noticed", wrong.Load()) }
	err = progress.Each(ctx, c.workers, len(list), note, func(ctx context.Context, _, i int) error {
		f := &list[i]
		p, err := f.With(root)
		if err != nil {
			return err
		}
		condition, err := f.Condition(p)
		if err != nil {
			return err
		}
		script, err := condition.Script()
		if err != nil {
			return err
		}
		verdicts[i], err = solver.Ask(ctx, c.solver, script, solver.Options{Seed: c.seed, Limit: faultLimit})
		if err == nil && verdicts[i].Verdict == "unsat" {
			wrong.Add(1)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	for i, v := range verdicts {
		f := &list[i]
		if v.Verdict == "unsat" {
			fmt.Fprintf(c.stdout, "PROVED ALTHOUGH UNTRUE with the fault %q: %s by %s\n", f.Name, f.Goal, f.Action)
			continue
		}
		fmt.Fprintf(c.stdout, "planted: %s: %s by %s is not proved (%s)\n", f.Name, f.Goal, f.Action, v.Verdict)
		fmt.Fprintf(c.stdout, "CAUGHT proof by solver: %s\n", f.Name)
	}
	failed = int(wrong.Load())
	fmt.Fprintf(c.stdout, "EVIDENCE proof_faults planted=%d unnoticed=%d\n", len(list), failed)
	return failed, nil
}
