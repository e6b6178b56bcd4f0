package proof

import "ablyrooms.example/spec/proof/term"

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
