package fsm

import (
	"fmt"
	"slices"
)

// Request is a frame that the server answers: an ATTACH or a DETACH.
type Request uint8

// The requests.
const (
	RequestAttach Request = iota + 1 // ATTACH
	RequestDetach                    // DETACH
)

// Channel is the core of one realtime channel (RTL2 to RTL5, RTL12 to RTL17, RTN19b): it decides
// which frames are sent, which state the channel is in, and how calls end. The comments here cite
// the rules of docs/channel.md, C1 to C49. E is the type of errors; the zero E is no error. The
// core never looks into an error or a [Serial].
//
// # For the driver of a core
//
// A Channel is made by [NewChannel], changed by Step alone, and used by one goroutine at a time.
// Its driver keeps one core for each name. It gives the core the inputs in the order in which they
// happened, and carries out the outputs of each step, in their order, before those of the next
// step. Step refuses an input that doesn't fit with an error that names it, and then changes
// nothing. The driver may drop a frame or a stale timer that is refused.
//
//   - Each call has the number [Channel.NextCall], and is settled once, by [SettleChannelCall]. The
//     core isn't notified when a caller stops waiting: the operation goes on, and the driver drops
//     its outcome. If no caller needs an outcome, the driver still makes the call.
//   - A state event comes before the calls that the new state settles: a listener receives
//     "attached" before Attach returns.
//   - Make a CallChannelOptions only for modes or params that differ from those of the last ATTACH
//     (RTL16a). The driver keeps the modes and params, and writes the present ones into each
//     ATTACH.
//   - Give FrameAttached, FrameDetached, FrameError, FrameOvertaken and FrameMessage to the core of
//     the channel's name, in the order of the wire. Take the modes, params and presence of an
//     ATTACHED only if the step outputs [ApplyAttached]. Deliver messages, presence and annotations
//     only if it outputs [DeliverMessage]. Don't give a SYNC to the core: handle it while State is
//     attached. On ApplyAttached, enter own members again (RTP17i), unless the channel was attached
//     before the step and the frame is resumed.
//   - Outputs start and stop two timers. Starting a timer that runs restarts it. A timer that was
//     stopped or started again must not be reported as fired, even if it fired just before: number
//     the starts to tell them apart.
//   - Give ConnectionChange in the order of the wire: CONNECTED before any frame that follows it,
//     and every other state after the last frame that was read before it. Give CONNECTED for each
//     new transport, but not for an update on the same transport (RTN24). Resumed reports whether
//     the connectionId is the same as before (RTN15c6), and nothing else. Notify users of the
//     connection's change after its channels took it (RTL3d1).
//   - GiveBack ends a life of the name: after it, the core outputs no event, only requests and
//     their timer. While [Channel.Forgettable] is false, keep the core, and go on giving it frames,
//     timers and connection changes. If the name is needed again, give the core Renew and use it.
//     When Forgettable is true, the core may be dropped, and the next life begins with NewChannel.
//     Drop a frame for a name without a core.
//   - An attach that a subscription or presence causes is a CallChannelAttach like any other.
//     Publishing doesn't involve the core (RTL6c).
type Channel[E comparable] struct {
	table    *Table[ChannelState, ChannelMove]
	lastCall Call

	state ChannelState
	back  ChannelState // the state after a detach that times out; initialized unless detaching
	link  Link

	awaited   bool // the last request of wire is awaited: the request timer runs
	held      bool // the server may have the channel attached
	doubt     bool // an ATTACH that left wire may still be answered
	leftover  bool // T8: after a detach or GiveBack, the server may still have it attached
	givenBack bool

	retries uint8 // the number of the last retry (RTB1), at most maxRetry
	resume  bool  // the channel sends ATTACH_RESUME (T2)

	reason E         // errorReason (RTL24)
	wire   []Request // the requests that may still be answered on this connection, oldest first

	attachers []Call // the calls that wait for attached
	detachers []Call // the calls that wait for detached

	channelSerial Serial
	attachSerial  Serial
}

// maxRetry is the largest number of a retry: from then on the delay stays the same (RTB1).
const maxRetry = 4

// NewChannel returns the core of a channel that was never attached, on a connection in the given
// state.
func NewChannel[E comparable](connection ConnectionState) *Channel[E] {
	return &Channel[E]{table: ChannelStates(), link: connection.link()}
}

// NextCall returns the number that the next call must have.
func (c *Channel[E]) NextCall() Call { return c.lastCall + 1 }

// State returns the channel's state and its errorReason, the zero E for none (RTL24).
func (c *Channel[E]) State() (ChannelState, E) { return c.state, c.reason }

// ChannelSerial returns the serial from which an attach would continue (RTL15b), "" for none.
func (c *Channel[E]) ChannelSerial() Serial { return c.channelSerial }

// AttachSerial returns the serial of the last attach without continuity (RTL15c), "" for none.
func (c *Channel[E]) AttachSerial() Serial { return c.attachSerial }

// Forgettable reports whether the core may be dropped: the channel was given back, and no more
// answer can come that a later channel of the name would take for its own (T20).
func (c *Channel[E]) Forgettable() bool { return c.givenBack && len(c.wire) == 0 && !c.leftover }

// Step applies one input and appends its outputs to outs, in the order in which they must be
// carried out. It refuses an input that doesn't fit the present state with a [*RefusedError]; then
// nothing has changed, and it returns outs as given.
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

// refusal returns why the input doesn't fit the present state, or "" if it fits.
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

// awaits reports whether the awaited request is of the given type.
func (c *Channel[E]) awaits(r Request) bool { return c.awaited && c.wire[len(c.wire)-1] == r }

// fenced reports whether the channel is behind a fence: it awaits a DETACH that ends an earlier
// attach or life (T20).
func (c *Channel[E]) fenced() bool {
	switch c.state {
	case ChannelInitialized, ChannelAttaching, ChannelDetached, ChannelFailed:
		return c.awaits(RequestDetach)
	}
	return false
}

// set moves the state through the channel state machine and, if the state changes, outputs an
// event. C1.
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

// move changes the state, and resets the fields that the new state doesn't keep.
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

// send sends a request and awaits it. C3.
func (c *Channel[E]) send(r Request, outs []ChannelOutput[E]) []ChannelOutput[E] {
	c.wire = append(c.wire, r)
	c.awaited = true
	c.doubt = c.doubt && r == RequestAttach
	return c.write(r, outs)
}

// write outputs a request and the start of its timer.
func (c *Channel[E]) write(r Request, outs []ChannelOutput[E]) []ChannelOutput[E] {
	out := ChannelOutput[E]{Kind: SendDetach}
	if r == RequestAttach {
		out = ChannelOutput[E]{Kind: SendAttach, Serial: c.channelSerial, Resumed: c.resume}
	}
	return append(outs, out, ChannelOutput[E]{Kind: StartRequestTimer})
}

// attach starts an attach. C5.
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

// suspend ends an attach that failed. C6.
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

// detach starts a detach. C7.
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

// call begins a call: C8 to C21.
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

// refusesAttach reports whether the connection is in a state in which no channel can attach
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

// Clone returns a copy. A later step of one doesn't change the other.
func (c *Channel[E]) Clone() *Channel[E] {
	d := *c
	d.wire, d.attachers, d.detachers = slices.Clone(c.wire), slices.Clone(c.attachers), slices.Clone(c.detachers)
	return &d
}
