package proof

import (
	"fmt"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

// Room reads RoomStatus.tla and its proof from the folders.
func Room(folders ...string) (*Proof, error) {
	m, err := tla.Read("RoomStatusProof", folders...)
	if err != nil {
		return nil, err
	}
	return roomProof(m)
}

// aRoom returns the fields of a room, without its outputs.
func aRoom() []Field {
	number, word, flag := Plain(term.Int), Plain(term.Word), Plain(term.Bool)
	return []Field{{"last", number}, {"status", word}, {"err", number}, {"channel", word}, {"chErr", number},
		{"op", word}, {"caller", number}, {"phase", word}, {"queue", Sequence(Tuple(word, number))},
		{"attachedOnce", flag}, {"explicit", flag}}
}

// roomInputs returns the operators of RoomStatus.tla that take an input.
func roomInputs() []Symbol {
	number := []term.Sort{term.Int}
	return []Symbol{{Name: "Attach"}, {Name: "Detach"}, {Name: "Release"}, {Name: "GiveUp", Args: number},
		{Name: "AttachEnded", Args: number}, {Name: "DetachEnded", Args: number}, {Name: "RetryDue"},
		{Name: "GiveBackEnded", Args: number}, {Name: "Turned", Args: []term.Sort{term.Word, term.Int}},
		{Name: "Resumed", Args: number}, {Name: "Updated", Args: []term.Sort{term.Bool, term.Int}}}
}

func roomProof(m *tla.Module) (*Proof, error) {
	s := &System{Module: m, Init: "Init", Next: "Next",
		Inputs: roomInputs(),
		Constants: []Symbol{{Name: "NCalls", Sort: term.Int}, {Name: "NErrs", Sort: term.Int},
			{Name: "Emitted", Args: []term.Sort{term.Word}, Sort: term.Bool}, {Name: "OwnEvent", Sort: term.Bool}},
		Recursion: &Recursion{Operator: "Turn", Of: Record(aRoom()...), Outs: "outs", Kind: "settle",
			Form: []term.Sort{term.Int, term.Word, term.Int, term.Word}, Queue: "queue", Before: "TurnBefore",
			After: []string{"TurnKeeps", "TurnFound", "TurnQueue", "TurnRest", "TurnAnswers", "TurnOnce", "TurnAll",
				"TurnReleaseFirst", "TurnInOrder"},
			Replaces: "BeginNext", By: "NextBegun", Whole: []string{"SetStatus"}, Unsaid: []string{"queue"}}}
	for _, f := range aRoom() {
		s.Variables = append(s.Variables, Variable{f.Name, f.Type})
	}
	s.Variables = append(s.Variables, Variable{"outs", Rows()}, Variable{"seen", Plain(term.Bool)}, Variable{"fresh", Plain(term.Bool)})
	if err := s.read(); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	return &Proof{System: s, Name: "RoomStatus",
		Invariant: []string{"RoomTypeOK", "QueueInOrder", "CallerApart", "StatusRight", "StatusOfOperation", "ReleasedRight", "FreshRight", "SeenRight"},
		Properties: []string{"OneOperation", "ReleaseFirst", "FirstComeFirstServed", "NoStaleError", "ReleasedIsFinal",
			"GivenBackOnce", "DiscontinuityIff", "ToldInOrder", "SettledOnce", "OutcomeTrue", "AttachedOnlyIf", "OwnEventSilent"},
		Promised: map[string]string{"AttachedOnlyIf": "OwnEvent", "OwnEventSilent": "OwnEvent"},
	}, nil
}
