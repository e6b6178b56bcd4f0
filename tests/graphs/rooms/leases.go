package rooms

import (
	"cmp"
	"fmt"
	"slices"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// LeasesState is the state of fsm.Leases, and the history that the core doesn't store: see [State].
type LeasesState struct {
	State
	Acquires Set // from the history: the calls that were an Acquire
	Closed   Set // from the history: the calls in Acquires whose lease has been closed
	Open     Set // from the core: open leases
	Kept     Set // from the core: incarnations that a Get keeps
}

// LeasesMachine is the description of Rooms with leases.
type LeasesMachine = graphs.Machine[LeasesState, model.Leases, model.Input, model.Output]

// NewLeases returns the machine of docs/leases.md at the bounds. A close that begins a ReleaseIf
// uses one of the calls; if all calls are used, such a close can't happen.
func NewLeases(b Bounds) LeasesMachine {
	rooms := New(b)
	m := LeasesMachine{
		Name: "leases above " + rooms.Name, Board: rooms.Board, Golden: fmt.Sprintf("graph/leases/%d-%d-%d", b.Calls, b.Names, b.Options),
		Inputs: model.LeasesAlphabet(b.Model()),
		Action: rooms.Action,
		New: func() graphs.Core[LeasesState, model.Input, model.Output] {
			return &leasesCore{leases: fsm.NewLeases[string]()}
		},
		Key: func(dst []byte, s *LeasesState) []byte {
			return append(appendKey(dst, &s.State), byte(s.Acquires), byte(s.Closed), byte(s.Open), byte(s.Kept))
		},
		View: func(s *LeasesState, m *model.Leases) {
			view(&s.State, &m.State)
			m.Acquires, m.Closed = appendTo(m.Acquires[:0], s.Acquires), appendTo(m.Closed[:0], s.Closed)
		},
		Record: recordLeases, Agrees: leasesAgree,
		Model: func(m model.Leases, in model.Input) (model.Leases, []model.Output, error) {
			next, turns, err := m.Step(in)
			var outs []model.Output
			for _, t := range turns {
				outs = append(outs, t.Outputs...)
			}
			return next, inOrder(outs), err
		},
		ModelKey:   func(dst []byte, m *model.Leases) []byte { return append(dst, m.Key()...) },
		SameOutput: rooms.SameOutput, Refused: rooms.Refused,
		Gives: func(m *model.Leases, in model.Input) bool {
			next, _, err := m.Step(in)
			return err != nil || len(next.Calls) <= b.Calls
		},
		Faults: leaseFaults(),
	}
	for _, p := range model.LeasesProperties() {
		next := leasesProperty{Name: p.Name}
		if p.Check != nil {
			next.State = func(m *model.Leases) error { return p.Check(*m) }
		}
		if p.CheckStep != nil {
			next.Step = func(before *model.Leases, _ model.Input, _ []model.Output, after *model.Leases) error {
				return p.CheckStep(*before, *after)
			}
		}
		m.Properties = append(m.Properties, next)
	}
	return m
}

// LeasesSizes returns the machines with leases whose sizes golden.json has.
func LeasesSizes() []LeasesMachine {
	return []LeasesMachine{NewLeases(Bounds{Calls: 3, Names: 1, Options: 2}), NewLeases(Bounds{Calls: 4, Names: 1, Options: 1})}
}

type leasesProperty = graphs.Property[model.Leases, model.Input, model.Output]

// inOrder sorts the outputs of several inputs as if they came from one step.
func inOrder(outs []model.Output) []model.Output {
	slices.SortStableFunc(outs, func(a, b model.Output) int {
		return cmp.Or(cmp.Compare(min(a.Kind, model.OutputOpen), min(b.Kind, model.OutputOpen)),
			cmp.Compare(a.Call, b.Call), cmp.Compare(a.Incarnation, b.Incarnation))
	})
	return outs
}

// leasesCore is fsm.Leases with the methods of graphs.Core.
type leasesCore struct {
	leases *fsm.Leases[string]
	outs   []model.Output
}

// Step implements graphs.Core.
func (c *leasesCore) Step(in model.Input) ([]model.Output, error) {
	c.outs = c.outs[:0]
	core := fsm.RoomsInput[string]{Call: fsm.Call(in.Call), Name: in.Name, Options: in.Options}
	switch in.Kind {
	case model.KindAcquire:
		core.Kind = fsm.CallAcquire
	case model.KindClose:
		core.Kind = fsm.CloseLease
	default:
		core = ToCore(in)
	}
	err := c.leases.Step(core, func(_ fsm.RoomsInput[string], outs []fsm.RoomsOutput) {
		for _, out := range outs {
			c.outs = append(c.outs, FromCore(out))
		}
	})
	return inOrder(c.outs), err
}

// Restore implements graphs.Core.
func (c *leasesCore) Restore(s *LeasesState) error {
	below := core{rooms: fsm.NewRooms[string]()}
	if err := below.Restore(&s.State); err != nil {
		return err
	}
	to := fsm.LeasesState[string]{Rooms: below.rooms.State(), Kept: appendTo[fsm.Incarnation](nil, s.Kept)}
	for _, call := range appendTo[int](nil, s.Open) {
		to.Open = append(to.Open, fsm.OpenLease{Call: fsm.Call(call), Incarnation: fsm.Incarnation(s.had(call)),
			Name: names[s.Calls[call-1].Name]})
	}
	return c.leases.Restore(to)
}

// Read implements graphs.Core.
func (c *leasesCore) Read(s *LeasesState) (err error) {
	if err = (&core{rooms: c.leases.Rooms()}).Read(&s.State); err != nil {
		return err
	}
	now := c.leases.State()
	s.Open = 0
	for _, lease := range now.Open {
		s.Open |= setOf(int(lease.Call))
	}
	s.Kept, err = packed(now.Kept)
	return err
}

// had returns the incarnation that a get returned, or waited for.
func (s *State) had(call int) uint8 {
	if c := &s.Calls[call-1]; c.Waits != 0 || c.Outcome != model.OutcomeRoom {
		return c.Waits
	} else {
		return c.Inc
	}
}

// recordLeases updates the history after a step.
func recordLeases(before *LeasesState, in model.Input, outs []model.Output, s *LeasesState) error {
	closes := in.Kind == model.KindClose || in.Kind == model.KindGiveUp && before.Acquires.has(in.Call)
	switch {
	case in.Kind == model.KindAcquire:
		s.Acquires |= setOf(in.Call)
		in.Kind = model.KindGet
	case closes:
		s.Closed |= setOf(in.Call)
	}
	if !closes || s.NumCalls == before.NumCalls {
		begun := before.State
		if in.Kind == model.KindClose { // in this case, the core gets no input for the close
			in, outs = model.Input{Kind: model.KindGiveUp}, nil
		}
		return record(&begun, in, outs, &s.State)
	}
	// A ReleaseIf began. If it waits for the name's release, its lease was given up.
	of := before.had(in.Call)
	c := Call{Kind: model.KindReleaseIf, Of: of, Name: s.Incs[of-1].Name}
	for i := range s.NumIncs {
		if inc := &s.Incs[i]; inc.Name == c.Name && inc.releasing() && before.Incs[of-1].Life < model.LifeReleasing {
			c.Waits = i + 1
		}
	}
	s.Calls[s.NumCalls-1] = c
	begun := before.State
	begun.NumCalls = s.NumCalls
	return record(&begun, model.Input{Kind: model.KindGiveUp}, outs, &s.State)
}

// leasesAgree checks that the core keeps exactly the leases that are open, and exactly those
// incarnations in use that a Get keeps.
func leasesAgree(s *LeasesState) error {
	if err := agrees(&s.State); err != nil {
		return err
	}
	var m model.Leases
	view(&s.State, &m.State)
	m.Acquires, m.Closed = appendTo(m.Acquires, s.Acquires), appendTo(m.Closed, s.Closed)
	for call := 1; call <= int(s.NumCalls); call++ {
		if open := s.Acquires.has(call) && m.Open(call); open != s.Open.has(call) {
			return fmt.Errorf("the lease of call %d is open: %t in the history, %t in the core", call, open, !open)
		}
	}
	for i, inc := range m.Incarnations {
		used := inc.Life < model.LifeReleasing
		if used && m.Kept(i+1) != s.Kept.has(i+1) {
			return fmt.Errorf("incarnation %d is kept by a get: %t in the model, %t in the core", i+1, m.Kept(i+1), !m.Kept(i+1))
		}
	}
	return nil
}

type leaseFault = graphs.Fault[LeasesState, model.Input, model.Output]

// leaseFaults returns the faults that can be planted: one for each property of docs/leases.md.
func leaseFaults() []leaseFault {
	releases := func(s *LeasesState, i int, outs outputs) outputs {
		if inc := &s.Incs[i-1]; inc.Life == model.LifeReady {
			inc.Life, inc.Work = model.LifeReleasing, model.WorkClosing
			outs = append(outs, model.Output{Kind: model.OutputRelease, Incarnation: i})
		}
		return outs
	}
	return []leaseFault{
		{Name: "first-lease-releases", Says: "the first lease that closes releases the room", Breaks: []string{"LeaseKeeps"},
			Tamper: func(before *LeasesState, in input, s *LeasesState, outs outputs) outputs {
				if in.Kind == model.KindClose && s.NumCalls == before.NumCalls {
					return releases(s, int(before.had(in.Call)), outs)
				}
				return outs
			}},
		{Name: "last-lease-keeps", Says: "the last lease that closes does not release the room", Breaks: []string{"LastLease"},
			Tamper: func(before *LeasesState, in input, s *LeasesState, outs outputs) outputs {
				if in.Kind != model.KindClose || s.NumCalls == before.NumCalls {
					return outs
				}
				open := s.Open
				*s = *before
				s.Open = open
				return nil
			}},
		{Name: "close-by-name", Says: "closing a lease of a room that was released releases the name's next room", Breaks: []string{"CloseIsLocal"},
			Tamper: func(before *LeasesState, in input, s *LeasesState, outs outputs) outputs {
				if in.Kind == model.KindClose && !before.State.uses(int(before.had(in.Call))) {
					for i := range s.NumIncs {
						outs = releases(s, int(i+1), outs)
					}
				}
				return outs
			}},
		{Name: "get-keeps-nothing", Says: "a get does not keep the room", Breaks: []string{"GetsKeep", "Bookkeeping"},
			Tamper: func(_ *LeasesState, _ input, s *LeasesState, outs outputs) outputs {
				s.Kept = 0
				return outs
			}},
	}
}

// uses reports whether an incarnation is in use.
func (s *State) uses(i int) bool { return s.Incs[i-1].Life < model.LifeReleasing }

// LeasesSpec maps the states and steps of Leases.tla to those of the reference model. The variables
// of Rooms.tla are mapped as by [Spec], acquires to Acquires and closed to Closed.
type LeasesSpec struct{}

// State implements [graphs.Mapping].
func (LeasesSpec) State(vars graphs.Value) (model.Leases, error) {
	s, err := Spec{}.State(vars)
	return model.Leases{State: s, Acquires: numbers(vars.Field("acquires")), Closed: numbers(vars.Field("closed"))}, err
}

// Text implements [graphs.Mapping].
func (LeasesSpec) Text(l model.Leases) string { return l.String() }

// Step implements [graphs.Mapping].
func (LeasesSpec) Step(action string, before, after model.Leases) (string, error) {
	outs := Outputs(before.State, after.State)
	for _, call := range after.Closed {
		if slices.Contains(before.Closed, call) {
			continue
		}
		in := model.Close(call)
		if before.Calls[call-1].Pending() {
			in = model.GiveUp(call)
		}
		return graphs.StepText(in, outs), nil
	}
	in, err := inputOf(before.State, after.State)
	if len(after.Acquires) > len(before.Acquires) {
		in.Kind = model.KindAcquire
	}
	return graphs.StepText(in, outs), err
}
