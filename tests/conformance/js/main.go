// Command js holds Ably's official @ably/chat, unpatched, to the rules of docs/rooms.md: it installs
// the pinned packages, drives subject.mjs by docs/subject-protocol.md, and prints which rules are kept,
// broken and not observable, with a shortest script for each broken one. It exits with 0 only if all
// that it finds stands in verdicts.json, and all that stands there is found.
//
//	go run ./tests/conformance/js [-script 'get(1, a, x); ...'] [-depth n] [-runs n] [-seed n]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"ablyrooms.example/internal/modroot"
	"ablyrooms.example/internal/npm"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/internal/trial"
)

func main() {
	tr := &trial.Trial{Name: "conformance-js", Again: "go run ./tests/conformance/js -script %s"}
	tr.Flags(flag.CommandLine, 6, 150)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, tr); err != nil {
		fmt.Fprintln(os.Stderr, "conformance-js: FAILED:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, tr *trial.Trial) error {
	root, err := modroot.Find()
	if err != nil {
		return err
	}
	dir := filepath.Join(root, "tests", "conformance", "js")
	if err := npm.Install(ctx, dir, os.Stdout); err != nil {
		return err
	}
	if tr.Verdicts, err = verdicts(dir); err != nil {
		return err
	}
	// A call of @ably/chat can't be given up. What else it doesn't promise, its verdicts say.
	if tr.Promises, err = conformance.AllPromises().Without("Cancellation", "Causes"); err != nil {
		return err
	}
	tr.Command = conformance.Command{Path: "node", Args: []string{"subject.mjs"}, Dir: dir}
	result, err := tr.Run(ctx, os.Stdout)
	if err != nil || result.Scripts() == 0 { // a single script
		return err
	}
	return tr.Verdicts.Match(result)
}

func verdicts(dir string) (conformance.Verdicts, error) {
	file, err := os.Open(filepath.Join(dir, "verdicts.json"))
	if err != nil {
		return conformance.Verdicts{}, err
	}
	defer file.Close()
	return conformance.ReadVerdicts(file)
}
