// Command mutation plants faults and measures what notices them.
//
//	go run ./tests/mutation code      small changes of the Go code, one at a time, and the suites
//	go run ./tests/mutation spec      small changes of a TLA+ spec, and TLC; -of channel
//	go run ./tests/mutation misread   rules understood wrongly, in core, model and spec alike
//
// What is planted by hand stands in planted/*.diff: misreadings, and the faults that go test
// ./tests/mutation plants. Changes of one kind are woven into one program, or one spec, each behind
// the question whether it is this run's: so it is built once. Nothing in the tree changes. What
// survives stands in equivalent.txt, with the reason why nothing could tell it from the original,
// or is a gap.
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

// command runs what the arguments say, and reports whether what is planted is noticed.
func command(ctx context.Context, args []string) (bool, error) {
	const usage = "say code, spec or misread; -h after it lists the flags"
	if len(args) == 0 {
		return false, errors.New(usage)
	}
	f := flag.NewFlagSet(args[0], flag.ExitOnError)
	var o options
	f.StringVar(&o.only, "only", "", "try those whose name matches this expression")
	f.IntVar(&o.sample, "sample", 0, "try so many, drawn by the seed; 0 for all")
	f.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano())%1_000_000, "draws the sample")
	f.IntVar(&o.workers, "workers", 2, "how many are tried at once")
	f.BoolVar(&o.verbose, "v", false, "say of each mutant what became of it")
	f.BoolVar(&o.write, "write", false, "write what came of it to "+resultsFile+", or to "+misreadTable)
	run := map[string]func(context.Context, options) (bool, error){
		"code": runCode, "spec": runSpec, "misread": runMisread}[args[0]]
	switch args[0] {
	case "code":
		f.StringVar(&o.packages, "package", strings.Join(folders, ","), "the folders to change")
		f.StringVar(&o.suites, "suites", "", "use the suites whose name matches this expression")
	case "spec":
		f.StringVar(&o.of, "of", "rooms", "the spec: `rooms` or channel")
		f.BoolVar(&o.quick, "quick", false, "stop at the first graph that differs, "+
			"and leave out what is known as equivalent: fewer count as killed by a property")
		f.IntVar(&o.compare, "compare", 3, "run so many by themselves too, and compare")
	}
	if run == nil {
		return false, errors.New(usage)
	}
	if err := f.Parse(args[1:]); err != nil {
		return false, err
	}
	return run(ctx, o)
}
