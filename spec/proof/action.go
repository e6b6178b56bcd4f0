package proof

import (
	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

// Action is one way in which the spec takes a step: what is chosen, when it may be taken, and what
// is then. It is read from the spec's text: each disjunct of Next is one.
type Action struct {
	Name   string
	Params []*term.Term // what \E chooses
	Guards []*term.Term
	next   map[string]value
	// InDomain says that what it changes is in the domain of a function.
	InDomain []*term.Term
	// Next has the next state, a definition for each symbol of the state.
	Next []Define
}

// Define is a symbol of the next state, with its parameters and its value.
type Define struct {
	Symbol Symbol
	Params []*term.Term
	Body   *term.Term
}

// path is an action as far as it was read.
type path struct {
	Action
	scope *scope
	fixed bool // whether its name is known
}

func (p path) with(s *scope) path {
	p.scope = s
	return p
}

// guarded adds a guard.
func (p path) guarded(g *term.Term) path {
	p.Guards = append(p.Guards[:len(p.Guards):len(p.Guards)], g)
	return p
}

// assigned adds a variable of the next state.
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

// actions splits an expression with primes into all ways of taking it.
func (t *translator) actions(e *tla.Expr, p path) (all []path) {
	if !t.hasPrime(e, localPrimes(p.scope, t)) {
		return []path{p.guarded(t.condition(e, p.scope))}
	}
	switch e.Op {
	case "/\\":
		p.fixed = p.fixed || p.Name != ""
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
		for _, b := range e.Bound {
			of := asSet(t.eval(b.Set, p.scope))
			param := fresh(b.Name, of.sort)
			p.Params = append(p.Params[:len(p.Params):len(p.Params)], param)
			p = p.guarded(of.has(param)).with(p.scope.bind(b.Name, param))
		}
		return t.actions(e.Args[0], p)
	case tla.If:
		c := t.condition(e.Args[0], p.scope)
		return append(t.actions(e.Args[1], p.guarded(c)), t.actions(e.Args[2], p.guarded(term.Neg(c)))...)
	case tla.Let:
		return t.actions(e.Args[0], p.with(t.define(e.Defs, p.scope)))
	case "UNCHANGED":
		for _, name := range t.variables(e.Args[0]) {
			p = p.assigned(name, t.now[name])
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

// operator reads the body of a definition as an action.
func (t *translator) operator(e *tla.Expr, p path) []path {
	d, inner := t.module.Definition(e.Name), &scope{}
	if at := p.scope.lookup(e.Name); at != nil {
		d, inner = at.def, at
	}
	if !p.fixed {
		p.Name = e.Name
	}
	inner = inner.in(p.next, false)
	for i, param := range d.Params {
		inner = inner.bind(param, t.eval(e.Args[i], p.scope))
	}
	return t.actions(body(d), p.with(inner))
}

// localPrimes are the operators of enclosing LETs that have primes.
func localPrimes(s *scope, t *translator) map[string]bool {
	local := map[string]bool{}
	for ; s != nil; s = s.outer {
		if s.def != nil {
			local[s.def.Name] = t.hasPrime(body(s.def), local)
		}
	}
	return local
}
