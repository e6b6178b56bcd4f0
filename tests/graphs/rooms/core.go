package rooms

import (
	"errors"
	"fmt"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// The words of the core and those of the model, mapped to each other by their names. Inputs have
// different names in the core.
var (
	outputKinds, _  = graphs.Alike(fsm.Settle, fsm.Abandon, model.OutputSettle)
	outcomeKinds, _ = graphs.Alike(fsm.GotRoom, fsm.GaveUp, model.OutcomePending)
	lives           = graphs.Words(model.LifeInitializing, model.LifeReleased)
	works           = graphs.Words(model.WorkNone, model.WorkClosing)
	inputKinds      = [...]fsm.RoomsInputKind{model.KindGet: fsm.CallGet, model.KindRelease: fsm.CallRelease,
		model.KindDispose: fsm.CallDispose, model.KindReleaseIf: fsm.CallReleaseIf, model.KindGiveUp: fsm.GiveUp, model.KindOpened: fsm.Opened,
		model.KindOpenFailed: fsm.OpenFailed, model.KindReleased: fsm.ReleaseDone,
		model.KindReleaseFailed: fsm.ReleaseFailed}
)

// ToCore maps the model's inputs to the core's.
func ToCore(in model.Input) fsm.RoomsInput[string] {
	return fsm.RoomsInput[string]{Kind: inputKinds[in.Kind], Call: fsm.Call(in.Call),
		Incarnation: fsm.Incarnation(in.Incarnation), Name: in.Name, Options: in.Options}
}

// FromCore maps the core's outputs to the model's.
func FromCore(out fsm.RoomsOutput) model.Output {
	o := model.Output{Kind: outputKinds[out.Kind], Call: int(out.Call), Incarnation: int(out.Incarnation)}
	if out.Kind != fsm.Settle {
		return o
	}
	o.Outcome.Kind = outcomeKinds[out.Outcome.Kind]
	switch out.Outcome.Kind {
	// the model has an incarnation only for these outcomes
	case fsm.GotRoom, fsm.RejectedOpenFailed, fsm.RejectedReleaseFailed:
		o.Outcome.Incarnation = int(out.Outcome.Incarnation)
	}
	for _, id := range out.Outcome.Failed {
		o.Outcome.Failed = append(o.Outcome.Failed, int(id))
	}
	return o
}

// core is fsm.Rooms with the methods of graphs.Core.
type core struct {
	rooms   *fsm.Rooms[string]
	scratch fsm.RoomsState[string]
	coreOut []fsm.RoomsOutput
	outs    []model.Output
}

// Step implements graphs.Core.
func (c *core) Step(in model.Input) (outs []model.Output, err error) {
	c.coreOut, err = c.rooms.Step(ToCore(in), c.coreOut[:0])
	c.outs = c.outs[:0]
	for _, out := range c.coreOut {
		c.outs = append(c.outs, FromCore(out))
	}
	return c.outs, err
}

// Restore implements graphs.Core.
func (c *core) Restore(s *State) error {
	r := &c.scratch
	r.NextCall, r.LastCreated = fsm.Call(s.NumCalls)+1, fsm.Incarnation(s.NumIncs)
	r.Disposal = s.Disposal.String()
	r.Disposers, r.Failed = appendTo(r.Disposers[:0], s.Disposers), appendTo(r.Failed[:0], s.Failed)
	list := r.Incarnations[:0]
	for i := range s.NumIncs {
		inc := &s.Incs[i]
		if inc.Life == model.LifeReleased {
			continue
		}
		if len(list) == cap(list) {
			list = append(list, fsm.IncarnationState[string]{})
		} else {
			list = list[:len(list)+1]
		}
		to := &list[len(list)-1]
		to.Incarnation, to.Name, to.Options = fsm.Incarnation(i+1), names[inc.Name], options[inc.Options]
		to.Life, to.Work = inc.Life.String(), inc.Work.String()
		to.Waiters = appendTo(to.Waiters[:0], inc.Waiters)
	}
	r.Incarnations = list
	return c.rooms.Restore(*r)
}

// Read implements graphs.Core. It returns an error if State can't represent the core's state.
func (c *core) Read(s *State) (err error) {
	r := &c.scratch
	c.rooms.StateInto(r)
	calls, incs := int(r.NextCall)-1, int(r.LastCreated)
	if calls < int(s.NumCalls) || calls > MaxCalls || incs < int(s.NumIncs) || incs > MaxCalls {
		return fmt.Errorf("the core counts %d calls and %d incarnations after %d and %d",
			calls, incs, s.NumCalls, s.NumIncs)
	}
	s.NumCalls, s.NumIncs, s.Disposal = uint8(calls), uint8(incs), c.rooms.Disposal()
	if s.Disposers, err = packed(r.Disposers); err != nil {
		return err
	}
	if s.Failed, err = packed(r.Failed); err != nil {
		return err
	}
	next := 0
	for i := range s.NumIncs {
		inc := &s.Incs[i]
		if next == len(r.Incarnations) || int(r.Incarnations[next].Incarnation) != int(i)+1 {
			// the core no longer stores the incarnation
			inc.Life, inc.Work, inc.Waiters = model.LifeReleased, model.WorkNone, 0
			continue
		}
		from := &r.Incarnations[next]
		next++
		inc.Name, inc.Options = index(names, from.Name), index(options, from.Options)
		inc.Life, inc.Work = lives[from.Life], works[from.Work]
		if inc.Waiters, err = packed(from.Waiters); err != nil {
			return err
		}
	}
	if next != len(r.Incarnations) {
		return errors.New("the core stores an incarnation with a number above its count")
	}
	return nil
}
