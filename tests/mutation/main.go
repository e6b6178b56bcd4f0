// Command mutation plants faults and measures what notices them.
//
//	go run ./tests/mutation code      small changes of the Go code, one at a time, and the suites
//	go run ./tests/mutation spec      small changes of the TLA+ spec, and TLC
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
	only := f.String("only", "", "try those whose name matches this expression")
	sample := f.Int("sample", 0, "try so many, drawn by the seed; 0 for all")
	seed := f.Uint64("seed", uint64(time.Now().UnixNano())%1_000_000, "draws the sample")
	workers := f.Int("workers", 2, "how many are tried at once")
	list := f.Bool("list", false, "list the mutants and try none")
	write := f.Bool("write", false, "write what came of it to "+resultsFile+", or to "+misreadTable)
	switch args[0] {
	case "code":
		var o codeOptions
		f.StringVar(&o.packages, "package", "fsm,lifecycle,"+adapter, "the folders to change")
		f.StringVar(&o.suites, "suites", "", "use the suites whose name matches this expression")
		f.BoolVar(&o.matrix, "matrix", false, "try every mutant under every suite, not to the first kill")
		f.IntVar(&o.faithful, "faithful", 3, "build so many by themselves too, and compare")
		f.Parse(args[1:])
		o.only, o.sample, o.seed, o.workers, o.list, o.write = *only, *sample, *seed, *workers, *list, *write
		return runCode(ctx, o)
	case "spec":
		var o specOptions
		f.BoolVar(&o.quick, "quick", false, "stop at the first graph that differs, "+
			"and leave out what is known as equivalent: fewer count as killed by a property")
		f.BoolVar(&o.verbose, "v", false, "say of each mutant what became of it")
		f.IntVar(&o.faithful, "faithful", 3, "run so many by themselves too, and compare")
		f.Parse(args[1:])
		o.only, o.sample, o.seed, o.workers, o.list = *only, *sample, *seed, *workers, *list
		return runSpec(ctx, o)
	case "misread":
		var o misreadOptions
		f.BoolVar(&o.all, "all", false, "ask the tests of fsm and lifecycle also where something else "+
			"noticed; takes longer")
		f.Parse(args[1:])
		o.only, o.sample, o.seed, o.workers, o.write = *only, *sample, *seed, *workers, *write
		return runMisread(ctx, o)
	}
	return false, errors.New(usage)
}
