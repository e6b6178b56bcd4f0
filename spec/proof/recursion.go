package proof

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

// Recursion says how the proof treats a recursive operator of the spec. The solver gets a contract
// in place of the recursion. An application of the operator is a record about which the solver
// knows only the contract: if Before holds for the argument, After holds for the argument and the
// result. [Proof.contract] proves the contract by induction.
type Recursion struct {
	// Operator takes a record of the type Of and returns one. It also appends outputs to the field
	// Outs, which it does not read. The outputs are tuples of one form: the word Kind, and values
	// of the sorts in Form.
	Operator string
	Of       Type
	Outs     string
	Kind     string
	Form     []term.Sort // the sorts of the values after Kind in a tuple
	Queue    string      // the field whose sequence is shorter in each recursive call
	Before   string      // the name of a predicate of the argument
	After    []string    // the names of predicates of the argument and the result
	// Replaces is a recursive operator of the spec. By is the operator that the proof uses instead.
	// It is equal to Replaces, and it applies Operator.
	Replaces, By string
	// Whole has the operators whose branches stay in one expression, in the same way as the
	// branches of an IF in an argument.
	Whole []string
	// Unsaid has the variables whose next value is left out of the facts about a step with a
	// recursion.
	Unsaid []string
}

// call is an application of the recursive operator.
type call struct {
	id      string
	free    []*term.Term // the parameters and bound variables that the argument depends on
	arg     *record
	defines []Define // the argument's symbols
	result  *record  // its outputs are only those of the call
}

// called returns the value of an application of the recursive operator.
func (t *translator) called(arg *record) *record {
	r := t.recursion
	defines := r.Of.defines("r", arg, nil)
	free, key := abstracted(defines)
	c := t.calls[key]
	if c == nil {
		c = &call{id: fmt.Sprintf("%s#%d", r.Operator, len(t.calls)+1), free: free, arg: arg, defines: defines}
		c.result = t.resultOf(c, free)
		t.calls[key] = c
		t.byID[c.id] = c
	}
	made := t.resultOf(c, free)
	outs := asSequence(arg.field(r.Outs)).concat(asSequence(made.field(r.Outs)))
	return made.with(r.Outs, outs)
}

// resultOf returns the result of a call. Its fields are symbols that depend on the variables in
// free.
func (t *translator) resultOf(c *call, free []*term.Term) *record {
	r := t.recursion
	made := t.system.valueOf(&r.Of, c.id, "", free).(*record)
	outs := &piece{when: term.True, length: term.Apply(c.id+"."+r.Outs+".len", term.Int, free...),
		at: func(i *term.Term) value {
			of := row{column{1, term.Word}: term.Text(term.Word, r.Kind)}
			for n, s := range r.Form {
				at := column{n + 2, s}
				of[at] = term.Apply(at.symbol(c.id+"."+r.Outs), s, append(free[:len(free):len(free)], i)...)
			}
			return of
		}}
	return &record{append(made.names[:len(made.names):len(made.names)], r.Outs),
		append(made.fields[:len(made.fields):len(made.fields)], newSequence(outs))}
}

// symbols returns the symbols of the operator's argument and result. Their names begin with "r.",
// in place of the name of a call. The symbols of the outputs come last.
func (r *Recursion) symbols(s *System) (all []Symbol) {
	for _, d := range r.Of.defines("r", s.valueOf(&r.Of, "r", "", nil), nil) {
		all = append(all, d.Symbol)
	}
	length := "r." + r.Outs + ".len"
	all = append(all, Symbol{Name: length, Sort: term.Int})
	for n, sort := range r.Form {
		all = append(all, Symbol{column{n + 2, sort}.symbol("r." + r.Outs), []term.Sort{term.Int}, sort, length})
	}
	return all
}

// abstracted returns the free variables of definitions, in the order in which they occur. key is
// equal for definitions that differ only in these variables.
func abstracted(defines []Define) (free []*term.Term, key string) {
	var b strings.Builder
	with := map[string]*term.Term{}
	for _, d := range defines {
		bound := map[string]bool{}
		for _, p := range d.Params {
			bound[p.Name] = true
		}
		inside := d.Body.Free()
		d.Body.Walk(func(v *term.Term) {
			if v.Op == term.Var && !bound[v.Name] && inside[v.Name] != nil && with[v.Name] == nil {
				with[v.Name] = term.NewVar(fmt.Sprintf("free%d", len(free)), v.Sort)
				free = append(free, v)
			}
		})
		fmt.Fprintln(&b, d.Symbol.Name, d.Body.Substitute(with).Canonical())
	}
	return free, b.String()
}

