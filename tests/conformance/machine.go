package conformance

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/model"
)

// wire is the state of a room's channel at the server.
type wire uint8

const (
	wireNone      wire = iota // the channel was never attached, or is detached
	wireAttaching             // the server holds the channel's ATTACHED
	wireAttached
	wireFailed // the channel is failed
)

// machine is the state that the steps of a script change: the state of the model and, for a
// process, of the wire. In process, the script ends every call of the backend. At the wire, some
// calls end without a step of the script: an opening (CHA-RC1f3), and the release of a room that
// was never attached (CHA-RL3j) or has failed (CHA-RL3n1). A machine is a value: a step returns a
// new one.
type machine struct {
	wired    bool
	model    model.State
	acquires []int // in process: the numbers of the model's calls that are an Acquire
	closed   []int // in process: the calls in acquires whose lease has closed
	// the model's number of each call, 0 for a call that the model doesn't have; nil if the numbers
	// in the script and in the model are the same
	calls    []int
	wires    []wire // wired: the state of each incarnation's channel
	resisted []int  // wired: incarnations whose release was resisted, once each at most
}

// turn is what a step of a script does in the model: one input, and the inputs that follow it
// without a step of the script.
type turn struct {
	before  model.State
	inputs  []model.Input
	outputs [][]model.Output // of each input
}

// rules returns the rules that the first input follows, and the rules that any of the inputs
// follows.
func (t turn) rules() (first, all []model.Rule) {
	state := t.before
	for i, in := range t.inputs {
		rules := state.Explain(in)
		if all = append(all, rules...); i == 0 {
			first = rules
		}
		state, _, _ = state.Step(in)
	}
	return first, all
}

// begun returns how many calls have begun.
func (m machine) begun() int {
	if m.wired || m.calls != nil {
		return len(m.calls)
	}
	return len(m.model.Calls)
}

// number returns the model's number of a call of the script. It is 0 if the model doesn't have the
// call.
func (m machine) number(call int) int {
	if m.wired || m.calls != nil {
		return m.calls[call-1]
	}
	return call
}

// settled reports whether a call of the script is settled. It is for scripts in process, and for
// calls that have begun.
func (m machine) settled(call int) bool { return !m.model.Calls[m.number(call)-1].Pending() }

// getWaits reports whether a get of the name is waiting.
func (m machine) getWaits(name string) bool {
	return slices.ContainsFunc(m.model.Calls, func(c model.Call) bool {
		return c.Kind == model.KindGet && c.Name == name && c.Pending()
	})
}

// step returns the machine after a step of a script, and what the step does in the model. The error
// says why the step can't happen.
func (m machine) step(in model.Input) (machine, turn, error) {
	t := turn{before: m.model}
	if !m.wired {
		return m.stepInProcess(in, t)
	}
	next := m
	next.calls, next.wires, next.resisted = slices.Clone(m.calls), slices.Clone(m.wires), slices.Clone(m.resisted)
	if err := next.begin(in, &t); err != nil {
		return m, turn{}, err
	}
	for next.follow(&t) {
	}
	return next, t, nil
}

// stepInProcess is step for a script in process, which may have leases. When a lease closes, the
// model may begin a call that the script does not have. So from the first Acquire on, the script
// and the model may number calls differently.
func (m machine) stepInProcess(in model.Input, t turn) (machine, turn, error) {
	in.Options, _ = Spelling(in.Options)
	next := m
	if in.Kind == model.KindAcquire && m.calls == nil {
		next.calls = []int{}
		for n := range m.model.Calls {
			next.calls = append(next.calls, n+1)
		}
	}
	switch {
	case next.calls == nil:
	case isCall(in.Kind) && in.Call == len(next.calls)+1:
		in.Call = len(m.model.Calls) + 1
		next.calls = append(slices.Clone(next.calls), in.Call)
	case in.Call >= 1 && in.Call <= len(next.calls) && !isCall(in.Kind):
		in.Call = next.calls[in.Call-1]
	case in.Call != 0:
		return m, t, fmt.Errorf("script: %s: this is not the next call, or no such call has begun", text(in))
	}
	leases, turns, err := model.Leases{State: m.model, Acquires: m.acquires, Closed: m.closed}.Step(in)
	if err != nil {
		return m, t, err
	}
	for _, took := range turns {
		t.inputs, t.outputs = append(t.inputs, took.Input), append(t.outputs, took.Outputs)
	}
	next.model, next.acquires, next.closed = leases.State, leases.Acquires, leases.Closed
	return next, t, nil
}

