package explore

import (
	"bytes"
	"fmt"
	"slices"
)

// step is an edge with its beginning.
type step struct {
	from int32
	arc
}

// distances returns, for each state, how far it is from the initial one, and the last step of a shortest path to it.
func (sp *Space[S, I, O]) distances() ([]int32, []step) {
	distance, via := make([]int32, len(sp.keys)), make([]step, len(sp.keys))
	for i := range distance {
		distance[i] = -1
	}
	distance[0] = 0
	for queue := []int32{0}; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		for _, a := range sp.from(n) {
			if distance[a.to] < 0 {
				distance[a.to], via[a.to] = distance[n]+1, step{n, a}
				queue = append(queue, a.to)
			}
		}
	}
	return distance, via
}

// walk returns a shortest path from one of some states to a state that is wanted, through states that are allowed; the beginnings
// are. It returns the state where the path begins too.
func (sp *Space[S, I, O]) walk(from []int32, allowed, wanted func(int32) bool) (begin int32, path []step) {
	back := map[int32]step{}
	queue := make([]int32, 0, len(from))
	for _, n := range from {
		back[n] = step{from: -1}
		queue = append(queue, n)
	}
	for ; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		if wanted(n) {
			for s := back[n]; s.from >= 0; s = back[n] {
				path = append(path, s)
				n = s.from
			}
			slices.Reverse(path)
			return n, path
		}
		for _, a := range sp.from(n) {
			if _, seen := back[a.to]; !seen && allowed(a.to) {
				back[a.to] = step{n, a}
				queue = append(queue, a.to)
			}
		}
	}
	panic("explore: a state that is reachable was not reached")
}

// lasso makes the counterexample that ends in a fair component.
func (f *Fair[S, I, O]) lasso(property string, component, starts []int32, reached []bool, distance []int32, via []step) *Lasso[I] {
	l := &Lasso[I]{Property: property}
	// Of the states with P that lead there, the nearest to the initial state comes first.
	slices.SortStableFunc(starts, func(a, b int32) int { return int(distance[a] - distance[b]) })
	within := func(n int32) bool { return reached[n] }
	start, tail := f.space.walk(starts, within, func(n int32) bool { return has(component, n) })
	var head []step
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
	inside := func(n int32) bool { return has(component, n) }
	var cycle []step
	at := entry
	stay := len(component) == 1 // it can stutter; else it must go round if an action asks for it
	for j, c := range f.conjuncts {
		bit := uint64(1) << j
		disabled := func(n int32) bool { return f.able[n]&bit == 0 }
		able := func(n int32) bool { return !disabled(n) }
		switch {
		case c.Strong && !slices.ContainsFunc(component, able):
			l.Why = append(l.Why, c.Name+": can't be taken in it")
		case !c.Strong && slices.ContainsFunc(component, disabled):
			l.Why = append(l.Why, c.Name+": can't be taken in a state of it")
			if !disabled(entry) {
				_, path := f.space.walk([]int32{at}, inside, disabled)
				cycle, at = appendPath(cycle, path, at)
			}
		case !stay:
			l.Why = append(l.Why, c.Name+": is taken in it")
			takes := func(n int32) (arc, bool) {
				for _, a := range f.space.from(n) {
					if inside(a.to) && f.takes(n, a)&bit != 0 {
						return a, true
					}
				}
				return arc{}, false
			}
			_, path := f.space.walk([]int32{at}, inside, func(n int32) bool { _, ok := takes(n); return ok })
			cycle, at = appendPath(cycle, path, at)
			a, _ := takes(at)
			cycle, at = append(cycle, step{at, a}), a.to
		}
	}
	if at != entry {
		_, path := f.space.walk([]int32{at}, inside, func(n int32) bool { return n == entry })
		cycle = append(cycle, path...)
	}
	l.Cycle = f.inputs(cycle)
	return l
}

func appendPath(cycle, path []step, at int32) ([]step, int32) {
	if len(path) > 0 {
		at = path[len(path)-1].to
	}
	return append(cycle, path...), at
}

func (f *Fair[S, I, O]) inputs(path []step) []I {
	list := make([]I, len(path))
	for i, s := range path {
		list[i] = f.space.alphabet[s.input]
	}
	return list
}

// replay runs a counterexample through the machine, and returns an error if it is none: a check of the checker.
func (f *Fair[S, I, O]) replay(l *Lasso[I], p LeadsTo[S]) error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("explore: the counterexample %v is wrong: %s", l, fmt.Sprintf(format, args...))
	}
	w, probe := f.space.machine.Walker(), f.space.machine.Walker()
	owed, ever, taken := f.all(), uint64(0), uint64(0)
	barred := func(s S) (set uint64) {
		for j, in := range f.only {
			if in != nil && !in(s) {
				set |= 1 << j
			}
		}
		return set
	}
	var entry []byte
	look := func(steps int) error {
		if steps == l.P && !p.P(w.State()) {
			return wrong("P does not hold after %d inputs", steps)
		}
		if steps >= l.P && p.Q(w.State()) {
			return wrong("Q holds after %d inputs", steps)
		}
		return nil
	}
	// pays takes off what a state of the cycle pays: the actions that can't be taken in it.
	pays := func() error {
		able, key := uint64(0), w.Key(nil)
		for i, in := range f.space.alphabet {
			if err := probe.Load(key); err != nil {
				return err
			}
			if _, err := probe.Step(in); err == nil && !bytes.Equal(probe.Key(nil), key) {
				able |= f.of[i]
			}
		}
		able &^= barred(w.State())
		owed, ever = owed&able, ever|able
		return nil
	}
	for i := range len(l.Prefix) + 1 {
		if err := look(i); err != nil {
			return err
		}
		if i < len(l.Prefix) {
			if _, err := w.Step(l.Prefix[i]); err != nil {
				return wrong("input %d is refused", i+1)
			}
		}
	}
	entry = w.Key(nil)
	if err := pays(); err != nil {
		return err
	}
	for i, in := range l.Cycle {
		before, out := w.Key(nil), barred(w.State())
		if _, err := w.Step(in); err != nil {
			return wrong("input %d of the cycle is refused", i+1)
		}
		if !bytes.Equal(before, w.Key(nil)) {
			for j, c := range f.conjuncts {
				if c.Of(in) {
					taken |= 1 << j &^ out
				}
			}
		}
		if err := look(len(l.Prefix) + i + 1); err != nil {
			return err
		}
		if err := pays(); err != nil {
			return err
		}
	}
	if !bytes.Equal(entry, w.Key(nil)) {
		return wrong("the cycle does not close")
	}
	if (owed&^f.strong|ever&f.strong)&^taken != 0 {
		return wrong("it is not fair")
	}
	return nil
}
