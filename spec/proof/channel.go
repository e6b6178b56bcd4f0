package proof

import (
	"fmt"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

// Channel reads Channel.tla with its proof from the folders.
func Channel(folders ...string) (*Proof, error) {
	m, err := tla.Read("ChannelProof", folders...)
	if err != nil {
		return nil, err
	}
	return channelProof(m)
}

func channelVariables() []Variable {
	number, word, flag := Plain(term.Int), Plain(term.Word), Plain(term.Bool)
	channel := Record(Field{"last", number}, Field{"state", word}, Field{"reason", number},
		Field{"connection", word}, Field{"wire", Sequence(word)}, Field{"awaited", flag}, Field{"held", flag},
		Field{"doubt", flag}, Field{"leftover", flag}, Field{"attachers", Sequence(number)},
		Field{"detachers", Sequence(number)}, Field{"back", word}, Field{"retries", number},
		Field{"channelSerial", number}, Field{"attachSerial", number}, Field{"resume", flag},
		Field{"givenBack", flag}, Field{"outs", Empty})
	return []Variable{
		{"ch", channel}, {"outs", Rows()},
		{"net", Sequence(Tuple(word, flag))}, {"holds", word}, {"gaveUp", flag}, {"spoke", flag}, {"by", flag},
	}
}

func channelProof(m *tla.Module) (*Proof, error) {
	s := &System{Module: m, Init: "Init", Next: "Next", Variables: channelVariables(), Whole: true,
		Cases: [][2]string{{"state", "ChannelStates"}, {"connection", "Links"}},
		Inputs: []string{"Attach", "Detach", "SetOptions", "GiveBack", "Renew", "Attached", "Detached", "Error", "Message",
			"Overtaken", "RequestTimeout", "RetryTimeout", "Connection"},
		Split: []string{"s", "resumed"}, Constants: []Symbol{{Name: "NCalls", Sort: term.Int}, {Name: "NErrs", Sort: term.Int},
			{Name: "NSerials", Sort: term.Int}, {Name: "MaxWire", Sort: term.Int}, {Name: "Forgets", Sort: term.Bool},
			{Name: "Promise", Sort: term.Bool}}}
	if err := s.read(); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	return &Proof{System: s, Name: "Channel", Invariant: []string{"ChannelTypeOK", "WaitersRight", "SilentState", "InOrder", "AwaitedWhile", "ClearedRight", "RetriesRight", "GivenBackRight", "AwaitedRight",
		"SuspendedRight"},
		Properties: []string{"SettledOnce", "TimersRight", "OneRequest", "Delivered", "StatesTold", "AttachedByFrame", "UpdateIff",
			"SerialsRight", "RetryNumbers", "OutcomeTrue", "SilentWhenGivenBack", "ReasonRight"}}, nil
}
