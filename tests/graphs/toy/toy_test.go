package toy

import (
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/tests/graphs"
)

const root = "../../.."

func TestTheLockIsRight(t *testing.T) {
	for _, m := range Sizes() {
		for _, o := range []graphs.Options{{Against: true}, {Symmetry: true}, {Possible: true}} {
			if err := graphs.Explore(t.Context(), m, o).Check(m.Golden); err != nil {
				t.Errorf("%+v: %v", o, err)
			}
		}
		r, err := graphs.CheckLiveness(t.Context(), m)
		if err != nil || r.Err() != nil {
			t.Errorf("%v, %v", err, r.Err())
		}
	}
}

func TestEachFaultIsCaught(t *testing.T) {
	if _, err := graphs.CheckFaults(t.Context(), "toy", New(3), New(3)); err != nil {
		t.Error(err)
	}
}

func TestTheGraphsAreEqual(t *testing.T) {
	for _, c := range Comparisons() {
		if e, err := c.CompareGolden(t.Context(), root); err != nil || !e.Equal() {
			t.Errorf("%v, %+v", err, e)
		}
	}
}

func TestCoreAgainstModel(t *testing.T) {
	m := New(4)
	rapid.Check(t, func(t *rapid.T) {
		script := graphs.Draw(m, 30, func(enabled []Input) int { return rapid.IntRange(0, len(enabled)-1).Draw(t, "input") })
		if err := graphs.Follow(m, script); err != nil {
			t.Fatalf("%v\n%s", err, graphs.Script(m, script))
		}
	})
}
