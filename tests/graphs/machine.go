package graphs

import (
	"errors"
	"fmt"
	"slices"
)

// Machine is the description of a machine. Everything in this package works from it.
//
//   - S is a state of the core, together with the history that the core doesn't store. Its zero
//     value is the initial state. States are copied by assignment, so code that changes a state
//     must not change memory that a copy shares.
//   - M is a state of the reference model. Properties and the spec are about these states. Its zero
//     value is the initial state.
//   - I and O are inputs and outputs, in the model's words.
//
// The functions may be called by several goroutines at the same time.
type Machine[S, M, I, O any] struct {
	Name string // the name in reports, with the bounds
	// the board of the playground that can play scripts of this machine; "" if there is none
	Board  string
	Golden string // the key of its size in golden.json, such as "graph/toy/3"
	// every input within the bounds, even if no state takes it; at most 4096
	Inputs []I
	Action func(I) string // returns the name under which an input is counted

	New func() Core[S, I, O]          // returns a core for one goroutine
	Key func(dst []byte, s *S) []byte // appends the state's key; equal states have equal keys
	// maps a state to the model's state; this is the only such mapping; it reuses m's memory
	View func(s *S, m *M)
	// Record updates the history, in the state after a step. It may be nil.
	Record func(before *S, in I, outs []O, after *S) error

	Model    func(m M, in I) (M, []O, error) // takes a step of the model, and doesn't change m
	ModelKey func(dst []byte, m *M) []byte   // appends the key of a state of the model
	// returns the rules that a step follows, for reports; may be nil
	Rules      func(m M, in I) string
	SameOutput func(a, b O) bool // reports whether two outputs are equal
	Refused    func(error) bool  // reports whether an error means "refused"
	// OutputsInState says that a state of the spec contains the outputs of the step that led to it.
	OutputsInState bool

	// reports whether the model is likely to take the input, so that trying it is worth the time;
	// may be nil
	Likely func(m *M, in I) bool
	// reports whether the input may come in this state; nil for always
	Gives func(m *M, in I) bool

	// Canonical replaces a state by the one that represents all states that differ from it only in
	// names. Orbit returns the number of these states within the bounds. Both are nil if there is
	// no such symmetry.
	Canonical func(s *S)
	Orbit     func(s *S) uint64

	Properties []Property[M, I, O]
	// returns an error if the core's state contradicts the history; may be nil
	Agrees   func(s *S) error
	Liveness []LeadsTo[M]
	Fairness []Fairness[M, I]
	Faults   []Fault[S, I, O]

	fault   Fault[S, I, O] // the planted fault
	ofModel bool
}

// Core is an implementation whose state can be set.
type Core[S, I, O any] interface {
	// Restore sets the core's state.
	Restore(s *S) error
	// Step gives the core an input. The next Step may overwrite the outputs. If the core refuses
	// the input, Step must not change the state, and must return no outputs.
	Step(in I) ([]O, error)
	// Read writes the core's part of its state into s. It doesn't change the rest of s.
	Read(s *S) error
}

// Property must hold in states, in steps, or in both. Its functions return an error if the property
// does not hold.
type Property[M, I, O any] struct {
	Name  string
	State func(m *M) error                                // may be nil
	Step  func(before *M, in I, outs []O, after *M) error // may be nil
}

// Fault is a fault that can be planted in the core. Its functions may be nil.
type Fault[S, I, O any] struct {
	Name   string
	Says   string
	Breaks []string // the properties that the fault breaks; each fails even if it is checked alone
	// Refuse reports whether the faulty core refuses an input that the core would take.
	Refuse func(s *S, in I) bool
	// Tamper changes the state after a step, and returns changed outputs. Record runs after it.
	Tamper func(before *S, in I, after *S, outs []O) []O
	// Leak changes the state after an input was refused.
	Leak func(s *S, in I)
}

// Names of violations that don't belong to a property of the machine.
const (
	Unchanged = "RefusedInputsChangeNothing" // a refused input changed the state
	// the core panicked, or returned an error that doesn't mean "refused"
	Broken = "MachineIsSound"
	// the model refuses another input, or has another output or another next state
	SameAsModel = "SameAsModel"
	Bookkeeping = "Bookkeeping" // Machine.Agrees returned an error
)

