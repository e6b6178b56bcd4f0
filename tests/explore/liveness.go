package explore

import (
	"fmt"
	"slices"
	"strings"
)

// LeadsTo is the property P ~> Q: from every state in which P holds, every fair behaviour comes to a state in which Q does. A
// behaviour is a path of steps without end, or one that stops at a state and stays there (stutters) for ever.
type LeadsTo[S any] struct {
	Name string
	P, Q func(s S) bool
}

// Fairness is one conjunct of fairness. Weak fairness: an action, which is a set of inputs, that can be taken in every state from some
// moment on is taken again and again. Strong fairness: one that can be taken again and again is. A step that leads back to the state
// that it left is no step of the action: it can't be told from stuttering.
type Fairness[I any] struct {
	Name   string
	Of     func(in I) bool // whether the input is one of the action
	Strong bool
}

// Lasso is a fair behaviour that breaks a property: it goes along Prefix, and then round Cycle for ever; if Cycle is empty, it stays
// where it is. P holds after some inputs of the prefix, and Q neither then nor ever after.
type Lasso[I any] struct {
	Property string
	Prefix   []I
	P        int // how many inputs of the prefix lead to the state in which P holds
	Cycle    []I
	Why      []string // for each conjunct of fairness, why the behaviour is fair to it
}

// String prints the behaviour in one line.
func (l *Lasso[I]) String() string {
	text := func(inputs []I) string {
		list := make([]string, len(inputs))
		for i, in := range inputs {
			list[i] = fmt.Sprint(in)
		}
		return strings.Join(list, "; ")
	}
	if len(l.Cycle) == 0 {
		return fmt.Sprintf("%s fails: %s; and then nothing, for ever", l.Property, text(l.Prefix))
	}
	return fmt.Sprintf("%s fails: %s; and then for ever: %s", l.Property, text(l.Prefix), text(l.Cycle))
}

// Fair is a graph with fairness, for [Fair.Check].
type Fair[S, I, O any] struct {
	space     *Space[S, I, O]
	conjuncts []Fairness[I]
	of        []uint64       // by input: the conjuncts of whose action it is
	able      []uint64       // by state: the conjuncts whose action can be taken
	strong    uint64         // the conjuncts that are strong
	only      []func(S) bool // by conjunct: in which states its inputs are steps of the action; nil for all
	barred    []uint64       // by state: the conjuncts of whose action no input is there; nil for none
}

// Fairly adds fairness to the graph. At most 64 conjuncts are taken; more are a panic.
func (sp *Space[S, I, O]) Fairly(conjuncts ...Fairness[I]) *Fair[S, I, O] {
	if len(conjuncts) > 64 {
		panic("explore: more than 64 conjuncts of fairness")
	}
	f := &Fair[S, I, O]{space: sp, conjuncts: conjuncts, of: make([]uint64, len(sp.alphabet)), able: make([]uint64, len(sp.keys)),
		only: make([]func(S) bool, len(conjuncts))}
	for j, c := range conjuncts {
		if c.Strong {
			f.strong |= 1 << j
		}
	}
	for i, in := range sp.alphabet {
		for j, c := range conjuncts {
			if c.Of(in) {
				f.of[i] |= 1 << j
			}
		}
	}
	for n := range sp.keys {
		for _, a := range sp.from(int32(n)) {
			if a.to != int32(n) {
				f.able[n] |= f.of[a.input]
			}
		}
	}
	return f
}

// Only narrows the action of the conjunct with that name, if there is one, to steps from the states in which it is to count.
func (f *Fair[S, I, O]) Only(name string, in func(s S) bool) error {
	j := slices.IndexFunc(f.conjuncts, func(c Fairness[I]) bool { return c.Name == name })
	if j < 0 {
		return nil
	}
	f.only[j] = in
	if f.barred == nil {
		f.barred = make([]uint64, len(f.able))
	}
	return f.space.each(func(n int32, w Walker[S, I, O]) {
		if !in(w.State()) {
			f.able[n] &^= 1 << j
			f.barred[n] |= 1 << j
		}
	})
}

// takes returns the conjuncts of whose action an edge is a step.
func (f *Fair[S, I, O]) takes(from int32, a arc) uint64 {
	switch {
	case a.to == from:
		return 0
	case f.barred == nil:
		return f.of[a.input]
	}
	return f.of[a.input] &^ f.barred[from]
}

// all is the set of the conjuncts.
func (f *Fair[S, I, O]) all() (set uint64) {
	for j := range f.conjuncts {
		set |= 1 << j
	}
	return set
}

// Vacuous returns the names of the conjuncts whose action can be taken in no state: they ask for nothing.
func (f *Fair[S, I, O]) Vacuous() (list []string) {
	var ever uint64
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

// Check looks for a fair behaviour that breaks the property, and returns none if every fair behaviour of the graph keeps it. Such a
// behaviour ends in a strongly connected part of the states in which Q does not hold, all of which it may visit again and again; so
// there is one exactly when some such component, reached from a state with P and without Q in between, is fair: for each weak conjunct
// it has a step of the action, or a state in which the action can't be taken; for each strong one a step of the action, or no state in
// which it can. A component that is not fair only for lack of a strong one's step may have fair parts, without the states in
// which that can be taken. A state by itself is a component too.
func (f *Fair[S, I, O]) Check(p LeadsTo[S]) (*Lasso[I], error) {
	pending := make([]bool, len(f.space.keys)) // Q does not hold
	var starts []int32
	err := f.space.each(func(n int32, w Walker[S, I, O]) {
		if s := w.State(); !p.Q(s) {
			pending[n] = true
			if p.P(s) {
				starts = append(starts, n)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	reached := make([]bool, len(pending))
	queue := slices.Clone(starts)
	for _, n := range starts {
		reached[n] = true
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, a := range f.space.from(queue[0]) {
			if pending[a.to] && !reached[a.to] {
				reached[a.to] = true
				queue = append(queue, a.to)
			}
		}
	}
	// The nearest fair component is taken, so that the counterexample is short.
	distance, via := f.space.distances()
	var best []int32
	nearest := int32(0)
	for within := reached; within != nil; {
		var parts []bool
		f.space.components(within, func(component []int32) {
			switch owed := f.unfair(component); {
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
			d := distance[component[0]]
			for _, n := range component {
				d = min(d, distance[n])
			}
			if best == nil || d < nearest {
				best, nearest = slices.Clone(component), d
			}
		})
		within = parts
	}
	if best == nil {
		return nil, nil
	}
	l := f.lasso(p.Name, best, starts, reached, distance, via)
	return l, f.replay(l, p)
}

// unfair returns the conjuncts that a behaviour that visits all of the component again and again breaks, whatever else it does.
func (f *Fair[S, I, O]) unfair(component []int32) uint64 {
	always, ever := f.all(), uint64(0)
	for _, n := range component {
		always &= f.able[n]
		ever |= f.able[n]
	}
	owed := always&^f.strong | ever&f.strong
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

// has looks in a component, whose states are sorted.
func has(component []int32, n int32) bool {
	_, found := slices.BinarySearch(component, n)
	return found
}

// components calls visit with each strongly connected component of the states that are within, sorted; the slice is used again.
// It is Tarjan's algorithm, without recursion.
func (sp *Space[S, I, O]) components(within []bool, visit func([]int32)) {
	const unseen = 0
	number, low := make([]int32, len(within)), make([]int32, len(within))
	onStack := make([]bool, len(within))
	type frame struct {
		n    int32
		edge int32
	}
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
