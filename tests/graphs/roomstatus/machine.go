package roomstatus

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

// Bounds make the machine finite, and select variants of it. Errors are numbers from 0 to Errors; 0
// means no error.
type Bounds struct {
	Calls, Errors int
	// Bare leaves out the history, so that the states are those of the room alone, as in the spec.
	// Then properties can't be checked.
	Bare bool
	// Promised makes the port keep its promise: an attach succeeds only after the channel has
	// emitted the event "attached" for it. Without Promised, an operation of the port may end at
	// any time, with or without an error.
	Promised bool
	// Odd adds events that the alphabet leaves out: an update from a channel that is not attached,
	// and an event with resumed from such a channel. Some clients emit such events.
	Odd bool
}

// String returns the bounds as reports show them: "(3 calls, 1 errors)".
func (b Bounds) String() string {
	return fmt.Sprintf("(%d calls, %d errors%s)", b.Calls, b.Errors, b.words(", "))
}

// words returns the names of the fields that are set, each after a separator.
func (b Bounds) words(separator string) (list string) {
	for i, set := range []bool{b.Bare, b.Promised, b.Odd} {
		if set {
			list += separator + []string{"bare", "promised", "odd"}[i]
		}
	}
	return list
}

// Check returns an error for bounds that are out of range.
func (b Bounds) Check() error {
	switch {
	case b.Calls < 1 || b.Calls > 12 || b.Errors < 0 || b.Errors > 3:
		return fmt.Errorf("bounds %v are out of range: 1 to 12 calls, errors up to 3", b)
	case b.Bare && b.Promised:
		return errors.New("the bound Promised needs the history: it excludes Bare")
	}
	return nil
}

// inputs returns every input within the bounds.
func (b Bounds) inputs() []model.RoomInput {
	all := model.RoomAlphabet(model.RoomBounds{Calls: b.Calls, Errors: b.Errors})
	for state := model.ChannelInitialized; b.Odd && state <= model.ChannelFailed; state++ {
		for err := 0; err <= b.Errors && state != model.ChannelAttached; err++ {
			all = append(all, model.RoomInput{Kind: model.KindChannelEvent, Channel: state, Update: true, Err: err},
				model.RoomInput{Kind: model.KindChannelEvent, Channel: state, Resumed: true, Err: err})
		}
	}
	return all
}

// State is the room and the history that properties need, both in the words of the model.
type State = model.RoomRun

// Machine is the description of a room for package graphs.
type Machine = graphs.Machine[State, State, model.RoomInput, model.RoomOutput]

// New returns the machine at the bounds, which must be in range ([Bounds.Check]).
func New(b Bounds) Machine {
	if err := b.Check(); err != nil {
		panic(err)
	}
	key := func(dst []byte, s *State) []byte { return append(dst, s.Key()...) }
	m := Machine{
		Name: "roomstatus " + b.String(), Board: playlink.Room, Inputs: b.inputs(),
		Golden: fmt.Sprintf("graph/roomstatus/%d-%d%s", b.Calls, b.Errors, b.words("-")),
		Action: func(in model.RoomInput) string { return in.Kind.String() },
		New:    func() graphs.Core[State, model.RoomInput, model.RoomOutput] { return &core{room: fsm.NewRoom[int]()} },
		Key:    key, View: func(s, m *State) { *m = *s },
		Record: func(before *State, in model.RoomInput, outs []model.RoomOutput, s *State) error {
			s.RoomHistory = before.RoomHistory.Record(in, outs)
			return nil
		},

		Model: State.Step, ModelKey: key,
		Rules:      func(m State, in model.RoomInput) string { return strings.Trim(fmt.Sprint(m.Explain(in)), "[]") },
		SameOutput: func(a, b model.RoomOutput) bool { return a == b },
		Refused: func(err error) bool {
			return graphs.IsA[*fsm.RefusedError](err) || graphs.IsA[*model.RoomRefusedError](err)
		},
		OutputsInState: true, Likely: likely,
		Liveness: liveness(b), Fairness: fairness(), Faults: faults(),
	}
	for _, p := range model.RoomProperties() {
		if b.Promised || !p.Promise {
			m.Properties = append(m.Properties, property{Name: p.Name,
				Step: func(before *State, in model.RoomInput, outs []model.RoomOutput, after *State) error {
					return p.Check(*before, in, outs, *after)
				}})
		}
	}
	if b.Promised {
		m.Gives = func(s *State, in model.RoomInput) bool { return s.Promised(in) }
	}
	if b.Bare {
		m.Record, m.Properties = nil, nil
		m.Model = func(s State, in model.RoomInput) (State, []model.RoomOutput, error) {
			next, outs, err := s.RoomState.Step(in)
			return State{RoomState: next}, outs, err
		}
	}
	return m
}

type property = graphs.Property[State, model.RoomInput, model.RoomOutput]

