package fsm

import (
	"fmt"
	"slices"
)

// Request is a frame that a channel sends and that the server answers.
type Request uint8

// The requests.
const (
	RequestAttach Request = iota + 1 // ATTACH
	RequestDetach                    // DETACH
)

// Channel is the core of one realtime channel (RTL2 to RTL5, RTL12 to RTL17, RTN19b): it decides
// what is sent, in which state the channel is, and how calls end. docs/channel.md has its rules, C1
// to C49, which the comments here cite. E is the type of errors; the zero E is no error. The core
// looks into no error and no [Serial].
//
// # For those who drive it
//
// A Channel is made by [NewChannel], changed by Step alone, and used by one goroutine at a time.
// Its driver keeps one core for each name, gives it inputs in one order, that in which things
// happened, and carries out the outputs of each step in their order before those of the next. A
// refused input is an error that names it and has no effect; a frame or a stale timer that is
// refused can be dropped.
//
//   - Calls bear the number [Channel.NextCall] and are settled once, by [SettleChannelCall]. A
//     caller that waits no more is no matter of the core: drop what it is settled with. An
//     operation goes on without callers. A call whose end no caller needs is made all the same,
//     and its outcome dropped.
//   - The state's event comes before the calls that it ends are settled, so that a listener hears
//     "attached" before Attach returns.
//   - CallChannelOptions is for new modes or params that differ from those of the last ATTACH
//     (RTL16a); what they are is kept by the driver, which writes the present ones into each
//     ATTACH.
//   - Frames: route FrameAttached, FrameDetached, FrameError, FrameOvertaken and FrameMessage by
//     the channel's name, in the order of the wire. Take modes, params and presence of an ATTACHED
//     only if the step puts out [ApplyAttached], and deliver messages, presence and annotations
//     only if it puts out [DeliverMessage]. A SYNC is given to no core; it counts while State is
//     attached. RTP17i: enter own members again on ApplyAttached, unless the channel was attached
//     before the step and the frame is resumed.
//   - There are two timers, each started and stopped by outputs. Starting one that runs starts it
//     again. A timer that was stopped or started again must not be given as fired, also if it fired
//     just before: number the starts.
//   - ConnectionChange is given in the order of the wire: CONNECTED before any frame that follows
//     it, and every other state no earlier than the last frame that was read before it. CONNECTED
//     is given for each new transport, and not for an update on the same one (RTN24). Resumed is
//     whether the connectionId is the one that it was (RTN15c6), judged by that alone. Users hear
//     of the connection's change after its channels took it (RTL3d1).
//   - GiveBack ends a life of the name: no event comes after it, only requests and their timer. The
//     core must be kept while [Channel.Forgettable] is false, and must go on receiving frames,
//     timers and connection changes; when the name is wanted again, it is given Renew and used.
//     When Forgettable is true it may be dropped, and the next life begins with NewChannel. A frame
//     for a name without a core is dropped.
//   - Attaching by subscribing or by presence is CallChannelAttach like any other. Publishing is
//     not the core's (RTL6c).
type Channel[E comparable] struct {
	table    *Table[ChannelState, ChannelMove]
	lastCall Call

	state ChannelState
	back  ChannelState // where a detach that times out goes back to; initialized unless detaching
	link  Link

	awaited   bool // the last of wire is waited for: the request timer runs
	held      bool // the server may hold the channel attached
	doubt     bool // an ATTACH may still be answered that left wire
	leftover  bool // T8: it may hold what was detached or given back here
	givenBack bool

	retries uint8 // the number of the last retry (RTB1), at most maxRetry
	resume  bool  // ATTACH_RESUME (T2)

	reason E         // errorReason (RTL24)
	wire   []Request // may still be answered on this connection, oldest first

	attachers []Call // wait for attached
	detachers []Call // wait for detached

	channelSerial Serial
	attachSerial  Serial
}

// maxRetry is the number of a retry from which on the delay grows no more (RTB1).
const maxRetry = 4

// NewChannel returns the core of a channel that was never attached, on a connection in the given
// state.
func NewChannel[E comparable](connection ConnectionState) *Channel[E] {
	return &Channel[E]{table: ChannelStates(), link: connection.link()}
}

