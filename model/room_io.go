package model

import "fmt"

// RoomKind says what happened in a [RoomInput].
type RoomKind uint8

// The nine kinds of inputs. The zero RoomKind is none of them.
const (
	KindRoomAttach    RoomKind = iota + 1 // an Attach begins (CHA-RL1)
	KindRoomDetach                        // a Detach begins (CHA-RL2)
	KindRoomRelease                       // a Release begins (CHA-RL3)
	KindRoomGiveUp                        // a caller stops waiting (S18 to S20)
	KindChannelEvent                      // the channel emits an event (CHA-RL11, CHA-RL12)
	KindAttachEnded                       // the channel's attach ends
	KindDetachEnded                       // the channel's detach ends
	KindRetryDue                          // the pause of CHA-RL3n4 ends
	KindGiveBackEnded                     // the channel was given back
)

// String returns the kind's name in a script.
func (k RoomKind) String() string {
	return word(int(k), "", "attach", "detach", "release", "giveUp", "event", "attachEnded", "detachEnded", "retryDue", "giveBackEnded")
}

// RoomInput is one input of a room. It is comparable. Fields that its kind doesn't use are empty.
type RoomInput struct {
	Kind RoomKind
	// Call is the number of the call that begins or is given up.
	Call int
	// Channel, Update and Resumed are set for a channel event.
	Channel         ChannelState
	Update, Resumed bool
	// Err is the error of an event or an end; 0 for none.
	Err int
}

// RoomAttach returns the input: call number call begins, an Attach (CHA-RL1).
func RoomAttach(call int) RoomInput { return RoomInput{Kind: KindRoomAttach, Call: call} }

// RoomDetach returns the input: call number call begins, a Detach (CHA-RL2).
func RoomDetach(call int) RoomInput { return RoomInput{Kind: KindRoomDetach, Call: call} }

// RoomRelease returns the input: call number call begins, a Release (CHA-RL3).
func RoomRelease(call int) RoomInput { return RoomInput{Kind: KindRoomRelease, Call: call} }

// RoomGiveUp returns the input: the caller of call stops waiting (S18 to S20).
func RoomGiveUp(call int) RoomInput { return RoomInput{Kind: KindRoomGiveUp, Call: call} }

// ChannelTurned returns the input: the channel emits an event with this state (CHA-RL11).
func ChannelTurned(state ChannelState, err int) RoomInput {
	return RoomInput{Kind: KindChannelEvent, Channel: state, Err: err}
}

// ChannelResumed returns the input: the channel emits an attached event without loss of continuity.
func ChannelResumed(err int) RoomInput {
	return RoomInput{Kind: KindChannelEvent, Channel: ChannelAttached, Resumed: true, Err: err}
}

// ChannelUpdated returns the input: the channel is attached and emits an update (CHA-RL12a).
func ChannelUpdated(resumed bool, err int) RoomInput {
	return RoomInput{Kind: KindChannelEvent, Channel: ChannelAttached, Update: true, Resumed: resumed, Err: err}
}

// AttachEnded returns the input: the channel's attach ended, successfully if err is 0 (S21, S23).
func AttachEnded(err int) RoomInput { return RoomInput{Kind: KindAttachEnded, Err: err} }

// DetachEnded returns the input: the channel's detach ended, successfully if err is 0 (S22, S23,
// S25).
func DetachEnded(err int) RoomInput { return RoomInput{Kind: KindDetachEnded, Err: err} }

// RetryDue returns the input: the pause of a release is over (S25).
func RetryDue() RoomInput { return RoomInput{Kind: KindRetryDue} }

// GiveBackEnded returns the input: the channel was given back, without an error if err is 0 (S27).
func GiveBackEnded(err int) RoomInput { return RoomInput{Kind: KindGiveBackEnded, Err: err} }

// String returns the input as a line of a script, such as "attach(1)", "event(attached, resumed,
// 0)" or "detachEnded(1)".
func (in RoomInput) String() string {
	switch in.Kind {
	case KindRoomAttach, KindRoomDetach, KindRoomRelease, KindRoomGiveUp:
		return fmt.Sprintf("%v(%d)", in.Kind, in.Call)
	case KindRetryDue:
		return in.Kind.String()
	case KindChannelEvent:
		s := "event(" + in.Channel.String()
		if in.Update {
			s += ", update"
		}
		if in.Resumed {
			s += ", resumed"
		}
		return s + fmt.Sprintf(", %d)", in.Err)
	default:
		return fmt.Sprintf("%v(%d)", in.Kind, in.Err)
	}
}

// RoomOutputKind says what a [RoomOutput] is.
type RoomOutputKind uint8

