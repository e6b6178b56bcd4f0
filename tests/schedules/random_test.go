package schedules

import (
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
)

// TestRandomReach goes deeper at random, and tells which share of the small graph's edges it came by: how much the generator would find
// if it were all there is. A script leaves the small graph with its fourth call. The seeds are fixed, so that the share is too.
func TestRandomReach(t *testing.T) {
	runs, floor := 5000, 0.10
	if *full {
		runs, floor = 50_000, 0.35
	}
	if raceDetector && !*full {
		runs, floor = 500, 0.01
	}
	small := Small()
	m := Rooms(small)
	g := m.Explore()
	edges := func(script []model.Input) (reached []int) {
		at := 0
		for _, in := range script {
			next := -1
			for _, e := range g.Out[at] {
				if g.Edges[e].Input == in {
					next = e
				}
			}
			if next < 0 {
				return reached
			}
			reached = append(reached, next)
			at = g.Edges[next].To
		}
		return reached
	}
	longest := 0
	c := runAll(t, Subject(), func(yield func(schedule) bool) {
		bounds := conformance.DefaultBounds()
		draw := rapid.Custom(func(t *rapid.T) []model.Input {
			b := bounds
			b.Calls = rapid.SampledFrom([]int{small.Calls, small.Calls, bounds.Calls, 4 * bounds.Calls}).Draw(t, "calls")
			return conformance.Script(t, b)
		})
		for seed := range runs {
			script := draw.Example(seed + 1)
			longest = max(longest, len(script))
			if !yield(schedule{script, edges(script)}) {
				return
			}
		}
	})
	share := float64(len(c.covered)) / float64(len(g.Edges))
	evidence("random", "runs", c.run, "distinct", len(c.distinct), "steps", c.steps, "longest", longest, "calls", 4*conformance.DefaultBounds().Calls,
		"edges", len(c.covered), "of", len(g.Edges))
	t.Logf("%.1f %% of the small graph's edges", 100*share)
	if share < floor {
		t.Errorf("only %.1f %% of the small graph's edges were reached, expected at least %.0f %%", 100*share, 100*floor)
	}
}
