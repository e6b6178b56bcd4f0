package proof

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"ablyrooms.example/spec/proof/term"
)

// Condition is one thing that the solver has to prove: that a formula follows from others.
type Condition struct {
	Action string // the action, or one of the words below
	Goal   string // the conjunct, or the property
	From   []string
	script func() (string, error)
	asks   *question // of a proof with a contract
}

// What stands in the place of an action.
const (
	Initially = "(initially)" // the goal holds in the initial states
	Always    = "(always)"    // the goal follows from the invariant
)

// InDomain is the goal that an action changes functions where they are defined.
const InDomain = "InDomain"

// What is claimed of fair actions.
const (
	// the action is an end of the work of the incarnation that it is about
	EndsItsWork = "EndsItsWork"
	// while there is a work, one of the actions that are fair for it can be taken
	EndsEnabled = "EndsEnabled"
)

func (p *Proof) isFair(action string) bool {
	for _, actions := range p.Fair {
		if slices.Contains(actions, action) {
			return true
		}
	}
	return false
}

// endsItsWork states that the action changes how the backend has ended the incarnation's work,
// which is what EndsWorkOn asks for in the module.
func endsItsWork(a *Action) *term.Term {
	i := a.Params[0]
	return term.Neg(term.Equal(term.Apply("incs.ended'", term.Word, i), term.Apply("incs.ended", term.Word, i)))
}

// endsEnabled states that there is an action for each work that is under way: its guards hold.
func (p *Proof) endsEnabled() *term.Term {
	i := term.NewVar("i", term.Int)
	var all []*term.Term
	for _, work := range slices.Sorted(maps.Keys(p.Fair)) {
		var any []*term.Term
		for _, a := range p.Actions {
			if slices.Contains(p.Fair[work], a.Name) {
				with := map[string]*term.Term{a.Params[0].Name: i}
				any = append(any, term.Conj(a.Guards...).Substitute(with))
			}
		}
		created := term.Conj(term.AtMost(term.Number(1), i), term.AtMost(i, term.Apply("MaxCalls", term.Int)))
		is := term.Equal(term.Apply("incs.work", term.Word, i), term.Text(term.Word, work))
		all = append(all, term.All([]*term.Term{i}, term.Imply(term.Conj(created, is), term.Disj(any...))))
	}
	return term.Conj(all...)
}

// Script returns the condition as a script for the solver, which must answer unsat: there is no
// state in which all hypotheses hold and the goal fails. Each assertion has the name of what it
// states. It may be called by several goroutines.
func (c *Condition) Script() (string, error) {
	translating.Lock()
	defer translating.Unlock()
	return c.script()
}

// translating is held while conditions are written: terms and modules keep what they once computed.
var translating sync.Mutex

// String names the condition.
func (c *Condition) String() string { return c.Goal + " by " + c.Action }

// Conditions returns all conditions of the proof, action by action.
func (p *Proof) Conditions() (all []*Condition) {
	if p.Recursion != nil {
		return p.withContract()
	}
	for _, goal := range p.Invariant {
		all = append(all, p.condition(Initially, goal, nil, nil, false))
	}
	for _, goal := range p.Implied {
		all = append(all, p.condition(Always, goal, nil, p.from(Always, goal), false))
	}
	for _, a := range p.byName() {
		all = append(all, p.condition(a[0].Name, InDomain, a, p.from(a[0].Name, InDomain), false))
		for _, goal := range p.Invariant {
			all = append(all, p.condition(a[0].Name, goal, a, p.from(a[0].Name, goal), false))
		}
		for _, goal := range slices.Concat(p.Properties, p.Progress) {
			all = append(all, p.condition(a[0].Name, goal, a, p.from(a[0].Name, goal), true))
		}
		if p.isFair(a[0].Name) {
			all = append(all, p.condition(a[0].Name, EndsItsWork, a, p.from(a[0].Name, EndsItsWork), false))
		}
	}
	if len(p.Fair) > 0 {
		all = append(all, p.condition(Always, EndsEnabled, nil, p.from(Always, EndsEnabled), false))
	}
	return all
}

// ActionNames returns the names of the actions.
func (p *Proof) ActionNames() (names []string) {
	for _, a := range p.byName() {
		names = append(names, a[0].Name)
	}
	return names
}

// byName returns the actions, those that are cases of one together.
func (p *Proof) byName() (all [][]*Action) {
	at := map[string]int{}
	for i := range p.Actions {
		a := &p.Actions[i]
		n, ok := at[a.Name]
		if !ok {
			n = len(all)
			at[a.Name], all = n, append(all, nil)
		}
		all[n] = append(all[n], a)
	}
	return all
}

