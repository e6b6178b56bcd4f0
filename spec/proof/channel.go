package proof

import (
	"fmt"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

// Channel reads Channel.tla and its proof from the folders.
func Channel(folders ...string) (*Proof, error) {
	m, err := tla.Read("ChannelProof", folders...)
	if err != nil {
		return nil, err
	}
	return channelProof(m, "")
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

// channelInputs returns the operators of Channel.tla that take an input.
func channelInputs() (all []Symbol) {
	input := func(name string, args ...term.Sort) {
		all = append(all, Symbol{Name: name, Args: append([]term.Sort{}, args...)})
	}
	for _, name := range []string{"Attach", "Detach", "SetOptions", "GiveBack", "Renew", "Overtaken", "RetryTimeout"} {
		input(name)
	}
	input("Attached", term.Bool, term.Int, term.Int, term.Int)
	input("Detached", term.Int, term.Int)
	input("Error", term.Int, term.Int)
	input("Message", term.Int, term.Int)
	input("RequestTimeout", term.Int)
	input("Connection", term.Word, term.Bool, term.Int, term.Word)
	return all
}

// channelProof reads all actions, or only the named action if only isn't empty.
func channelProof(m *tla.Module, only string) (*Proof, error) {
	s := &System{Module: m, Init: "Init", Next: "Next", Variables: channelVariables(), Whole: true,
		Cases:  [][2]string{{"state", "ChannelStates"}, {"connection", "Links"}},
		Inputs: channelInputs(), Only: only,
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
