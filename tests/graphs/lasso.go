package graphs

import "slices"

// lasso returns a counterexample that ends in a fair component.
func (f *fair[S, M, I, O]) lasso(property string, component []int32, q *question,
	paths paths) *Lasso[I] {
	l := &Lasso[I]{Property: property}
	// The path goes through the state with P that is nearest to the initial state.
	starts := slices.SortedStableFunc(slices.Values(q.starts),
		func(a, b int32) int { return int(paths.distance[a] - paths.distance[b]) })
	inside := func(n int32) bool { return has(component, n) }
	tail := f.space.shortestWithin(func(n int32) bool { return q.reached[n] }, starts...)
	entry := tail.nearest(inside)
	behind := tail.to(entry)
	start := entry
	if len(behind) > 0 {
		start = behind[0].from
	}
	head := paths.to(start)
	l.P = len(head)
	l.Prefix = f.space.inputs(append(head, behind...))

	var cycle []arc
	at := entry
	visit := func(wanted func(int32) bool) {
		round := f.space.shortestWithin(inside, at)
		end := round.nearest(wanted)
		cycle, at = append(cycle, round.to(end)...), end
	}
	for j, c := range f.conjuncts {
		bit := uint64(1) << j
		disabled := func(n int32) bool { return f.able[n]&bit == 0 }
		able := func(n int32) bool { return !disabled(n) }
		done := func(n int32) bool { return f.done[n]&bit != 0 }
		takes := func(n int32) int {
			return slices.IndexFunc(f.space.from(n),
				func(a arc) bool { return inside(a.to) && f.takes(n, a)&bit != 0 })
		}
		switch {
		case slices.ContainsFunc(component, done):
			visit(done)
		case c.Strong && !slices.ContainsFunc(component, able): // none can take the action
		// some state of the component can't take the action
		case !c.Strong && slices.ContainsFunc(component, disabled):
			if !disabled(entry) {
				visit(disabled)
			}
		case len(component) > 1: // the component has a step of the action
			visit(func(n int32) bool { return takes(n) >= 0 })
			a := f.space.from(at)[takes(at)]
			cycle, at = append(cycle, a), a.to
		}
	}
	if at != entry {
		visit(func(n int32) bool { return n == entry })
	}
	l.Cycle = f.space.inputs(cycle)
	return l
}
