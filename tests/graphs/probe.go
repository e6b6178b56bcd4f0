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

	surprise         []bool // by input: not likely, and taken all the same
	key, buffer      []byte
	refused, skipped uint64
}

func (m *Machine[S, M, I, O]) prober(possible, against bool) *prober[S, M, I, O] {
	if len(m.Inputs) > maxInputs {
		panic(fmt.Sprintf("graphs: %d inputs, more than %d", len(m.Inputs), maxInputs))
	}
	return &prober[S, M, I, O]{walker: m.walker(), possible: possible, against: against,
		surprise: make([]bool, len(m.Inputs))}
}

type (
	taken[O any] func(input int, outs []O)
	failed       func(input int, property, reason string)
)

// probe tries every input in a state. It calls take for each that is taken, in order, with the
// states around the step in p.from and p.state, and fail for each that shows the core to be broken.
// It panics if the core can't be put in the state.
func (p *prober[S, M, I, O]) probe(s *S, take taken[O], fail failed) {
	m := p.m
	p.at, p.from = 0, *s
	p.key = m.Key(p.key[:0], s)
	m.View(s, &p.view)
	p.load(s)
	gives := func(in I) bool { return m.Gives == nil || m.Gives(&p.view, in) }
	likely := func(i int) bool { return m.Likely == nil || p.surprise[i] || m.Likely(&p.view, m.Inputs[i]) }
	clear(p.surprise)
	if !p.possible {
		p.unlikely(s, gives, fail)
	}
	for i, in := range m.Inputs {
		if !gives(in) {
			p.refused++
			continue
		}
		if !likely(i) {
			if p.possible {
				p.skipped++
			}
			continue
		}
		p.at = i
		if p.stale {
			p.load(s)
		}
		outs, refused, err := p.step(in)
		switch {
		case err != nil:
			fail(i, Broken, err.Error())
		case refused:
			p.refused++
			p.unchanged(fail)
			p.modelRefuses(i, fail)
		default:
			if err := p.sameStep(in, outs); err != nil {
				fail(i, SameAsModel, err.Error())
				break
			}
			take(i, outs)
		}
		p.load(s)
	}
}

// unlikely tries the inputs that are thought to be refused, one after the other, and looks once
// whether the core has stayed in its state.
func (p *prober[S, M, I, O]) unlikely(s *S, gives func(I) bool, fail failed) {
	m, tried := p.m, false
	if m.Likely == nil {
		return
	}
	for i, in := range m.Inputs {
		if m.Likely(&p.view, in) || !gives(in) {
			continue
		}
		p.at, tried = i, true
		switch _, refused, err := p.step(in); {
		case err != nil:
			fail(i, Broken, err.Error())
			p.load(s)
		case refused:
			p.refused++
			p.modelRefuses(i, fail)
		default: // probe takes it again
			p.surprise[i] = true
			p.load(s)
		}
	}
	if !tried || p.same() {
		return
	}
	for i, in := range m.Inputs { // one of them changed it: which?
		p.load(s)
		p.at = i
		if _, refused, err := p.step(in); refused && err == nil {
			p.unchanged(fail)
		}
	}
	p.load(s)
}

// same reports whether the walker is still in the state.
func (p *prober[S, M, I, O]) same() bool {
	s, err := p.now()
	if err != nil {
		return false
	}
	p.buffer = p.m.Key(p.buffer[:0], s)
	return bytes.Equal(p.buffer, p.key)
}

func (p *prober[S, M, I, O]) unchanged(fail failed) {
	if !p.same() {
		fail(p.at, Unchanged, "a refused input changed the state")
	}
}

// modelRefuses has the model refuse an input that the core has refused.
func (p *prober[S, M, I, O]) modelRefuses(i int, fail failed) {
	if !p.against {
		return
	}
	if _, outs, err := p.m.Model(p.view, p.m.Inputs[i]); err == nil || !p.m.Refused(err) {
		fail(i, SameAsModel, fmt.Sprintf("the core refuses it, the model does not: %v, %v", outs, err))
	}
}

// sameStep compares a step that the core has taken with the model's.
func (p *prober[S, M, I, O]) sameStep(in I, outs []O) error {
	if !p.against {
		return nil
	}
	next, want, err := p.m.Model(p.view, in)
	if err != nil {
		return fmt.Errorf("the core takes it, the model does not: %w", err)
	}
	p.m.View(&p.state, &p.after)
	return p.m.differ(next, p.after, want, outs)
}

// differ returns how a step of the model, to a state and with outputs, and one of the core differ.
func (m *Machine[S, M, I, O]) differ(model, core M, want, got []O) error {
	if !slices.EqualFunc(want, got, m.SameOutput) {
		return fmt.Errorf("the core puts out\n  %v\nthe model\n  %v", got, want)
	}
	if !bytes.Equal(m.ModelKey(nil, &model), m.ModelKey(nil, &core)) {
		return fmt.Errorf("the core is in the state\n  %v\nthe model in\n  %v", core, model)
	}
	return nil
}
