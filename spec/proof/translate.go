package proof

import (
	"reflect"
	"slices"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

// translator translates expressions of a module to values, in terms of the symbols of a state.
type translator struct {
	module    *tla.Module
	constants map[string]value
	counts    map[string]string
	assumed   []*term.Term // the module's assumptions about its constants
	// inDomain collects a condition for each EXCEPT: the changed argument is in the function's
	// domain.
	inDomain []*term.Term
	primed   map[string]bool // by name, whether a definition's body has a prime
	// positions has the places of sequences for which the piece is known.
	positions map[*term.Term]position
	whole     bool     // see System.Whole
	split     []string // see System.Split
	// inputs has the operators of System.Inputs. asked has those for which a claim only asks
	// whether the step is one of theirs; facts answers these questions.
	inputs   map[string][]term.Sort
	asked    map[string][]term.Sort
	only     string // see System.Only
	nameless bool   // whether "-" is an ordinary word, since the spec has no names
	// recursion is the contract of the recursive operator, or nil. calls has its applications by a
	// text of their arguments, byID by their ids.
	recursion *Recursion
	// unsaid has the variables whose next value a fact about a step leaves out.
	unsaid      []string
	calls, byID map[string]*call
	induction   bool // whether an induction is translated: the operator By is not split
	lets        *lets
	system      *System
}

func (t *translator) condition(e *tla.Expr, s *scope) *term.Term { return asBool(t.eval(e, s)) }

func (t *translator) eval(e *tla.Expr, s *scope) value {
	switch e.Op {
	case tla.Number:
		return term.Number(e.Num)
	case tla.String:
		if e.Name == noName && !t.nameless {
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
			c := t.condition(a, s)
			if c == term.False && e.Op == "/\\" || c == term.True && e.Op == "\\/" {
				return c // the rest may be undefined
			}
			all = append(all, c)
		}
		if e.Op == "/\\" {
			return term.Conj(all...)
		}
		return term.Disj(all...)
	case "~":
		return term.Neg(t.condition(e.Args[0], s))
	case "<=>":
		return term.Equal(t.condition(e.Args[0], s), t.condition(e.Args[1], s))
	case "=>":
		c := t.condition(e.Args[0], s)
		if c == term.False {
			return term.True
		}
		return term.Imply(c, t.condition(e.Args[1], s))
	case "=":
		if left := e.Args[0]; left.Op == "'" && slices.Contains(t.unsaid, left.Args[0].Name) {
			return term.True
		}
		return t.equals(t.eval(e.Args[0], s), t.eval(e.Args[1], s))
	case "#":
		return term.Neg(t.equals(t.eval(e.Args[0], s), t.eval(e.Args[1], s)))
	case "\\in":
		return asSet(t.eval(e.Args[1], s)).has(t.eval(e.Args[0], s))
	case "\\notin":
		return term.Neg(asSet(t.eval(e.Args[1], s)).has(t.eval(e.Args[0], s)))
	case "<=", "<", ">", ">=":
		return t.compare(e, s)
	case "+":
		return t.sum(e, s)
	case "\\o":
		return concat(t.eval(e.Args[0], s), t.eval(e.Args[1], s))
	case "-":
		return term.Difference(asTerm(t.eval(e.Args[0], s)), asTerm(t.eval(e.Args[1], s)))
	case "\\A", "\\E":
		return t.quantifier(e, e.Bound, s)
	case tla.If:
		switch c := t.condition(e.Args[0], s); c {
		case term.True:
			return t.eval(e.Args[1], s)
		case term.False:
			return t.eval(e.Args[2], s)
		default:
			return choose(c, t.eval(e.Args[1], s), t.eval(e.Args[2], s))
		}
	case tla.Case:
		return t.cases(e.Args, s)
	case tla.Let:
		return t.eval(e.Args[0], t.define(e.Defs, s))
	case "UNCHANGED":
		return t.unchanged(e.Args[0], s)
	case tla.Index:
		return t.index(e, t.eval(e.Args[0], s), t.eval(e.Args[1], s))
	case tla.Field:
		r, ok := t.eval(e.Args[0], s).(*record)
		if !ok {
			fail("line %d: %s is a field of something that is not a record", e.Line, e.Name)
		}
		return r.field(e.Name)
	case tla.Function:
		domain := asSet(t.eval(e.Bound[0].Set, s))
		if domain.positions != nil {
			return t.each(domain, func(i *term.Term) value { return t.eval(e.Args[0], s.bind(e.Bound[0].Name, i)) })
		}
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

// set evaluates an expression that is a set, or a CHOOSE.
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
		return enumerated(all)
	case tla.Filter:
		return asSet(t.eval(e.Bound[0].Set, s)).filtered(func(v value) *term.Term {
			return t.condition(e.Args[0], s.bind(e.Bound[0].Name, v))
		})
	case tla.Map:
		over := asSet(t.eval(e.Bound[0].Set, s))
		m := over.mapped(func(x value) value { return t.eval(e.Args[0], s.bind(e.Bound[0].Name, x)) })
		m.of = &family{over, func(x *term.Term) *set {
			return asSet(t.eval(e.Args[0], s.bind(e.Bound[0].Name, x)))
		}}
		return m
	case "UNION":
		return asSet(t.eval(e.Args[0], s)).union()
	case tla.Choose:
		if op, ok := isEnd(e); ok {
			return t.end(asSet(t.eval(e.Bound[0].Set, s)), op)
		}
		of := asSet(t.eval(e.Bound[0].Set, s))
		if of.sort == "" && of.over != nil { // a chosen value of f is f of a chosen argument
			x := fresh(e.Bound[0].Name, of.over.sort)
			is := t.condition(e.Args[0], s.bind(e.Bound[0].Name, of.made(x)))
			return of.made(term.One(x, term.Conj(of.over.has(x), is)))
		}
		x := fresh(e.Bound[0].Name, of.sort)
		return term.One(x, term.Conj(of.has(x), t.condition(e.Args[0], s.bind(e.Bound[0].Name, x))))
	}
	if len(e.Args) != 2 {
		fail("line %d: %s is not known", e.Line, e.Op)
	}
	if e.Op == ".." {
		low := asTerm(t.eval(e.Args[0], s))
		if end := e.Args[1]; end.Op == tla.Ident && end.Name == "Len" && literal(low, 1) {
			return t.positionsOf(asSequence(t.eval(end.Args[0], s)))
		}
		high := asTerm(t.eval(e.Args[1], s))
		return &set{sort: term.Int, low: low, high: high, from: true, to: true, has: func(v value) *term.Term {
			return term.Conj(term.AtMost(low, asNumber(v)), term.AtMost(asNumber(v), high))
		}}
	}
	a, b := asSet(t.eval(e.Args[0], s)), asSet(t.eval(e.Args[1], s))
	if e.Op == "\\subseteq" {
		if a == empty {
			return term.True
		}
		return a.through(true, func(x value) *term.Term { return b.has(x) })
	}
	switch e.Op {
	case "\\cup":
		return joined(a, b)
	case "\\cap":
		if a.each == nil && b.each != nil {
			return b.filtered(a.has)
		}
		return a.filtered(b.has)
	case "\\":
		return a.filtered(func(v value) *term.Term { return term.Neg(b.has(v)) })
	}
	fail("line %d: %s is not known", e.Line, e.Op)
	return nil
}

// identifier evaluates a bound name, a variable, a constant or a definition.
func (t *translator) identifier(e *tla.Expr, s *scope) value {
	if at := s.lookup(e.Name); at != nil {
		if at.def != nil {
			if len(e.Args) > 0 {
				return t.apply(at.def, e, s, at)
			}
			if k := at.kept; k.value == nil || !sameMap(k.next, s.next) || k.prime != s.prime {
				*k = kept{s.next, s.prime, t.apply(at.def, e, s, at)}
			}
			return at.kept.value
		}
		return at.value
	}
	if now, ok := s.now[e.Name]; ok {
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
	if v := t.ofSequence(e, s); v != nil {
		return v
	}
	if v, ok := t.isRecursive(e, s); ok {
		return v
	}
	d := t.module.Definition(e.Name)
	if d == nil {
		fail("line %d: %s is not defined", e.Line, e.Name)
	}
	if _, ok := t.asked[e.Name]; ok {
		return t.isTaken(e, s)
	}
	return t.apply(d, e, s, &scope{now: s.now})
}

// sameMap reports whether a and b are the same map, not only equal ones.
func sameMap(a, b map[string]value) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
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

// define returns a scope with the definitions of a LET.
func (t *translator) define(defs []*tla.Definition, s *scope) *scope {
	for _, d := range defs {
		if len(d.Params) > 0 || t.hasPrime(body(d), nil) {
			s = &scope{outer: s, name: d.Name, def: d, now: s.now, next: s.next, prime: s.prime, kept: &kept{}}
			continue
		}
		s = s.bind(d.Name, t.lets.name(d.Name, t.eval(body(d), s)))
	}
	return s
}

// count evaluates the Cardinality of a set, if the state has a symbol for it.
func (t *translator) count(e *tla.Expr, s *scope) value {
	symbol, ok := t.counts[e.Args[0].Name]
	if !ok || len(e.Args[0].Args) > 0 {
		return counting{asSet(t.eval(e.Args[0], s))}
	}
	if s.prime {
		symbol += "'"
	}
	return term.Apply(symbol, term.Int)
}

func (t *translator) compare(e *tla.Expr, s *scope) value {
	left, right := t.eval(e.Args[0], s), t.eval(e.Args[1], s)
	if of, ok := left.(counting); ok && e.Op == "<=" && literal(asTerm(right), 1) {
		return t.atMostOne(of)
	}
	a, b := asNumber(left), asNumber(right)
	if less, same, ok := t.order(a, b); ok {
		switch e.Op {
		case "<":
			return less
		case ">":
			return term.Neg(term.Disj(less, same))
		case ">=":
			return term.Neg(less)
		}
		return term.Disj(less, same)
	}
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
	if of.each != nil {
		return of.each(e.Op == "\\A", func(v value) *term.Term {
			return asTerm(t.quantifier(e, bound[1:], s.bind(bound[0].Name, v)))
		})
	}
	x := fresh(bound[0].Name, of.sort)
	inner := asTerm(t.quantifier(e, bound[1:], s.bind(bound[0].Name, x)))
	if e.Op == "\\A" {
		return term.All([]*term.Term{x}, term.Imply(of.has(x), inner))
	}
	return term.Some([]*term.Term{x}, term.Conj(of.has(x), inner))
}

func (t *translator) cases(args []*tla.Expr, s *scope) value {
	switch len(args) {
	case 1:
		return t.eval(args[0], s)
	case 2: // the last case, without OTHER: one of the conditions must hold
		t.inDomain = append(t.inDomain, t.condition(args[0], s))
		return t.eval(args[1], s)
	}
	c := t.condition(args[0], s)
	if c == term.True {
		return t.eval(args[1], s)
	}
	had := t.inDomain
	t.inDomain = nil
	other := t.cases(args[2:], s)
	for _, d := range t.inDomain {
		had = append(had[:len(had):len(had)], term.Disj(c, d))
	}
	t.inDomain = had
	if c == term.False {
		return other
	}
	return choose(c, t.eval(args[1], s), other)
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
			made = &function{old.domain, func(x *term.Term) value { return choose(equal(x, at), with, old.at(x)) }}
		case *sequence, tuple:
			if path.Index == nil {
				fail("line %d: EXCEPT with a field of a sequence", e.Line)
			}
			q, at := asSequence(old), asTerm(t.eval(path.Index, s))
			t.inDomain = append(t.inDomain, term.Conj(term.AtMost(unity, at), term.AtMost(at, q.all)))
			made = q.except(at, with)
		default:
			fail("line %d: EXCEPT of a %T", e.Line, made)
		}
	}
	return made
}
