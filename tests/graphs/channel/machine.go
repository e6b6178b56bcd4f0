package channel

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/fsm"
	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// Bounds make the machine finite, and select variants of it.
type Bounds struct {
	model.ChannelBounds
	// Bare leaves out the history, so that the states are those of the channel alone, as in the
	// spec. Then properties can't be checked.
	Bare bool
	// Promised makes the server keep its promise (docs/channel.md), and checks NotByEarlierLife.
	Promised bool
	// Forgets makes the channel drop its oldest unanswered request when there would be more than
	// Wire requests, so that this bound prevents no step. Liveness is checked only on such a
	// channel.
	Forgets bool
	// Heals checks only the property Heals, under the fairness that it needs, instead of the other
	// liveness.
	Heals bool
}

// String returns the bounds as reports show them.
func (b Bounds) String() string {
	return fmt.Sprintf("(%d calls, %d errors, %d serials, %d requests%s)", b.Calls, b.Errors, b.Serials, b.Wire, b.words(", "))
}

// words returns the names of the fields that are set, each after a separator.
func (b Bounds) words(separator string) (list string) {
	for i, set := range []bool{b.Bare, b.Promised, b.Forgets, b.Heals} {
		if set {
			list += separator + []string{"bare", "promised", "forgets", "heals"}[i]
		}
	}
	return list
}

// Check returns an error for bounds that are out of range.
func (b Bounds) Check() error {
	switch {
	case b.Calls < 1 || b.Calls > 9 || b.Errors < 0 || b.Errors > 3 || b.Serials < 0 || b.Serials > 3 || b.Wire < 1 || b.Wire > 9:
		return fmt.Errorf("bounds %v are out of range: 1 to 9 calls and requests, errors and serials up to 3", b)
	case b.Promised && (b.Bare || b.Forgets):
		return errors.New("the bound Promised needs the history and every request: it excludes Bare and Forgets")
	case b.Heals && !b.Forgets:
		return errors.New("the bound Heals is a liveness property, which is checked only with Forgets")
	}
	return nil
}

// State is the channel and the history that properties need, both in the words of the model.
type State = model.ChannelRun

// Event is an input. If the server keeps its promise, the same input may come in several ways that
// only the server can distinguish. Way is the number of the way, from 0.
type Event struct {
	model.ChannelInput
	Way int
}

// String returns the input as the model formats it, with the way unless it is the first.
func (e Event) String() string {
	if e.Way == 0 {
		return e.ChannelInput.String()
	}
	return fmt.Sprintf("%v#%d", e.ChannelInput, e.Way+1)
}

// of returns the event of the model for this input and way in a state, or false if it can't come
// there.
func (e Event) of(s *State) (model.ChannelEvent, bool) {
	ways := s.Events([]model.ChannelInput{e.ChannelInput})
	if e.Way >= len(ways) {
		return model.ChannelEvent{}, false
	}
	return ways[e.Way], true
}

// events returns every input within the bounds.
func (b Bounds) events() (list []Event) {
	ways := 1
	if b.Promised {
		ways = b.Wire + 1 // one of the requests on its way, or none
	}
	for _, in := range model.ChannelAlphabet(b.ChannelBounds) {
		for way := range ways {
			list = append(list, Event{in, way})
		}
	}
	return list
}

// gives reports whether an input may come in a state, within the bounds.
func (b Bounds) gives(s *State, in Event) bool {
	switch {
	case b.Forgets:
		return in.Call <= b.Calls
	case b.Promised:
		e, may := in.of(s)
		if !may || !s.Possible(in.ChannelInput, b.ChannelBounds) {
			return false
		}
		next, outs, err := s.Channel.Step(in.ChannelInput)
		return err != nil || len(e.Server.Hears(next, outs).Sent) <= b.Wire
	}
	return s.Possible(in.ChannelInput, b.ChannelBounds)
}

// forget drops the oldest requests beyond the bound Wire, if Forgets is set.
func (b Bounds) forget(c *model.Channel) {
	if n := len(c.Wire) - b.Wire; b.Forgets && n > 0 {
		c.Wire = c.Wire[n:]
	}
}

// Machine is the description of a channel for package graphs.
type Machine = graphs.Machine[State, State, Event, model.ChannelOutput]

