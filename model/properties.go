package model

// Property is a property of docs/rooms.md, "What must hold". It is written from that text and not
// from the step function. It can check any State, also one that no sequence of steps leads to.
type Property struct {
	// Name is its name in docs/rooms.md, which has its sentence and the rules that ensure it.
	Name string
	// Spec has the points of Ably's Chat specification that it comes from, as docs/rooms.md names
	// them.
	Spec []string
	// Check returns an error if the property fails in a state. It is nil if the property is only
	// about steps.
	Check func(State) error
	// CheckStep returns an error if the property fails in a step that was taken. It is nil if the
	// property is only about states.
	CheckStep func(before, after State) error
}

// Properties returns the safety properties, in the order of docs/rooms.md. The liveness properties
// are no predicates of states or steps, and are checked elsewhere.
func Properties() []Property {
	return []Property{
		{
			Name:  "OneInUse",
			Spec:  []string{"CHA-RC1"},
			Check: oneInUse,
		},
		{
			Name:  "OneReleasing",
			Spec:  []string{"CHA-RC1"},
			Check: oneReleasing,
		},
		{
			Name:  "OneOpen",
			Check: oneOpen,
		},
		{
			Name:  "WaitsForPredecessor",
			Spec:  []string{"CHA-RC1f4"},
			Check: waitsForPredecessor,
		},
		{
			Name:  "SameRoom",
			Spec:  []string{"CHA-RC1"},
			Check: sameRoom,
		},
		{
			Name:      "OptionsAgree",
			Spec:      []string{"CHA-RC1f1"},
			Check:     roomHasOptions,
			CheckStep: otherOptionsGetNoRoom,
		},
		{
			Name:  "ReleaseRejects",
			Spec:  []string{"CHA-RC1g4"},
			Check: releaseRejects,
		},
		{
			Name:  "NotBeforePredecessor",
			Spec:  []string{"CHA-RC1f4"},
			Check: notBeforePredecessor,
		},
		{
			Name:  "SharedEnd",
			Spec:  []string{"CHA-RC1g3"},
			Check: sharedEnd,
		},
		{
			Name:      "NothingAfterDispose",
			Spec:      []string{"CHA-RD1a"},
			Check:     nothingInUseAfterDispose,
			CheckStep: nothingOpenedAfterDispose,
		},
		{
			Name:  "DisposeWaits",
			Spec:  []string{"CHA-RD1d"},
			Check: disposeWaits,
		},
		{
			Name:      "RoomIsReady",
			Spec:      []string{"CHA-RC1f2"},
			CheckStep: roomIsReady,
		},
		{
			Name:      "ReleasedIsFinal",
			CheckStep: releasedIsFinal,
		},
		{
			Name:  "ReleaseWaits",
			Spec:  []string{"CHA-RC1g1", "CHA-RC1g2", "CHA-RC1g3", "CHA-RC1g5"},
			Check: releaseWaits,
		},
		{
			Name:  "WaitsOnlyWhile",
			Spec:  []string{"CHA-RC1f2", "CHA-RC1g1", "CHA-RD1b", "CHA-RD1d"},
			Check: waitsOnlyWhile,
		},
		{
			Name:  "RejectedOnlyIf",
			Spec:  []string{"CHA-RC1g4", "CHA-RC1f6"},
			Check: rejectedOnlyIf,
		},
		{
			Name:  "ErrorsTold",
			Spec:  []string{"CHA-RC1f", "CHA-RC1g1"},
			Check: errorsTold,
		},
		{
			Name:  "DisposalTold",
			Check: disposalTold,
		},
		{
			Name:  "OpenedIsReleased",
			Spec:  []string{"CHA-RC1g5"},
			Check: openedIsReleased,
		},
		{
			Name:  "SixPairs",
			Check: sixPairs,
		},
		{
			Name:      "OutcomesNameTheirCause",
			Spec:      []string{"CHA-RC1f1", "CHA-RC1f2", "CHA-RC1f8", "CHA-RC1g2"},
			CheckStep: outcomesNameTheirCause,
		},
		{
			Name:      "CreatedIff",
			Spec:      []string{"CHA-RC1f3", "CHA-RC1f4"},
			CheckStep: createdIff,
		},
		{
			Name:      "OutOfUseIff",
			Spec:      []string{"CHA-RC1g5", "CHA-RD1a", "CHA-RD1c"},
			CheckStep: outOfUseIff,
		},
		{
			Name:      "GoneIff",
			Spec:      []string{"CHA-RC1g4", "CHA-RC1g5"},
			CheckStep: goneIff,
		},
		{
			Name:      "FailuresCounted",
			CheckStep: failuresCounted,
		},
		{
			Name:      "GivesUpAlone",
			CheckStep: givesUpAlone,
		},
		{
			Name:      "HistoryKept",
			CheckStep: historyKept,
		},
	}
}
