package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/wire/memnet"
	"ablyrooms.example/tests/wire/stack"
	"ablyrooms.example/tests/wire/world"
)

// limit is how many calls a trace of the stack has, as in the small configuration.
const limit = 3

// recordStack records so many traces of the adapter's own Rooms. What has no step is no trace.
func recordStack(t *testing.T, draw *rand.Rand, count int) ([]trace.Trace, error) {
	return inParallel(t, count, func(l *stack.Link) (func(int) (trace.Trace, error), error) {
		return func(int) (tr trace.Trace, err error) {
			for len(tr.Lines) == 0 && err == nil {
				tr, err = stack.Play(l, stack.Draw(stack.Bounds(limit), 12, true, draw.IntN))
			}
			return tr, err
		}, nil
	}, 1)
}

// recordScripts records a trace for each script.
func recordScripts(t *testing.T, scripts [][]model.Input) ([]trace.Trace, error) {
	return inParallel(t, len(scripts), func(l *stack.Link) (func(int) (trace.Trace, error), error) {
		b, err := newAttaching(l)
		return func(i int) (tr trace.Trace, err error) {
			if tr, err = b.record(scripts[i]); err != nil {
				err = fmt.Errorf("the script %v: %w", scripts[i], err)
			}
			return tr, err
		}, err
	}, runtime.GOMAXPROCS(0))
}

// recordScenarios plays each scenario, plainly and with so many faults by lot, and returns what the
// Rooms of its clients did.
func recordScenarios(t *testing.T, draw *rand.Rand, faults int) (traces []trace.Trace, err error) {
	record := func(p world.Plan) world.Result {
		r := world.Run(t, p)
		traces = append(traces, slices.DeleteFunc(r.Traces, func(t trace.Trace) bool { return len(t.Lines) == 0 })...)
		return r
	}
	for _, s := range world.Scenarios() {
		plain := record(world.Plan{Scenario: s})
		if len(plain.Problems) > 0 {
			err = errors.Join(err, fmt.Errorf("%s: %v", s.Name, plain.Problems))
		}
		for range faults {
			if s.Random {
				break
			}
			strike := world.Strike{Frame: plain.Frames[draw.IntN(len(plain.Frames))], Fault: world.Faults()[draw.IntN(len(world.Faults()))]}
			if strike.Fits() {
				record(world.Plan{Scenario: s, Strikes: []world.Strike{strike}}) // whether the run is good, frames tells
			}
		}
	}
	return traces, err
}

// perBubble is how many traces are recorded in a bubble on one link.
const perBubble = 1000

// inParallel records traces by number, in bubbles with a link each, some of them at a time.
func inParallel(t *testing.T, count int, newRecorder func(*stack.Link) (func(int) (trace.Trace, error), error), workers int) ([]trace.Trace, error) {
	traces := make([]trace.Trace, count)
	var mu sync.Mutex
	var errs []error
	begin := make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for first := range begin {
				err := onLink(t, func(l *stack.Link) error {
					record, err := newRecorder(l)
					for i := first; i < min(first+perBubble, count) && err == nil; i++ {
						traces[i], err = record(i)
					}
					return err
				})
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	for first := 0; first < count; first += perBubble {
		begin <- first
	}
	close(begin)
	all.Wait()
	return traces, errors.Join(errs...)
}

// onLink calls f with a link in a bubble.
func onLink(t *testing.T, f func(*stack.Link) error) (err error) {
	problem, _ := world.InBubble(t, func(network *memnet.Net) {
		l, failed := stack.NewLink(network)
		if err = failed; err == nil {
			err = errors.Join(f(l), l.Close())
		}
	})
	if problem != "" {
		return errors.New(problem)
	}
	return err
}
