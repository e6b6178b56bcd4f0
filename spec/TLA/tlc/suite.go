package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"ablyrooms.example/internal/progress"
	"ablyrooms.example/spec/TLA/tlcrun"
)

// outcome is the outcome of one run; the result is nil if the run could not be started.
type outcome struct {
	config *tlcrun.Config
	result *tlcrun.Result
	err    error
}

type suite struct {
	tlc  *tlcrun.TLC
	keep string
	// with -renew: the module's root folder; state counts, trace lengths and hashes go to its
	// golden file; else ""
	renew string
	bar   *progress.Bar

	mu    sync.Mutex
	ended int
	taken map[string]map[string]int // by graph and label: the number of edges with this label
}

// run first runs the configurations that use one worker, two at a time, those with the most states
// first. Then it runs the others one at a time. It returns the outcomes in the order of the
// configurations.
func (s *suite) run(ctx context.Context, configs []*tlcrun.Config) []outcome {
	outcomes := make([]outcome, len(configs))
	var one, more []int
	for i, c := range configs {
		if c.Workers == 1 {
			one = append(one, i)
		} else {
			more = append(more, i)
		}
	}
	most := func(a, b int) int { return cmp.Compare(configs[b].Distinct, configs[a].Distinct) }
	slices.SortStableFunc(one, most)
	each := func(order []int, lanes int) {
		next := make(chan int)
		var running sync.WaitGroup
		for range lanes {
			running.Go(func() {
				for i := range next {
					outcomes[i] = s.one(ctx, configs[i])
					s.tell(outcomes[i], len(configs))
				}
			})
		}
		for _, i := range order {
			next <- i
		}
		close(next)
		running.Wait()
	}
	each(one, 2)
	each(more, 1)
	return outcomes
}

// tell prints how a run ended.
func (s *suite) tell(o outcome, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended++
	s.bar.Print("[%2d/%d] %s: %s", s.ended, total, o.config.Name, verdict(o))
	s.bar.Set(s.ended, total, "%d of %d configurations", s.ended, total)
}

func (s *suite) one(ctx context.Context, c *tlcrun.Config) outcome {
	if err := ctx.Err(); err != nil {
		return outcome{c, nil, err}
	}
	task := s.bar.Task(c.Name)
	defer task.Stop()
	r, err := s.exec(ctx, c, func(line string) {
		if _, distinct, ok := tlcrun.Progressed(line); ok {
			task.Note("%s states so far", progress.Grouped(distinct))
		}
	})
	if r != nil && s.keep != "" {
		err = errors.Join(err, os.WriteFile(filepath.Join(s.keep, c.Name+".out"), []byte(r.Output), 0o644))
	}
	return outcome{c, r, err}
}

func (s *suite) exec(ctx context.Context, c *tlcrun.Config, progress tlcrun.Progress) (*tlcrun.Result, error) {
	switch {
	case s.renew != "":
		return s.tlc.Renew(ctx, s.renew, c, progress)
	case !isGraph(c):
		return s.tlc.Run(ctx, c, progress)
	}
	dir, err := os.MkdirTemp("", "tlc-graph")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "graph.dot")
	r, err := s.tlc.Dump(ctx, c, file)
	if err != nil {
		return r, err
	}
	taken, err := tlcrun.Taken(file)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken[c.Name] = taken
	return r, err
}

// isGraph reports whether a configuration is run only for its state graph: its head states a
// result, it checks no properties, and it is not a canary.
func isGraph(c *tlcrun.Config) bool { return c.Stated && !c.IsCanary() && len(c.Properties) == 0 }
