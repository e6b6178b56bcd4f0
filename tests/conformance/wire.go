package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ablyrooms.example/model"
)

// atWire is the [transport] to a subject in a process, for one script.
type atWire struct {
	*Rig
	*run
	ctx     context.Context
	asked   []*asked    // the requests of the calls
	rooms   map[int]int // the incarnation of each room object of the subject
	handles map[int]int // the room object of each incarnation
	gates   []wireGates // for each incarnation
}

// wireGates are the answers to one room that the server holds.
type wireGates struct{ attached, detached Held }

// cleanup lets all held frames go, which a stopped script may have left, and ends the system.
func (x *atWire) cleanup() error {
	x.server.Reset()
	if err := x.rest(); err != nil {
		return err
	}
	if err := x.endSystem(); err != nil {
		return err
	}
	if err := x.rest(); err != nil {
		return err
	}
	x.server.Forget()
	return nil
}

// endSystem requests a disposal if that is promised, and otherwise the release of each name.
func (x *atWire) endSystem() error {
	if x.run.promises.Disposal {
		_, err := x.proc.send(Request{Op: "dispose"})
		return err
	}
	var names []string
	for _, c := range x.calls {
		if c.in.Name == "" || slices.Contains(names, c.in.Name) {
			continue
		}
		names = append(names, c.in.Name)
		if _, err := x.proc.send(Request{Op: "release", Name: x.room(c.in.Name)}); err != nil {
			return err
		}
	}
	return nil
}

func (x *atWire) rest() error { return x.awaitRest(x.ctx) }

func (x *atWire) begin(in model.Input) error {
	x.gates = append(x.gates, make([]wireGates, len(x.now.wires)-len(x.gates))...)
	call, err := x.proc.send(x.request(in))
	x.asked = append(x.asked, call)
	return err
}

func (x *atWire) act(in model.Input) error {
	if in.Kind == model.KindGiveUp {
		_, err := x.ask(x.ctx, Request{Op: "giveup", Call: x.asked[in.Call-1].ID})
		return err
	}
	i, g := in.Incarnation, &x.gates[in.Incarnation-1]
	switch in.Kind {
	case KindAttach, KindAttaching:
		g.detached = x.hold(i, false)
		attach := Request{Op: "attach", Room: x.handles[i]}
		if in.Kind == KindAttaching {
			g.attached = x.hold(i, true)
			_, err := x.proc.send(attach)
			return err
		}
		_, err := x.ask(x.ctx, attach)
		if e := (*Error)(nil); errors.As(err, &e) {
			x.find(difference{kind: Differs, rule: ruleName(model.R17), class: "attach fails",
				want: fmt.Sprintf("room %d to attach", i), got: e.Error()}, true)
			return nil
		}
		return err
	case KindAttached, KindAttachRefused:
		if in.Kind == KindAttachRefused {
			g.detached.Remove() // a failed room sends no DETACH; the next room has its own hold
		}
		g.attached.Pass()
	case KindResisted:
		old := g.detached
		g.detached = x.hold(i, false)
		old.Pass()
	case model.KindReleased, KindFailed:
		g.detached.Pass()
		if in.Kind == KindFailed {
			return x.awaitRelease(x.now.model.Incarnations[i-1].Name)
		}
	}
	return nil
}

// hold makes the server hold the next ATTACHED or DETACHED of a room. A later step of the script
// says what the server sends when it lets the frame go.
func (x *atWire) hold(incarnation int, attached bool) Held {
	kinds := []model.Kind{model.KindReleased, KindFailed, KindResisted}
	if attached {
		kinds = []model.Kind{KindAttached, KindAttachRefused}
	}
	var end model.Kind
	rest := x.script[x.at.Load()+1:]
	if i := slices.IndexFunc(rest, func(in model.Input) bool {
		return in.Incarnation == incarnation && slices.Contains(kinds, in.Kind)
	}); i >= 0 {
		end = rest[i].Kind
	}
	return x.server.Hold(x.channel(x.now.model.Incarnations[incarnation-1].Name), attached, end)
}

// pause is how long a release may take to end after its detach failed: 250 ms by CHA-RL3n4, and
// more for a slow machine.
const pause = 3 * time.Second

