package main

import (
	"context"
	"os"
	"testing"
	"time"

	"ablyrooms.example/internal/modroot"
	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/rooms"
	"ablyrooms.example/tests/report/golden"
)

// explorerCases compares the explorer with TLC. Both use the same constants and two workers, visit
// all states without reduction, and check the invariants in each state. TLC's time is the time of
// its whole process, including about a second for the start of the JVM.
func explorerCases() []comparison {
	const calls = 4
	states := uint64(golden.Int("graph/rooms/4-2-2/states"))
	rate := func(b *testing.B, took time.Duration, n uint64) {
		if n != states {
			b.Fatalf("%d states, expected %d", n, states)
		}
		b.ReportMetric(float64(states)/took.Seconds(), "states/s")
	}
	tlc := measure{"TLC, MCRooms_safety4", func(b *testing.B) {
		root := value(modroot.Find())
		checker := value(tlcrun.New(b.Context(), root, os.Stderr))
		config := value(tlcrun.ReadConfig(root + "/spec/TLA/MCRooms_safety4.cfg"))
		for b.Loop() {
			result := value(checker.Run(b.Context(), config, nil))
			rate(b, result.Time, uint64(result.Distinct))
		}
	}}
	explored := func(skip bool) func(*testing.B) {
		return func(b *testing.B) {
			machine := rooms.New(rooms.Bounds{Calls: calls, Names: 2, Options: 2})
			for b.Loop() {
				begin := time.Now()
				r := graphs.Explore(context.Background(), machine, graphs.Options{Workers: 2, Possible: skip})
				if r.Verdict != graphs.Complete {
					b.Fatal(r.Reason)
				}
				rate(b, time.Since(begin), r.States)
			}
		}
	}
	return []comparison{{
		name: "explore 4 calls, 2 names, 2 options", baseline: tlc, goal: "10x TLC's distinct states per second",
		subjects: []measure{
			{"the core, possible inputs", explored(true)},
			{"the core, all inputs", explored(false)},
		},
	}}
}
