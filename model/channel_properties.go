package model

import (
	"errors"
	"fmt"
	"slices"
)

// ChannelProperty is a property of docs/channel.md, "What must hold": it must hold in every step of
// a channel. It is written from that text and not from the step function. It can check any step,
// also one that no channel takes.
type ChannelProperty struct {
	// Name is its name in docs/channel.md.
	Name string
	// Says is a short form of its sentence.
	Says string
	// Spec has the points of Ably's specification that it comes from, as docs/channel.md names
	// them.
	Spec []string
	// Rules has the rules that ensure it: look there if it fails.
	Rules []ChannelRule
	// Promise reports that it holds only while the server keeps its promise ([ChannelRun.Events]).
	Promise bool
	// Check returns an error if the property fails in a step that was taken, or in the state after
	// the step.
	Check func(before ChannelRun, e ChannelEvent, outputs []ChannelOutput, after ChannelRun) error
}

// ChannelProperties returns the safety properties, in the order of docs/channel.md. The liveness
// properties are no predicates of single steps, and are checked elsewhere.
func ChannelProperties() []ChannelProperty {
	return []ChannelProperty{
		{Name: "SettledOnce", Says: "a call is settled at most once, and until then it waits in one place", Spec: []string{"RTL4d", "RTL5"},
			Rules: []ChannelRule{C6, C7, C10, C12, C16, C17, C18, C19, C20, C22, C26, C29, C35, C36, C37, C40, C41, C43, C46, C48, C49}, Check: channelSettledOnce},
		{Name: "WaitersRight", Says: "calls wait only in states that may end them", Spec: []string{"RTL4h", "RTL5i"},
			Rules: []ChannelRule{C6, C7, C10, C16, C18, C19, C22, C43}, Check: waitersRight},
		{Name: "TimersRight", Says: "each timer runs if and only if the state needs it", Spec: []string{"RTL4f", "RTL5f", "RTL13b", "RTL13c"},
			Rules: []ChannelRule{C3, C4, C24, C40, C43}, Check: timersRight},
		{Name: "OneRequest", Says: "one request at a time, and only an ATTACH or DETACH that fits the state", Spec: []string{"RTL4c", "RTL5d"},
			Rules: []ChannelRule{C5, C7, C20, C22, C28, C30, C32}, Check: oneRequest},
		{Name: "Delivered", Says: "messages are delivered if and only if the channel is attached", Spec: []string{"RTL17"},
			Rules: []ChannelRule{C39}, Check: delivered},
		{Name: "StatesTold", Says: "each change of state is reported once and in order", Spec: []string{"RTL2", "RTL2f", "RTL2g"},
			Rules: []ChannelRule{C1, C22, C26, C31}, Check: statesTold},
		{Name: "AttachedByFrame", Says: "the channel becomes attached only by an ATTACHED or by a detach without an answer", Spec: []string{"RTL4c", "RTL5f"},
			Rules: []ChannelRule{C26, C31, C41}, Check: attachedByFrame},
		{Name: "UpdateIff", Says: "an update is reported if and only if an attached channel lost continuity", Spec: []string{"RTL12"},
			Rules: []ChannelRule{C29}, Check: updateIff},
		{Name: "SerialsRight", Says: "serials change only by frames that the channel accepts, or are cleared", Spec: []string{"RTL15b", "RTL15b2", "RTL15c"},
			Rules: []ChannelRule{C1, C25, C39}, Check: serialsRight},
		{Name: "RetryNumbers", Says: "retries are counted up to 4", Spec: []string{"RTL13b", "RTB1"},
			Rules: []ChannelRule{C1, C6}, Check: retryNumbers},
		{Name: "OutcomeTrue", Says: "a call's outcome agrees with what happened", Spec: []string{"RTL4b", "RTL4d", "RTL5b"},
			Rules: []ChannelRule{C6, C8, C9, C13, C14, C15, C16, C21, C26, C29, C36, C37, C41, C46, C48, C49}, Check: channelOutcomeTrue},
		{Name: "SilentWhenGivenBack", Says: "a channel that was given back outputs only requests and their timer", Spec: []string{"RTS4a"},
			Rules: []ChannelRule{C22, C23, C30, C37, C39}, Check: silentWhenGivenBack},
		{Name: "ReasonRight", Says: "the reason is the error of the last state change that had one, unless it was cleared", Spec: []string{"RTL24"},
			Rules: []ChannelRule{C1, C12, C22, C44}, Check: reasonRight},
		{Name: "NotByEarlierLife", Says: "no frame of an earlier life of the name changes the state of a later life", Promise: true,
			Rules: []ChannelRule{C22, C23, C24, C27, C32, C34, C37, C43, C45}, Check: notByEarlierLife},
	}
}

