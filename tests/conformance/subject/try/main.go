// Command try holds a subject in any language to the rules of docs/rooms.md. The subject is a command that speaks
// docs/subject-protocol.md.
//
//	go run ./tests/conformance/subject/try [-without Cancellation,Causes] [-script 'get(1, a, x); ...'] -- node subject.mjs
//
// It prints which rules are kept, broken and not observable, with a script for each broken one, and exits with 0 if none is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"

	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/subject"
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
	without := flags.String("without", "", "what the subject does not promise: `fields` of conformance.Promises, parted by commas")
	script := flags.String("script", "", "run this `script` alone")
	depth := flags.Int("depth", 5, "the `length` up to which all scripts are tried")
	runs := flags.Int("runs", 100, "the `number` of random scripts of each of three kinds")
	seed := flags.Uint64("seed", 1, "the `seed` of the random scripts")
	rigs := flags.Int("rigs", 2, "the `number` of subjects at a time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("no command: give that of the subject behind the flags")
	}
	promises, err := promisesWithout(*without)
	if err != nil {
		return err
	}
	command := subject.Command{Path: flags.Arg(0), Args: flags.Args()[1:]}
	if *script != "" {
		violations, err := subject.Try(ctx, w, command, promises, *script)
		return found(len(violations), err)
	}
	plan := subject.NewPlan(promises, *depth, *runs)
	plan.Seed, plan.Rigs = *seed, *rigs
	result, err := subject.Check(ctx, command, plan)
	if err != nil {
		return err
	}
	for _, l := range promises.Loosenings() {
		fmt.Fprintf(w, "not promised, so not judged: %v\n", l)
	}
	result.Write(w, plan, subject.Verdicts{}, func(s subject.Script) string { return fmt.Sprintf("-script '%v'", s) })
	fmt.Fprintf(w, "\n%s\n", result.Evidence("conformance-subject"))
	return found(len(result.Violations), nil)
}

func found(n int, err error) error {
	if err == nil && n > 0 {
		err = fmt.Errorf("%d violations", n)
	}
	return err
}

// promisesWithout returns all promises but those named.
func promisesWithout(names string) (conformance.Promises, error) {
	p := conformance.AllPromises()
	for name := range strings.SplitSeq(names, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		field := reflect.ValueOf(&p).Elem().FieldByName(name)
		if !field.IsValid() {
			return p, fmt.Errorf("no such promise: %s", name)
		}
		field.SetBool(false)
	}
	return p, nil
}
