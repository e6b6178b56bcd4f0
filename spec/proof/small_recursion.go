package proof

import (
	"fmt"
	"slices"

	"ablyrooms.example/spec/proof/term"
)

// smallRecursion computes a recursive operator on small states, by its definition. Its states are
// the argument and the result of the operator. It computes the recursive calls of an argument
// first.
type smallRecursion struct {
	*Small // evaluates terms on an argument or a result
	ways   []smallWay
	args   map[string][]update // for each call, what computes its argument in the caller's Small
	// last has the results that were computed for the state that begins at of.
	of   *int
	last map[resultKey]State
}

type resultKey struct {
	id   string
	free int
}

// smallWay is a compiled branch of the operator.
type smallWay struct {
	guards []term.Compiled
	calls  []smallCall
	value  []update
}

// smallCall is a recursive call in a branch.
type smallCall struct {
	id  string
	arg []update
}

// ofCall returns a function that computes a symbol of a call. The call's argument may depend on one
// variable at most.
func (w *Small) ofCall(c *call, symbol string) (func(a, b int) int, error) {
	if w.results != nil { // in a branch of the recursive operator
		if len(c.free) > 0 {
			return nil, fmt.Errorf("%s depends on a variable", c.id)
		}
		return func(a, _ int) int { return w.at(w.results[c.id], symbol, a) }, nil
	}
	r, err := w.recursive()
	if err != nil {
		return nil, err
	}
	var free []string
	for _, v := range c.free {
		free = append(free, v.Name)
	}
	arg, ok := r.args[c.id]
	if !ok {
		if arg, err = r.updates(w, c.defines, free...); err != nil {
			return nil, err
		}
		r.args[c.id] = arg
	}
	switch len(free) {
	case 0:
		return func(a, _ int) int { return r.at(r.result(w, c, arg, 0), symbol, a) }, nil
	case 1:
		return func(of, a int) int { return r.at(r.result(w, c, arg, of), symbol, a) }, nil
	}
	return nil, fmt.Errorf("%s depends on more than one variable", c.id)
}

// at returns a symbol's value for the argument a, or 0 if a is out of range.
func (w *Small) at(s State, symbol string, a int) int {
	p := w.layout[symbol]
	if a < 0 || a >= p.sizes[0] {
		return 0
	}
	return s[p.at+a]
}

// result returns the result of a call in the present state of w.
func (r *smallRecursion) result(w *Small, c *call, arg []update, free int) State {
	if r.of != &w.now[0] {
		r.of, r.last = &w.now[0], map[resultKey]State{}
	}
	key := resultKey{c.id, free}
	if s, ok := r.last[key]; ok {
		return s
	}
	s := r.run(r.compute(arg, []int{free}[:len(c.free)]...))
	r.last[key] = s
	return s
}

// updates compiles the definitions of an argument or a result of the operator. The definitions are
// terms that w evaluates.
func (r *smallRecursion) updates(w *Small, defines []Define, free ...string) (all []update, err error) {
	for _, d := range defines {
		names := slices.Clone(free)
		for _, p := range d.Params {
			names = append(names, p.Name)
		}
		run, err := term.Compile(d.Body, w, names...)
		if err != nil {
			return nil, err
		}
		all = append(all, update{r.layout[d.Symbol.Name], run})
	}
	return all, nil
}

// compute returns the state that the definitions describe.
func (r *smallRecursion) compute(all []update, free ...int) State {
	s := r.Blank()
	env := append(slices.Clone(free), 0)
	for _, u := range all {
		first, last := r.domain(u.symbol, 0)
		for i := first; i <= last; i++ {
			env[len(free)] = i
			s[u.at+i] = u.value(env...)
		}
	}
	r.trim(s)
	return s
}

// run returns the operator's result for an argument.
func (r *smallRecursion) run(arg State) State {
	for _, way := range r.ways {
		r.now = arg
		if slices.ContainsFunc(way.guards, func(g term.Compiled) bool { return g() == 0 }) {
			continue
		}
		results := map[string]State{}
		for _, c := range way.calls {
			r.now = arg
			results[c.id] = r.run(r.compute(c.arg))
		}
		r.now, r.results = arg, results
		return r.compute(way.value)
	}
	panic("proof: the recursion has no value")
}

// recursive returns a smallRecursion that computes the operator within the bounds of w.
func (w *Small) recursive() (made *smallRecursion, err error) {
	if w.recursion != nil {
		return w.recursion, nil
	}
	s, of := w.System, w.System.Recursion
	inner := &System{Module: s.Module, Symbols: of.symbols(s), Recursion: of, t: s.t}
	r := &smallRecursion{Small: NewSmall(inner, w.Bounds), args: map[string][]update{}}
	r.results = map[string]State{}
	err = try(func() {
		room, base := s.beginning()
		for _, l := range s.ways(of.Operator, room) {
			made := l.value.(*record)
			outs := s.appended(asSequence(made.field(of.Outs)), base, made)
			defines := append(of.Of.defines("r", made, nil), of.outputs(outs)...)
			var way smallWay
			for _, g := range l.guards {
				way.guards = append(way.guards, must(term.Compile(g, r)))
			}
			for _, c := range s.t.callsIn(bodies(defines)...) {
				way.calls = append(way.calls, smallCall{c.id, must(r.updates(r.Small, c.defines))})
			}
			way.value = must(r.updates(r.Small, defines))
			r.ways = append(r.ways, way)
		}
	})
	w.recursion = r
	return r, err
}

func must[V any](v V, err error) V {
	if err != nil {
		fail("%w", err)
	}
	return v
}

// outputs returns definitions of the symbols of the operator's outputs.
func (r *Recursion) outputs(outs *sequence) (all []Define) {
	name := "r." + r.Outs
	i := term.NewVar("p.0", term.Int)
	all = append(all, Define{Symbol{Name: name + ".len", Sort: term.Int}, nil, outs.all})
	for n, s := range r.Form {
		body := blank(s)
		if len(outs.pieces) > 0 {
			body = asRow(outs.at(i)).get(column{n + 2, s})
		}
		symbol := Symbol{column{n + 2, s}.symbol(name), []term.Sort{term.Int}, s, name + ".len"}
		all = append(all, Define{symbol, []*term.Term{i}, body})
	}
	return all
}