// isRecursive returns the value that the proof uses for an application of Operator or of Replaces.
// It reports whether e is such an application.
func (t *translator) isRecursive(e *tla.Expr, s *scope) (value, bool) {
	r := t.recursion
	switch {
	case r == nil:
		return nil, false
	case e.Name == r.Replaces:
		return t.apply(t.module.Definition(r.By), e, s, &scope{now: s.now}), true
	case e.Name == r.Operator:
		arg, ok := t.eval(e.Args[0], s).(*record)
		if !ok {
			fail("line %d: the argument of %s is not a record", e.Line, e.Name)
		}
		return t.called(arg), true
	}
	return nil, false
}

// leaf is one branch of an expression: the value of the expression if the guards hold.
type leaf struct {
	guards   []*term.Term
	inDomain []*term.Term
	value    value
}

// leaves splits an expression into the branches of its IFs and CASEs.
func (t *translator) leaves(e *tla.Expr, s *scope) (all []leaf) {
	add := func(c *term.Term, more []leaf) {
		for _, l := range more {
			if c != term.False {
				l.guards = append([]*term.Term{c}, l.guards...)
				all = append(all, l)
			}
		}
	}
	switch e.Op {
	case tla.If:
		c := t.condition(e.Args[0], s)
		add(c, t.leaves(e.Args[1], s))
		add(term.Neg(c), t.leaves(e.Args[2], s))
		return all
	case tla.Case:
		not := term.True
		for i := 0; i < len(e.Args); i += 2 {
			if i == len(e.Args)-1 { // OTHER
				add(not, t.leaves(e.Args[i], s))
				break
			}
			c := t.condition(e.Args[i], s)
			if i == len(e.Args)-2 { // without OTHER, one of the conditions must hold
				for _, l := range t.leaves(e.Args[i+1], s) {
					l.inDomain = append(l.inDomain, c)
					add(not, []leaf{l})
				}
				break
			}
			add(term.Conj(not, c), t.leaves(e.Args[i+1], s))
			not = term.Conj(not, term.Neg(c))
		}
		return all
	case tla.Let:
		inner, inside := t.defining(e.Defs, s)
		all = t.leaves(e.Args[0], inner)
		for i := range all {
			all[i].inDomain = append(inside[:len(inside):len(inside)], all[i].inDomain...)
		}
		return all
	case tla.Ident:
		if s.lookup(e.Name) == nil && len(e.Args) > 0 && !slices.Contains(t.recursion.Whole, e.Name) {
			return t.leavesOf(e, s)
		}
	}
	return []leaf{t.leafOf(e, s)}
}

// leafOf returns the whole expression as one leaf.
func (t *translator) leafOf(e *tla.Expr, s *scope) leaf {
	t.inDomain = nil
	v := t.eval(e, s)
	return leaf{inDomain: t.inDomain, value: v}
}

// leavesOf splits an application: first its arguments, then the operator's body.
func (t *translator) leavesOf(e *tla.Expr, s *scope) (all []leaf) {
	d := t.module.Definition(e.Name)
	if e.Name != "TLCEval" && d == nil {
		return []leaf{t.leafOf(e, s)}
	}
	for _, args := range t.leavesOfArgs(e.Args, s) {
		values := args.value.(tuple)
		var more []leaf
		switch {
		case e.Name == "TLCEval":
			more = []leaf{{value: values[0]}}
		case e.Name == t.recursion.Replaces && t.induction:
			by := t.module.Definition(t.recursion.By)
			more = []leaf{{value: t.eval(body(by), (&scope{now: s.now}).in(s.next, s.prime).bind(by.Params[0], values[0]))}}
		case e.Name == t.recursion.Operator:
			more = []leaf{{value: t.called(values[0].(*record))}}
		default:
			if e.Name == t.recursion.Replaces {
				d = t.module.Definition(t.recursion.By)
			}
			inner := (&scope{now: s.now}).in(s.next, s.prime)
			for i, param := range d.Params {
				inner = inner.bind(param, values[i])
			}
			more = t.leaves(body(d), inner)
		}
		for _, l := range more {
			l.guards = append(args.guards[:len(args.guards):len(args.guards)], l.guards...)
			l.inDomain = append(args.inDomain[:len(args.inDomain):len(args.inDomain)], l.inDomain...)
			all = append(all, l)
		}
	}
	return all
}