// New returns the machine at the bounds, which must be in range ([Bounds.Check]).
func New(b Bounds) Machine {
	if err := b.Check(); err != nil {
		panic(err)
	}
	key := func(dst []byte, s *State) []byte { return append(dst, s.Key()...) }
	m := Machine{
		Name: "channel " + b.String(), Board: playlink.Channel, Inputs: b.events(),
		Golden: fmt.Sprintf("graph/channel/%d-%d-%d-%d%s", b.Calls, b.Errors, b.Serials, b.Wire, b.words("-")),
		Action: func(in Event) string { return in.Kind.String() },
		New: func() graphs.Core[State, Event, model.ChannelOutput] {
			return &core{channel: fsm.NewChannel[int](fsm.ConnectionInitialized), bounds: b}
		},
		Key: key, View: func(s, m *State) { *m = *s },
		Record: func(before *State, in Event, outs []model.ChannelOutput, s *State) error {
			s.ChannelHistory = before.ChannelHistory.Record(before.Channel, in.ChannelInput, outs)
			if e, may := in.of(before); b.Promised && may {
				s.ChannelServer = e.Server.Hears(s.Channel, outs)
			}
			return nil
		},

		ModelKey: key,
		Model: func(s State, in Event) (next State, outs []model.ChannelOutput, err error) {
			if e, may := in.of(&s); b.Promised && may {
				next, outs, err = s.Take(e)
			} else {
				next, outs, err = s.Step(in.ChannelInput)
			}
			b.forget(&next.Channel)
			return next, outs, err
		},
		Rules: func(m State, in Event) string {
			return strings.Trim(fmt.Sprint(m.Explain(in.ChannelInput)), "[]")
		},
		SameOutput: func(a, b model.ChannelOutput) bool { return a == b },
		Refused: func(err error) bool {
			return graphs.IsA[*fsm.RefusedError](err) || graphs.IsA[*model.ChannelRefusedError](err)
		},
		OutputsInState: true, Gives: b.gives,
	}
	for _, p := range model.ChannelProperties() {
		if p.Promise == b.Promised {
			m.Properties = append(m.Properties, property{Name: p.Name,
				Step: func(before *State, in Event, outs []model.ChannelOutput, after *State) error {
					e := model.ChannelEvent{In: in.ChannelInput}
					if b.Promised {
						e, _ = in.of(before)
					}
					return p.Check(*before, e, outs, *after)
				}})
		}
	}
	switch {
	case b.Bare:
		m.Record, m.Properties = nil, nil
		m.Model = func(s State, in Event) (State, []model.ChannelOutput, error) {
			next, outs, err := s.Channel.Step(in.ChannelInput)
			return State{Channel: next}, outs, err
		}
	case b.Heals:
		m.Liveness, m.Fairness = healing()
	case b.Forgets:
		m.Liveness, m.Fairness = liveness(b.Calls)
	}
	m.Faults = slices.DeleteFunc(faults(), func(f fault) bool { return !breaksOf(m, f) })
	return m
}

type property = graphs.Property[State, Event, model.ChannelOutput]

// breaksOf reports whether a fault breaks a property of the machine. If the machine has liveness,
// only liveness counts.
func breaksOf(m Machine, f fault) bool {
	asked := []string{graphs.Unchanged}
	for _, p := range m.Properties {
		asked = append(asked, p.Name)
	}
	if len(m.Liveness) > 0 {
		asked = nil
	}
	for _, p := range m.Liveness {
		name, _, _ := strings.Cut(p.Name, "(") // without the call's number
		asked = append(asked, name)
	}
	return slices.ContainsFunc(f.Breaks, func(name string) bool { return slices.Contains(asked, name) })
}

// Sizes returns the machines whose sizes golden.json has.
func Sizes() (list []Machine) {
	for _, b := range []Bounds{
		{ChannelBounds: model.ChannelBounds{Calls: 2, Errors: 1, Wire: 2}},
		{ChannelBounds: model.ChannelBounds{Calls: 3, Errors: 1, Wire: 2}, Bare: true},
		{ChannelBounds: model.ChannelBounds{Calls: 1, Serials: 2, Wire: 2}},
		{ChannelBounds: model.ChannelBounds{Calls: 1, Serials: 2, Wire: 2}, Bare: true},
		{ChannelBounds: model.ChannelBounds{Calls: 2, Errors: 1, Wire: 3}, Promised: true},
	} {
		list = append(list, New(b))
	}
	return list
}

// core is fsm.Channel with the methods of graphs.Core.
type core struct {
	channel *fsm.Channel[int]
	coreOut []fsm.ChannelOutput[int]
	bounds  Bounds
}

// Restore implements graphs.Core.
func (c *core) Restore(s *State) error { return c.channel.Restore(ToState(s.Channel)) }

// Read implements graphs.Core.
func (c *core) Read(s *State) error {
	var state fsm.ChannelCoreState[int]
	c.channel.StateInto(&state)
	s.Channel = FromState(state, Same)
	c.bounds.forget(&s.Channel)
	if now, reason := c.channel.State(); now != state.State || reason != state.Reason ||
		c.channel.NextCall() != state.LastCall+1 || c.channel.ChannelSerial() != state.ChannelSerial ||
		c.channel.AttachSerial() != state.AttachSerial {
		return fmt.Errorf("the methods of the core return the state %v with error %d", now, reason)
	}
	return nil
}

// Step implements graphs.Core.
func (c *core) Step(in Event) (outs []model.ChannelOutput, err error) {
	c.coreOut, err = c.channel.Step(ToCore(in.ChannelInput), c.coreOut[:0])
	for _, out := range c.coreOut {
		outs = append(outs, FromOutput(out, Same))
	}
	return outs, err
}
