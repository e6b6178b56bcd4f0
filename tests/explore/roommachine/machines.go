package roommachine

import (
	"errors"
	"slices"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/chain"
	"ablyrooms.example/tests/explore"
)

// Machine is a room with its environment, as the explorer takes it.
type Machine = explore.Machine[*State, *Input, Output]

// Core is the core with its environment.
type Core struct {
	base
	fault *Fault
}

// Model is the reference model with the same environment, so that the two have the same keys.
type Model struct{ base }

var (
	_ Machine = Core{}
	_ Machine = Model{}
)

// NewCore returns the core at the bounds, which must be in range ([Bounds.Check]).
func NewCore(b Bounds) Core { return Core{base: newBase(b)} }

// WithFault returns the machine with a fault planted.
func (m Core) WithFault(f Fault) Core { m.fault = &f; return m }

// NewModel returns the model at the bounds, which must be in range ([Bounds.Check]).
func NewModel(b Bounds) Model { return Model{newBase(b)} }

// Walker returns a new walker.
func (m Core) Walker() explore.Walker[*State, *Input, Output] {
	return &coreWalker{core: fsm.NewRoom[int](), bounds: m.bounds, fault: m.fault}
}

// Walker returns a new walker.
func (m Model) Walker() explore.Walker[*State, *Input, Output] { return &modelWalker{bounds: m.bounds} }

type coreWalker struct {
	core   *fsm.Room[int]
	state  State
	stale  bool // the core is to be restored from state before it steps
	unread bool // the state is to be read from the core before it is looked at
	bounds Bounds
	fault  *Fault
	outs   []fsm.RoomOutput[int]
}

func (w *coreWalker) Load(key []byte) error {
	w.stale, w.unread = true, false
	return w.state.load(key)
}

// Key reads the core again after inputs that it refused, to see whether they have changed nothing.
func (w *coreWalker) Key(dst []byte) []byte {
	if w.unread {
		w.unread = false
		w.read()
	}
	return w.state.appendKey(dst)
}

func (w *coreWalker) State() *State { return &w.state }

func (w *coreWalker) Likely(in *Input) bool { return w.state.likely(*in) }

func (w *coreWalker) read() {
	var s fsm.RoomState[int]
	w.core.StateInto(&s)
	w.state.Room = chain.FromRoomState(s, same)
}

func (w *coreWalker) Step(in *Input) ([]Output, error) {
	if w.stale {
		if err := w.core.Restore(chain.ToRoomState(w.state.Room, same)); err != nil {
			return nil, err
		}
		w.stale = false
	}
	if !w.state.allowed(w.bounds, *in) || w.fault != nil && w.fault.Refuse != nil && w.fault.Refuse(&w.state, *in) {
		return nil, explore.ErrRefused
	}
	var err error
	w.outs, err = w.core.Step(chain.ToRoomCore(*in, same), w.outs[:0])
	if err != nil {
		if !errors.As(err, new(*fsm.RefusedError)) {
			return nil, err
		}
		if len(w.outs) > 0 {
			return nil, errors.New("a refused input has outputs")
		}
		w.unread = true
		if w.fault != nil && w.fault.Leak != nil {
			w.fault.Leak(&w.state, *in)
			w.unread = false
		}
		return nil, explore.ErrRefused
	}
	before := w.state
	before.Room.Queue = slices.Clone(before.Room.Queue)
	w.unread = false
	w.read()
	outs := make([]Output, len(w.outs))
	for i, o := range w.outs {
		outs[i] = chain.FromRoomCore(o, same)
	}
	if w.fault != nil && w.fault.Tamper != nil {
		outs = w.fault.Tamper(&before, *in, &w.state, outs)
		w.stale = true
	}
	return outs, w.state.record(&before, *in, outs, w.bounds)
}

type modelWalker struct {
	state  State
	bounds Bounds
}

func (w *modelWalker) Load(key []byte) error  { return w.state.load(key) }
func (w *modelWalker) Key(dst []byte) []byte  { return w.state.appendKey(dst) }
func (w *modelWalker) State() *State          { return &w.state }
func (w *modelWalker) Likely(in *Input) bool  { return w.state.likely(*in) }
func (w *modelWalker) refused(in *Input) bool { return !w.state.allowed(w.bounds, *in) }

func (w *modelWalker) Step(in *Input) ([]Output, error) {
	if w.refused(in) {
		return nil, explore.ErrRefused
	}
	before := w.state
	next, outs, err := w.state.Room.Step(*in)
	if err != nil {
		w.state.Room = next
		if errors.As(err, new(*model.RoomRefusedError)) {
			return nil, explore.ErrRefused
		}
		return nil, err
	}
	w.state.Room = next
	return outs, w.state.record(&before, *in, outs, w.bounds)
}
