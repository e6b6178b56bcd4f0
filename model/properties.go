package model

// Property is something that must hold, as docs/rooms.md says under "What must hold". It is stated
// from that text and not from the step function, and judges any State, also one that no sequence of
// steps leads to.
type Property struct {
	// Name is that of docs/rooms.md.
	Name string
	// Says is the sentence, in short.
	Says string
	// Spec are the points of Ably's Chat specification that it comes from, as docs/rooms.md names
	// them.
	Spec []string
	// Rules are those that uphold it, where to look when it fails.
	Rules []Rule
	// Check returns why the property fails in a state, or nil. The field is nil if the property
	// speaks only of steps.
	Check func(State) error
	// CheckStep returns why the property fails in a step that was taken, or nil. The field is nil
	// if the property speaks only of states.
	CheckStep func(before, after State) error
}

// Properties returns the safety properties, in the order of docs/rooms.md. Liveness is no predicate
// over states or steps.
func Properties() []Property {
	return []Property{
		{
			Name:  "OneInUse",
			Says:  "a name has at most one incarnation in use",
			Spec:  []string{"CHA-RC1"},
			Rules: []Rule{R2, R3, R4},
			Check: oneInUse,
		},
		{
			Name:  "OneReleasing",
			Says:  "a name has at most one incarnation being released",
			Spec:  []string{"CHA-RC1"},
			Rules: []Rule{R9},
			Check: oneReleasing,
		},
		{
			Name:  "OneOpen",
			Says:  "a name has at most one incarnation that the backend holds or works on",
			Rules: []Rule{R6, R11, R22},
			Check: oneOpen,
		},
		{
			Name:  "WaitsForPredecessor",
			Says:  "an incarnation waits to be opened if and only if a predecessor is being released",
			Spec:  []string{"CHA-RC1f4"},
			Rules: []Rule{R5, R6, R22},
			Check: waitsForPredecessor,
		},
		{
			Name:  "SameRoom",
			Says:  "two gets of one name with rooms, and no release or disposal between them, have the same room",
			Spec:  []string{"CHA-RC1"},
			Rules: []Rule{R3, R4, R19},
			Check: sameRoom,
		},
		{
			Name:      "OptionsAgree",
			Says:      "a get has only a room with its options, and none if it met other options in use",
			Spec:      []string{"CHA-RC1f1"},
			Rules:     []Rule{R2},
			Check:     roomHasOptions,
			CheckStep: otherOptionsGetNoRoom,
		},
		{
			Name:  "ReleaseRejects",
			Says:  "no get stays pending when a release of its name or a disposal begins after it",
			Spec:  []string{"CHA-RC1g4"},
			Rules: []Rule{R9, R11, R12},
			Check: releaseRejects,
		},
		{
			Name:  "NotBeforePredecessor",
			Says:  "a get has a room only when every earlier incarnation of the name is released",
			Spec:  []string{"CHA-RC1f4"},
			Rules: []Rule{R6, R22},
			Check: notBeforePredecessor,
		},
		{
			Name:  "SharedEnd",
			Says:  "all releases that waited for one incarnation, and were not given up, have the same outcome",
			Spec:  []string{"CHA-RC1g3"},
			Rules: []Rule{R8, R9, R21},
			Check: sharedEnd,
		},
		{
			Name:      "NothingAfterDispose",
			Says:      "after disposal began nothing is initializing or ready, and nothing is opened",
			Spec:      []string{"CHA-RD1a"},
			Rules:     []Rule{R1, R12, R18},
			Check:     nothingInUseAfterDispose,
			CheckStep: nothingOpenedAfterDispose,
		},
		{
			Name:  "DisposeWaits",
			Says:  "a dispose that is settled, and was not given up, leaves nothing releasing",
			Spec:  []string{"CHA-RD1d"},
			Rules: []Rule{R13, R14, R23},
			Check: disposeWaits,
		},
		{
			Name:      "RoomIsReady",
			Says:      "a get that is settled with a room has one that is ready at that moment",
			Spec:      []string{"CHA-RC1f2"},
			Rules:     []Rule{R3, R17, R19},
			CheckStep: roomIsReady,
		},
		{
			Name:      "ReleasedIsFinal",
			Says:      "an incarnation that is released stays so, and a settled call keeps its outcome",
			Rules:     []Rule{R16, R21},
			CheckStep: releasedIsFinal,
		},
		{
			Name:  "ReleaseWaits",
			Says:  "a release that is settled, and was not given up, leaves released whatever of its name was created before it",
			Spec:  []string{"CHA-RC1g1", "CHA-RC1g2", "CHA-RC1g3", "CHA-RC1g5"},
			Rules: []Rule{R7, R8, R9, R10, R11, R20, R21},
			Check: releaseWaits,
		},
		{
			Name:  "WaitsOnlyWhile",
			Says:  "a call is pending only while what it waits for is under way",
			Spec:  []string{"CHA-RC1f2", "CHA-RC1g1", "CHA-RD1b", "CHA-RD1d"},
			Rules: []Rule{R4, R6, R8, R13, R17, R19, R21, R23},
			Check: waitsOnlyWhile,
		},
		{
			Name:  "RejectedOnlyIf",
			Says:  "a get is told releasedBefore only if a release of its name or a dispose began after it",
			Spec:  []string{"CHA-RC1g4", "CHA-RC1f6"},
			Rules: []Rule{R9, R11, R12},
			Check: rejectedOnlyIf,
		},
		{
			Name:  "ErrorsTold",
			Says:  "a call that waited for the end of a work is told how the backend ended it",
			Spec:  []string{"CHA-RC1f", "CHA-RC1g1"},
			Rules: []Rule{R17, R19, R20, R21},
			Check: errorsTold,
		},
		{
			Name:  "DisposalTold",
			Says:  "a dispose that is settled, and was not given up, is told exactly the releases that failed since disposal began",
			Rules: []Rule{R13, R14, R15, R23},
			Check: disposalTold,
		},
		{
			Name:  "OpenedIsReleased",
			Says:  "what the backend opened, and nothing else, is ready or closing until its release ended",
			Spec:  []string{"CHA-RC1g5"},
			Rules: []Rule{R10, R17, R18, R20, R21},
			Check: openedIsReleased,
		},
		{
			Name:  "SixPairs",
			Says:  "life and work are one of the six pairs",
			Rules: []Rule{R9, R17, R18, R19, R21},
			Check: sixPairs,
		},
		{
			Name:      "OutcomesNameTheirCause",
			Says:      "a get or release is settled as it begins exactly as what it meets demands, and else waits",
			Spec:      []string{"CHA-RC1f1", "CHA-RC1f2", "CHA-RC1f8", "CHA-RC1g2"},
			Rules:     []Rule{R1, R2, R3, R4, R5, R6, R7, R8},
			CheckStep: outcomesNameTheirCause,
		},
		{
			Name:      "CreatedIff",
			Says:      "an incarnation is created if and only if a get begins that is not refused and finds none in use",
			Spec:      []string{"CHA-RC1f3", "CHA-RC1f4"},
			Rules:     []Rule{R1, R2, R3, R4, R5, R6},
			CheckStep: createdIff,
		},
		{
			Name:      "OutOfUseIff",
			Says:      "an incarnation leaves use if and only if a release or dispose begins, or its opening fails; none comes back",
			Spec:      []string{"CHA-RC1g5", "CHA-RD1a", "CHA-RD1c"},
			Rules:     []Rule{R9, R10, R11, R12, R16, R19},
			CheckStep: outOfUseIff,
		},
		{
			Name:      "GoneIff",
			Says:      "an incarnation becomes released if and only if the backend ended so, or it leaves use while it waits",
			Spec:      []string{"CHA-RC1g4", "CHA-RC1g5"},
			Rules:     []Rule{R9, R10, R11, R18, R19, R20, R21},
			CheckStep: goneIff,
		},
		{
			Name:      "FailuresCounted",
			Says:      "the failures of disposal are the releases that ended with an error since it began",
			Rules:     []Rule{R15},
			CheckStep: failuresCounted,
		},
		{
			Name:      "GivesUpAlone",
			Says:      "a call that is given up was pending, and nothing else changes",
			Rules:     []Rule{R16},
			CheckStep: givesUpAlone,
		},
		{
			Name:      "HistoryKept",
			Says:      "calls and incarnations keep what they are for, and calls what they wait for",
			Rules:     []Rule{R4, R5, R6, R8, R9, R10, R11},
			CheckStep: historyKept,
		},
	}
}
