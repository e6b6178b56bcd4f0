package model

import (
	"slices"
	"testing"
)

// A fault is a step function with a planted fault: it takes the correct step and then edits the
// state. A test checks that the shortest script that breaks a property is the listed one, and that
// the fault breaks exactly the listed properties. Each property is broken by at least one fault.
// Otherwise it could be vacuous.
type fault struct {
	name   string
	breaks []string // the broken properties among those that callers may rely on
	also   []string // the broken properties among those of causes and effects
	bounds Bounds
	script string // the shortest script that breaks a property; of several, the first
	edit   func(before State, in Input, after *State)
}

func (f fault) step(s State, in Input) (State, []Output, error) {
	next, outputs, err := s.Step(in)
	if err == nil {
		f.edit(s, in, &next)
	}
	return next, outputs, err
}

// These helpers return the last call and the last incarnation: most faults are about them.

func (s *State) lastCall() *Call { return &s.Calls[len(s.Calls)-1] }

func (c Call) pendingRelease() bool { return c.Kind == KindRelease && c.Pending() }

func (s *State) lastIncarnation() *Incarnation { return &s.Incarnations[len(s.Incarnations)-1] }

// unsettle makes those calls pending that the step settled with the outcome.
func unsettle(before State, after *State, kind Kind, outcome OutcomeKind) {
	for i := range before.Calls {
		if c := &after.Calls[i]; c.Kind == kind && c.Outcome.Kind == outcome && before.Calls[i].Pending() {
			c.Outcome = Outcome{}
		}
	}
}

