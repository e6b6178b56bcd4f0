package proof

import (
	"fmt"

	"ablyrooms.example/spec/proof/term"
)

// piece is a part of a claim: something that follows for arbitrary values of some constants, from
// hypotheses about them.
type piece struct {
	constants  []*term.Term
	hypotheses []*term.Term
	goal       *term.Term
}

// split takes a claim apart: what it says of all values it says of constants that nothing else is known
// of; what it says under a condition it says with a hypothesis; and each conjunct is proved by itself.
// The pieces together are equivalent to the claim.
func split(claim *term.Term) (all []piece) { return piece{goal: claim}.split(new(int)) }

func (p piece) split(numbered *int) (all []piece) {
	switch g := p.goal; {
	case g == term.True:
		return nil
	case g.Op == term.And:
		for _, a := range g.Args {
			all = append(all, p.to(a).split(numbered)...)
		}
		return all
	case g.Op == term.Implies:
		return p.given(g.Args[0]).to(g.Args[1]).split(numbered)
	case g.Op == term.Forall:
		with := map[string]*term.Term{}
		for _, v := range g.Vars {
			*numbered++
			c := term.NewVar(fmt.Sprintf("any.%d", *numbered), v.Sort)
			p.constants = append(p.constants[:len(p.constants):len(p.constants)], c)
			with[v.Name] = c
		}
		return p.to(g.Args[0].Substitute(with)).split(numbered)
	case g.Op == term.Ite:
		no := p.given(term.Neg(g.Args[0])).to(g.Args[2]).split(numbered)
		return append(p.given(g.Args[0]).to(g.Args[1]).split(numbered), no...)
	case g.Op == term.Eq && g.Args[0].Sort == term.Bool:
		back := p.given(g.Args[1]).to(g.Args[0]).split(numbered)
		return append(p.given(g.Args[0]).to(g.Args[1]).split(numbered), back...)
	case g.Op == term.Not && g.Args[0].Op == term.Exists:
		inner := g.Args[0]
		return p.to(term.All(inner.Vars, term.Neg(inner.Args[0]))).split(numbered)
	case g.Op == term.Not && (g.Args[0].Op == term.And || g.Args[0].Op == term.Or || g.Args[0].Op == term.Implies):
		return p.to(negated(g.Args[0])).split(numbered)
	case g.Op == term.Or:
		last := len(g.Args) - 1
		for _, a := range g.Args[:last] {
			p = p.given(term.Neg(a))
		}
		return p.to(g.Args[last]).split(numbered)
	}
	return []piece{p}
}

func (p piece) to(goal *term.Term) piece {
	p.goal = goal
	return p
}

func (p piece) given(h *term.Term) piece {
	p.hypotheses = append(p.hypotheses[:len(p.hypotheses):len(p.hypotheses)], h)
	return p
}

// negated pushes a negation inwards, by one level.
func negated(t *term.Term) *term.Term {
	switch t.Op {
	case term.And, term.Or:
		var all []*term.Term
		for _, a := range t.Args {
			all = append(all, term.Neg(a))
		}
		if t.Op == term.And {
			return term.Disj(all...)
		}
		return term.Conj(all...)
	case term.Implies:
		return term.Conj(t.Args[0], term.Neg(t.Args[1]))
	}
	return term.Neg(t)
}
