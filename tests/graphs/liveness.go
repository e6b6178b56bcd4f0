package graphs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// LeadsTo is the property P ~> Q: on every fair behaviour, each state in which P holds is followed
// by a state in which Q holds, or is itself one. A behaviour is an infinite path of steps, or a
// path that ends in a state and stays there (stutters) for ever.
type LeadsTo[M any] struct {
	Name string
	P, Q func(m *M) bool
}

// Fairness is one conjunct of fairness. It is about an action, which is a set of inputs. Weak
// fairness says: if from some moment on the action is possible in every state, it is taken again
// and again. Strong fairness says: if the action is possible again and again, it is taken again and
// again. An input that doesn't change the state is not a step of the action, since it can't be
// distinguished from stuttering.
type Fairness[M, I any] struct {
	Name string
	Of   func(in I) bool // whether an input belongs to the action; nil for all
	When func(m *M) bool // whether a step from this state belongs to the action; nil for all
	Into func(m *M) bool // whether a step to this state belongs to the action; nil for all
	// whether a state requires a step of the action; nil: every state that has such a step requires
	// it
	Owed   func(m *M) bool
	Done   func(m *M) bool // whether this state counts as a step of the action; nil for no state
	Strong bool
}

// Lasso is a fair behaviour that breaks a property. It takes the inputs of Prefix, and then repeats
// those of Cycle for ever; if Cycle is empty, it stays in the state after Prefix. P holds after the
// first P inputs of Prefix. From then on Q never holds.
type Lasso[I any] struct {
	Property string
	Prefix   []I
	P        int // how many inputs of Prefix lead to the state in which P holds
	Cycle    []I
}

// String returns the behaviour in one line.
func (l *Lasso[I]) String() string {
	text := func(inputs []I) string {
		list := make([]string, len(inputs))
		for i, in := range inputs {
			list[i] = fmt.Sprint(in)
		}
		return strings.Join(list, "; ")
	}
	if len(l.Cycle) == 0 {
		return fmt.Sprintf("%s fails: %s; and then nothing happens, for ever", l.Property, text(l.Prefix))
	}
	return fmt.Sprintf("%s fails: %s; and then for ever: %s", l.Property, text(l.Prefix), text(l.Cycle))
}

// LivenessReport is what CheckLiveness found.
type LivenessReport[I any] struct {
	States, Edges int
	Properties    int
	// counterexamples to the properties that fail even with all conjuncts of fairness; none if the
	// check passes
	Broken []*Lasso[I]
	// the conjuncts whose action is never possible within the bounds
	Vacuous []string
	// for each conjunct that is not vacuous: counterexamples to the properties that fail without it
	Without map[string][]*Lasso[I]
}

// Err returns an error if a property fails, or if a conjunct of fairness is not needed. A vacuous
// conjunct is not an error.
func (r *LivenessReport[I]) Err() error {
	var errs []error
	for _, l := range r.Broken {
		errs = append(errs, errors.New(l.String()))
	}
	for name, broken := range r.Without {
		if len(broken) == 0 {
			errs = append(errs, fmt.Errorf("the fairness %s is not needed: every property holds without it", name))
		}
	}
	if r.Properties == 0 || r.States == 0 {
		errs = append(errs, errors.New("nothing was checked"))
	}
	return errors.Join(errs...)
}

