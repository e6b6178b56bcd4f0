package proof

import (
	"maps"
	"slices"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

// unchanged returns the formula that variables have the same values in both states.
func (t *translator) unchanged(e *tla.Expr, s *scope) value {
	var all []*term.Term
	for _, name := range t.variables(e) {
		next, ok := s.next[name]
		if !ok {
			fail("line %d: %s' is not known here", e.Line, name)
		}
		all = append(all, equal(next, s.now[name]))
	}
	return term.Conj(all...)
}

// variables returns the names in a tuple of variables. It expands definitions.
func (t *translator) variables(e *tla.Expr) (all []string) {
	switch {
	case e.Op == tla.Tuple:
		for _, a := range e.Args {
			all = append(all, t.variables(a)...)
		}
	case e.Op == tla.Ident && slices.Contains(t.module.Variables, e.Name):
		all = []string{e.Name}
	case e.Op == tla.Ident && t.module.Definition(e.Name) != nil:
		return t.variables(body(t.module.Definition(e.Name)))
	default:
		fail("line %d: UNCHANGED of something that is not a variable", e.Line)
	}
	return all
}

// hasPrime reports whether an expression depends on the next state. local has the operators that
// the expression defines.
func (t *translator) hasPrime(e *tla.Expr, local map[string]bool) bool {
	if e.Op == "'" || e.Op == "UNCHANGED" {
		return true
	}
	if e.Op == tla.Let {
		local = maps.Clone(local)
		if local == nil {
			local = map[string]bool{}
		}
		for _, d := range e.Defs {
			local[d.Name] = t.hasPrime(body(d), local)
		}
	}
	if e.Op == tla.Ident {
		if prime, ok := local[e.Name]; ok && prime {
			return true
		}
		if d := t.module.Definition(e.Name); d != nil {
			prime, known := t.primed[d.Name]
			if !known {
				prime = t.hasPrime(body(d), nil)
				t.primed[d.Name] = prime
			}
			if prime {
				return true
			}
		}
	}
	for _, b := range e.Bound {
		if t.hasPrime(b.Set, local) {
			return true
		}
	}
	for _, p := range e.Paths {
		if p.Index != nil && t.hasPrime(p.Index, local) {
			return true
		}
	}
	return slices.ContainsFunc(e.Args, func(a *tla.Expr) bool { return t.hasPrime(a, local) })
}
