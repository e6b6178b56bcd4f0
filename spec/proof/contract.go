package proof

import (
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/spec/proof/term"
)

// Shorter is the goal that each recursive call has a shorter queue, as the induction needs, and
// that its argument satisfies the contract's Before.
const Shorter = "Shorter"

// question describes a condition of a proof that has a contract for a recursive operator.
type question struct {
	action, goal string
	params       []*term.Term
	// calls are the recursive calls in the action, or in a branch of the recursive operator. That
	// their arguments satisfy Before is a condition of its own.
	calls     []*call
	induction *lets // the named numbers of an induction; nil if the condition is not about one
	// parts returns the hypotheses, without the assumptions and the contract, and the claim.
	parts func() ([]hypothesis, *term.Term, error)
}

// withContract returns all conditions of a proof that has a contract: the conditions of the
// contract, then those of the invariant and the properties, action by action.
func (p *Proof) withContract() (all []*Condition) {
	err := try(func() { all = append(p.contract(), p.replacement()...) })
	if err != nil {
		none := func() ([]hypothesis, *term.Term, error) { return nil, nil, err }
		all = append(all, p.ask(question{action: Always, goal: "Contract", parts: none}))
	}
	for _, goal := range p.Invariant {
		all = append(all, p.ask(question{action: Initially, goal: goal, parts: func() ([]hypothesis, *term.Term, error) {
			claim, err := p.State(goal, false)
			if err != nil {
				return nil, nil, err
			}
			hypotheses, err := p.states([]string{p.Init})
			return hypotheses, claim, err
		}}))
	}
	for i := range p.Actions {
		for _, goal := range slices.Concat([]string{InDomain}, p.Invariant, p.Properties) {
			all = append(all, p.byAction(&p.Actions[i], goal))
		}
	}
	return all
}

// states returns the hypotheses that the named predicates of states hold.
func (p *Proof) states(names []string) (all []hypothesis, err error) {
	for _, name := range names {
		formula, err := p.State(name, false)
		if err != nil {
			return nil, err
		}
		all = append(all, hypothesis{name, formula})
	}
	return all, nil
}

// given returns a hypothesis for each term, all with the same name.
func given(name string, terms []*term.Term) (all []hypothesis) {
	for _, t := range terms {
		all = append(all, hypothesis{name, t})
	}
	return all
}

// byAction returns the condition that an action keeps a conjunct of the invariant, or that its
// steps have a property.
func (p *Proof) byAction(a *Action, goal string) *Condition {
	q := question{action: a.Name, goal: goal, params: a.Params}
	q.calls = p.t.callsIn(slices.Concat(a.Guards, bodies(a.Next))...)
	q.parts = func() (hypotheses []hypothesis, claim *term.Term, err error) {
		var facts []hypothesis
		if goal == InDomain {
			err = try(func() { claim = term.Conj(term.Conj(a.InDomain...), p.asked(q.calls, false).Substitute(a.rename)) })
		} else {
			claim, facts, err = p.after(a, goal, slices.Contains(p.Properties, goal))
		}
		if err != nil {
			return nil, nil, err
		}
		if hypotheses, err = p.states(p.invariantIn(p.from(a.Name, goal))); err != nil {
			return nil, nil, err
		}
		if constant := p.Promised[goal]; constant != "" {
			hypotheses = append(hypotheses, hypothesis{constant, term.Apply(constant, term.Bool)})
		}
		return slices.Concat(hypotheses, given(a.Name, a.Guards), facts), claim, nil
	}
	return p.ask(q)
}

func (p *Proof) invariantIn(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(p.Invariant, name) })
}

func bodies(defines []Define) (all []*term.Term) {
	for _, d := range defines {
		all = append(all, d.Body)
	}
	return all
}