// CheckLiveness builds the graph of a machine and checks every liveness property on it. If all
// hold, it leaves out one conjunct of fairness after another, and reports which properties then
// fail.
func CheckLiveness[S, M, I, O any](ctx context.Context, m Machine[S, M, I, O]) (*LivenessReport[I], error) {
	sp, err := build(ctx, &m, Options{Possible: true}, false)
	if err != nil {
		return nil, err
	}
	r := &LivenessReport[I]{States: len(sp.states), Edges: len(sp.edges), Properties: len(m.Liveness),
		Without: map[string][]*Lasso[I]{}}
	asked := make([]*question, len(m.Liveness))
	for i, p := range m.Liveness {
		asked[i] = sp.ask(p)
	}
	check := func(f *fair[S, M, I, O]) (broken []*Lasso[I], err error) {
		for i, p := range m.Liveness {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if l := f.check(p.Name, asked[i]); l != nil {
				broken = append(broken, l)
			}
		}
		return broken, nil
	}
	all := sp.fairly(m.Fairness)
	r.Vacuous = all.vacuous()
	if r.Broken, err = check(all); err != nil || len(r.Broken) > 0 {
		return r, err
	}
	for i, left := range m.Fairness {
		if slices.Contains(r.Vacuous, left.Name) {
			continue
		}
		rest := slices.Delete(slices.Clone(m.Fairness), i, i+1)
		if r.Without[left.Name], err = check(sp.fairly(rest)); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// question describes, for a property P ~> Q, the states of a graph that its check needs.
type question struct {
	starts  []int32 // the states in which P holds and Q doesn't
	reached []bool  // by state: whether a path without Q leads there from one of starts
}

func (sp *space[S, M, I, O]) ask(p LeadsTo[M]) *question {
	pending := make([]bool, len(sp.states)) // Q does not hold
	q := &question{reached: make([]bool, len(sp.states))}
	sp.each(func(n int32, m *M) {
		if pending[n] = !p.Q(m); pending[n] && p.P(m) {
			q.starts, q.reached[n] = append(q.starts, n), true
		}
	})
	for queue := slices.Clone(q.starts); len(queue) > 0; queue = queue[1:] {
		for _, a := range sp.from(queue[0]) {
			if pending[a.to] && !q.reached[a.to] {
				q.reached[a.to] = true
				queue = append(queue, a.to)
			}
		}
	}
	return q
}

// fair is a graph with the conjuncts of fairness. A bit mask represents a set of conjuncts.
type fair[S, M, I, O any] struct {
	space     *space[S, M, I, O]
	conjuncts []Fairness[M, I]
	of        []uint64 // by input: the conjuncts whose action the input belongs to
	barred    []uint64 // by state: the conjuncts whose action has no step from here (When)
	shut      []uint64 // by state: the conjuncts whose action has no step to here (Into)
	able      []uint64 // by state: the conjuncts for which the state requires a step
	done      []uint64 // by state: the conjuncts for which the state counts as a step
	strong    uint64   // the conjuncts that are strong
	all       uint64
}

// fairly returns the graph with these conjuncts. It panics if there are more than 64.
func (sp *space[S, M, I, O]) fairly(conjuncts []Fairness[M, I]) *fair[S, M, I, O] {
	if len(conjuncts) > 64 {
		panic("graphs: more than 64 conjuncts of fairness")
	}
	n := len(sp.states)
	f := &fair[S, M, I, O]{space: sp, conjuncts: conjuncts, of: make([]uint64, len(sp.machine.Inputs)),
		barred: make([]uint64, n), shut: make([]uint64, n), able: make([]uint64, n),
		done: make([]uint64, n), all: 1<<len(conjuncts) - 1}
	for j, c := range conjuncts {
		if c.Strong {
			f.strong |= 1 << j
		}
		for i, in := range sp.machine.Inputs {
			if c.Of == nil || c.Of(in) {
				f.of[i] |= 1 << j
			}
		}
	}
	sp.each(func(n int32, m *M) {
		for j, c := range conjuncts {
			if c.When != nil && !c.When(m) {
				f.barred[n] |= 1 << j
			}
			if c.Into != nil && !c.Into(m) {
				f.shut[n] |= 1 << j
			}
			if c.Owed != nil && c.Owed(m) {
				f.able[n] |= 1 << j
			}
			if c.Done != nil && c.Done(m) {
				f.done[n] |= 1 << j
			}
		}
	})
	stated := uint64(0) // the conjuncts that have the function Owed
	for j, c := range conjuncts {
		if c.Owed != nil {
			stated |= 1 << j
		}
	}
	for n := range int32(n) {
		for _, a := range sp.from(n) {
			f.able[n] |= f.takes(n, a) &^ stated
		}
	}
	return f
}

// takes returns the conjuncts to whose action the edge belongs.
func (f *fair[S, M, I, O]) takes(from int32, a arc) uint64 {
	if a.to == from {
		return 0
	}
	return f.of[a.input] &^ f.barred[from] &^ f.shut[a.to]
}

// vacuous returns the names of the conjuncts for which no state requires a step.
func (f *fair[S, M, I, O]) vacuous() (list []string) {
	ever := uint64(0)
	for _, set := range f.able {
		ever |= set
	}
	for j, c := range f.conjuncts {
		if ever&(1<<j) == 0 {
			list = append(list, c.Name)
		}
	}
	return list
}

// check returns a fair behaviour that breaks the property, or nil if there is none.
//
// From some moment on, such a behaviour stays in states in which Q does not hold, and visits the
// states of a strongly connected set of them again and again. So one exists exactly if there is a
// fair strongly connected component of such states that a path without Q reaches from a state with
// P. A component is fair to a weak conjunct if it has a step of the action, or a state in which the
// action is not possible. It is fair to a strong conjunct if it has a step of the action, or if the
// action is possible in none of its states. A component that is unfair only to strong conjuncts may
// contain fair parts: those without the states in which the action is possible. A single state is a
// component too.
func (f *fair[S, M, I, O]) check(property string, q *question) *Lasso[I] {
	paths := f.space.shortest(0)
	var best []int32 // the fair component nearest to the initial state, for a short counterexample
	nearest := int32(0)
	for within := q.reached; within != nil; {
		var parts []bool
		f.space.components(within, func(component []int32) {
			owed := f.unfair(component)
			switch {
			case owed&^f.strong != 0:
				return
			case owed != 0:
				for _, n := range component {
					if f.able[n]&owed != 0 {
						continue
					}
					if parts == nil {
						parts = make([]bool, len(within))
					}
					parts[n] = true
				}
				return
			}
			d := paths.distance[component[0]]
			for _, n := range component {
				d = min(d, paths.distance[n])
			}
			if best == nil || d < nearest {
				best, nearest = slices.Clone(component), d
			}
		})
		within = parts
	}
	if best == nil {
		return nil
	}
	return f.lasso(property, best, q, paths)
}

// unfair returns the conjuncts that are broken by every behaviour that visits all states of the
// component again and again.
func (f *fair[S, M, I, O]) unfair(component []int32) uint64 {
	always, ever, done := f.all, uint64(0), uint64(0)
	for _, n := range component {
		always &= f.able[n]
		ever |= f.able[n]
		done |= f.done[n]
	}
	owed := (always&^f.strong | ever&f.strong) &^ done
	if owed == 0 || len(component) == 1 {
		return owed
	}
	for _, n := range component {
		for _, a := range f.space.from(n) {
			if has(component, a.to) {
				owed &^= f.takes(n, a)
			}
		}
	}
	return owed
}

// has reports whether a component has a state. The states of a component are sorted.
func has(component []int32, n int32) bool {
	_, found := slices.BinarySearch(component, n)
	return found
}

// components calls visit with each strongly connected component of the states in within. The
// component is sorted, and valid only during the call. It is Tarjan's algorithm, without recursion.
func (sp *space[S, M, I, O]) components(within []bool, visit func([]int32)) {
	const unseen = 0
	number, low := make([]int32, len(within)), make([]int32, len(within))
	onStack := make([]bool, len(within))
	type frame struct{ n, edge int32 }
	var stack []int32
	var calls []frame
	next := int32(1)
	enter := func(n int32) {
		number[n], low[n] = next, next
		next++
		stack, onStack[n] = append(stack, n), true
		calls = append(calls, frame{n: n})
	}
	for root := range within {
		if !within[root] || number[root] != unseen {
			continue
		}
		enter(int32(root))
		for len(calls) > 0 {
			top := &calls[len(calls)-1]
			n := top.n
			if edges := sp.from(n); int(top.edge) < len(edges) {
				to := edges[top.edge].to
				top.edge++
				switch {
				case !within[to]:
				case number[to] == unseen:
					enter(to)
				case onStack[to]:
					low[n] = min(low[n], number[to])
				}
				continue
			}
			calls = calls[:len(calls)-1]
			if len(calls) > 0 {
				caller := calls[len(calls)-1].n
				low[caller] = min(low[caller], low[n])
			}
			if low[n] != number[n] {
				continue
			}
			at := len(stack) - 1
			for stack[at] != n {
				at--
			}
			component := stack[at:]
			for _, m := range component {
				onStack[m] = false
			}
			slices.Sort(component)
			visit(component)
			stack = stack[:at]
		}
	}
}
