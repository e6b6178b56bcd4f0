// Package channel describes one realtime channel for package graphs: the core fsm.Channel, the
// reference model model.Channel, and Channel.tla. It has the only mapping between their inputs,
// outputs and states, and the tests that compare them.
package channel

import (
	"fmt"
	"strconv"
	"strings"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// The words of the core and those of the model, mapped to each other by their names.
var (
	inputKinds, kinds  = graphs.Alike(model.KindChannelAttach, model.KindConnection, fsm.CallChannelAttach)
	changes, changed   = graphs.Alike(model.ToInitialized, model.ToFailed, fsm.ConnectionInitialized)
	outputKinds, _     = graphs.Alike(fsm.SettleChannelCall, fsm.DeliverMessage, model.OutputChannelSettle)
	outcomes, _        = graphs.Alike(fsm.ChannelCallDone, fsm.ChannelCallGivenBack, model.OutcomeChannelDone)
	states, coreStates = graphs.Alike(fsm.ChannelInitialized, fsm.ChannelFailed, model.ChannelInitialized)
	links, coreLinks   = graphs.Alike(fsm.LinkWaiting, fsm.LinkEnded, model.ConnectionWaiting)

	requests     = map[fsm.Request]model.ChannelRequest{fsm.RequestAttach: model.RequestAttach, fsm.RequestDetach: model.RequestDetach}
	coreRequests = map[model.ChannelRequest]fsm.Request{model.RequestAttach: fsm.RequestAttach, model.RequestDetach: fsm.RequestDetach}
)

// ToCore maps the model's inputs to the core's. The errors of the core are the numbers of the
// model. An unknown kind is mapped to an unknown kind.
func ToCore(in model.ChannelInput) fsm.ChannelInput[int] {
	return fsm.ChannelInput[int]{Kind: inputKinds[in.Kind], Call: fsm.Call(in.Call), Connection: changes[in.Connection],
		Resumed: in.Resumed, Serial: serialOf(in.Serial), Err: in.Err}
}

// serialOf returns the core's serial for a number of the model.
func serialOf(n int) fsm.Serial {
	if n == 0 {
		return ""
	}
	return fsm.Serial("s" + strconv.Itoa(n))
}

// Numbers maps the errors and serials of a core to their numbers in the model.
type Numbers[E comparable] struct {
	Err    func(E) int
	Serial func(fsm.Serial) int
}

// Same is for a core whose errors are the numbers of the model, and whose serials are those of
// ToCore.
var Same = Numbers[int]{
	Err:    func(n int) int { return n },
	Serial: func(s fsm.Serial) int { n, _ := strconv.Atoi(strings.TrimPrefix(string(s), "s")); return n },
}

// FromInput maps the core's inputs to the model's.
func FromInput[E comparable](in fsm.ChannelInput[E], n Numbers[E]) model.ChannelInput {
	return model.ChannelInput{Kind: kinds[in.Kind], Call: int(in.Call), Connection: changed[in.Connection],
		Resumed: in.Resumed, Serial: n.Serial(in.Serial), Err: n.Err(in.Err)}
}

// FromOutput maps the core's outputs to the model's.
func FromOutput[E comparable](o fsm.ChannelOutput[E], n Numbers[E]) model.ChannelOutput {
	return model.ChannelOutput{Kind: outputKinds[o.Kind], Call: int(o.Call), Outcome: outcomes[o.Outcome], Previous: states[o.Previous],
		State: states[o.State], Resumed: o.Resumed, Serial: n.Serial(o.Serial), Retry: int(o.Retry), Err: n.Err(o.Err)}
}

// FromState maps the core's states to the model's.
func FromState[E comparable](s fsm.ChannelCoreState[E], n Numbers[E]) model.Channel {
	m := model.Channel{Last: int(s.LastCall), State: states[s.State], Reason: n.Err(s.Reason), Connection: links[s.Link], Awaited: s.Awaited,
		Held: s.Held, Doubt: s.Doubt, Leftover: s.Leftover, Back: states[s.Back], Retries: int(s.Retries), ChannelSerial: n.Serial(s.ChannelSerial),
		AttachSerial: n.Serial(s.AttachSerial), Resume: s.Resume, GivenBack: s.GivenBack}
	for _, r := range s.Wire {
		m.Wire = append(m.Wire, requests[r])
	}
	for _, c := range s.Attachers {
		m.Attachers = append(m.Attachers, int(c))
	}
	for _, c := range s.Detachers {
		m.Detachers = append(m.Detachers, int(c))
	}
	return m
}

// ToState maps the model's states to the core's. It is the inverse of FromState.
func ToState(m model.Channel) fsm.ChannelCoreState[int] {
	s := fsm.ChannelCoreState[int]{LastCall: fsm.Call(m.Last), State: coreStates[m.State], Back: coreStates[m.Back], Link: coreLinks[m.Connection],
		Reason: m.Reason, Awaited: m.Awaited, Held: m.Held, Doubt: m.Doubt, Leftover: m.Leftover, GivenBack: m.GivenBack,
		Retries: uint8(m.Retries), Resume: m.Resume, ChannelSerial: serialOf(m.ChannelSerial), AttachSerial: serialOf(m.AttachSerial)}
	for _, r := range m.Wire {
		s.Wire = append(s.Wire, coreRequests[r])
	}
	for _, c := range m.Attachers {
		s.Attachers = append(s.Attachers, fsm.Call(c))
	}
	for _, c := range m.Detachers {
		s.Detachers = append(s.Detachers, fsm.Call(c))
	}
	return s
}

// pair is a core, and a model that must do the same.
type pair struct {
	core  *fsm.Channel[int]
	model model.Channel
}

func newPair() pair { return pair{core: fsm.NewChannel[int](fsm.ConnectionInitialized)} }

// step gives the input to both. It returns an error unless both refuse it and don't change, or both
// take it and do the same.
func (p pair) step(in model.ChannelInput) (next pair, outputs []model.ChannelOutput, refused bool, err error) {
	next.core = p.core.Clone()
	outs, coreErr := next.core.Step(ToCore(in), nil)
	var modelErr error
	next.model, outputs, modelErr = p.model.Step(in)
	if (coreErr == nil) != (modelErr == nil) {
		return next, nil, false, fmt.Errorf("%v: the core returns the error %v, the model %v", in, coreErr, modelErr)
	}
	var got []model.ChannelOutput
	for _, o := range outs {
		got = append(got, FromOutput(o, Same))
	}
	if fmt.Sprint(got) != fmt.Sprint(outputs) {
		return next, nil, false, fmt.Errorf("%v: the outputs of the core are %v, those of the model %v", in, got, outputs)
	}
	var s fsm.ChannelCoreState[int]
	next.core.StateInto(&s)
	if m := FromState(s, Same); m.Key() != next.model.Key() {
		return next, nil, false, fmt.Errorf("%v: the state of the core is %v, that of the model %v", in, m, next.model)
	}
	if coreErr != nil && next.model.Key() != p.model.Key() {
		return next, nil, false, fmt.Errorf("%v is refused, and changes the state %v", in, p.model)
	}
	return next, outputs, coreErr != nil, nil
}