// awaitRelease waits until a release whose detach failed has ended. Such a release may pause before
// it looks at the channel again (CHA-RL3n4), and a subject that only waits for a timer counts as at
// rest. But the end of the release settles the calls that wait for it, so awaitRelease waits until
// such a call is answered. If no caller waits for the release, the harness joins it with a call of
// its own (CHA-RC1g3). If the release doesn't end in time, awaitRelease returns nil, and the
// comparison reports that.
func (x *atWire) awaitRelease(name string) error {
	var settled []*asked
	for k, c := range x.calls {
		n := x.now.calls[k]
		if n != 0 && !c.excused && x.before.model.Calls[n-1].Pending() && !x.now.model.Calls[n-1].Pending() {
			settled = append(settled, x.asked[k])
		}
	}
	if len(settled) == 0 {
		release, err := x.proc.send(Request{Op: "release", Name: x.room(name)})
		if err != nil {
			return err
		}
		settled = append(settled, release)
	}
	ctx, cancel := context.WithTimeout(x.ctx, pause)
	defer cancel()
	for _, call := range settled {
		if _, err := x.proc.await(ctx, call); errors.Is(err, ErrEnded) || errors.Is(err, ErrProtocol) {
			return err
		}
	}
	return nil
}

// seen reads the answer to a call. If the answer has a new room object, that object belongs to the
// incarnation that the model gives to the call.
func (x *atWire) seen(n int, want model.Call) (ending, bool) {
	a, answered := x.asked[n-1].answer()
	switch {
	case !answered:
		return ending{}, false
	case a.Error != nil:
		return a.Error.ending(), true
	case want.Kind != model.KindGet:
		return ending{Outcome: model.Outcome{Kind: model.OutcomeDone}, text: "done", class: "done"}, true
	}
	i, expected := x.rooms[a.Room], want.Outcome.Incarnation
	if i == 0 && want.Outcome.Kind == model.OutcomeRoom && x.handles[expected] == 0 && a.Room != 0 {
		i = expected
		x.rooms[a.Room], x.handles[i] = i, a.Room
	}
	if i == 0 {
		return ending{text: "a room object that no get returned before", class: "another room"}, true
	}
	o := model.Outcome{Kind: model.OutcomeRoom, Incarnation: i}
	got := ending{Outcome: o, text: o.String(), class: "a room"}
	if want.Outcome.Kind == model.OutcomeRoom && i != expected {
		got.class = "the room of another incarnation"
	}
	return got, true
}

// ending translates an error into an outcome of the model.
func (e *Error) ending() ending {
	if e.GaveUp {
		return ending{Outcome: model.Outcome{Kind: model.OutcomeGaveUp}, text: "gave up", class: "gave up", cause: true}
	}
	got := ending{text: fmt.Sprintf("error %d (%s)", e.Code, e.Message), class: fmt.Sprintf("error %d", e.Code)}
	kinds := map[int]model.OutcomeKind{codeDisposed: model.OutcomeDisposed, codeReleasedBefore: model.OutcomeReleasedBefore,
		codeDifferentOptions: model.OutcomeDifferentOptions, codeInvalidArgument: model.OutcomePending}
	kind, known := kinds[e.Code]
	if known && e.Status != 400 {
		return ending{text: fmt.Sprintf("%s with the status %d", got.text, e.Status), class: got.class + " with another status"}
	}
	got.Kind = kind
	return got
}

func (x *atWire) works() *difference { return nil }

// inside compares the state of the server with that of the machine.
func (x *atWire) inside() *difference {
	for i, inc := range x.now.model.Incarnations {
		attached, at, g := x.server.Attached(x.channel(inc.Name)), x.now.wires[i], x.gates[i]
		elsewhere := x.now.model.InUse(inc.Name) != 0 || x.now.model.BeingReleased(inc.Name) != 0
		var rule model.Rule
		var want, got string
		switch {
		case at == wireAttaching && !g.attached.Waits():
			rule, want, got = model.R17, "an ATTACH that waits at the server", "none"
		case inc.Life == model.LifeReady && at == wireAttached && !attached:
			rule, want, got = model.R10, "to stay attached while it is in use", "detached"
		case inc.Life == model.LifeReady && at == wireNone && attached:
			rule, want, got = model.R17, "not to be attached before somebody attaches it", "attached"
		case inc.Life == model.LifeReleasing && at == wireAttached && !g.detached.Waits():
			rule, want, got = model.R10, "a DETACH that waits at the server", "none"
		case inc.Life == model.LifeReleased && attached && !elsewhere:
			rule, want, got = model.R21, "nothing of a released room at the server", "its channel attached"
		default:
			continue
		}
		room := fmt.Sprintf("room %d (%s): ", i+1, inc.Name)
		d := &difference{kind: Differs, rule: ruleName(rule), want: room + want, got: room + got,
			class: fmt.Sprintf("%v: expected %s, got %s", rule, want, got)}
		x.taint(d, inc.Name)
		return d
	}
	return nil
}
