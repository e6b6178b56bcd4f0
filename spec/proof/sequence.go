package proof

import (
	"slices"
	"strings"

	"ablyrooms.example/spec/proof/term"
)

// sequence is a sequence of any length, as a list of pieces, one after the other. Pieces keep
// quantifiers over its places simple: a condition such as "there is an output" is written for each
// piece, and the order of two outputs follows from their pieces, without arithmetic.
type sequence struct {
	pieces []*piece
	begins []*term.Term // for each piece, the number of elements before it
	all    *term.Term   // the length of the sequence
}

// piece is a part of a sequence. If when is false, the part is missing. Otherwise it has the given
// length, and at returns its elements, from 1 to length.
type piece struct {
	when, length *term.Term
	at           func(i *term.Term) value
	// If the piece is a part of another sequence, it begins after the first shift elements of that
	// sequence, and of returns the elements of that sequence. Quantifiers over the piece's places
	// then range over the places of that sequence, which is easier for the solver.
	shift *term.Term
	of    func(i *term.Term) value
	// If the piece ends where that sequence ends, last returns the piece's last element, and filled
	// reports whether the piece has any element. Both are nil if at and length express this as
	// simply.
	last   func() value
	filled *term.Term
}

// hasAny returns the condition that the piece is there and has an element.
func (p *piece) hasAny() *term.Term {
	switch {
	case p.isUnit():
		return p.when
	case p.filled != nil:
		return term.Conj(p.when, p.filled)
	}
	return term.Conj(p.when, term.Neg(term.Equal(p.length, term.Number(0))))
}

// end is s[Len(s)].
func (s *sequence) end() value {
	var made value
	for _, p := range s.pieces {
		last := func() value { return p.at(p.length) }
		if p.last != nil {
			last = p.last
		}
		switch is := p.hasAny(); {
		case is == term.False:
		case is == term.True || made == nil:
			made = last()
		default:
			made = choose(is, last(), made)
		}
	}
	if made == nil {
		fail("an element of <<>>")
	}
	return made
}

// unity is the number 1. Its cached values are computed here, before goroutines share it.
var unity = func() *term.Term {
	one := term.Number(1)
	_ = one.String()
	return one
}()

// unit returns a piece of one element.
func unit(v value) *piece {
	return &piece{when: term.True, length: unity, at: func(*term.Term) value { return v }}
}

// units returns pieces of one element for a value. If the value is one of several, there is a piece
// for each, with its condition.
func units(v value) []*piece {
	of, ok := v.(either)
	if !ok {
		return []*piece{unit(v)}
	}
	return slices.Concat(guarded(units(of.a), of.when), guarded(units(of.b), term.Neg(of.when)))
}

// guarded returns copies of the pieces that are there only if c holds too.
func guarded(list []*piece, c *term.Term) (all []*piece) {
	for _, p := range list {
		all = append(all, p.given(c))
	}
	return all
}

// given returns a copy of the piece that is there only if c holds too.
func (p *piece) given(c *term.Term) *piece {
	so := *p
	so.when = term.Conj(c, p.when)
	return &so
}

func (p *piece) isUnit() bool { return p.length == unity }

func newSequence(pieces ...*piece) *sequence {
	s := &sequence{all: term.Number(0)}
	for _, p := range pieces {
		if p.when == term.False {
			continue
		}
		s.pieces, s.begins = append(s.pieces, p), append(s.begins, s.all)
		s.all = plus(s.all, term.If(p.when, p.length, term.Number(0)))
	}
	return s
}

// toSequence returns a tuple, or a function on 1..n, as a sequence. It returns nil for other
// values.
func toSequence(v value) *sequence {
	switch v := v.(type) {
	case *sequence:
		return v
	case either:
		return chooseSequence(v.when, asSequence(v.a), asSequence(v.b))
	case tuple:
		var all []*piece
		for _, item := range v {
			all = append(all, unit(item))
		}
		return newSequence(all...)
	case *function:
		if low, high := v.domain.low, v.domain.high; low != nil && literal(low, 1) {
			return newSequence(&piece{when: term.True, length: atLeast(high), at: v.at})
		}
	}
	return nil
}

func asSequence(v value) *sequence {
	s := toSequence(v)
	if s == nil {
		fail("a sequence is expected, not %T", v)
	}
	return s
}

// atLeast returns a length: n, or 0 if n is negative.
func atLeast(n *term.Term) *term.Term {
	if n.Op == term.App && strings.HasSuffix(n.Name, ".len") || n.Op == term.Literal && n.Value >= 0 {
		return n
	}
	return term.If(term.AtMost(term.Number(0), n), n, term.Number(0))
}

func literal(t *term.Term, n int) bool {
	return t.Op == term.Literal && t.Sort == term.Int && t.Value == n
}

// plus returns a + b. It leaves out zeros and adds up literals.
func plus(a, b *term.Term) *term.Term {
	switch {
	case literal(a, 0):
		return b
	case literal(b, 0):
		return a
	case b.Op != term.Literal:
		return term.Sum(a, b)
	case a.Op == term.Literal:
		return term.Number(a.Value + b.Value)
	case a.Op == term.Add && a.Args[1].Op == term.Literal:
		return plus(a.Args[0], term.Number(a.Args[1].Value+b.Value))
	}
	return term.Sum(a, b)
}

