package model

import (
	"fmt"
	"slices"
)

// Kind says what happened in an input. The first four are also the kinds of calls.
type Kind uint8

// The nine kinds of inputs. The zero Kind is none of them.
const (
	KindGet           Kind = iota + 1 // a Get begins (CHA-RC1f)
	KindRelease                       // a Release begins (CHA-RC1g)
	KindDispose                       // a Dispose begins (CHA-RD1)
	KindReleaseIf                     // a ReleaseIf begins (R24)
	KindGiveUp                        // a caller stops waiting (R16)
	KindOpened                        // an opening ends without an error (R17, R18)
	KindOpenFailed                    // an opening ends with an error (R19, R20)
	KindReleased                      // a release ends without an error (R21)
	KindReleaseFailed                 // a release ends with an error (R21)
)

// String returns the kind's name in a script.
func (k Kind) String() string {
	return word(int(k), "", "get", "release", "dispose", "releaseIf", "giveUp", "opened", "openFailed", "released", "releaseFailed",
		"acquire", "close")
}

// Input is one input of the machine. It is comparable. Fields that its kind doesn't use are empty;
// [State.Step] doesn't read them.
type Input struct {
	Kind Kind
	// Call is the number of the call that begins or is given up.
	Call int
	// Name is the name of a Get or Release.
	Name string
	// Options are the options of a Get.
	Options string
	// Incarnation is the incarnation whose opening or release ended, or that a ReleaseIf is for.
	Incarnation int
}

// Get returns the input: call number call begins, a Get of the name with the options (CHA-RC1f).
func Get(call int, name, options string) Input {
	return Input{Kind: KindGet, Call: call, Name: name, Options: options}
}

// Release returns the input: call number call begins, a Release of the name (CHA-RC1g).
func Release(call int, name string) Input { return Input{Kind: KindRelease, Call: call, Name: name} }

// Dispose returns the input: call number call begins, a Dispose (CHA-RD1).
func Dispose(call int) Input { return Input{Kind: KindDispose, Call: call} }

// ReleaseIf returns the input: call number call begins, a release of the incarnation if it is in
// use (R24).
func ReleaseIf(call, incarnation int) Input {
	return Input{Kind: KindReleaseIf, Call: call, Incarnation: incarnation}
}

// GiveUp returns the input: the caller of call stops waiting (R16).
func GiveUp(call int) Input { return Input{Kind: KindGiveUp, Call: call} }

// Opened returns the input: the opening of the incarnation ended without an error (R17, R18).
func Opened(incarnation int) Input { return Input{Kind: KindOpened, Incarnation: incarnation} }

// OpenFailed returns the input: the opening of the incarnation ended with an error (R19, R20).
func OpenFailed(incarnation int) Input { return Input{Kind: KindOpenFailed, Incarnation: incarnation} }

// Released returns the input: the release of the incarnation ended without an error (R21).
func Released(incarnation int) Input { return Input{Kind: KindReleased, Incarnation: incarnation} }

// ReleaseFailed returns the input: the release of the incarnation ended with an error (R21).
func ReleaseFailed(incarnation int) Input {
	return Input{Kind: KindReleaseFailed, Incarnation: incarnation}
}

// String returns the input as a line of a script, such as "get(1, a, x)" or "released(2)".
func (in Input) String() string {
	switch in.Kind {
	case KindGet, KindAcquire:
		return fmt.Sprintf("%v(%d, %s, %s)", in.Kind, in.Call, plain(in.Name), plain(in.Options))
	case KindRelease:
		return fmt.Sprintf("release(%d, %s)", in.Call, plain(in.Name))
	case KindReleaseIf:
		return fmt.Sprintf("releaseIf(%d, %d)", in.Call, in.Incarnation)
	case KindDispose, KindGiveUp, KindClose:
		return fmt.Sprintf("%v(%d)", in.Kind, in.Call)
	default:
		return fmt.Sprintf("%v(%d)", in.Kind, in.Incarnation)
	}
}

// OutputKind says what an [Output] is.
type OutputKind uint8

// The four kinds of outputs. The zero OutputKind is none of them.
const (
	OutputSettle  OutputKind = iota + 1 // a call is settled
	OutputOpen                          // the backend must open an incarnation
	OutputRelease                       // the backend must release an incarnation
	OutputAbandon                       // an opening is no longer needed; it still ends
)

// String returns the name that docs/rooms.md uses.
func (k OutputKind) String() string { return word(int(k), "", "settle", "open", "release", "abandon") }

// Output is one output of a step: it settles a call, or is for the backend and about an
// incarnation.
type Output struct {
	Kind OutputKind
	// Call and Outcome are set for OutputSettle.
	Call    int
	Outcome Outcome
	// Incarnation is set for the other kinds.
	Incarnation int
}

// Equal reports whether two outputs are the same.
func (o Output) Equal(p Output) bool {
	return o.Kind == p.Kind && o.Call == p.Call && o.Incarnation == p.Incarnation && o.Outcome.Equal(p.Outcome)
}

// String returns the output as a line of a script, such as "settle(1, room(1))" or "open(2)".
func (o Output) String() string {
	if o.Kind == OutputSettle {
		return fmt.Sprintf("settle(%d, %v)", o.Call, o.Outcome)
	}
	return fmt.Sprintf("%v(%d)", o.Kind, o.Incarnation)
}

// OutcomeKind says how a call ended.
type OutcomeKind uint8

// The ways in which a call ends. OutcomePending, the zero OutcomeKind, is for a call that has not
// ended.
const (
	OutcomePending          OutcomeKind = iota // not settled yet
	OutcomeRoom                                // a Get returned a room (R3, R17)
	OutcomeDone                                // a Release or Dispose succeeded (R7, R15, R21)
	OutcomeDifferentOptions                    // RoomExistsWithDifferentOptions, 102107 (R2)
	OutcomeReleasedBefore                      // RoomReleasedBeforeOperationCompleted, 102106
	OutcomeDisposed                            // ResourceDisposed, 40014 (R1)
	OutcomeOpenFailed                          // the backend's error of an opening (R19)
	OutcomeReleaseFailed                       // the backend's error of a release (R21)
	// a Dispose during which releases ended with errors (R15)
	OutcomeFailed
	OutcomeGaveUp // the caller stopped waiting (R16)
)

// String returns the name that docs/rooms.md uses.
func (k OutcomeKind) String() string {
	return word(int(k), "pending", "room", "done", "differentOptions", "releasedBefore", "disposed", "openFailed", "releaseFailed",
		"failed", "gaveUp")
}

// Outcome is the outcome of a call. The zero Outcome is for a call that is pending.
type Outcome struct {
	Kind OutcomeKind
	// Incarnation is set for OutcomeRoom, OutcomeOpenFailed and OutcomeReleaseFailed.
	Incarnation int
	// Failed is set for OutcomeFailed: incarnations, ascending.
	Failed []int
}

// Equal reports whether two outcomes are the same.
func (o Outcome) Equal(p Outcome) bool {
	return o.Kind == p.Kind && o.Incarnation == p.Incarnation && slices.Equal(o.Failed, p.Failed)
}

// String returns the outcome, such as "done", "room(1)" or "failed{1, 2}".
func (o Outcome) String() string {
	switch o.Kind {
	case OutcomeRoom, OutcomeOpenFailed, OutcomeReleaseFailed:
		return fmt.Sprintf("%v(%d)", o.Kind, o.Incarnation)
	case OutcomeFailed:
		return o.Kind.String() + set(o.Failed)
	default:
		return o.Kind.String()
	}
}