// Sizes returns the machines whose sizes golden.json has.
func Sizes() (list []Machine) {
	for _, b := range []Bounds{
		{Calls: 2, Errors: 0, Bare: true}, {Calls: 2, Errors: 1}, {Calls: 2, Errors: 1, Promised: true},
		{Calls: 2, Errors: 2}, {Calls: 3, Errors: 1, Bare: true}, {Calls: 3, Errors: 1},
		{Calls: 3, Errors: 1, Promised: true}, {Calls: 2, Errors: 2, Bare: true, Odd: true},
		{Calls: 3, Errors: 1, Bare: true, Odd: true}, {Calls: 4, Errors: 1, Promised: true},
	} {
		list = append(list, New(b))
	}
	return list
}

// likely reports whether an input is likely to be taken: it begins the next call, gives up a call
// that is pending, is an event, or ends the operation that runs.
func likely(s *State, in model.RoomInput) bool {
	switch in.Kind {
	case model.KindRoomGiveUp:
		return in.Call == s.Caller ||
			slices.ContainsFunc(s.Queue, func(e model.RoomEntry) bool { return e.Caller == in.Call })
	case model.KindChannelEvent:
		return true
	case model.KindAttachEnded:
		return s.Phase == model.PhaseInAttach
	case model.KindDetachEnded:
		return s.Phase == model.PhaseInDetach
	case model.KindRetryDue:
		return s.Phase == model.PhaseInRetryPause
	case model.KindGiveBackEnded:
		return s.Phase == model.PhaseInGiveBack
	}
	return in.Call == s.Last+1
}

// Weight says how often an input is drawn for a script, relative to the others. Inputs that end an
// operation are drawn most often, so that operations end.
func Weight(in model.RoomInput) int {
	switch {
	case in.Kind >= model.KindAttachEnded:
		return 8
	case in.Kind <= model.KindRoomRelease:
		return 6
	}
	return 1
}

// core is fsm.Room with the methods of graphs.Core.
type core struct {
	room    *fsm.Room[int]
	coreOut []fsm.RoomOutput[int]
}

// Restore implements graphs.Core.
func (c *core) Restore(s *State) error { return c.room.Restore(ToState(s.RoomState, Same)) }

// Read implements graphs.Core.
func (c *core) Read(s *State) error {
	var state fsm.RoomState[int]
	c.room.StateInto(&state)
	s.RoomState = FromState(state, Same)
	if status, err := c.room.Status(); status != state.Status || err != state.Err ||
		c.room.NextCall() != state.LastCall+1 {
		return fmt.Errorf("the methods of the core return the status %v with error %d", status, err)
	}
	return nil
}

// Step implements graphs.Core.
func (c *core) Step(in model.RoomInput) (outs []model.RoomOutput, err error) {
	c.coreOut, err = c.room.Step(ToCore(in, Same), c.coreOut[:0])
	for _, out := range c.coreOut {
		outs = append(outs, FromCore(out, Same))
	}
	return outs, err
}

// liveness returns the liveness properties of docs/room.md: one for each call, and ReleasesEnd.
func liveness(b Bounds) (list []graphs.LeadsTo[State]) {
	for n := range b.Calls {
		is := func(pending bool) func(*State) bool {
			return func(s *State) bool {
				return n < len(s.Calls) && (s.Calls[n].Outcome.Kind == model.OutcomeRoomPending) == pending
			}
		}
		list = append(list, graphs.LeadsTo[State]{
			Name: fmt.Sprintf("CallsSettle(%d)", n+1), // every call that begins is settled
			P:    is(true), Q: is(false)})
	}
	return append(list, graphs.LeadsTo[State]{
		// every release that begins ends, even if no call waits for it any more
		Name: "ReleasesEnd",
		P: func(s *State) bool {
			return s.Op == model.OpRelease ||
				slices.ContainsFunc(s.Queue, func(e model.RoomEntry) bool { return e.Op == model.OpRelease })
		},
		Q: func(s *State) bool {
			return s.Status == model.StatusReleased && s.Op == model.OpNone && s.GivenBack == 1 &&
				!slices.Contains(s.Asked, model.OutputGiveBackChannel)
		},
	})
}

// fairness returns the fairness that liveness needs. Weak: every operation of the channel ends,
// with or without an error, and every pause ends. Strong: if the detach of a release is tried again
// and again, it succeeds in the end.
func fairness() []graphs.Fairness[State, model.RoomInput] {
	of := func(kind model.RoomKind) func(model.RoomInput) bool {
		return func(in model.RoomInput) bool { return in.Kind == kind }
	}
	return []graphs.Fairness[State, model.RoomInput]{
		{Name: "AttachEnds", Of: of(model.KindAttachEnded)},
		{Name: "DetachEnds", Of: of(model.KindDetachEnded)},
		{Name: "PauseEnds", Of: of(model.KindRetryDue)},
		{Name: "GiveBackEnds", Of: of(model.KindGiveBackEnded)},
		{Name: "ReleaseDetaches", Of: func(in model.RoomInput) bool { return in == model.DetachEnded(0) },
			When: func(s *State) bool { return s.Op == model.OpRelease }, Strong: true},
	}
}