// ask returns the condition that a question describes.
func (p *Proof) ask(q question) *Condition {
	from := p.from(q.action, q.goal)
	return &Condition{Action: q.action, Goal: q.goal, From: from, asks: &q, script: func() (script string, err error) {
		hypotheses, claim, err := q.parts()
		if err != nil {
			return "", err
		}
		err = try(func() { script = p.closed(q, from, append(hypotheses, given("ASSUME", p.t.assumed)...), claim) })
		return script, err
	}}
}

// closed writes the script of a claim. It adds the contract of each recursive call in it. The
// contract of a call holds if its argument satisfies Before and, in an induction, if its queue is
// shorter than the queue at the beginning. [InDomain] and [Shorter] prove this for the calls in
// q.calls.
func (p *Proof) closed(q question, from []string, hypotheses []hypothesis, claim *term.Term) string {
	var symbols []Symbol
	for _, v := range q.params {
		symbols = append(symbols, Symbol{Name: v.Name, Sort: v.Sort})
	}
	if q.induction != nil {
		symbols = slices.Concat(symbols, q.induction.symbols, p.Recursion.symbols(p.System))
		hypotheses = append(hypotheses, q.induction.hypotheses()...)
	}
	terms := []*term.Term{claim}
	for _, h := range hypotheses {
		terms = append(terms, h.formula)
	}
	for _, c := range p.t.callsIn(terms...) {
		when := term.True
		if q.goal == InDomain || q.goal == Shorter || !slices.Contains(q.calls, c) {
			when = p.asked([]*call{c}, q.induction != nil)
		}
		hypotheses = append(hypotheses, p.t.known(c, from, when)...)
		symbols = append(symbols, p.t.declared(c)...)
	}
	for _, symbol := range slices.Concat(p.Symbols, symbols) {
		if strings.HasSuffix(symbol.Name, ".len") {
			hypotheses = append(hypotheses, hypothesis{"Len", notNegative(symbol)})
		}
	}
	return p.script(nil, hypotheses, claim, symbols...)
}

// notNegative returns the formula that a length is at least 0.
func notNegative(length Symbol) *term.Term {
	var args []*term.Term
	for _, s := range length.Args {
		args = append(args, fresh("x", s))
	}
	return term.All(args, term.AtMost(term.Number(0), term.Apply(length.Name, term.Int, args...)))
}

// asked returns the formula that the arguments of the calls satisfy Before. With recursion, it also
// says that their queues are shorter than the queue of r, with which the induction begins.
func (p *Proof) asked(calls []*call, recursion bool) *term.Term {
	claim, queue := term.True, p.Recursion.Queue
	for _, c := range calls {
		claim = term.Conj(claim, p.t.relation(p.Recursion.Before, c.arg))
		if recursion {
			length := asSequence(c.arg.field(queue)).all
			claim = term.Conj(claim, term.Neg(term.AtMost(term.Apply("r."+queue+".len", term.Int), length)))
		}
	}
	return claim
}

// beginning returns the argument of a recursive operator in an induction: a room about which
// nothing is known. base is the piece of its outputs.
func (s *System) beginning() (r *record, base *piece) {
	of := s.Recursion
	r = s.t.resultOf(&call{id: "r"}, nil)
	return r, asSequence(r.field(of.Outs)).pieces[0]
}

// ways returns the branches of a recursive operator that is applied to r.
func (s *System) ways(operator string, r *record) []leaf {
	d := s.Module.Definition(operator)
	if d == nil || len(d.Params) != 1 {
		fail("there is no operator %s with one argument", operator)
	}
	s.t.induction = true
	defer func() { s.t.induction = false }()
	return s.t.leaves(body(d), (&scope{}).bind(d.Params[0], r))
}

