package proof

import (
	"fmt"

	"ablyrooms.example/spec/proof/tla"
)

// scope is what names mean at a place.
type scope struct {
	outer *scope
	name  string
	value value
	// def is the operator that name is, with the scope that its body has.
	def  *tla.Definition
	now  map[string]value // of the variables
	next map[string]value // the same in the next state; those that are known
	// prime says that all is meant in the next state.
	prime bool
	kept  *kept // of an operator without parameters, what it was last
}

// kept is the value that an operator has as long as the same is known of the next state. Values are
// evaluated once, so that the places of a sequence remain those of one sequence.
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

// in returns the scope with other next values.
func (s *scope) in(next map[string]value, prime bool) *scope {
	c := *s
	c.next, c.prime = next, prime
	return &c
}

// atLine adds the line to what is thrown below.
func atLine(e *tla.Expr) {
	if thrown := recover(); thrown != nil {
		if f, ok := thrown.(failure); ok {
			panic(failure{fmt.Errorf("line %d: %w", e.Line, f.error)})
		}
		panic(thrown)
	}
}

// try runs a translation, and returns why it failed.
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
