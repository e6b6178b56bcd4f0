package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"ablyrooms.example/internal/bubble"
	"ablyrooms.example/internal/progress"
	"ablyrooms.example/tests/wire/world"
)

// runLimit is how long one run may take. Its calls end, or are reported, within a minute, so a
// longer run is deadlocked.
const runLimit = 3 * time.Minute

// mostPause is the longest time from the return of a connection to the second cut.
const mostPause = 20 * time.Millisecond

// doubleCuts plays set.doubleCuts runs with a double cut, prints how many failed, and returns the
// number. A run fails if package world finds a problem, or if the run is deadlocked.
func doubleCuts(ctx context.Context, out io.Writer, set settings) (failed int, err error) {
	type run struct {
		problems []string
		locked   bool
		calls    int
	}
	runs := make([]run, set.doubleCuts)
	note := func() string { return "double cuts" }
	err = progress.Each(ctx, set.lanes, len(runs), note, func(_ context.Context, _, i int) error {
		random := rand.New(rand.NewPCG(set.seed, uint64(i)))
		senders, pause := 1+i%8, time.Duration(random.Int64N(int64(mostPause)+1))
		r, ended := world.Within(runLimit, world.DoubleCut(senders, pause), random.Uint64())
		if runs[i] = (run{r.Problems, !ended, r.Calls}); !ended {
			_, how := world.LockedUp(bubble.Stacks())
			runs[i].problems = []string{fmt.Sprintf("did not end within %v: %s", runLimit, how)}
		}
		for _, problem := range runs[i].problems {
			fmt.Fprintf(out, "PROBLEM run %d, %d senders, cut again after %v: %s\n", i+1, senders, pause, problem)
		}
		return nil
	})
	locked, calls := 0, 0
	for _, r := range runs {
		calls += r.calls
		if len(r.problems) > 0 {
			failed++
		}
		if r.locked {
			locked++
		}
	}
	fmt.Fprintf(out, "EVIDENCE double-cuts runs=%d seed=%d failed=%d locked=%d calls=%d\n", len(runs), set.seed, failed, locked, calls)
	return failed, err
}
