package toy

import (
	"testing"

	"ablyrooms.example/tests/graphs/graphtest"
)

func TestCoreAndModelHaveTheKnownSizes(t *testing.T) { graphtest.Sizes(t, Sizes(), 100) }
func TestEachFaultIsCaught(t *testing.T)             { graphtest.Faults(t, "toy", New(3), New(3)) }
func TestTheLockIsServedAtLast(t *testing.T)         { graphtest.Liveness(t, "toy", New(3)) }
func TestTheGraphsAreEqual(t *testing.T)             { graphtest.Equal(t, "toy", Comparisons()[0]) }

func TestCoreAgainstModel(t *testing.T) {
	graphtest.Scripts(t, New(4), 30, func(Input) int { return 1 })
}
