// Command misreadings plants rules that were understood wrongly, and measures what catches them.
//
// The chain of evidence compares statements of the same rules with each other, so that it is blind where all of them make the same
// mistake. Each misreading here is planted three times: in the core alone, in core and model, and in core, model and spec alike. The
// first two must be caught by a link of the chain. Of the third it is shown that the three graphs are equal, so that no comparison can
// notice, and then asked what else does: the properties, which were stated from the points of Ably's specification and are left as they
// are, and the tests and examples.
//
// Nothing in the tree changes: Go is built with an overlay, and TLC runs in a copy of the spec. It needs Java.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"sync"
	"time"

	"golang.org/x/term"

	"ablyrooms.example/spec/TLA/tlcrun"
)

// goal is the share of misreadings in all three that must be caught.
const goal = 0.8

func main() {
	only := flag.String("only", "", "try the misreadings whose name matches this expression, and the control")
	sample := flag.Int("sample", 0, "try only so many of them, by the seed")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano())%1_000_000, "chooses the sample")
	workers := flag.Int("workers", 2, "how many are tried at once")
	every := flag.Bool("all", false, "ask the tests of fsm and lifecycle also where something else caught the misreading; takes longer")
	write := flag.Bool("write", false, "write the rows of the README's table anew")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, choice{*only, *sample, *seed}, *workers, *every, *write)
	if err != nil {
		fmt.Fprintln(os.Stderr, "misreadings:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// choice says which misreadings are tried.
type choice struct {
	only   string // a regular expression for their names
	sample int    // how many of those; 0 for all
	seed   uint64 // chooses them
}

func (c choice) of(all []misreading) ([]misreading, error) {
	match, err := regexp.Compile(c.only)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(m misreading) bool { return !match.MatchString(m.Name) })
	if c.sample > 0 && c.sample < len(all) {
		fmt.Printf("misreadings: %d of %d, by the seed %d\n", c.sample, len(all), c.seed)
		rand.New(rand.NewPCG(c.seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		all = all[:c.sample]
	}
	return all, nil
}

// run tries the misreadings, and returns whether as many are caught as must be.
func run(ctx context.Context, which choice, workers int, every, write bool) (bool, error) {
	all, err := which.of(misreadings())
	if err != nil {
		return false, err
	}
	b, err := newBench(ctx, every)
	if err != nil {
		return false, err
	}
	results, failed := tryAll(ctx, b, append([]misreading{{Name: control}}, all...), workers)
	if i := slices.IndexFunc(results, func(r result) bool { return r.misreading.Name == control }); i >= 0 {
		if c := results[i]; c.caught() || c.Chain == hangs || c.Examples == hangs || c.Sentences == hangs {
			return false, fmt.Errorf("with nothing planted something is caught: %+v", results[i])
		}
		results = slices.Delete(results, i, i+1)
	}
	ok := report(os.Stdout, results)
	if write {
		err = writeTable(b.root, results)
	}
	return ok && failed == nil, errors.Join(failed, err)
}

// control is the name of what is tried with nothing planted: nothing may catch it.
const control = "nothing, as a control"

// tryAll returns the results in their order. One that can't be tried is left out, and its error is joined to the others.
func tryAll(ctx context.Context, b *bench, all []misreading, workers int) ([]result, error) {
	results, errs := make([]result, len(all)), make([]error, len(all))
	var mu sync.Mutex
	next, done, began, show := 0, 0, time.Now(), progress()
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= len(all) || ctx.Err() != nil {
					return
				}
				r, err := b.try(ctx, all[i])
				if err != nil {
					err = fmt.Errorf("%s: %w", all[i].Name, err)
				}
				mu.Lock()
				results[i], errs[i] = r, err
				done++
				show(fmt.Sprintf("%d of %d tried, %v", done, len(all), time.Since(began).Round(time.Second)), done == len(all))
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var tried []result
	for i, r := range results {
		if errs[i] == nil {
			tried = append(tried, r)
		}
	}
	return tried, errors.Join(errs...)
}

// progress returns a function that shows a line: over and over in place on a terminal, now and then in a pipe.
func progress() func(line string, last bool) {
	terminal := term.IsTerminal(int(os.Stderr.Fd()))
	shown := time.Time{}
	return func(line string, last bool) {
		switch {
		case terminal:
			fmt.Fprintf(os.Stderr, "\r\x1b[K%s", line)
			if last {
				fmt.Fprintln(os.Stderr)
			}
		case last || time.Since(shown) > 30*time.Second:
			fmt.Fprintln(os.Stderr, line)
			shown = time.Now()
		}
	}
}

// newBench finds what is needed.
func newBench(ctx context.Context, all bool) (*bench, error) {
	root, err := tlcrun.Root()
	if err != nil {
		return nil, err
	}
	// The runs are short, so the time goes into compiling; the JVM takes it as said here.
	if err := os.Setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1"); err != nil {
		return nil, err
	}
	tlc, err := tlcrun.New(ctx, root, os.Stderr)
	if err != nil {
		return nil, err
	}
	b := &bench{root: root, tlc: tlc, all: all}
	return b, b.readProperties()
}
