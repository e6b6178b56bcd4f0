package graphs

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

func sum(list []uint64) (total uint64) {
	for _, n := range list {
		total += n
	}
	return total
}

func TestExploreCountsWhatIsKnown(t *testing.T) {
	for _, c := range []counters{{3, 2}, {5, 4}, {1, 7}, {4, 6}} {
		states, ups := power(c.top+1, c.n), uint64(c.n)*uint64(c.top)*power(c.top+1, c.n-1)
		tried := states * uint64(c.n+1)
		for _, m := range []counted{c.machine(), c.guessing(true), c.guessing(false)} {
			r := Explore(t.Context(), m, Options{Against: true})
			if r.Verdict != Complete || r.States != states || r.Orbits != states || r.Edges != ups+1 || r.Steps != ups+1 ||
				r.Refused != tried-ups-1 || r.Skipped != 0 || r.Depth() != c.n*c.top || r.Actions["up"] != ups ||
				r.Actions["reset"] != 1 || r.Ends != 0 || sum(r.Levels) != states {
				t.Errorf("%+v: %+v", c, r)
			}
		}
		some := Explore(t.Context(), c.guessing(true), Options{Possible: true})
		if some.States != states || some.Edges != ups+1 || some.Skipped != tried-ups-1 || some.Refused != 0 {
			t.Errorf("%+v: %+v", c, some)
		}
	}
}

func TestOrbitsAddUpToTheUnreducedCount(t *testing.T) {
	for _, c := range []counters{{3, 4}, {5, 3}, {2, 9}} {
		full := Explore(t.Context(), c.machine(), Options{})
		r := Explore(t.Context(), c.machine(), Options{Symmetry: true})
		choose := uint64(1) // multisets of n out of top+1
		for i := range c.n {
			choose = choose * uint64(c.top+1+i) / uint64(i+1)
		}
		if r.Verdict != Complete || r.States != choose || r.Orbits != power(c.top+1, c.n) || r.Steps != full.Edges {
			t.Errorf("%+v: %d states for %d, expected %d", c, r.States, r.Orbits, choose)
		}
	}
}

// atMost fails in states whose counters add up to more, which many shortest paths lead to.
func atMost(m counted, limit int) counted {
	m.Properties = []Property[[5]byte, int, int]{{Name: "AtMost", State: func(s *[5]byte) error {
		total := 0
		for _, v := range s {
			total += int(v)
		}
		if total > limit {
			return fmt.Errorf("%v is too much", *s)
		}
		return nil
	}}}
	return m
}

func TestTheResultDoesNotDependOnTheWorkers(t *testing.T) {
	for limit, o := range map[int]Options{100: {}, 101: {Symmetry: true}, 102: {MaxStates: 4000}, 14: {}, 13: {Symmetry: true}} {
		var first *Result[int]
		for _, workers := range []int{1, 2, 3, 8, 1, 8} {
			o.Workers = workers
			r := Explore(t.Context(), atMost(counters{5, 5}.machine(), limit), o)
			r.Elapsed, r.Workers = 0, 0
			if first == nil {
				first = r
			}
			if !reflect.DeepEqual(r, first) {
				t.Errorf("%+v: %+v, with one worker %+v", o, r, first)
			}
		}
		if limit < 100 && (first.Verdict != Violated || len(first.Violation.Path) != limit+1) {
			t.Errorf("%d: %+v", limit, first)
		}
	}
}

// A violated property comes with a shortest path, which the machine can go.
func TestCounterexamplesAreShortest(t *testing.T) {
	m := newTable(-1, "0 a 1", "1 b 2", "2 c 3", "0 d 4", "4 e 3", "3 f 0")
	m.Properties = []Property[int, string, string]{{Name: "NotThree", State: func(s *int) error {
		if *s == 3 {
			return errors.New("three")
		}
		return nil
	}}}
	r := Explore(t.Context(), m, Options{})
	if r.Verdict != Violated || !slices.Equal(r.Violation.Path, []string{"d", "e"}) {
		t.Errorf("%+v", r)
	}
	m.Properties = []Property[int, string, string]{{Name: "Up", Step: func(before *int, in string, outs []string, after *int) error {
		if *after < *before {
			return fmt.Errorf("%d %s %v %d", *before, in, outs, *after)
		}
		return nil
	}}}
	r = Explore(t.Context(), m, Options{})
	if r.Verdict != Violated || !slices.Equal(r.Violation.Path, []string{"d", "e"}) || r.Violation.Reason != "4 e [to3] 3" {
		t.Errorf("%+v", r)
	}
	m.Properties[0] = Property[int, string, string]{Name: "No", State: func(*int) error { return errors.New("no") }}
	if r := Explore(t.Context(), m, Options{}); r.Verdict != Violated || len(r.Violation.Path) != 0 {
		t.Errorf("the initial state: %+v", r)
	}
}

