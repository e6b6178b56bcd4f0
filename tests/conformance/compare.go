package conformance

import (
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/model"
)

// compare compares what can be seen of the subject, when nothing runs, with the model.
func (r *run) compare() {
	if d := r.works(); d != nil {
		r.find(*d, true)
	}
	for k := range r.calls {
		if r.out.Stopped {
			return
		}
		r.compareCall(k)
	}
	if r.out.Stopped {
		return
	}
	if d := r.inside(); d != nil {
		r.find(*d, true)
	}
}

func (r *run) compareCall(k int) {
	c := &r.calls[k]
	switch {
	case c.excused:
		return
	case r.wired && c.in.Options == Invalid:
		r.compareInvalid(k)
		return
	}
	want := r.now.model.Calls[r.now.number(k+1)-1]
	got, settled := r.seen(k+1, want)
	if settled != want.Pending() && (!settled || r.agrees(got, want)) {
		return
	}
	dispose := c.in.Kind == model.KindDispose
	if settled && want.Pending() && dispose && !r.promises.DisposalWaitsForAll && r.onlyEarlier() {
		c.excused = true // a disposal may end before releases that began before the disposal
		return
	}
	if !settled {
		got = ending{text: "waits", class: "waits"}
	}
	d := difference{kind: Differs, want: r.who(k) + ": " + wanted(want.Outcome), got: r.who(k) + ": " + got.text}
	rule := r.blame(k, want)
	class := strings.TrimSuffix(want.Outcome.Kind.String(), "{}")
	switch {
	case want.Pending():
		class = "to wait"
	case want.Outcome.Kind == model.OutcomeRoom:
		class = "a room"
	}
	d.class = fmt.Sprintf("%s: %v expected %s, got %s", rule, c.in.Kind, class, got.class)
	if r.wired {
		d.rule = rule
	}
	if r.taint(&d, c.in.Name) {
		r.find(d, true)
		return
	}
	// After these differences, the rooms in use and those being released are still as in the model:
	// the run can go on.
	early := dispose && want.Pending() && got.Kind == model.OutcomeDone
	refused := gets(c.in.Kind) && settled && got.Kind != model.OutcomeRoom &&
		(c.rule == model.R2 || c.rule == model.R3 || c.rule == model.R4) && got.class != "another room"
	c.excused = early || refused
	r.find(d, !c.excused)
}

// wanted describes the outcome of a call in the model.
func wanted(o model.Outcome) string {
	if o.Kind == model.OutcomePending {
		return "to wait"
	}
	return o.String()
}

// who returns the name of a call in reports, such as "call 2 (release(2, a))".
func (r *run) who(k int) string { return fmt.Sprintf("call %d (%s)", k+1, text(r.calls[k].in)) }

// onlyEarlier reports whether every room that is being released was already being released when the
// disposal began.
func (r *run) onlyEarlier() bool {
	for i, inc := range r.now.model.Incarnations {
		if inc.Life == model.LifeReleasing && !r.earlier[i+1] {
			return false
		}
	}
	return true
}

// agrees reports whether a call ended as in the model, as far as the subject promises that.
func (r *run) agrees(got ending, want model.Call) bool {
	p := r.promises
	if want.Outcome.Kind == model.OutcomeGaveUp && p.Causes && !got.cause {
		return false
	}
	if want.Outcome.Kind == model.OutcomeReleasedBefore && !p.ReleaseRejectsGets && got.Kind == model.OutcomeDisposed {
		return true // not the release, but a disposal has rejected the get
	}
	if want.Outcome.Kind != model.OutcomeFailed || got.Kind == model.OutcomeGaveUp {
		return got.Equal(want.Outcome)
	}
	var must []int // the incarnations whose errors must be reported
	for _, i := range want.Outcome.Failed {
		if p.DisposalWaitsForAll || !r.earlier[i] {
			must = append(must, i)
		}
	}
	switch {
	case !p.DisposalReports || len(must) == 0 && got.Kind == model.OutcomeDone:
		return true
	case got.Kind != model.OutcomeFailed:
		return false
	}
	lacks := func(all []int) func(int) bool { return func(i int) bool { return !slices.Contains(all, i) } }
	invented := slices.ContainsFunc(got.Failed, lacks(want.Outcome.Failed))
	missing := slices.ContainsFunc(must, lacks(got.Failed))
	return !invented && !(p.DisposalJoins && missing)
}

// compareInvalid checks a get with invalid options, which must be refused at once, with
// InvalidArgument. A get that waits, or that is refused with another error, is reported and then
// excused.
func (r *run) compareInvalid(k int) {
	got, settled := r.seen(k+1, model.Call{Kind: model.KindGet})
	d := difference{kind: Differs, rule: OptionsRule, got: r.who(k) + ": " + got.text, class: got.class}
	d.want = fmt.Sprintf("%s: error %d at once", r.who(k), codeInvalidArgument)
	room := got.class == "a room" || got.class == "another room"
	switch {
	case !settled:
		d.got, d.class = r.who(k)+": waits", "it waits"
	case room:
		d.class = "it gets a room"
	case got.class == fmt.Sprintf("error %d", codeInvalidArgument):
		return
	}
	d.class = string(OptionsRule) + ": " + d.class
	r.calls[k].excused = !room
	r.find(d, room)
}

// taint reports whether a get with invalid options explains a difference. It looks at the gets of
// this name, or of any name if name is "", that compareInvalid excused: a get that was not refused
// at once, or was refused at once with the wrong error. A get that was refused with the error for
// different options explains nothing. If a get explains the difference, taint sets d's rule to
// OptionsRule, and d's class to what the get did.
func (r *run) taint(d *difference, name string) bool {
	for k, c := range r.calls {
		if !r.wired || c.in.Options != Invalid || !c.excused || name != "" && c.in.Name != name {
			continue
		}
		class := ""
		switch got, settled := r.seen(k+1, model.Call{Kind: model.KindGet}); {
		case !settled:
			class = "it is in the way of others while it waits"
		case got.Kind != model.OutcomeDifferentOptions:
			class = "it leaves something behind that is in the way of others"
		default:
			continue
		}
		d.rule, d.class = OptionsRule, string(OptionsRule)+": "+class
		return true
	}
	return false
}

// blame finds the rule by which a call should have been settled, or should still wait. In process,
// a step is one input of the model, and blame returns the first rule of that input.
func (r *run) blame(k int, want model.Call) Rule {
	if !r.wired {
		if rules, _ := r.turn.rules(); len(rules) > 0 {
			return ruleName(rules[0])
		}
		return ""
	}
	rule, kind, last := r.calls[k].rule, r.calls[k].in.Kind, r.script[r.at.Load()]
	outcome := want.Outcome.Kind
	switch {
	case kind == model.KindDispose && want.Pending():
		if rule == model.R12 {
			rule = model.R13
		}
	case want.Pending() || isCall(last.Kind) && last.Call == k+1:
	case outcome == model.OutcomeGaveUp:
		rule = model.R16
	case kind == model.KindDispose:
		rule = model.R23
	case kind == model.KindRelease:
		rule = model.R21
	// the rule of the call that rejects the get
	case outcome == model.OutcomeReleasedBefore && isCall(last.Kind):
		rule = r.calls[last.Call-1].rule
	case outcome == model.OutcomeRoom && rule == model.R6:
		rule = model.R22
	}
	return ruleName(rule)
}