func (m *machine) begin(in model.Input, t *turn) error {
	impossible := func(why string) error { return fmt.Errorf("script: %s: %s", text(in), why) }
	call := len(m.model.Calls) + 1
	switch {
	case isCall(in.Kind) && in.Call != len(m.calls)+1:
		return impossible(fmt.Sprintf("the next call to begin is %d", len(m.calls)+1))
	case in.Kind == model.KindGet && in.Options == Invalid:
		m.calls = append(m.calls, 0)
		return nil
	case isCall(in.Kind):
		if _, known := spellings[in.Options]; in.Kind == model.KindGet && !known {
			return impossible(fmt.Sprintf("its options must be one of x, y, x%s, y%[1]s, %s", SpelledOut, Invalid))
		}
		m.calls = append(m.calls, call)
		in.Call, in.Options = call, strings.TrimSuffix(in.Options, SpelledOut)
		return m.input(in, t)
	case in.Kind == model.KindGiveUp:
		if in.Call < 1 || in.Call > len(m.calls) || m.calls[in.Call-1] == 0 {
			return impossible("no such call has begun")
		}
		return m.input(model.GiveUp(m.calls[in.Call-1]), t)
	case in.Incarnation < 1 || in.Incarnation > len(m.wires):
		return impossible("there is no such room")
	}
	inc, at := m.model.Incarnations[in.Incarnation-1], &m.wires[in.Incarnation-1]
	held := inc.Work == model.WorkClosing && *at == wireAttached
	switch in.Kind {
	case KindAttach, KindAttaching:
		if inc.Life != model.LifeReady || *at != wireNone {
			return impossible("the room is not ready, or attached already")
		}
		if !slices.ContainsFunc(m.model.Calls, func(c model.Call) bool {
			return c.Outcome.Kind == model.OutcomeRoom && c.Outcome.Incarnation == in.Incarnation
		}) {
			return impossible("no caller has the room")
		}
		*at = map[model.Kind]wire{KindAttach: wireAttached, KindAttaching: wireAttaching}[in.Kind]
	case KindAttached, KindAttachRefused:
		if *at != wireAttaching {
			return impossible("no ATTACHED is held for the room")
		}
		*at = map[model.Kind]wire{KindAttached: wireAttached, KindAttachRefused: wireFailed}[in.Kind]
	case model.KindReleased, KindFailed, KindResisted:
		if !held {
			return impossible("no DETACHED is held for the room")
		}
		if in.Kind != KindResisted {
			*at = map[model.Kind]wire{model.KindReleased: wireNone, KindFailed: wireFailed}[in.Kind]
			return m.input(model.Released(in.Incarnation), t)
		}
		if slices.Contains(m.resisted, in.Incarnation) {
			return impossible("a release can be resisted only once")
		}
		m.resisted = append(m.resisted, in.Incarnation)
	default:
		return impossible("in another process this ends by itself, so it is no step")
	}
	return nil
}

// input gives the model an input.
func (m *machine) input(in model.Input, t *turn) error {
	next, outs, err := m.model.Step(in)
	if err != nil {
		return err
	}
	m.model = next
	t.inputs, t.outputs = append(t.inputs, in), append(t.outputs, outs)
	m.wires = append(m.wires, make([]wire, len(next.Incarnations)-len(m.wires))...)
	return nil
}

// follow gives the model one input that needs no step of the script. It reports whether there was
// such an input.
func (m *machine) follow(t *turn) bool {
	for i, inc := range m.model.Incarnations {
		local := m.wires[i] == wireNone || m.wires[i] == wireFailed
		switch {
		case inc.Work == model.WorkOpening:
			_ = m.input(model.Opened(i+1), t) // no error: the opening is under way, so it can end
			return true
		case inc.Work == model.WorkClosing && local:
			_ = m.input(model.Released(i+1), t)
			return true
		}
	}
	return false
}

// next returns the steps that can happen next, within the bounds.
func (m machine) next(b Bounds, leases bool) []model.Input {
	if !m.wired && !leases {
		return m.model.Enabled(b)
	}
	var all []model.Input
	try := func(in model.Input) {
		if _, _, err := m.step(in); err == nil {
			all = append(all, in)
		}
	}
	if !m.wired {
		for _, in := range m.model.Enabled(Bounds{}) { // backend calls that end
			if in.Incarnation != 0 {
				all = append(all, in)
			}
		}
		for call := range m.begun() {
			try(model.GiveUp(call + 1))
			try(model.Close(call + 1))
		}
	}
	if call := m.begun() + 1; call <= b.Calls {
		for _, name := range b.Names {
			for _, options := range b.Options {
				if try(model.Get(call, name, options)); !m.wired {
					try(model.Acquire(call, name, options))
				}
			}
			try(model.Release(call, name))
		}
		try(model.Dispose(call))
	}
	if !m.wired {
		return all
	}
	for call := range m.calls {
		try(model.GiveUp(call + 1))
	}
	for i := range m.wires {
		try(model.Released(i + 1))
		for kind := KindAttach; kind <= KindResisted; kind++ {
			try(model.Input{Kind: kind, Incarnation: i + 1})
		}
	}
	return all
}

// drain returns steps after which the server no longer holds any frame.
func (m machine) drain() []model.Input {
	var script []model.Input
	for again := true; again; {
		again = false
		for i := range m.wires {
			for _, kind := range []model.Kind{KindAttached, model.KindReleased} {
				in := model.Input{Kind: kind, Incarnation: i + 1}
				if next, _, err := m.step(in); err == nil {
					m, script, again = next, append(script, in), true
				}
			}
		}
	}
	return script
}

// after returns the machine after a script. The error says why the script can't happen.
func (m machine) after(script []model.Input) (machine, error) {
	for i, in := range script {
		next, _, err := m.step(in)
		if err != nil {
			return m, errors.Join(fmt.Errorf("script: after %q", Text(script[:i])), err)
		}
		m = next
	}
	return m, nil
}
