package model

import (
	"fmt"
	"slices"
)

// ChannelRefusedError is the error of [Channel.Step] for an input that no rule names in the present
// state.
type ChannelRefusedError struct {
	Input  ChannelInput
	Reason string // why no rule names it
}

// Error names the input and the reason.
func (e *ChannelRefusedError) Error() string {
	return fmt.Sprintf("model: %v is refused: %s", e.Input, e.Reason)
}

// Step returns the state after the input, and the outputs of the step, in order. If no rule names
// the input, Step returns c, no output and a [*ChannelRefusedError]. Step is a pure function: it
// doesn't change c, and the returned state shares no memory with c. It implements C1 to C49 of
// docs/channel.md.
func (c Channel) Step(in ChannelInput) (Channel, []ChannelOutput, error) {
	t, err := c.take(in)
	if err != nil {
		return c, nil, err
	}
	return t.Channel, t.outputs, nil
}

// Explain returns the rules that the step follows, each once, ascending. It returns none if the
// input is refused.
func (c Channel) Explain(in ChannelInput) []ChannelRule {
	t, err := c.take(in)
	if err != nil {
		return nil
	}
	rules := slices.Clone(t.rules)
	slices.Sort(rules)
	return slices.Compact(rules)
}

// channelTurn is a step while it is computed: the state before it, a copy that it may change, its
// outputs so far, and the rules that it followed, in their order.
type channelTurn struct {
	Channel
	before  Channel
	in      ChannelInput
	outputs []ChannelOutput
	rules   []ChannelRule
}

func (c Channel) take(in ChannelInput) (*channelTurn, error) {
	if reason := c.refusal(in); reason != "" {
		return nil, &ChannelRefusedError{in, reason}
	}
	t := &channelTurn{Channel: c.Clone(), before: c, in: in}
	switch in.Kind {
	case KindChannelAttach, KindChannelDetach, KindSetOptions:
		t.Last = in.Call
		map[ChannelKind]func(){KindChannelAttach: t.callAttach, KindChannelDetach: t.callDetach, KindSetOptions: t.setOptions}[in.Kind]()
	case KindGiveBack:
		t.giveBack()
	case KindRenew:
		t.by(C23)
		t.GivenBack = false
	case KindAttached:
		t.attached(t.leaveWire())
	case KindDetached:
		t.detached(t.leaveWire())
	case KindError:
		t.leaveWire()
		t.failedByServer()
	case KindOvertaken:
		t.overtaken()
	case KindMessage:
		t.message()
	case KindRequestTimeout:
		t.requestTimeout()
	case KindRetryTimeout:
		t.by(C42)
		t.attach(0)
	case KindConnection:
		t.connection()
	}
	t.timers()
	return t, nil
}

// refusal returns why no rule names the input in this state, or "" if one does.
func (c Channel) refusal(in ChannelInput) string {
	switch in.Kind {
	case KindChannelAttach, KindChannelDetach, KindSetOptions:
		if c.GivenBack {
			return "the channel was given back"
		}
		if in.Call != c.Last+1 {
			return fmt.Sprintf("the next call to begin is %d", c.Last+1)
		}
	case KindGiveBack, KindRenew:
		if c.GivenBack != (in.Kind == KindRenew) {
			return "the name has a life, or has none"
		}
	case KindAttached, KindDetached, KindError, KindOvertaken, KindMessage:
		if c.Connection != ConnectionConnected {
			return "the connection is " + c.Connection.String()
		}
	case KindRequestTimeout:
		if !c.Awaited {
			return "no request is awaited"
		}
	case KindRetryTimeout:
		if !c.RetryTimerRuns() {
			return "the retry timer does not run"
		}
	case KindConnection:
		if in.Connection > ToFailed {
			return "no connection has such a state"
		}
	default:
		return "no such kind of input"
	}
	return ""
}

func (t *channelTurn) put(o ChannelOutput) { t.outputs = append(t.outputs, o) }

func (t *channelTurn) by(rules ...ChannelRule) { t.rules = append(t.rules, rules...) }

func (t *channelTurn) settle(call int, outcome ChannelOutcome) {
	t.put(ChannelOutput{Kind: OutputChannelSettle, Call: call, Outcome: outcome})
}

// settleAll settles all calls of a list and empties it.
func (t *channelTurn) settleAll(calls *[]int, outcome ChannelOutcome, err int) {
	for _, call := range *calls {
		t.put(ChannelOutput{Kind: OutputChannelSettle, Call: call, Outcome: outcome, Err: err})
	}
	*calls = nil
}

