package graphs

import (
	"fmt"
	"slices"
	"strings"
)

// Graph is a labelled multigraph. States are known by their text; state 0 is the initial one.
type Graph struct {
	Name   string
	states []string
	index  map[string]int32
	labels []string
	label  map[string]int32
	edges  []link
}

type link struct{ from, to, label int32 }

// NewGraph returns an empty graph.
func NewGraph(name string) *Graph {
	return &Graph{Name: name, index: map[string]int32{}, label: map[string]int32{}}
}

// State returns the number of a state, adding it when it is new.
func (g *Graph) State(text string) int32 {
	id, ok := g.index[text]
	if !ok {
		id = int32(len(g.states))
		g.index[text] = id
		g.states = append(g.states, text)
	}
	return id
}

// Edge adds an edge. The same edge may be added more than once: it is a multigraph.
func (g *Graph) Edge(from, to int32, label string) {
	id, ok := g.label[label]
	if !ok {
		id = int32(len(g.labels))
		g.label[label] = id
		g.labels = append(g.labels, label)
	}
	g.edges = append(g.edges, link{from, to, id})
}

// Len returns the numbers of states and edges.
func (g *Graph) Len() (states, edges int) { return len(g.states), len(g.edges) }

// Text returns a state's text.
func (g *Graph) Text(id int32) string { return g.states[id] }

// Difference is something that only one of two graphs has.
type Difference struct {
	Only string   // the graph that has it
	Path []string // the labels of a shortest path to the state where it shows
	From string   // that state
	Step string   // the step that only one side has; "" when the initial states differ
	To   string   // where the step leads
}

// String tells the difference as a script.
func (d Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "only %s has this step, after %d others:\n", d.Only, len(d.Path))
	for i, step := range d.Path {
		fmt.Fprintf(&b, "%3d  %s\n", i+1, step)
	}
	fmt.Fprintf(&b, "     in the state  %s\n     the step      %s\n     to the state  %s", d.From, d.Step, d.To)
	return b.String()
}

// Compare returns the differences between two graphs, nearest to the initial state first, at most
// limit of each side, and how many edges each side has that the other lacks. Equal graphs have
// none: the same states, and between them the same edges, equally often.
func Compare(a, b *Graph, limit int) (found []Difference, onlyA, onlyB int) {
	if len(a.states) == 0 || len(b.states) == 0 {
		return []Difference{{Only: a.Name + " or " + b.Name, Step: "a graph without states"}}, len(a.edges), len(b.edges)
	}
	if a.states[0] != b.states[0] {
		found = append(found, Difference{Only: a.Name, To: a.states[0], Step: "the initial state"}, Difference{Only: b.Name, To: b.states[0], Step: "the initial state"})
	}
	first, n := missing(a, b, limit)
	second, m := missing(b, a, limit)
	return append(append(found, first...), second...), n, m
}

// missing finds the edges of a that b lacks, or has less often.
func missing(a, b *Graph, limit int) ([]Difference, int) {
	toB := make([]int32, len(a.states))
	for i, text := range a.states {
		toB[i] = -1
		if j, ok := b.index[text]; ok {
			toB[i] = j
		}
	}
	labelB := make([]int32, len(a.labels))
	for i, text := range a.labels {
		labelB[i] = -1
		if j, ok := b.label[text]; ok {
			labelB[i] = j
		}
	}
	has := make(map[link]int32, len(b.edges))
	for _, e := range b.edges {
		has[e]++
	}
	var lacking []link
	for _, e := range a.edges {
		mapped := link{toB[e.from], toB[e.to], labelB[e.label]}
		if n := has[mapped]; n > 0 {
			has[mapped] = n - 1
			continue
		}
		lacking = append(lacking, e)
	}
	if len(lacking) == 0 {
		return nil, 0
	}
	depth, via := a.paths()
	slices.SortStableFunc(lacking, func(x, y link) int { return int(depth[x.from]) - int(depth[y.from]) })
	var found []Difference
	for _, e := range lacking[:min(limit, len(lacking))] {
		d := Difference{Only: a.Name, From: a.states[e.from], Step: a.labels[e.label], To: a.states[e.to]}
		for at := e.from; at != 0 && depth[at] > 0; at = a.edges[via[at]].from {
			d.Path = append(d.Path, a.labels[a.edges[via[at]].label])
		}
		slices.Reverse(d.Path)
		found = append(found, d)
	}
	return found, len(lacking)
}

// paths finds, for each state, how far it is from the initial one and the last edge of a shortest
// path to it.
func (g *Graph) paths() (depth, via []int32) {
	depth, via = make([]int32, len(g.states)), make([]int32, len(g.states))
	out := make([][]int32, len(g.states))
	for i, e := range g.edges {
		out[e.from] = append(out[e.from], int32(i))
	}
	for i := range depth {
		depth[i] = -1
	}
	depth[0] = 0
	for queue := []int32{0}; len(queue) > 0; queue = queue[1:] {
		for _, i := range out[queue[0]] {
			if to := g.edges[i].to; depth[to] < 0 {
				depth[to], via[to] = depth[queue[0]]+1, i
				queue = append(queue, to)
			}
		}
	}
	return depth, via
}

// Unreached counts the states that no path leads to from the initial one; a graph of reachable
// states has none.
func (g *Graph) Unreached() int {
	depth, _ := g.paths()
	n := 0
	for _, d := range depth {
		if d < 0 {
			n++
		}
	}
	return n
}
