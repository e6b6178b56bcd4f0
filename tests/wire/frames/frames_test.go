package main

import (
	"flag"
	"testing"
)

var (
	share = flag.Float64("frames.share", 0.05, "the share of the runs with one fault that TestFaultsAtSomeFrames makes, from 0 to 1")
	pairs = flag.Int("frames.pairs", 0, "the number of runs with two faults that TestFaultsAtSomeFrames makes")
)

// TestFaultsAtSomeFrames runs a share of the suite; make frames runs all of it.
func TestFaultsAtSomeFrames(t *testing.T) {
	sum := suite(t, settings{share: *share, pairs: *pairs, seed: 1})
	if sum.single < 60 || sum.pairs < 5 || len(sum.failed) > 0 || len(sum.trouble) > 0 {
		t.Errorf("too few runs, or a run failed: %v\n%s", sum, sum.findings(3))
	}
}
