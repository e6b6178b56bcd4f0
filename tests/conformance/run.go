package conformance

import (
	"slices"
	"sync/atomic"

	"ablyrooms.example/model"
)

// transport carries the steps of a script to a system, and observes the system. There are two
// transports: one to a system in a bubble of virtual time, and one to another process, with lines
// of JSON.
type transport interface {
	// begin begins a call. Calls are numbered from 1, in the order in which they begin.
	begin(in model.Input) error
	// act carries out a step that is not a call.
	act(in model.Input) error
	// rest waits until nothing runs any more.
	rest() error
	// seen returns how a call ended, or false if it has not ended. want is the call in the model.
	seen(call int, want model.Call) (ending, bool)
	// works returns a difference if the backend's calls are not those of the model, else nil. It is
	// checked before the calls.
	works() *difference
	// inside returns any other difference, or nil. It is checked after the calls.
	inside() *difference
}

// ending says how a call ended: in words, and as an outcome of the model if the model has such an
// outcome.
type ending struct {
	model.Outcome
	text  string
	class string // like text, without the parts that differ between scripts
	cause bool   // the call gave up, and its error is the context's cause
}

// difference is a difference between the system and the model.
type difference struct {
	kind      ViolationKind
	rule      Rule // the broken rule; empty for the rules that the last step follows
	want, got string
	class     string // for Violation.Class; empty for a class made of want and got
}

// Outcome is what a script showed.
type Outcome struct {
	Kept       []Rule       // the rules that the script showed to be kept, each once
	Violations []*Violation // at most one of each class, in the order of their steps
	// whether the last violation left the system in a state that the model doesn't have
	Stopped bool
	Steps   int
}

// run is one run of a script.
type run struct {
	transport
	promises Promises
	script   []model.Input
	wired    bool
	note     bool         // record the rules that are kept
	at       atomic.Int64 // index of the present step; another goroutine reads it after a hang

	before, now machine
	turn        turn
	calls       []played
	earlier     map[int]bool // the incarnations that were being released when disposal began
	ended       bool         // the context of the call that begins has already ended
	differed    bool         // the present step has shown a difference
	out         Outcome
}

// played is a call of the script.
type played struct {
	in      model.Input
	rule    model.Rule // wired: the rule that the model followed when the call began
	excused bool       // the call has deviated from the model, and is not compared any more
}

// play runs the script, and compares after each step. The error says why the script could not be
// run; violations are in the outcome.
func (r *run) play() error {
	r.now = machine{wired: r.wired}
	for i := 0; i < len(r.script); i++ {
		in := r.script[i]
		next, t, err := r.now.step(in)
		if err != nil {
			return err
		}
		if r.ended = r.endedBefore(i, next); r.ended && !next.settled(in.Call) {
			i++ // the call is given up in its own step
			var given turn
			next, given, _ = next.step(r.script[i]) // no error: a call that waits can be given up
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

// endedBefore reports whether the i-th step is a call with a context that has already ended. That
// is every second release or disposal, if its own step settles it or the next step gives it up.
func (r *run) endedBefore(i int, after machine) bool {
	in := r.script[i]
	if !r.promises.EndedContexts || r.wired || in.Call%2 != 0 ||
		in.Kind != model.KindRelease && in.Kind != model.KindDispose {
		return false
	}
	return after.settled(in.Call) || i+1 < len(r.script) && r.script[i+1] == model.GiveUp(in.Call)
}

// enter returns the record of a call that begins.
func (r *run) enter(in model.Input) played {
	c := played{in: in}
	if r.wired {
		rules, _ := r.turn.rules()
		if i := slices.IndexFunc(rules, func(rule model.Rule) bool { return rule <= model.R14 }); i >= 0 {
			c.rule = rules[i]
		}
	}
	if in.Kind == model.KindDispose && r.earlier == nil {
		// The rule is R12, and not one of R9 to R11, which the disposal follows for each name.
		c.rule, r.earlier = model.R12, map[int]bool{}
		for i, inc := range r.before.model.Incarnations {
			r.earlier[i+1] = inc.Life == model.LifeReleasing
		}
	}
	return c
}

// keep records the rules that the present step has shown to be kept.
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

// find records a difference as a violation, unless the script has shown one of its class before. If
// stop is set, and always in process, the rest of the script is not run.
func (r *run) find(d difference, stop bool) {
	r.out.Stopped, r.differed = r.out.Stopped || stop || !r.wired, true
	v := r.violation(d)
	if !slices.ContainsFunc(r.out.Violations, func(w *Violation) bool { return w.Class == v.Class }) {
		r.out.Violations = append(r.out.Violations, v)
	}
}

// violation returns the report of a difference that the present step has shown.
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
