package graphs

import (
	"bytes"
	"fmt"
	"slices"
)

// prober tries every input in the states that it gets, one after another.
type prober[S, M, I, O any] struct {
	*walker[S, M, I, O]
	possible bool // skip inputs that are not likely
	against  bool // compare steps and refused inputs with the model
	at       int  // index of the input that is being tried
	view     M    // the view of the state whose inputs are tried
	from     S    // the state whose inputs are tried
	after    M    // with against: the view of the state after a step

	key, buffer      []byte
	refused, skipped uint64
}

func (m *Machine[S, M, I, O]) prober(possible, against bool) *prober[S, M, I, O] {
	if len(m.Inputs) > maxInputs {
		panic(fmt.Sprintf("graphs: %d inputs, more than %d", len(m.Inputs), maxInputs))
	}
	return &prober[S, M, I, O]{walker: m.walker(), possible: possible, against: against}
}

// probe tries every input in a state, in order. It calls take for each input that is taken; p.from
// and p.state are then the states before and after the step. It calls fail for each input that
// shows a fault of the core. It panics if the core's state can't be set.
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

// unchanged reports whether the walker's state is still the one that is probed.
func (p *prober[S, M, I, O]) unchanged() bool {
	p.buffer = p.m.Key(p.buffer[:0], &p.state)
	return bytes.Equal(p.buffer, p.key)
}

// modelRefuses returns an error if the model takes an input that the core has refused.
func (p *prober[S, M, I, O]) modelRefuses(in I) error {
	if !p.against {
		return nil
	}
	if _, outs, err := p.m.Model(p.view, in); err == nil || !p.m.Refused(err) {
		return fmt.Errorf("the core refuses the input, the model does not: %v, %v", outs, err)
	}
	return nil
}

// sameStep compares a step of the core with the model's step. The step leads from view to state.
// sameStep sets after to the view of state.
func (m *Machine[S, M, I, O]) sameStep(view M, in I, outs []O, state *S, after *M) error {
	next, want, err := m.Model(view, in)
	if err != nil {
		return fmt.Errorf("the core takes the input, the model does not: %w", err)
	}
	m.View(state, after)
	if !slices.EqualFunc(want, outs, m.SameOutput) {
		return fmt.Errorf("the outputs of the core are\n  %v\nthose of the model\n  %v", outs, want)
	}
	if !bytes.Equal(m.ModelKey(nil, &next), m.ModelKey(nil, after)) {
		return fmt.Errorf("the core is in the state\n  %v\nthe model is in the state\n  %v", *after, next)
	}
	return nil
}