func channelSettledOnce(_ ChannelRun, _ ChannelEvent, _ []ChannelOutput, after ChannelRun) error {
	waiting := slices.Sorted(slices.Values(after.Pending()))
	var pending []int
	for i, c := range after.Calls {
		if c.Outcome == OutcomeChannelPending {
			pending = append(pending, i+1)
		}
	}
	switch {
	case after.Wrong != "" && after.Wrong[0] == 'a':
		return errors.New(after.Wrong)
	case !slices.Equal(waiting, pending) || after.Last != len(after.Calls):
		return fmt.Errorf("of %d calls, %v are pending, but the calls that wait in the channel are %v", len(after.Calls), pending, waiting)
	}
	return nil
}

func waitersRight(_ ChannelRun, _ ChannelEvent, _ []ChannelOutput, s ChannelRun) error {
	attachers := []ChannelState{ChannelAttaching, ChannelAttached, ChannelDetaching}
	detachers := []ChannelState{ChannelAttaching, ChannelDetaching}
	switch {
	case len(s.Attachers) > 0 && !slices.Contains(attachers, s.State),
		len(s.Detachers) > 0 && !slices.Contains(detachers, s.State),
		len(s.Detachers) > 0 && s.State == ChannelAttaching && !s.IsOut(RequestAttach),
		len(s.Pending()) > 0 && s.GivenBack:
		return fmt.Errorf("the calls %v wait for attached and %v for detached, which they must not in %v", s.Attachers, s.Detachers, s.Channel)
	}
	return nil
}

func timersRight(_ ChannelRun, _ ChannelEvent, _ []ChannelOutput, s ChannelRun) error {
	switch {
	case s.Wrong != "" && s.Wrong[0] == 't':
		return errors.New(s.Wrong)
	case s.RequestTimer != s.Awaited:
		return fmt.Errorf("the request timer must run exactly while a request is awaited; timer: %t, awaited: %t", s.RequestTimer, s.Awaited)
	case s.RetryTimer != (s.State == ChannelSuspended && s.Connection == ConnectionConnected):
		return fmt.Errorf("the retry timer must run exactly in a suspended channel that is connected; timer: %t, in %v", s.RetryTimer, s.Channel)
	case s.Awaited && (len(s.Wire) == 0 || s.Connection != ConnectionConnected):
		return fmt.Errorf("a request is awaited, but none can be answered in %v", s.Channel)
	case s.Connection == ConnectionConnected && !s.Awaited && (s.State == ChannelAttaching || s.State == ChannelDetaching):
		return fmt.Errorf("no request is awaited, but one must be in %v", s.Channel)
	}
	return nil
}

func oneRequest(before ChannelRun, e ChannelEvent, outputs []ChannelOutput, after ChannelRun) error {
	state, detachAwaited := before.State, before.Awaited && before.Wire[len(before.Wire)-1] == RequestDetach
	// C38: after an ERROR with code 80016, an awaited ATTACH is sent again, in any state
	again := e.In.Kind == KindOvertaken && before.Awaited && !detachAwaited
	ends := e.In.Kind == KindDetached || e.In.Kind == KindRequestTimeout || e.In.Kind == KindConnection
	for _, o := range outputs {
		switch o.Kind {
		case OutputChannelState:
			state = o.State
		case OutputSendAttach:
			if state != ChannelAttaching && state != ChannelAttached && !again || detachAwaited && !ends {
				return fmt.Errorf("%v is sent while the channel is %v (a DETACH was awaited: %t)", o, state, detachAwaited)
			}
			if o.Serial != after.ChannelSerial || o.Resumed != after.Resume {
				return fmt.Errorf("%v is sent, but the channel has the serial %d and resume %t", o, after.ChannelSerial, after.Resume)
			}
		case OutputSendDetach:
			behindFence := state == ChannelAttaching && after.BehindFence()
			if (state == ChannelAttaching || state == ChannelAttached) && !behindFence && e.In.Kind != KindGiveBack {
				return fmt.Errorf("%v is sent while the channel is %v", o, state)
			}
		}
		if (o.Kind == OutputSendAttach || o.Kind == OutputSendDetach) && after.Connection != ConnectionConnected {
			return fmt.Errorf("%v is sent without a connection", o)
		}
	}
	return nil
}

