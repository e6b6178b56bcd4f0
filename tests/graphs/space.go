package graphs

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// space is a machine's whole graph, with its states and without fingerprints.
type space[S, M, I, O any] struct {
	network
	machine *Machine[S, M, I, O]
	states  []S
	labels  numbered // the texts of steps, if they are kept
	refused uint64   // inputs, counted in each state, that were refused
}

// build explores the machine, and returns its whole graph. With labelled, edges have the texts of
// their steps. Of the options, build uses only Possible and Against. It returns an error, and no
// graph, if the machine has a fault, if a refused input changes a state, or if the context ends.
func build[S, M, I, O any](ctx context.Context, m *Machine[S, M, I, O], o Options, labelled bool) (
	sp *space[S, M, I, O], err error) {
	p := m.prober(o.Possible, o.Against)
	sp = &space[S, M, I, O]{machine: m, states: make([]S, 1)}
	defer func() {
		if thrown := recover(); thrown != nil {
			sp, err = nil, fmt.Errorf("%v: panic: %v", m.Inputs[p.at], thrown)
		}
	}()
	var keys numbered
	keys.number(m.Key(nil, &sp.states[0]))
	var key, text []byte
	from := int32(0)
	take := func(input int, outs []O) {
		key = m.Key(key[:0], &p.state)
		a := arc{from: from, to: keys.number(key), input: uint16(input)}
		if int(a.to) == len(sp.states) {
			sp.states = append(sp.states, p.state)
		}
		if labelled {
			text = appendStep(text[:0], m.Inputs[input], outs)
			a.label = sp.labels.number(text)
		}
		sp.edges = append(sp.edges, a)
	}
	fail := func(input int, property, reason string) {
		if err == nil {
			err = fmt.Errorf("%v in the state %+v: %s: %s", m.Inputs[input], p.from, property, reason)
		}
	}
	for ; int(from) < len(sp.states); from++ {
		if from%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		sp.out = append(sp.out, int32(len(sp.edges)))
		s := sp.states[from]
		p.probe(&s, take, fail)
		if err != nil {
			return nil, err
		}
	}
	sp.out = append(sp.out, int32(len(sp.edges)))
	sp.refused = p.refused
	return sp, nil
}

// each calls visit with the view of every state.
func (sp *space[S, M, I, O]) each(visit func(n int32, m *M)) {
	var view M
	for n := range sp.states {
		sp.machine.View(&sp.states[n], &view)
		visit(int32(n), &view)
	}
}

// appendStep appends the label of a step: "get(1, a, x) -> open(1)".
func appendStep[I, O any](dst []byte, in I, outs []O) []byte {
	dst = append(fmt.Append(dst, in), " ->"...)
	for _, out := range outs {
		dst = fmt.Append(append(dst, ' '), out)
	}
	return dst
}

// StepText returns the label of a step: "get(1, a, x) -> open(1)".
func StepText[I, O any](in I, outs []O) string { return string(appendStep(nil, in, outs)) }

// NodeText returns the text of a node: a state, and the outputs of the step that led to it.
func NodeText[M, O any](m M, outs []O) string {
	text := fmt.Append(nil, m, " <-")
	for _, out := range outs {
		text = fmt.Append(append(text, ' '), out)
	}
	return string(text)
}

// ToGraph returns the machine's graph as text, and how many inputs were refused in it. It tries
// every input in every state, and compares each step and each refused input with the model. It
// returns an error if two states have the same text.
func ToGraph[S, M, I, O any](ctx context.Context, m Machine[S, M, I, O]) (*Graph, uint64, error) {
	sp, err := build(ctx, &m, Options{Against: !m.ofModel}, true)
	if err != nil {
		return nil, 0, err
	}
	g := NewGraph(m.Name)
	g.Board = m.Board
	var texts numbered
	sp.each(func(_ int32, view *M) { texts.number(fmt.Append(nil, *view)) })
	if n := len(texts.texts); n != len(sp.states) {
		return nil, 0, fmt.Errorf("the view maps different states to the same text: %d states have %d texts", len(sp.states), n)
	}
	// A node of the graph is a state. If the spec's states contain outputs, a node also has the
	// outputs of the step that led to it.
	type node struct {
		state int32
		outs  string
	}
	ids := map[node]int32{}
	add := func(n node) int32 {
		text := texts.texts[n.state]
		if m.OutputsInState {
			text += " <-" + n.outs
		}
		ids[n] = g.State(text)
		return ids[n]
	}
	add(node{})
	for queue := []node{{}}; len(queue) > 0; queue = queue[1:] {
		at := ids[queue[0]]
		for _, a := range sp.from(queue[0].state) {
			to := node{state: a.to}
			if m.OutputsInState {
				_, to.outs, _ = strings.Cut(sp.labels.texts[a.label], " ->")
			}
			id, known := ids[to]
			if !known {
				id = add(to)
				queue = append(queue, to)
			}
			g.Edge(at, id, sp.labels.texts[a.label])
		}
	}
	return g, sp.refused, nil
}

// EachStep calls visit once for each step of the machine's graph, with the shortest script that
// ends with this step. It stops at the first error of visit. It returns the numbers of states and
// steps.
func EachStep[S, M, I, O any](ctx context.Context, m Machine[S, M, I, O], visit func(script []I) error) (
	states, steps int, err error) {
	sp, err := build(ctx, &m, Options{Possible: true}, false)
	if err != nil {
		return 0, 0, err
	}
	paths := sp.shortest(0)
	for n := range sp.states {
		script := sp.inputs(paths.to(int32(n)))
		for _, a := range sp.from(int32(n)) {
			if err := visit(append(slices.Clone(script), m.Inputs[a.input])); err != nil {
				return 0, 0, err
			}
		}
	}
	return len(sp.states), len(sp.edges), nil
}

// inputs returns the inputs of a path.
func (sp *space[S, M, I, O]) inputs(path []arc) []I {
	list := make([]I, len(path))
	for i, a := range path {
		list[i] = sp.machine.Inputs[a.input]
	}
	return list
}
