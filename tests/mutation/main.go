// Command mutation plants faults, and measures how many of them the tests and TLC notice.
//
//	go run ./tests/mutation code      small changes of the Go code, one at a time, and the suites
//	go run ./tests/mutation spec      small changes of a TLA+ spec, and TLC; -of channel
//	go run ./tests/mutation misread   rules understood wrongly, in core, model and spec alike
//
// Faults that are planted by hand are in planted/*.diff: the misreadings, and the faults that go
// test ./tests/mutation plants. All changes of one kind are woven into one program, or into one
// spec, which is built once; a number selects the change that is active in a run. No file of the
// repository is changed. A mutant that survives is either equivalent to the original, and listed in
// equivalent.txt with the reason, or it shows a gap in the tests.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ok, err := command(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// command runs the command line, and reports whether enough of the planted faults were noticed.
func command(ctx context.Context, args []string) (bool, error) {
	const usage = "the first argument must be code, spec or misread; -h after it lists the flags"
	if len(args) == 0 {
		return false, errors.New(usage)
	}
	f := flag.NewFlagSet(args[0], flag.ExitOnError)
	var o options
	f.StringVar(&o.only, "only", "", "try only changes whose names match this expression")
	f.IntVar(&o.sample, "sample", 0, "try a sample of this size, drawn with the seed; 0 for all")
	f.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano())%1_000_000, "the seed for the sample")
	f.IntVar(&o.workers, "workers", 2, "how many changes are tried at the same time")
	f.BoolVar(&o.verbose, "v", false, "print the verdict on each mutant")
	f.BoolVar(&o.write, "write", false, "write the results to "+resultsFile+", or for misread to "+misreadTable)
	run := map[string]func(context.Context, options) (bool, error){
		"code": runCode, "spec": runSpec, "misread": runMisread}[args[0]]
	switch args[0] {
	case "code":
		f.StringVar(&o.packages, "package", strings.Join(folders, ","), "the folders of the packages to change, comma-separated")
		f.StringVar(&o.suites, "suites", "", "use only suites whose names match this expression")
	case "spec":
		f.StringVar(&o.of, "of", "rooms", "the spec: `rooms` or channel")
		f.BoolVar(&o.quick, "quick", false, "a mutant whose graph differs is killed at once, without "+
			"looking for a property; equivalent mutants are not run")
		f.IntVar(&o.compare, "compare", 3, "run this many mutants on their own too, and compare")
	}
	if run == nil {
		return false, errors.New(usage)
	}
	if err := f.Parse(args[1:]); err != nil {
		return false, err
	}
	return run(ctx, o)
}
