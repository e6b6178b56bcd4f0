package fsm

import (
	"fmt"
	"slices"
)

// ChannelState is the state of the realtime channel that a room is on (RTL2).
type ChannelState uint8

// The states of a channel.
const (
	ChannelInitialized ChannelState = iota
	ChannelAttaching
	ChannelAttached
	ChannelDetaching
	ChannelDetached
	ChannelSuspended
	ChannelFailed
)

var channelStateNames = [...]string{"initialized", "attaching", "attached", "detaching", "detached", "suspended", "failed"}

// String returns the state's name, in lower case.
func (s ChannelState) String() string { return enumName(channelStateNames[:], uint8(s)) }

// follow returns the event of the status machine for a channel in this state.
func (s ChannelState) follow() StatusEvent { return EventChannelInitialized + StatusEvent(s) }

// Operation is one of the three lifecycle operations of a room (CHA-RL1, CHA-RL2, CHA-RL3).
type Operation uint8

// The operations.
const (
	NoOperation Operation = iota
	OpAttach
	OpDetach
	OpRelease
)

var operationNames = [...]string{"none", "attach", "detach", "release"}

// String returns the operation's name, in lower case.
func (o Operation) String() string { return enumName(operationNames[:], uint8(o)) }

// Phase says what a running operation waits for.
type Phase uint8

// The phases.
const (
	Idle         Phase = iota // no operation runs
	InAttach                  // the channel's attach
	InDetach                  // the channel's detach
	InRetryPause              // the pause before the next detach of a release (CHA-RL3n4)
	InGiveBack                // the channel's return to the realtime client (CHA-RL3h)
)

var phaseNames = [...]string{"idle", "inAttach", "inDetach", "inRetryPause", "inGiveBack"}

// String returns the phase's name.
func (p Phase) String() string { return enumName(phaseNames[:], uint8(p)) }

// Room is the core of one room: its attach, detach and release operations, one at a time (CHA-RL7),
// its status (CHA-RS) and its discontinuities (CHA-RL12). E is the type of errors; the zero E is no
// error. The core never looks into an error.
//
// The inputs must be in this order: the channel's event first, then the end of the attach or detach
// that caused it. If an attach succeeds, the event "attached" comes before AttachEnded.
//
// A Room is made by [NewRoom], changed by Step alone, and used by one goroutine at a time.
type Room[E comparable] struct {
	table    *Table[Status, StatusEvent]
	lastCall Call

	status             Status
	channel            ChannelState // the state in the channel's last event
	op                 Operation    // the operation that runs
	phase              Phase
	hasAttachedOnce    bool // CHA-RL13
	explicitlyDetached bool // CHA-RL14

	err        E // the error of the status (CHA-RS2b)
	channelErr E

	caller Call // the call that waits for op; 0 if it was given up
	// the queue, nil if empty: releases go first, other operations in the order of their calls
	// (CHA-RL7a)
	waiting []waitingOp
}

type waitingOp struct {
	op     Operation
	caller Call
}

// NewRoom returns the core of a room that was never attached (CHA-RS3). Its channel is initialized.
func NewRoom[E comparable]() *Room[E] { return &Room[E]{table: RoomStatus()} }

// NextCall returns the number that the next call must have.
func (r *Room[E]) NextCall() Call { return r.lastCall + 1 }

// Status returns the status and its error, the zero E for none (CHA-RS2).
func (r *Room[E]) Status() (Status, E) { return r.status, r.err }

// Step applies one input and appends its outputs to outs, in the order in which they must be
// carried out. It refuses an input that doesn't fit the present state with a [*RefusedError]; then
// nothing has changed, and it returns outs as given.
func (r *Room[E]) Step(in RoomInput[E], outs []RoomOutput[E]) ([]RoomOutput[E], error) {
	refuse := func(reason string) ([]RoomOutput[E], error) {
		return outs, &RefusedError{Input: in.String(), Reason: reason}
	}
	var none E
	switch in.Kind {
	case CallRoomAttach, CallRoomDetach, CallRoomRelease:
		if in.Call != r.lastCall+1 {
			return refuse(fmt.Sprintf("the next call is %d", r.lastCall+1))
		}
		r.lastCall = in.Call
		w := waitingOp{op: in.Kind.operation(), caller: in.Call}
		if r.op == NoOperation { // and none waits
			return r.next(r.begin(w, outs)), nil
		}
		r.waiting = append(r.waiting, w)
		return r.next(outs), nil
	case RoomGiveUp:
		if !r.giveUp(in.Call) {
			return refuse("the call is not pending")
		}
		return append(outs, settleRoom[E](in.Call, RoomOutcome[E]{Kind: RoomGaveUp})), nil
	case ChannelEvent:
		if in.Channel > ChannelFailed {
			return refuse("a channel has no such state")
		}
		return r.channelEvent(in, outs), nil
	case AttachEnded:
		if r.phase != InAttach {
			return refuse("the channel is not attaching for an operation")
		}
		return r.attachEnded(in.Err, outs), nil
	case DetachEnded:
		switch {
		case r.phase != InDetach:
			return refuse("the channel is not detaching for an operation")
		case r.op == OpDetach:
			return r.detachEnded(in.Err, outs), nil
		case in.Err == none || r.channel == ChannelFailed: // CHA-RL3n2, CHA-RL3n3
			return r.giveBack(outs), nil
		}
		r.phase = InRetryPause // CHA-RL3n4
		return append(outs, RoomOutput[E]{Kind: StartRetryPause}), nil
	case RetryDue:
		if r.phase != InRetryPause {
			return refuse("no retry is due")
		}
		return r.detachForRelease(outs), nil
	case GiveBackEnded:
		if r.phase != InGiveBack {
			return refuse("the channel is not being given back")
		}
		out := RoomOutcome[E]{Kind: RoomDone}
		if in.Err != none {
			out = RoomOutcome[E]{Kind: RoomOperationFailed, Err: in.Err}
		}
		return r.end(out, outs), nil
	}
	return refuse("unknown kind of input")
}

