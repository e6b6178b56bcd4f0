package term

import "fmt"

// Value is a value of any sort: a number, 0 or 1 for Bool, or the index of a Word or a Name.
type Value = int

// World is a small state on which terms are evaluated.
type World interface {
	// Symbol returns a function that computes a symbol of the state from its arguments. A symbol
	// has at most two arguments.
	Symbol(name string) (func(a, b Value) Value, error)
	// Literal returns the value of a literal of the sort Word or Name.
	Literal(s Sort, text string) (Value, error)
	// Range returns the values of a sort: from first up to, but not including, end. No set that the
	// spec quantifies over has a number outside of this range.
	Range(s Sort) (first, end Value)
}

// Relations is a World that has predicates with any number of arguments.
type Relations interface {
	// Relation returns a function that computes a predicate, or nil if there is no predicate of
	// this name.
	Relation(name string) func(args []Value) bool
}

// Compiled computes a term. The caller passes the values of its free variables, in the order in
// which [Compile] got their names.
type Compiled func(free ...Value) Value

type code func(env []Value) Value

type compiler struct {
	world World
	slots map[string]int
	depth int
	most  int
}

// Compile compiles a term to a function. The function must not be called concurrently, and must not
// call itself.
func Compile(t *Term, w World, free ...string) (compiled Compiled, err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			failed, ok := thrown.(compileError)
			if !ok {
				panic(thrown)
			}
			err = failed.error
		}
	}()
	c := &compiler{world: w, slots: map[string]int{}}
	for _, name := range free {
		c.bind(name)
	}
	run := c.compile(t)
	env := make([]Value, c.most)
	return func(free ...Value) Value {
		copy(env, free)
		return run(env)
	}, nil
}

type compileError struct{ error }

func (c *compiler) bind(name string) int {
	slot := c.depth
	c.slots[name] = slot
	c.depth++
	c.most = max(c.most, c.depth)
	return slot
}

func (c *compiler) all(list []*Term) (codes []code) {
	for _, t := range list {
		codes = append(codes, c.compile(t))
	}
	return codes
}

func (c *compiler) compile(t *Term) code {
	switch t.Op {
	case Var:
		slot, ok := c.slots[t.Name]
		if !ok {
			panic(compileError{fmt.Errorf("the variable %s is not bound", t.Name)})
		}
		return func(env []Value) Value { return env[slot] }
	case Literal:
		v := t.Value
		if t.Sort == Word || t.Sort == Name {
			var err error
			if v, err = c.world.Literal(t.Sort, t.Name); err != nil {
				panic(compileError{err})
			}
		}
		return func([]Value) Value { return v }
	case App:
		return c.apply(t)
	case Forall, Exists, Choose, Least, Greatest:
		return c.quantifier(t, t.Vars)
	}
	args := c.all(t.Args)
	a := args[0]
	switch t.Op {
	case And:
		return func(env []Value) Value {
			for _, a := range args {
				if a(env) == 0 {
					return 0
				}
			}
			return 1
		}
	case Or:
		return func(env []Value) Value {
			for _, a := range args {
				if a(env) != 0 {
					return 1
				}
			}
			return 0
		}
	case Not:
		return func(env []Value) Value { return 1 - a(env) }
	}
	b := args[1]
	switch t.Op {
	case Implies:
		return func(env []Value) Value { return truth(a(env) == 0 || b(env) != 0) }
	case Eq:
		return func(env []Value) Value { return truth(a(env) == b(env)) }
	case Le:
		return func(env []Value) Value { return truth(a(env) <= b(env)) }
	case Add:
		return func(env []Value) Value { return a(env) + b(env) }
	case Sub:
		return func(env []Value) Value { return a(env) - b(env) }
	case Ite:
		other := args[2]
		return func(env []Value) Value {
			if a(env) != 0 {
				return b(env)
			}
			return other(env)
		}
	}
	panic(compileError{fmt.Errorf("unknown term %v", t)})
}

func truth(b bool) Value {
	if b {
		return 1
	}
	return 0
}

func (c *compiler) apply(t *Term) code {
	if w, ok := c.world.(Relations); ok {
		if is := w.Relation(t.Name); is != nil {
			args := c.all(t.Args)
			return func(env []Value) Value {
				values := make([]Value, len(args))
				for i, a := range args {
					values[i] = a(env)
				}
				return truth(is(values))
			}
		}
	}
	symbol, err := c.world.Symbol(t.Name)
	if err != nil {
		panic(compileError{err})
	}
	args := c.all(t.Args)
	switch len(args) {
	case 0:
		return func([]Value) Value { return symbol(0, 0) }
	case 1:
		a := args[0]
		return func(env []Value) Value { return symbol(a(env), 0) }
	case 2:
		a, b := args[0], args[1]
		return func(env []Value) Value { return symbol(a(env), b(env)) }
	}
	panic(compileError{fmt.Errorf("%s has more than two arguments", t.Name)})
}

// quantifier tries all values of a sort's range.
func (c *compiler) quantifier(t *Term, vars []*Term) code {
	outer, had := c.slots[vars[0].Name]
	slot := c.bind(vars[0].Name)
	var body code
	if len(vars) > 1 {
		body = c.quantifier(t, vars[1:])
	} else {
		body = c.compile(t.Args[0])
	}
	c.depth--
	if delete(c.slots, vars[0].Name); had {
		c.slots[vars[0].Name] = outer
	}
	world, sort, op := c.world, vars[0].Sort, t.Op
	return func(env []Value) Value {
		first, end := world.Range(sort)
		for n := first; n < end; n++ {
			v := n
			if op == Greatest {
				v = first + end - 1 - n
			}
			env[slot] = v
			holds := body(env) != 0
			switch {
			case (op == Choose || op == Least || op == Greatest) && holds:
				return v
			case op == Exists && holds:
				return 1
			case op == Forall && !holds:
				return 0
			}
		}
		return truth(op == Forall)
	}
}
