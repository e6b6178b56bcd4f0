package graphs

import (
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var errRefused = errors.New("refused")

// table is a machine whose steps are listed: state, input, next state. It begins in state 0.
type table = Machine[int, int, string, string]

// newTable makes a table from lines such as "0 a 1".
func newTable(edges ...string) table {
	next := map[int]map[string]int{}
	m := table{Key: func(dst []byte, s *int) []byte { return append(dst, byte(*s)) },
		View: func(s, m *int) { *m = *s }, Refused: func(err error) bool { return err == errRefused },
		SameOutput: func(a, b string) bool { return a == b }}
	for _, e := range edges {
		var from, to int
		var in string
		if _, err := fmt.Sscanf(e, "%d %s %d", &from, &in, &to); err != nil {
			panic(e)
		}
		if next[from] == nil {
			next[from] = map[string]int{}
		}
		next[from][in] = to
		if !slices.Contains(m.Inputs, in) {
			m.Inputs = append(m.Inputs, in)
		}
	}
	m.ModelKey = m.Key
	m.Model = func(s int, in string) (int, []string, error) {
		to, ok := next[s][in]
		if !ok {
			return s, nil, errRefused
		}
		return to, []string{fmt.Sprintf("to%d", to)}, nil
	}
	m.New = m.OfModel().New
	return m
}

// fairly returns the table's graph, with one conjunct for each letter: fairness of the inputs that
// begin with the letter. A capital letter stands for strong fairness. where restricts the first
// conjunct to steps from some states.
func fairly(t *testing.T, where func(*int) bool, letters string, edges ...string) *fair[int, int, string, string] {
	t.Helper()
	m := newTable(edges...)
	sp, err := build(t.Context(), &m, Options{}, false)
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

// decide checks P ~> Q. It fails the test if a counterexample is wrong.
func decide(t *testing.T, f *fair[int, int, string, string], name string, p, q func(*int) bool) *Lasso[string] {
	t.Helper()
	l := f.check(name, f.space.ask(LeadsTo[int]{Name: name, P: p, Q: q}))
	if l == nil {
		return nil
	}
	at, entry, owed, ever, kept := 0, 0, f.all, uint64(0), uint64(0)
	inputs := slices.Concat(l.Prefix, l.Cycle)
	for i := range len(inputs) + 1 {
		if i == l.P && !p(&at) || i >= l.P && q(&at) {
			t.Fatalf("%v is wrong after %d inputs: P must hold there, or Q must not", l, i)
		}
		if i == len(l.Prefix) {
			entry = at
		}
		if n := int32(slices.Index(f.space.states, at)); i >= len(l.Prefix) {
			owed, ever, kept = owed&f.able[n], ever|f.able[n], kept|f.done[n]
			for _, a := range f.space.from(n) {
				if i < len(inputs) && f.space.machine.Inputs[a.input] == inputs[i] {
					kept |= f.takes(n, a)
				}
			}
		}
		if i < len(inputs) {
			next, _, err := f.space.machine.Model(at, inputs[i])
			if err != nil {
				t.Fatalf("%v is wrong: input %d is refused", l, i+1)
			}
			at = next
		}
	}
	if at != entry || (owed&^f.strong|ever&f.strong)&^kept != 0 {
		t.Fatalf("%v is wrong: its cycle does not end where it begins, or is not fair", l)
	}
	return l
}

func in(states ...int) func(*int) bool {
	return func(s *int) bool { return slices.Contains(states, *s) }
}

func TestWhatNoStateOffersIsVacuous(t *testing.T) {
	f := fairly(t, nil, "abc", "0 a 1", "1 b 1")
	if got := f.vacuous(); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("the vacuous conjuncts are %v, want b and c", got)
	}
}

// brute decides by the definition: it looks at every set of states that a behaviour could visit
// again and again. It doesn't use components.
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
		l := decide(t, fairly(t, nil, strings.Join(names, ""), edges...), "random", p, q)
		if want := brute(next, n, fair, strong, p, q); (l == nil) != want {
			t.Fatalf("edges %v, fairness %v: found the counterexample %v, but by the definition the property holds: %v", edges, names, l, want)
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
		t.Errorf("too few cases: %d hold, %d fail because the path stays in a state, %d fail in a cycle", holds, fails, round)
	}
}

// An action may consist only of the steps from some states. Here the states 0 and 1 both take the
// input a.
func TestAnActionIsNarrowedToSomeStates(t *testing.T) {
	for _, c := range []struct {
		where func(*int) bool
		holds bool
	}{{in(0), false}, {in(0, 1), true}, {in(9), false}} {
		for _, letter := range []string{"a", "A"} {
			f := fairly(t, c.where, letter+"b", "0 b 1", "1 b 0", "0 a 2", "1 a 3")
			l := decide(t, f, "out", in(0), in(2, 3))
			zero := 0
			// under strong fairness, state 0 alone requires a step
			want := c.holds || letter == "A" && c.where(&zero)
			if (l == nil) != want {
				t.Errorf("fairness %s: the counterexample is %v", letter, l)
			}
		}
	}
}

// A conjunct may have its own functions for the states that require a step (Owed), and for the
// states that the step leads to (Into). In these cases, a state that requires a step again and
// again has no such step, or has a step that leads to another state.
func TestAStepIsOwedWhereItIsStated(t *testing.T) {
	for _, c := range []struct {
		name       string
		owed, into func(*int) bool
		done       func(*int) bool
		strong     bool
		holds      bool
	}{
		{"no state requires a step", in(9), nil, nil, true, false},
		{"only a state without such a step requires one", in(1), in(2), nil, true, true},
		{"every state of the cycle requires a step", in(0, 1), in(2), nil, false, true},
		{"one state of the cycle requires a step, under weak fairness", in(1), in(2), nil, false, false},
		{"the required step may lead back into the cycle", in(0), in(1), nil, true, false},
		{"a state counts as the required step", in(0, 1), in(2), in(1), true, false},
	} {
		m := newTable("0 b 1", "1 b 0", "0 a 2")
		sp, err := build(t.Context(), &m, Options{}, false)
		if err != nil {
			t.Fatal(err)
		}
		out := Fairness[int, string]{Name: "out", Owed: c.owed, Into: c.into, Done: c.done, Strong: c.strong}
		round := Fairness[int, string]{Name: "on", Of: func(in string) bool { return in == "b" }}
		l := decide(t, sp.fairly([]Fairness[int, string]{out, round}), c.name, in(0), in(2))
		if (l == nil) != c.holds {
			t.Errorf("%s: the counterexample is %v", c.name, l)
		}
	}
}