// NextCall returns the number that the next call must bear.
func (c *Channel[E]) NextCall() Call { return c.lastCall + 1 }

// State returns the channel's state and its errorReason, the zero E for none (RTL24).
func (c *Channel[E]) State() (ChannelState, E) { return c.state, c.reason }

// ChannelSerial returns the serial from which an attach would go on (RTL15b), "" for none.
func (c *Channel[E]) ChannelSerial() Serial { return c.channelSerial }

// AttachSerial returns the serial of the last attach without continuity (RTL15c), "" for none.
func (c *Channel[E]) AttachSerial() Serial { return c.attachSerial }

// Forgettable reports whether the channel was given back and no answer can come any more that
// could be taken for a later channel's (T20).
func (c *Channel[E]) Forgettable() bool { return c.givenBack && len(c.wire) == 0 && !c.leftover }

// Step applies one input and appends its outputs to outs, in the order in which they are to be
// carried out. An input that does not fit the present state is refused with a [*RefusedError];
// then nothing has changed and outs is returned as given.
func (c *Channel[E]) Step(in ChannelInput[E], outs []ChannelOutput[E]) ([]ChannelOutput[E], error) {
	if reason := c.refusal(in); reason != "" {
		return outs, &RefusedError{Input: in.String(), Reason: reason}
	}
	awaited, retrying := c.awaited, c.retryTimerRuns()
	switch in.Kind {
	case CallChannelAttach, CallChannelDetach, CallChannelOptions:
		c.lastCall = in.Call
		outs = c.call(in, outs)
	case GiveBack:
		outs = c.giveBack(outs)
	case Renew: // C23
		c.givenBack = false
	case FrameAttached:
		outs = c.attached(in, outs)
	case FrameDetached:
		outs = c.detached(in.Err, outs)
	case FrameError:
		outs = c.failed(in.Err, outs)
	case FrameOvertaken:
		outs = c.overtaken(outs)
	case FrameMessage: // C39
		if c.state == ChannelAttached {
			if in.Serial != "" {
				c.channelSerial = in.Serial
			}
			outs = append(outs, ChannelOutput[E]{Kind: DeliverMessage})
		}
	case RequestTimeout:
		outs = c.requestTimeout(in.Err, outs)
	case RetryTimeout: // C42
		var none E
		outs = c.attach(none, outs)
	case ConnectionChange:
		outs = c.connectionChange(in, outs)
	}
	// C4
	if awaited && !c.awaited && in.Kind != RequestTimeout {
		outs = append(outs, ChannelOutput[E]{Kind: StopRequestTimer})
	}
	switch now := c.retryTimerRuns(); {
	case now && !retrying:
		outs = append(outs, ChannelOutput[E]{Kind: StartRetryTimer, Retry: c.retries})
	case !now && retrying && in.Kind != RetryTimeout:
		outs = append(outs, ChannelOutput[E]{Kind: StopRetryTimer})
	}
	return outs, nil
}

// refusal returns why the input does not fit the present state, or "".
func (c *Channel[E]) refusal(in ChannelInput[E]) string {
	switch in.Kind {
	case CallChannelAttach, CallChannelDetach, CallChannelOptions:
		switch {
		case in.Call != c.lastCall+1:
			return fmt.Sprintf("the next call is %d", c.lastCall+1)
		case c.givenBack:
			return "the channel was given back"
		}
	case GiveBack:
		if c.givenBack {
			return "the channel was given back"
		}
	case Renew:
		if !c.givenBack {
			return "the channel was not given back"
		}
	case FrameAttached, FrameDetached, FrameError, FrameOvertaken, FrameMessage:
		if c.link != LinkConnected {
			return "the connection is not connected"
		}
	case RequestTimeout:
		if !c.awaited {
			return "no request is awaited"
		}
	case RetryTimeout:
		if !c.retryTimerRuns() {
			return "no retry is due"
		}
	case ConnectionChange:
		if in.Connection > ConnectionFailed {
			return "a connection has no such state"
		}
	default:
		return "unknown kind of input"
	}
	return ""
}

func (c *Channel[E]) retryTimerRuns() bool {
	return c.state == ChannelSuspended && c.link == LinkConnected
}

