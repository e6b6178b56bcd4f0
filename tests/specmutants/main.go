// Command specmutants changes the TLA+ spec in one place at a time, runs TLC on each of the mutants, and measures which of them a
// property of the spec notices, and which only the comparison of the graph of states does, that spec, model and core must share.
//
// The mutants are generated from the text of the spec: all of its behaviour, none of its properties. One that is no TLA+ is accounted
// apart, and so is a run that takes too long. What survives stands in equivalent.txt with the reason, or is a gap.
//
//	go run ./tests/specmutants [-all | -sample N -seed S] [-only REGEX] [-quick] [-list] [-v]
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"ablyrooms.example/spec/TLA/tlcrun"
)

type options struct {
	all     bool
	sample  int
	seed    uint64
	only    string
	list    bool
	verbose bool
	quick   bool
	limit   time.Duration
	workers int
}

func main() {
	var o options
	flag.BoolVar(&o.all, "all", false, "try all mutants, not a sample; takes long")
	flag.IntVar(&o.sample, "sample", 110, "try so many, drawn by the seed")
	flag.Uint64Var(&o.seed, "seed", 1, "the seed of the sample")
	flag.StringVar(&o.only, "only", "", "try the mutants whose name matches this expression, and ask for no number of them")
	flag.BoolVar(&o.list, "list", false, "list the mutants and try none")
	flag.BoolVar(&o.verbose, "v", false, "say of each mutant what became of it")
	flag.BoolVar(&o.quick, "quick", false, "stop as soon as the graph differs, and leave out what equivalent.txt names: fewer count as killed by a property")
	flag.DurationVar(&o.limit, "limit", 5*time.Minute, "how long one run of TLC may take")
	flag.IntVar(&o.workers, "workers", 2, "how many mutants are tried at once")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ok, err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "specmutants:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (bool, error) {
	root, err := tlcrun.Root()
	if err != nil {
		return false, err
	}
	spec := filepath.Join(root, "spec", "TLA")
	source, err := os.ReadFile(filepath.Join(spec, "Rooms.tla"))
	if err != nil {
		return false, err
	}
	all, err := generate(string(source))
	if err != nil {
		return false, err
	}
	known, err := readEquivalent(filepath.Join(root, "tests", "specmutants", "equivalent.txt"))
	if err != nil {
		return false, err
	}
	eligible := all
	if o.quick { // it takes longest to see that nothing kills a mutant
		eligible = slices.DeleteFunc(slices.Clone(all), func(m mutant) bool { _, equivalent := known[m.name]; return equivalent })
	}
	chosen, err := choose(eligible, o)
	if err != nil {
		return false, err
	}
	if o.list {
		for _, m := range chosen {
			fmt.Println(m.name)
		}
		return true, nil
	}
	tlc, err := tlcrun.New(ctx, root, os.Stderr)
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "specmutants")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	j := &judge{tlc: tlc, dir: dir, limit: o.limit, quick: o.quick}
	if j.safety, err = tlcrun.ReadConfig(filepath.Join(spec, "MCRooms_safety3.cfg")); err != nil {
		return false, err
	}
	if j.liveness, err = tlcrun.ReadConfig(filepath.Join(spec, "MCRooms_live3.cfg")); err != nil {
		return false, err
	}
	if err := j.ready(ctx, string(source)); err != nil {
		return false, err
	}
	chosen = append([]mutant{{control, "control", string(source)}}, chosen...)
	verdicts := judgeAll(ctx, j, chosen, o)
	if err := ctx.Err(); err != nil {
		return false, err
	}
	rep := newReport(all, chosen, verdicts, known)
	rep.print(os.Stdout, o)
	return rep.verdict(os.Stdout, o), nil
}

// choose takes the mutants that the options ask for, in the order of the spec.
func choose(all []mutant, o options) ([]mutant, error) {
	match, err := regexp.Compile(o.only)
	if err != nil {
		return nil, err
	}
	chosen := slices.DeleteFunc(slices.Clone(all), func(m mutant) bool { return !match.MatchString(m.name) })
	if o.all || o.only != "" || o.sample >= len(chosen) {
		return chosen, nil
	}
	order := rand.New(rand.NewPCG(o.seed, 0)).Perm(len(chosen))[:o.sample]
	slices.Sort(order)
	sample := make([]mutant, len(order))
	for i, n := range order {
		sample[i] = chosen[n]
	}
	return sample, nil
}

// judgeAll judges the mutants, some at once, and shows on a terminal how far it got.
func judgeAll(ctx context.Context, j *judge, mutants []mutant, o options) []verdict {
	verdicts := make([]verdict, len(mutants))
	show := newProgress(os.Stdout, len(mutants))
	next := make(chan int)
	var group sync.WaitGroup
	for range max(o.workers, 1) {
		group.Go(func() {
			for i := range next {
				verdicts[i] = j.judge(ctx, mutants[i])
				show.ended(mutants[i], verdicts[i], o.verbose)
			}
		})
	}
	for i := range mutants {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	group.Wait()
	show.clear()
	return verdicts
}