var safetyFaults = []fault{
	{
		// A get doesn't join the incarnation that waits for its predecessor, but creates another.
		name:   "a get does not join one that waits (R4)",
		breaks: []string{"OneInUse"},
		also:   []string{"CreatedIff"},
		bounds: bounds(4, 1, 1),
		script: "get(1, a, x); release(2, a); get(3, a, x); get(4, a, x)",
		edit: func(before State, in Input, after *State) {
			if met := before.InUse("a"); in.Kind == KindGet && met != 0 && before.Incarnations[met-1].waiting() {
				after.Incarnations = append(after.Incarnations, after.Incarnations[met-1])
				after.lastCall().WaitsFor = len(after.Incarnations)
			}
		},
	},
	{
		// A release of an incarnation that waits for its predecessor makes it releasing, not
		// released.
		name:   "one that waits is marked as releasing when it is released (R9)",
		breaks: []string{"OneReleasing"},
		also:   []string{"GoneIff", "SixPairs"},
		bounds: bounds(4, 1, 1),
		script: "get(1, a, x); release(2, a); get(3, a, x); release(4, a)",
		edit: func(before State, _ Input, after *State) {
			for i, inc := range before.Incarnations {
				if inc.waiting() && after.Incarnations[i].Life == LifeReleased {
					after.Incarnations[i].Life = LifeReleasing
				}
			}
		},
	},
	{
		// A release during an opening makes the incarnation released at once, although it still
		// opens.
		name:   "an opening is forgotten when it is released (R11)",
		breaks: []string{"OneOpen"},
		also:   []string{"GoneIff", "OutcomesNameTheirCause", "SixPairs"},
		bounds: bounds(3, 1, 1),
		script: "get(1, a, x); release(2, a); get(3, a, x)",
		edit: func(before State, in Input, after *State) {
			if i := before.InUse("a"); in.Kind == KindRelease && i != 0 && before.Incarnations[i-1].Work == WorkOpening {
				after.Incarnations[i-1].Life = LifeReleased
				*after.lastCall() = Call{Kind: KindRelease, Name: "a", Outcome: Outcome{Kind: OutcomeDone}}
			}
			if i := in.Incarnation; i != 0 && before.Incarnations[i-1].Life == LifeReleased {
				after.Incarnations[i-1] = Incarnation{Name: "a", Options: "x", Life: LifeReleased}
			}
		},
	},
	{
		// When a release has ended, the opening of the successor doesn't begin.
		name:   "the successor does not get its opening (R22)",
		breaks: []string{"WaitsForPredecessor"},
		bounds: bounds(3, 1, 1),
		script: "get(1, a, x); release(2, a); get(3, a, x); openFailed(1)",
		edit: func(before State, _ Input, after *State) {
			for i, inc := range before.Incarnations {
				if inc.waiting() && after.Incarnations[i].Work == WorkOpening {
					after.Incarnations[i].Work = WorkNone
				}
			}
		},
	},
	{
		// When a release has ended with an error, the opening of the successor doesn't begin.
		name:   "the successor does not get its opening if the release ended with an error (R22)",
		breaks: []string{"WaitsForPredecessor"},
		bounds: bounds(3, 1, 1),
		script: "get(1, a, x); release(2, a); get(3, a, x); opened(1); releaseFailed(1)",
		edit: func(before State, in Input, after *State) {
			for i, inc := range before.Incarnations {
				if in.Kind == KindReleaseFailed && inc.waiting() {
					after.Incarnations[i].Work = WorkNone
				}
			}
		},
	},
	{
		// A get opens a room although a release of its name is in progress. The incarnation doesn't
		// wait for its predecessor, and two incarnations are open: the fault breaks both
		// properties.
		name:   "a get opens at once what should wait (R6)",
		breaks: []string{"OneOpen", "WaitsForPredecessor"},
		also:   []string{"SixPairs"},
		bounds: bounds(3, 1, 1),
		script: "get(1, a, x); release(2, a); get(3, a, x)",
		edit: func(before State, in Input, after *State) {
			if in.Kind == KindGet && len(after.Incarnations) > len(before.Incarnations) {
				after.lastIncarnation().Work = WorkOpening
			}
		},
	},
	{
		// A get whose room is ready creates another room.
		name:   "a get of a room that is ready gives a new one (R3)",
		breaks: []string{"SameRoom"},
		also:   []string{"CreatedIff", "GoneIff", "OpenedIsReleased", "OutOfUseIff", "OutcomesNameTheirCause"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); opened(1); get(2, a, x)",
		edit: func(before State, in Input, after *State) {
			if met := before.InUse("a"); in.Kind == KindGet && met != 0 && before.Incarnations[met-1].Life == LifeReady {
				after.Incarnations = append(after.Incarnations, after.Incarnations[met-1])
				after.Incarnations[met-1].Life = LifeReleased
				after.lastCall().Outcome = Outcome{Kind: OutcomeRoom, Incarnation: len(after.Incarnations)}
			}
		},
	},
	{
		// A get with other options returns the ready room.
		name:   "other options get the room that is ready (R2)",
		breaks: []string{"OptionsAgree"},
		also:   []string{"OutcomesNameTheirCause"},
		bounds: bounds(2, 1, 2),
		script: "get(1, a, x); opened(1); get(2, a, y)",
		edit: func(before State, in Input, after *State) {
			if met := before.InUse("a"); after.lastCall().Outcome.Kind == OutcomeDifferentOptions && in.Kind == KindGet &&
				before.Incarnations[met-1].Life == LifeReady {
				after.lastCall().Outcome = Outcome{Kind: OutcomeRoom, Incarnation: met}
			}
		},
	},
	{
		// A get with other options waits for the incarnation that is initializing.
		name:   "other options wait for one that is initializing (R2)",
		breaks: []string{"OptionsAgree"},
		also:   []string{"OutcomesNameTheirCause", "WaitsOnlyWhile"},
		bounds: bounds(2, 1, 2),
		script: "get(1, a, x); get(2, a, y)",
		edit: func(before State, in Input, after *State) {
			if met := before.InUse("a"); after.lastCall().Outcome.Kind == OutcomeDifferentOptions && in.Kind == KindGet &&
				before.Incarnations[met-1].Life == LifeInitializing {
				after.lastCall().Outcome, after.lastCall().WaitsFor = Outcome{}, met
			}
		},
	},
	{
		// A get with other options replaces the ready incarnation by another.
		name:   "other options put another incarnation in its place (R2)",
		breaks: []string{"OptionsAgree"},
		also:   []string{"CreatedIff", "GoneIff", "OpenedIsReleased", "OutOfUseIff", "OutcomesNameTheirCause"},
		bounds: bounds(2, 1, 2),
		script: "get(1, a, x); opened(1); get(2, a, y)",
		edit: func(before State, in Input, after *State) {
			if met := before.InUse("a"); after.lastCall().Outcome.Kind == OutcomeDifferentOptions && in.Kind == KindGet &&
				before.Incarnations[met-1].Life == LifeReady {
				after.Incarnations[met-1].Life = LifeReleased
				after.Incarnations = append(after.Incarnations, Incarnation{Name: "a", Options: in.Options, Life: LifeInitializing, Work: WorkOpening})
				after.lastCall().Outcome, after.lastCall().WaitsFor = Outcome{}, len(after.Incarnations)
			}
		},
	},
	{
		// A get returns the room of the incarnation before the one that it waited for.
		name:   "a get is given the room before its own (R17)",
		breaks: []string{"OptionsAgree", "RoomIsReady"},
		also:   []string{"ErrorsTold"},
		bounds: bounds(2, 1, 2),
		script: "get(1, a, x); openFailed(1); get(2, a, x); opened(2)",
		edit: func(before State, in Input, after *State) {
			if c := after.lastCall(); in == Opened(2) && c.Outcome.Kind == OutcomeRoom {
				c.Outcome.Incarnation = 1
			}
		},
	},
	{
		name:   "a get is given the room of another name (R17)",
		breaks: []string{"OptionsAgree", "RoomIsReady"},
		also:   []string{"ErrorsTold"},
		bounds: bounds(2, 2, 1),
		script: "get(1, a, x); get(2, b, x); opened(2)",
		edit: func(before State, in Input, after *State) {
			if c := after.lastCall(); in == Opened(2) && c.Outcome.Kind == OutcomeRoom && before.Incarnations[0].Name != c.Name {
				c.Outcome.Incarnation = 1
			}
		},
	},
	{
		// A get with other options returns another room at once, if the first get has given up.
		name:   "other options get another room at once, where nobody has the first (R2)",
		breaks: []string{"OptionsAgree"},
		also:   []string{"CreatedIff", "GoneIff", "OpenedIsReleased", "OutOfUseIff", "OutcomesNameTheirCause"},
		bounds: bounds(2, 1, 2),
		script: "get(1, a, x); giveUp(1); get(2, a, y)",
		edit: func(before State, in Input, after *State) {
			if c := after.lastCall(); in.Kind == KindGet && c.Outcome.Kind == OutcomeDifferentOptions &&
				before.Calls[0].Outcome.Kind == OutcomeGaveUp {
				after.Incarnations[0].Life, after.Incarnations[0].Work = LifeReleased, WorkNone
				after.Incarnations = append(after.Incarnations, Incarnation{Name: "a", Options: in.Options, Life: LifeReady, Work: WorkNone})
				c.Outcome = Outcome{Kind: OutcomeRoom, Incarnation: 2}
			}
		},
	},
	{
		// A release during an opening doesn't settle the gets that wait for the opening.
		name:   "a release leaves the gets of an opening pending (R11)",
		breaks: []string{"ReleaseRejects"},
		also:   []string{"WaitsOnlyWhile"},
		bounds: bounds(3, 1, 1),
		script: "get(1, a, x); release(2, a)",
		edit: func(before State, in Input, after *State) {
			if i := before.InUse("a"); in.Kind == KindRelease && i != 0 && before.Incarnations[i-1].Work == WorkOpening {
				unsettle(before, after, KindGet, OutcomeReleasedBefore)
			}
		},
	},
	{
		// A release of an incarnation that waits for its predecessor doesn't settle the gets that
		// wait for it.
		name:   "a release leaves the gets of one that waits pending (R9)",
		breaks: []string{"ReleaseRejects"},
		also:   []string{"WaitsOnlyWhile"},
		bounds: bounds(4, 1, 1),
		script: "get(1, a, x); release(2, a); get(3, a, x); release(4, a)",
		edit: func(before State, in Input, after *State) {
			if i := before.InUse("a"); in.Kind == KindRelease && i != 0 && before.Incarnations[i-1].waiting() {
				unsettle(before, after, KindGet, OutcomeReleasedBefore)
			}
		},
	},
	{
		// Disposal doesn't settle pending gets.
		name:   "disposal leaves gets pending (R12)",
		breaks: []string{"ReleaseRejects"},
		also:   []string{"WaitsOnlyWhile"},
		bounds: bounds(3, 1, 1),
		script: "get(1, a, x); dispose(2)",
		edit: func(before State, in Input, after *State) {
			if in.Kind == KindDispose {
				unsettle(before, after, KindGet, OutcomeReleasedBefore)
			}
		},
	},
	{
		// A get during a release of its name returns a room before that release has ended.
		name:   "a get does not wait for the release before it (R6)",
		breaks: []string{"NotBeforePredecessor", "RoomIsReady"},
		also:   []string{"ErrorsTold", "OutcomesNameTheirCause"},
		bounds: bounds(3, 1, 1),
		script: "get(1, a, x); release(2, a); get(3, a, x)",
		edit: func(before State, in Input, after *State) {
			if in.Kind == KindGet && after.InUse("a") != 0 && after.lastIncarnation().waiting() {
				after.lastCall().Outcome = Outcome{Kind: OutcomeRoom, Incarnation: len(after.Incarnations)}
			}
		},
	},
	{
		// If several releases wait for a release that fails, only the first is settled with the
		// error.
		name:   "only the first release hears of the error (R21)",
		breaks: []string{"SharedEnd"},
		also:   []string{"ErrorsTold"},
		bounds: bounds(3, 1, 1),
		script: "get(1, a, x); release(2, a); release(3, a); opened(1); releaseFailed(1)",
		edit: func(_ State, in Input, after *State) {
			heard := false
			for i := range after.Calls {
				if c := &after.Calls[i]; in.Kind == KindReleaseFailed && c.Outcome.Kind == OutcomeReleaseFailed {
					if heard {
						c.Outcome = Outcome{Kind: OutcomeDone}
					}
					heard = true
				}
			}
		},
	},
	{
		// A get that begins after a disposal began opens a room.
		name:   "a get after disposal began opens (R1)",
		breaks: []string{"NothingAfterDispose"},
		also:   []string{"CreatedIff", "OutcomesNameTheirCause"},
		bounds: bounds(2, 1, 1),
		script: "dispose(1); get(2, a, x)",
		edit: func(_ State, in Input, after *State) {
			if in.Kind == KindGet && after.lastCall().Outcome.Kind == OutcomeDisposed {
				after.Incarnations = append(after.Incarnations, Incarnation{Name: "a", Options: "x", Life: LifeInitializing, Work: WorkOpening})
				after.lastCall().Outcome, after.lastCall().WaitsFor = Outcome{}, len(after.Incarnations)
			}
		},
	},
	{
		// Disposal doesn't release the rooms that are ready.
		name:   "disposal leaves alone what is ready (R12)",
		breaks: []string{"NothingAfterDispose"},
		also:   []string{"OutOfUseIff", "WaitsOnlyWhile"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); opened(1); dispose(2)",
		edit: func(before State, in Input, after *State) {
			for i, inc := range before.Incarnations {
				if in.Kind == KindDispose && inc.Life == LifeReady {
					after.Incarnations[i] = inc
				}
			}
		},
	},
	{
		// An incarnation that was released by a disposal is opened again.
		name:   "what disposal released is opened again (R21)",
		breaks: []string{"NothingAfterDispose"},
		also:   []string{"SixPairs"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); dispose(2); opened(1); released(1)",
		edit: func(before State, in Input, after *State) {
			if in.Kind == KindReleased && before.Disposing() {
				after.Incarnations[in.Incarnation-1].Work = WorkOpening
			}
		},
	},
	{
		name:   "a dispose does not wait for releases that began before it (R13)",
		breaks: []string{"DisposeWaits"},
		also:   []string{"DisposalTold"},
		bounds: bounds(3, 1, 1),
		script: "get(1, a, x); release(2, a); dispose(3)",
		edit: func(before State, in Input, after *State) {
			if in.Kind == KindDispose && before.releasing() {
				after.lastCall().Outcome = Outcome{Kind: OutcomeDone}
			}
		},
	},
	{
		// A dispose is settled when the first release ends, not the last.
		name:   "a dispose is settled by the first of the releases that end (R23)",
		breaks: []string{"DisposeWaits"},
		also:   []string{"DisposalTold"},
		bounds: bounds(3, 2, 1),
		script: "get(1, a, x); get(2, b, x); dispose(3); openFailed(1)",
		edit: func(_ State, in Input, after *State) {
			if c := after.lastCall(); in.Incarnation != 0 && c.Kind == KindDispose && c.Pending() &&
				after.Incarnations[in.Incarnation-1].Life == LifeReleased {
				c.Outcome = Outcome{Kind: OutcomeDone}
			}
		},
	},
	{
		// A failed opening settles its gets with the room.
		name:   "an opening that failed gives its gets the room (R19)",
		breaks: []string{"RoomIsReady"},
		also:   []string{"ErrorsTold"},
		bounds: bounds(1, 1, 1),
		script: "get(1, a, x); openFailed(1)",
		edit: func(_ State, in Input, after *State) {
			if c := after.lastCall(); in.Kind == KindOpenFailed && c.Outcome.Kind == OutcomeOpenFailed {
				c.Outcome.Kind = OutcomeRoom
			}
		},
	},
	{
		// The end of an opening also settles the calls that gave up.
		name:   "an end settles also those who gave up (R16)",
		breaks: []string{"ReleasedIsFinal"},
		also:   []string{"ErrorsTold"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); giveUp(1); openFailed(1)",
		edit: func(_ State, in Input, after *State) {
			for i := range after.Calls {
				if c := &after.Calls[i]; in.Kind == KindOpenFailed && c.Outcome.Kind == OutcomeGaveUp && c.WaitsFor == in.Incarnation {
					c.Outcome = Outcome{Kind: OutcomeOpenFailed, Incarnation: in.Incarnation}
				}
			}
		},
	},
	{
		// A get uses a released incarnation again.
		name:   "a get brings back what is released (R5)",
		breaks: []string{"ReleasedIsFinal"},
		also:   []string{"CreatedIff", "OutOfUseIff"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); openFailed(1); get(2, a, x)",
		edit: func(before State, in Input, after *State) {
			if last := len(before.Incarnations); in.Kind == KindGet && last > 0 && len(after.Incarnations) > last {
				after.Incarnations = after.Incarnations[:last]
				after.lastIncarnation().Life, after.lastIncarnation().Work = LifeInitializing, WorkOpening
				after.lastCall().WaitsFor = last
			}
		},
	},
}

