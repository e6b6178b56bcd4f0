package proof

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// states enumerates the states that satisfy the invariant, reachable or not. Of the states that
// differ only in what the core has forgotten, it visits one: settled calls were given up, and
// released incarnations were never opened.
type states struct {
	w           *Small
	rooms       conjuncts // the part of the invariant that doesn't mention leases
	others      conjuncts
	pairs       [][3]string // life, work, and the backend's last end of a work
	leases      bool        // whether a call may be an Acquire
	incs, calls int         // the largest numbers of incarnations and calls
	history     bool        // whether there are further calls that are settled, or should be
	done        bool        // visit sets it to end the search
	visit       func(State)
}

func newStates(t testing.TB, p *Proof, w *Small) *states {
	t.Helper()
	e := &states{w: w, pairs: six, leases: p.Name == "Leases"}
	if e.leases {
		e.pairs = append(e.pairs[:len(six):len(six)], [3]string{"released", "none", "released"})
	}
	for _, name := range p.Invariant {
		formula, err := p.State(name, false)
		if err != nil {
			t.Fatal(err)
		}
		holds, err := w.Predicate(formula)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(roomInvariant, name) {
			e.rooms = append(e.rooms, holds)
		} else {
			e.others = append(e.others, holds)
		}
	}
	return e
}

func (e *states) holds(s State) bool { return e.rooms.hold(s) && e.others.hold(s) }

// conjuncts is a list of predicates of states. The one that failed last comes first.
type conjuncts []func(now, next State) bool

func (c conjuncts) hold(s State) bool {
	for i, holds := range c {
		if !holds(s, nil) {
			c[0], c[i] = c[i], c[0]
			return false
		}
	}
	return true
}

// six has the six pairs of life and work, each with the backend's last end of a work.
var six = [][3]string{{"initializing", "none", "none"}, {"initializing", "opening", "none"}, {"ready", "none", "opened"},
	{"releasing", "opening", "none"}, {"releasing", "closing", "opened"}, {"released", "none", "none"}}

func (e *states) inc(s State, i, name, option, pair int) State {
	next := slices.Clone(s)
	e.w.Set(next, "incs.name", name, i, 0)
	e.w.Set(next, "incs.opt", len(e.w.Bounds.Names)+option, i, 0)
	for k, field := range []string{"incs.life", "incs.work", "incs.ended"} {
		e.w.SetWord(next, field, e.pairs[pair][k], i)
	}
	return next
}

// all visits the states in which the incarnations before i are those of s.
func (e *states) all(s State, i int) {
	if e.done {
		return
	}
	if i > e.incs {
		e.withCalls(s, i-1, 1)
		return
	}
	e.withCalls(s, i-1, 1)
	for name := 1; name <= len(e.w.Bounds.Names); name++ {
		for option := 1; option <= len(e.w.Bounds.Options); option++ {
			for pair := range e.pairs {
				if pair == len(six)-1 && name+option > 2 {
					continue // the core forgets released incarnations
				}
				e.all(e.inc(s, i, name, option, pair), i+1)
			}
		}
	}
}

func (e *states) withCalls(s State, newest, c int) {
	if e.done {
		return
	}
	if c > newest { // a call creates at most one incarnation
		e.withFailures(s, newest)
	}
	if c > e.calls {
		return
	}
	for _, with := range e.call(s, newest, c) {
		e.withCalls(with, newest, c+1)
	}
}

// call returns the states that s becomes with each possible call c, pending or settled.
func (e *states) call(s State, newest, c int) (all []State) {
	w := e.w
	add := func(op, out string, name, option, of, waits int) {
		next := slices.Clone(s)
		w.SetWord(next, "calls.op", op, c)
		w.SetWord(next, "calls.out", out, c)
		w.Set(next, "calls.name", name, c, 0)
		w.Set(next, "calls.opt", option, c, 0)
		w.Set(next, "calls.of", of, c, 0)
		w.Set(next, "calls.waits", waits, c, 0)
		all = append(all, next)
	}
	add("get", "gaveUp", 1, len(w.Bounds.Names)+1, 0, 0)
	add("dispose", "gaveUp", 0, 0, 0, 0)
	add("dispose", "pending", 0, 0, 0, 0)
	if e.history {
		add("get", "disposed", 1, len(w.Bounds.Names)+1, 0, 0)
	}
	for i := 1; i <= newest; i++ {
		name := w.Get(s, "incs.name", i, 0)
		if e.history {
			add("get", "gaveUp", name, w.Get(s, "incs.opt", i, 0), 0, i)
			add("releaseIf", "pending", name, 0, i, 0)
		}
		if e.leases && w.Get(s, "incs.ended", i, 0) != w.word("none") {
			add("get", "room", name, w.Get(s, "incs.opt", i, 0), 0, 0)
			w.Set(all[len(all)-1], "calls.ref", i, c, 0)
		}
		switch w.Word(w.Get(s, "incs.life", i, 0)) {
		case "initializing":
			add("get", "pending", name, w.Get(s, "incs.opt", i, 0), 0, i)
		case "releasing":
			add("release", "pending", name, 0, 0, i)
			add("releaseIf", "pending", name, 0, i, i)
		}
	}
	return all
}

