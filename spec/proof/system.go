package proof

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

// noName is the spec's value for a missing name. Its sort is that of names.
const noName = "-"

// Symbol is a part of a state: a function of numbers or names. A symbol without arguments is a
// constant.
type Symbol struct {
	Name string
	Args []term.Sort
	Sort term.Sort
	// Len is set if the symbol is a part of a sequence's elements: the name of the symbol for the
	// sequence's length.
	Len string
}

// Variable says which symbols a variable of the spec consists of.
type Variable struct {
	Name string
	Type
}

// System is a spec in the form that the proof uses. All of it is read from the spec's text.
type System struct {
	Module    *tla.Module
	Variables []Variable
	Constants []Symbol
	Counts    map[string]string // the symbol of the Cardinality, by the name of the set
	// Init and Next are the names of the initial condition and of the next-state action.
	Init string
	Next string
	// Whole says that an IF in an action doesn't split it: otherwise each branch becomes an action.
	Whole bool
	// Cases has fields of the first variable, which is a record, each with the name of the set of
	// its values. Each action is read once for each combination of values.
	Cases [][2]string
	// Inputs has the operators that a claim may use to ask "is the step one of this input?", with
	// the sorts of their arguments.
	Inputs []Symbol
	// Only is the name of the only action that is read, or "" for all. One action is enough for one
	// condition.
	Only string
	// Split has bound variables of \E. Each of their values becomes an action.
	Split []string
	// Recursion describes the spec's recursive operator; nil if the spec has none.
	Recursion *Recursion

	Symbols []Symbol // all symbols of a state
	Actions []Action
	t       *translator
}

// read translates the module's actions.
func (s *System) read() error {
	s.t = &translator{module: s.Module, counts: s.Counts, primed: map[string]bool{}, nameless: true,
		whole: s.Whole, split: s.Split, inputs: s.inputs(), only: s.Only, system: s,
		recursion: s.Recursion, calls: map[string]*call{}, byID: map[string]*call{},
		positions: map[*term.Term]position{}, constants: map[string]value{
			"Nat": &set{sort: term.Int, from: true, has: func(v value) *term.Term {
				return term.AtMost(term.Number(0), asTerm(v))
			}},
			"BOOLEAN": booleans,
		}}
	for _, c := range s.Constants {
		if len(c.Args) > 0 {
			s.t.constants[c.Name] = constantSet(c)
			s.t.nameless = s.t.nameless && c.Args[0] != term.Name
		} else {
			s.t.constants[c.Name] = term.Apply(c.Name, c.Sort)
		}
	}
	return try(func() {
		now := s.values("")
		d := s.Module.Definition(s.Next)
		if d == nil {
			fail("there is no %s", s.Next)
		}
		for _, e := range assumptions(s.Module) {
			s.t.assumed = append(s.t.assumed, s.t.condition(e, &scope{}))
		}
		var paths []path
		s.cases(path{scope: &scope{}, Action: Action{now: now}}, 0, func(p path) {
			p.scope = &scope{now: p.now}
			paths = append(paths, s.t.actions(body(d), p)...)
		})
		paths = slices.DeleteFunc(paths, func(p path) bool { return p.dead })
		for i := range s.Variables {
			s.Variables[i].readRows(s.Variables[i].Name, paths)
		}
		for _, v := range s.Variables {
			for _, d := range v.defines(v.Name, s.value(v, ""), nil) {
				s.Symbols = append(s.Symbols, d.Symbol)
			}
		}
		for _, p := range paths {
			s.Actions = append(s.Actions, s.finish(p))
		}
		s.numbered()
	})
}

// cases visits the path once for each combination of values of s.Cases.
func (s *System) cases(p path, n int, visit func(path)) {
	if n == len(s.Cases) {
		visit(p)
		return
	}
	field, of := s.Cases[n][0], s.named(s.Cases[n][1])
	first := s.Variables[0].Name
	for _, item := range of.items {
		word := asTerm(item)
		r := p.now[first].(*record)
		so := p.guarded(equal(r.field(field), word))
		so.Case = strings.TrimPrefix(p.Case+", "+word.Name, ", ")
		so.now = maps.Clone(p.now)
		so.now[first] = r.with(field, word)
		s.cases(so, n+1, visit)
	}
}

