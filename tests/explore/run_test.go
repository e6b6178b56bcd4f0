package explore

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func power(base, n int) uint64 {
	p := uint64(1)
	for range n {
		p *= uint64(base)
	}
	return p
}

func TestRunCountsWhatIsKnown(t *testing.T) {
	for _, c := range []counters{{n: 3, top: 2}, {n: 5, top: 4}, {n: 1, top: 7}, {n: 4, top: 6, hints: true}, {n: 4, top: 6, hints: true, lies: true}} {
		r := Run(t.Context(), c, Options[[]byte, int, int]{})
		states := power(c.top+1, c.n)
		ups := uint64(c.n) * uint64(c.top) * power(c.top+1, c.n-1)
		tried := states * uint64(c.n+1)
		if r.Verdict != Complete || r.States != states || r.Orbits != states || r.Edges != ups+1 || r.Refused != tried-ups-1 || r.Skipped != 0 ||
			r.Depth() != c.n*c.top || r.Actions["up"] != ups || r.Actions["reset"] != 1 || r.Ends != 0 {
			t.Errorf("%+v: %+v", c, r)
		}
		if sum(r.Levels) != states {
			t.Errorf("%+v: the levels %v don't add up", c, r.Levels)
		}
	}
}

func sum(list []uint64) (total uint64) {
	for _, n := range list {
		total += n
	}
	return total
}

func TestSkippingUnlikelyInputsIsCounted(t *testing.T) {
	c := counters{n: 4, top: 3, hints: true}
	all, some := Run(t.Context(), c, Options[[]byte, int, int]{}), Run(t.Context(), c, Options[[]byte, int, int]{SkipUnlikely: true})
	if some.States != all.States || some.Edges != all.Edges || some.Skipped != all.Refused || some.Refused != 0 {
		t.Errorf("all: %+v\nsome: %+v", all, some)
	}
}

func TestOrbitsAddUpToTheUnreducedCount(t *testing.T) {
	for _, c := range []counters{{n: 3, top: 4}, {n: 5, top: 3}, {n: 2, top: 9}} {
		r := Run(t.Context(), c, Options[[]byte, int, int]{Symmetry: true})
		choose := uint64(1) // multisets of n out of top+1
		for i := range c.n {
			choose = choose * uint64(c.top+1+i) / uint64(i+1)
		}
		if r.Verdict != Complete || r.States != choose || r.Orbits != power(c.top+1, c.n) {
			t.Errorf("%+v: %d states for %d, expected %d for %d", c, r.States, r.Orbits, choose, power(c.top+1, c.n))
		}
	}
}

// atMost fails in states whose counters add up to more, which many shortest paths lead to.
func atMost(limit int) Invariant[[]byte, int, int] {
	return Invariant[[]byte, int, int]{Name: "AtMost", State: func(s []byte) error {
		total := 0
		for _, v := range s {
			total += int(v)
		}
		if total > limit {
			return fmt.Errorf("%v is too much", s)
		}
		return nil
	}}
}

func TestTheResultDoesNotDependOnTheWorkers(t *testing.T) {
	for _, o := range []Options[[]byte, int, int]{
		{},
		{Symmetry: true},
		{MaxStates: 4000},
		{Invariants: []Invariant[[]byte, int, int]{atMost(14)}},
		{Symmetry: true, Invariants: []Invariant[[]byte, int, int]{atMost(14)}},
	} {
		var first *Result[int]
		for _, workers := range []int{1, 2, 3, 8, 1, 8} {
			o.Workers = workers
			r := Run(t.Context(), counters{n: 5, top: 5}, o)
			r.Elapsed, r.Memory, r.Workers = 0, 0, 0
			if first == nil {
				first = r
			} else if !reflect.DeepEqual(r, first) {
				t.Fatalf("%d workers: %+v\nexpected %+v", workers, r, first)
			}
		}
	}
}

func TestAViolationComesWithAShortestPath(t *testing.T) {
	for _, symmetry := range []bool{false, true} {
		c := counters{n: 3, top: 5}
		r := Run(t.Context(), c, Options[[]byte, int, int]{Symmetry: symmetry, Invariants: []Invariant[[]byte, int, int]{
			{Name: "Never", State: func(s []byte) error {
				sorted := slices.Sorted(slices.Values(s))
				if slices.Equal(sorted, []byte{0, 2, 4}) {
					return errors.New("there")
				}
				return nil
			}}}})
		if r.Verdict != Violated || r.Violation.Property != "Never" || len(r.Violation.Path) != 6 {
			t.Fatalf("symmetry %v: %+v", symmetry, r)
		}
		w := c.Walker()
		for _, in := range r.Violation.Path {
			if _, err := w.Step(in); err != nil {
				t.Fatal(err)
			}
		}
		if got := slices.Sorted(slices.Values(w.State())); !slices.Equal(got, []byte{0, 2, 4}) {
			t.Errorf("symmetry %v: the path %v leads to %v", symmetry, r.Violation.Path, got)
		}
	}
}