// WithFault returns the machine with one of its faults planted. The error is for an unknown name.
func (m Machine[S, M, I, O]) WithFault(name string) (Machine[S, M, I, O], error) {
	i := slices.IndexFunc(m.Faults, func(f Fault[S, I, O]) bool { return f.Name == name })
	if i < 0 {
		return m, fmt.Errorf("no fault is called %q", name)
	}
	m.fault = m.Faults[i]
	m.Name += " with the fault " + name
	return m, nil
}

// PropertyNames returns the names of the properties that are checked in states and steps.
func (m Machine[S, M, I, O]) PropertyNames() (names []string) {
	for _, p := range m.Properties {
		names = append(names, p.Name)
	}
	if m.Agrees != nil {
		names = append(names, Bookkeeping)
	}
	return names
}

// OfModel returns the reference model as a machine in its own right, without symmetry and faults.
func (m Machine[S, M, I, O]) OfModel() Machine[M, M, I, O] {
	return Machine[M, M, I, O]{
		Name: m.Name + ", the model", Board: m.Board, Golden: m.Golden, Inputs: m.Inputs, Action: m.Action, Key: m.ModelKey, ModelKey: m.ModelKey,
		New:   func() Core[M, I, O] { return &modelCore[M, I, O]{step: m.Model} },
		View:  func(s, to *M) { *to = *s },
		Model: m.Model, Rules: m.Rules, SameOutput: m.SameOutput, Refused: m.Refused,
		OutputsInState: m.OutputsInState, ofModel: true,
		Likely: m.Likely, Gives: m.Gives,
		Properties: m.Properties, Liveness: m.Liveness, Fairness: m.Fairness,
	}
}

// modelCore is a [Core] that takes the steps of a model.
type modelCore[M, I, O any] struct {
	step func(M, I) (M, []O, error)
	now  M
}

func (c *modelCore[M, I, O]) Restore(s *M) error { c.now = *s; return nil }
func (c *modelCore[M, I, O]) Read(s *M) error    { *s = c.now; return nil }

func (c *modelCore[M, I, O]) Step(in I) (outs []O, err error) {
	c.now, outs, err = c.step(c.now, in)
	return outs, err
}

// IsA reports whether an error is, or wraps, an error of type E. It is for Machine.Refused.
func IsA[E error](err error) bool {
	_, is := errors.AsType[E](err)
	return is
}

// walker is a core in one of its states, with the planted fault if there is one.
type walker[S, M, I, O any] struct {
	m             *Machine[S, M, I, O]
	core          Core[S, I, O]
	state, before S
	stale         bool // the core must be restored from state before its next step
}

func (m *Machine[S, M, I, O]) walker() *walker[S, M, I, O] {
	return &walker[S, M, I, O]{m: m, core: m.New()}
}

// load sets the walker's state. The core's state is set before its next step.
func (w *walker[S, M, I, O]) load(s *S) { w.state, w.stale = *s, true }

// step gives the core an input. If the core takes it, before and state are the states before and
// after the step. If the core refuses it, state is the state that the core then has.
func (w *walker[S, M, I, O]) step(in I) (outs []O, refused bool, err error) {
	if w.stale {
		if err := w.core.Restore(&w.state); err != nil {
			return nil, false, err
		}
		w.stale = false
	}
	f := &w.m.fault
	if f.Refuse != nil && f.Refuse(&w.state, in) {
		return nil, true, nil
	}
	outs, err = w.core.Step(in)
	switch {
	case err == nil:
	case !w.m.Refused(err):
		return nil, false, err
	case len(outs) > 0:
		return nil, false, errors.New("a refused input has outputs")
	case f.Leak != nil:
		f.Leak(&w.state, in)
		return nil, true, nil
	default:
		return nil, true, w.core.Read(&w.state)
	}
	w.before = w.state
	if err := w.core.Read(&w.state); err != nil {
		return nil, false, err
	}
	if f.Tamper != nil {
		outs = f.Tamper(&w.before, in, &w.state, outs)
		w.stale = true
	}
	if w.m.Record != nil {
		err = w.m.Record(&w.before, in, outs, &w.state)
	}
	return outs, false, err
}
