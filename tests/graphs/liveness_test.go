package graphs

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// fairly returns the table's graph with weak fairness of the inputs that begin with each letter, and
// strong fairness where that is a capital; where narrows the first of them.
func fairly(t *testing.T, where func(*int) bool, letters string, edges ...string) *fair[int, int, string, string] {
	t.Helper()
	m := newTable(-1, edges...)
	sp, err := build(t.Context(), &m, buildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var list []Fairness[int, string]
	for _, l := range strings.Split(letters, "") {
		small := strings.ToLower(l)
		list = append(list, Fairness[int, string]{Name: l, Strong: l != small,
			Of: func(in string) bool { return strings.HasPrefix(in, small) }})
	}
	if where != nil {
		list[0].When = where
	}
	return sp.fairly(list)
}

func (f *fair[S, M, I, O]) decide(p LeadsTo[M]) (*Lasso[I], error) { return f.check(p, f.space.ask(p)) }

func in(states ...int) func(*int) bool {
	return func(s *int) bool { return slices.Contains(states, *s) }
}

func TestLeadsToOnGraphsWithKnownAnswers(t *testing.T) {
	type known struct {
		name  string
		edges []string
		fair  string
		p, q  func(*int) bool
		holds bool
		cycle int // the length of the cycle of the counterexample
	}
	for _, k := range []known{
		{"without fairness a step need not come", []string{"0 a 1"}, "", in(0), in(1), false, 0},
		{"with it, it must", []string{"0 a 1"}, "a", in(0), in(1), true, 0},
		{"P and Q at once", []string{"0 a 1"}, "", in(0), in(0), true, 0},
		{"P nowhere", []string{"0 a 1"}, "", in(9), in(1), true, 0},
		{"Q before P does not count", []string{"0 a 1", "1 a 2"}, "a", in(1), in(0), false, 0},
		{"Q on the way to P does not matter", []string{"0 a 1", "1 a 2", "2 a 3"}, "a", in(2), in(1), false, 0},

		// tlaplus/tlaplus#971: a bit that changes, or not; TLC with two workers missed what stutters.
		{"a bit need not fall", []string{"0 b 1", "1 b 0"}, "", in(1), in(0), false, 0},
		{"a bit that must change falls", []string{"0 b 1", "1 b 0"}, "b", in(1), in(0), true, 0},
		// tlaplus/tlaplus#201: a + 1 modulo 3 is also reached by the other action; TLC saw a cycle without it.
		{"another action takes the same step", []string{"0 a 1", "1 a 2", "2 a 0", "0 b 1", "0 c 2", "1 b 0", "1 c 2", "2 b 0", "2 c 1"}, "a", in(0), in(2), false, 2},
		{"and where it leads out, it is owed", []string{"0 a 2", "1 a 2", "0 b 1", "1 b 0"}, "a", in(0), in(2), true, 0},

		{"weak fairness lets one go round where the action comes and goes", []string{"0 b 1", "1 b 0", "0 a 2"}, "a", in(0), in(2), false, 2},
		{"but not where it stays", []string{"0 b 1", "1 b 0", "0 a 2", "1 a 2"}, "a", in(0), in(2), true, 0},
		{"nor stop where it can be taken", []string{"0 b 1", "0 a 2", "1 a 2"}, "a", in(0), in(2), true, 0},
		{"a step to the same state is none", []string{"0 a 0", "0 b 1"}, "a", in(0), in(1), false, 0},
		{"two actions that take turns", []string{"0 a 1", "1 b 0", "0 c 2", "1 c 2"}, "ab", in(0), in(2), false, 2},
		{"two actions, one of which leads out", []string{"0 a 1", "1 b 0", "0 c 2", "1 c 2"}, "abc", in(0), in(2), true, 0},
		{"a component that must be left is followed by one that need not", []string{"0 b 1", "1 b 0", "0 a 2", "1 a 2", "2 b 3", "3 b 2"}, "a", in(0), in(9), false, 0},
		{"strong fairness doesn't let one go round where the action comes and goes", []string{"0 b 1", "1 b 0", "0 a 2"}, "Ab", in(0), in(2), true, 0},
		{"but lets one go round elsewhere", []string{"0 b 1", "1 b 0", "0 a 3", "1 c 2", "2 c 1"}, "Abc", in(0), in(3), false, 2},
		{"and where another action is owed too, it has to lead there", []string{"0 b 1", "1 b 0", "0 a 3", "1 c 2", "2 c 1", "2 a 3"}, "AB", in(0), in(3), true, 0},
		{"a part of a part", []string{"0 b 1", "1 b 0", "0 a 9", "1 c 2", "2 c 1", "1 d 9", "2 e 3", "3 e 2"}, "ADbce", in(0), in(9), false, 2},
		{"stopping where it can be taken", []string{"0 a 1"}, "A", in(0), in(1), true, 0},
		{"an end", []string{"0 a 1", "0 b 2"}, "ab", in(0), in(2), false, 0},
		{"a graph of many components", []string{"0 a 1", "1 a 2", "2 a 0", "2 b 3", "3 a 4", "4 a 5", "5 a 3", "5 b 6", "6 a 6"}, "ab", in(0), in(6), false, 3},
	} {
		f := fairly(t, nil, k.fair, k.edges...)
		l, err := f.decide(LeadsTo[int]{Name: k.name, P: k.p, Q: k.q})
		if err != nil {
			t.Errorf("%s: %v", k.name, err)
		}
		if (l == nil) != k.holds || l != nil && len(l.Cycle) != k.cycle {
			t.Errorf("%s: %v", k.name, l)
		}
	}
}

func TestWhatNoStateOffersIsVacuous(t *testing.T) {
	f := fairly(t, nil, "abc", "0 a 1", "1 b 1")
	if got := f.vacuous(); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("%v", got)
	}
}

