package proof

import (
	"slices"

	"ablyrooms.example/spec/proof/term"
)

// position says which piece of a sequence a place is in. A place may also be after all pieces.
type position struct {
	of    *sequence
	piece int
	inner *term.Term // the place, counted in the piece
	outer *term.Term // if the piece is a part of another sequence, the place in that sequence
}

// element returns the element at the place.
func (p position) element() value {
	in := p.of.pieces[p.piece]
	if p.outer != nil {
		return in.of(p.outer)
	}
	return in.at(p.inner)
}

// positionsOf returns 1..Len(s), piece by piece.
func (t *translator) positionsOf(s *sequence) *set {
	each := func(all bool, holds func(value) *term.Term) *term.Term {
		var parts []*term.Term
		for n, p := range s.pieces {
			inner, inside := unity, p.when
			var k, outer *term.Term
			if !p.isUnit() {
				k = fresh("k", term.Int)
				inner = k
				inside = term.Conj(p.when, term.AtMost(unity, k), term.AtMost(k, p.length))
			}
			if p.of != nil && !p.isUnit() {
				outer, inner = k, minus(k, p.shift)
				inside = term.Conj(p.when, term.AtMost(plus(p.shift, unity), k), term.AtMost(k, plus(p.shift, p.length)))
			}
			place := *plus(s.begins[n], inner)
			t.positions[&place] = position{s, n, inner, outer}
			is := holds(&place)
			if all {
				is = term.Imply(inside, is)
			} else {
				is = term.Conj(inside, is)
			}
			if !p.isUnit() && all {
				is = term.All([]*term.Term{k}, is)
			} else if !p.isUnit() {
				is = term.Some([]*term.Term{k}, is)
			}
			parts = append(parts, is)
		}
		if all {
			return term.Conj(parts...)
		}
		return term.Disj(parts...)
	}
	return &set{sort: term.Int, low: unity, high: s.all, from: true, to: true, positions: s, each: each, has: func(v value) *term.Term {
		if at, ok := t.positions[asTerm(v)]; ok && at.of == s && at.piece < len(s.pieces) {
			return term.True
		}
		return term.Conj(term.AtMost(unity, asTerm(v)), term.AtMost(asTerm(v), s.all))
	}}
}

// element is s[i].
func (t *translator) element(s *sequence, i value) value {
	switch i := i.(type) {
	case *picked:
		made := t.element(s, i.places[len(i.places)-1])
		for n := len(i.places) - 2; n >= 0; n-- {
			made = choose(i.when[n], t.element(s, i.places[n]), made)
		}
		return made
	case *term.Term:
		if at, ok := t.positions[i]; ok && at.of == s && at.piece < len(s.pieces) {
			return at.element()
		}
		if i == s.all {
			return s.end()
		}
		return s.at(i)
	}
	fail("a sequence is applied to a %T", i)
	return nil
}

// order returns the formulas a < b and a = b, if both are places in the same sequence.
func (t *translator) order(a, b *term.Term) (less, same *term.Term, known bool) {
	x, ok := t.positions[a]
	y, ok2 := t.positions[b]
	if !ok || !ok2 || x.of != y.of {
		return nil, nil, false
	}
	switch {
	case x.piece < y.piece:
		return term.True, term.False, true
	case x.piece > y.piece:
		return term.False, term.False, true
	case x.inner == y.inner:
		return term.False, term.True, true
	}
	if x.outer != nil {
		return term.Neg(term.AtMost(y.outer, x.outer)), term.Equal(x.outer, y.outer), true
	}
	return term.Neg(term.AtMost(y.inner, x.inner)), term.Equal(x.inner, y.inner), true
}

// behind returns Len(s) + n, a place after the end of s.
func (t *translator) behind(s *sequence, n *term.Term) *term.Term {
	place := *plus(s.all, n)
	if n.Op == term.Literal && n.Value > 0 {
		t.positions[&place] = position{of: s, piece: len(s.pieces), inner: n}
	}
	return &place
}

// picked is the first of some places for which its condition holds.
type picked struct {
	when   []*term.Term
	places []*term.Term
}

func (p *picked) term() *term.Term {
	made := p.places[len(p.places)-1]
	for n := len(p.places) - 2; n >= 0; n-- {
		made = term.If(p.when[n], p.places[n], made)
	}
	return made
}

// end returns the least or the greatest element of a set of numbers. The set must be bounded on
// that side.
func (t *translator) end(s *set, op term.Op) value {
	if s.each != nil {
		if p := t.pick(s, op); p != nil {
			return p
		}
	}
	if op == term.Least && !s.from || op == term.Greatest && !s.to {
		fail("CHOOSE of the %s element of a set that is not bounded there", map[bool]string{true: "least", false: "greatest"}[op == term.Least])
	}
	x := fresh("x", term.Int)
	return term.End(op, x, s.has(x))
}

// pick returns the least or the greatest place in a set of places. It returns nil if one of the
// places is not in a piece of one element, or if the places are not in order.
func (t *translator) pick(s *set, op term.Op) *picked {
	var places []*term.Term
	s.each(false, func(v value) *term.Term {
		places = append(places, asTerm(v))
		return term.True
	})
	p, last := &picked{}, position{piece: -1}
	for n, place := range places {
		at := -1
		is := s.each(false, func(v value) *term.Term {
			if at++; at != n {
				return term.False
			}
			place = asTerm(v)
			return term.True
		})
		if is == term.False {
			continue
		}
		here, ok := t.positions[place]
		if !ok || !here.of.pieces[here.piece].isUnit() || here.piece <= last.piece || last.of != nil && here.of != last.of {
			return nil
		}
		last = here
		p.when, p.places = append(p.when, is), append(p.places, place)
	}
	if op == term.Greatest {
		slices.Reverse(p.when)
		slices.Reverse(p.places)
	}
	if len(p.places) == 0 {
		p.places, p.when = []*term.Term{term.Number(0)}, []*term.Term{term.True}
	}
	return p
}