// set sets the state; the event has the given resumed.
func (t *channelTurn) set(state ChannelState, resumed bool, err int) {
	t.by(C1)
	if t.State == state {
		return
	}
	t.put(ChannelOutput{Kind: OutputChannelState, Previous: t.State, State: state, Resumed: resumed, Err: err})
	t.State = state
	if err != 0 {
		t.Reason = err
	}
	if state == ChannelAttached {
		t.Reason = 0
	}
	if state == ChannelDetached || state == ChannelFailed || state == ChannelInitialized {
		t.ChannelSerial, t.AttachSerial, t.Resume = 0, 0, false
	}
	if state != ChannelAttaching && state != ChannelSuspended {
		t.Retries = 0
	}
	if state != ChannelDetaching {
		t.Back = ChannelInitialized
	}
}

func (t *channelTurn) send(r ChannelRequest) {
	t.by(C3)
	t.write(r)
	t.Wire = append(t.Wire, r)
	t.Awaited = true
	if r == RequestDetach {
		t.Doubt = false
	}
	t.put(ChannelOutput{Kind: OutputStartRequestTimer})
}

func (t *channelTurn) write(r ChannelRequest) {
	if r == RequestAttach {
		t.put(ChannelOutput{Kind: OutputSendAttach, Serial: t.ChannelSerial, Resumed: t.Resume})
		return
	}
	t.put(ChannelOutput{Kind: OutputSendDetach})
}

// timers ends every step: it stops and starts the timers.
func (t *channelTurn) timers() {
	if t.before.Awaited && !t.Awaited && t.in.Kind != KindRequestTimeout {
		t.by(C4)
		t.put(ChannelOutput{Kind: OutputStopRequestTimer})
	}
	ran, runs := t.before.RetryTimerRuns(), t.RetryTimerRuns()
	if runs && !ran {
		t.by(C4)
		t.put(ChannelOutput{Kind: OutputStartRetryTimer, Retry: t.Retries})
	}
	if ran && !runs && t.in.Kind != KindRetryTimeout {
		t.by(C4)
		t.put(ChannelOutput{Kind: OutputStopRetryTimer})
	}
}

func (t *channelTurn) attach(err int) {
	t.by(C5)
	t.set(ChannelAttaching, false, err)
	t.sendAttach()
}

func (t *channelTurn) sendAttach() {
	if t.Connection == ConnectionConnected && !t.awaits(RequestDetach) {
		t.send(RequestAttach)
	}
}

func (t *channelTurn) suspend(err int) {
	t.by(C6)
	t.Retries = min(t.Retries+1, 4)
	t.set(ChannelSuspended, false, err)
	t.settleAll(&t.Attachers, OutcomeChannelFailed, err)
	if len(t.Detachers) > 0 {
		t.set(ChannelDetached, false, 0)
		t.settleAll(&t.Detachers, OutcomeChannelDone, 0)
	}
}

func (t *channelTurn) detach() {
	t.by(C7)
	from := t.State
	t.set(ChannelDetaching, false, 0)
	t.Back = from
	t.settleAll(&t.Attachers, OutcomeChannelSuperseded, 0)
	if !t.Awaited {
		t.send(RequestDetach)
	}
}

// mayNotAttach reports whether the connection is in a state in which no channel can attach (RTL4b).
func (c Channel) mayNotAttach() bool {
	return c.Connection == ConnectionSuspended || c.Connection == ConnectionClosing || c.Connection == ConnectionEnded
}

func (t *channelTurn) callAttach() {
	call := t.in.Call
	switch {
	case t.State == ChannelAttached:
		t.by(C8)
		t.settle(call, OutcomeChannelDone)
	case t.mayNotAttach():
		t.by(C9)
		t.settle(call, OutcomeChannelInvalidConnection)
	case t.State == ChannelAttaching:
		t.by(C10)
		t.settleAll(&t.Detachers, OutcomeChannelSuperseded, 0)
		t.Attachers = append(t.Attachers, call)
	case t.State == ChannelDetaching:
		t.by(C11)
		t.Attachers = append(t.Attachers, call)
	default:
		t.by(C12)
		if t.State == ChannelFailed {
			t.Reason = 0
		}
		t.Attachers = append(t.Attachers, call)
		t.attach(0)
	}
}

