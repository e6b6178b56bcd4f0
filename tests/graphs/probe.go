package graphs

import (
	"bytes"
	"fmt"
	"slices"
)

// prober tries every input in one state after the other.
type prober[S, M, I, O any] struct {
	*walker[S, M, I, O]
	possible bool // leave out what is not likely
	against  bool // hold everything against the model
	at       int  // the input that is being tried
	view     M    // of the state whose inputs are tried
	from     S    // that state
	after    M    // of the state after a step, if against is set

	key, buffer      []byte
	refused, skipped uint64
}

func (m *Machine[S, M, I, O]) prober(possible, against bool) *prober[S, M, I, O] {
	if len(m.Inputs) > maxInputs {
		panic(fmt.Sprintf("graphs: %d inputs, more than %d", len(m.Inputs), maxInputs))
	}
	return &prober[S, M, I, O]{walker: m.walker(), possible: possible, against: against}
}

// probe tries every input in a state. It calls take for each that is taken, in order, with the
// states around the step in p.from and p.state, and fail for each that shows the core to be broken.
// It panics if the core can't be put in the state.
func (p *prober[S, M, I, O]) probe(s *S, take func(input int, outs []O),
	fail func(input int, property, reason string)) {
	m := p.m
	p.from = *s
	p.key = m.Key(p.key[:0], s)
	m.View(s, &p.view)
	p.load(s)
	for i, in := range m.Inputs {
		p.at = i
		switch {
		case m.Gives != nil && !m.Gives(&p.view, in):
			p.refused++
			continue
		case p.possible && m.Likely != nil && !m.Likely(&p.view, in):
			p.skipped++
			continue
		}
		outs, refused, err := p.step(in)
		switch {
		case err != nil:
			fail(i, Broken, err.Error())
		case refused:
			p.refused++
			if err := p.modelRefuses(in); err != nil {
				fail(i, SameAsModel, err.Error())
			}
			if p.unchanged() {
				continue
			}
			fail(i, Unchanged, "a refused input changed the state")
		default:
			if p.against {
				err = m.sameStep(p.view, in, outs, &p.state, &p.after)
			}
			if err != nil {
				fail(i, SameAsModel, err.Error())
			} else {
				take(i, outs)
			}
		}
		p.load(s)
	}
}

// unchanged reports whether the walker is still in the state.
func (p *prober[S, M, I, O]) unchanged() bool {
	p.buffer = p.m.Key(p.buffer[:0], &p.state)
	return bytes.Equal(p.buffer, p.key)
}

// modelRefuses has the model refuse an input that the core has refused.
func (p *prober[S, M, I, O]) modelRefuses(in I) error {
	if !p.against {
		return nil
	}
	if _, outs, err := p.m.Model(p.view, in); err == nil || !p.m.Refused(err) {
		return fmt.Errorf("the core refuses it, the model does not: %v, %v", outs, err)
	}
	return nil
}

// sameStep compares a step that the core has taken from a view to a state with the model's. It sets
// after to the view of that state.
func (m *Machine[S, M, I, O]) sameStep(view M, in I, outs []O, state *S, after *M) error {
	next, want, err := m.Model(view, in)
	if err != nil {
		return fmt.Errorf("the core takes it, the model does not: %w", err)
	}
	m.View(state, after)
	if !slices.EqualFunc(want, outs, m.SameOutput) {
		return fmt.Errorf("the core puts out\n  %v\nthe model\n  %v", outs, want)
	}
	if !bytes.Equal(m.ModelKey(nil, &next), m.ModelKey(nil, after)) {
		return fmt.Errorf("the core is in the state\n  %v\nthe model in\n  %v", *after, next)
	}
	return nil
}
