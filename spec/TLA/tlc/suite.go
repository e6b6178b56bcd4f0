package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"ablyrooms.example/spec/TLA/tlcrun"
)

// outcome is one run: the result is nil if there was none.
type outcome struct {
	config *tlcrun.Config
	result *tlcrun.Result
	err    error
}

type suite struct {
	tlc  *tlcrun.TLC
	keep string
	show *screen

	renew bool // write the hashes of those that are as stated

	mu    sync.Mutex
	taken map[string]map[string]int // for each graph that is there for comparison, how often each action is taken
}

// run runs the configurations that have one worker two at a time, then the others each alone, and returns the outcomes in the order
// of the configurations.
func (s *suite) run(ctx context.Context, configs []*tlcrun.Config) []outcome {
	outcomes := make([]outcome, len(configs))
	s.show.begin(len(configs))
	defer s.show.end()

	next := make(chan int)
	var two sync.WaitGroup
	for range 2 {
		two.Go(func() {
			for i := range next {
				outcomes[i] = s.one(ctx, configs[i])
			}
		})
	}
	for _, i := range longestFirst(configs) {
		next <- i
	}
	close(next)
	two.Wait()
	for i, c := range configs {
		if c.Workers > 1 {
			outcomes[i] = s.one(ctx, c)
		}
	}
	return outcomes
}

// longestFirst returns the indexes of the configurations with one worker, by how many states they say that they have.
func longestFirst(configs []*tlcrun.Config) (order []int) {
	for i, c := range configs {
		if c.Workers == 1 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return configs[b].Distinct - configs[a].Distinct })
	return order
}

func (s *suite) one(ctx context.Context, c *tlcrun.Config) outcome {
	if err := ctx.Err(); err != nil {
		return outcome{c, nil, err}
	}
	s.show.started(c.Name)
	r, err := s.exec(ctx, c, func(line string) { s.show.progressed(c.Name, line) })
	if r != nil && s.keep != "" {
		err = errors.Join(err, os.WriteFile(filepath.Join(s.keep, c.Name+".out"), []byte(r.Output), 0o644))
	}
	o := outcome{c, r, err}
	s.show.finished(o)
	return o
}

func (s *suite) exec(ctx context.Context, c *tlcrun.Config, progress func(string)) (*tlcrun.Result, error) {
	switch {
	case s.renew:
		return s.tlc.Renew(ctx, c, progress)
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

// isGraph tells whether a configuration checks nothing: it is there for its graph.
func isGraph(c *tlcrun.Config) bool { return !c.IsCanary() && len(c.Properties) == 0 }
