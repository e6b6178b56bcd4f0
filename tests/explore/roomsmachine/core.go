package roomsmachine

import (
	"errors"
	"fmt"

	"ablyrooms.example/fsm"
	"ablyrooms.example/tests/chain"
	"ablyrooms.example/tests/explore"
)

// Core is the core with its environment.
type Core struct {
	base
	symmetry Symmetry
	fault    *Fault
	forgets  bool
}

var _ explore.Machine[*State, *Input, fsm.RoomsOutput] = Core{}

// NewCore returns the core at the bounds, which must be in range ([Bounds.Check]).
func NewCore(b Bounds) Core { return Core{base: newBase(b), symmetry: ByName} }

// WithSymmetry returns the machine with another symmetry for [explore.Options.Symmetry] to use; without, it is ByName.
func (m Core) WithSymmetry(s Symmetry) Core { m.symmetry = s; return m }

// WithFault returns the machine with a fault planted.
func (m Core) WithFault(f Fault) Core { m.fault = &f; return m }

// OutputText prints an output as the reference model does.
func (m Core) OutputText(out fsm.RoomsOutput) string { return chain.FromCore(out).String() }

// Walker returns a new walker.
func (m Core) Walker() explore.Walker[*State, *Input, fsm.RoomsOutput] {
	return &coreWalker{core: fsm.NewRooms[string](), symmetry: m.symmetry, bounds: m.bounds, fault: m.fault, forgets: m.forgets}
}

type coreWalker struct {
	core     *fsm.Rooms[string]
	state    State
	before   State // of a step under way
	stale    bool  // the core is to be restored from state before it steps
	unread   bool  // the state is to be read from the core before it is looked at
	scratch  fsm.RoomsState[string]
	outs     []fsm.RoomsOutput
	symmetry Symmetry
	bounds   Bounds
	fault    *Fault
	forgets  bool // the environment: see Core.WithoutMemory
}

// Load leaves the core as it is until a step needs it.
func (w *coreWalker) Load(key []byte) error {
	w.stale, w.unread = true, false
	return w.state.load(key)
}

// Key reads the core again after inputs that it refused, to see whether they have changed nothing.
func (w *coreWalker) Key(dst []byte) []byte {
	if w.unread {
		w.unread = false
		if err := w.readCore(); err != nil {
			return append(dst, err.Error()...)
		}
	}
	if w.forgets {
		s := w.state
		s.forget()
		return s.appendKey(dst)
	}
	return w.state.appendKey(dst)
}

func (w *coreWalker) State() *State { return &w.state }

// Likely is true for what the environment thinks possible.
func (w *coreWalker) Likely(in *Input) bool { return w.state.likely(&in.Core) }

func (w *coreWalker) Step(in *Input) ([]fsm.RoomsOutput, error) {
	if w.stale {
		if err := w.restore(); err != nil {
			return nil, err
		}
		w.stale = false
	}
	if w.forgets && int(in.Core.Call) > w.bounds.Calls { // no more may be pending
		return nil, explore.ErrRefused
	}
	if w.fault != nil && w.fault.Refuse != nil && w.fault.Refuse(&w.state, in.Core) {
		return nil, explore.ErrRefused
	}
	var err error
	w.outs, err = w.core.Step(in.Core, w.outs[:0])
	if err != nil {
		var refused *fsm.RefusedError
		if !errors.As(err, &refused) {
			return nil, err
		}
		if len(w.outs) > 0 {
			return nil, errors.New("a refused input has outputs")
		}
		w.unread = true
		if w.fault != nil && w.fault.Leak != nil {
			w.fault.Leak(&w.state, in.Core)
			w.unread = false
		}
		return nil, explore.ErrRefused
	}
	w.before, w.unread = w.state, false
	if err := w.readCore(); err != nil {
		return nil, err
	}
	if w.fault != nil && w.fault.Tamper != nil {
		w.outs = w.fault.Tamper(&w.before, in.Core, &w.state, w.outs)
		w.stale = true
	}
	return w.outs, w.state.record(&w.before, &in.Core, w.outs)
}

// restore puts the core in the state.
func (w *coreWalker) restore() error {
	s, r := &w.state, &w.scratch
	r.NextCall, r.LastCreated, r.Disposal = fsm.Call(s.NumCalls)+1, fsm.Incarnation(s.NumIncs), s.Disposal.String()
	r.Disposers = appendSet(r.Disposers[:0], s.Disposers)
	r.Failed = appendSet(r.Failed[:0], s.Failed)
	list := r.Incarnations[:0]
	for i := range s.NumIncs {
		inc := &s.Incs[i]
		if inc.Life == fsm.Released {
			continue
		}
		if len(list) == cap(list) {
			list = append(list, fsm.IncarnationState[string]{})
		} else {
			list = list[:len(list)+1]
		}
		to := &list[len(list)-1]
		to.Incarnation, to.Name, to.Options = fsm.Incarnation(i+1), names[inc.Name], options[inc.Options]
		to.Life, to.Work, to.Waiters = inc.Life.String(), inc.Work.String(), appendSet(to.Waiters[:0], inc.Waiters)
	}
	r.Incarnations = list
	return w.core.Restore(*r)
}

// readCore reads the core's part of the state. What the core has in a form that State can't hold is an error: the key would not be
// the whole state.
func (w *coreWalker) readCore() error {
	s, r := &w.state, &w.scratch
	w.core.StateInto(r)
	calls, incs := int(r.NextCall)-1, int(r.LastCreated)
	if calls < int(s.NumCalls) || calls > MaxCalls || incs < int(s.NumIncs) || incs > MaxCalls {
		return fmt.Errorf("the core counts %d calls and %d incarnations after %d and %d", calls, incs, s.NumCalls, s.NumIncs)
	}
	s.NumCalls, s.NumIncs = uint8(calls), uint8(incs)
	s.Disposal = w.core.Disposal()
	var err error
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
			inc.Life, inc.Work, inc.Waiters = fsm.Released, fsm.NoWork, 0 // the core forgot it
			continue
		}
		from := &r.Incarnations[next]
		next++
		inc.Name, inc.Options = nameOf(from.Name), optionsOf(from.Options)
		inc.Life, inc.Work = life(from.Life), work(from.Work)
		if inc.Waiters, err = packed(from.Waiters); err != nil {
			return err
		}
	}
	if next != len(r.Incarnations) {
		return errors.New("the core has an incarnation that it did not count")
	}
	return nil
}

func life(s string) fsm.Life {
	for l := fsm.Initializing; l < fsm.Released; l++ {
		if l.String() == s {
			return l
		}
	}
	return fsm.Released
}

func work(s string) fsm.Work {
	for w := fsm.NoWork; w < fsm.Closing; w++ {
		if w.String() == s {
			return w
		}
	}
	return fsm.Closing
}

func appendSet[N ~uint64](dst []N, s Set) []N {
	for n := 1; s != 0; n, s = n+1, s>>1 {
		if s&1 != 0 {
			dst = append(dst, N(n))
		}
	}
	return dst
}

func packed[N ~uint64](list []N) (s Set, err error) {
	for i, n := range list {
		if n < 1 || n > MaxCalls || i > 0 && n <= list[i-1] {
			return 0, fmt.Errorf("the core's list %v is not ascending, or out of range", list)
		}
		s |= setOf(int(n))
	}
	return s, nil
}
