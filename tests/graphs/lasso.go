package graphs

import "slices"

// edge is an arc with its beginning.
type edge struct {
	from int32
	arc
}

// distances returns, for each state, how far it is from the initial one, and the last edge of a
// shortest path to it.
func (sp *space[S, M, I, O]) distances() ([]int32, []edge) {
	distance, via := make([]int32, len(sp.states)), make([]edge, len(sp.states))
	for i := range distance {
		distance[i] = -1
	}
	distance[0] = 0
	for queue := []int32{0}; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		for _, a := range sp.from(n) {
			if distance[a.to] < 0 {
				distance[a.to], via[a.to] = distance[n]+1, edge{n, a}
				queue = append(queue, a.to)
			}
		}
	}
	return distance, via
}

// walk returns a shortest path from one of some states to a state that is wanted, through states
// that are allowed; the beginnings are. It returns the state where the path begins too.
func (sp *space[S, M, I, O]) walk(from []int32, allowed, wanted func(int32) bool) (int32, []edge) {
	back := map[int32]edge{}
	queue := slices.Clone(from)
	for _, n := range from {
		back[n] = edge{from: -1}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		if wanted(n) {
			var path []edge
			for s := back[n]; s.from >= 0; s = back[n] {
				path = append(path, s)
				n = s.from
			}
			slices.Reverse(path)
			return n, path
		}
		for _, a := range sp.from(n) {
			if _, seen := back[a.to]; !seen && allowed(a.to) {
				back[a.to] = edge{n, a}
				queue = append(queue, a.to)
			}
		}
	}
	panic("graphs: a state that is reachable was not reached")
}

// lasso makes the counterexample that ends in a fair component.
func (f *fair[S, M, I, O]) lasso(property string, component []int32, q *question, distance []int32,
	via []edge) *Lasso[I] {
	l := &Lasso[I]{Property: property}
	// Of the states with P that lead there, the nearest to the initial state comes first.
	starts := slices.SortedStableFunc(slices.Values(q.starts),
		func(a, b int32) int { return int(distance[a] - distance[b]) })
	inside := func(n int32) bool { return has(component, n) }
	start, tail := f.space.walk(starts, func(n int32) bool { return q.reached[n] }, inside)
	var head []edge
	for n := start; n != 0; n = head[len(head)-1].from {
		head = append(head, via[n])
	}
	slices.Reverse(head)
	l.P = len(head)
	l.Prefix = f.inputs(append(head, tail...))

	entry := start
	if len(tail) > 0 {
		entry = tail[len(tail)-1].to
	}
	var cycle []edge
	at := entry
	visit := func(wanted func(int32) bool) {
		_, path := f.space.walk([]int32{at}, inside, wanted)
		if len(path) > 0 {
			cycle, at = append(cycle, path...), path[len(path)-1].to
		}
	}
	for j, c := range f.conjuncts {
		bit := uint64(1) << j
		disabled := func(n int32) bool { return f.able[n]&bit == 0 }
		able := func(n int32) bool { return !disabled(n) }
		takes := func(n int32) int {
			return slices.IndexFunc(f.space.from(n),
				func(a arc) bool { return inside(a.to) && f.takes(n, a)&bit != 0 })
		}
		switch {
		case c.Strong && !slices.ContainsFunc(component, able): // can't be taken in it
		case !c.Strong && slices.ContainsFunc(component, disabled): // can't be taken in a state of it
			if !disabled(entry) {
				visit(disabled)
			}
		case len(component) > 1: // is taken in it
			visit(func(n int32) bool { return takes(n) >= 0 })
			a := f.space.from(at)[takes(at)]
			cycle, at = append(cycle, edge{at, a}), a.to
		}
	}
	if at != entry {
		visit(func(n int32) bool { return n == entry })
	}
	l.Cycle = f.inputs(cycle)
	return l
}

func (f *fair[S, M, I, O]) inputs(path []edge) []I {
	list := make([]I, len(path))
	for i, s := range path {
		list[i] = f.space.machine.Inputs[s.input]
	}
	return list
}
