package proof

import (
	"cmp"
	"fmt"
	"maps"
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

// row is an element of a sequence whose elements are tuples of different forms: a word that says
// which, and what there may be at each place, by its sort. What an element has not is blank.
type row map[column]*term.Term

// either is a if when holds, else b: tuples of different forms, of which it does not show yet
// whether they are meant as sequences, or as elements of one.
type either struct {
	when *term.Term
	a, b value
}

type column struct {
	place int
	sort  term.Sort
}

// variant is one of values of different sorts; which of them is meant shows in what is asked of it.
type variant map[term.Sort]*term.Term

// blank stands where an element of a sequence has nothing.
func blank(s term.Sort) *term.Term {
	switch s {
	case term.Bool:
		return term.False
	case term.Int:
		return term.Number(0)
	}
	return term.Text(s, "none")
}

// asRow returns a tuple as a row.
func asRow(v value) row {
	switch v := v.(type) {
	case row:
		return v
	case either:
		return chooseRow(v.when, asRow(v.a), asRow(v.b))
	case tuple:
		r := row{}
		for i, item := range v {
			for s, t := range toVariant(item) {
				r[column{i + 1, s}] = t
			}
		}
		return r
	}
	fail("a tuple is expected, not %T", v)
	return nil
}

func (r row) get(c column) *term.Term {
	if t := r[c]; t != nil {
		return t
	}
	return blank(c.sort)
}

// columns returns the columns of rows, in order.
func columns(rows ...row) (all []column) {
	for _, r := range rows {
		for c := range r {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b column) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.sort, b.sort))
	})
	return slices.Compact(all)
}

// at returns what a row has at a place.
func (r row) at(place int) value {
	v := variant{}
	for c, t := range r {
		if c.place == place {
			v[c.sort] = t
		}
	}
	return v
}

func (v variant) get(s term.Sort) *term.Term {
	if t := v[s]; t != nil {
		return t
	}
	return blank(s)
}

// sorts returns the sorts of variants, in order.
func sorts(all ...variant) []term.Sort {
	var list []term.Sort
	for _, v := range all {
		list = slices.AppendSeq(list, maps.Keys(v))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func toVariant(v value) variant {
	if is, ok := v.(variant); ok {
		return is
	}
	t := asTerm(v)
	return variant{t.Sort: t}
}

// set is known by its members. The sort is "" for the empty set and for sets of tuples.
type set struct {
	sort term.Sort
	has  func(value) *term.Term
	// of are the sets whose union this is a list of, if it is a set of sets.
	of *family
	// each says whether all, or some, of the elements satisfy a condition, if that is known better
	// than by asking it of all that is of the sort.
	each func(all bool, holds func(value) *term.Term) *term.Term
	// items are the elements of an enumeration
	items []value
	// the ends of a range, and whether a set of numbers is bounded by numbers on either side
	low, high *term.Term
	from, to  bool
	positions *sequence // of which this is 1..Len
	// what the elements are of, and how, if they are values of something
	over *set
	made func(value) value
}

// through says that all, or some, of a set's elements satisfy a condition.
func (s *set) through(all bool, holds func(value) *term.Term) *term.Term {
	if s.each != nil {
		return s.each(all, holds)
	}
	x := fresh("x", s.sort)
	if all {
		return term.All([]*term.Term{x}, term.Imply(s.has(x), holds(x)))
	}
	return term.Some([]*term.Term{x}, term.Conj(s.has(x), holds(x)))
}

// enumerated is {items…}.
func enumerated(items []value) *set {
	made := &set{items: items, has: func(v value) *term.Term {
		var is []*term.Term
		for _, a := range items {
			is = append(is, equal(v, a))
		}
		return term.Disj(is...)
	}}
	made.each = func(all bool, holds func(value) *term.Term) *term.Term {
		var is []*term.Term
		for _, a := range items {
			is = append(is, holds(a))
		}
		if all {
			return term.Conj(is...)
		}
		return term.Disj(is...)
	}
	if first, ok := items[0].(*term.Term); ok {
		made.sort = first.Sort
	}
	return made
}

// filtered is {x \in s : holds(x)}.
func (s *set) filtered(holds func(value) *term.Term) *set {
	f := &set{sort: s.sort, from: s.from, to: s.to, has: func(v value) *term.Term { return term.Conj(s.has(v), holds(v)) }}
	if s.each != nil {
		f.each = func(all bool, then func(value) *term.Term) *term.Term {
			return s.each(all, func(v value) *term.Term {
				switch is := holds(v); {
				case is == term.False && all:
					return term.True
				case is == term.False:
					return term.False
				case all:
					return term.Imply(is, then(v))
				default:
					return term.Conj(is, then(v))
				}
			})
		}
	}
	return f
}

// mapped is {f(x) : x \in s}.
func (s *set) mapped(f func(value) value) *set {
	m := &set{over: s, made: f, each: func(all bool, holds func(value) *term.Term) *term.Term {
		return s.through(all, func(x value) *term.Term { return holds(f(x)) })
	}}
	m.has = func(v value) *term.Term { return m.each(false, func(x value) *term.Term { return equal(v, x) }) }
	return m
}

// joined is a \cup b.
func joined(a, b *set) *set {
	if a == empty {
		return b
	}
	if b == empty {
		return a
	}
	u := &set{sort: oneSort(a, b), has: func(v value) *term.Term { return term.Disj(a.has(v), b.has(v)) }}
	if a.each != nil || b.each != nil {
		u.each = func(all bool, holds func(value) *term.Term) *term.Term {
			if all {
				return term.Conj(a.through(true, holds), b.through(true, holds))
			}
			return term.Disj(a.through(false, holds), b.through(false, holds))
		}
	}
	return u
}

// family is {each(x) : x \in over}, a set of sets.
type family struct {
	over *set
	each func(*term.Term) *set
}

var booleans = &set{sort: term.Bool, has: func(value) *term.Term { return term.True },
	each: enumerated([]value{term.False, term.True}).each}

var empty = &set{has: func(value) *term.Term { return term.False }}

// fail ends a translation; [translator] has what begins one recover.
func fail(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

type failure struct{ error }

func asTerm(v value) *term.Term {
	switch v := v.(type) {
	case *term.Term:
		return v
	case *picked:
		return v.term()
	case variant:
		if len(v) == 1 {
			return v[sorts(v)[0]]
		}
	}
	fail("a number, a string or a condition is expected, not %T", v)
	return nil
}

func asNumber(v value) *term.Term {
	if of, ok := v.(variant); ok {
		return of.get(term.Int)
	}
	return asTerm(v)
}

func asBool(v value) *term.Term {
	if of, ok := v.(variant); ok {
		return of.get(term.Bool)
	}
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
			among = sorts(b) // that is what is meant
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
			fail("records with other fields are compared")
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
				return is // outputs of two kinds, say, of which the rest can't be compared
			}
			all = append(all, is)
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
	if b == empty {
		return term.Neg(a.through(false, func(value) *term.Term { return term.True }))
	}
	if oneSort(a, b) == "" { // of tuples
		return term.Conj(a.through(true, b.has), b.through(true, a.has))
	}
	x := fresh("x", oneSort(a, b))
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

// sameForm reports whether two tuples have values of the same sorts.
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
