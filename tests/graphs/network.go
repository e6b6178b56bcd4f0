package graphs

import "slices"

// arc is an edge from one state to another. It has an input or a label.
type arc struct {
	from, to, label int32
	input           uint16
}

// network is the edges of a graph. The edges from state n are edges[out[n]:out[n+1]].
type network struct {
	edges []arc
	out   []int32
}

// newNetwork returns the network of a graph with this number of states. It sorts the edges.
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

// from returns the edges that begin in a state.
func (n *network) from(state int32) []arc { return n.edges[n.out[state]:n.out[state+1]] }

// paths are shortest paths to states. distance is the length of the path to each state, or -1 if
// there is none; via is the last edge of the path. order has the states that were reached, nearest
// first.
type paths struct {
	distance, order []int32
	via             []arc
}

// shortest finds the shortest paths that begin in some states.
func (n *network) shortest(from ...int32) paths {
	return n.shortestWithin(func(int32) bool { return true }, from...)
}

// shortestWithin is like shortest, but goes only through states that are allowed.
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

// to returns the path to a state that was reached.
func (p *paths) to(state int32) (path []arc) {
	for ; p.distance[state] > 0; state = p.via[state].from {
		path = append(path, p.via[state])
	}
	slices.Reverse(path)
	return path
}

// nearest returns the nearest state for which wanted returns true. There must be such a state.
func (p *paths) nearest(wanted func(int32) bool) int32 {
	return p.order[slices.IndexFunc(p.order, wanted)]
}

// numbered gives numbers to texts, in the order of their first use.
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

// in returns the numbers that the texts have in another list: -1 for a text that is not in that
// list.
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