// The seven kinds of outputs. The zero RoomOutputKind is none of them.
const (
	OutputRoomSettle    RoomOutputKind = iota + 1 // a call is settled
	OutputAttachChannel                           // the room must attach its channel
	OutputDetachChannel                           // the room must detach its channel
	// the room must give its channel back to the realtime client
	OutputGiveBackChannel
	OutputStartRetryPause // the pause of CHA-RL3n4 begins
	// listeners are notified of a change of status (CHA-RS4)
	OutputRoomStatus
	// listeners are notified of a discontinuity (CHA-RL12b)
	OutputDiscontinuity
)

// String returns the name that docs/room.md uses.
func (k RoomOutputKind) String() string {
	return word(int(k), "", "settle", "attachChannel", "detachChannel", "giveBackChannel", "startRetryPause", "status", "discontinuity")
}

// RoomOutput is one output of a step. It is comparable.
type RoomOutput struct {
	Kind RoomOutputKind
	// Call and Outcome are set for OutputRoomSettle.
	Call    int
	Outcome RoomOutcome
	// Previous and Status are set for OutputRoomStatus.
	Previous, Status RoomStatus
	// Err is the error of the status, or the cause of the discontinuity; 0 for none.
	Err int
}

// String returns the output as docs/room.md writes it, such as "settle(1, done)" or
// "status(attached, suspended, 1)".
func (o RoomOutput) String() string {
	switch o.Kind {
	case OutputRoomSettle:
		return fmt.Sprintf("settle(%d, %v)", o.Call, o.Outcome)
	case OutputRoomStatus:
		return fmt.Sprintf("status(%v, %v, %d)", o.Previous, o.Status, o.Err)
	case OutputDiscontinuity:
		return fmt.Sprintf("discontinuity(%d)", o.Err)
	default:
		return o.Kind.String()
	}
}

// RoomOutcomeKind says how a call on a room ended.
type RoomOutcomeKind uint8

// The ways in which a call on a room ends. The zero RoomOutcomeKind is for a call that has not
// ended.
const (
	OutcomeRoomPending      RoomOutcomeKind = iota // not settled yet
	OutcomeRoomDone                                // it ended well
	OutcomeRoomFailed                              // the channel's error (S23, S27)
	OutcomeRoomInvalidState                        // RoomInInvalidState, 102112 (S7, S11)
	OutcomeRoomGaveUp                              // the caller stopped waiting (S18 to S20)
)

// String returns the name that docs/room.md uses.
func (k RoomOutcomeKind) String() string {
	return word(int(k), "pending", "done", "failed", "invalidState", "gaveUp")
}

// RoomOutcome is the outcome of a call on a room. It is comparable.
type RoomOutcome struct {
	Kind RoomOutcomeKind
	// Err is set for OutcomeRoomFailed.
	Err int
	// Status is set for OutcomeRoomInvalidState.
	Status RoomStatus
}

// String returns the outcome, such as "done", "failed(1)" or "invalidState(released)".
func (o RoomOutcome) String() string {
	switch o.Kind {
	case OutcomeRoomFailed:
		return fmt.Sprintf("%v(%d)", o.Kind, o.Err)
	case OutcomeRoomInvalidState:
		return fmt.Sprintf("%v(%v)", o.Kind, o.Status)
	default:
		return o.Kind.String()
	}
}

// RoomBounds makes the machine finite: at most Calls calls begin, and errors are 0 to Errors.
type RoomBounds struct {
	Calls, Errors int
}

// RoomAlphabet returns every input within the bounds, each once, also those that no rule names in
// any state.
func RoomAlphabet(b RoomBounds) (all []RoomInput) {
	for call := 1; call <= b.Calls; call++ {
		all = append(all, RoomAttach(call), RoomDetach(call), RoomRelease(call))
	}
	for call := 1; call <= b.Calls; call++ {
		all = append(all, RoomGiveUp(call))
	}
	for err := 0; err <= b.Errors; err++ {
		for state := ChannelInitialized; state <= ChannelFailed; state++ {
			all = append(all, ChannelTurned(state, err))
		}
		all = append(all, ChannelResumed(err), ChannelUpdated(false, err), ChannelUpdated(true, err))
	}
	for err := 0; err <= b.Errors; err++ {
		all = append(all, AttachEnded(err), DetachEnded(err), GiveBackEnded(err))
	}
	return append(all, RetryDue())
}

// Enabled returns the inputs within the bounds that a rule names in this state, which
// [RoomState.Step] takes. They are in the order of [RoomAlphabet].
func (s RoomState) Enabled(b RoomBounds) (enabled []RoomInput) {
	for _, in := range RoomAlphabet(b) {
		if s.refusal(in) == "" {
			enabled = append(enabled, in)
		}
	}
	return enabled
}
