package play

import (
	"fmt"
	"slices"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	channels "ablyrooms.example/tests/graphs/channel"
	"ablyrooms.example/tests/graphs/roomstatus"
)

// recorder records what happens in a step.
type recorder struct {
	turns   []Turn
	lines   []Line
	broken  []Broken // the properties that failed, in this step or before
	differs string
	who     string // who takes the step
}

func (r *recorder) line(from, to int, kind string, rules []string, format string, args ...any) {
	r.lines = append(r.lines, Line{from, to, fmt.Sprintf(format, args...), kind, rules})
}

// fails records that a property fails, unless it failed before.
func (r *recorder) fails(machine, name string, err error) {
	known := func(b Broken) bool { return b.Machine == machine && b.Name == name }
	if err != nil && !slices.ContainsFunc(r.broken, known) {
		r.broken = append(r.broken, Broken{machine, name, err.Error()})
	}
}

// differ records that a core differs from its model.
func (r *recorder) differ(format string, args ...any) {
	if r.differs == "" {
		r.differs = fmt.Sprintf(format, args...)
	}
}

// take returns a frame with what was recorded, and clears the record of the step.
func (r *recorder) take() Frame {
	f := Frame{Caller: r.who, Differs: r.differs, Turns: r.turns}
	f.Lines, f.Broken = r.lines, slices.Clone(r.broken)
	r.turns, r.lines, r.who = nil, nil, ""
	return f
}

func words[T fmt.Stringer](list []T) []string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = v.String()
	}
	return texts
}

// general are the rules that nearly every step of a room or channel follows.
var general = []string{"S1", "S3", "S4", "S5", "C1", "C3", "C4", "C24"}

// specific returns the rules that explain a step: those that aren't general, or all if there are no
// others.
func specific(rules []string) (some []string) {
	for _, r := range rules {
		if !slices.Contains(general, r) {
			some = append(some, r)
		}
	}
	if some == nil {
		return rules
	}
	return some
}

// turn records a step of a core, and returns the rules that explain it.
func (r *recorder) turn(machine, of, in string, outs, rules []string) []string {
	why := specific(rules)
	r.turns = append(r.turns, Turn{machine, of, in, outs, rules, why})
	return why
}

// roomPair is the core of a room and its model.
type roomPair struct {
	*recorder
	of    string
	core  *fsm.Room[int]
	run   model.RoomRun
	broke bool        // whether the channel broke the promise that rooms need
	calls []*CallView // the calls on the room; nil for a call that no user made
}

func newRoomPair(r *recorder, of string) roomPair {
	return roomPair{recorder: r, of: of, core: fsm.NewRoom[int]()}
}

// step passes an input to the core and to the model. It returns the core's outputs and the rules
// that explain them.
func (p *roomPair) step(in model.RoomInput) ([]model.RoomOutput, []string) {
	outs, err := p.core.Step(roomstatus.ToCore(in, roomstatus.Same), nil)
	did := make([]model.RoomOutput, len(outs))
	for i, out := range outs {
		did[i] = roomstatus.FromCore(out, roomstatus.Same)
	}
	before := p.run
	after, want, modelErr := before.Step(in)
	var state fsm.RoomState[int]
	p.core.StateInto(&state)
	if (err == nil) != (modelErr == nil) || !slices.Equal(did, want) ||
		!roomstatus.FromState(state, roomstatus.Same).Equal(after.RoomState) {
		p.differ(
			"%v of %s: the core returns %v, %v; the model returns %v, %v",
			in,
			p.of,
			did,
			err,
			want,
			modelErr,
		)
	}
	if modelErr != nil {
		return nil, nil
	}
	p.run = after
	p.broke = p.broke || !before.Promised(in)
	for _, property := range model.RoomProperties() {
		if !property.Promise || !p.broke {
			p.fails("Room", property.Name, property.Check(before, in, want, after))
		}
	}
	rules := p.turn("Room", p.of, in.String(), words(did), words(before.Explain(in)))
	if n := after.Last; n > before.Last && p.calls[n-1] != nil {
		p.calls[n-1].Rules = rules
	}
	for _, out := range did {
		switch out.Kind {
		case model.OutputRoomSettle:
			p.settled(out, rules)
		case model.OutputStartRetryPause:
			p.line(1, 1, "note", rules, "%s waits 250 ms to detach again", p.of)
		case model.OutputRoomStatus:
			p.line(
				1,
				1,
				"note",
				rules,
				"%s %v → %v%s",
				p.of,
				out.Previous,
				out.Status,
				withError(out.Err),
			)
		case model.OutputDiscontinuity:
			p.line(1, 0, "answer", rules, "%s: discontinuity%s", p.of, withError(out.Err))
		}
	}
	return did, rules
}

