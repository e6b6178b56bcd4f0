package conformance

import (
	"slices"
	"sync/atomic"

	"ablyrooms.example/model"
)

// transport carries the steps of a script to a system, and shows what can be seen of it. There are
// two: in process, in a bubble of virtual time, and lines of JSON to a process.
type transport interface {
	// begin begins a call. Calls are numbered from 1 in this order.
	begin(in model.Input) error
	// act does what any other step says.
	act(in model.Input) error
	// rest returns when nothing moves any more.
	rest() error
	// seen returns how a call ended, or false if it has not. It is given what the model has.
	seen(call int, want model.Call) (ending, bool)
	// works returns what is wrong with the backend, looked at before the calls.
	works() *difference
	// inside returns what else is wrong, looked at after the calls.
	inside() *difference
}

// ending is how a call ended, in the model's terms as far as it has them.
type ending struct {
	model.Outcome
	text  string
	class string // the text without what differs from script to script
	cause bool   // of one that gave up: the error is the context's cause
}

// difference is something that is otherwise than in the model.
type difference struct {
	kind      ViolationKind
	rule      Rule // empty for those that the last step follows
	want, got string
	class     string // empty for want and got
}

// Outcome is what a script showed.
type Outcome struct {
	Kept       []Rule       // that were followed where they could be seen, each once
	Violations []*Violation // at most one of each class, in the order of their steps
	// the last violation left the system in a state that the model doesn't have
	Stopped bool
	Steps   int
}

// run is a script under way.
type run struct {
	transport
	promises Promises
	script   []model.Input
	wired    bool
	note     bool         // note the rules that are kept
	at       atomic.Int64 // the step under way; read from outside when it hangs

	before, now machine
	turn        turn
	calls       []played
	earlier     map[int]bool // what was being released when disposal began
	ended       bool         // the call that begins has a context that has ended before
	differed    bool         // something was found after the step under way
	out         Outcome
}

// played is a call of the script.
type played struct {
	in      model.Input
	rule    model.Rule // wired: by which the model took it in
	excused bool       // it was found to deviate, and is not looked at any more
}

// play takes a system through the script, and compares after each step. Its error is for what keeps
// the script from being run, not for what is found.
func (r *run) play() error {
	r.now = machine{wired: r.wired}
	for i := 0; i < len(r.script); i++ {
		in := r.script[i]
		next, t, err := r.now.step(in)
		if err != nil {
			return err
		}
		if r.ended = r.endedBefore(i, next); r.ended && !next.settled(in.Call) {
			i++ // it is given up in its own step
			var given turn
			next, given, _ = next.step(r.script[i]) // what waits can be given up
			t.inputs, t.outputs = append(t.inputs, given.inputs...), append(t.outputs, given.outputs...)
			r.out.Steps++
		}
		r.before, r.now, r.turn, r.differed = r.now, next, t, false
		r.at.Store(int64(i))
		r.out.Steps++
		if isCall(in.Kind) {
			r.calls = append(r.calls, r.enter(in))
			err = r.begin(in)
		} else {
			err = r.act(in)
		}
		if err == nil {
			err = r.rest()
		}
		if err != nil {
			return err
		}
		if r.compare(); r.out.Stopped {
			return nil
		}
		if r.note && !r.differed {
			r.keep(in)
		}
	}
	return nil
}

// endedBefore reports whether the i-th step is a call that is made with a context that has ended
// before: every second release or disposal that its own step settles, or that is given up next.
func (r *run) endedBefore(i int, after machine) bool {
	in := r.script[i]
	if !r.promises.EndedContexts || r.wired || in.Call%2 != 0 ||
		in.Kind != model.KindRelease && in.Kind != model.KindDispose {
		return false
	}
	return after.settled(in.Call) || i+1 < len(r.script) && r.script[i+1] == model.GiveUp(in.Call)
}

// enter notes a call that begins.
func (r *run) enter(in model.Input) played {
	c := played{in: in}
	if r.wired {
		rules, _ := r.turn.rules()
		if i := slices.IndexFunc(rules, func(rule model.Rule) bool { return rule <= model.R14 }); i >= 0 {
			c.rule = rules[i]
		}
	}
	if in.Kind == model.KindDispose && r.earlier == nil {
		// not R9 to R11, which it follows for each name
		c.rule, r.earlier = model.R12, map[int]bool{}
		for i, inc := range r.before.model.Incarnations {
			r.earlier[i+1] = inc.Life == model.LifeReleasing
		}
	}
	return c
}

// keep notes the rules that the step under way has shown.
func (r *run) keep(in model.Input) {
	_, rules := r.turn.rules()
	kept := ruleNames(rules)
	if r.wired && in.Options == Invalid && !r.calls[in.Call-1].excused {
		kept = append(kept, OptionsRule)
	}
	for _, rule := range kept {
		if !slices.Contains(r.out.Kept, rule) {
			r.out.Kept = append(r.out.Kept, rule)
		}
	}
}

// find keeps a difference as a violation, unless the script has shown its class before. With stop,
// and always in process, the rest of the script is not run.
func (r *run) find(d difference, stop bool) {
	r.out.Stopped, r.differed = r.out.Stopped || stop || !r.wired, true
	v := r.violation(d)
	if !slices.ContainsFunc(r.out.Violations, func(w *Violation) bool { return w.Class == v.Class }) {
		r.out.Violations = append(r.out.Violations, v)
	}
}

// violation makes the report of what is wrong after the step under way.
func (r *run) violation(d difference) *Violation {
	v := &Violation{Kind: d.kind, Want: d.want, Got: d.got, Class: d.class, wired: r.wired}
	v.Spelled, v.Ended = !r.wired && r.promises.EqualAfterDefaults, !r.wired && r.promises.EndedContexts
	if d.class == "" {
		v.Class = d.want + ", got " + d.got
	}
	if len(r.script) > 0 {
		at := int(r.at.Load())
		v.Script = slices.Clone(r.script[:at+1])
		if m, err := (machine{wired: r.wired}).after(v.Script[:at]); err == nil {
			_, t, _ := m.step(v.Script[at])
			rules, _ := t.rules()
			v.Rules = ruleNames(rules)
		}
	}
	if d.rule != "" {
		v.Rules = []Rule{d.rule}
	}
	return v
}
