package proof

import (
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/spec/proof/term"
)

// Shorter is the goal that each recursion has a shorter queue, by which the induction goes.
const Shorter = "Shorter"

// withContract returns all conditions of a proof that has a contract for what is recursive: those of
// the contract, and those of the invariant and the properties, action by action.
func (p *Proof) withContract() (all []*Condition) {
	if err := try(func() { all = append(p.contract(), p.replacement()...) }); err != nil {
		none := func() ([]hypothesis, *term.Term, error) { return nil, nil, err }
		all = []*Condition{p.claim(Always, "Contract", nil, nil, none)}
	}
	for _, goal := range p.Invariant {
		all = append(all, p.claim(Initially, goal, nil, nil, func() (hypotheses []hypothesis, claim *term.Term, err error) {
			claim, err = p.State(goal, false)
			if err == nil {
				hypotheses, err = p.states([]string{p.Init})
			}
			return hypotheses, claim, err
		}))
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		all = append(all, p.byAction(a, InDomain))
		for _, goal := range slices.Concat(p.Invariant, p.Properties) {
			all = append(all, p.byAction(a, goal))
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

// byAction is the condition that an action keeps a conjunct of the invariant, or has a property of
// steps.
func (p *Proof) byAction(a *Action, goal string) *Condition {
	from := p.from(a.Name, goal)
	return p.claim(a.Name, goal, from, a.Params, func() ([]hypothesis, *term.Term, error) {
		hypotheses, err := p.states(from)
		if err != nil {
			return nil, nil, err
		}
		if constant := p.Promised[goal]; constant != "" {
			hypotheses = append(hypotheses, hypothesis{constant, term.Apply(constant, term.Bool)})
		}
		for _, g := range a.Guards {
			hypotheses = append(hypotheses, hypothesis{a.Name, g})
		}
		if goal != InDomain {
			claim, err := p.By(a, goal)
			return hypotheses, claim, err
		}
		claim := term.Conj(a.InDomain...)
		err = try(func() {
			for _, c := range p.t.callsIn(slices.Concat(a.Guards, bodies(a.Next))...) {
				claim = term.Conj(claim, p.t.before(c).Substitute(a.renamed))
			}
		})
		return hypotheses, claim, err
	})
}

func bodies(defines []Define) (all []*term.Term) {
	for _, d := range defines {
		all = append(all, d.Body)
	}
	return all
}

// claim is a condition; parts returns what it is proved from besides the constants' assumptions and
// the contracts of the calls in it, and what it claims.
func (p *Proof) claim(action, goal string, from []string, params []*term.Term, parts func() ([]hypothesis, *term.Term, error)) *Condition {
	return &Condition{Action: action, Goal: goal, From: from, script: func() (script string, err error) {
		hypotheses, claim, err := parts()
		if err != nil {
			return "", err
		}
		for _, assumed := range p.t.assumed {
			hypotheses = append(hypotheses, hypothesis{"ASSUME", assumed})
		}
		var symbols []Symbol
		for _, v := range params {
			symbols = append(symbols, Symbol{Name: v.Name, Sort: v.Sort})
		}
		err = try(func() { script = p.closed(hypotheses, claim, false, symbols) })
		return script, err
	}}
}

// closed writes the script of a claim with what the contract says of each call in it; in an
// induction, provided that its queue is shorter than what the recursion begins with.
func (p *Proof) closed(hypotheses []hypothesis, claim *term.Term, induction bool, symbols []Symbol) string {
	terms := []*term.Term{claim}
	for _, h := range hypotheses {
		terms = append(terms, h.formula)
	}
	for _, c := range p.t.callsIn(terms...) {
		when := term.True
		if induction {
			when = p.shorter(c)
		}
		hypotheses = append(hypotheses, p.t.known(c, when)...)
		symbols = append(symbols, p.t.declared(c)...)
	}
	return p.script(nil, hypotheses, claim, symbols...)
}

// beginning is what a recursion is about: a room of which nothing is known, which has put out
// something.
func (p *Proof) beginning() (r *record, base *piece) {
	of := p.Recursion
	r = p.valueOf(&of.Of, "r", "", nil).(*record)
	base = &piece{when: term.True, length: term.Apply("r."+of.Outs+".len", term.Int), at: func(i *term.Term) value {
		made := row{column{1, term.Word}: term.Text(term.Word, of.Kind)}
		for n, s := range of.Form {
			at := column{n + 2, s}
			made[at] = term.Apply(at.symbol("r."+of.Outs), s, i)
		}
		return made
	}}
	outs := newSequence(base)
	return &record{append(r.names[:len(r.names):len(r.names)], of.Outs), append(r.fields[:len(r.fields):len(r.fields)], outs)}, base
}

// shorter says that a call's queue is shorter than that which a recursion begins with.
func (p *Proof) shorter(c *call) *term.Term {
	queue := p.Recursion.Queue
	length := asSequence(c.arg.field(queue)).all
	return term.Neg(term.AtMost(term.Apply("r."+queue+".len", term.Int), length))
}

// contract are the conditions of the contract, for each way in which the operator has its value:
// each conjunct holds of it, if the contract holds of the recursion in it.
func (p *Proof) contract() (all []*Condition) {
	of := p.Recursion
	r, base := p.beginning()
	silent := r.with(of.Outs, newSequence())
	d := p.Module.Definition(of.Operator)
	ways := p.t.leaves(body(d), (&scope{}).bind(d.Params[0], r))
	for n, l := range ways {
		made, ok := l.value.(*record)
		if !ok {
			fail("%s is no record", of.Operator)
		}
		made = made.with(of.Outs, p.appended(asSequence(made.field(of.Outs)), base, made))
		parts := func(claim func() *term.Term) func() ([]hypothesis, *term.Term, error) {
			return func() (hypotheses []hypothesis, formula *term.Term, err error) {
				err = try(func() {
					formula = claim()
					hypotheses = append(hypotheses, hypothesis{of.Before, p.t.relation(of.Before, silent)})
					for _, g := range l.guards {
						hypotheses = append(hypotheses, hypothesis{of.Operator, g})
					}
				})
				return hypotheses, formula, err
			}
		}
		add := func(goal string, claim func() *term.Term) {
			action := fmt.Sprintf("(%s.%d)", of.Operator, n+1)
			all = append(all, p.inductive(action, goal, parts(claim)))
		}
		add(InDomain, func() *term.Term { return term.Conj(l.inDomain...) })
		add(Shorter, func() *term.Term {
			claim := term.True
			for _, c := range p.t.callsIn(bodies(of.Of.defines("r", made, nil))...) {
				claim = term.Conj(claim, p.shorter(c), p.t.before(c))
			}
			return claim
		})
		for _, name := range of.After {
			add(name, func() *term.Term { return p.t.relation(name, silent, made) })
		}
	}
	return all
}

// inductive is a condition of an induction.
func (p *Proof) inductive(action, goal string, parts func() ([]hypothesis, *term.Term, error)) *Condition {
	return &Condition{Action: action, Goal: goal, script: func() (script string, err error) {
		hypotheses, claim, err := parts()
		if err != nil {
			return "", err
		}
		err = try(func() { script = p.closed(hypotheses, claim, true, p.Recursion.symbols(p.System)) })
		return script, err
	}}
}

// appended returns what a recursive operator has put out: what is behind the beginning, which must
// be there as it was and decide nothing; and it must be of the form of the contract.
func (p *Proof) appended(outs *sequence, base *piece, made *record) *sequence {
	of := p.Recursion
	if len(outs.pieces) == 0 || outs.pieces[0] != base {
		fail("%s does not append to %s", of.Operator, of.Outs)
	}
	var terms []*term.Term
	for _, piece := range outs.pieces[1:] {
		got := asRow(piece.at(fresh("k", term.Int)))
		kind := got.get(column{1, term.Word})
		if kind.Op != term.Literal || kind.Name != of.Kind || len(got) != 1+len(of.Form) {
			fail("%s puts out what is no %s", of.Operator, of.Kind)
		}
		terms = append(terms, piece.when, piece.length, kind)
		for n, s := range of.Form {
			terms = append(terms, got.get(column{n + 2, s}))
		}
	}
	for _, t := range append(terms, bodies(of.Of.defines("r", made, nil))...) {
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
	r, _ := p.beginning()
	spec, proof := p.Module.Definition(of.Replaces), p.Module.Definition(of.Operator)
	others := p.t.leaves(body(proof), (&scope{}).bind(proof.Params[0], r))
	by := p.Module.Definition(of.By)
	start := body(by)
	if start.Op != "identifier" || len(start.Args) != 1 || start.Args[0].Name != of.Operator {
		fail("%s is not of the form F(%s(r))", of.By, of.Operator)
	}
	then := p.Module.Definition(start.Name)
	for n, l := range p.t.leaves(body(spec), (&scope{}).bind(spec.Params[0], r)) {
		all = append(all, p.inductive(fmt.Sprintf("(%s.%d)", of.Replaces, n+1), of.By, func() (hypotheses []hypothesis, claim *term.Term, err error) {
			err = try(func() {
				claim = term.True
				for _, other := range others {
					is := p.t.eval(body(then), (&scope{}).bind(then.Params[0], other.value))
					same := term.Conj(equal(l.value, is))
					claim = term.Conj(claim, term.Imply(term.Conj(other.guards...), same))
				}
				for _, c := range p.t.callsIn(bodies(of.Of.defines("r", l.value, nil))...) {
					claim = term.Conj(claim, p.shorter(c))
				}
				for _, g := range l.guards {
					hypotheses = append(hypotheses, hypothesis{of.Replaces, g})
				}
			})
			return hypotheses, claim, err
		}))
	}
	return all
}