// awaits reports whether the request is the one that is waited for.
func (c *Channel[E]) awaits(r Request) bool { return c.awaited && c.wire[len(c.wire)-1] == r }

// fenced reports whether a DETACH is awaited that ends what was before (T20).
func (c *Channel[E]) fenced() bool {
	switch c.state {
	case ChannelInitialized, ChannelAttaching, ChannelDetached, ChannelFailed:
		return c.awaits(RequestDetach)
	}
	return false
}

// set moves the state through the channel state machine and publishes the change, if there is
// one. C1.
func (c *Channel[E]) set(s ChannelState, resumed bool, err E, outs []ChannelOutput[E]) []ChannelOutput[E] {
	if s == c.state {
		return outs
	}
	out := ChannelOutput[E]{Kind: PublishChannelState, State: s, Previous: c.state, Resumed: resumed, Err: err}
	c.move(s)
	var none E
	switch {
	case s == ChannelAttached: // T22
		c.reason = none
	case err != none:
		c.reason = err
	}
	return append(outs, out)
}

// move changes the state, and what belongs to a state alone.
func (c *Channel[E]) move(s ChannelState) {
	next, bad := c.table.Next(c.state, s.move())
	if bad != nil {
		panic("fsm: " + bad.Error())
	}
	c.state = next
	switch s {
	case ChannelInitialized, ChannelDetached, ChannelFailed: // RTL15b2
		c.channelSerial, c.attachSerial, c.resume = "", "", false
	}
	if s != ChannelAttaching && s != ChannelSuspended {
		c.retries = 0
	}
	if s != ChannelDetaching {
		c.back = ChannelInitialized
	}
}

// send sends a request, which is then the awaited one. C3.
func (c *Channel[E]) send(r Request, outs []ChannelOutput[E]) []ChannelOutput[E] {
	c.wire = append(c.wire, r)
	c.awaited = true
	c.doubt = c.doubt && r == RequestAttach
	return c.write(r, outs)
}

// write writes a request and starts its timer.
func (c *Channel[E]) write(r Request, outs []ChannelOutput[E]) []ChannelOutput[E] {
	out := ChannelOutput[E]{Kind: SendDetach}
	if r == RequestAttach {
		out = ChannelOutput[E]{Kind: SendAttach, Serial: c.channelSerial, Resumed: c.resume}
	}
	return append(outs, out, ChannelOutput[E]{Kind: StartRequestTimer})
}

// attach begins to attach. C5.
func (c *Channel[E]) attach(err E, outs []ChannelOutput[E]) []ChannelOutput[E] {
	return c.sendAttach(c.set(ChannelAttaching, false, err, outs))
}

// sendAttach sends the ATTACH of a channel that is attaching, unless it must wait for a connection
// or a fence.
func (c *Channel[E]) sendAttach(outs []ChannelOutput[E]) []ChannelOutput[E] {
	if c.link != LinkConnected || c.awaits(RequestDetach) {
		return outs
	}
	return c.send(RequestAttach, outs)
}

// suspend ends an attach. C6.
func (c *Channel[E]) suspend(err E, outs []ChannelOutput[E]) []ChannelOutput[E] {
	retries := min(c.retries+1, maxRetry)
	outs = c.set(ChannelSuspended, false, err, outs)
	c.retries = retries
	outs = settleAll(&c.attachers, ChannelCallFailed, err, outs)
	if len(c.detachers) > 0 { // RTL5i, RTL5j
		var none E
		outs = c.set(ChannelDetached, false, none, outs)
		outs = settleAll(&c.detachers, ChannelCallDone, none, outs)
	}
	return outs
}

// detach begins to detach. C7.
func (c *Channel[E]) detach(outs []ChannelOutput[E]) []ChannelOutput[E] {
	var none E
	back := c.state
	outs = c.set(ChannelDetaching, false, none, outs)
	c.back = back
	outs = settleAll(&c.attachers, ChannelCallSuperseded, none, outs)
	if c.awaited {
		return outs
	}
	return c.send(RequestDetach, outs)
}