// settled records the end of a user's call.
func (p *roomPair) settled(out model.RoomOutput, rules []string) {
	call := p.calls[out.Call-1]
	if call == nil {
		return
	}
	call.State, call.Rules, call.Cancel = "failed", rules, ""
	switch out.Outcome.Kind {
	case model.OutcomeRoomDone:
		call.State, call.Text = "done", "returns, done"
	case model.OutcomeRoomFailed:
		call.Text = fmt.Sprintf("fails: the channel's error %d", out.Outcome.Err)
	case model.OutcomeRoomInvalidState:
		call.Text = fmt.Sprintf("fails: RoomInInvalidState (102112), it is %v", out.Outcome.Status)
	case model.OutcomeRoomGaveUp:
		call.Text = "ends: its caller stopped waiting"
	}
	p.line(1, 0, "answer", rules, "%s: %s %s", call.Who, call.What, call.Text)
}

// views returns the calls of users. cancel returns the step that ends call n.
func (p *roomPair) views(cancel func(n int) string) (views []CallView) {
	for n, call := range p.calls {
		if call == nil {
			continue
		}
		view := *call
		if view.State == "waits" {
			view.Text, view.Cancel = "waits for its turn", cancel(n+1)
			if p.run.Caller == n+1 {
				view.Text = "waits for the channel"
			}
		}
		views = append(views, view)
	}
	return views
}

func withError(err int) string {
	if err == 0 {
		return ""
	}
	return fmt.Sprintf(", error %d", err)
}

// channelPair is the core of a channel and its model.
type channelPair struct {
	*recorder
	of    string
	core  *fsm.Channel[int]
	run   model.ChannelRun
	broke bool // whether the server broke its promise
}

func newChannelPair(r *recorder, of string) channelPair {
	return channelPair{recorder: r, of: of, core: fsm.NewChannel[int](fsm.ConnectionInitialized)}
}

// step passes an input to the core and to the model. It returns the core's outputs and the rules
// that explain them.
func (p *channelPair) step(in model.ChannelInput) ([]model.ChannelOutput, []string) {
	outs, err := p.core.Step(channels.ToCore(in), nil)
	did := make([]model.ChannelOutput, len(outs))
	for i, out := range outs {
		did[i] = channels.FromOutput(out, channels.Same)
	}
	before := p.run
	event := model.ChannelEvent{In: in, Server: before.ChannelServer}
	if events := before.Events([]model.ChannelInput{in}); len(events) > 0 {
		event = events[0]
	} else {
		p.broke = true
	}
	after, want, modelErr := before.Take(event)
	var state fsm.ChannelCoreState[int]
	p.core.StateInto(&state)
	if (err == nil) != (modelErr == nil) || !slices.Equal(did, want) ||
		!channels.FromState(state, channels.Same).Equal(after.Channel) {
		p.differ(
			"%v of the channel %s: the core returns %v, %v; the model returns %v, %v",
			in,
			p.of,
			did,
			err,
			want,
			modelErr,
		)
	}
	if modelErr != nil {
		return nil, nil
	}
	p.run = after
	for _, property := range model.ChannelProperties() {
		if !property.Promise || !p.broke {
			p.fails("Channel", property.Name, property.Check(before, event, want, after))
		}
	}
	rules := p.turn("Channel", p.of, in.String(), words(did), words(before.Explain(in)))
	frame := func(name string) {
		if p.of != "" {
			name += " " + p.of
		}
		p.line(1, 2, "ask", rules, "%s", name)
	}
	for _, out := range did {
		switch out.Kind {
		case model.OutputSendAttach:
			frame("ATTACH")
		case model.OutputSendDetach:
			frame("DETACH")
		case model.OutputSendSync:
			frame("SYNC")
		case model.OutputDeliver:
			p.line(1, 0, "answer", rules, "a message %s", p.of)
		}
	}
	return did, rules
}
