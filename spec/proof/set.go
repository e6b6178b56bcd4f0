package proof

import "ablyrooms.example/spec/proof/term"

// set is a set. Its function has says which values are members. The sort is "" for the empty set
// and for sets of tuples.
type set struct {
	sort term.Sort
	has  func(value) *term.Term
	// of has the elements of a set of sets; nil for other sets.
	of *family
	// each returns the condition that all elements, or some, satisfy holds. It is nil if a
	// quantifier over all values of the sort is the best way to say so.
	each func(all bool, holds func(value) *term.Term) *term.Term
	// items are the elements of an enumeration; nil for other sets.
	items []value
	// low and high are the ends of a range. from and to say whether a set of numbers is bounded
	// below and above.
	low, high *term.Term
	from, to  bool
	positions *sequence // the sequence s if the set is 1..Len(s), else nil
	// For {f(x) : x \in s}, over is s and made is f.
	over *set
	made func(value) value
}

// through returns the condition that all elements of the set, or some, satisfy holds.
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

// filtered returns {x \in s : holds(x)}.
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

// mapped returns {f(x) : x \in s}.
func (s *set) mapped(f func(value) value) *set {
	m := &set{over: s, made: f, each: func(all bool, holds func(value) *term.Term) *term.Term {
		return s.through(all, func(x value) *term.Term { return holds(f(x)) })
	}}
	m.has = func(v value) *term.Term { return m.each(false, func(x value) *term.Term { return equal(v, x) }) }
	return m
}

// joined returns a \cup b.
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