func delivered(before ChannelRun, e ChannelEvent, outputs []ChannelOutput, _ ChannelRun) error {
	want := 0
	if e.In.Kind == KindMessage && before.State == ChannelAttached {
		want = 1
	}
	if got := countOf(outputs, OutputDeliver); got != want {
		return fmt.Errorf("%d deliveries while the channel is %v, expected %d", got, before.State, want)
	}
	return nil
}

func countOf(outputs []ChannelOutput, kind ChannelOutputKind) (n int) {
	for _, o := range outputs {
		if o.Kind == kind {
			n++
		}
	}
	return n
}

func statesTold(before ChannelRun, e ChannelEvent, outputs []ChannelOutput, after ChannelRun) error {
	state := before.State
	for _, o := range outputs {
		if o.Kind != OutputChannelState {
			continue
		}
		resumed := e.In.Kind == KindAttached && e.In.Resumed && o.State == ChannelAttached
		if o.Previous != state || o.State == state || o.Resumed != resumed {
			return fmt.Errorf("%v is reported, but the state reported before was %v", o, state)
		}
		state = o.State
	}
	if e.In.Kind == KindGiveBack {
		if countOf(outputs, OutputChannelState) > 0 || after.State != ChannelInitialized {
			return fmt.Errorf("after GiveBack, the channel is %v, with the outputs %v", after.State, outputs)
		}
		return nil
	}
	if state != after.State {
		return fmt.Errorf("the state reported last is %v, but the state is %v", state, after.State)
	}
	return nil
}

func attachedByFrame(before ChannelRun, e ChannelEvent, outputs []ChannelOutput, _ ChannelRun) error {
	for _, o := range outputs {
		if o.Kind != OutputChannelState || o.State != ChannelAttached {
			continue
		}
		back := e.In.Kind == KindRequestTimeout && o.Previous == ChannelDetaching && before.Back == ChannelAttached
		if !back && (e.In.Kind != KindAttached || countOf(outputs, OutputApply) != 1 || o.Err != e.In.Err) {
			return fmt.Errorf("%v is reported, but %v must not attach the channel", o, e.In)
		}
	}
	return nil
}

func updateIff(before ChannelRun, e ChannelEvent, outputs []ChannelOutput, _ ChannelRun) error {
	lost := before.State == ChannelAttached && e.In.Kind == KindAttached && !e.In.Resumed
	var told []ChannelOutput
	for _, o := range outputs {
		if o.Kind == OutputUpdate {
			told = append(told, o)
		}
	}
	want := []ChannelOutput{{Kind: OutputUpdate, Err: e.In.Err}}
	if lost != (len(told) > 0) || lost && !slices.Equal(told, want) {
		return fmt.Errorf("the updates %v are reported, which is wrong for %v while the channel is %v", told, e.In, before.State)
	}
	return nil
}

func serialsRight(before ChannelRun, e ChannelEvent, outputs []ChannelOutput, after ChannelRun) error {
	channel, attach := before.ChannelSerial, before.AttachSerial
	for _, o := range outputs {
		switch {
		case o.Kind == OutputApply && e.In.Serial != 0:
			channel = e.In.Serial
			if attach == 0 || !e.In.Resumed {
				attach = e.In.Serial
			}
		case o.Kind == OutputDeliver && e.In.Serial != 0:
			channel = e.In.Serial
		case o.Kind == OutputChannelState && slices.Contains([]ChannelState{ChannelDetached, ChannelFailed, ChannelInitialized}, o.State):
			channel, attach = 0, 0
		}
	}
	if e.In.Kind == KindGiveBack {
		channel, attach = 0, 0
	}
	if after.ChannelSerial != channel || after.AttachSerial != attach {
		return fmt.Errorf("the serials are %d and %d, expected %d and %d", after.ChannelSerial, after.AttachSerial, channel, attach)
	}
	return nil
}

func retryNumbers(before ChannelRun, _ ChannelEvent, outputs []ChannelOutput, _ ChannelRun) error {
	last := before.Retry
	for _, o := range outputs {
		if o.Kind == OutputChannelState && o.State != ChannelAttaching && o.State != ChannelSuspended {
			last = 0
		}
		if o.Kind == OutputStartRetryTimer && o.Retry != min(last+1, 4) {
			return fmt.Errorf("the retry timer is started by %v, but the retry before has the number %d", o, last)
		}
	}
	return nil
}