// call is a call that begins: C8 to C21.
func (c *Channel[E]) call(in ChannelInput[E], outs []ChannelOutput[E]) []ChannelOutput[E] {
	switch in.Kind {
	case CallChannelAttach:
		return c.callAttach(in.Call, outs)
	case CallChannelDetach:
		return c.callDetach(in.Call, outs)
	}
	switch {
	case c.state != ChannelAttaching && c.state != ChannelAttached: // C21
		return append(outs, settleChannel[E](in.Call, ChannelCallDone))
	case c.refusesAttach():
		return append(outs, settleChannel[E](in.Call, ChannelCallInvalidConnection))
	}
	c.attachers = append(c.attachers, in.Call) // C20
	return c.sendAttach(outs)
}

// refusesAttach reports whether the connection is in a state in which nothing can be attached
// (RTL4b).
func (c *Channel[E]) refusesAttach() bool { return c.link > LinkConnected }

func (c *Channel[E]) callAttach(call Call, outs []ChannelOutput[E]) []ChannelOutput[E] {
	var none E
	switch {
	case c.state == ChannelAttached: // C8
		return append(outs, settleChannel[E](call, ChannelCallDone))
	case c.refusesAttach(): // C9
		return append(outs, settleChannel[E](call, ChannelCallInvalidConnection))
	}
	c.attachers = append(c.attachers, call)
	switch c.state {
	case ChannelAttaching: // C10
		return settleAll(&c.detachers, ChannelCallSuperseded, none, outs)
	case ChannelDetaching: // C11
		return outs
	case ChannelFailed:
		c.reason = none // RTL4g
	}
	return c.attach(none, outs) // C12
}

func (c *Channel[E]) callDetach(call Call, outs []ChannelOutput[E]) []ChannelOutput[E] {
	var none E
	connected := c.link == LinkConnected
	switch c.state {
	case ChannelInitialized, ChannelDetached: // C13
		return append(outs, settleChannel[E](call, ChannelCallDone))
	case ChannelFailed: // C14
		return append(outs, settleChannel[E](call, ChannelCallInvalidState))
	case ChannelDetaching: // C19
		c.detachers = append(c.detachers, call)
		return settleAll(&c.attachers, ChannelCallSuperseded, none, outs)
	case ChannelAttached:
		if connected { // C17
			c.detachers = append(c.detachers, call)
			return c.detach(outs)
		}
	case ChannelAttaching:
		if c.awaits(RequestAttach) { // C18
			c.detachers = append(c.detachers, call)
			return outs
		}
	}
	// C15, C16
	c.leftover = c.leftover || !connected && c.held
	outs = c.set(ChannelDetached, false, none, outs)
	outs = settleAll(&c.attachers, ChannelCallSuperseded, none, outs)
	return append(outs, settleChannel[E](call, ChannelCallDone))
}

// giveBack ends the life of the channel. C22.
func (c *Channel[E]) giveBack(outs []ChannelOutput[E]) []ChannelOutput[E] {
	var none E
	outs = settleAll(&c.attachers, ChannelCallGivenBack, none, outs)
	outs = settleAll(&c.detachers, ChannelCallGivenBack, none, outs)
	was := c.state
	c.move(ChannelInitialized)
	c.reason, c.givenBack = none, true
	switch {
	case c.link != LinkConnected:
		c.leftover = c.leftover || c.held
	case was == ChannelAttached || c.doubt || len(c.wire) > 0 && c.wire[len(c.wire)-1] == RequestAttach:
		outs = c.send(RequestDetach, outs)
	}
	return outs
}

func settleChannel[E comparable](call Call, o ChannelOutcome) ChannelOutput[E] {
	return ChannelOutput[E]{Kind: SettleChannelCall, Call: call, Outcome: o}
}

// settleAll settles the calls of a list and empties it.
func settleAll[E comparable](calls *[]Call, o ChannelOutcome, err E, outs []ChannelOutput[E]) []ChannelOutput[E] {
	for _, call := range *calls {
		outs = append(outs, ChannelOutput[E]{Kind: SettleChannelCall, Call: call, Outcome: o, Err: err})
	}
	*calls = nil
	return outs
}

// Clone returns a copy that shares nothing with the original that either would change.
func (c *Channel[E]) Clone() *Channel[E] {
	d := *c
	d.wire, d.attachers, d.detachers = slices.Clone(c.wire), slices.Clone(c.attachers), slices.Clone(c.detachers)
	return &d
}
