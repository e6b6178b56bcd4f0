package main

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"ablyrooms.example/tests/wire/judge"
	"ablyrooms.example/tests/wire/world"
)

// The cores of channels in the scenarios take the same steps as the model. The model rejects most
// corrupted traces, and with each kind of corruption at least one.
func TestChannelsAreStepsOfTheModel(t *testing.T) {
	var traces []channelTrace
	for _, s := range world.Scenarios() {
		if s.Random {
			continue
		}
		for _, c := range world.Run(t, world.Plan{Scenario: s}).Channels {
			if taken, err := judge.ChannelLines(c.Lines); err != nil || !c.Whole {
				t.Errorf("%s: channel %s, line %d: %v (whole: %t)", s.Name, c.Name, taken+1, err, c.Whole)
			}
			traces = append(traces, c.Lines)
		}
	}
	if len(traces) < 20 {
		t.Fatalf("only %d channels were recorded", len(traces))
	}
	rejected := map[string]int{}
	for _, c := range corruptChannels(traces, 1500, rand.New(rand.NewPCG(3, 0))) {
		if _, err := judge.ChannelLines(c.lines); err != nil {
			rejected[c.kind]++
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(channelChanges)) {
		t.Run(kind, func(t *testing.T) {
			if rejected[kind] == 0 {
				t.Error("the model rejected no trace with this kind of corruption")
			}
		})
	}
}
