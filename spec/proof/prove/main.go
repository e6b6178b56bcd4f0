// Command prove has a solver prove the conditions of package proof. If all are proved, the
// properties of the specs hold for any number of names, options and calls. docs/proof.md explains
// it.
//
//	go run ./spec/proof/prove [-only REGEX] [-seed N] [-limit N] [-save FOLDER] [-choose]
//
// It exits with 1 unless the solver answers unsat for each condition.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"ablyrooms.example/internal/modroot"
	"ablyrooms.example/internal/progress"
	"ablyrooms.example/spec/proof"
	"ablyrooms.example/spec/proof/solver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// command has the flags, and what a run needs.
type command struct {
	only, save string
	choose     bool
	seed       int
	workers    int // how many solvers run at the same time
	limit      int

	stdout, stderr io.Writer
	solver         string
	planted        []proof.Fault
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := &command{stdout: stdout, stderr: stderr, planted: slices.Concat(proof.Faults, proof.ChannelFaults)}
	flags := flag.NewFlagSet("prove", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.only, "only", "", "prove only conditions whose name, \"spec: goal by action\", matches this `REGEX`")
	flags.StringVar(&c.save, "save", "", "write each condition to this `FOLDER`, as a script for any solver")
	flags.BoolVar(&c.choose, "choose", false, "find hypotheses that suffice for each goal, and write them to hypotheses.txt")
	flags.IntVar(&c.workers, "workers", 2, "how many solvers run at the same time")
	flags.IntVar(&c.seed, "seed", 0, "the solver's random seed")
	flags.IntVar(&c.limit, "limit", 40e6, "limit for each condition, in the solver's own steps")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 1
	}
	failed, err := c.run(ctx)
	if err != nil {
		fmt.Fprintf(stderr, "prove: %v\n", err)
		return 1
	}
	return min(failed, 1)
}

func (c *command) run(ctx context.Context) (failed int, err error) {
	only, err := regexp.Compile(c.only)
	if err != nil {
		return 0, err
	}
	root, err := modroot.Find()
	if err != nil {
		return 0, err
	}
	if c.solver, err = solver.Fetch(ctx, root, c.stderr); err != nil {
		return 0, err
	}
	proofs, err := proof.All(root)
	if err != nil {
		return 0, err
	}
	if c.choose {
		return 0, c.chooseHypotheses(ctx, root, proofs, only)
	}
	for _, p := range proofs {
		results, err := c.prove(ctx, p, only)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", p.Name, err)
		}
		if len(results) > 0 {
			failed += printTable(c.stdout, p, results, c.seed)
		}
	}
	if c.only != "" {
		return failed, nil
	}
	unnoticed, err := c.faults(ctx, root)
	return failed + unnoticed, err
}

// result is the solver's answer for a condition.
type result struct {
	condition *proof.Condition
	answer    solver.Answer
}

func (r result) proved() bool { return r.answer.Verdict == "unsat" }

// prove runs the solver on each condition of a proof that matches only.
func (c *command) prove(ctx context.Context, p *proof.Proof, only *regexp.Regexp) ([]result, error) {
	var results []result
	for _, condition := range p.Conditions() {
		if only.MatchString(p.Name + ": " + condition.String()) {
			results = append(results, result{condition: condition})
		}
	}
	if len(results) == 0 {
		return nil, nil
	}
	var failed atomic.Int32
	note := func() string { return fmt.Sprintf("%s: conditions, %d not proved", p.Name, failed.Load()) }
	err := progress.Each(ctx, c.workers, len(results), note, func(ctx context.Context, _, i int) error {
		r := &results[i]
		script, err := r.condition.Script()
		if err != nil {
			return fmt.Errorf("%v: %w", r.condition, err)
		}
		if err := c.keep(p, r.condition, script); err != nil {
			return err
		}
		r.answer, err = solver.Ask(ctx, c.solver, script, solver.Options{Seed: c.seed, Limit: c.limit})
		if err != nil {
			return fmt.Errorf("%v: %w", r.condition, err)
		}
		if !r.proved() {
			failed.Add(1)
		}
		return nil
	})
	return results, err
}

// keep writes a script to the folder of the flag -save, if it is set.
func (c *command) keep(p *proof.Proof, condition *proof.Condition, script string) error {
	if c.save == "" {
		return nil
	}
	if err := os.MkdirAll(c.save, 0o755); err != nil {
		return err
	}
	name := strings.Trim(condition.Action, "()") + "-" + condition.Goal + ".smt2"
	return os.WriteFile(filepath.Join(c.save, p.Name+"-"+name), []byte(script), 0o644)
}
