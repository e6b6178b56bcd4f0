// Command report runs the steps of make check, records what they print, and compares the records
// with what the documents claim. It has these subcommands:
//
//	report all fmt+vet race tlc ...
//
// runs the given steps, which are targets of the Makefile, one after another. Steps that are joined
// by + run at the same time. It prints the time of each step when it ends. At the end it prints a
// table of the times, and does the same as report check and report evidence -compare.
//
//	report record STEP -- command [arguments]
//
// runs a command and shows its output. It writes a record to .cache/check/STEP.json: the exit code,
// the lines that begin with EVIDENCE or CAUGHT, and the names of tests that passed or were skipped.
//
//	report check
//
// compares the records with register.json. It fails if a step did not run or did not pass; if
// evidence is missing, unknown or does not meet its conditions; if a test that the register names
// did not pass; and if a test was skipped that the register doesn't list.
//
//	report evidence [-compare]
//
// lists what was caught, by name: planted faults, twins, canaries, broken registries, misreadings
// and corruptions. With -compare it lists only what was added since evidence/before.txt and what is
// missing, and fails if something is missing.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"ablyrooms.example/internal/modroot"
)

const usage = `usage: report all STEP[+STEP...]... | record STEP -- command [arguments] |
       report check | report evidence [-compare]`

func main() {
	code, err := do(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		code = 2
	}
	os.Exit(code)
}

// do runs a subcommand and returns the exit code.
func do(args []string) (int, error) {
	root, err := modroot.Find()
	if err != nil {
		return 0, err
	}
	module, err := modroot.Path(root)
	if err != nil {
		return 0, err
	}
	dir := filepath.Join(root, ".cache", "check")
	switch {
	case len(args) > 1 && args[0] == "all":
		return runAll(root, dir, args[1:])
	case len(args) > 3 && args[0] == "record" && args[2] == "--":
		return run(dir, module, args[1], args[3:], os.Stdout)
	case len(args) == 1 && args[0] == "check":
		return check(root, dir, os.Stdout)
	case len(args) == 1 && args[0] == "evidence":
		records, err := kept(dir)
		if err != nil {
			return 0, err
		}
		names, err := caught(records)
		for _, line := range names {
			fmt.Println(line)
		}
		return 0, err
	case len(args) == 2 && args[0] == "evidence" && args[1] == "-compare":
		return compareCaught(dir, os.Stdout)
	}
	return 0, errors.New(usage)
}