func (t *channelTurn) callDetach() {
	call, connected := t.in.Call, t.Connection == ConnectionConnected
	switch t.State {
	case ChannelInitialized, ChannelDetached:
		t.by(C13)
		t.settle(call, OutcomeChannelDone)
	case ChannelFailed:
		t.by(C14)
		t.settle(call, OutcomeChannelInvalidState)
	case ChannelSuspended:
		t.by(C15)
		t.set(ChannelDetached, false, 0)
		t.settle(call, OutcomeChannelDone)
		t.Leftover = t.Leftover || !connected && t.Held
	case ChannelDetaching:
		t.by(C19)
		t.settleAll(&t.Attachers, OutcomeChannelSuperseded, 0)
		t.Detachers = append(t.Detachers, call)
	default:
		switch {
		case !connected || t.BehindFence():
			t.by(C16)
			t.set(ChannelDetached, false, 0)
			t.settleAll(&t.Attachers, OutcomeChannelSuperseded, 0)
			t.settle(call, OutcomeChannelDone)
			t.Leftover = t.Leftover || !connected && t.Held
		case t.State == ChannelAttached:
			t.by(C17)
			t.Detachers = append(t.Detachers, call)
			t.detach()
		default:
			t.by(C18)
			t.Detachers = append(t.Detachers, call)
		}
	}
}

func (t *channelTurn) setOptions() {
	switch {
	case t.State != ChannelAttaching && t.State != ChannelAttached:
		t.by(C21)
		t.settle(t.in.Call, OutcomeChannelDone)
	case t.Connection == ConnectionClosing:
		t.by(C20)
		t.settle(t.in.Call, OutcomeChannelInvalidConnection)
	default:
		t.by(C20)
		t.Attachers = append(t.Attachers, t.in.Call)
		t.sendAttach()
	}
}

func (t *channelTurn) giveBack() {
	t.by(C22)
	t.settleAll(&t.Attachers, OutcomeChannelGivenBack, 0)
	t.settleAll(&t.Detachers, OutcomeChannelGivenBack, 0)
	t.Channel = Channel{Last: t.Last, Connection: t.Connection, Wire: t.Wire, Awaited: t.Awaited,
		Held: t.Held, Doubt: t.Doubt, Leftover: t.Leftover, GivenBack: true}
	if t.Connection == ConnectionConnected {
		if t.before.State == ChannelAttached || t.Doubt || len(t.Wire) > 0 && t.Wire[len(t.Wire)-1] == RequestAttach {
			t.send(RequestDetach)
		}
		return
	}
	t.Leftover = t.Leftover || t.Held
}

// frame says whether a frame answers a request on the wire, and whether it is the attach's own.
type frame struct{ asked, own bool }

// leaveWire removes the requests from the wire that the frame ends.
func (t *channelTurn) leaveWire() frame {
	t.by(C24)
	kind := RequestAttach
	if t.in.Kind == KindDetached && t.in.Err == 0 && slices.Contains(t.Wire, RequestDetach) {
		kind = RequestDetach
	}
	oldest := slices.Index(t.Wire, kind)
	t.Wire = t.Wire[oldest+1:]
	if len(t.Wire) == 0 {
		t.Awaited = false
	}
	f := frame{asked: oldest >= 0, own: kind == RequestAttach && !slices.Contains(t.Wire, RequestDetach)}
	if f.asked && f.own && t.Held {
		t.Doubt = true
	}
	t.Held = t.in.Kind == KindAttached
	return f
}

func (t *channelTurn) takeFrame() {
	t.by(C25)
	t.put(ChannelOutput{Kind: OutputApply, Resumed: t.in.Resumed})
	if t.in.Serial != 0 {
		t.ChannelSerial = t.in.Serial
		if !t.in.Resumed || t.AttachSerial == 0 {
			t.AttachSerial = t.in.Serial
		}
	}
	t.Resume = true
}