// next begins queued operations, one after the other, until one stays running or the queue is
// empty. Releases go first (CHA-RL7, CHA-RL7a).
func (r *Room[E]) next(outs []RoomOutput[E]) []RoomOutput[E] {
	for n := len(r.waiting); n > 0 && r.op == NoOperation; n-- {
		i := max(slices.IndexFunc(r.waiting, func(w waitingOp) bool { return w.op == OpRelease }), 0)
		w := r.waiting[i]
		r.waiting = withoutOp(r.waiting, i)
		outs = r.begin(w, outs)
	}
	return outs
}

func (r *Room[E]) begin(w waitingOp, outs []RoomOutput[E]) []RoomOutput[E] {
	r.op, r.caller = w.op, w.caller
	switch w.op {
	case OpAttach:
		return r.beginAttach(outs)
	case OpDetach:
		return r.beginDetach(outs)
	}
	return r.beginRelease(outs)
}

// beginAttach is CHA-RL1.
func (r *Room[E]) beginAttach(outs []RoomOutput[E]) []RoomOutput[E] {
	switch r.status {
	case StatusAttached: // CHA-RL1a
		return r.stop(RoomOutcome[E]{Kind: RoomDone}, outs)
	case StatusReleased: // CHA-RL1l
		return r.stop(RoomOutcome[E]{Kind: RoomInvalidState, Status: r.status}, outs)
	}
	var none E
	outs = r.set(EventAttach, none, outs) // CHA-RL1e
	r.phase = InAttach
	return append(outs, RoomOutput[E]{Kind: AttachChannel}) // CHA-RL1k
}

// beginDetach is CHA-RL2.
func (r *Room[E]) beginDetach(outs []RoomOutput[E]) []RoomOutput[E] {
	switch r.status {
	case StatusDetached: // CHA-RL2a
		return r.stop(RoomOutcome[E]{Kind: RoomDone}, outs)
	case StatusReleased, StatusFailed: // CHA-RL2l, CHA-RL2m
		return r.stop(RoomOutcome[E]{Kind: RoomInvalidState, Status: r.status}, outs)
	}
	var none E
	outs = r.set(EventDetach, none, outs) // CHA-RL2j
	r.phase = InDetach
	return append(outs, RoomOutput[E]{Kind: DetachChannel}) // CHA-RL2k
}

// beginRelease is CHA-RL3.
func (r *Room[E]) beginRelease(outs []RoomOutput[E]) []RoomOutput[E] {
	var none E
	switch r.status {
	case StatusReleased: // CHA-RL3a
		return r.stop(RoomOutcome[E]{Kind: RoomDone}, outs)
	case StatusDetached, StatusInitialized: // CHA-RL3b, CHA-RL3j
		return r.giveBack(outs)
	}
	outs = r.set(EventRelease, none, outs) // CHA-RL3m
	return r.detachForRelease(outs)
}

// detachForRelease is the start of the detach loop of CHA-RL3n.
func (r *Room[E]) detachForRelease(outs []RoomOutput[E]) []RoomOutput[E] {
	if r.channel == ChannelFailed { // CHA-RL3n1
		return r.giveBack(outs)
	}
	r.phase = InDetach
	return append(outs, RoomOutput[E]{Kind: DetachChannel}) // CHA-RL3n2
}

// giveBack makes the room released (CHA-RL3o), and returns its channel to the realtime client
// (CHA-RL3h).
func (r *Room[E]) giveBack(outs []RoomOutput[E]) []RoomOutput[E] {
	var none E
	outs = r.set(EventFinish, none, outs)
	r.phase = InGiveBack
	return append(outs, RoomOutput[E]{Kind: GiveBackChannel})
}