func TestABrokenMachineIsFound(t *testing.T) {
	leak := newTable(-1, "0 a 1", "1 a 2", "2 b 0")
	leak.fault.Leak = func(s *int, _ string) {
		if *s == 1 {
			*s = 0
		}
	}
	sleepy := newTable(-1, "0 a 1", "1 a 2", "2 b 0")
	sleepy.fault.Refuse = func(s *int, _ string) bool { return *s == 1 }
	other := newTable(-1, "0 a 1", "1 a 2", "2 b 0")
	other.fault.Tamper = func(before *int, _ string, s *int, outs []string) []string {
		if *before == 1 {
			*s = 0
		}
		return outs
	}
	silent := newTable(-1, "0 a 1", "1 a 2", "2 b 0")
	silent.fault.Tamper = func(before *int, _ string, _ *int, outs []string) []string { return outs[min(*before, 1):] }
	for what, c := range map[string]struct {
		m        table
		property string
		path     []string
	}{
		"a refused input that changes the state": {leak, Unchanged, []string{"a", "b"}},
		"a panic":                                {newTable(2, "0 a 1", "1 a 2", "2 a 0"), Broken, []string{"a", "a", "a"}},
		"an input that is refused":               {sleepy, SameAsModel, []string{"a", "a"}},
		"another state":                          {other, SameAsModel, []string{"a", "a"}},
		"an output that is missing":              {silent, SameAsModel, []string{"a", "a"}},
	} {
		r := Explore(t.Context(), c.m, Options{Against: what != "a panic"})
		if r.Verdict != Violated || r.Violation.Property != c.property || !slices.Equal(r.Violation.Path, c.path) {
			t.Errorf("%s: %+v", what, r)
		}
		if _, err := build(t.Context(), &c.m, buildOptions{against: what != "a panic"}); err == nil {
			t.Errorf("%s: a graph is built", what)
		}
		if what == "a panic" {
			continue
		}
		if err := Follow(c.m, c.path[:len(c.path)-1]); err == nil {
			t.Errorf("%s: not seen beside the model", what)
		}
	}
}

func TestABoundIsAVerdict(t *testing.T) {
	m := counters{4, 9}.machine()
	all := Explore(t.Context(), m, Options{})
	r := Explore(t.Context(), m, Options{MaxStates: 5000})
	if r.Verdict != Bounded || r.States > 5000 || !slices.Equal(r.Levels, all.Levels[:len(r.Levels)]) ||
		r.States+all.Levels[len(r.Levels)] <= 5000 {
		t.Errorf("%+v", r)
	}
	if r := Explore(t.Context(), m, Options{MaxStates: 10000}); r.Verdict != Complete {
		t.Errorf("a bound that is just enough: %+v", r)
	}
	if _, err := build(t.Context(), &m, buildOptions{maxStates: 9999}); err == nil {
		t.Error("a graph of 10,000 states was built of at most 9,999")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := Explore(ctx, m, Options{}); r.Verdict != Stopped {
		t.Errorf("%+v", r)
	}
	if _, err := build(ctx, &m, buildOptions{}); err == nil {
		t.Error("built although the context had ended")
	}
}

func TestProgressTellsTheEnd(t *testing.T) {
	var last Progress
	r := Explore(t.Context(), counters{4, 4}.machine(), Options{Progress: func(p Progress) { last = p }})
	if last.States != r.States || last.Depth != r.Depth() || last.Done != last.Level {
		t.Errorf("%+v, expected %d states", last, r.States)
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
	if v.add(f, via(9, 3), 0) != seen || v.add(f, via(7, 0), 7) != seen || v.add(f, via(6, 5), 6) != replaced ||
		!v.won(f, via(6, 5)) {
		t.Error("the first step does not win")
	}
	if v.add(fingerprint{f.lo, f.hi ^ 1}, 0, 0) != isNew {
		t.Error("the second word of a fingerprint is not looked at")
	}
	if p := collisionChance(10_000_000); p < 1e-12 || p > 1e-11 {
		t.Errorf("chance %g", p)
	}
}

func TestTheGraphHasEveryStateAndStep(t *testing.T) {
	m := newTable(-1, "0 a 1", "0 b 1", "1 a 2", "2 c 0")
	g, refused, err := ToGraph(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	want := NewGraph("by hand")
	for _, text := range []string{"0", "1", "2"} {
		want.State(text)
	}
	want.Edge(0, 1, "a -> to1")
	want.Edge(0, 1, "b -> to1")
	want.Edge(1, 2, "a -> to2")
	want.Edge(2, 0, "c -> to0")
	if found, a, b := Compare(want, g, 2); len(found)+a+b > 0 || refused != 5 {
		t.Errorf("%d refused, %v", refused, found)
	}
	drawn, err := Dot(t.Context(), m, 3)
	if err != nil || strings.Count(drawn, "->") != 4 || !strings.Contains(drawn, `s1 -> s2 [label="a\nto2"]`) {
		t.Errorf("%v\n%s", err, drawn)
	}
	var scripts []string
	states, steps, err := EachStep(t.Context(), m, func(script []string) error {
		scripts = append(scripts, strings.Join(script, ""))
		return nil
	})
	if err != nil || states != 3 || steps != 4 || !slices.Equal(scripts, []string{"a", "b", "aa", "aac"}) {
		t.Errorf("%d states, %d steps, %v, %v", states, steps, scripts, err)
	}
	m.View = func(_, m *int) { *m = 0 }
	if _, _, err := ToGraph(t.Context(), m); err == nil {
		t.Error("a view that is not one to one passes")
	}
}
