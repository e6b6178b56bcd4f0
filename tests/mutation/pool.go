package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"sync"

	"ablyrooms.example/internal/progress"
)

// forEach does the work for each number below n, some at once, and shows how far it is: note says
// what came of it. The first error stops all.
func forEach(ctx context.Context, workers, n int, note func() string,
	work func(ctx context.Context, worker, i int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	bar := progress.Start(os.Stderr)
	defer bar.Stop()
	next := make(chan int)
	errs := make([]error, workers)
	done := 0
	var mu sync.Mutex
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := range next {
				if ctx.Err() != nil {
					continue
				}
				if errs[w] = work(ctx, w, i); errs[w] != nil {
					cancel()
					continue
				}
				mu.Lock()
				done++
				bar.Set(done, n, "%s", note())
				mu.Unlock()
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
	for _, err := range errs { // the others end with the first one, for it cancels them
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return context.Cause(ctx)
}

// draw takes some of a list by a seed, in the order of the list.
func draw[T any](list []T, n int, seed uint64) []T {
	if n <= 0 || n >= len(list) {
		return list
	}
	order := rand.New(rand.NewPCG(seed, 0)).Perm(len(list))[:n]
	slices.Sort(order)
	some := make([]T, n)
	for i, at := range order {
		some[i] = list[at]
	}
	return some
}
