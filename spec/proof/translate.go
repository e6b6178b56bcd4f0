package proof

import (
	"fmt"
	"maps"
	"slices"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

// translator turns expressions of a module into values over the symbols of a state.
type translator struct {
	module    *tla.Module
	constants map[string]value
	now       map[string]value // of the variables
	counts    map[string]string
	assumed   []*term.Term // what the module assumes of its constants
	// inDomain collects that what EXCEPT changes is in its function's domain.
	inDomain []*term.Term
	primed   map[string]bool // whether the body of a definition has a prime
}

// scope is what names mean at a place.
type scope struct {
	outer *scope
	name  string
	value value
	// def is the operator that name is, with the scope that its body has.
	def  *tla.Definition
	next map[string]value // of the variables, in the next state; those that are known
	// prime says that all is meant in the next state.
	prime bool
}

func (s *scope) bind(name string, v value) *scope {
	return &scope{outer: s, name: name, value: v, next: s.next, prime: s.prime}
}

// lookup returns the innermost scope that binds a name, or nil.
func (s *scope) lookup(name string) *scope {
	for ; s != nil; s = s.outer {
		if s.name == name {
			return s
		}
	}
	return nil
}

// in returns the scope with other next values.
func (s *scope) in(next map[string]value, prime bool) *scope {
	c := *s
	c.next, c.prime = next, prime
	return &c
}

// atLine adds the line to what is thrown below.
func atLine(e *tla.Expr) {
	if thrown := recover(); thrown != nil {
		if f, ok := thrown.(failure); ok {
			panic(failure{fmt.Errorf("line %d: %w", e.Line, f.error)})
		}
		panic(thrown)
	}
}

// try runs a translation, and returns why it failed.
func try(f func()) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			failed, ok := thrown.(failure)
			if !ok {
				panic(thrown)
			}
			err = failed.error
		}
	}()
	f()
	return nil
}

func body(d *tla.Definition) *tla.Expr {
	e, err := d.Body()
	if err != nil {
		fail("%v", err)
	}
	return e
}

func (t *translator) condition(e *tla.Expr, s *scope) *term.Term { return asBool(t.eval(e, s)) }

func (t *translator) eval(e *tla.Expr, s *scope) value {
	switch e.Op {
	case tla.Number:
		return term.Number(e.Num)
	case tla.String:
		if e.Name == noName {
			return term.Text(term.Name, e.Name)
		}
		return term.Text(term.Word, e.Name)
	case tla.Ident:
		return t.identifier(e, s)
	case "'":
		return t.eval(e.Args[0], s.in(s.next, true))
	case "/\\", "\\/":
		var all []*term.Term
		for _, a := range e.Args {
			all = append(all, t.condition(a, s))
		}
		if e.Op == "/\\" {
			return term.Conj(all...)
		}
		return term.Disj(all...)
	case "~":
		return term.Neg(t.condition(e.Args[0], s))
	case "=>":
		return term.Imply(t.condition(e.Args[0], s), t.condition(e.Args[1], s))
	case "=":
		return equal(t.eval(e.Args[0], s), t.eval(e.Args[1], s))
	case "#":
		return term.Neg(equal(t.eval(e.Args[0], s), t.eval(e.Args[1], s)))
	case "\\in":
		return asSet(t.eval(e.Args[1], s)).has(t.eval(e.Args[0], s))
	case "\\notin":
		return term.Neg(asSet(t.eval(e.Args[1], s)).has(t.eval(e.Args[0], s)))
	case "<=", "<", ">", ">=":
		return t.compare(e, s)
	case "+":
		return term.Sum(asTerm(t.eval(e.Args[0], s)), asTerm(t.eval(e.Args[1], s)))
	case "-":
		return term.Difference(asTerm(t.eval(e.Args[0], s)), asTerm(t.eval(e.Args[1], s)))
	case "\\A", "\\E":
		return t.quantifier(e, e.Bound, s)
	case tla.If:
		return choose(t.condition(e.Args[0], s), t.eval(e.Args[1], s), t.eval(e.Args[2], s))
	case tla.Case:
		return t.cases(e.Args, s)
	case tla.Let:
		return t.eval(e.Args[0], t.define(e.Defs, s))
	case "UNCHANGED":
		return t.unchanged(e.Args[0], s)
	case tla.Index:
		f, ok := t.eval(e.Args[0], s).(*function)
		if !ok {
			fail("line %d: what is applied is no function", e.Line)
		}
		return f.at(asTerm(t.eval(e.Args[1], s)))
	case tla.Field:
		r, ok := t.eval(e.Args[0], s).(*record)
		if !ok {
			fail("line %d: what has the field %s is no record", e.Line, e.Name)
		}
		return r.field(e.Name)
	case tla.Function:
		domain := asSet(t.eval(e.Bound[0].Set, s))
		return &function{domain, func(x *term.Term) value { return t.eval(e.Args[0], s.bind(e.Bound[0].Name, x)) }}
	case tla.Record:
		r := &record{names: e.Names}
		for _, a := range e.Args {
			r.fields = append(r.fields, t.eval(a, s))
		}
		return r
	case tla.Except:
		return t.except(e, s)
	case tla.Tuple:
		var all tuple
		for _, a := range e.Args {
			all = append(all, t.eval(a, s))
		}
		return all
	}
	return t.set(e, s)
}