// brute looks at every set of states that a behaviour could visit again and again: the definition, without components.
func brute(next [][][]int, n int, fair []int, strong map[int]bool, p, q func(*int) bool) bool {
	reaches := func(from int, allowed uint) uint {
		seen := uint(1) << from
		for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
			for _, tos := range next[queue[0]] {
				for _, to := range tos {
					if allowed&(1<<to) != 0 && seen&(1<<to) == 0 {
						seen |= 1 << to
						queue = append(queue, to)
					}
				}
			}
		}
		return seen
	}
	pending, all := uint(0), uint(1)<<n-1
	for s := range n {
		if !q(&s) {
			pending |= 1 << s
		}
	}
	start := uint(0)
	for s := range n {
		if reaches(0, all)&(1<<s) != 0 && pending&(1<<s) != 0 && p(&s) {
			start |= reaches(s, pending)
		}
	}
	for set := uint(1); set <= all; set++ {
		if set&^pending != 0 || set&start == 0 {
			continue
		}
		ok := true
		for s := range n {
			ok = ok && (set&(1<<s) == 0 || reaches(s, set)&set == set)
		}
		for _, input := range fair {
			taken, disabled, ever := false, false, false
			for s := range n {
				if set&(1<<s) == 0 {
					continue
				}
				able := false
				for _, to := range next[s][input] {
					able = able || to != s
					taken = taken || to != s && set&(1<<to) != 0
				}
				disabled, ever = disabled || !able, ever || able
			}
			ok = ok && (taken || disabled && !strong[input] || !ever)
		}
		if ok && bits.OnesCount(set) > 0 {
			return false
		}
	}
	return true
}

func TestLeadsToAgreesWithTheDefinitionOnRandomGraphs(t *testing.T) {
	const n = 6
	r := rand.New(rand.NewPCG(1, 2))
	holds, fails, round := 0, 0, 0
	for range 4000 {
		var edges []string
		next := make([][][]int, n)
		for s := range n {
			next[s] = make([][]int, 3)
			for input := range 3 {
				if r.IntN(100) < 45 {
					to := r.IntN(n)
					next[s][input] = []int{to}
					edges = append(edges, fmt.Sprintf("%d %c %d", s, 'a'+input, to))
				}
			}
		}
		var fair []int
		var names []string
		strong := map[int]bool{}
		for input := range 3 {
			switch r.IntN(6) {
			case 0, 1:
			case 2, 3, 4:
				fair, names = append(fair, input), append(names, string(rune('a'+input)))
			default:
				fair, names = append(fair, input), append(names, string(rune('A'+input)))
				strong[input] = true
			}
		}
		p, q := in(r.IntN(n), r.IntN(n)), in(r.IntN(n))
		l, err := fairly(t, nil, strings.Join(names, ""), edges...).decide(LeadsTo[int]{Name: "random", P: p, Q: q})
		if err != nil {
			t.Fatalf("%v: %v", edges, err)
		}
		if want := brute(next, n, fair, strong, p, q); (l == nil) != want {
			t.Fatalf("%v fair to %v: found %v, expected that it holds: %v", edges, names, l, want)
		}
		switch {
		case l == nil:
			holds++
		case len(l.Cycle) > 0:
			round++
		default:
			fails++
		}
	}
	if min(holds, fails, round) < 200 {
		t.Errorf("%d hold, %d fail at a state and %d in a cycle: too few of one", holds, fails, round)
	}
}

func TestAWrongCounterexampleIsNoticed(t *testing.T) {
	f := fairly(t, nil, "c", "0 a 1", "1 b 0", "0 c 2", "1 c 2")
	p := LeadsTo[int]{Name: "p", P: in(0), Q: in(2)}
	for _, l := range []Lasso[string]{
		{Prefix: []string{"a"}, P: 1},                            // P does not hold there
		{Prefix: []string{"c"}},                                  // Q holds
		{Cycle: []string{"a"}},                                   // does not close
		{Cycle: []string{"b"}},                                   // refused
		{Cycle: []string{"a", "b"}},                              // not fair
		{Prefix: []string{"b"}},                                  // refused
		{Prefix: []string{"a", "b"}, P: 2, Cycle: []string{"c"}}, // to Q
	} {
		if f.replay(&l, p) == nil {
			t.Errorf("%v passes", &l)
		}
	}
}

// An action may be made of what is taken from some states: here, of one of two inputs that are called
// alike.
func TestAnActionIsNarrowedToSomeStates(t *testing.T) {
	for _, c := range []struct {
		where func(*int) bool
		holds bool
	}{{in(0), false}, {in(0, 1), true}, {in(9), false}} {
		for _, letter := range []string{"a", "A"} {
			f := fairly(t, c.where, letter+"b", "0 b 1", "1 b 0", "0 a 2", "1 a 3")
			l, err := f.decide(LeadsTo[int]{Name: "out", P: in(0), Q: in(2, 3)})
			zero := 0
			want := c.holds || letter == "A" && c.where(&zero) // a strong one need not stay
			if err != nil || (l == nil) != want {
				t.Errorf("%s: %v, %v", letter, l, err)
			}
		}
	}
}