func (t *channelTurn) attached(f frame) {
	out, fence := t.before.IsOut(RequestAttach), t.before.BehindFence()
	switch t.State {
	case ChannelAttaching:
		switch {
		case out && f.own:
			t.by(C26)
			t.becomeAttached()
			if len(t.Detachers) > 0 {
				t.detach()
			}
		case out:
			t.by(C27)
			t.send(RequestAttach)
		default:
			t.by(C27)
		}
	case ChannelDetaching:
		t.by(C28)
		switch {
		case f.asked && t.awaits(RequestDetach):
		case t.Awaited:
			t.write(RequestDetach)
			t.Wire = append(t.Wire, RequestDetach)
			t.Doubt = false
		default:
			t.send(RequestDetach)
		}
	case ChannelAttached:
		t.by(C29)
		t.Awaited = false
		t.takeFrame()
		if !t.in.Resumed {
			t.put(ChannelOutput{Kind: OutputUpdate, Err: t.in.Err})
		}
		t.settleAll(&t.Attachers, OutcomeChannelDone, 0)
	case ChannelDetached:
		t.by(C30)
		if !fence {
			t.detach()
		}
	case ChannelInitialized, ChannelFailed:
		t.by(C30)
		if !fence {
			t.send(RequestDetach)
		}
	case ChannelSuspended:
		t.by(C31)
		if f.own {
			t.becomeAttached()
		}
	}
}

func (t *channelTurn) becomeAttached() {
	t.takeFrame()
	t.Awaited = false
	t.set(ChannelAttached, t.in.Resumed, t.in.Err)
	t.settleAll(&t.Attachers, OutcomeChannelDone, 0)
}

func (t *channelTurn) detached(f frame) {
	out, fence := t.before.IsOut(RequestAttach), t.before.BehindFence()
	switch t.State {
	case ChannelAttaching:
		switch {
		case fence:
			t.by(C32)
			if !t.Awaited {
				t.send(RequestAttach)
			}
		case out && f.own:
			t.by(C33)
			t.Awaited = false
			t.suspend(t.in.Err)
		case out:
			t.by(C34)
			t.send(RequestAttach)
		}
	case ChannelAttached, ChannelSuspended:
		t.by(C35, C5)
		t.Awaited = false
		t.set(ChannelAttaching, false, t.in.Err)
		t.settleAll(&t.Attachers, OutcomeChannelFailed, t.in.Err)
		t.sendAttach()
	case ChannelDetaching:
		t.by(C36)
		if t.in.Err == 0 || !t.awaits(RequestDetach) {
			t.Awaited = false
		}
		t.set(ChannelDetached, false, t.in.Err)
		t.settleAll(&t.Detachers, OutcomeChannelDone, 0)
		if len(t.Attachers) > 0 {
			t.attach(0)
		}
	default:
		t.by(C36)
	}
}

func (t *channelTurn) failedByServer() {
	t.by(C37)
	if t.before.BehindFence() || t.GivenBack || t.State == ChannelFailed {
		return
	}
	if !t.awaits(RequestDetach) {
		t.Awaited = false
	}
	t.fail()
}

// fail makes the channel failed and settles all calls that wait.
func (t *channelTurn) fail() {
	t.set(ChannelFailed, false, t.in.Err)
	t.settleAll(&t.Attachers, OutcomeChannelFailed, t.in.Err)
	t.settleAll(&t.Detachers, OutcomeChannelFailed, t.in.Err)
}

func (t *channelTurn) overtaken() {
	t.by(C38)
	switch {
	case t.Awaited:
		t.write(t.Wire[len(t.Wire)-1])
		t.put(ChannelOutput{Kind: OutputStartRequestTimer})
	case t.State == ChannelAttached:
		t.put(ChannelOutput{Kind: OutputSendSync})
	}
}

func (t *channelTurn) message() {
	t.by(C39)
	if t.State != ChannelAttached {
		return
	}
	if t.in.Serial != 0 {
		t.ChannelSerial = t.in.Serial
	}
	t.put(ChannelOutput{Kind: OutputDeliver})
}

func (t *channelTurn) requestTimeout() {
	t.Awaited = false
	if t.State == ChannelDetaching {
		t.by(C41)
		if !t.before.IsOut(RequestDetach) {
			t.send(RequestDetach)
			return
		}
		t.set(t.Back, false, t.in.Err)
		t.settleAll(&t.Detachers, OutcomeChannelFailed, t.in.Err)
		if t.State == ChannelAttached {
			t.settleAll(&t.Attachers, OutcomeChannelDone, 0)
		} else if len(t.Attachers) > 0 {
			t.attach(0)
		}
		return
	}
	t.by(C40)
	switch {
	case t.before.IsOut(RequestAttach):
		t.suspend(t.in.Err)
	case t.State == ChannelAttaching:
		t.send(RequestAttach)
	case t.State == ChannelAttached:
		t.settleAll(&t.Attachers, OutcomeChannelFailed, t.in.Err)
	case t.Held || slices.Contains(t.Wire, RequestAttach):
		t.send(RequestDetach)
	}
}
