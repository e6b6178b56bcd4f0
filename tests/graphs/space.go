package graphs

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// space is a machine's whole graph, with its states: exact, without fingerprints.
type space[S, M, I, O any] struct {
	machine *Machine[S, M, I, O]
	states  []S
	out     []int32 // the edges from state n are edges[out[n]:out[n+1]]
	edges   []arc
	labels  []string // of edges, if they are kept
	refused uint64   // inputs that were tried in a state, refused, and left it as it was
}

// arc is an edge: to a state, by an input, with a label.
type arc struct {
	to    int32
	label int32
	input uint16
}

// buildOptions say how to build.
type buildOptions struct {
	maxStates int  // 0: no bound
	possible  bool // as Options.Possible
	against   bool // as Options.Against
	labels    bool // keep what each step looks like
}

// build explores the machine, one state after the other, and keeps the graph. It returns an error
// if there are more states than the bound, if the machine is broken, if a refused input changes a
// state, or if the context ends: never a part of the graph.
func build[S, M, I, O any](ctx context.Context, m *Machine[S, M, I, O], o buildOptions) (
	sp *space[S, M, I, O], err error) {
	if o.maxStates <= 0 {
		o.maxStates = math.MaxInt32
	}
	p := m.prober(o.possible, o.against)
	sp = &space[S, M, I, O]{machine: m, states: make([]S, 1)}
	defer func() {
		if thrown := recover(); thrown != nil {
			sp, err = nil, fmt.Errorf("%v: panic: %v", m.Inputs[p.at], thrown)
		}
	}()
	index, labels := map[string]int32{string(m.Key(nil, &sp.states[0])): 0}, map[string]int32{}
	var key, text []byte
	take := func(input int, outs []O) {
		key = m.Key(key[:0], &p.state)
		to, known := index[string(key)]
		if !known {
			to = int32(len(sp.states))
			index[string(key)] = to
			sp.states = append(sp.states, p.state)
		}
		a := arc{to: to, input: uint16(input)}
		if o.labels {
			text = appendStep(text[:0], m.Inputs[input], outs)
			id, known := labels[string(text)]
			if !known {
				id = int32(len(sp.labels))
				sp.labels = append(sp.labels, string(text))
				labels[sp.labels[id]] = id
			}
			a.label = id
		}
		sp.edges = append(sp.edges, a)
	}
	fail := func(input int, property, reason string) {
		if err == nil {
			err = fmt.Errorf("%v in the state %+v: %s: %s", m.Inputs[input], p.from, property, reason)
		}
	}
	for at := 0; at < len(sp.states); at++ {
		if at%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		sp.out = append(sp.out, int32(len(sp.edges)))
		s := sp.states[at]
		p.probe(&s, take, fail)
		if err != nil {
			return nil, err
		}
		if len(sp.states) > o.maxStates {
			return nil, fmt.Errorf("the graph has more than %d states", o.maxStates)
		}
	}
	sp.out = append(sp.out, int32(len(sp.edges)))
	sp.refused = p.refused
	return sp, nil
}

// from returns the edges of a state.
func (sp *space[S, M, I, O]) from(n int32) []arc { return sp.edges[sp.out[n]:sp.out[n+1]] }

// each visits the view of every state.
func (sp *space[S, M, I, O]) each(visit func(n int32, m *M)) {
	var view M
	for n := range sp.states {
		sp.machine.View(&sp.states[n], &view)
		visit(int32(n), &view)
	}
}

// appendStep writes a step as the graphs are labelled: "get(1, a, x) -> open(1)".
func appendStep[I, O any](dst []byte, in I, outs []O) []byte {
	dst = append(fmt.Append(dst, in), " ->"...)
	for _, out := range outs {
		dst = fmt.Append(append(dst, ' '), out)
	}
	return dst
}

// StepText writes a step as the graphs are labelled.
func StepText[I, O any](in I, outs []O) string { return string(appendStep(nil, in, outs)) }

// NodeText writes a state that holds the outputs of the step that led to it.
func NodeText[M, O any](m M, outs []O) string {
	text := fmt.Append(nil, m, " <-")
	for _, out := range outs {
		text = fmt.Append(append(text, ' '), out)
	}
	return string(text)
}

// ToGraph builds the machine's graph as text, and returns how many inputs were refused in it. In
// every state every input is tried, and each step and refusal is held against the model. Fewer than
// two states with one text are an error.
func ToGraph[S, M, I, O any](ctx context.Context, m Machine[S, M, I, O]) (*Graph, uint64, error) {
	sp, err := build(ctx, &m, buildOptions{against: !m.ofModel, labels: true})
	if err != nil {
		return nil, 0, err
	}
	g := NewGraph(m.Name)
	texts, known := make([]string, 0, len(sp.states)), map[string]bool{}
	sp.each(func(_ int32, view *M) {
		text := fmt.Sprint(*view)
		texts, known[text] = append(texts, text), true
	})
	if len(known) != len(texts) {
		return nil, 0, fmt.Errorf("the view is not one to one: %d states have %d", len(texts), len(known))
	}
	// A node of the graph is a state, together with the outputs that led to it if the spec has
	// those.
	type node struct {
		state int32
		outs  string
	}
	ids := map[node]int32{}
	add := func(n node) int32 {
		text := texts[n.state]
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
				_, to.outs, _ = strings.Cut(sp.labels[a.label], " ->")
			}
			id, known := ids[to]
			if !known {
				id = add(to)
				queue = append(queue, to)
			}
			g.Edge(at, id, sp.labels[a.label])
		}
	}
	return g, sp.refused, nil
}

// Dot builds the machine's graph, of up to limit states, and draws it for Graphviz: states by their
// texts, broken at "; " and the like, edges by input and outputs.
func Dot[S, M, I, O any](ctx context.Context, m Machine[S, M, I, O], limit int) (string, error) {
	sp, err := build(ctx, &m, buildOptions{maxStates: limit, labels: true})
	if err != nil {
		return "", err
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "; ", `;\n`, "] ", `]\n`, "), ", `),\n`, " -> ", `\n`)
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %q {\n  node [shape=box, fontname=monospace, fontsize=9];\n", m.Name)
	b.WriteString("  edge [fontname=monospace, fontsize=8];\n")
	sp.each(func(n int32, view *M) {
		fmt.Fprintf(&b, "  s%d [label=\"%s\"];\n", n, quoted.Replace(fmt.Sprint(*view)))
		for _, a := range sp.from(n) {
			fmt.Fprintf(&b, "  s%d -> s%d [label=\"%s\"];\n", n, a.to, quoted.Replace(sp.labels[a.label]))
		}
	})
	return b.String() + "}\n", nil
}

// EachStep calls visit with the shortest script that ends with each step of the machine's graph,
// until that returns an error, and returns the numbers of states and steps.
func EachStep[S, M, I, O any](ctx context.Context, m Machine[S, M, I, O], visit func(script []I) error) (
	states, steps int, err error) {
	sp, err := build(ctx, &m, buildOptions{possible: true})
	if err != nil {
		return 0, 0, err
	}
	_, via := sp.distances()
	for n := range sp.states {
		var script []I
		for at := int32(n); at != 0; at = via[at].from {
			script = append(script, m.Inputs[via[at].input])
		}
		slices.Reverse(script)
		for _, a := range sp.from(int32(n)) {
			if err := visit(append(slices.Clone(script), m.Inputs[a.input])); err != nil {
				return 0, 0, err
			}
		}
	}
	return len(sp.states), len(sp.edges), nil
}
