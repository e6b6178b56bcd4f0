package graphs

import (
	"errors"
	"fmt"
	"slices"
)

// Machine is the one description of a machine, from which everything in this package is driven.
//
//   - S is a state of the core together with what the world around it remembers and the core
//     forgets. Its zero value is the initial state. It is copied by assignment: what writes to a
//     state must not write to memory that a copy shares.
//   - M is a state of the reference model, of which properties and the spec speak. Its zero value
//     is the initial state.
//   - I and O are inputs and outputs, in the model's words.
//
// Its functions may be called by several goroutines at once.
type Machine[S, M, I, O any] struct {
	Name string // with the bounds, for reports
	// of the playground, where scripts of this machine can be played; "" if there is none
	Board  string
	Golden string // the key in golden.json below which its size stands: "graph/toy/3"
	// every input within the bounds, whether some state takes it or not; at most 4096
	Inputs []I
	Action func(I) string // the name under which an input is counted

	New func() Core[S, I, O]          // a core; each is used by one goroutine
	Key func(dst []byte, s *S) []byte // equal states have equal keys, others have others
	// the one mapping of states to the model's; uses m's memory again
	View func(s *S, m *M)
	// Record has the world note what it sees of a step, in the state after it. It may be nil.
	Record func(before *S, in I, outs []O, after *S) error

	Model    func(m M, in I) (M, []O, error) // a step of the model, which leaves m alone
	ModelKey func(dst []byte, m *M) []byte   // Key for states of the model
	// the rules that the step follows, for reports; may be nil
	Rules      func(m M, in I) string
	SameOutput func(a, b O) bool // whether two outputs are equal
	Refused    func(error) bool  // tells a refusal, by core or model, from a fault
	// OutputsInState says that a state of the spec holds the outputs of the step that led to it.
	OutputsInState bool

	// a cheap guess of what is taken; it saves time, and decides nothing; may be nil
	Likely func(m *M, in I) bool
	// whether the world ever gives the input in this state; nil: always
	Gives func(m *M, in I) bool

	// Canonical replaces a state by the one that stands for all that differ from it in names alone,
	// and Orbit counts those within the bounds. Both are nil if there is no such symmetry.
	Canonical func(s *S)
	Orbit     func(s *S) uint64

	Properties []Property[M, I, O]
	// why what the core keeps contradicts what the world has seen; may be nil
	Agrees   func(s *S) error
	Liveness []LeadsTo[M]
	Fairness []Fairness[M, I]
	Faults   []Fault[S, I, O]

	fault   Fault[S, I, O] // the one that is planted
	ofModel bool
}

// Core is an implementation that can be put in any state.
type Core[S, I, O any] interface {
	// Restore puts the core in a state.
	Restore(s *S) error
	// Step gives the core an input. The outputs may be overwritten by the next Step. A refused
	// input must leave the core as it is, and have no outputs.
	Step(in I) ([]O, error)
	// Read writes the core's part of its state into s, and leaves what the world remembers.
	Read(s *S) error
}

// Property is what must hold of states, of steps, or of both. The functions return why it does not.
type Property[M, I, O any] struct {
	Name  string
	State func(m *M) error                                // may be nil
	Step  func(before *M, in I, outs []O, after *M) error // may be nil
}

// Fault is something wrong that can be planted in the core. Its functions may be nil.
type Fault[S, I, O any] struct {
	Name   string
	Says   string
	Breaks []string // the properties that it breaks, each by itself
	// Refuse says which inputs are refused although the core takes them.
	Refuse func(s *S, in I) bool
	// Tamper changes the state after a step, and its outputs, before the world notes them.
	Tamper func(before *S, in I, after *S, outs []O) []O
	// Leak changes the state although an input is refused.
	Leak func(s *S, in I)
}

// Names of violations that are none of a property of the machine.
const (
	Unchanged   = "RefusedInputsChangeNothing" // a refused input changed the state
	Broken      = "MachineIsSound"             // the core panicked or returned an error
	SameAsModel = "SameAsModel"                // the model does otherwise
	Bookkeeping = "Bookkeeping"                // Machine.Agrees
)

// WithFault returns the machine with one of its faults planted.
func (m Machine[S, M, I, O]) WithFault(name string) (Machine[S, M, I, O], error) {
	i := slices.IndexFunc(m.Faults, func(f Fault[S, I, O]) bool { return f.Name == name })
	if i < 0 {
		return m, fmt.Errorf("no fault is called %q", name)
	}
	m.fault = m.Faults[i]
	m.Name += " with the fault " + name
	return m, nil
}

// PropertyNames returns the names of what is held to states and steps.
func (m Machine[S, M, I, O]) PropertyNames() (names []string) {
	for _, p := range m.Properties {
		names = append(names, p.Name)
	}
	if m.Agrees != nil {
		names = append(names, Bookkeeping)
	}
	return names
}

// OfModel returns the reference model as a machine of its own, without symmetry and faults.
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

// modelCore is a model in the place of a core.
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

// IsA returns whether an error is, or wraps, one of a type: what Machine.Refused is made of.
func IsA[E error](err error) bool {
	_, is := errors.AsType[E](err)
	return is
}

// walker is a core in one of its states, with a fault if one is planted.
type walker[S, M, I, O any] struct {
	m             *Machine[S, M, I, O]
	core          Core[S, I, O]
	state, before S
	stale         bool // the core is to be restored from state before it steps
}

func (m *Machine[S, M, I, O]) walker() *walker[S, M, I, O] {
	return &walker[S, M, I, O]{m: m, core: m.New()}
}

// load puts the walker in a state; the core follows when it has to step.
func (w *walker[S, M, I, O]) load(s *S) { w.state, w.stale = *s, true }

// step gives the core an input. If it is taken, before and state are those around the step; if not,
// state is what the core has then.
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
