package fsm

import (
	"encoding/binary"
	"fmt"
)

// RoomInputKind says what a [RoomInput] is.
type RoomInputKind uint8

// The kinds of inputs, with the fields that each uses.
const (
	CallRoomAttach  RoomInputKind = iota + 1 // Call: an attach begins (CHA-RL1)
	CallRoomDetach                           // Call: a detach begins (CHA-RL2)
	CallRoomRelease                          // Call: a release begins (CHA-RL3)
	RoomGiveUp                               // Call: its caller stops waiting
	// Channel, Resumed, Update, Err: the channel emitted an event (CHA-RL11, CHA-RL12)
	ChannelEvent
	AttachEnded // Err: the channel's attach ended
	DetachEnded // Err: the channel's detach ended
	RetryDue    // the pause of CHA-RL3n4 is over
	// Err: GiveBackChannel has finished, with or without an error (CHA-RL3h)
	GiveBackEnded
)

var roomInputNames = [...]string{"unknown", "Attach", "Detach", "Release", "GiveUp", "ChannelEvent", "AttachEnded", "DetachEnded",
	"RetryDue", "GiveBackEnded"}

// String returns the kind's name.
func (k RoomInputKind) String() string { return enumName(roomInputNames[:], uint8(k)) }

func (k RoomInputKind) operation() Operation { return OpAttach + Operation(k-CallRoomAttach) }

// RoomInput is an input of [Room.Step].
type RoomInput[E comparable] struct {
	Kind    RoomInputKind
	Call    Call
	Channel ChannelState // the channel's state after the event
	Resumed bool         // the event reports that continuity was kept (RTL2f)
	Update  bool         // the event is an UPDATE: the state did not change (RTL2g)
	Err     E
}

// String prints the input with its arguments: "Attach(1)", "ChannelEvent(attached, resumed)".
func (in RoomInput[E]) String() string {
	var none E
	switch in.Kind {
	case CallRoomAttach, CallRoomDetach, CallRoomRelease, RoomGiveUp:
		return fmt.Sprintf("%v(%d)", in.Kind, in.Call)
	case RetryDue:
		return in.Kind.String()
	}
	s := in.Kind.String() + "("
	if in.Kind == ChannelEvent {
		s += in.Channel.String()
		if in.Update {
			s += ", update"
		}
		if in.Resumed {
			s += ", resumed"
		}
		if in.Err == none {
			return s + ")"
		}
		s += ", "
	}
	if in.Err == none {
		return s + "ok)"
	}
	return s + fmt.Sprintf("%v)", in.Err)
}

// RoomOutputKind says what a [RoomOutput] is.
type RoomOutputKind uint8

// The kinds of outputs, with the fields that each uses.
const (
	SettleRoomCall RoomOutputKind = iota + 1 // Call, Outcome: the call ends
	AttachChannel                            // attach the channel; AttachEnded must follow
	DetachChannel                            // detach the channel; DetachEnded must follow
	// return the channel to the realtime client; GiveBackEnded must follow
	GiveBackChannel
	// begin the pause of CHA-RL3n4; RetryDue must follow
	StartRetryPause
	// Status, Previous, Err: notify the listeners (CHA-RS4)
	PublishStatus
	// Err, the cause: notify the listeners (CHA-RL12b, CHA-RL15)
	PublishDiscontinuity
)

var roomOutputNames = [...]string{"unknown", "settle", "attachChannel", "detachChannel", "giveBackChannel", "startRetryPause",
	"status", "discontinuity"}

// String returns the kind's name.
func (k RoomOutputKind) String() string { return enumName(roomOutputNames[:], uint8(k)) }

// RoomOutput is an output of [Room.Step].
type RoomOutput[E comparable] struct {
	Kind     RoomOutputKind
	Call     Call
	Outcome  RoomOutcome[E]
	Status   Status
	Previous Status
	Err      E
}

// String prints the output with its arguments.
func (o RoomOutput[E]) String() string {
	var none E
	switch o.Kind {
	case SettleRoomCall:
		return fmt.Sprintf("settle(%d, %v)", o.Call, o.Outcome)
	case PublishStatus:
		if o.Err == none {
			return fmt.Sprintf("status(%v -> %v)", o.Previous, o.Status)
		}
		return fmt.Sprintf("status(%v -> %v, %v)", o.Previous, o.Status, o.Err)
	case PublishDiscontinuity:
		return fmt.Sprintf("discontinuity(%v)", o.Err)
	}
	return o.Kind.String()
}

// RoomOutcomeKind says how a call on a room ended.
type RoomOutcomeKind uint8

// The kinds of outcomes.
const (
	RoomDone RoomOutcomeKind = iota + 1 // done
	// Err is the channel's error (CHA-RL1k3, CHA-RL2k3)
	RoomOperationFailed
	// the operation is not possible in Status (CHA-RL1l, CHA-RL2l, CHA-RL2m)
	RoomInvalidState
	RoomGaveUp // the caller stopped waiting
)

var roomOutcomeNames = [...]string{"unknown", "done", "failed", "invalidState", "gaveUp"}

// String returns the kind's name.
func (k RoomOutcomeKind) String() string { return enumName(roomOutcomeNames[:], uint8(k)) }

// RoomOutcome says how a call on a room ended.
type RoomOutcome[E comparable] struct {
	Kind   RoomOutcomeKind
	Err    E      // for RoomOperationFailed
	Status Status // for RoomInvalidState
}

// String prints the outcome.
func (o RoomOutcome[E]) String() string {
	switch o.Kind {
	case RoomOperationFailed:
		return fmt.Sprintf("failed: %v", o.Err)
	case RoomInvalidState:
		return "invalidState: " + o.Status.String()
	}
	return o.Kind.String()
}

// AppendKey appends the canonical key of the state to dst: two cores have the same key if and only
// if they are equal. appendError must append different bytes for different errors, and never a
// prefix of what it appends for another value.
func (r *Room[E]) AppendKey(dst []byte, appendError func([]byte, E) []byte) []byte {
	flag := func(b bool) byte {
		if b {
			return 1
		}
		return 0
	}
	dst = binary.AppendUvarint(dst, uint64(r.lastCall))
	dst = append(dst, byte(r.status), byte(r.channel), byte(r.op), byte(r.phase), flag(r.hasAttachedOnce), flag(r.explicitlyDetached))
	dst = appendError(dst, r.err)
	dst = appendError(dst, r.channelErr)
	dst = binary.AppendUvarint(dst, uint64(r.caller))
	dst = binary.AppendUvarint(dst, uint64(len(r.waiting)))
	for _, w := range r.waiting {
		dst = append(dst, byte(w.op))
		dst = binary.AppendUvarint(dst, uint64(w.caller))
	}
	return dst
}
