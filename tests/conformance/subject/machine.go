package subject

import (
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
)

// wire is what the server has of an incarnation's room.
type wire uint8

const (
	wireNone      wire = iota // nothing: it was never attached, or is detached
	wireAttaching             // its ATTACHED is held
	wireAttached
	wireFailed // its channel is failed
)

// machine is the model with the wire beside it: what ends by itself, and what the script has to end. It is a value.
type machine struct {
	model    model.State
	calls    []int  // the model's number of each call of the script; 0 for one that the model never sees
	wires    []wire // of each incarnation
	resisted []bool // of each incarnation: its release was resisted once, which is enough
}

// turn is what a step amounts to: the inputs of the model, those included that follow by themselves.
type turn struct {
	inputs  []model.Input
	outputs [][]model.Output // of each input
	rules   []model.Rule     // of the first input
	all     []model.Rule
}

// step takes a step; its error says why it can't happen.
func (m machine) step(s Step) (machine, turn, error) {
	next := machine{model: m.model, calls: slices.Clone(m.calls), wires: slices.Clone(m.wires), resisted: slices.Clone(m.resisted)}
	var t turn
	if err := next.begin(s, &t); err != nil {
		return m, turn{}, err
	}
	for next.follow(&t) {
	}
	return next, t, nil
}

func (m *machine) begin(s Step, t *turn) error {
	if s.Kind.call() && s.Call != len(m.calls)+1 {
		return fmt.Errorf("%v: the next call to begin is %d", s, len(m.calls)+1)
	}
	i := s.Incarnation
	var inc model.Incarnation
	if !s.Kind.call() && s.Kind != GiveUp {
		if i < 1 || i > len(m.wires) {
			return fmt.Errorf("%v: no such room was got", s)
		}
		inc = m.model.Incarnations[i-1]
	}
	call := len(m.model.Calls) + 1
	switch s.Kind {
	case Get:
		if s.Options == Invalid {
			m.calls = append(m.calls, 0)
			return nil
		}
		m.calls = append(m.calls, call)
		return m.input(model.Get(call, s.Name, strings.TrimSuffix(s.Options, SpelledOut)), t)
	case Release:
		m.calls = append(m.calls, call)
		return m.input(model.Release(call, s.Name), t)
	case Dispose:
		m.calls = append(m.calls, call)
		return m.input(model.Dispose(call), t)
	case GiveUp:
		if s.Call < 1 || s.Call > len(m.calls) || m.calls[s.Call-1] == 0 {
			return fmt.Errorf("%v: no such call began", s)
		}
		return m.input(model.GiveUp(m.calls[s.Call-1]), t)
	case Attach, Attaching:
		if inc.Life != model.LifeReady || m.wires[i-1] != wireNone {
			return fmt.Errorf("%v: the room is not ready, or attached already", s)
		}
		m.wires[i-1] = map[Kind]wire{Attach: wireAttached, Attaching: wireAttaching}[s.Kind]
		return nil
	case Attached, AttachRefused:
		if m.wires[i-1] != wireAttaching {
			return fmt.Errorf("%v: no ATTACHED is held for the room", s)
		}
		m.wires[i-1] = map[Kind]wire{Attached: wireAttached, AttachRefused: wireFailed}[s.Kind]
		return nil
	}
	if inc.Work != model.WorkClosing || m.wires[i-1] != wireAttached {
		return fmt.Errorf("%v: no DETACHED is held for the room", s)
	}
	if s.Kind == Resisted {
		if m.resisted[i-1] {
			return fmt.Errorf("%v: once is enough", s)
		}
		m.resisted[i-1] = true
		return nil
	}
	m.wires[i-1] = map[Kind]wire{Released: wireNone, Failed: wireFailed}[s.Kind]
	return m.input(model.Released(i), t)
}

// input feeds the model.
func (m *machine) input(in model.Input, t *turn) error {
	rules := m.model.Explain(in)
	next, outs, err := m.model.Step(in)
	if err != nil {
		return err
	}
	if t.inputs == nil {
		t.rules = rules
	}
	m.model = next
	t.inputs, t.outputs, t.all = append(t.inputs, in), append(t.outputs, outs), append(t.all, rules...)
	for len(m.wires) < len(next.Incarnations) {
		m.wires, m.resisted = append(m.wires, wireNone), append(m.resisted, false)
	}
	return nil
}

// follow feeds the model one input that follows by itself, if there is one: an opening is local (CHA-RC1f3), and so is the release of
// what was never attached (CHA-RL3j) or has failed (CHA-RL3n1).
func (m *machine) follow(t *turn) bool {
	for i, inc := range m.model.Incarnations {
		local := m.wires[i] == wireNone || m.wires[i] == wireFailed
		switch {
		case inc.Work == model.WorkOpening:
			_ = m.input(model.Opened(i+1), t) // the work is under way, so the model takes its end
			return true
		case inc.Work == model.WorkClosing && local:
			_ = m.input(model.Released(i+1), t)
			return true
		}
	}
	return false
}

// Alphabet bounds the scripts that are tried.
type Alphabet struct {
	Calls   int
	Names   []string
	Options []string // tokens
	Kinds   []Kind
	// Promises leave out what a subject doesn't promise: callers that give up, options that are spelled out, Dispose, a second one.
	Promises conformance.Promises
}

// allows reports whether a step may stand in a script after m.
func (a Alphabet) allows(m machine, s Step) bool {
	p := a.Promises
	switch {
	case !slices.Contains(a.Kinds, s.Kind):
		return false
	case s.Kind == GiveUp:
		return p.Cancellation
	case s.Kind == Dispose:
		return p.Disposal && (p.SharedDisposal || !m.model.Disposing())
	case s.Options == Invalid:
		return !m.model.Disposing() // which of two errors comes first is left open
	case strings.HasSuffix(s.Options, SpelledOut):
		return p.EqualAfterDefaults
	}
	return true
}

// enabled lists the steps that can happen next, calls first.
func (m machine) enabled(a Alphabet) []Step {
	var all []Step
	try := func(s Step) {
		if a.allows(m, s) {
			if _, _, err := m.step(s); err == nil {
				all = append(all, s)
			}
		}
	}
	if call := len(m.calls) + 1; call <= a.Calls {
		for _, name := range a.Names {
			for _, options := range a.Options {
				try(Step{Kind: Get, Call: call, Name: name, Options: options})
			}
			try(Step{Kind: Release, Call: call, Name: name})
		}
		try(Step{Kind: Dispose, Call: call})
	}
	for call := range m.calls {
		try(Step{Kind: GiveUp, Call: call + 1})
	}
	for i := range m.wires {
		for kind := Attach; kind <= Resisted; kind++ {
			try(Step{Kind: kind, Incarnation: i + 1})
		}
	}
	return all
}

// drain lists the steps that let all end that is held.
func (m machine) drain() Script {
	var script Script
	for again := true; again; {
		again = false
		for i := range m.wires {
			for _, kind := range []Kind{Attached, Released} {
				step := Step{Kind: kind, Incarnation: i + 1}
				if next, _, err := m.step(step); err == nil {
					m, script, again = next, append(script, step), true
				}
			}
		}
	}
	return script
}
