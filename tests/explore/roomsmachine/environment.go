package roomsmachine

import (
	"fmt"
	"slices"

	"ablyrooms.example/fsm"
)

// ends are the inputs that end a work of the backend, from place 1.
var ends = []fsm.RoomsInputKind{0, fsm.Opened, fsm.OpenFailed, fsm.ReleaseDone, fsm.ReleaseFailed}

// likely tells what the environment expects to be taken: the next call, giving up one that is pending, the end of a work under way.
func (s *State) likely(in *fsm.RoomsInput[string]) bool {
	switch in.Kind {
	case fsm.CallGet, fsm.CallRelease, fsm.CallDispose:
		return int(in.Call) == int(s.NumCalls)+1
	case fsm.GiveUp:
		return int(in.Call) <= int(s.NumCalls) && s.Calls[in.Call-1].Pending()
	}
	if int(in.Incarnation) > int(s.NumIncs) {
		return false
	}
	work := fsm.Opening
	if in.Kind == fsm.ReleaseDone || in.Kind == fsm.ReleaseFailed {
		work = fsm.Closing
	}
	return s.Incs[in.Incarnation-1].Work == work
}

// record has the environment take down what it sees of a step: which call began, what for, and who was told what.
func (s *State) record(before *State, in *fsm.RoomsInput[string], outs []fsm.RoomsOutput) error {
	begun := int(before.NumCalls)
	if end := slices.Index(ends, in.Kind); end > 0 {
		s.Incs[in.Incarnation-1].Ended = uint8(end)
	}
	switch in.Kind {
	case fsm.CallGet, fsm.CallRelease, fsm.CallDispose:
		begun++
		c := Call{Kind: in.Kind}
		if in.Kind != fsm.CallDispose {
			c.Name = nameOf(in.Name)
		}
		if in.Kind == fsm.CallGet {
			c.Options = optionsOf(in.Options)
		}
		for i := range s.NumIncs {
			if s.Incs[i].Waiters.Has(begun) {
				c.Waits = i + 1
			}
		}
		s.Calls[begun-1] = c
	}
	if int(s.NumCalls) != begun {
		return fmt.Errorf("the core counts %d calls where %d began", s.NumCalls, begun)
	}
	for i := range outs {
		o := &outs[i]
		if o.Kind != fsm.Settle {
			continue
		}
		if o.Call < 1 || int(o.Call) > begun {
			return fmt.Errorf("%v settles a call that never began", o)
		}
		c := &s.Calls[o.Call-1]
		c.Outcome, c.Inc, c.Failed = o.Outcome.Kind, 0, 0
		switch o.Outcome.Kind {
		case fsm.GotRoom, fsm.RejectedOpenFailed, fsm.RejectedReleaseFailed: // callers are told of an incarnation by these alone
			c.Inc = uint8(o.Outcome.Incarnation)
		}
		var err error
		if c.Failed, err = packed(o.Outcome.Failed); err != nil {
			return err
		}
	}
	return nil
}
