package proof

import (
	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

// ofSequence evaluates the operators of the module Sequences. It returns nil for other operators.
func (t *translator) ofSequence(e *tla.Expr, s *scope) value {
	arg := func(i int) *sequence { return asSequence(t.eval(e.Args[i], s)) }
	number := func(i int) *term.Term { return asTerm(t.eval(e.Args[i], s)) }
	switch e.Name {
	case "Len":
		return arg(0).all
	case "Append":
		return arg(0).concat(newSequence(units(t.eval(e.Args[1], s))...))
	case "Head":
		return arg(0).at(unity)
	case "Tail":
		q := arg(0)
		return q.sub(term.Number(2), q.all)
	case "SubSeq":
		return arg(0).sub(number(1), number(2))
	case "SelectSeq":
		d := t.module.Definition(e.Args[1].Name)
		if d == nil || len(d.Params) != 1 {
			fail("line %d: SelectSeq needs an operator with one argument", e.Line)
		}
		return arg(0).selected(func(v value) *term.Term {
			return t.condition(body(d), (&scope{now: s.now}).in(s.next, s.prime).bind(d.Params[0], v))
		})
	}
	return nil
}

// concat returns a \o b.
func concat(a, b value) value {
	if left, ok := a.(tuple); ok {
		if right, ok := b.(tuple); ok {
			return append(left[:len(left):len(left)], right...)
		}
	}
	return asSequence(a).concat(asSequence(b))
}

// each returns [i \in 1..Len(s) |-> f(i)]. The result has the same pieces as s.
func (t *translator) each(domain *set, f func(*term.Term) value) *sequence {
	of := domain.positions
	var all []*piece
	for n, p := range of.pieces {
		all = append(all, &piece{when: p.when, length: p.length, filled: p.filled, at: func(i *term.Term) value {
			place := *plus(of.begins[n], i)
			t.positions[&place] = position{of: of, piece: n, inner: i}
			return f(&place)
		}})
	}
	return newSequence(all...)
}

// index is of[i].
func (t *translator) index(e *tla.Expr, of, i value) value {
	switch of := of.(type) {
	case *function:
		return of.at(asTerm(i))
	case *sequence:
		return t.element(of, i)
	case either:
		if at, ok := i.(*term.Term); ok && at.Op == term.Literal {
			return asRow(of).at(at.Value)
		}
		return t.element(asSequence(of), i)
	case row:
		if at, ok := i.(*term.Term); ok && at.Op == term.Literal {
			return of.at(at.Value)
		}
	case tuple:
		if at, ok := i.(*term.Term); ok && at.Op == term.Literal && at.Value >= 1 && at.Value <= len(of) {
			return of[at.Value-1]
		}
		return t.element(asSequence(of), i)
	}
	fail("line %d: only a function can be applied", e.Line)
	return nil
}

// sum returns a + b, for numbers or Cardinalities.
func (t *translator) sum(e *tla.Expr, s *scope) value {
	a, b := t.eval(e.Args[0], s), t.eval(e.Args[1], s)
	left, ok := a.(counting)
	right, ok2 := b.(counting)
	switch {
	case ok && !ok2:
		right, ok2 = counting{oneIf(isOne(asTerm(b)))}, true
	case ok2 && !ok:
		left, ok = counting{oneIf(isOne(asTerm(a)))}, true
	}
	if ok {
		return append(left[:len(left):len(left)], right...)
	}
	if left := e.Args[0]; left.Op == tla.Ident && left.Name == "Len" {
		return t.behind(asSequence(t.eval(left.Args[0], s)), asTerm(b))
	}
	return term.Sum(asNumber(a), asNumber(b))
}

// counting is the sum of the Cardinalities of sets for which the state has no count. It can only be
// compared with a number that is 0 or 1.
type counting []*set

// oneIf returns a set that has one element if the condition holds, and none otherwise.
func oneIf(c *term.Term) *set {
	return &set{sort: term.Int, each: func(all bool, holds func(value) *term.Term) *term.Term {
		if all {
			return term.Imply(c, holds(unity))
		}
		return term.Conj(c, holds(unity))
	}}
}

// equals returns a = b.
func (t *translator) equals(a, b value) *term.Term {
	of, ok := a.(counting)
	if !ok {
		if x, ok := a.(*term.Term); ok {
			if y, ok := b.(*term.Term); ok {
				if _, same, ok := t.order(x, y); ok {
					return same
				}
			}
		}
		return equal(a, b)
	}
	is := isOne(asTerm(b))
	var any []*term.Term
	for _, s := range of {
		any = append(any, s.through(false, func(value) *term.Term { return term.True }))
	}
	return term.Conj(t.atMostOne(of), term.Equal(is, term.Disj(any...)))
}

// isOne returns the condition that n is 1. It fails if n can be anything but 0 or 1.
func isOne(n *term.Term) *term.Term {
	switch {
	case literal(n, 0):
		return term.False
	case literal(n, 1):
		return term.True
	case n.Op == term.Ite:
		then, other := isOne(n.Args[1]), isOne(n.Args[2])
		return term.Disj(term.Conj(n.Args[0], then), term.Conj(term.Neg(n.Args[0]), other))
	}
	fail("a Cardinality is compared with %v, which is neither 0 nor 1", n)
	return nil
}

// atMostOne returns the condition that all the sets together have at most one element.
func (t *translator) atMostOne(of counting) *term.Term {
	if len(of) == 1 && of[0].each == nil {
		x, y := fresh("x", of[0].sort), fresh("y", of[0].sort)
		return term.All([]*term.Term{x, y}, term.Imply(term.Conj(of[0].has(x), of[0].has(y)), term.Equal(x, y)))
	}
	var all []*term.Term
	for i, a := range of {
		all = append(all, a.through(true, func(x value) *term.Term {
			return a.through(true, func(y value) *term.Term { return t.equals(x, y) })
		}))
		for _, b := range of[i+1:] {
			all = append(all, a.through(true, func(value) *term.Term {
				return term.Neg(b.through(false, func(value) *term.Term { return term.True }))
			}))
		}
	}
	return term.Conj(all...)
}

// isTaken returns the condition that the step is a step of an action, as a predicate of the
// action's arguments. [System.facts] states what is known about this predicate.
func (t *translator) isTaken(e *tla.Expr, s *scope) *term.Term {
	var args []*term.Term
	for i, a := range e.Args {
		v := t.eval(a, s)
		if of, ok := v.(variant); ok {
			v = of.get(t.inputs[e.Name][i])
		}
		args = append(args, asTerm(v))
	}
	return term.Apply("is"+e.Name, term.Bool, args...)
}

// isEnd reports whether a CHOOSE chooses the least or the greatest element of a set. Such a CHOOSE
// has the form CHOOSE x \in S : \A y \in S : x <= y.
func isEnd(e *tla.Expr) (op term.Op, ok bool) {
	all := e.Args[0]
	if len(e.Bound) != 1 || all.Op != "\\A" || len(all.Bound) != 1 || all.Args[0].Op != "<=" {
		return 0, false
	}
	set, other := e.Bound[0].Set, all.Bound[0].Set
	if set.Op != tla.Ident || other.Op != tla.Ident || set.Name != other.Name || len(set.Args)+len(other.Args) > 0 {
		return 0, false
	}
	left, right := all.Args[0].Args[0], all.Args[0].Args[1]
	if left.Op != tla.Ident || right.Op != tla.Ident {
		return 0, false
	}
	switch [2]string{left.Name, right.Name} {
	case [2]string{e.Bound[0].Name, all.Bound[0].Name}:
		return term.Least, true
	case [2]string{all.Bound[0].Name, e.Bound[0].Name}:
		return term.Greatest, true
	}
	return 0, false
}