// minus returns a - b.
func minus(a, b *term.Term) *term.Term {
	switch {
	case a.String() == b.String():
		return term.Number(0)
	case b.Op == term.Literal:
		return plus(a, term.Number(-b.Value))
	case a.Op == term.Add && a.Args[0].String() == b.String():
		return a.Args[1]
	}
	return term.Difference(a, b)
}

// at returns the element at a place.
func (s *sequence) at(i *term.Term) value {
	last := len(s.pieces) - 1
	if last < 0 {
		fail("an element of <<>>")
	}
	made := s.pieces[last].at(minus(i, s.begins[last]))
	for n := last - 1; n >= 0; n-- {
		here := term.AtMost(i, s.begins[n+1])
		made = choose(here, s.pieces[n].at(minus(i, s.begins[n])), made)
	}
	return made
}

// concat returns s \o other.
func (s *sequence) concat(other *sequence) *sequence {
	return newSequence(slices.Concat(s.pieces, other.pieces)...)
}

// sub returns SubSeq(s, from, to).
func (s *sequence) sub(from, to *term.Term) *sequence {
	if len(s.pieces) == 0 {
		return s
	}
	length := plus(minus(to, from), unity)
	if length.Op == term.Sub || length.Op == term.Add || length.Op == term.Ite {
		length = term.If(term.AtMost(from, to), length, term.Number(0))
	} else {
		length = atLeast(length)
	}
	part := &piece{when: term.True, length: length, filled: term.AtMost(from, to), shift: minus(from, unity), of: s.at,
		at: func(i *term.Term) value { return s.at(plus(minus(i, unity), from)) }}
	if to == s.all {
		part.last = s.end
	}
	return newSequence(part)
}

// except returns [s EXCEPT ![at] = with].
func (s *sequence) except(at *term.Term, with value) *sequence {
	return newSequence(&piece{when: term.True, length: s.all, at: func(i *term.Term) value {
		return choose(term.Equal(i, at), with, s.at(i))
	}})
}

// isEmpty returns s = <<>>.
func (s *sequence) isEmpty() *term.Term {
	var all []*term.Term
	for _, p := range s.pieces {
		all = append(all, term.Neg(p.hasAny()))
	}
	return term.Conj(all...)
}

// apart splits two sequences: head has the pieces that both begin with, tail has those that both
// end with, and ofA and ofB have the pieces between.
func apart(a, b *sequence) (head, ofA, ofB, tail []*piece) {
	n := 0
	for n < len(a.pieces) && n < len(b.pieces) && a.pieces[n] == b.pieces[n] {
		n++
	}
	head, ofA, ofB = a.pieces[:n], a.pieces[n:], b.pieces[n:]
	m := 0
	for m < len(ofA) && m < len(ofB) && ofA[len(ofA)-1-m] == ofB[len(ofB)-1-m] {
		m++
	}
	return head, ofA[:len(ofA)-m], ofB[:len(ofB)-m], ofA[len(ofA)-m:]
}

// equalSequences returns a = b: the lengths are equal, and so are the elements.
func equalSequences(a, b *sequence) *term.Term {
	_, ofA, ofB, _ := apart(a, b)
	var all []*term.Term
	sure := func(list []*piece) bool {
		return len(list) > 0 && list[0].isUnit() && list[0].when == term.True
	}
	for sure(ofA) && sure(ofB) {
		all = append(all, equal(ofA[0].at(unity), ofB[0].at(unity)))
		ofA, ofB = ofA[1:], ofB[1:]
	}
	left, right := newSequence(ofA...), newSequence(ofB...)
	switch {
	case len(ofA) == 0:
		return term.Conj(append(all, right.isEmpty())...)
	case len(ofB) == 0:
		return term.Conj(append(all, left.isEmpty())...)
	}
	k := fresh("k", term.Int)
	inside := term.Conj(term.AtMost(unity, k), term.AtMost(k, left.all))
	all = append(all, term.Equal(left.all, right.all),
		term.All([]*term.Term{k}, term.Imply(inside, equal(left.at(k), right.at(k)))))
	return term.Conj(all...)
}

// chooseSequence returns IF c THEN a ELSE b.
func chooseSequence(c *term.Term, a, b *sequence) *sequence {
	head, ofA, ofB, tail := apart(a, b)
	return newSequence(slices.Concat(head, guarded(ofA, c), guarded(ofB, term.Neg(c)), tail)...)
}

// selected returns SelectSeq(s, holds). For a piece that may have several elements, holds must be
// true or false for all of them.
func (s *sequence) selected(holds func(value) *term.Term) *sequence {
	var all []*piece
	for _, p := range s.pieces {
		switch is := holds(p.at(fresh("k", term.Int))); {
		case is == term.True:
			all = append(all, p)
		case is == term.False:
		case p.isUnit():
			all = append(all, p.given(is))
		default:
			fail("SelectSeq: %v depends on the element", is)
		}
	}
	return newSequence(all...)
}