// leavesOfArgs splits the arguments. The value of each leaf is a tuple of arguments.
func (t *translator) leavesOfArgs(args []*tla.Expr, s *scope) []leaf {
	all := []leaf{{value: tuple{}}}
	for _, a := range args {
		var next []leaf
		ways := []leaf{}
		if a.Op == tla.If {
			ways = append(ways, t.leafOf(a, s))
		} else {
			ways = t.leaves(a, s)
		}
		for _, l := range ways {
			for _, before := range all {
				values := before.value.(tuple)
				next = append(next, leaf{slices.Concat(before.guards, l.guards), slices.Concat(before.inDomain, l.inDomain),
					append(values[:len(values):len(values)], l.value)})
			}
		}
		all = next
	}
	return all
}

// callsIn returns the calls whose symbols occur in the terms, and the calls that their arguments
// depend on.
func (t *translator) callsIn(terms ...*term.Term) []*call {
	found := map[string]*call{}
	var look func(*term.Term)
	look = func(of *term.Term) {
		of.Walk(func(of *term.Term) {
			id, _, _ := strings.Cut(of.Name, ".")
			if c := t.byID[id]; of.Op == term.App && c != nil && found[id] == nil {
				found[id] = c
				for _, d := range c.defines {
					look(d.Body)
				}
			}
		})
	}
	for _, of := range terms {
		look(of)
	}
	var all []*call
	for _, id := range slices.Sorted(maps.Keys(found)) {
		all = append(all, found[id])
	}
	return all
}

// relation returns the formula of a definition that is applied to records.
func (t *translator) relation(name string, args ...value) *term.Term {
	d := t.module.Definition(name)
	if d == nil || len(d.Params) != len(args) {
		fail("there is no operator %s with %d arguments", name, len(args))
	}
	s := &scope{}
	for i, p := range d.Params {
		s = s.bind(p, args[i])
	}
	return t.condition(body(d), s)
}

// known returns the named parts of the contract as hypotheses about a call, if the condition when
// holds.
func (t *translator) known(c *call, from []string, when *term.Term) (all []hypothesis) {
	r := t.recursion
	silent := c.arg.with(r.Outs, newSequence())
	for _, name := range from {
		if !slices.Contains(r.After, name) {
			continue // a conjunct of the invariant, not of the contract
		}
		says := term.Imply(when, t.relation(name, silent, c.result))
		all = append(all, hypothesis{name, term.All(c.free, says)})
	}
	return all
}

// declared returns the symbols of a call.
func (t *translator) declared(c *call) (all []Symbol) {
	var free []term.Sort
	for _, v := range c.free {
		free = append(free, v.Sort)
	}
	for _, s := range t.recursion.symbols(t.system) {
		all = append(all, Symbol{Name: c.id + s.Name[1:], Args: slices.Concat(free, s.Args), Sort: s.Sort})
	}
	return all
}

// applies reports whether an expression applies an operator, directly or through other definitions.
func (t *translator) applies(e *tla.Expr, operator string) bool {
	found, known := false, map[string]bool{}
	var look func(*tla.Expr)
	look = func(e *tla.Expr) {
		if e == nil || found {
			return
		}
		if e.Op == tla.Ident && !known[e.Name] {
			known[e.Name] = true
			found = found || e.Name == operator
			if d := t.module.Definition(e.Name); d != nil {
				look(body(d))
			}
		}
		for _, a := range e.Args {
			look(a)
		}
		for _, d := range e.Defs {
			look(body(d))
		}
	}
	look(e)
	return found
}

// lets has symbols for numbers that LETs define in an induction. With them, a script defines each
// such number only once.
type lets struct {
	symbols []Symbol
	are     []*term.Term
}

// name returns a symbol for a value that is an IF of numbers; it returns other values unchanged.
func (l *lets) name(name string, v value) value {
	t, ok := v.(*term.Term)
	if l == nil || !ok || t.Sort != term.Int || t.Op != term.Ite {
		return v
	}
	i := slices.IndexFunc(l.are, func(other *term.Term) bool { return other.Canonical().String() == t.Canonical().String() })
	if i < 0 {
		i = len(l.are)
		l.symbols = append(l.symbols, Symbol{Name: fmt.Sprintf("let.%s.%d", name, i+1), Sort: term.Int})
		l.are = append(l.are, t)
	}
	return term.Apply(l.symbols[i].Name, term.Int)
}

// hypotheses returns the definitions of the symbols.
func (l *lets) hypotheses() (all []hypothesis) {
	for i, t := range l.are {
		all = append(all, hypothesis{"LET", term.Equal(term.Apply(l.symbols[i].Name, term.Int), t)})
	}
	return all
}
