package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// RoomsInputKind says what a [RoomsInput] is.
type RoomsInputKind uint8

// The kinds of inputs, with the fields that each uses.
const (
	CallGet       RoomsInputKind = iota + 1 // Call, Name, Options
	CallRelease                             // Call, Name
	CallDispose                             // Call
	CallReleaseIf                           // Call, Incarnation
	GiveUp                                  // Call
	Opened                                  // Incarnation
	OpenFailed                              // Incarnation
	ReleaseDone                             // Incarnation
	ReleaseFailed                           // Incarnation

	// Inputs of [Leases]; [Rooms] refuses them.
	CallAcquire // Call, Name, Options
	CloseLease  // Call: the call of the lease's Acquire
)

var roomsInputNames = [...]string{"unknown", "Get", "Release", "Dispose", "ReleaseIf", "GiveUp", "Opened", "OpenFailed", "Released", "ReleaseFailed",
	"Acquire", "Close"}

// String returns the kind's name, as in docs/rooms.md.
func (k RoomsInputKind) String() string { return enumName(roomsInputNames[:], uint8(k)) }

// RoomsInput is an input of [Rooms.Step].
type RoomsInput[O comparable] struct {
	Kind        RoomsInputKind
	Call        Call
	Incarnation Incarnation
	Name        string
	Options     O
}

// String prints the input with its arguments: "Get(3, a, {…})".
func (in RoomsInput[O]) String() string {
	switch in.Kind {
	case CallGet, CallAcquire:
		return fmt.Sprintf("%v(%d, %s, %v)", in.Kind, in.Call, in.Name, in.Options)
	case CallRelease:
		return fmt.Sprintf("Release(%d, %s)", in.Call, in.Name)
	case CallReleaseIf:
		return fmt.Sprintf("ReleaseIf(%d, #%d)", in.Call, in.Incarnation)
	case CallDispose, GiveUp, CloseLease:
		return fmt.Sprintf("%v(%d)", in.Kind, in.Call)
	}
	return fmt.Sprintf("%v(#%d)", in.Kind, in.Incarnation)
}

// RoomsOutputKind says what a [RoomsOutput] is.
type RoomsOutputKind uint8

// The kinds of outputs, with the fields that each uses.
const (
	Settle  RoomsOutputKind = iota + 1 // Call, Outcome: the call ends
	Open                               // Incarnation: the backend must open it
	Release                            // Incarnation: the backend must release it
	// Incarnation: its opening is no longer needed. The backend may end it sooner, with Opened or
	// OpenFailed
	Abandon
)

var roomsOutputNames = [...]string{"unknown", "settle", "open", "release", "abandon"}

// String returns the kind's name, as in docs/rooms.md.
func (k RoomsOutputKind) String() string { return enumName(roomsOutputNames[:], uint8(k)) }

// RoomsOutput is an output of [Rooms.Step].
type RoomsOutput struct {
	Kind        RoomsOutputKind
	Call        Call
	Incarnation Incarnation
	Outcome     Outcome
}

// String prints the output with its arguments: "settle(3, room #1)", "open(#2)".
func (o RoomsOutput) String() string {
	if o.Kind == Settle {
		return fmt.Sprintf("settle(%d, %v)", o.Call, o.Outcome)
	}
	return fmt.Sprintf("%v(#%d)", o.Kind, o.Incarnation)
}

// OutcomeKind says how a call ended.
type OutcomeKind uint8

// The kinds of outcomes.
const (
	GotRoom OutcomeKind = iota + 1 // a get with the room of Incarnation (R3, R17)
	// a release or dispose without an error (R7, R13, R21)
	Done
	RejectedDisposed // ResourceDisposed (R1, CHA-RC1f8)
	// error RoomExistsWithDifferentOptions; Incarnation is the one in use (R2, CHA-RC1f1)
	RejectedOptions
	RejectedReleased   // RoomReleasedBeforeOperationCompleted (CHA-RC1g4)
	RejectedOpenFailed // the backend's error of opening Incarnation (R19)
	// the backend's error of releasing Incarnation (R21)
	RejectedReleaseFailed
	DisposeFailed // the backend's errors of releasing Failed (R15)
	GaveUp        // the caller stopped waiting (R16)
)

var outcomeNames = [...]string{"unknown", "room", "done", "disposed", "differentOptions", "releasedBefore", "openFailed",
	"releaseFailed", "failed", "gaveUp"}

// String returns the kind's name, as in docs/rooms.md.
func (k OutcomeKind) String() string { return enumName(outcomeNames[:], uint8(k)) }

// Outcome says how a call ended.
type Outcome struct {
	Kind        OutcomeKind
	Incarnation Incarnation   // set for the kinds whose comment names it
	Failed      []Incarnation // for DisposeFailed, by number; shared, must not be changed
}

// Equal reports whether two outcomes are equal.
func (o Outcome) Equal(p Outcome) bool {
	return o.Kind == p.Kind && o.Incarnation == p.Incarnation && slices.Equal(o.Failed, p.Failed)
}

// String prints the outcome: "room #1", "failed {#2 #5}".
func (o Outcome) String() string {
	switch o.Kind {
	case GotRoom, RejectedOpenFailed, RejectedReleaseFailed:
		return fmt.Sprintf("%v #%d", o.Kind, o.Incarnation)
	case DisposeFailed:
		ids := make([]string, len(o.Failed))
		for i, id := range o.Failed {
			ids[i] = fmt.Sprintf("#%d", id)
		}
		return fmt.Sprintf("%v {%s}", o.Kind, strings.Join(ids, " "))
	}
	return o.Kind.String()
}