// causeFaults break properties of causes and effects, and no property that callers may rely on.
var causeFaults = []fault{
	{
		name:   "a release of a room that is ready is settled at once (R10)",
		also:   []string{"ErrorsTold", "OutcomesNameTheirCause", "ReleaseWaits"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); opened(1); release(2, a)",
		edit: func(before State, in Input, after *State) {
			if i := before.InUse("a"); in.Kind == KindRelease && i != 0 && before.Incarnations[i-1].Life == LifeReady {
				after.lastCall().Outcome = Outcome{Kind: OutcomeDone}
			}
		},
	},
	{
		name:   "a failed opening settles its gets with releasedBefore (R19)",
		also:   []string{"RejectedOnlyIf"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); openFailed(1)",
		edit: func(_ State, in Input, after *State) {
			for i := range after.Calls {
				if c := &after.Calls[i]; in.Kind == KindOpenFailed && c.Outcome.Kind == OutcomeOpenFailed {
					c.Outcome = Outcome{Kind: OutcomeReleasedBefore}
				}
			}
		},
	},
	{
		name:   "a failed release settles its calls with done (R21)",
		also:   []string{"ErrorsTold"},
		bounds: bounds(3, 1, 1),
		script: "get(1, a, x); release(2, a); opened(1); releaseFailed(1)",
		edit: func(_ State, in Input, after *State) {
			for i := range after.Calls {
				if c := &after.Calls[i]; in.Kind == KindReleaseFailed && c.Outcome.Kind == OutcomeReleaseFailed {
					c.Outcome = Outcome{Kind: OutcomeDone}
				}
			}
		},
	},
	{
		name:   "a dispose is settled with done although releases failed since it began (R15)",
		also:   []string{"DisposalTold"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); dispose(2); opened(1); releaseFailed(1)",
		edit: func(_ State, _ Input, after *State) {
			for i := range after.Calls {
				if c := &after.Calls[i]; c.Outcome.Kind == OutcomeFailed {
					c.Outcome = Outcome{Kind: OutcomeDone}
				}
			}
		},
	},
	{
		name:   "the failures of releases are not counted for disposal (R15)",
		also:   []string{"FailuresCounted"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); dispose(2); opened(1); releaseFailed(1)",
		edit: func(_ State, _ Input, after *State) {
			after.Failed = nil
			for i := range after.Calls {
				if c := &after.Calls[i]; c.Outcome.Kind == OutcomeFailed {
					c.Outcome = Outcome{Kind: OutcomeDone}
				}
			}
		},
	},
	{
		name:   "an incarnation that was released while it opened is not closed when it is open (R18)",
		also:   []string{"ErrorsTold", "GoneIff", "OpenedIsReleased"},
		bounds: bounds(3, 1, 1),
		script: "get(1, a, x); release(2, a); opened(1)",
		edit: func(before State, in Input, after *State) {
			if in.Kind == KindOpened && before.Incarnations[in.Incarnation-1].beingReleased() {
				*after, _, _ = before.Step(OpenFailed(in.Incarnation))
				after.Incarnations[in.Incarnation-1].Ended = KindOpened
			}
		},
	},
	{
		name:   "an incarnation that is released while it opens is closed before it is open (R11)",
		also:   []string{"OpenedIsReleased"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); release(2, a)",
		edit: func(before State, in Input, after *State) {
			if i := before.InUse("a"); in.Kind == KindRelease && i != 0 && before.Incarnations[i-1].Work == WorkOpening {
				after.Incarnations[i-1].Work = WorkClosing
			}
		},
	},
	{
		name:   "a ready incarnation still has the work opening (R17)",
		also:   []string{"SixPairs"},
		bounds: bounds(1, 1, 1),
		script: "get(1, a, x); opened(1)",
		edit: func(_ State, in Input, after *State) {
			if in.Kind == KindOpened && after.Incarnations[in.Incarnation-1].Life == LifeReady {
				after.Incarnations[in.Incarnation-1].Work = WorkOpening
			}
		},
	},
	{
		name:   "after a failed release that no call waits for, the incarnation is not released (R21)",
		also:   []string{"GoneIff"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); release(2, a); giveUp(2); opened(1); releaseFailed(1)",
		edit: func(before State, in Input, after *State) {
			if in.Kind == KindReleaseFailed && !before.Disposing() && !slices.ContainsFunc(before.Calls, Call.pendingRelease) {
				after.Incarnations[in.Incarnation-1].Life, after.Incarnations[in.Incarnation-1].Work = LifeReleasing, WorkOpening
			}
		},
	},
	{
		name:   "a get with the same options is refused for different options (R4)",
		also:   []string{"OutcomesNameTheirCause"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); get(2, a, x)",
		edit: func(before State, in Input, after *State) {
			if in.Kind == KindGet && before.InUse(in.Name) != 0 {
				after.lastCall().Outcome, after.lastCall().WaitsFor = Outcome{Kind: OutcomeDifferentOptions}, 0
			}
		},
	},
	{
		name:   "a get also creates an incarnation of another name (R5)",
		also:   []string{"CreatedIff"},
		bounds: bounds(1, 2, 1),
		script: "get(1, a, x)",
		edit: func(before State, in Input, after *State) {
			if in == Get(1, "a", "x") {
				after.Incarnations = append(after.Incarnations, Incarnation{Name: "b", Options: "x", Life: LifeInitializing, Work: WorkOpening})
			}
		},
	},
	{
		name:   "a get that gives up releases the incarnation that no other call waits for (R16)",
		also:   []string{"GivesUpAlone", "OutOfUseIff"},
		bounds: bounds(1, 1, 1),
		script: "get(1, a, x); giveUp(1)",
		edit: func(before State, in Input, after *State) {
			if in.Kind == KindGiveUp && before.Calls[in.Call-1].Kind == KindGet {
				after.Incarnations[before.Calls[in.Call-1].WaitsFor-1].Life = LifeReleasing
			}
		},
	},
	{
		name:   "when one call gives up, all pending calls give up (R16)",
		also:   []string{"GivesUpAlone"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); get(2, a, x); giveUp(1)",
		edit: func(before State, in Input, after *State) {
			for i := range after.Calls {
				if c := &after.Calls[i]; in.Kind == KindGiveUp && c.Pending() {
					c.Outcome = Outcome{Kind: OutcomeGaveUp}
				}
			}
		},
	},
	{
		name:   "a settled get's record says that it waited for another incarnation (R17)",
		also:   []string{"ErrorsTold", "HistoryKept"},
		bounds: bounds(2, 2, 1),
		script: "get(1, a, x); get(2, b, x); opened(1)",
		edit: func(before State, in Input, after *State) {
			if in == Opened(1) && len(after.Incarnations) == 2 {
				after.Calls[0].WaitsFor = 2
			}
		},
	},
	{
		name:   "a release changes the options of the incarnation (R10)",
		also:   []string{"HistoryKept"},
		bounds: bounds(2, 1, 2),
		script: "get(1, a, x); release(2, a)",
		edit: func(before State, in Input, after *State) {
			if i := before.InUse("a"); in.Kind == KindRelease && i != 0 && before.Calls[0].Pending() {
				after.Incarnations[i-1].Options = "y"
			}
		},
	},
	{
		name:   "a failed opening also releases ready rooms (R19)",
		also:   []string{"OutOfUseIff"},
		bounds: bounds(2, 2, 1),
		script: "get(1, a, x); get(2, b, x); opened(1); openFailed(2)",
		edit: func(before State, in Input, after *State) {
			for i, inc := range before.Incarnations {
				if in.Kind == KindOpenFailed && inc.Life == LifeReady {
					after.Incarnations[i].Life, after.Incarnations[i].Work = LifeReleasing, WorkClosing
				}
			}
		},
	},
}

