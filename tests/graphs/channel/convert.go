// Package channel binds fsm.Channel, model.Channel and Channel.tla to each other: the one written
// mapping of their inputs, outputs and states, and the tests that hold them against each other.
package channel

import (
	"fmt"
	"strconv"
	"strings"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
)

// Errors of the core are the model's numbers here.
type (
	coreInput = fsm.ChannelInput[int]
	coreState = fsm.ChannelCoreState[int]
)

// inputKinds has the core's kind of each of the model's.
var inputKinds = map[model.ChannelKind]fsm.ChannelInputKind{
	model.KindChannelAttach: fsm.CallChannelAttach, model.KindChannelDetach: fsm.CallChannelDetach, model.KindSetOptions: fsm.CallChannelOptions,
	model.KindGiveBack: fsm.GiveBack, model.KindRenew: fsm.Renew, model.KindAttached: fsm.FrameAttached, model.KindDetached: fsm.FrameDetached,
	model.KindError: fsm.FrameError, model.KindOvertaken: fsm.FrameOvertaken, model.KindMessage: fsm.FrameMessage,
	model.KindRequestTimeout: fsm.RequestTimeout, model.KindRetryTimeout: fsm.RetryTimeout, model.KindConnection: fsm.ConnectionChange,
}

// connections has the core's state of a connection for each of the model's.
var connections = map[model.ConnectionState]fsm.ConnectionState{
	model.ToInitialized: fsm.ConnectionInitialized, model.ToConnecting: fsm.ConnectionConnecting, model.ToConnected: fsm.ConnectionConnected,
	model.ToDisconnected: fsm.ConnectionDisconnected, model.ToSuspended: fsm.ConnectionSuspended, model.ToClosing: fsm.ConnectionClosing,
	model.ToClosed: fsm.ConnectionClosed, model.ToFailed: fsm.ConnectionFailed,
}

// outputKinds has the model's kind of each of the core's.
var outputKinds = map[fsm.ChannelOutputKind]model.ChannelOutputKind{
	fsm.SettleChannelCall: model.OutputChannelSettle, fsm.SendAttach: model.OutputSendAttach, fsm.SendDetach: model.OutputSendDetach,
	fsm.SendSync: model.OutputSendSync, fsm.StartRequestTimer: model.OutputStartRequestTimer, fsm.StopRequestTimer: model.OutputStopRequestTimer,
	fsm.StartRetryTimer: model.OutputStartRetryTimer, fsm.StopRetryTimer: model.OutputStopRetryTimer,
	fsm.PublishChannelState: model.OutputChannelState, fsm.PublishChannelUpdate: model.OutputUpdate, fsm.ApplyAttached: model.OutputApply,
	fsm.DeliverMessage: model.OutputDeliver,
}

// outcomes has the model's outcome for each of the core's.
var outcomes = map[fsm.ChannelOutcome]model.ChannelOutcome{
	0: model.OutcomeChannelPending, fsm.ChannelCallDone: model.OutcomeChannelDone, fsm.ChannelCallFailed: model.OutcomeChannelFailed,
	fsm.ChannelCallInvalidState: model.OutcomeChannelInvalidState, fsm.ChannelCallInvalidConnection: model.OutcomeChannelInvalidConnection,
	fsm.ChannelCallSuperseded: model.OutcomeChannelSuperseded, fsm.ChannelCallGivenBack: model.OutcomeChannelGivenBack,
}

// states has the model's state of a channel for each of the core's.
var states = map[fsm.ChannelState]model.ChannelState{
	fsm.ChannelInitialized: model.ChannelInitialized, fsm.ChannelAttaching: model.ChannelAttaching, fsm.ChannelAttached: model.ChannelAttached,
	fsm.ChannelDetaching: model.ChannelDetaching, fsm.ChannelDetached: model.ChannelDetached, fsm.ChannelSuspended: model.ChannelSuspended,
	fsm.ChannelFailed: model.ChannelFailed,
}

// links has the model's word for each of the core's links.
var links = map[fsm.Link]model.ChannelConnection{
	fsm.LinkWaiting: model.ConnectionWaiting, fsm.LinkConnected: model.ConnectionConnected, fsm.LinkSuspended: model.ConnectionSuspended,
	fsm.LinkClosing: model.ConnectionClosing, fsm.LinkEnded: model.ConnectionEnded,
}

// requests has the model's request for each of the core's.
var requests = map[fsm.Request]model.ChannelRequest{fsm.RequestAttach: model.RequestAttach, fsm.RequestDetach: model.RequestDetach}