// withFailures visits the state with each set of releases that failed since disposal began.
func (e *states) withFailures(s State, newest int) {
	for set := range 1 << newest {
		next := slices.Clone(s)
		for i := 1; i <= newest; i++ {
			e.w.Set(next, "failed", set>>(i-1)&1, i, 0)
		}
		setHistory(e.w, next)
		if e.rooms.hold(next) {
			e.withLeases(next, 1)
		}
	}
}

// withLeases chooses which gets, from call c on, are an Acquire, and which of their leases are
// closed.
func (e *states) withLeases(s State, c int) {
	w := e.w
	if !e.leases || c > w.Bounds.MaxCalls {
		if !e.done && e.others.hold(s) {
			e.visit(s)
		}
		return
	}
	e.withLeases(s, c+1)
	if w.Get(s, "calls.op", c, 0) == w.word("get") {
		s = slices.Clone(s)
		w.Set(s, "acquires", 1, c, 0)
		e.withLeases(s, c+1)
		s = slices.Clone(s)
		w.Set(s, "closed", 1, c, 0)
		e.withLeases(s, c+1)
	}
}

// random visits a random state. If its random choices make no state of the invariant, it visits
// none.
func (e *states) random(r *rand.Rand) {
	s, newest := e.w.Blank(), r.IntN(e.incs+1)
	for i := 1; i <= newest; i++ {
		s = e.inc(s, i, 1+r.IntN(len(e.w.Bounds.Names)), 1+r.IntN(len(e.w.Bounds.Options)), r.IntN(len(e.pairs)))
	}
	for c := 1; c <= max(newest, 1+r.IntN(e.calls)); c++ {
		ways := e.call(s, newest, c)
		s = ways[r.IntN(len(ways))]
	}
	e.withFailures(s, newest)
}

// TestRelationModelAndCoreAgreeInUnreachableStates checks that relation, model and core agree on
// every input, and that the invariant holds afterwards. It checks every state with two incarnations
// and two calls (three, in make check) that satisfies the invariant, reachable or not, and larger
// states drawn at random.
func TestRelationModelAndCoreAgreeInUnreachableStates(t *testing.T) {
	t.Parallel()
	p := readRooms(t)
	check := func(b Bounds, incs, calls int) (*comparer, *states) {
		j := newComparer(t, p, b)
		e := newStates(t, p, j.w)
		e.incs, e.calls = incs, calls
		e.visit = func(s State) {
			if err := j.check(s); err != nil {
				t.Fatal(err)
			}
			for _, steps := range j.steps {
				steps.Each(s, func(params []int, next State) {
					if !e.holds(next) {
						t.Fatalf("%s%v leads out of the invariant, from\n%v\nto\n%v", steps.Action.Name, params, j.model(s), j.model(next))
					}
				})
			}
		}
		return j, e
	}
	calls, random := 2, 100
	if os.Getenv("EVIDENCE") != "" {
		calls, random = 3, 1000
	}
	small, e := check(Bounds{MaxCalls: 4, Names: []string{"a", "b"}, Options: []string{"x", "y"}, Conditional: true}, 2, calls)
	e.all(small.w.Blank(), 1)
	large, e := check(Bounds{MaxCalls: 6, Names: []string{"a", "b", "c"}, Options: []string{"x", "y"}, Conditional: true}, 5, 5)
	r := rand.New(rand.NewPCG(14, 9))
	for large.states < random {
		e.random(r)
	}
	for _, s := range small.steps {
		if small.taken[s.Action.Name] == 0 {
			t.Errorf("%s is taken in no state", s.Action.Name)
		}
	}
	t.Logf("EVIDENCE agreement of=rooms which=invariant states=%d random=%d refused=%d", small.states, large.states,
		small.refused+large.refused)
}