// conditionalFaults are faults of ReleaseIf.
var conditionalFaults = []fault{
	{
		name:   "a ReleaseIf releases a later incarnation of the name (R24)",
		breaks: []string{"SameRoom"},
		also:   []string{"OutOfUseIff"},
		bounds: conditional(4, 1, 1),
		script: "get(1, a, x); openFailed(1); get(2, a, x); opened(2); releaseIf(3, 1); get(4, a, x); released(2); opened(3)",
		edit: func(before State, in Input, after *State) {
			if met := before.InUse("a"); in.Kind == KindReleaseIf && met != 0 && met != in.Incarnation && before.Incarnations[met-1].Life == LifeReady {
				after.Incarnations[met-1].Life, after.Incarnations[met-1].Work = LifeReleasing, WorkClosing
			}
		},
	},
	{
		name:   "a ReleaseIf of an incarnation in use does nothing (R24)",
		also:   []string{"OutOfUseIff", "OutcomesNameTheirCause"},
		bounds: conditional(2, 1, 1),
		script: "get(1, a, x); opened(1); releaseIf(2, 1)",
		edit: func(before State, in Input, after *State) {
			if in.Kind == KindReleaseIf && before.InUse("a") == in.Incarnation && before.Incarnations[in.Incarnation-1].Life == LifeReady {
				after.Incarnations[in.Incarnation-1].Life, after.Incarnations[in.Incarnation-1].Work = LifeReady, WorkNone
				*after.lastCall() = Call{Kind: KindReleaseIf, Name: "a", Of: in.Incarnation, Outcome: Outcome{Kind: OutcomeDone}}
			}
		},
	},
}

