package subject

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
)

// Outcome is what a script showed.
type Outcome struct {
	Kept       []Rule       // that were followed where they could be seen, each once
	Violations []*Violation // at most one of each class, in the order of their steps
	Stopped    bool         // the last violation left the subject in a state that the model doesn't have, so that the rest was not run
	Steps      int
}

// run is a script under way.
type run struct {
	*Rig
	script Script
	before machine
	now    machine
	turns  []turn
	calls  []*call
	rooms  map[int]int // the incarnation of each room of the subject
	ids    map[int]int // and back
	gates  []gates     // of each incarnation
	out    Outcome

	earlier  map[int]bool // what was being released when disposal began
	differed bool         // something was noted after the step under way
}

type call struct {
	id      int
	rule    model.Rule // by which the model took it in
	excused bool       // it was found to deviate, and is not looked at any more
}

// gates hold what the server answers to one room.
type gates struct {
	attached, detached *ablytest.Gate
	detach             *ablytest.Fault // has the next DETACHED held
}

// Run runs a script on a fresh system of the subject, and afterwards lets all end that the script left waiting. Its error is for what keeps
// the script from being run at all, not for what is found.
func (r *Rig) Run(ctx context.Context, script Script) (Outcome, error) {
	r.scripts++
	if err := r.ask(ctx, Request{Op: "new"}); err != nil {
		return Outcome{}, fmt.Errorf("subject: new: %w", err)
	}
	end := machine{}
	for _, s := range script {
		var err error
		if end, _, err = end.step(s); err != nil {
			return Outcome{}, err
		}
	}
	x := &run{Rig: r, script: append(slices.Clone(script), end.drain()...), rooms: map[int]int{}, ids: map[int]int{}}
	err := x.run(ctx)
	if err == nil {
		err = x.cleanup(ctx)
	}
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, ErrProtocol) {
			return x.out, err
		}
		x.broken(err)
		if err := r.restart(ctx); err != nil {
			return x.out, err
		}
	}
	return x.out, nil
}

func (x *run) run(ctx context.Context) error {
	for i, s := range x.script {
		next, t, err := x.now.step(s)
		if err != nil {
			return err
		}
		x.before, x.now = x.now, next
		x.turns = append(x.turns, t)
		x.out.Steps++
		x.differed = false
		if err := x.apply(ctx, i, s); err != nil {
			return err
		}
		if s.Kind == Failed {
			if err := x.awaitRelease(ctx, x.now.model.Incarnations[s.Incarnation-1].Name); err != nil {
				return err
			}
		}
		if err := x.rest(ctx); err != nil {
			return err
		}
		if x.compare(); x.out.Stopped {
			return nil
		}
		if !x.differed {
			for _, rule := range t.all {
				x.keep(Rule(rule.String()))
			}
			if s.Options == Invalid && !x.calls[s.Call-1].excused {
				x.keep(OptionsRule)
			}
		}
	}
	return nil
}

// pause is how long a release may take to end after its detach failed: by CHA-RL3n4 250 ms, with room for a slow machine.
const pause = 3 * time.Second

