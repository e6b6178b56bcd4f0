package explore

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"strings"
)

// Graph is a machine's reachable states and steps as texts: a labelled multigraph. State 0 is the initial one.
type Graph struct {
	States []string
	Edges  []Edge // by From, and for each in the order of the alphabet
}

// Edge is one step.
type Edge struct {
	From, To int
	Label    string // the input
	Outputs  []string
}

// Space is a machine's graph in a compact form, with the key of each state: exact, without fingerprints. Build makes it.
type Space[S, I, O any] struct {
	Refused uint64 // inputs that were tried in a state, refused, and left it as it was

	machine  Machine[S, I, O]
	alphabet []I
	keys     []string
	out      []int32 // the edges from state n are edges[out[n]:out[n+1]]
	edges    []arc
}

// arc is an edge: to a state, by an input.
type arc struct {
	to    int32
	input uint16
}

// BuildOptions say how to build. The zero BuildOptions build all.
type BuildOptions struct {
	MaxStates    int  // 0: 2147483647, the most that can be numbered
	SkipUnlikely bool // as in Options
}

// Build explores the machine, one state after the other, and keeps the graph. It returns an error if there are more states than the
// bound, if the machine is broken, if a refused input changes a state, or if the context ends: never a part of the graph.
func Build[S, I, O any](ctx context.Context, m Machine[S, I, O], o BuildOptions) (sp *Space[S, I, O], err error) {
	p := newProber(m, o.SkipUnlikely)
	sp = &Space[S, I, O]{machine: m, alphabet: p.alphabet}
	limit := o.MaxStates
	if limit <= 0 || limit > math.MaxInt32 {
		limit = math.MaxInt32
	}
	defer func() {
		if thrown := recover(); thrown != nil {
			sp, err = nil, fmt.Errorf("%s: panic: %v", m.InputText(p.alphabet[p.at]), thrown)
		}
	}()
	first := string(p.base.Key(nil))
	index := map[string]int32{first: 0}
	sp.keys = append(sp.keys, first)
	var key []byte
	take := func(input int, _ []O) {
		key = p.work.Key(key[:0])
		to, known := index[string(key)]
		if !known {
			to = int32(len(sp.keys))
			text := string(key)
			index[text] = to
			sp.keys = append(sp.keys, text)
		}
		sp.edges = append(sp.edges, arc{to, uint16(input)})
	}
	var failure error
	fail := func(input int, property, reason string) {
		failure = fmt.Errorf("%s: %s: %s", m.InputText(p.alphabet[input]), property, reason)
	}
	for at := 0; at < len(sp.keys); at++ {
		if at%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		sp.out = append(sp.out, int32(len(sp.edges)))
		p.probe([]byte(sp.keys[at]), take, fail)
		if failure != nil {
			return nil, failure
		}
		if len(sp.keys) > limit {
			return nil, fmt.Errorf("the graph has more than %d states", limit)
		}
	}
	sp.out = append(sp.out, int32(len(sp.edges)))
	sp.Refused = p.refused
	return sp, nil
}

// Len returns the numbers of states and edges.
func (sp *Space[S, I, O]) Len() (states, edges int) { return len(sp.keys), len(sp.edges) }

// from returns the edges of a state.
func (sp *Space[S, I, O]) from(n int32) []arc { return sp.edges[sp.out[n]:sp.out[n+1]] }

// each visits every state with a walker that is in it.
func (sp *Space[S, I, O]) each(visit func(n int32, w Walker[S, I, O])) error {
	w := sp.machine.Walker()
	for n, key := range sp.keys {
		if err := w.Load([]byte(key)); err != nil {
			return err
		}
		visit(int32(n), w)
	}
	return nil
}

// Graph writes the texts of all states and steps. The machine takes each step again, so that the outputs need not be kept.
func (sp *Space[S, I, O]) Graph() (*Graph, error) {
	g := &Graph{States: make([]string, 0, len(sp.keys)), Edges: make([]Edge, 0, len(sp.edges))}
	labels := make([]string, len(sp.alphabet))
	for i, in := range sp.alphabet {
		labels[i] = sp.machine.InputText(in)
	}
	same := map[string]string{} // texts of outputs come again and again
	stepper := sp.machine.Walker()
	var failed error
	err := sp.each(func(n int32, w Walker[S, I, O]) {
		g.States = append(g.States, sp.machine.StateText(w.State()))
		for _, a := range sp.from(n) {
			if err := stepper.Load([]byte(sp.keys[n])); err != nil {
				failed = err
				return
			}
			outs, err := stepper.Step(sp.alphabet[a.input])
			if err != nil {
				failed = fmt.Errorf("%s was taken, and then was not: %w", labels[a.input], err)
				return
			}
			e := Edge{From: int(n), To: int(a.to), Label: labels[a.input]}
			for _, out := range outs {
				text := sp.machine.OutputText(out)
				if kept, ok := same[text]; ok {
					text = kept
				} else {
					same[text] = text
				}
				e.Outputs = append(e.Outputs, text)
			}
			g.Edges = append(g.Edges, e)
		}
	})
	if err != nil {
		return nil, err
	}
	return g, failed
}

// WriteDot draws the graph for Graphviz: states by their texts, broken at "; " and before "] ", edges by input and outputs.
func (g *Graph) WriteDot(to io.Writer, name string) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "digraph %q {\n  node [shape=box, fontname=monospace, fontsize=9];\n  edge [fontname=monospace, fontsize=8];\n", name)
	for i, text := range g.States {
		style := ""
		if i == 0 {
			style = ", style=bold"
		}
		fmt.Fprintf(w, "  s%d [label=%s%s];\n", i, quoted(text), style)
	}
	for _, e := range g.Edges {
		label := e.Label
		if len(e.Outputs) > 0 {
			label += "\n" + strings.Join(e.Outputs, "\n")
		}
		fmt.Fprintf(w, "  s%d -> s%d [label=%s];\n", e.From, e.To, quoted(label))
	}
	fmt.Fprintln(w, "}")
	return w.Flush()
}

// quoted writes a string as DOT has it: only the quote is escaped, and a line break is \n.
func quoted(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "; ", `;\n`, "] ", `]\n`, "), ", `),\n`).Replace(s)
	return `"` + s + `"`
}
