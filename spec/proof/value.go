package proof

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"ablyrooms.example/spec/proof/term"
)

// value is the value of an expression of the spec: a *term.Term, or one of the types below. In a
// state, nothing is nested deeper than a function whose values are records with sets.
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

// with returns a copy of the record in which one field has another value.
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

// row is an element of a sequence of tuples of different forms. It has a word that names the form,
// and a value for each column: a place and a sort. It is blank in the columns that its form lacks.
type row map[column]*term.Term

// either is a if when holds, else b. Both are tuples of different forms. It isn't known yet whether
// they are sequences or elements of one.
type either struct {
	when *term.Term
	a, b value
}

type column struct {
	place int
	sort  term.Sort
}

// variant is one of several values of different sorts. The use of the variant shows which sort is
// meant.
type variant map[term.Sort]*term.Term

// blank returns the value of the sort s that fills a column that a row's form lacks.
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

// columns returns the columns of all the rows, sorted.
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

// at returns the value of a row at a place.
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

// sorts returns the sorts of all the variants, sorted.
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

// fail ends a translation with an error: it panics, and [try] recovers.
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
		fail("UNION of a set that is not written {… : x \\in S}")
	}
	f := s.of
	of := f.each(term.NewVar("some", f.over.sort))
	return &set{sort: of.sort, has: func(v value) *term.Term {
		x := fresh("u", f.over.sort)
		return term.Some([]*term.Term{x}, term.Conj(f.over.has(x), f.each(x).has(v)))
	}}
}

// quantified counts bound variables, so that each bound variable has its own name.
var quantified atomic.Int64

func fresh(name string, s term.Sort) *term.Term {
	if s == "" {
		fail("%s: the elements of its set are not known", name)
	}
	return term.NewVar(fmt.Sprintf("%s.%d", name, quantified.Add(1)), s)
}
