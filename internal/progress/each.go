package progress

import (
	"context"
	"errors"
	"os"
	"sync"
)

// Each does the work for each number below n, by some workers at once, and shows on standard error
// how far it is: note says what came of it. The first error stops all.
func Each(ctx context.Context, workers, n int, note func() string,
	work func(ctx context.Context, worker, i int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	bar := Start(os.Stderr)
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
