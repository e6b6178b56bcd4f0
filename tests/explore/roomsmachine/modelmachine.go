package roomsmachine

import (
	"errors"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/explore"
)

// Model is the reference model as a machine. Its states are mapped to those of Core, so that the two have the same keys.
type Model struct {
	base
	symmetry Symmetry
}

var _ explore.Machine[*State, *Input, model.Output] = Model{}

// NewModel returns the model at the bounds, which must be in range ([Bounds.Check]).
func NewModel(b Bounds) Model { return Model{base: newBase(b), symmetry: ByName} }

// WithSymmetry returns the machine with another symmetry for [explore.Options.Symmetry] to use; without, it is ByName.
func (m Model) WithSymmetry(s Symmetry) Model { m.symmetry = s; return m }

// OutputText prints an output.
func (m Model) OutputText(out model.Output) string { return out.String() }

// Walker returns a new walker.
func (m Model) Walker() explore.Walker[*State, *Input, model.Output] {
	return &modelWalker{symmetry: m.symmetry, bounds: m.bounds}
}

type modelWalker struct {
	model    model.State
	state    State
	symmetry Symmetry
	bounds   Bounds
}

func (w *modelWalker) Load(key []byte) error {
	if err := w.state.load(key); err != nil {
		return err
	}
	w.model = w.state.Model()
	return nil
}

func (w *modelWalker) Key(dst []byte) []byte { return w.state.appendKey(dst) }

func (w *modelWalker) State() *State { return &w.state }

func (w *modelWalker) Likely(in *Input) bool { return w.state.likely(&in.Core) }

func (w *modelWalker) Step(in *Input) ([]model.Output, error) {
	next, outs, err := w.model.Step(in.Model)
	if err != nil {
		var refused *model.RefusedError
		if errors.As(err, &refused) {
			w.state = FromModel(next)
			return nil, explore.ErrRefused
		}
		return nil, err
	}
	w.model, w.state = next, FromModel(next)
	return outs, nil
}

func (w *modelWalker) Canonical(dst []byte) []byte {
	s := w.state
	s.canonical(w.symmetry)
	return s.appendKey(dst)
}

func (w *modelWalker) Orbit() uint64 { return w.state.orbit(w.symmetry, w.bounds) }