// set evaluates what is a set, or chosen of one.
func (t *translator) set(e *tla.Expr, s *scope) value {
	switch e.Op {
	case tla.Set:
		if len(e.Args) == 0 {
			return empty
		}
		all := make([]value, len(e.Args))
		for i, a := range e.Args {
			all[i] = t.eval(a, s)
		}
		made := &set{has: func(v value) *term.Term {
			var is []*term.Term
			for _, a := range all {
				is = append(is, equal(v, a))
			}
			return term.Disj(is...)
		}}
		if first, ok := all[0].(*term.Term); ok {
			made.sort = first.Sort
		}
		return made
	case tla.Filter:
		of := asSet(t.eval(e.Bound[0].Set, s))
		return &set{sort: of.sort, has: func(v value) *term.Term {
			return term.Conj(of.has(v), t.condition(e.Args[0], s.bind(e.Bound[0].Name, v)))
		}}
	case tla.Map:
		over := asSet(t.eval(e.Bound[0].Set, s))
		return &set{of: &family{over, func(x *term.Term) *set {
			return asSet(t.eval(e.Args[0], s.bind(e.Bound[0].Name, x)))
		}}}
	case "UNION":
		return asSet(t.eval(e.Args[0], s)).union()
	case tla.Choose:
		of := asSet(t.eval(e.Bound[0].Set, s))
		x := fresh(e.Bound[0].Name, of.sort)
		return term.One(x, term.Conj(of.has(x), t.condition(e.Args[0], s.bind(e.Bound[0].Name, x))))
	}
	if len(e.Args) != 2 {
		fail("line %d: %s is not known", e.Line, e.Op)
	}
	if e.Op == ".." {
		low, high := asTerm(t.eval(e.Args[0], s)), asTerm(t.eval(e.Args[1], s))
		return &set{sort: term.Int, has: func(v value) *term.Term {
			return term.Conj(term.AtMost(low, asTerm(v)), term.AtMost(asTerm(v), high))
		}}
	}
	a, b := asSet(t.eval(e.Args[0], s)), asSet(t.eval(e.Args[1], s))
	if e.Op == "\\subseteq" {
		if a == empty {
			return term.True
		}
		x := fresh("x", a.sort)
		return term.All([]*term.Term{x}, term.Imply(a.has(x), b.has(x)))
	}
	var join func(x, y *term.Term) *term.Term
	switch e.Op {
	case "\\cup":
		join = func(x, y *term.Term) *term.Term { return term.Disj(x, y) }
	case "\\cap":
		join = func(x, y *term.Term) *term.Term { return term.Conj(x, y) }
	case "\\":
		join = func(x, y *term.Term) *term.Term { return term.Conj(x, term.Neg(y)) }
	default:
		fail("line %d: %s is not known", e.Line, e.Op)
	}
	return &set{sort: oneSort(a, b), has: func(v value) *term.Term { return join(a.has(v), b.has(v)) }}
}

// identifier is a bound name, a variable, a constant or a definition.
func (t *translator) identifier(e *tla.Expr, s *scope) value {
	if at := s.lookup(e.Name); at != nil {
		if at.def != nil {
			return t.apply(at.def, e, s, at)
		}
		return at.value
	}
	if now, ok := t.now[e.Name]; ok {
		if !s.prime {
			return now
		}
		next, ok := s.next[e.Name]
		if !ok {
			fail("line %d: %s' is not known here", e.Line, e.Name)
		}
		return next
	}
	if v, ok := t.constants[e.Name]; ok {
		return v
	}
	switch {
	case e.Name == "TRUE":
		return term.True
	case e.Name == "FALSE":
		return term.False
	case e.Name == "TLCEval":
		return t.eval(e.Args[0], s)
	case e.Name == "Cardinality":
		return t.count(e, s)
	}
	d := t.module.Definition(e.Name)
	if d == nil {
		fail("line %d: %s is not defined", e.Line, e.Name)
	}
	return t.apply(d, e, s, &scope{})
}