// numbered adds a number to the names of actions that have the same name: a disjunct that
// distinguishes cases becomes several such actions.
func (s *System) numbered() {
	count := map[string]int{}
	if len(s.Cases) > 0 {
		return
	}
	for _, a := range s.Actions {
		count[a.Name]++
	}
	at := map[string]int{}
	for i := range s.Actions {
		if a := &s.Actions[i]; count[a.Name] > 1 {
			at[a.Name]++
			a.Name = fmt.Sprintf("%s.%d", a.Name, at[a.Name])
		}
	}
}

// assumptions returns what the module assumes of its constants.
func assumptions(m *tla.Module) []*tla.Expr {
	all, err := m.Assumptions()
	if err != nil {
		fail("ASSUME: %v", err)
	}
	return all
}

func constantSet(c Symbol) *set {
	return &set{sort: c.Args[0], has: func(v value) *term.Term {
		return term.Apply(c.Name, term.Bool, asTerm(v))
	}}
}

// values returns the value of each variable, in terms of its symbols. The names of the symbols get
// the suffix, which is "'" for the next state.
func (s *System) values(suffix string) map[string]value {
	all := map[string]value{}
	for _, v := range s.Variables {
		all[v.Name] = s.value(v, suffix)
	}
	return all
}

func (s *System) value(v Variable, suffix string) value {
	return s.valueOf(&v.Type, v.Name, suffix, nil)
}

// named returns the set of that name, which must not depend on the state.
func (s *System) named(name string) *set {
	return asSet(s.t.identifier(&tla.Expr{Op: tla.Ident, Name: name}, &scope{}))
}

func numberSet(symbol string, args ...*term.Term) *set {
	return &set{sort: term.Int, has: func(x value) *term.Term {
		return term.Apply(symbol, term.Bool, append(args[:len(args):len(args)], asTerm(x))...)
	}}
}

// named gives an action's parameters the names that the spec uses.
func (a *Action) named() {
	with := map[string]*term.Term{}
	used := map[string]bool{}
	for i, p := range a.Params {
		name, _, _ := strings.Cut(p.Name, ".")
		for used[name] {
			name += "_"
		}
		used[name] = true
		a.Params[i] = term.NewVar(name, p.Sort)
		with[p.Name] = a.Params[i]
	}
	a.rename = with
	if a.taken != nil {
		a.taken = a.taken.Substitute(with)
	}
	for _, list := range []*[]*term.Term{&a.Guards, &a.InDomain} {
		*list = slices.Clone(*list)
		for i, t := range *list {
			(*list)[i] = t.Substitute(with)
		}
	}
	for i, d := range a.Next {
		a.Next[i].Body = d.Body.Substitute(with)
	}
}

// String returns the action as text. Equal actions have the same text.
func (a *Action) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, a.Name, a.Params)
	for _, g := range a.Guards {
		fmt.Fprintln(&b, g.Canonical())
	}
	for _, d := range a.Next {
		fmt.Fprintln(&b, d.Symbol.Name, d.Params, d.Body.Canonical())
	}
	return b.String()
}

// finish returns the action of a path, with a definition of each symbol in the next state.
func (s *System) finish(p path) Action {
	a := p.Action
	if len(p.cases) > 0 {
		a.Name += "(" + strings.Join(p.cases, ", ") + ")"
	}
	a.Params = slices.Clone(a.Params)
	for _, v := range s.Variables {
		next, ok := a.next[v.Name]
		if !ok {
			fail("%s says nothing of %s'", a.Name, v.Name)
		}
		a.Next = append(a.Next, v.defines(v.Name, next, nil)...)
	}
	a.named()
	return a
}

// State translates a predicate of states. With prime, it is applied to the next state.
func (s *System) State(name string, prime bool) (formula *term.Term, err error) {
	e := &tla.Expr{Op: tla.Ident, Name: name}
	err = try(func() { formula = s.t.condition(e, (&scope{now: s.values("")}).in(s.values("'"), prime)) })
	return formula, err
}

// Step translates a property of steps, [][formula]_vars, to the formula of one step.
func (s *System) Step(name string) (formula *term.Term, err error) {
	err = try(func() { formula = s.t.condition(s.step(name), (&scope{now: s.values("")}).in(s.values("'"), false)) })
	return formula, err
}

