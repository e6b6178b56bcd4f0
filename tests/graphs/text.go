package graphs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Graph is a labelled multigraph. A state is identified by its text. State 0 is the initial one.
type Graph struct {
	Name           string
	Board          string // the playground's board that can play its paths; "" if there is none
	states, labels numbered
	edges          []arc
}

// NewGraph returns an empty graph.
func NewGraph(name string) *Graph { return &Graph{Name: name} }

// State returns the number of a state, and adds the state if it is new.
func (g *Graph) State(text string) int32 { return g.states.number([]byte(text)) }

// Edge adds an edge. The same edge may be added more than once, since the graph is a multigraph.
func (g *Graph) Edge(from, to int32, label string) {
	g.edges = append(g.edges, arc{from: from, to: to, label: g.labels.number([]byte(label))})
}

// Len returns the numbers of states and edges.
func (g *Graph) Len() (states, edges int) { return len(g.states.texts), len(g.edges) }

// Text returns a state's text.
func (g *Graph) Text(id int32) string { return g.states.texts[id] }

// Difference is a step, or an initial state, that only one of two graphs has.
type Difference struct {
	Only  string   // the name of that graph
	Board string   // the board of the playground; "" if there is none
	Path  []string // the labels of a shortest path to From
	From  string   // the state before the step
	Step  string   // the step
	To    string   // the state after the step
}

// String returns the difference as a script.
func (d Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "only %s has this step, after %d others:\n", d.Only, len(d.Path))
	for i, step := range d.Path {
		fmt.Fprintf(&b, "%3d  %s\n", i+1, step)
	}
	fmt.Fprintf(&b, "     in the state  %s\n     the step      %s\n     to the state  %s", d.From, d.Step, d.To)
	if d.Board != "" {
		b.WriteString("\n" + strings.TrimSpace(stepByStep(d.Board, append(slices.Clone(d.Path), d.Step))))
	}
	return b.String()
}

// Compare returns the differences between two graphs, at most limit for each graph, and those
// nearest to the initial state first. It also returns how many edges each graph has that the other
// lacks. Two graphs are equal if they have the same states, and the same edges equally often.
func Compare(a, b *Graph, limit int) (found []Difference, onlyA, onlyB int) {
	if len(a.states.texts) == 0 || len(b.states.texts) == 0 {
		return []Difference{{Only: a.Name + " or " + b.Name, Step: "none: the graph has no states"}}, len(a.edges), len(b.edges)
	}
	if a.Text(0) != b.Text(0) {
		for _, g := range []*Graph{a, b} {
			found = append(found, Difference{Only: g.Name, To: g.Text(0), Step: "none: this is the initial state"})
		}
	}
	first, n := missing(a, b, limit)
	second, m := missing(b, a, limit)
	steps := slices.Concat(first, second)
	for i := range steps {
		steps[i].Board = cmp.Or(a.Board, b.Board)
	}
	return append(found, steps...), n, m
}

// missing returns at most limit of the edges that a has more often than b, and the number of all
// such edges.
func missing(a, b *Graph, limit int) (found []Difference, n int) {
	states, labels := a.states.in(&b.states), a.labels.in(&b.labels)
	has := make(map[arc]int32, len(b.edges))
	for _, e := range b.edges {
		has[e]++
	}
	var lacking []arc
	for _, e := range a.edges {
		other := arc{from: states[e.from], to: states[e.to], label: labels[e.label]}
		if n := has[other]; n > 0 {
			has[other] = n - 1
			continue
		}
		lacking = append(lacking, e)
	}
	if len(lacking) == 0 {
		return nil, 0
	}
	paths := a.paths()
	slices.SortStableFunc(lacking, func(x, y arc) int { return int(paths.distance[x.from] - paths.distance[y.from]) })
	for _, e := range lacking[:min(limit, len(lacking))] {
		d := Difference{Only: a.Name, From: a.Text(e.from), Step: a.labels.texts[e.label], To: a.Text(e.to)}
		for _, step := range paths.to(e.from) {
			d.Path = append(d.Path, a.labels.texts[step.label])
		}
		found = append(found, d)
	}
	return found, len(lacking)
}

// paths returns a shortest path to each state.
func (g *Graph) paths() paths {
	return newNetwork(len(g.states.texts), g.edges).shortest(0)
}

// Unreached returns the number of states that no path from the initial state reaches.
func (g *Graph) Unreached() (n int) {
	for _, d := range g.paths().distance {
		if d < 0 {
			n++
		}
	}
	return n
}