var livenessFaults = []fault{
	{
		// The end of an opening settles only the first get that waits for it.
		name:   "a room wakes only the first get that waits (R17)",
		breaks: []string{"CallsSettle"},
		also:   []string{"WaitsOnlyWhile"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); get(2, a, x); opened(1)",
		edit: func(before State, in Input, after *State) {
			if in.Kind == KindOpened && len(before.Calls) == 2 && before.Calls[0].Pending() && before.Calls[1].Kind == KindGet {
				after.Calls[1].Outcome = before.Calls[1].Outcome
			}
		},
	},
	{
		// The end of the last release doesn't settle the disposes that wait for it.
		name:   "nobody tells the disposes that wait (R23)",
		breaks: []string{"CallsSettle"},
		also:   []string{"WaitsOnlyWhile"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); dispose(2); openFailed(1)",
		edit: func(before State, in Input, after *State) {
			if in.Incarnation != 0 {
				unsettle(before, after, KindDispose, OutcomeDone)
				unsettle(before, after, KindDispose, OutcomeFailed)
			}
		},
	},
	{
		// If an incarnation was released while it opened and no call is pending, it isn't released
		// when it is open.
		name:   "an abandoned opening that nobody waits for is not released (R18)",
		breaks: []string{"NoWedge"},
		also:   []string{"OpenedIsReleased", "SixPairs"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); release(2, a); giveUp(2); opened(1)",
		edit: func(before State, in Input, after *State) {
			if in.Kind == KindOpened && before.BeingReleased("a") == in.Incarnation && !slices.ContainsFunc(before.Calls, Call.Pending) {
				after.Incarnations[in.Incarnation-1].Work = WorkNone
			}
		},
	},
	{
		// If an incarnation was released while it opened, it isn't released when it is open.
		name:   "an abandoned opening is not released (R18)",
		breaks: []string{"CallsSettle", "NoWedge"},
		also:   []string{"OpenedIsReleased", "SixPairs"},
		bounds: bounds(2, 1, 1),
		script: "get(1, a, x); release(2, a); opened(1)",
		edit: func(before State, in Input, after *State) {
			if in.Kind == KindOpened && before.BeingReleased("a") == in.Incarnation {
				after.Incarnations[in.Incarnation-1].Work = WorkNone
			}
		},
	},
}

