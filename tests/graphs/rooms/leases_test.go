package rooms

import (
	"testing"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs/graphtest"
)

func TestLeasesHaveTheKnownSizes(t *testing.T) { graphtest.Sizes(t, LeasesSizes(), 40_000) }

func TestEachPropertyOfLeasesFailsOnAPlantedFault(t *testing.T) {
	b := Bounds{Calls: 4, Names: 1, Options: 1}
	graphtest.Faults(t, "leases", NewLeases(b), NewLeases(b))
}

// This goes deeper than the graphs: 8 calls on two names.
func TestLeasesAgainstModel(t *testing.T) {
	graphtest.Scripts(t, NewLeases(Bounds{Calls: 8, Names: 2, Options: 2}), 40, func(in model.Input) int {
		return map[model.Kind]int{model.KindAcquire: 3, model.KindClose: 6}[in.Kind] + 1
	})
}
