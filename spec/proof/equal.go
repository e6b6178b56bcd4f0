package proof

import (
	"slices"

	"ablyrooms.example/spec/proof/term"
)

// equal returns the equality of two values.
func equal(a, b value) *term.Term {
	switch b.(type) {
	case either, variant, row, *sequence:
		a, b = b, a
	}
	switch a := a.(type) {
	case either:
		return term.Conj(term.Imply(a.when, equal(a.a, b)), term.Imply(term.Neg(a.when), equal(a.b, b)))
	case variant:
		b := toVariant(b)
		among := sorts(a, b)
		if len(b) == 1 {
			among = sorts(b) // b's sort selects the variant of a
		} else if len(a) == 1 {
			among = sorts(a)
		}
		var all []*term.Term
		for _, s := range among {
			all = append(all, term.Equal(a.get(s), b.get(s)))
		}
		return term.Conj(all...)
	case row:
		b := asRow(b)
		var all []*term.Term
		for _, c := range columns(a, b) {
			all = append(all, term.Equal(a.get(c), b.get(c)))
		}
		return term.Conj(all...)
	case *sequence:
		return equalSequences(a, asSequence(b))
	case *term.Term:
		b := asTerm(b)
		if a.Sort != b.Sort {
			fail("%v = %v: one is of the sort %s, one of %s", a, b, a.Sort, b.Sort)
		}
		return term.Equal(a, b)
	case *record:
		other, ok := b.(*record)
		if !ok || !slices.Equal(a.names, other.names) {
			fail("records with different fields are compared")
		}
		var all []*term.Term
		for i := range a.fields {
			all = append(all, equal(a.fields[i], other.fields[i]))
		}
		return term.Conj(all...)
	case tuple:
		other, ok := b.(tuple)
		if !ok {
			return equalSequences(asSequence(a), asSequence(b))
		}
		if len(a) != len(other) {
			return term.False
		}
		var all []*term.Term
		for i := range a {
			is := equal(a[i], other[i])
			if is == term.False {
				return is // such as outputs of two kinds, whose other fields can't be compared
			}
			all = append(all, is)
		}
		return term.Conj(all...)
	case *set:
		return sameSet(a, asSet(b))
	case *function:
		other, ok := b.(*function)
		if !ok {
			fail("a function is compared with another type of value")
		}
		x := fresh("x", a.domain.sort)
		return term.All([]*term.Term{x}, term.Imply(a.domain.has(x), equal(a.at(x), other.at(x))))
	}
	fail("%T can't be compared", a)
	return nil
}

func sameSet(a, b *set) *term.Term {
	if a == empty {
		a, b = b, a
	}
	if a == empty {
		return term.True
	}
	if b == empty {
		return term.Neg(a.through(false, func(value) *term.Term { return term.True }))
	}
	if oneSort(a, b) == "" { // a and b are sets of tuples
		return term.Conj(a.through(true, b.has), b.through(true, a.has))
	}
	x := fresh("x", oneSort(a, b))
	return term.All([]*term.Term{x}, term.Equal(a.has(x), b.has(x)))
}

// choose returns IF c THEN a ELSE b.
func choose(c *term.Term, a, b value) value {
	switch {
	case c == term.True:
		return a
	case c == term.False:
		return b
	}
	if _, ok := b.(variant); ok {
		a = toVariant(a)
	}
	if other, ok := b.(tuple); ok {
		if mine, ok := a.(tuple); ok && sameForm(mine, other) {
			made := make(tuple, len(mine))
			for i := range mine {
				made[i] = choose(c, mine[i], other[i])
			}
			return made
		}
	}
	switch a := a.(type) {
	case variant:
		made, b := variant{}, toVariant(b)
		for _, s := range sorts(a, b) {
			made[s] = term.If(c, a.get(s), b.get(s))
		}
		return made
	case row:
		return chooseRow(c, a, asRow(b))
	case *picked:
		return choose(c, a.term(), b)
	case tuple, either:
		if _, ok := b.(row); ok {
			return chooseRow(c, asRow(a), asRow(b))
		}
		if _, ok := b.(*sequence); ok {
			return chooseSequence(c, asSequence(a), asSequence(b))
		}
		return either{c, a, b}
	case *sequence:
		return chooseSequence(c, a, asSequence(b))
	case *term.Term:
		b := asTerm(b)
		if a.Sort != b.Sort {
			fail("IF: %v and %v", a, b)
		}
		return term.If(c, a, b)
	case *record:
		other, ok := b.(*record)
		if !ok || !slices.Equal(a.names, other.names) {
			fail("the branches of an IF are records with different fields")
		}
		r := &record{names: a.names}
		for i := range a.fields {
			r.fields = append(r.fields, choose(c, a.fields[i], other.fields[i]))
		}
		return r
	case *set:
		b := asSet(b)
		return &set{sort: oneSort(a, b), has: func(v value) *term.Term {
			return asTerm(choose(c, a.has(v), b.has(v)))
		}}
	case *function:
		other, ok := b.(*function)
		if !ok {
			fail("IF: a function and none")
		}
		return &function{a.domain, func(x *term.Term) value { return choose(c, a.at(x), other.at(x)) }}
	}
	fail("IF: %T", a)
	return nil
}

// sameForm reports whether the values of two tuples have the same sorts.
func sameForm(a, b tuple) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, ok := a[i].(*term.Term)
		y, ok2 := b[i].(*term.Term)
		if !ok || !ok2 || x.Sort != y.Sort {
			return false
		}
	}
	return len(a) > 0
}

func chooseRow(c *term.Term, a, b row) row {
	made := row{}
	for _, at := range columns(a, b) {
		made[at] = term.If(c, a.get(at), b.get(at))
	}
	return made
}

func oneSort(a, b *set) term.Sort {
	if a.sort == "" {
		return b.sort
	}
	return a.sort
}
