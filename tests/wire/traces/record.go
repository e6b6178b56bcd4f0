package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"ablyrooms.example/adapter/ably/ablytest/memnet"
	"ablyrooms.example/internal/progress"
	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/wire/judge"
	"ablyrooms.example/tests/wire/stack"
	"ablyrooms.example/tests/wire/world"
)

// limit is the number of calls in a trace of the stack, the same as in the small configuration.
const limit = 3

// recordStack records count traces of the adapter's own Rooms, not counting empty ones.
func recordStack(t *testing.T, draw *rand.Rand, count int) (traces []trace.Trace, err error) {
	err = onLink(t, func(l *stack.Link) error {
		for len(traces) < count {
			tr, err := stack.Play(l, stack.Draw(stack.Bounds(limit), 12, true, draw.IntN))
			if err != nil {
				return err
			}
			if len(tr.Lines) > 0 {
				traces = append(traces, tr)
			}
		}
		return nil
	})
	return traces, err
}

// perBubble is the number of scripts that are played in one bubble, on one link.
const perBubble = 1000

// recordScripts records a trace for each script.
func recordScripts(ctx context.Context, t *testing.T, scripts [][]model.Input) ([]trace.Trace, error) {
	traces := make([]trace.Trace, len(scripts))
	note := func() string { return "bubbles that record" }
	bubbles := (len(scripts) + perBubble - 1) / perBubble
	return traces, progress.Each(ctx, runtime.GOMAXPROCS(0), bubbles, note, func(_ context.Context, _, n int) error {
		return onLink(t, func(l *stack.Link) error {
			b, err := newAttaching(l)
			for i := n * perBubble; err == nil && i < min((n+1)*perBubble, len(scripts)); i++ {
				if traces[i], err = b.record(scripts[i]); err != nil {
					err = fmt.Errorf("the script %v: %w", scripts[i], err)
				}
			}
			return err
		})
	})
}

// recordScenarios plays each scenario once without a fault, and then the given number of times with
// one random fault. It returns the traces of the clients' Rooms and the steps of their channels'
// cores.
func recordScenarios(t *testing.T, draw *rand.Rand, faults int) (traces []trace.Trace, channels []*judge.ChannelStream,
	err error) {
	record := func(p world.Plan) world.Result {
		r := world.Run(t, p)
		channels = append(channels, r.Channels...)
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
				// The problems of this run don't matter here: package frames checks such runs.
				record(world.Plan{Scenario: s, Strikes: []world.Strike{strike}})
			}
		}
	}
	return traces, channels, err
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