// hunt walks the graph of the fault, but not beyond a state that breaks a property. It returns all
// broken properties and the shortest script that breaks one.
func hunt(t *testing.T, f fault, properties []Property) (broken []string, shortest string) {
	walk(t, f.bounds, f.step, func(e edge, script func() string) bool {
		names, _ := failing(properties, e.before, e.after)
		if names != nil && broken == nil {
			shortest = script()
		}
		broken = append(broken, names...)
		return names == nil
	})
	slices.Sort(broken)
	return slices.Compact(broken), shortest
}

// reliedOn returns the properties that callers may rely on. causes returns the properties of causes
// and effects.
func reliedOn() []Property { return Properties()[:firstCause()] }

func causes() []Property { return Properties()[firstCause():] }

func firstCause() int {
	return slices.IndexFunc(Properties(), func(p Property) bool { return p.Name == "ReleaseWaits" })
}

func TestEveryPropertyCanFail(t *testing.T) {
	t.Parallel()
	exactly := map[string]bool{}
	run := func(faults []fault, properties []Property) {
		for _, f := range faults {
			t.Run(f.name, func(t *testing.T) {
				broken, shortest := hunt(t, f, properties)
				if !slices.Equal(broken, f.breaks) {
					t.Errorf("the fault breaks %v, want %v", broken, f.breaks)
				}
				also, shortestCause := hunt(t, f, causes())
				if !slices.Equal(also, f.also) {
					t.Errorf("the fault breaks the properties of causes and effects %v, want %v", also, f.also)
				}
				if broken == nil {
					shortest = shortestCause
				}
				if shortest != f.script {
					t.Errorf("the shortest script is\n %s\nwant\n %s", shortest, f.script)
				}
				for _, group := range [][]string{broken, also} {
					if len(group) == 1 {
						exactly[group[0]] = true
					}
				}
			})
		}
	}
	run(safetyFaults, reliedOn()) // liveness is left out: most of these faults break it too
	run(causeFaults, reliedOn())
	run(conditionalFaults, reliedOn())
	run(livenessFaults, append(reliedOn(), liveness()...))
	// No fault breaks one of these alone. If a room is ready and its name has an incarnation in use
	// that waited for its predecessor, all incarnations before the room are released: RoomIsReady,
	// OneInUse and WaitsForPredecessor together imply NotBeforePredecessor. And by
	// OutcomesNameTheirCause and ErrorsTold, a release is settled only when everything that it
	// waits for is released.
	implied := []string{"NotBeforePredecessor", "ReleaseWaits"}
	for _, p := range append(Properties(), liveness()...) {
		if exactly[p.Name] == slices.Contains(implied, p.Name) {
			t.Errorf("some fault breaks %s alone: %t, want %t", p.Name, exactly[p.Name], !exactly[p.Name])
		}
	}
}