// ToCore returns the core's input of the model's. One of an unknown kind stays unknown.
func ToCore(in model.ChannelInput) fsm.ChannelInput[int] {
	out := coreInput{Kind: inputKinds[in.Kind], Call: fsm.Call(in.Call), Connection: connections[in.Connection], Resumed: in.Resumed, Err: in.Err}
	if in.Serial != 0 {
		out.Serial = fsm.Serial("s" + strconv.Itoa(in.Serial))
	}
	return out
}

// serial reads the serial that ToCore made.
func serial(s fsm.Serial) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(string(s), "s"))
	return n
}

// FromCore returns the model's output of the core's.
func FromCore(o fsm.ChannelOutput[int]) model.ChannelOutput {
	return model.ChannelOutput{Kind: outputKinds[o.Kind], Call: int(o.Call), Outcome: outcomes[o.Outcome], Previous: states[o.Previous],
		State: states[o.State], Resumed: o.Resumed, Serial: serial(o.Serial), Retry: int(o.Retry), Err: o.Err}
}

// FromState returns the model's state of the core's.
func FromState(s fsm.ChannelCoreState[int]) model.Channel {
	m := model.Channel{Last: int(s.LastCall), State: states[s.State], Reason: s.Reason, Connection: links[s.Link], Awaited: s.Awaited,
		Held: s.Held, Doubt: s.Doubt, Leftover: s.Leftover, Back: states[s.Back], Retries: int(s.Retries), ChannelSerial: serial(s.ChannelSerial),
		AttachSerial: serial(s.AttachSerial), Resume: s.Resume, GivenBack: s.GivenBack}
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

// ToState returns the core's state of the model's: the inverse of FromState.
func ToState(m model.Channel) fsm.ChannelCoreState[int] {
	serialOf := func(n int) fsm.Serial { return ToCore(model.ChannelInput{Kind: model.KindMessage, Serial: n}).Serial }
	s := coreState{LastCall: fsm.Call(m.Last), State: key(states, m.State), Back: key(states, m.Back), Link: key(links, m.Connection),
		Reason: m.Reason, Awaited: m.Awaited, Held: m.Held, Doubt: m.Doubt, Leftover: m.Leftover, GivenBack: m.GivenBack,
		Retries: uint8(m.Retries), Resume: m.Resume, ChannelSerial: serialOf(m.ChannelSerial), AttachSerial: serialOf(m.AttachSerial)}
	for _, r := range m.Wire {
		s.Wire = append(s.Wire, key(requests, r))
	}
	for _, c := range m.Attachers {
		s.Attachers = append(s.Attachers, fsm.Call(c))
	}
	for _, c := range m.Detachers {
		s.Detachers = append(s.Detachers, fsm.Call(c))
	}
	return s
}

// key returns the key of a value.
func key[K, V comparable](m map[K]V, v V) K {
	for k, w := range m {
		if w == v {
			return k
		}
	}
	panic(fmt.Sprintf("channel: no counterpart for %T %v", v, v))
}

// pair is a core and the model that it must follow.
type pair struct {
	core  *fsm.Channel[int]
	model model.Channel
}

func newPair() pair { return pair{core: fsm.NewChannel[int](fsm.ConnectionInitialized)} }

// step gives both the input. It fails unless both refuse it and stay as they were, or both take it
// and do the same.
func (p pair) step(in model.ChannelInput) (next pair, outputs []model.ChannelOutput, refused bool, err error) {
	next.core = p.core.Clone()
	outs, coreErr := next.core.Step(ToCore(in), nil)
	var modelErr error
	next.model, outputs, modelErr = p.model.Step(in)
	if (coreErr == nil) != (modelErr == nil) {
		return next, nil, false, fmt.Errorf("%v: the core says %v, the model %v", in, coreErr, modelErr)
	}
	var got []model.ChannelOutput
	for _, o := range outs {
		got = append(got, FromCore(o))
	}
	if fmt.Sprint(got) != fmt.Sprint(outputs) {
		return next, nil, false, fmt.Errorf("%v: the core puts out %v, the model %v", in, got, outputs)
	}
	var s coreState
	next.core.StateInto(&s)
	if m := FromState(s); m.Key() != next.model.Key() {
		return next, nil, false, fmt.Errorf("%v: the core is %v, the model %v", in, m, next.model)
	}
	if coreErr != nil && next.model.Key() != p.model.Key() {
		return next, nil, false, fmt.Errorf("%v is refused, and changes %v", in, p.model)
	}
	return next, outputs, coreErr != nil, nil
}