//go:embed hypotheses.txt
var chosen string

// from returns the conjuncts from which a goal is proved: those that hypotheses.txt has, or all.
// Fewer make the solver faster; which they are is no part of the claim, for any may be used.
func (p *Proof) from(_, goal string) []string {
	names := []string{p.Name}
	if p.Name == "Leases" {
		names = append(names, "Rooms") // whose invariant leases keep, for the same reasons
	}
	for _, of := range names {
		for line := range strings.Lines(chosen) {
			if name, list, _ := strings.Cut(line, ":"); name == of+" "+goal {
				return strings.Fields(list)
			}
		}
	}
	if p.Recursion != nil {
		return slices.Concat(p.Invariant, p.Recursion.After)
	}
	return p.Invariant
}

// nextCase stands between the scripts of a condition's cases, each of which must be unsat.
const nextCase = "(reset)\n"

func (p *Proof) condition(action, goal string, cases []*Action, from []string, step bool) *Condition {
	return &Condition{Action: action, Goal: goal, From: from, script: func() (string, error) {
		hypotheses, err := p.hypotheses(action, from)
		if err != nil {
			return "", err
		}
		if cases == nil {
			cases = []*Action{nil}
		}
		var scripts []string
		for _, a := range cases {
			claim, facts, err := p.claim(a, goal, step)
			if err != nil {
				return "", err
			}
			if claim != term.True {
				scripts = append(scripts, p.script(a, append(hypotheses[:len(hypotheses):len(hypotheses)], facts...), claim))
			}
		}
		if len(scripts) == 0 {
			return "(assert false)\n(check-sat)\n", nil // true as it is written
		}
		return strings.Join(scripts, nextCase), nil
	}}
}

// hypotheses returns from what a goal is proved, without the action.
func (p *Proof) hypotheses(action string, from []string) (all []hypothesis, err error) {
	for _, assumed := range p.t.assumed {
		all = append(all, hypothesis{"ASSUME", assumed})
	}
	for _, symbol := range p.Symbols {
		if strings.HasSuffix(symbol.Name, ".len") && len(symbol.Args) == 0 {
			all = append(all, hypothesis{"Len", term.AtMost(term.Number(0), term.Apply(symbol.Name, term.Int))})
		}
	}
	if action == Initially {
		initial, err := p.State(p.Init, false)
		if err != nil {
			return nil, err
		}
		all = append(all, hypothesis{p.Init, initial})
		if len(p.Counts) > 0 {
			for _, symbol := range inOrder {
				all = append(all, hypothesis{symbol, term.Equal(term.Apply(symbol, term.Int), count(symbol, nil))})
			}
		}
	}
	for _, name := range from {
		h, err := p.State(name, false)
		if err != nil {
			return nil, err
		}
		all = append(all, hypothesis{name, counted(name, h)})
	}
	return all, nil
}

// claim returns what is to be proved of an action, or of a state if that is nil, and what else is
// known of it.
func (p *Proof) claim(a *Action, goal string, step bool) (claim *term.Term, facts []hypothesis, err error) {
	switch {
	case goal == InDomain:
		return term.Conj(a.InDomain...), nil, nil
	case goal == EndsItsWork:
		return endsItsWork(a), nil, nil
	case goal == EndsEnabled:
		return p.endsEnabled(), nil, nil
	case a != nil && len(p.Cases) > 0:
		return p.after(a, goal, step)
	case step:
		claim, err = p.Step(goal)
	default:
		claim, err = p.State(goal, a != nil)
	}
	if symbol, ok := inOrder[goal]; ok && err == nil {
		claim = withCount(claim, count(symbol, a))
	}
	return claim, nil, err
}

// hypothesis is something from which a goal is proved.
type hypothesis struct {
	name    string
	formula *term.Term
}

