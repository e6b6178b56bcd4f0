// Command try holds a subject in any language to the rules of docs/rooms.md. The subject is a command
// that speaks docs/subject-protocol.md.
//
//	go run ./tests/conformance/try [-without Cancellation,Causes] [-script 'get(1, a, x); ...'] -- node subject.mjs
//
// It prints which rules are kept, broken and not observable, with a script for each broken one, and
// exits with 0 if none is.
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

	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/internal/trial"
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
	tr := &trial.Trial{Name: "conformance-subject", Again: "the same with -script %s"}
	flags := flag.NewFlagSet("try", flag.ContinueOnError)
	tr.Flags(flags, 5, 100)
	without := flags.String("without", "", "what the subject does not promise: `fields` of conformance.Promises, comma-separated")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("no command: give that of the subject behind the flags")
	}
	tr.Command = conformance.Command{Path: flags.Arg(0), Args: flags.Args()[1:]}
	isComma := func(r rune) bool { return r == ',' || r == ' ' }
	var err error
	if tr.Promises, err = conformance.AllPromises().Without(strings.FieldsFunc(*without, isComma)...); err != nil {
		return err
	}
	result, err := tr.Run(ctx, w)
	if n := len(result.Violations); err == nil && n > 0 {
		err = fmt.Errorf("%d violations", n)
	}
	return err
}
