package channel

import (
	"fmt"
	"strings"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// Bounds make the machine finite.
type Bounds struct {
	model.ChannelBounds
	// Bare leaves out what the world remembers, so that the states are those of the channel alone, as
	// the spec has them; properties can't be asked of them.
	Bare bool
}

// String prints the bounds as they are cited.
func (b Bounds) String() string {
	return fmt.Sprintf("(%d calls, %d errors, %d serials, %d requests%s)", b.Calls, b.Errors, b.Serials, b.Wire,
		map[bool]string{true: ", bare"}[b.Bare])
}

// Check returns an error for bounds that are out of range.
func (b Bounds) Check() error {
	if b.Calls < 1 || b.Calls > 9 || b.Errors < 0 || b.Errors > 3 || b.Serials < 0 || b.Serials > 3 || b.Wire < 1 || b.Wire > 9 {
		return fmt.Errorf("bounds %v are out of range: 1 to 9 calls and requests, errors and serials up to 3", b)
	}
	return nil
}

// State is the channel with what the world remembers of it, both in the words of the model.
type State = model.ChannelRun

// Machine is the description of a channel, as package graphs takes it.
type Machine = graphs.Machine[State, State, model.ChannelInput, model.ChannelOutput]

// New returns the machine at the bounds.
func New(b Bounds) Machine {
	key := func(dst []byte, s *State) []byte { return append(dst, s.Key()...) }
	m := Machine{
		Name: "channel " + b.String(), Inputs: model.ChannelAlphabet(b.ChannelBounds),
		Golden: fmt.Sprintf("graph/channel/%d-%d-%d-%d%s", b.Calls, b.Errors, b.Serials, b.Wire,
			map[bool]string{true: "-bare"}[b.Bare]),
		Action: func(in model.ChannelInput) string { return in.Kind.String() },
		New: func() graphs.Core[State, model.ChannelInput, model.ChannelOutput] {
			return &core{channel: fsm.NewChannel[int](fsm.ConnectionInitialized)}
		},
		Key: key, View: func(s, m *State) { *m = *s },
		Record: func(before *State, in model.ChannelInput, outs []model.ChannelOutput, s *State) error {
			s.ChannelHistory = before.ChannelHistory.Record(before.Channel, in, outs)
			return nil
		},

		Model: State.Step, ModelKey: key,
		Rules:      func(m State, in model.ChannelInput) string { return strings.Trim(fmt.Sprint(m.Explain(in)), "[]") },
		SameOutput: func(a, b model.ChannelOutput) bool { return a == b },
		Refused: func(err error) bool {
			return graphs.IsA[*fsm.RefusedError](err) || graphs.IsA[*model.ChannelRefusedError](err)
		},
		OutputsInState: true,
		Gives:          func(s *State, in model.ChannelInput) bool { return s.Possible(in, b.ChannelBounds) },
	}
	for _, p := range model.ChannelProperties() {
		if !p.Promise {
			m.Properties = append(m.Properties, graphs.Property[State, model.ChannelInput, model.ChannelOutput]{Name: p.Name,
				Step: func(before *State, in model.ChannelInput, outs []model.ChannelOutput, after *State) error {
					return p.Check(*before, model.ChannelEvent{In: in}, outs, *after)
				}})
		}
	}
	if b.Bare {
		m.Record, m.Properties = nil, nil
		m.Model = func(s State, in model.ChannelInput) (State, []model.ChannelOutput, error) {
			next, outs, err := s.Channel.Step(in)
			return State{Channel: next}, outs, err
		}
	}
	return m
}

// Sizes are the machines whose sizes stand in golden.json.
func Sizes() (list []Machine) {
	for _, b := range []Bounds{
		{model.ChannelBounds{Calls: 2, Errors: 1, Wire: 2}, false}, {model.ChannelBounds{Calls: 3, Errors: 1, Wire: 2}, true},
		{model.ChannelBounds{Calls: 1, Serials: 2, Wire: 2}, false}, {model.ChannelBounds{Calls: 1, Serials: 2, Wire: 2}, true},
	} {
		list = append(list, New(b))
	}
	return list
}

// core is fsm.Channel as package graphs drives it.
type core struct {
	channel *fsm.Channel[int]
	coreOut []fsm.ChannelOutput[int]
}

// Restore implements graphs.Core.
func (c *core) Restore(s *State) error { return c.channel.Restore(ToState(s.Channel)) }

// Read implements graphs.Core.
func (c *core) Read(s *State) error {
	var state fsm.ChannelCoreState[int]
	c.channel.StateInto(&state)
	s.Channel = FromState(state, Same)
	if now, reason := c.channel.State(); now != state.State || reason != state.Reason ||
		c.channel.NextCall() != state.LastCall+1 || c.channel.ChannelSerial() != state.ChannelSerial ||
		c.channel.AttachSerial() != state.AttachSerial {
		return fmt.Errorf("the core says it is %v with error %d", now, reason)
	}
	return nil
}

// Step implements graphs.Core.
func (c *core) Step(in model.ChannelInput) (outs []model.ChannelOutput, err error) {
	c.coreOut, err = c.channel.Step(ToCore(in), c.coreOut[:0])
	for _, out := range c.coreOut {
		outs = append(outs, FromOutput(out, Same))
	}
	return outs, err
}
