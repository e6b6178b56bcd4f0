package model

import (
	"slices"
	"testing"
)

// A fault is a step function with a planted fault: it takes the right step and then edits the
// state. A test checks that it breaks the listed properties and no others, and by the listed
// script, the shortest one. Each property is broken by a fault: one that can't fail would show
// nothing.
type fault struct {
	name   string
	breaks []string // the broken properties of those that callers may rely on
	also   []string // the broken properties of causes and effects
	bounds Bounds
	script string // the first of the shortest scripts that break a property
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
		// An incarnation that is opened beside its predecessor doesn't wait for it, and two are
		// open: one fault breaks both properties.
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

// causeFaults break properties of causes and effects, and none of those that callers may rely on.
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
		name:   "the gets of an opening that fails are told that the room was released (R19)",
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
		name:   "the callers of a release that fails are told that all went well (R21)",
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
		name:   "a dispose is told that all went well although releases failed since it began (R15)",
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
		name:   "what is opened after its release began is forgotten without being released (R18)",
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
		name:   "what is released while it opens is closed before it is open (R11)",
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
		name:   "what is open is still being opened (R17)",
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
		name:   "what the backend could not release, and nobody waits for, is kept (R21)",
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
		name:   "a get is refused for options that are the same (R4)",
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
		name:   "a get creates another name's incarnation beside its own (R5)",
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
		name:   "a caller that gives up takes with it what nobody else waits for (R16)",
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
		name:   "a caller that gives up takes the others with it (R16)",
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
		name:   "a get that has its room is told of another that it waited for (R17)",
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
		name:   "an incarnation that is released has other options from then on (R10)",
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
		name:   "a room that is ready leaves use with an opening that fails (R19)",
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
		name:   "a ReleaseIf releases what has its name later (R24)",
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
		name:   "a ReleaseIf of one that is in use does nothing (R24)",
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
// broken properties and the shortest script to one.
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

// reliedOn returns the properties that callers may rely on, and causes those of causes and effects.
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
					t.Errorf("breaks %v, want %v", broken, f.breaks)
				}
				also, shortestCause := hunt(t, f, causes())
				if !slices.Equal(also, f.also) {
					t.Errorf("breaks the causes %v, want %v", also, f.also)
				}
				if broken == nil {
					shortest = shortestCause
				}
				if shortest != f.script {
					t.Errorf("first by\n %s\nwant\n %s", shortest, f.script)
				}
				for _, group := range [][]string{broken, also} {
					if len(group) == 1 {
						exactly[group[0]] = true
					}
				}
			})
		}
	}
	run(safetyFaults, reliedOn()) // not liveness: most of these faults break it too
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
			t.Errorf("a fault breaks %s, and nothing else of its part: %t", p.Name, exactly[p.Name])
		}
	}
}

// Without its edit, no fault breaks a property.
func TestNoFaultNoFinding(t *testing.T) {
	t.Parallel()
	all := append(Properties(), liveness()...)
	for _, f := range slices.Concat(safetyFaults, causeFaults, conditionalFaults, livenessFaults) {
		f.edit = func(State, Input, *State) {}
		if broken, script := hunt(t, f, all); broken != nil {
			t.Errorf("%v fail by %s", broken, script)
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
		t.Errorf("a history that is gone: %v fail, want %v", names, want)
	}
	names, _ = failing(Properties(), State{}, senseless)
	if want := []string{"SameRoom", "OptionsAgree", "RoomIsReady", "WaitsOnlyWhile", "SixPairs", "OutcomesNameTheirCause", "CreatedIff"}; !slices.Equal(names, want) {
		t.Errorf("%v fail, want %v", names, want)
	}
}

// SameRoom doesn't fail if a release or a disposal is between two gets with different rooms. No
// step leads to such rooms after a disposal, but the property allows them.
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
		// no effect
		{Call{Kind: KindReleaseIf, Name: "a", Of: 1, Outcome: Outcome{Kind: OutcomeDone}}, true},
		{get("b", 3), true},
	} {
		s := State{
			Calls:        []Call{get("a", 1), c.between, get("a", 2)},
			Incarnations: []Incarnation{{Name: "a", Life: LifeReleased}, {Name: "a", Life: LifeReady}, {Name: "b", Life: LifeReady}},
		}
		if err := sameRoom(s); (err != nil) != c.fails {
			t.Errorf("in %v: %v", s, err)
		}
	}
}
