package proof

import (
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/spec/proof/term"
)

// Shorter is the goal that each recursion has a shorter queue, by which the induction goes, and
// that what it is applied to is as the contract asks.
const Shorter = "Shorter"

// question is a condition of a proof that has a contract for what is recursive.
type question struct {
	action, goal string
	params       []*term.Term
	// calls are those in the action, or in the way in which a recursive operator has its value.
	// What the contract asks of what they are applied to is a condition of its own.
	calls     []*call
	induction *lets // of a condition of an induction, the symbols that it has for numbers
	// parts returns what it is proved from, apart from the assumptions and the contract, and what
	// it claims.
	parts func() ([]hypothesis, *term.Term, error)
}

// withContract returns all conditions of a proof that has a contract for what is recursive: those
// of the contract, and those of the invariant and the properties, action by action.
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

// states are hypotheses that predicates of states hold.
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

// given are hypotheses with one name.
func given(name string, terms []*term.Term) (all []hypothesis) {
	for _, t := range terms {
		all = append(all, hypothesis{name, t})
	}
	return all
}

// byAction is the condition that an action keeps a conjunct of the invariant, or has a property of
// steps.
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

// ask makes a condition of a question.
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

// closed writes the script of a claim, with what the contract says of each call in it: if what the
// contract asks for holds, and in an induction that the queue is shorter than what the recursion
// begins with, of which [InDomain] and [Shorter] are the conditions.
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

// notNegative says that a length is a natural number.
func notNegative(length Symbol) *term.Term {
	var args []*term.Term
	for _, s := range length.Args {
		args = append(args, fresh("x", s))
	}
	return term.All(args, term.AtMost(term.Number(0), term.Apply(length.Name, term.Int, args...)))
}

// asked says that what calls are applied to is as the contract asks, and if they are recursions,
// that their queues are shorter than that which the recursion begins with.
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

// beginning is what a recursion is about: a room of which nothing is known, which has put out
// something; and what that is.
func (s *System) beginning() (r *record, base *piece) {
	of := s.Recursion
	r = s.t.resultOf(&call{id: "r"}, nil)
	return r, asSequence(r.field(of.Outs)).pieces[0]
}

// ways returns the ways in which a recursive operator has its value, applied to a beginning.
func (s *System) ways(operator string, r *record) []leaf {
	d := s.Module.Definition(operator)
	if d == nil || len(d.Params) != 1 {
		fail("there is no %s of one argument", operator)
	}
	s.t.induction = true
	defer func() { s.t.induction = false }()
	return s.t.leaves(body(d), (&scope{}).bind(d.Params[0], r))
}

// induction returns the conditions of one way in which an operator has its value.
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

// contract are the conditions of the contract, for each way in which the operator has its value:
// each conjunct holds of it, if the contract holds of the recursion in it.
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

// appended returns what a recursive operator has put out: what is behind the beginning, which must
// be there as it was and decide nothing; and it must be of the form of the contract.
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
			fail("%s puts out what is no %s", of.Operator, of.Kind)
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

// replacement are the conditions that the recursive operator of the spec is what the proof has in
// its place, for each way in which each of them has its value. By induction over the length of the
// queue, that is so of the recursion in it.
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