// step returns the formula of one step from a property of steps.
func (s *System) step(name string) *tla.Expr {
	d := s.Module.Definition(name)
	if d == nil {
		fail("there is no %s", name)
	}
	e := body(d)
	if e.Op != tla.Box {
		fail("%s is not a property of steps", name)
	}
	return e.Args[0]
}

// after translates a predicate of states or a property of steps that must hold after an action. The
// claim is in terms of the state before the action: there, the pieces of a sequence are known, and
// the solver need not find them. facts has what is known about the questions "is the step one of
// this input?" in the claim.
func (s *System) after(a *Action, name string, step bool) (claim *term.Term, facts []hypothesis, err error) {
	err = try(func() {
		s.t.asked, s.t.positions = s.inputs(), map[*term.Term]position{}
		defer func() { s.t.asked = nil }()
		at := (&scope{now: a.now}).in(a.next, !step)
		if step {
			claim = s.t.condition(s.step(name), at)
		} else {
			claim = s.t.condition(&tla.Expr{Op: tla.Ident, Name: name}, at)
		}
		claim = claim.Substitute(a.rename)
		facts = s.facts(a, claim, at)
	})
	return claim, facts, err
}

// facts returns what is known about each input for which the claim asks "is the step one of this
// input?". A step is a step of its own input. If it is a step of another input too, the guards of
// that input hold, and that input leads to the same state. [System.askedOf] says which inputs
// count.
func (s *System) facts(a *Action, claim *term.Term, at *scope) (all []hypothesis) {
	s.t.asked = nil
	at = at.in(at.next, false)
	for _, input := range s.Inputs {
		asked, asks := s.askedOf(claim, "is"+input.Name)
		if asks && a.taken != nil && a.taken.Name == "is"+input.Name {
			all = append(all, hypothesis{"the step is one of " + input.Name, a.taken})
		}
		for _, literals := range asked {
			d := s.Module.Definition(input.Name)
			in := (&scope{now: at.now}).in(at.next, false)
			var args, params []*term.Term
			for i, p := range d.Params {
				x := literals[i]
				if x == nil {
					x = fresh(p, input.Args[i])
					params = append(params, x)
				}
				args, in = append(args, x), in.bind(p, x)
			}
			if s.Recursion != nil && s.t.applies(body(d), s.Recursion.Replaces) {
				s.t.unsaid = s.Recursion.Unsaid // the fact would be long, and is not needed
			}
			is := term.Imply(term.Apply("is"+input.Name, term.Bool, args...), s.t.condition(body(d), in).Substitute(a.rename))
			s.t.unsaid = nil
			all = append(all, hypothesis{"what a step of " + input.Name + " is", term.All(params, is)})
		}
	}
	return all
}

// askedOf returns the lists of arguments with which a claim uses a predicate, and reports whether
// the claim uses the predicate. An argument that is not a literal is nil. If there are too many
// lists, all arguments are nil. If the system has a recursion, facts are long, so a use counts only
// if the claim may fail because the predicate holds.
func (s *System) askedOf(claim *term.Term, predicate string) (all [][]*term.Term, asks bool) {
	known := map[string]bool{}
	claim.Polar(true, func(t *term.Term, _, negative bool) {
		if t.Op != term.App || t.Name != predicate {
			return
		}
		if asks = true; s.Recursion != nil && !negative {
			return
		}
		literals := make([]*term.Term, len(t.Args))
		for i, a := range t.Args {
			if a.Op == term.Literal {
				literals[i] = a
			}
		}
		if key := fmt.Sprint(literals); !known[key] {
			known[key] = true
			all = append(all, literals)
		}
	})
	if len(all) > 4 {
		return [][]*term.Term{make([]*term.Term, len(all[0]))}, asks
	}
	return all, asks
}

func (s *System) inputs() map[string][]term.Sort {
	sorts := map[string][]term.Sort{}
	for _, i := range s.Inputs {
		sorts[i.Name] = i.Args
	}
	return sorts
}

// Claim is like [System.Step], but keeps the questions about the step as predicates.
func (s *System) Claim(name string) (*term.Term, error) {
	s.t.asked = s.inputs()
	defer func() { s.t.asked = nil }()
	return s.Step(name)
}
