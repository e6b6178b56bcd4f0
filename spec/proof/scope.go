package proof

import (
	"fmt"

	"ablyrooms.example/spec/proof/tla"
)

// scope binds a name in an expression. The outer scopes bind the other names.
type scope struct {
	outer *scope
	name  string
	value value
	// def is the operator that name is bound to, if it is one.
	def  *tla.Definition
	now  map[string]value // the values of the variables
	next map[string]value // the values in the next state that are already known
	// prime says that variables are read in the next state.
	prime bool
	kept  *kept // the last value of an operator without parameters; nil if there is none
}

// kept caches the value of an operator. It is valid while next and prime are the same. The cache is
// also needed for sequences: two evaluations would make two sequences, whose places couldn't be
// compared.
type kept struct {
	next  map[string]value
	prime bool
	value value
}

func (s *scope) bind(name string, v value) *scope {
	return &scope{outer: s, name: name, value: v, now: s.now, next: s.next, prime: s.prime}
}

// lookup returns the innermost scope that binds a name, or nil.
func (s *scope) lookup(name string) *scope {
	for ; s != nil; s = s.outer {
		if s.name == name {
			return s
		}
	}
	return nil
}

// in returns a copy of the scope with other values for the next state.
func (s *scope) in(next map[string]value, prime bool) *scope {
	c := *s
	c.next, c.prime = next, prime
	return &c
}

// atLine is deferred. It adds the line of e to the error of a failing translation.
func atLine(e *tla.Expr) {
	if thrown := recover(); thrown != nil {
		if f, ok := thrown.(failure); ok {
			panic(failure{fmt.Errorf("line %d: %w", e.Line, f.error)})
		}
		panic(thrown)
	}
}

// try runs a translation, and returns its error.
func try(f func()) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			failed, ok := thrown.(failure)
			if !ok {
				panic(thrown)
			}
			err = failed.error
		}
	}()
	f()
	return nil
}

func body(d *tla.Definition) *tla.Expr {
	e, err := d.Body()
	if err != nil {
		fail("%v", err)
	}
	return e
}
