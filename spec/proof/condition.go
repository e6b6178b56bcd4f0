package proof

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"ablyrooms.example/spec/proof/term"
)

// Condition states that a formula, the goal, follows from others. The solver has to prove it.
type Condition struct {
	Action string // the name of the action, or Initially or Always
	Goal   string // the name of a conjunct of the invariant or of a property
	From   []string
	script func() (string, error)
	asks   *question // set if the proof has a contract for a recursive operator, else nil
}

// Values of Condition.Action that name no action.
const (
	Initially = "(initially)" // the goal holds in the initial states
	Always    = "(always)"    // the goal follows from the invariant
)

// InDomain is the goal that an action changes functions only at arguments in their domains.
const InDomain = "InDomain"

// Goals about the actions for which the spec assumes fairness.
const (
	// EndsItsWork: the action ends the work of the incarnation that is its first parameter.
	EndsItsWork = "EndsItsWork"
	// EndsEnabled: while the backend works on an incarnation, one of the actions that end this work
	// can be taken.
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

// endsItsWork states that the action changes the field ended of its incarnation. EndsWorkOn in
// RoomsProof.tla has the same meaning.
func endsItsWork(a *Action) *term.Term {
	i := a.Params[0]
	return term.Neg(term.Equal(term.Apply("incs.ended'", term.Word, i), term.Apply("incs.ended", term.Word, i)))
}

// endsEnabled states that for each work that the backend does, the guards of one of the actions
// that end it hold.
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

// Script returns the condition as a script for the solver. The solver must answer unsat: there is
// no state in which all hypotheses hold and the goal fails. The script names each assertion after
// the formula that it states. Script may be called concurrently.
func (c *Condition) Script() (string, error) {
	translating.Lock()
	defer translating.Unlock()
	return c.script()
}

// translating is held while a script is written, since terms and modules cache results.
var translating sync.Mutex

// String returns the condition's name, such as "OneInUse by GetOpens".
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

// byName returns the actions in groups: the cases of one action are together.
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

// from returns the names of the conjuncts from which a goal is proved: those that hypotheses.txt
// lists, or all. With fewer conjuncts the solver is faster. The choice doesn't change the claim,
// since a proof may use any conjunct.
func (p *Proof) from(_, goal string) []string {
	names := []string{p.Name}
	if p.Name == "Leases" {
		names = append(names, "Rooms") // leases keep the invariant of Rooms, for the same reasons
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

// nextCase separates the scripts of a condition's cases. The solver must answer unsat for each of
// them.
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
			return "(assert false)\n(check-sat)\n", nil // nothing to prove
		}
		return strings.Join(scripts, nextCase), nil
	}}
}

// hypotheses returns the formulas from which a goal is proved, without those about the action.
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

// claim returns the formula to be proved, and facts that are known about the step. It is about a
// step of a, or about a state if a is nil.
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

// hypothesis is a formula, with its name, from which a goal is proved.
type hypothesis struct {
	name    string
	formula *term.Term
}

// script writes the condition that the claim follows from the hypotheses and the action.
func (p *Proof) script(a *Action, hypotheses []hypothesis, claim *term.Term, more ...Symbol) string {
	var lifter term.Lifter
	lift := lifter.Formula
	if a != nil && len(p.Cases) > 0 {
		// The claim asks the same question in many places. Lifting it gives one predicate for all.
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
	var early, late strings.Builder // formulas about the next state come after its definition
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

// declared returns the symbols of the state, and the predicates about steps that occur in the
// terms.
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

// literals returns the words and names that are written in the terms.
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

// inOrder maps the conjuncts that say that a set is 1..k to the symbols for k.
var inOrder = map[string]string{"CallsInOrder": "Last", "IncsInOrder": "Newest"}

// counted returns the conjunct h. If it says that a set is 1..k for some k, counted puts the symbol
// of the set's Cardinality in the place of k. The proof uses no other fact about Cardinality.
func counted(name string, h *term.Term) *term.Term {
	if symbol, ok := inOrder[name]; ok {
		return withCount(h, term.Apply(symbol, term.Int))
	}
	return h
}

// withCount replaces the bound variable of h, which says "for some k", by the given k.
func withCount(h, k *term.Term) *term.Term {
	return h.Args[0].Substitute(map[string]*term.Term{h.Vars[0].Name: k})
}

// count returns the Cardinality in the state after an action, or in the initial state if a is nil.
// It guesses the number from the action's text. A wrong guess can't do harm: the conditions of
// CallsInOrder and IncsInOrder prove that the number is right.
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
