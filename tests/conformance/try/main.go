// Command try checks whether a subject, in any language, keeps the rules of docs/rooms.md. The
// subject is a command that speaks the protocol of docs/subject-protocol.md.
//
//	go run ./tests/conformance/try [-without Cancellation,Causes] -- node subject.mjs
//	go run ./tests/conformance/try -script 'get(1, a, x); release(2, a)' -- node subject.mjs
//
// It prints which rules are kept, which are broken and which can't be observed, with a shortest
// script for each broken rule. It exits with 0 if no rule is broken. With -verdicts, it exits with
// 0 if its findings are the same as those in that file. With -npm or -pip, it installs the packages
// that a folder pins, and then runs the command in that folder. With -pip, the command "python" is
// the interpreter of the folder's environment.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"ablyrooms.example/internal/npm"
	"ablyrooms.example/internal/pip"
	"ablyrooms.example/internal/progress"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "try: FAILED:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, w io.Writer) error {
	flags := flag.NewFlagSet("try", flag.ContinueOnError)
	name := flags.String("name", "conformance-subject", "the `name` in the EVIDENCE line, which is printed last")
	without := flags.String("without", "", "promises that the subject doesn't make: `fields` of conformance.Promises, comma-separated")
	known := flags.String("verdicts", "", "a `file` with the known deviations of the subject; the findings must match it")
	folder := flags.String("npm", "", "run the command in this `folder`, after installing the npm packages that it pins")
	environment := flags.String("pip", "", "run the command in this `folder`, in a Python environment with its requirements")
	script := flags.String("script", "", "run only this `script`, and print what it shows")
	depth := flags.Int("depth", 5, "try all scripts up to this `length`, in steps")
	runs := flags.Int("runs", 100, "the `number` of random scripts for each of three sets of options")
	seed := flags.Int("seed", 1, "the `seed` of the random scripts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("no command: after the flags, give the command that starts the subject")
	}
	comma := func(r rune) bool { return r == ',' || r == ' ' }
	promises, err := conformance.AllPromises().Without(strings.FieldsFunc(*without, comma)...)
	if err != nil {
		return err
	}
	verdicts := conformance.Verdicts{}
	if *known != "" {
		if verdicts, err = conformance.ReadVerdicts(*known); err != nil {
			return err
		}
	}
	if *folder != "" {
		if err := npm.Install(ctx, *folder, w); err != nil {
			return err
		}
	}
	command := conformance.Command{Path: flags.Arg(0), Args: flags.Args()[1:], Dir: *folder, Serve: server.Start}
	if *environment != "" {
		python, err := pip.Install(ctx, *environment, w)
		if err != nil {
			return err
		}
		if command.Dir = *environment; command.Path == "python" {
			command.Path = python
		}
	}
	plan := conformance.ProcessPlan(*depth, *runs)
	plan.Seed = *seed
	if *script != "" {
		steps, err := conformance.Parse(*script)
		if err != nil {
			return err
		}
		plan.Spaces, plan.Known = nil, append(plan.Known, steps)
	} else if plan.Known, err = verdicts.Scripts(); err != nil {
		return err
	}
	bar := progress.Start(os.Stderr)
	plan.Progress = func(done int) { bar.Set(done, 0, "%d scripts", done) }
	result, err := conformance.CheckProcess(ctx, command, promises, plan)
	bar.Stop()
	if err != nil {
		return err
	}
	fmt.Fprintln(w, promises.Summary())
	result.Write(w, verdicts)
	fmt.Fprintf(w, "\n%s\n", result.Evidence(*name))
	switch {
	case *known != "" && *script == "":
		return verdicts.Match(result)
	case len(result.Violations) > 0:
		return fmt.Errorf("%d violations", len(result.Violations))
	}
	return nil
}
