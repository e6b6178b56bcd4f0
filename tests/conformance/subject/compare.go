package subject

import (
	"fmt"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
)

// compare holds what can be seen at rest against the machine.
func (x *run) compare() {
	if x.out.Stopped {
		return
	}
	for k := range x.calls {
		if x.compareCall(k); x.out.Stopped {
			return
		}
	}
	x.compareWire()
}

// begin returns the step that began a call.
func (x *run) begin(k int) Step {
	for _, s := range x.script {
		if s.Kind.call() && s.Call == k+1 {
			return s
		}
	}
	return Step{}
}

func (x *run) compareCall(k int) {
	c, s := x.calls[k], x.begin(k)
	answer, answered := x.proc.Answered(c.id)
	if c.excused {
		return
	}
	if s.Options == Invalid {
		x.compareInvalid(k, s, answer, answered)
		return
	}
	want := x.now.model.Calls[x.now.calls[k]-1]
	got := pending
	if answered {
		got = x.outcomeOf(s, answer, want.Outcome)
	}
	if answered != want.Pending() && got.Outcome.Equal(want.Outcome) {
		return
	}
	v := &Violation{
		Kind: conformance.Differs, Rule: x.blame(k, want), Got: fmt.Sprintf("call %d (%v): %s", k+1, s, got.text),
		Want: fmt.Sprintf("call %d (%v): %s", k+1, s, wanted(want.Outcome)),
	}
	v.Class = fmt.Sprintf("%s: %v expected %s, got %s", v.Rule, s.Kind, wanted(want.Outcome), got.class)
	if taint := x.taint(s.Name); taint != "" {
		v.Rule, v.Class = OptionsRule, string(OptionsRule)+": "+taint
		x.note(v, true)
		return
	}
	// These leave what is in use and what is being released as the model has it.
	early := s.Kind == Dispose && want.Pending() && answered && answer.Error == nil
	if early && !x.promises.DisposalWaitsForAll && x.onlyEarlier() {
		c.excused = true
		return
	}
	refused := s.Kind == Get && answered && answer.Error != nil && (c.rule == model.R2 || c.rule == model.R3 || c.rule == model.R4)
	c.excused = early || refused
	x.note(v, !c.excused)
}

// onlyEarlier tells whether all that is being released was so already when disposal began.
func (x *run) onlyEarlier() bool {
	for i, inc := range x.now.model.Incarnations {
		if inc.Life == model.LifeReleasing && !x.earlier[i+1] {
			return false
		}
	}
	return true
}

// compareInvalid: a get with options that are not valid is refused at once, with InvalidArgument.
func (x *run) compareInvalid(k int, s Step, answer Answer, answered bool) {
	v := &Violation{Kind: conformance.Differs, Rule: OptionsRule, Want: fmt.Sprintf("call %d (%v): error %d at once", k+1, s, codeInvalidArgument)}
	switch {
	case !answered:
		v.Got, v.Class = fmt.Sprintf("call %d waits", k+1), "it waits"
	case answer.Error == nil:
		v.Got, v.Class = fmt.Sprintf("call %d has a room", k+1), "it gets a room"
	case answer.Error.Code == codeInvalidArgument && answer.Error.Status == 400:
		return
	default:
		v.Got, v.Class = fmt.Sprintf("call %d: %v", k+1, answer.Error), fmt.Sprintf("error %d", answer.Error.Code)
	}
	v.Class = string(OptionsRule) + ": " + v.Class
	x.calls[k].excused = !answered || answer.Error != nil
	x.note(v, !x.calls[k].excused)
}

// taint tells whether a get with invalid options was not refused at once before, on this name or, for "", on any: then what is found
// there is laid at its door.
func (x *run) taint(name string) string {
	for k, c := range x.calls {
		if s := x.begin(k); s.Options != Invalid || !c.excused || name != "" && s.Name != name {
			continue
		}
		switch answer, answered := x.proc.Answered(c.id); {
		case !answered:
			return "it is in the way of others while it waits"
		case answer.Error != nil && answer.Error.Code != codeDifferentOptions:
			return "it leaves something behind that is in the way of others"
		}
	}
	return ""
}

// blame finds the rule by which a call should have been settled, or should wait still.
func (x *run) blame(k int, want model.Call) Rule {
	c, s := x.calls[k], x.begin(k)
	rule := c.rule
	last := x.script[len(x.turns)-1]
	began := last.Kind.call() && last.Call == k+1
	switch {
	case s.Kind == Dispose && want.Pending():
		if rule == model.R12 {
			rule = model.R13
		}
	case want.Pending() || began:
	case want.Outcome.Kind == model.OutcomeGaveUp:
		rule = model.R16
	case s.Kind == Dispose:
		rule = model.R23
	case s.Kind == Release:
		rule = model.R21
	case want.Outcome.Kind == model.OutcomeReleasedBefore && last.Kind == Dispose:
		rule = model.R12
	case want.Outcome.Kind == model.OutcomeReleasedBefore:
		rule = model.R9
	case want.Outcome.Kind == model.OutcomeRoom && rule == model.R6:
		rule = model.R22
	}
	return Rule(rule.String())
}

// compareWire holds what the server has against the machine.
func (x *run) compareWire() {
	state := x.server.State()
	for i, inc := range x.now.model.Incarnations {
		attached := state.Attached(x.channel(inc.Name))
		wire, g := x.now.wires[i], x.gates[i]
		differ := func(rule model.Rule, want, got string) {
			v := &Violation{Kind: conformance.Differs, Rule: Rule(rule.String()), Class: fmt.Sprintf("%v: expected %s, got %s", rule, want, got)}
			v.Want, v.Got = fmt.Sprintf("room %d (%s): %s", i+1, inc.Name, want), fmt.Sprintf("room %d (%s): %s", i+1, inc.Name, got)
			if taint := x.taint(inc.Name); taint != "" {
				v.Rule, v.Class = OptionsRule, string(OptionsRule)+": "+taint
			}
			x.note(v, true)
		}
		switch {
		case wire == wireAttaching && g.attached.Held() == 0:
			differ(model.R17, "an ATTACH that waits at the server", "none")
		case inc.Life == model.LifeReady && wire == wireAttached && !attached:
			differ(model.R10, "to stay attached while it is in use", "detached")
		case inc.Life == model.LifeReady && wire == wireNone && attached:
			differ(model.R17, "not to be attached before somebody attaches it", "attached")
		case inc.Life == model.LifeReleasing && wire == wireAttached && g.detached.Held() == 0:
			differ(model.R10, "a DETACH that waits at the server", "none")
		case inc.Life == model.LifeReleased && attached && x.now.model.InUse(inc.Name) == 0 && x.now.model.BeingReleased(inc.Name) == 0:
			differ(model.R21, "nothing of a released room at the server", "its channel attached")
		}
		if x.out.Stopped {
			return
		}
	}
}
