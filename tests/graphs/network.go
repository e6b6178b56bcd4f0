package graphs

import "slices"

// arc is an edge: from one state to another, by an input or with a label.
type arc struct {
	from, to, label int32
	input           uint16
}

// network is the edges of a graph; those from state n are edges[out[n]:out[n+1]].
type network struct {
	edges []arc
	out   []int32
}

// newNetwork sorts the edges of a graph of so many states.
func newNetwork(states int, edges []arc) *network {
	n := &network{edges: slices.SortedStableFunc(slices.Values(edges),
		func(a, b arc) int { return int(a.from - b.from) })}
	for i, a := range n.edges {
		for len(n.out) <= int(a.from) {
			n.out = append(n.out, int32(i))
		}
	}
	for len(n.out) <= states {
		n.out = append(n.out, int32(len(edges)))
	}
	return n
}

// from returns the edges of a state.
func (n *network) from(state int32) []arc { return n.edges[n.out[state]:n.out[state+1]] }

// paths are shortest paths to states: how far each is, -1 if no path leads there, and the last edge
// of one. order has the states that were reached, nearest first.
type paths struct {
	distance, order []int32
	via             []arc
}

// shortest finds shortest paths from some states.
func (n *network) shortest(from ...int32) paths {
	return n.shortestWithin(func(int32) bool { return true }, from...)
}

// shortestWithin is shortest through states that are allowed.
func (n *network) shortestWithin(allowed func(int32) bool, from ...int32) paths {
	p := paths{distance: make([]int32, len(n.out)-1), via: make([]arc, len(n.out)-1), order: slices.Clone(from)}
	for i := range p.distance {
		p.distance[i] = -1
	}
	for _, state := range from {
		p.distance[state] = 0
	}
	for i := 0; i < len(p.order); i++ {
		at := p.order[i]
		for _, a := range n.from(at) {
			if p.distance[a.to] < 0 && allowed(a.to) {
				p.distance[a.to], p.via[a.to] = p.distance[at]+1, a
				p.order = append(p.order, a.to)
			}
		}
	}
	return p
}

// to returns the path to a state that is reached.
func (p *paths) to(state int32) (path []arc) {
	for ; p.distance[state] > 0; state = p.via[state].from {
		path = append(path, p.via[state])
	}
	slices.Reverse(path)
	return path
}

// nearest returns the first state that is wanted, of those that are reached.
func (p *paths) nearest(wanted func(int32) bool) int32 {
	return p.order[slices.IndexFunc(p.order, wanted)]
}

// numbered numbers texts in the order in which they come.
type numbered struct {
	texts []string
	ids   map[string]int32
}

func (n *numbered) number(text []byte) int32 {
	id, known := n.ids[string(text)]
	if !known {
		if n.ids == nil {
			n.ids = map[string]int32{}
		}
		id = int32(len(n.texts))
		n.texts = append(n.texts, string(text))
		n.ids[n.texts[id]] = id
	}
	return id
}

// in returns the numbers that the texts have in another list, -1 for those that it lacks.
func (n *numbered) in(other *numbered) []int32 {
	list := make([]int32, len(n.texts))
	for i, text := range n.texts {
		list[i] = -1
		if id, ok := other.ids[text]; ok {
			list[i] = id
		}
	}
	return list
}
