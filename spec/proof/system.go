package proof

import (
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

// noName stands in the spec where there is no name. Its sort is that of names.
const noName = "-"

// Symbol is a part of a state: a function of numbers or names. A symbol without arguments is a
// constant.
type Symbol struct {
	Name string
	Args []term.Sort
	Sort term.Sort
}

// Variable says which symbols a variable of the spec consists of. Reading the spec shows that the
// symbols have these sorts: an expression that mixes sorts is an error.
type Variable struct {
	Name   string
	Index  term.Sort // the sort of a function's arguments; "" for a set of numbers
	Domain string    // the name of the function's domain, a definition or constant
	Fields []Field   // of a function's records; nil for a function whose values are numbers
}

// Field is a field of a record. A field of the sort Bool is a set of numbers.
type Field struct {
	Name string
	Sort term.Sort
}

// System is a spec in the form that the proof uses. It is read from the spec's text, all of it.
type System struct {
	Module    *tla.Module
	Variables []Variable
	Counts    map[string]string // the symbol of the Cardinality, by the name of the set
	// the definitions of the initial condition and of the next-state action
	Init string
	Next string

	Symbols []Symbol // of a state
	Actions []Action
	t       *translator
}

// constant symbols of every state
var constants = []Symbol{
	{Name: "MaxCalls", Sort: term.Int}, {Name: "Conditional", Sort: term.Bool},
	{Name: "Names", Args: []term.Sort{term.Name}, Sort: term.Bool},
	{Name: "Options", Args: []term.Sort{term.Name}, Sort: term.Bool},
}

// read translates the module's actions.
func (s *System) read() error {
	s.t = &translator{module: s.Module, counts: s.Counts, primed: map[string]bool{}, constants: map[string]value{
		"MaxCalls":    term.Apply("MaxCalls", term.Int),
		"Conditional": term.Apply("Conditional", term.Bool),
		"Names":       nameSet("Names"), "Options": nameSet("Options"),
		"Nat": &set{sort: term.Int, has: func(v value) *term.Term {
			return term.AtMost(term.Number(0), asTerm(v))
		}},
		"BOOLEAN": &set{sort: term.Bool, has: func(v value) *term.Term { return term.True }},
	}}
	return try(func() {
		s.t.now = s.values("")
		for _, v := range s.Variables {
			s.Symbols = append(s.Symbols, v.symbols()...)
		}
		d := s.Module.Definition(s.Next)
		if d == nil {
			fail("there is no %s", s.Next)
		}
		for _, e := range assumptions(s.Module) {
			s.t.assumed = append(s.t.assumed, s.t.condition(e, &scope{}))
		}
		for _, p := range s.t.actions(body(d), path{scope: &scope{}}) {
			s.Actions = append(s.Actions, s.finish(p))
		}
		s.numbered()
	})
}

// numbered adds a number to the names of actions that have the same name: a disjunct that
// distinguishes cases becomes several such actions.
func (s *System) numbered() {
	count := map[string]int{}
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

func nameSet(symbol string) *set {
	return &set{sort: term.Name, has: func(v value) *term.Term {
		return term.Apply(symbol, term.Bool, asTerm(v))
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
	if v.Index == "" {
		return numberSet(v.Name + suffix)
	}
	at := func(x *term.Term) value {
		if len(v.Fields) == 0 {
			return term.Apply(v.Name+suffix, term.Int, x)
		}
		r := &record{}
		for _, f := range v.Fields {
			symbol := v.Name + "." + f.Name + suffix
			r.names = append(r.names, f.Name)
			if f.Sort == term.Bool {
				r.fields = append(r.fields, numberSet(symbol, x))
			} else {
				r.fields = append(r.fields, term.Apply(symbol, f.Sort, x))
			}
		}
		return r
	}
	return &function{s.named(v.Domain), at}
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

func (v Variable) symbols() (all []Symbol) {
	switch {
	case v.Index == "":
		return []Symbol{{v.Name, []term.Sort{term.Int}, term.Bool}}
	case len(v.Fields) == 0:
		return []Symbol{{v.Name, []term.Sort{v.Index}, term.Int}}
	}
	for _, f := range v.Fields {
		args := []term.Sort{v.Index}
		if f.Sort == term.Bool {
			args = append(args, term.Int)
		}
		all = append(all, Symbol{v.Name + "." + f.Name, args, f.Sort})
	}
	return all
}

// named gives the parameters of an action the names that the spec has for them.
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
	a.Params = slices.Clone(a.Params)
	for _, v := range s.Variables {
		next, ok := a.next[v.Name]
		if !ok {
			fail("%s says nothing of %s'", a.Name, v.Name)
		}
		for _, symbol := range v.symbols() {
			var params []*term.Term
			for i, sort := range symbol.Args {
				params = append(params, term.NewVar(fmt.Sprintf("%s.%d", "p", i), sort))
			}
			a.Next = append(a.Next, Define{symbol, params, part(v, symbol, next, params)})
		}
	}
	a.named()
	return a
}

// part returns the value of one symbol of a variable, from the value of the variable.
func part(v Variable, symbol Symbol, of value, params []*term.Term) *term.Term {
	if v.Index == "" {
		return asSet(of).has(params[0])
	}
	f, ok := of.(*function)
	if !ok {
		fail("%s' is no function", v.Name)
	}
	at := f.at(params[0])
	if len(v.Fields) > 0 {
		r, ok := at.(*record)
		if !ok {
			fail("%s' is no function of records", v.Name)
		}
		at = r.field(symbol.Name[len(v.Name)+1:])
	}
	if len(params) == 2 {
		return asSet(at).has(params[1])
	}
	got := asTerm(at)
	if got.Sort != symbol.Sort {
		fail("%s' is of the sort %s", symbol.Name, got.Sort)
	}
	return got
}

// State translates a predicate of states. With prime, it is applied to the next state.
func (s *System) State(name string, prime bool) (formula *term.Term, err error) {
	e := &tla.Expr{Op: tla.Ident, Name: name}
	err = try(func() { formula = s.t.condition(e, (&scope{}).in(s.values("'"), prime)) })
	return formula, err
}

// Step translates a property of steps, [][formula]_vars, to the formula of one step.
func (s *System) Step(name string) (formula *term.Term, err error) {
	err = try(func() {
		d := s.Module.Definition(name)
		if d == nil {
			fail("there is no %s", name)
		}
		e := body(d)
		if e.Op != tla.Box {
			fail("%s is no property of steps", name)
		}
		formula = s.t.condition(e.Args[0], (&scope{}).in(s.values("'"), false))
	})
	return formula, err
}
