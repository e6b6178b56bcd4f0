package model

import (
	"fmt"
	"slices"
)

// Kind says what happened in an input. The first four are also the kinds of calls.
type Kind uint8

// The nine kinds of inputs. The zero Kind is none of them.
const (
	KindGet           Kind = iota + 1 // a Get began (CHA-RC1f)
	KindRelease                       // a Release began (CHA-RC1g)
	KindDispose                       // a Dispose began (CHA-RD1)
	KindReleaseIf                     // a release of an incarnation, if it is in use, began (R24)
	KindGiveUp                        // a caller stopped waiting (R16)
	KindOpened                        // the backend ended an opening well (R17, R18)
	KindOpenFailed                    // the backend ended an opening with an error (R19, R20)
	KindReleased                      // the backend ended a release well (R21)
	KindReleaseFailed                 // the backend ended a release with an error (R21)
)

// String returns the kind as it stands in a script.
func (k Kind) String() string {
	return word(int(k), "", "get", "release", "dispose", "releaseIf", "giveUp", "opened", "openFailed", "released", "releaseFailed",
		"acquire", "close")
}

// Input is one thing that happens to the machine. It is comparable. Its fields beyond those that
// its kind needs are empty; [State.Step] doesn't look at them.
type Input struct {
	Kind Kind
	// Call is the number of the call that begins or is given up.
	Call int
	// Name is what a Get or Release is for.
	Name string
	// Options are those of a Get.
	Options string
	// Incarnation is the one whose opening or release ended, or that a ReleaseIf is for.
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

// Opened returns the input: the opening of the incarnation ended well (R17, R18).
func Opened(incarnation int) Input { return Input{Kind: KindOpened, Incarnation: incarnation} }

// OpenFailed returns the input: the opening of the incarnation ended with an error (R19, R20).
func OpenFailed(incarnation int) Input { return Input{Kind: KindOpenFailed, Incarnation: incarnation} }

// Released returns the input: the release of the incarnation ended well (R21).
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

// OutputKind says what a step puts out.
type OutputKind uint8

// The four kinds of outputs. The zero OutputKind is none of them.
const (
	OutputSettle  OutputKind = iota + 1 // a call is settled
	OutputOpen                          // the backend is to open an incarnation
	OutputRelease                       // the backend is to release an incarnation
	OutputAbandon                       // an opening is no longer wanted; it still ends
)

// String returns the word of docs/rooms.md.
func (k OutputKind) String() string { return word(int(k), "", "settle", "open", "release", "abandon") }

// Output is one thing that a step puts out: a call is settled, or the backend is notified about
// an incarnation.
type Output struct {
	Kind OutputKind
	// Call and Outcome belong to OutputSettle.
	Call    int
	Outcome Outcome
	// Incarnation belongs to the other kinds.
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

// The ways in which a call ends, and OutcomePending, the zero OutcomeKind, for one that has not.
const (
	OutcomePending          OutcomeKind = iota // not settled yet
	OutcomeRoom                                // a Get has its room (R3, R17)
	OutcomeDone                                // a Release or Dispose ended well (R7, R15, R21)
	OutcomeDifferentOptions                    // RoomExistsWithDifferentOptions, 102107 (R2)
	OutcomeReleasedBefore                      // RoomReleasedBeforeOperationCompleted, 102106
	OutcomeDisposed                            // ResourceDisposed, 40014 (R1)
	OutcomeOpenFailed                          // the backend's error of an opening (R19)
	OutcomeReleaseFailed                       // the backend's error of a release (R21)
	// a Dispose during which releases ended with errors (R15)
	OutcomeFailed
	OutcomeGaveUp // the caller stopped waiting (R16)
)

// String returns the word of docs/rooms.md.
func (k OutcomeKind) String() string {
	return word(int(k), "pending", "room", "done", "differentOptions", "releasedBefore", "disposed", "openFailed", "releaseFailed",
		"failed", "gaveUp")
}

// Outcome is what a call is settled with. The zero Outcome stands for a call that is pending.
type Outcome struct {
	Kind OutcomeKind
	// Incarnation belongs to OutcomeRoom, OutcomeOpenFailed and OutcomeReleaseFailed.
	Incarnation int
	// Failed belongs to OutcomeFailed: a set, ascending.
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