// A fault without its edit breaks no property.
func TestNoFaultNoFinding(t *testing.T) {
	t.Parallel()
	all := append(Properties(), liveness()...)
	for _, f := range slices.Concat(safetyFaults, causeFaults, conditionalFaults, livenessFaults) {
		f.edit = func(State, Input, *State) {}
		if broken, script := hunt(t, f, all); broken != nil {
			t.Errorf("without a fault, the script %s breaks %v", script, broken)
		}
	}
}

// Properties check any state without a panic, even one that makes no sense.
func TestPropertiesJudgeAnyState(t *testing.T) {
	senseless := State{
		Calls: []Call{
			{Kind: KindGet, Name: "a", Options: "x", WaitsFor: 9, Outcome: Outcome{Kind: OutcomeRoom, Incarnation: 9}},
			{Kind: KindGet, Name: "a", Outcome: Outcome{Kind: OutcomeRoom, Incarnation: -1}},
			{Kind: 77, WaitsFor: -3, Outcome: Outcome{Kind: 77}},
			{},
		},
		Incarnations: []Incarnation{{Life: 77, Work: 77}, {Life: LifeReleased}},
	}
	names, _ := failing(Properties(), senseless, State{})
	if want := []string{"ReleasedIsFinal", "CreatedIff", "HistoryKept"}; !slices.Equal(names, want) {
		t.Errorf("in the step from a senseless state to the empty one, %v fail, want %v", names, want)
	}
	names, _ = failing(Properties(), State{}, senseless)
	if want := []string{"SameRoom", "OptionsAgree", "RoomIsReady", "WaitsOnlyWhile", "SixPairs", "OutcomesNameTheirCause", "CreatedIff"}; !slices.Equal(names, want) {
		t.Errorf("in the step from the empty state to a senseless one, %v fail, want %v", names, want)
	}
}