// apply evaluates an operator's body, with its arguments, in the scope where it was defined.
func (t *translator) apply(d *tla.Definition, e *tla.Expr, s, defined *scope) value {
	defer atLine(e)
	if len(d.Params) != len(e.Args) {
		fail("%s takes %d arguments", d.Name, len(d.Params))
	}
	inner := defined.in(s.next, s.prime)
	for i, param := range d.Params {
		inner = inner.bind(param, t.eval(e.Args[i], s))
	}
	return t.eval(body(d), inner)
}

// define adds the definitions of a LET.
func (t *translator) define(defs []*tla.Definition, s *scope) *scope {
	for _, d := range defs {
		if len(d.Params) > 0 || t.hasPrime(body(d), nil) {
			s = &scope{outer: s, name: d.Name, def: d, next: s.next, prime: s.prime}
			continue
		}
		s = s.bind(d.Name, t.eval(body(d), s))
	}
	return s
}

// count is Cardinality of one of the sets whose number the state has as a symbol.
func (t *translator) count(e *tla.Expr, s *scope) value {
	symbol, ok := t.counts[e.Args[0].Name]
	if !ok || len(e.Args[0].Args) > 0 {
		fail("line %d: Cardinality of a set that is not counted", e.Line)
	}
	if s.prime {
		symbol += "'"
	}
	return term.Apply(symbol, term.Int)
}

func (t *translator) compare(e *tla.Expr, s *scope) value {
	left, right := e.Args[0], e.Args[1]
	if left.Op == tla.Ident && left.Name == "Cardinality" && e.Op == "<=" && right.Op == tla.Number && right.Num == 1 {
		of := asSet(t.eval(left.Args[0], s))
		x, y := fresh("x", of.sort), fresh("y", of.sort)
		return term.All([]*term.Term{x, y}, term.Imply(term.Conj(of.has(x), of.has(y)), term.Equal(x, y)))
	}
	a, b := asTerm(t.eval(left, s)), asTerm(t.eval(right, s))
	switch e.Op {
	case "<":
		return term.Neg(term.AtMost(b, a))
	case ">":
		return term.Neg(term.AtMost(a, b))
	case ">=":
		return term.AtMost(b, a)
	}
	return term.AtMost(a, b)
}

func (t *translator) quantifier(e *tla.Expr, bound []tla.Bind, s *scope) value {
	if len(bound) == 0 {
		return t.condition(e.Args[0], s)
	}
	of := asSet(t.eval(bound[0].Set, s))
	x := fresh(bound[0].Name, of.sort)
	inner := asTerm(t.quantifier(e, bound[1:], s.bind(bound[0].Name, x)))
	if e.Op == "\\A" {
		return term.All([]*term.Term{x}, term.Imply(of.has(x), inner))
	}
	return term.Some([]*term.Term{x}, term.Conj(of.has(x), inner))
}

func (t *translator) cases(args []*tla.Expr, s *scope) value {
	switch len(args) {
	case 0:
		fail("CASE without OTHER")
	case 1:
		return t.eval(args[0], s)
	}
	return choose(t.condition(args[0], s), t.eval(args[1], s), t.cases(args[2:], s))
}

func (t *translator) except(e *tla.Expr, s *scope) value {
	made := t.eval(e.Args[0], s)
	for i, path := range e.Paths {
		with := t.eval(e.Args[i+1], s)
		switch old := made.(type) {
		case *record:
			made = old.with(path.Field, with)
		case *function:
			if path.Index == nil {
				fail("line %d: EXCEPT with a field of a function", e.Line)
			}
			at := asTerm(t.eval(path.Index, s))
			t.inDomain = append(t.inDomain, old.domain.has(at))
			made = &function{old.domain, func(x *term.Term) value { return choose(equalAt(x, at), with, old.at(x)) }}
		default:
			fail("line %d: EXCEPT of a %T", e.Line, made)
		}
	}
	return made
}

func equalAt(a, b *term.Term) *term.Term { return equal(a, b) }

// unchanged compares the values of variables in both states.
func (t *translator) unchanged(e *tla.Expr, s *scope) value {
	var all []*term.Term
	for _, name := range t.variables(e) {
		next, ok := s.next[name]
		if !ok {
			fail("line %d: %s' is not known here", e.Line, name)
		}
		all = append(all, equal(next, t.now[name]))
	}
	return term.Conj(all...)
}

// variables lists the variables of a tuple, through definitions.
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
		fail("line %d: UNCHANGED of what is no variable", e.Line)
	}
	return all
}

// hasPrime reports whether an expression speaks of the next state; local are the operators that are
// defined in it.
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