// attachEnded applies the end of the channel's attach: CHA-RL1k1 to CHA-RL1k3.
func (r *Room[E]) attachEnded(err E, outs []RoomOutput[E]) []RoomOutput[E] {
	var none E
	if err != none {
		outs = r.set(r.channel.follow(), err, outs)
		return r.end(RoomOutcome[E]{Kind: RoomOperationFailed, Err: err}, outs)
	}
	outs = r.set(EventChannelAttached, none, outs)
	r.hasAttachedOnce = true
	r.explicitlyDetached = false
	if r.channel != ChannelAttached {
		// The channel's state has changed since. The status did not follow the channel during the
		// operation (CHA-RL11b), so it does now.
		outs = r.set(r.channel.follow(), r.channelErr, outs)
	}
	return r.end(RoomOutcome[E]{Kind: RoomDone}, outs)
}

// detachEnded applies the end of the channel's detach: CHA-RL2k1 to CHA-RL2k3.
func (r *Room[E]) detachEnded(err E, outs []RoomOutput[E]) []RoomOutput[E] {
	var none E
	if err != none {
		outs = r.set(r.channel.follow(), err, outs)
		return r.end(RoomOutcome[E]{Kind: RoomOperationFailed, Err: err}, outs)
	}
	outs = r.set(EventChannelDetached, none, outs)
	r.explicitlyDetached = true
	if r.channel != ChannelDetached && r.channel != ChannelInitialized {
		outs = r.set(r.channel.follow(), r.channelErr, outs)
	}
	return r.end(RoomOutcome[E]{Kind: RoomDone}, outs)
}

// channelEvent applies an event of the channel: CHA-RL11 and CHA-RL12.
func (r *Room[E]) channelEvent(in RoomInput[E], outs []RoomOutput[E]) []RoomOutput[E] {
	if r.status == StatusReleased {
		return outs // the channel no longer belongs to the room
	}
	if !in.Update {
		r.channel, r.channelErr = in.Channel, in.Err
		if r.op == NoOperation { // CHA-RL11b, CHA-RL11c
			outs = r.set(in.Channel.follow(), in.Err, outs)
		}
	}
	// CHA-RL12b
	if in.Channel == ChannelAttached && !in.Resumed && r.hasAttachedOnce && !r.explicitlyDetached {
		outs = append(outs, RoomOutput[E]{Kind: PublishDiscontinuity, Err: in.Err})
	}
	return outs
}

// set moves the status through the status machine and, if the status or its error changes, outputs
// the change (CHA-RS4). It panics if the machine lacks the transition: the rules never require such
// a transition.
func (r *Room[E]) set(e StatusEvent, err E, outs []RoomOutput[E]) []RoomOutput[E] {
	next, bad := r.table.Next(r.status, e)
	if bad != nil {
		panic("fsm: " + bad.Error())
	}
	if next == r.status && err == r.err {
		return outs
	}
	out := RoomOutput[E]{Kind: PublishStatus, Status: next, Previous: r.status, Err: err}
	r.status, r.err = next, err
	return append(outs, out)
}

// stop ends the running operation without beginning the next.
func (r *Room[E]) stop(out RoomOutcome[E], outs []RoomOutput[E]) []RoomOutput[E] {
	if r.caller != 0 {
		outs = append(outs, settleRoom(r.caller, out))
	}
	r.op, r.caller, r.phase = NoOperation, 0, Idle
	return outs
}

// end ends the running operation and begins the next one.
func (r *Room[E]) end(out RoomOutcome[E], outs []RoomOutput[E]) []RoomOutput[E] {
	return r.next(r.stop(out, outs))
}

// giveUp ends the wait of a call, and reports whether the call was pending. An operation that runs
// goes on. An attach or detach in the queue is removed, since only its caller needs it. A release
// stays in the queue, since the next room of the name waits for it.
func (r *Room[E]) giveUp(c Call) bool {
	if c == 0 {
		return false
	}
	if r.caller == c {
		r.caller = 0
		return true
	}
	i := slices.IndexFunc(r.waiting, func(w waitingOp) bool { return w.caller == c })
	if i < 0 {
		return false
	}
	if r.waiting[i].op == OpRelease {
		r.waiting[i].caller = 0
	} else {
		r.waiting = withoutOp(r.waiting, i)
	}
	return true
}

// withoutOp removes the operation at i from the queue. An empty queue is nil.
func withoutOp(waiting []waitingOp, i int) []waitingOp {
	if len(waiting) == 1 {
		return nil
	}
	return slices.Delete(waiting, i, i+1)
}

// Clone returns a copy. A later step of one doesn't change the other.
func (r *Room[E]) Clone() *Room[E] {
	c := *r
	c.waiting = slices.Clone(r.waiting)
	return &c
}

// Equal reports whether two cores are in the same state.
func (r *Room[E]) Equal(s *Room[E]) bool {
	return r.lastCall == s.lastCall && r.status == s.status && r.err == s.err && r.channel == s.channel && r.channelErr == s.channelErr &&
		r.op == s.op && r.caller == s.caller && r.phase == s.phase && slices.Equal(r.waiting, s.waiting) &&
		r.hasAttachedOnce == s.hasAttachedOnce && r.explicitlyDetached == s.explicitlyDetached
}

func settleRoom[E comparable](c Call, o RoomOutcome[E]) RoomOutput[E] {
	return RoomOutput[E]{Kind: SettleRoomCall, Call: c, Outcome: o}
}
