// Command report runs make check, keeps account of it, and compares it with what is claimed.
//
//	report all fmt+vet race tlc ...
//
// runs the steps, targets of the Makefile, one after another; those that a + joins run side by
// side. It prints the time of each as it ends, and at the end a table and what check and evidence
// say.
//
//	report record STEP -- command [arguments]
//
// runs a command, shows what it prints, and keeps its exit code, its lines that begin with EVIDENCE
// or CAUGHT, and the names of tests that passed or were skipped, in .cache/check/STEP.json.
//
//	report check
//
// compares what was kept with register.json. It fails when a step did not run or did not pass,
// when evidence is missing, below its bound or unknown, when a test that the register names did
// not pass, and when a test was skipped that the register doesn't list.
//
//	report evidence [-compare]
//
// lists by name what was caught: planted faults, twins, canaries, broken registries, misreadings
// and corruptions. With -compare it fails when a line of evidence/before.txt is missing, and
// lists what was added.
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

// do returns the exit code.
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