// script writes the condition that a claim follows from hypotheses and an action.
func (p *Proof) script(a *Action, hypotheses []hypothesis, claim *term.Term, more ...Symbol) string {
	var lifter term.Lifter
	lift := lifter.Formula
	if a != nil && len(p.Cases) > 0 {
		// the claim has the same question in many places: it is asked once
		lifter.Constants, lift = a.Params, lifter.Inside
	}
	var b, defines, asserts strings.Builder
	all := []*term.Term{claim}
	for _, h := range hypotheses {
		all = append(all, h.formula)
	}
	words, names := p.literals(a, all)
	term.DeclareWords(&b, words, names)
	for _, symbol := range append(p.declared(all), more...) {
		term.DeclareFun(&b, symbol.Name, symbol.Args, symbol.Sort)
	}
	for _, h := range hypotheses {
		term.Assert(&asserts, h.name, lifter.Formula(h.formula))
	}
	if a != nil {
		for _, v := range a.Params {
			term.DeclareFun(&b, v.Name, nil, v.Sort)
		}
		for _, g := range a.Guards {
			term.Assert(&asserts, a.Name, lift(g))
		}
	}
	if a != nil && len(p.Cases) == 0 {
		for _, symbol := range countSymbols {
			term.DefineFun(&defines, symbol.Name+"'", nil, term.Int, count(symbol.Name, a))
		}
		for _, d := range a.Next {
			term.DefineFun(&defines, d.Symbol.Name+"'", d.Params, d.Symbol.Sort, lifter.Inside(d.Body))
		}
	}
	term.Assert(&asserts, "the goal fails", lift(term.Neg(claim)))
	var early, late strings.Builder // what speaks of the next state comes after it is defined
	for _, f := range lifter.Lifted {
		to := &early
		f.Body.Walk(func(t *term.Term) {
			if t.Op == term.App && strings.HasSuffix(t.Name, "'") {
				to = &late
			}
		})
		f.Declare(to)
	}
	b.WriteString(early.String() + defines.String() + late.String() + asserts.String() + "(check-sat)\n")
	return b.String()
}

// declared returns the symbols of the state, and the predicates of steps that terms have.
func (p *Proof) declared(terms []*term.Term) []Symbol {
	if len(p.Inputs) == 0 {
		return slices.Concat(p.Constants, p.Symbols, countSymbols)
	}
	all := slices.Concat(p.Constants, p.Symbols)
	known := map[string]bool{}
	for _, t := range terms {
		t.Walk(func(t *term.Term) {
			name, _ := strings.CutPrefix(t.Name, "is")
			if _, ok := p.t.inputs[name]; ok && name != t.Name && t.Op == term.App && !known[name] {
				known[name] = true
				symbol := Symbol{Name: t.Name, Sort: term.Bool}
				for _, a := range t.Args {
					symbol.Args = append(symbol.Args, a.Sort)
				}
				all = append(all, symbol)
			}
		})
	}
	return all
}

// literals collects the words and names that are written in the terms.
func (p *Proof) literals(a *Action, terms []*term.Term) (words, names []string) {
	if a != nil {
		terms = slices.Concat(terms, a.Guards)
		if len(p.Cases) == 0 {
			for _, d := range a.Next {
				terms = append(terms, d.Body)
			}
		}
	}
	for _, t := range terms {
		t.Walk(func(t *term.Term) {
			if t.Op == term.Literal && t.Sort == term.Word {
				words = append(words, t.Name)
			}
			if t.Op == term.Literal && t.Sort == term.Name {
				names = append(names, t.Name)
			}
		})
	}
	for _, list := range []*[]string{&words, &names} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	if len(names) == 0 && !p.t.nameless {
		names = []string{noName}
	}
	return append(words, "(another)"), names
}

var countSymbols = []Symbol{{Name: "Last", Sort: term.Int}, {Name: "Newest", Sort: term.Int}}

// inOrder are the conjuncts that say of which numbers a counted set consists.
var inOrder = map[string]string{"CallsInOrder": "Last", "IncsInOrder": "Newest"}

// counted states of a set that is 1..k for some k that k is its Cardinality, which the state has as
// a symbol: the one fact about Cardinality that the proof uses.
func counted(name string, h *term.Term) *term.Term {
	if symbol, ok := inOrder[name]; ok {
		return withCount(h, term.Apply(symbol, term.Int))
	}
	return h
}

// withCount takes k for what there is.
func withCount(h, k *term.Term) *term.Term {
	return h.Args[0].Substitute(map[string]*term.Term{h.Vars[0].Name: k})
}

// count returns what the number is in the state after an action, or in the initial one. It is no
// more than a guess from the action's text, for what is proved of CallsInOrder and IncsInOrder is
// that this is the number.
func count(symbol string, a *Action) *term.Term {
	if a == nil {
		return term.Number(0)
	}
	now := term.Apply(symbol, term.Int)
	more := term.Sum(now, term.Number(1))
	made := false
	for _, d := range a.Next {
		if d.Symbol.Name == map[string]string{"Last": "calls.op", "Newest": "incs.life"}[symbol] {
			d.Body.Walk(func(t *term.Term) { made = made || t.String() == more.String() })
		}
	}
	if made {
		return more
	}
	return now
}