// induction returns the conditions for the n-th branch of an operator.
func (p *Proof) induction(operator string, n int, way leaf, named *lets, silent *record, goals []string,
	claim func(goal string) *term.Term) (all []*Condition) {
	of := p.Recursion
	calls := p.t.callsIn(bodies(of.Of.defines("r", way.value, nil))...)
	for _, goal := range slices.Concat([]string{InDomain, Shorter}, goals) {
		q := question{action: fmt.Sprintf("(%s.%d)", operator, n+1), goal: goal, calls: calls, induction: named}
		q.parts = func() (hypotheses []hypothesis, formula *term.Term, err error) {
			err = try(func() {
				switch goal {
				case InDomain:
					formula = term.Conj(way.inDomain...)
				case Shorter:
					formula = p.asked(calls, true)
				default:
					formula = claim(goal)
				}
				before := hypothesis{of.Before, p.t.relation(of.Before, silent)}
				hypotheses = append(given(operator, way.guards), before)
			})
			return hypotheses, formula, err
		}
		all = append(all, p.ask(q))
	}
	return all
}

// contract returns the conditions of the contract. For each branch of the operator, each conjunct
// of the contract holds for the branch if the contract holds for the recursive call in it.
func (p *Proof) contract() (all []*Condition) {
	of := p.Recursion
	p.t.lets = &lets{}
	defer func() { p.t.lets = nil }()
	r, base := p.beginning()
	silent := r.with(of.Outs, newSequence())
	for n, way := range p.ways(of.Operator, r) {
		made, ok := way.value.(*record)
		if !ok {
			fail("%s is no record", of.Operator)
		}
		made = made.with(of.Outs, p.appended(asSequence(made.field(of.Outs)), base, made))
		claim := func(goal string) *term.Term { return p.t.relation(goal, silent, made) }
		all = append(all, p.induction(of.Operator, n, way, p.t.lets, silent, of.After, claim)...)
	}
	return all
}

// appended returns the outputs that a recursive operator appends to those at the beginning, base.
// It fails if the operator changes or reads base, or if the new outputs don't have the contract's
// form.
func (s *System) appended(outs *sequence, base *piece, made *record) *sequence {
	of := s.Recursion
	if len(outs.pieces) == 0 || outs.pieces[0] != base {
		fail("%s does not append to %s", of.Operator, of.Outs)
	}
	terms := bodies(of.Of.defines("r", made, nil))
	for _, piece := range outs.pieces[1:] {
		got := asRow(piece.at(fresh("k", term.Int)))
		kind := got.get(column{1, term.Word})
		if kind.Op != term.Literal || kind.Name != of.Kind || len(got) != 1+len(of.Form) {
			fail("%s appends an output that is not of the kind %s", of.Operator, of.Kind)
		}
		terms = append(terms, piece.when, piece.length)
		for n, sort := range of.Form {
			terms = append(terms, got.get(column{n + 2, sort}))
		}
	}
	for _, t := range terms {
		t.Walk(func(t *term.Term) {
			if strings.HasPrefix(t.Name, "r."+of.Outs) {
				fail("%s looks at %s", of.Operator, of.Outs)
			}
		})
	}
	return newSequence(outs.pieces[1:]...)
}

// replacement returns the conditions that the spec's recursive operator equals the operator that
// the proof uses instead. There is one for each branch of the spec's operator. By induction over
// the length of the queue, the recursive calls in the branch are equal.
func (p *Proof) replacement() (all []*Condition) {
	of := p.Recursion
	p.t.lets = &lets{}
	defer func() { p.t.lets = nil }()
	r, _ := p.beginning()
	silent := r.with(of.Outs, newSequence())
	others := p.ways(of.Operator, r)
	by := body(p.Module.Definition(of.By))
	if len(by.Args) != 1 || by.Args[0].Name != of.Operator {
		fail("%s is not of the form F(%s(r))", of.By, of.Operator)
	}
	then := p.Module.Definition(by.Name)
	for n, way := range p.ways(of.Replaces, r) {
		claim := func(string) *term.Term {
			claim := term.True
			for _, other := range others {
				is := p.t.eval(body(then), (&scope{}).bind(then.Params[0], other.value))
				claim = term.Conj(claim, term.Imply(term.Conj(other.guards...), equal(way.value, is)))
			}
			return claim
		}
		all = append(all, p.induction(of.Replaces, n, way, p.t.lets, silent, []string{of.By}, claim)...)
	}
	return all
}