func TestAStepCanViolate(t *testing.T) {
	m := newTable("0 a 1", "0 b 2", "1 c 2", "2 d 0")
	r := Run(t.Context(), m, Options[int, string, string]{Invariants: []Invariant[int, string, string]{{
		Name: "NoReturn",
		Step: func(before int, in string, outs []string, after int) error {
			if after < before {
				return fmt.Errorf("%d %s %v %d", before, in, outs, after)
			}
			return nil
		},
	}}})
	if r.Verdict != Violated || !slices.Equal(r.Violation.Path, []string{"b", "d"}) || r.Violation.Reason != "2 d [to0] 0" {
		t.Errorf("%+v", r)
	}
}

func TestTheInitialStateCanViolate(t *testing.T) {
	r := Run(t.Context(), newTable("0 a 1"), Options[int, string, string]{Invariants: []Invariant[int, string, string]{{
		Name: "No", State: func(int) error { return errors.New("no") }}}})
	if r.Verdict != Violated || len(r.Violation.Path) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestARefusedInputThatChangesTheStateIsFound(t *testing.T) {
	m := newTable("0 a 1", "1 a 2", "2 b 0")
	m.leaks = true
	r := Run(t.Context(), m, Options[int, string, string]{})
	if r.Verdict != Violated || r.Violation.Property != Unchanged || !slices.Equal(r.Violation.Path, []string{"a", "b"}) {
		t.Errorf("%+v", r)
	}
}

func TestAPanicIsAViolation(t *testing.T) {
	m := newTable("0 a 1", "1 a 2", "2 a 0")
	m.throws = 2
	r := Run(t.Context(), m, Options[int, string, string]{})
	if r.Verdict != Violated || r.Violation.Property != Broken || len(r.Violation.Path) != 3 || !strings.Contains(r.Violation.Reason, "thrown") {
		t.Errorf("%+v", r)
	}
}

func TestABoundIsAVerdict(t *testing.T) {
	c := counters{n: 4, top: 9}
	all := Run(t.Context(), c, Options[[]byte, int, int]{})
	r := Run(t.Context(), c, Options[[]byte, int, int]{MaxStates: 5000})
	if r.Verdict != Bounded || r.States > 5000 || !slices.Equal(r.Levels, all.Levels[:len(r.Levels)]) || r.States+all.Levels[len(r.Levels)] <= 5000 {
		t.Errorf("%+v", r)
	}
	if r := Run(t.Context(), c, Options[[]byte, int, int]{MaxStates: 10000}); r.Verdict != Complete {
		t.Errorf("a bound that is just enough: %+v", r)
	}
	if r := Run(t.Context(), c, Options[[]byte, int, int]{MaxMemory: 100_000}); r.Verdict != Bounded || r.States >= 10000 {
		t.Errorf("%+v", r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := Run(ctx, c, Options[[]byte, int, int]{}); r.Verdict != Stopped {
		t.Errorf("%+v", r)
	}
}

func TestProgressAndWatchSeeEverything(t *testing.T) {
	c := counters{n: 4, top: 4}
	var last Progress
	steps := make([]uint64, 0, 2)
	r := Run(t.Context(), c, Options[[]byte, int, int]{
		Workers:  2,
		Progress: func(p Progress) { last = p },
		Watch: func() func([]byte, int, []int, []byte) {
			steps = append(steps, 0)
			mine := &steps[len(steps)-1]
			return func([]byte, int, []int, []byte) { *mine++ }
		},
	})
	if last.States != r.States || last.Depth != r.Depth() {
		t.Errorf("%+v, expected %d states", last, r.States)
	}
	if sum(steps) != r.Edges {
		t.Errorf("watched %d steps of %d", steps, r.Edges)
	}
}

func TestTheSetTellsFingerprintsApart(t *testing.T) {
	var v visited
	h := newHasher()
	for n := range 100_000 {
		if v.add(h.of(fmt.Append(nil, n)), via(uint32(n), 0), uint32(n)) != isNew {
			t.Fatalf("%d was there", n)
		}
	}
	f := h.of([]byte("7"))
	if v.add(f, via(9, 3), 0) != seen || v.add(f, via(7, 0), 7) != seen || v.add(f, via(6, 5), 6) != replaced || !v.won(f, via(6, 5)) {
		t.Error("the first step does not win")
	}
	if v.add(fingerprint{f.lo, f.hi ^ 1}, 0, 0) != isNew {
		t.Error("the second word of a fingerprint is not looked at")
	}
	if p := collisionChance(10_000_000); p < 1e-12 || p > 1e-11 {
		t.Errorf("chance %g", p)
	}
}
