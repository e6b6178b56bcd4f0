package proof

import (
	"slices"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

// Action is one way in which the spec takes a step: the parameters that it chooses, the guards that
// must hold, and the next state. The translator reads it from the spec's text. Each disjunct of
// Next becomes one or more actions.
type Action struct {
	Name   string
	Params []*term.Term // the variables that \E binds
	Guards []*term.Term
	// Case names the combination of values that the action is read for, if System.Cases splits
	// states.
	Case   string
	now    map[string]value
	next   map[string]value
	taken  *term.Term // a predicate: the step is a step of this action
	rename map[string]*term.Term
	// InDomain has a condition for each function that the action changes: the changed argument is
	// in the function's domain.
	InDomain []*term.Term
	// Next is the next state: a definition for each symbol of the state.
	Next []Define
}

// Define defines a symbol of the next state, with its parameters and its value.
type Define struct {
	Symbol Symbol
	Params []*term.Term
	Body   *term.Term
}

// path is an action that is still being read.
type path struct {
	Action
	scope *scope
	fixed bool // whether the action's name is final
	cases []string
	dead  bool // whether a guard is false in every state
}

func (p path) with(s *scope) path {
	p.scope = s
	return p
}

// guarded returns the path with one more guard.
func (p path) guarded(g *term.Term) path {
	p.dead = p.dead || g == term.False
	p.Guards = append(p.Guards[:len(p.Guards):len(p.Guards)], g)
	return p
}

// assigned returns the path with the next value of one more variable.
func (p path) assigned(name string, v value) path {
	if _, twice := p.next[name]; twice {
		fail("%s: %s' is stated twice", p.Name, name)
	}
	next := map[string]value{name: v}
	for other, v := range p.next {
		next[other] = v
	}
	p.next = next
	p.scope = p.scope.in(next, false)
	return p
}

// actions reads an expression with primes. It returns a path for each way to take a step.
func (t *translator) actions(e *tla.Expr, p path) (all []path) {
	if p.dead {
		return nil
	}
	if !t.hasPrime(e, localPrimes(p.scope, t)) {
		return []path{p.guarded(t.condition(e, p.scope))}
	}
	switch e.Op {
	case "/\\":
		p.fixed = p.fixed || p.Name != ""
		if p.fixed && t.only != "" && p.Name != t.only {
			return nil
		}
		outer := p.scope
		all = []path{p}
		for _, a := range e.Args {
			var next []path
			for _, so := range all {
				for _, after := range t.actions(a, so) {
					next = append(next, after.with(outer.in(after.next, false)))
				}
			}
			all = next
		}
		return all
	case "\\/":
		for _, a := range e.Args {
			all = append(all, t.actions(a, p)...)
		}
		return all
	case "\\E":
		for n, b := range e.Bound {
			of := asSet(t.eval(b.Set, p.scope))
			if slices.Contains(t.split, b.Name) {
				return t.perElement(e, n, of, p)
			}
			param := fresh(b.Name, of.sort)
			p.Params = append(p.Params[:len(p.Params):len(p.Params)], param)
			p = p.guarded(of.has(param)).with(p.scope.bind(b.Name, param))
		}
		return t.actions(e.Args[0], p)
	case tla.If:
		switch c := t.condition(e.Args[0], p.scope); {
		case c == term.True:
			return t.actions(e.Args[1], p)
		case c == term.False:
			return t.actions(e.Args[2], p)
		case t.whole:
			then, other := t.actions(e.Args[1], p), t.actions(e.Args[2], p)
			switch { // if one branch can't be taken, the other is the action
			case len(then) == 0:
				return t.actions(e.Args[2], p.guarded(term.Neg(c)))
			case len(other) == 0:
				return t.actions(e.Args[1], p.guarded(c))
			}
			return []path{t.merged(c, then, other, p)}
		default:
			return append(t.actions(e.Args[1], p.guarded(c)), t.actions(e.Args[2], p.guarded(term.Neg(c)))...)
		}
	case tla.Let:
		inner, inside := t.defining(e.Defs, p.scope)
		p.InDomain = append(p.InDomain[:len(p.InDomain):len(p.InDomain)], inside...)
		return t.actions(e.Args[0], p.with(inner))
	case "UNCHANGED":
		for _, name := range t.variables(e.Args[0]) {
			p = p.assigned(name, p.scope.now[name])
		}
		return []path{p}
	case "=":
		if left := e.Args[0]; left.Op == "'" && left.Args[0].Op == tla.Ident {
			t.inDomain = nil
			v := t.eval(e.Args[1], p.scope)
			p.InDomain = append(p.InDomain[:len(p.InDomain):len(p.InDomain)], t.inDomain...)
			return []path{p.assigned(left.Args[0].Name, v)}
		}
	case tla.Ident:
		return t.operator(e, p)
	}
	return []path{p.guarded(t.condition(e, p.scope))}
}

// perElement reads an \E over an enumeration. It returns the paths for each element, which is bound
// to the n-th bound variable of the \E.
func (t *translator) perElement(e *tla.Expr, n int, of *set, p path) (all []path) {
	rest := *e
	rest.Bound = e.Bound[n+1:]
	of.through(false, func(v value) *term.Term {
		so := p.with(p.scope.bind(e.Bound[n].Name, v))
		so.cases = p.cases[:len(p.cases):len(p.cases)]
		if of := asTerm(v); of == term.True {
			so.cases = append(so.cases, e.Bound[n].Name)
		} else if of != term.False {
			so.cases = append(so.cases, of.Name)
		}
		all = append(all, t.actions(&rest, so)...)
		return term.True
	})
	return all
}

// operator reads the body of a definition as an action.
func (t *translator) operator(e *tla.Expr, p path) []path {
	d, inner := t.module.Definition(e.Name), &scope{now: p.scope.now}
	if at := p.scope.lookup(e.Name); at != nil {
		d, inner = at.def, at
	}
	inner = inner.in(p.next, false)
	var args []leaf
	if t.recursion != nil {
		args = t.leavesOfArgs(e.Args, p.scope)
	} else {
		t.inDomain = nil
		var values tuple
		for i := range d.Params {
			values = append(values, t.eval(e.Args[i], p.scope))
		}
		args = []leaf{{inDomain: t.inDomain, value: values}}
	}
	taken := p.taken
	if _, ok := t.inputs[e.Name]; ok {
		taken = t.isTaken(e, p.scope)
	}
	var all []path
	for _, l := range args {
		so, inside := p, inner
		for i, param := range d.Params {
			inside = inside.bind(param, l.value.(tuple)[i])
		}
		for _, g := range l.guards {
			so = so.guarded(g)
		}
		if !so.fixed {
			so.Name = e.Name
		}
		so.taken = taken
		so.InDomain = append(so.InDomain[:len(so.InDomain):len(so.InDomain)], l.inDomain...)
		all = append(all, t.actions(body(d), so.with(inside))...)
	}
	return all
}

// defining is like define. It also returns the conditions that the definitions need: changed
// arguments of functions are in the domains.
func (t *translator) defining(defs []*tla.Definition, s *scope) (*scope, []*term.Term) {
	t.inDomain = nil
	inner := t.define(defs, s)
	return inner, t.inDomain
}

// merged makes one path of the paths of the two branches of an IF. Each branch must have exactly
// one path, and both must assign the same variables.
func (t *translator) merged(c *term.Term, then, other []path, before path) path {
	if len(then) != 1 || len(other) != 1 {
		fail("%s: a branch of an IF has several paths", before.Name)
	}
	a, b := then[0], other[0]
	if len(a.Params) != len(before.Params) || len(b.Params) != len(before.Params) || len(a.next) != len(b.next) {
		fail("%s: the branches of an IF choose different values or assign different variables", before.Name)
	}
	n := len(before.Guards)
	p := before.guarded(term.Conj(term.Imply(c, term.Conj(a.Guards[n:]...)), term.Imply(term.Neg(c), term.Conj(b.Guards[n:]...))))
	n = len(before.InDomain)
	p.InDomain = append(p.InDomain[:n:n], term.Imply(c, term.Conj(a.InDomain[n:]...)), term.Imply(term.Neg(c), term.Conj(b.InDomain[n:]...)))
	for _, v := range t.module.Variables {
		if _, had := before.next[v]; had {
			continue
		}
		if to, ok := a.next[v]; ok {
			p = p.assigned(v, choose(c, to, b.next[v]))
		}
	}
	return p
}

// localPrimes returns the operators, defined by enclosing LETs, whose bodies have primes.
func localPrimes(s *scope, t *translator) map[string]bool {
	local := map[string]bool{}
	for ; s != nil; s = s.outer {
		if s.def != nil {
			local[s.def.Name] = t.hasPrime(body(s.def), local)
		}
	}
	return local
}