// SameRoom doesn't fail if a release or a disposal is between two gets with different rooms. No
// step leads to a second room after a disposal, but the property allows it.
func TestSameRoomEndsWithAReleaseOrADisposal(t *testing.T) {
	get := func(name string, room int) Call {
		return Call{Kind: KindGet, Name: name, Outcome: Outcome{Kind: OutcomeRoom, Incarnation: room}}
	}
	for _, c := range []struct {
		between Call
		fails   bool
	}{
		{Call{Kind: KindDispose}, false},
		{Call{Kind: KindRelease, Name: "a"}, false},
		{Call{Kind: KindRelease, Name: "b"}, true},
		{Call{Kind: KindReleaseIf, Name: "a", Of: 1, WaitsFor: 1}, false},
		// A ReleaseIf that was settled at once released nothing.
		{Call{Kind: KindReleaseIf, Name: "a", Of: 1, Outcome: Outcome{Kind: OutcomeDone}}, true},
		{get("b", 3), true},
	} {
		s := State{
			Calls:        []Call{get("a", 1), c.between, get("a", 2)},
			Incarnations: []Incarnation{{Name: "a", Life: LifeReleased}, {Name: "a", Life: LifeReady}, {Name: "b", Life: LifeReady}},
		}
		if err := sameRoom(s); (err != nil) != c.fails {
			t.Errorf("in the state %v, SameRoom returned %v; want an error: %t", s, err, c.fails)
		}
	}
}
