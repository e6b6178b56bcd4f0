package progress

import (
	"context"
	"errors"
	"os"
	"sync"
)

// Each calls work for each number below n, in several workers at the same time. It shows the
// progress on standard error, with the text that note returns. The first error ends the run.
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
	for _, err := range errs { // after the first error, the other workers end as cancelled
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return context.Cause(ctx)
}