func channelOutcomeTrue(before ChannelRun, e ChannelEvent, outputs []ChannelOutput, after ChannelRun) error {
	reached := map[ChannelState]bool{before.State: true}
	taken := false
	for _, o := range outputs {
		switch o.Kind {
		case OutputChannelState:
			reached[o.State] = true
		case OutputApply:
			taken = true
		}
		if o.Kind != OutputChannelSettle || o.Call < 1 || o.Call > len(after.Calls) {
			continue
		}
		kind := after.Calls[o.Call-1].Kind
		honest := false
		switch o.Outcome {
		case OutcomeChannelDone:
			switch kind {
			case KindChannelAttach:
				honest = reached[ChannelAttached]
			case KindChannelDetach:
				honest = reached[ChannelDetached] || reached[ChannelInitialized]
			default:
				honest = taken || reached[ChannelAttached] && e.In.Kind == KindRequestTimeout ||
					before.State != ChannelAttaching && before.State != ChannelAttached
			}
		case OutcomeChannelFailed:
			honest = o.Err == e.In.Err && o.Call != e.In.Call
		case OutcomeChannelInvalidState:
			honest = kind == KindChannelDetach && before.State == ChannelFailed && o.Call == e.In.Call
		case OutcomeChannelInvalidConnection:
			honest = kind != KindChannelDetach && after.mayNotAttach() ||
				e.In.Kind == KindConnection && (before.Connection == ConnectionClosing || before.Connection == ConnectionConnected)
		case OutcomeChannelSuperseded:
			overtaken := map[ChannelKind]ChannelKind{KindChannelAttach: KindChannelDetach, KindChannelDetach: KindChannelAttach, KindSetOptions: KindChannelDetach}
			honest = e.In.Kind == overtaken[kind] || e.In.Kind == KindConnection && before.Connection == ConnectionConnected && kind != KindChannelDetach
		case OutcomeChannelGivenBack:
			honest = e.In.Kind == KindGiveBack
		}
		if (o.Err != 0) && o.Outcome != OutcomeChannelFailed || !honest {
			return fmt.Errorf("%v: a call of the kind %v must not have this outcome after %v", o, kind, e.In)
		}
	}
	return nil
}

func silentWhenGivenBack(before ChannelRun, e ChannelEvent, outputs []ChannelOutput, after ChannelRun) error {
	if !after.GivenBack {
		return nil
	}
	if after.State != ChannelInitialized || after.Reason() != 0 || after.ChannelSerial != 0 {
		return fmt.Errorf("the channel was given back, but is %v", after.Channel)
	}
	silent := []ChannelOutputKind{OutputSendDetach, OutputStartRequestTimer, OutputStopRequestTimer}
	if e.In.Kind == KindGiveBack {
		silent = append(silent, OutputChannelSettle, OutputStopRetryTimer)
	}
	for _, o := range outputs {
		if !slices.Contains(silent, o.Kind) {
			return fmt.Errorf("the channel outputs %v after it was given back", o)
		}
	}
	return nil
}

// Reason returns errorReason.
func (r ChannelRun) Reason() int { return r.Channel.Reason }

func reasonRight(_ ChannelRun, _ ChannelEvent, _ []ChannelOutput, after ChannelRun) error {
	if after.Reason() != after.ChannelHistory.Reason {
		return fmt.Errorf("the reason is %d, expected %d", after.Reason(), after.ChannelHistory.Reason)
	}
	return nil
}

func notByEarlierLife(before ChannelRun, e ChannelEvent, outputs []ChannelOutput, after ChannelRun) error {
	if !e.Earlier || before.GivenBack {
		return nil
	}
	for _, o := range outputs {
		told := o.Kind == OutputChannelState || o.Kind == OutputUpdate || o.Kind == OutputApply || o.Kind == OutputDeliver ||
			o.Kind == OutputChannelSettle
		if told && !before.GaveUp {
			return fmt.Errorf("%v is caused by %v, which belongs to an earlier life", o, e.In)
		}
		if e.Server.Spoke {
			continue
		}
		ended := o.Kind == OutputChannelState && o.State == ChannelSuspended ||
			o.Kind == OutputChannelSettle && o.Outcome == OutcomeChannelFailed
		if e.In.Kind == KindAttached && o.Kind == OutputChannelState && o.State == ChannelAttached || e.In.Kind == KindDetached && ended {
			return fmt.Errorf("%v is caused by %v, which belongs to an earlier life, after a request that was not answered in time", o, e.In)
		}
	}
	return nil
}