// awaitRelease waits until a release whose detach failed has ended. Such a release may pause before it looks at the channel again
// (CHA-RL3n4), and a subject that waits for a timer alone is at rest. What shows the end is a call that is settled by it; where nobody
// waits, a release of the harness's own joins (CHA-RC1g3). When the end doesn't come, comparing will find it.
func (x *run) awaitRelease(ctx context.Context, name string) error {
	var ids []int
	for k, c := range x.calls {
		if call := x.now.calls[k]; call != 0 && !c.excused && x.before.model.Calls[call-1].Pending() && !x.now.model.Calls[call-1].Pending() {
			ids = append(ids, c.id)
		}
	}
	if len(ids) == 0 {
		id, err := x.proc.Send(Request{Op: "release", Name: x.room(name)})
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	ctx, cancel := context.WithTimeout(ctx, pause)
	defer cancel()
	for _, id := range ids {
		if _, err := x.proc.Await(ctx, id); errors.Is(err, ErrEnded) || errors.Is(err, ErrProtocol) {
			return err
		}
	}
	return nil
}

func (x *run) keep(rule Rule) {
	if !slices.Contains(x.out.Kept, rule) {
		x.out.Kept = append(x.out.Kept, rule)
	}
}

// cleanup lets go what a script that was stopped left held, and ends the system.
func (x *run) cleanup(ctx context.Context) error {
	x.server.ClearFaults()
	for _, g := range x.gates {
		g.attached.Open()
		g.detached.Open()
	}
	if err := x.rest(ctx); err != nil {
		return err
	}
	if _, err := x.proc.Send(Request{Op: "dispose"}); err != nil {
		return err
	}
	if err := x.rest(ctx); err != nil {
		return err
	}
	x.proc.forget()
	for name := range x.server.State().Channels {
		_ = x.server.ForgetChannel(name) // what is still attached stays
	}
	return nil
}

// apply does what a step says.
func (x *run) apply(ctx context.Context, at int, s Step) error {
	for len(x.gates) < len(x.now.wires) {
		x.gates = append(x.gates, gates{attached: ablytest.NewGate(), detached: ablytest.NewGate()})
	}
	i := s.Incarnation
	switch s.Kind {
	case Get, Release, Dispose:
		id, err := x.proc.Send(x.request(s))
		c := &call{id: id}
		for _, rule := range x.turns[at].rules {
			if rule <= model.R14 && c.rule == 0 {
				c.rule = rule
			}
		}
		if s.Kind == Dispose && x.earlier == nil {
			c.rule, x.earlier = model.R12, map[int]bool{} // not R9 to R11, which it follows for each name
			for i, inc := range x.before.model.Incarnations {
				x.earlier[i+1] = inc.Life == model.LifeReleasing
			}
		}
		x.calls = append(x.calls, c)
		return err
	case GiveUp:
		return x.ask(ctx, Request{Op: "giveup", Call: x.calls[s.Call-1].id})
	case Attach, Attaching:
		x.gates[i-1].detach = x.hold(at, i, ablytest.ActionDetached, x.gates[i-1].detached)
		if s.Kind == Attach {
			err := x.ask(ctx, Request{Op: "attach", Room: x.ids[i]})
			if e := (*Error)(nil); errors.As(err, &e) {
				x.note(&Violation{Kind: conformance.Differs, Rule: Rule(model.R17.String()), Class: "attach fails",
					Want: fmt.Sprintf("room %d to attach", i), Got: e.Error()}, true)
				return nil
			}
			return err
		}
		x.hold(at, i, ablytest.ActionAttached, x.gates[i-1].attached)
		_, err := x.proc.Send(Request{Op: "attach", Room: x.ids[i]})
		return err
	case Attached, AttachRefused:
		if s.Kind == AttachRefused {
			x.gates[i-1].detach.Remove() // there is nothing to detach, and a successor has its own
		}
		x.gates[i-1].attached.Pass(1)
	case Resisted:
		old := x.gates[i-1].detached
		x.gates[i-1].detached = ablytest.NewGate()
		x.hold(at, i, ablytest.ActionDetached, x.gates[i-1].detached)
		old.Pass(1)
	case Released, Failed:
		x.gates[i-1].detached.Pass(1)
	}
	return nil
}

// hold has the server hold the next answer of this kind to a room. What becomes of it when it is let go stands further on in the script.
func (x *run) hold(at, incarnation int, action ablytest.Action, gate *ablytest.Gate) *ablytest.Fault {
	channel := x.channel(x.now.model.Incarnations[incarnation-1].Name)
	effects := []ablytest.Effect{ablytest.Hold(gate)}
	kinds := []Kind{Released, Failed, Resisted}
	if action == ablytest.ActionAttached {
		kinds = []Kind{Attached, AttachRefused}
	}
	for _, s := range x.script[at+1:] {
		if s.Incarnation != incarnation || !slices.Contains(kinds, s.Kind) {
			continue
		}
		switch s.Kind {
		case AttachRefused, Failed:
			effects = append(effects, ablytest.FailChannel(ablytest.NewError(40160, 401, "refused by the script")))
		case Resisted:
			effects = append(effects, ablytest.Reply(&ablytest.ProtocolMessage{
				Action: ablytest.ActionAttached, Channel: channel, Flags: ablytest.ModesDefault,
			}))
		}
		break
	}
	return x.server.Fault(ablytest.ToClient(action).OnChannel(channel).Once(), effects...)
}

// broken notes that the subject's process ended, or never came to rest.
func (x *run) broken(err error) {
	v := &Violation{Kind: conformance.Hang, Want: "rest", Got: err.Error(), Class: "hang"}
	if errors.Is(err, ErrEnded) {
		v = &Violation{Kind: conformance.Panic, Want: "the subject's process to go on", Got: err.Error(), Class: "process ended"}
	}
	if n := len(x.turns); n > 0 {
		for _, rule := range x.turns[n-1].rules {
			v.Rule = Rule(rule.String())
		}
	}
	x.note(v, true)
}

// note keeps a violation, unless the script has shown its class before.
func (x *run) note(v *Violation, stop bool) {
	x.out.Stopped, x.differed = x.out.Stopped || stop, true
	if slices.ContainsFunc(x.out.Violations, func(w *Violation) bool { return w.Class == v.Class }) {
		return
	}
	v.Script = slices.Clone(x.script[:len(x.turns)])
	x.out.Violations = append(x.out.Violations, v)
}

// outcome is how a call ended, in the model's terms as far as it has them.
type outcome struct {
	model.Outcome
	text  string
	class string // the text without what differs from script to script
}

var pending = outcome{text: "waits", class: "waits"}

// outcomeOf reads an answer. A room that is seen first is that of the incarnation that the model gives the call.
func (x *run) outcomeOf(s Step, a Answer, want model.Outcome) outcome {
	if e := a.Error; e != nil {
		o := outcome{text: fmt.Sprintf("error %d (%s)", e.Code, e.Message), class: fmt.Sprintf("error %d", e.Code)}
		if e.GaveUp {
			return outcome{Outcome: model.Outcome{Kind: model.OutcomeGaveUp}, text: "gave up", class: "gave up"}
		}
		kinds := map[int]model.OutcomeKind{codeDisposed: model.OutcomeDisposed, codeReleasedBefore: model.OutcomeReleasedBefore,
			codeDifferentOptions: model.OutcomeDifferentOptions}
		if kind := kinds[e.Code]; kind != 0 {
			o.Outcome.Kind = kind
			if e.Status != 400 {
				return outcome{text: fmt.Sprintf("%s with the status %d", o.text, e.Status), class: o.class + " with another status"}
			}
		}
		return o
	}
	if s.Kind != Get {
		return outcome{Outcome: model.Outcome{Kind: model.OutcomeDone}, text: "done", class: "done"}
	}
	i := x.rooms[a.Room]
	if i == 0 && want.Kind == model.OutcomeRoom && x.ids[want.Incarnation] == 0 && a.Room != 0 {
		i = want.Incarnation
		x.rooms[a.Room], x.ids[i] = i, a.Room
	}
	if i == 0 {
		return outcome{text: "a room object that is none of those before", class: "another room"}
	}
	o := model.Outcome{Kind: model.OutcomeRoom, Incarnation: i}
	class := "a room"
	if want.Kind == model.OutcomeRoom && i != want.Incarnation {
		class = "the room of another incarnation"
	}
	return outcome{Outcome: o, text: o.String(), class: class}
}

// wanted describes a model's outcome for a class.
func wanted(o model.Outcome) string {
	switch o.Kind {
	case model.OutcomePending:
		return "to wait"
	case model.OutcomeRoom:
		return "a room"
	}
	return strings.TrimSuffix(o.Kind.String(), "{}")
}
