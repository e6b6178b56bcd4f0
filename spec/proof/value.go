package proof

import (
	"fmt"
	"slices"
	"sync/atomic"

	"ablyrooms.example/spec/proof/term"
)

// value is what an expression of the spec means: a *term.Term, or one of the types below. Nothing
// in a state is nested deeper than a function of records with sets.
type value any

// function has a value for each element of its domain.
type function struct {
	domain *set
	at     func(*term.Term) value
}

// record has fields in a fixed order.
type record struct {
	names  []string
	fields []value
}

func (r *record) field(name string) value {
	i := slices.Index(r.names, name)
	if i < 0 {
		fail("there is no field %s among %v", name, r.names)
	}
	return r.fields[i]
}

// with returns a copy with another value of a field.
func (r *record) with(name string, v value) *record {
	c := &record{r.names, slices.Clone(r.fields)}
	i := slices.Index(r.names, name)
	if i < 0 {
		fail("there is no field %s among %v", name, r.names)
	}
	c.fields[i] = v
	return c
}

// tuple is a sequence of a fixed length.
type tuple []value

// set is known by its members. The sort is "" for the empty set and for sets of tuples.
type set struct {
	sort term.Sort
	has  func(value) *term.Term
	// of are the sets whose union this is a list of, if it is a set of sets.
	of *family
}

// family is {each(x) : x \in over}, a set of sets.
type family struct {
	over *set
	each func(*term.Term) *set
}

var empty = &set{has: func(value) *term.Term { return term.False }}

// fail ends a translation; [translator] has what begins one recover.
func fail(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

type failure struct{ error }

func asTerm(v value) *term.Term {
	t, ok := v.(*term.Term)
	if !ok {
		fail("a number, a string or a condition is expected, not %T", v)
	}
	return t
}

func asBool(v value) *term.Term {
	t := asTerm(v)
	if t.Sort != term.Bool {
		fail("a condition is expected, not %v", t)
	}
	return t
}

func asSet(v value) *set {
	s, ok := v.(*set)
	if !ok {
		fail("a set is expected, not %T", v)
	}
	return s
}

func (s *set) union() *set {
	if s.of == nil {
		fail("UNION of what is no {… : x \\in S}")
	}
	f := s.of
	of := f.each(term.NewVar("some", f.over.sort))
	return &set{sort: of.sort, has: func(v value) *term.Term {
		x := fresh("u", f.over.sort)
		return term.Some([]*term.Term{x}, term.Conj(f.over.has(x), f.each(x).has(v)))
	}}
}

// quantified counts bound variables, so that each binding has a name of its own.
var quantified atomic.Int64

func fresh(name string, s term.Sort) *term.Term {
	if s == "" {
		fail("%s: nothing is known of the elements of its set", name)
	}
	return term.NewVar(fmt.Sprintf("%s.%d", name, quantified.Add(1)), s)
}

// equal is the equality of two values.
func equal(a, b value) *term.Term {
	switch a := a.(type) {
	case *term.Term:
		b := asTerm(b)
		if a.Sort != b.Sort {
			fail("%v = %v: one is of the sort %s, one of %s", a, b, a.Sort, b.Sort)
		}
		return term.Equal(a, b)
	case *record:
		other, ok := b.(*record)
		if !ok || !slices.Equal(a.names, other.names) {
			fail("records with other fields are compared")
		}
		var all []*term.Term
		for i := range a.fields {
			all = append(all, equal(a.fields[i], other.fields[i]))
		}
		return term.Conj(all...)
	case tuple:
		other, ok := b.(tuple)
		if !ok || len(a) != len(other) {
			fail("a tuple is compared with what is no tuple of its length")
		}
		var all []*term.Term
		for i := range a {
			all = append(all, equal(a[i], other[i]))
		}
		return term.Conj(all...)
	case *set:
		return sameSet(a, asSet(b))
	case *function:
		other, ok := b.(*function)
		if !ok {
			fail("a function is compared with what is none")
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
	x := fresh("x", a.sort)
	if b == empty {
		return term.Neg(term.Some([]*term.Term{x}, a.has(x)))
	}
	return term.All([]*term.Term{x}, term.Equal(a.has(x), b.has(x)))
}

// choose is IF c THEN a ELSE b.
func choose(c *term.Term, a, b value) value {
	switch {
	case c == term.True:
		return a
	case c == term.False:
		return b
	}
	switch a := a.(type) {
	case *term.Term:
		b := asTerm(b)
		if a.Sort != b.Sort {
			fail("IF: %v and %v", a, b)
		}
		return term.If(c, a, b)
	case *record:
		other, ok := b.(*record)
		if !ok || !slices.Equal(a.names, other.names) {
			fail("IF: records with other fields")
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

func oneSort(a, b *set) term.Sort {
	if a.sort == "" {
		return b.sort
	}
	return a.sort
}
