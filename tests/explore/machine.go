// Package explore visits every state that a machine can reach. It knows a machine by its inputs, its outputs and the keys of its
// states, and nothing of what they mean: see [Machine].
//
// [Run] goes breadth first on all cores and holds properties to every state and every step; it keeps fingerprints of the states that
// it has seen, so that it reaches tens of millions. [Build] keeps the graph itself, exactly, for comparing and drawing ([Graph]) and
// for liveness ([Space.LeadsTo]). What either says holds within the bounds of the machine that it was given.
package explore

import "errors"

// ErrRefused is what [Walker.Step] returns for an input that the machine does not take in its present state.
var ErrRefused = errors.New("refused")

// Machine is what can be explored: S is what properties look at, I an input, O an output. Its methods may be called concurrently.
type Machine[S, I, O any] interface {
	// Alphabet returns every input, whether the machine takes it in some state or not; always the same, at most 4096.
	Alphabet() []I
	// Walker returns a new walker in the initial state. Each is used by one goroutine.
	Walker() Walker[S, I, O]
	// Action returns the name under which an input is counted.
	Action(in I) string
	// InputText, OutputText and StateText print what they are given, for people and for [Graph]. Different states of one machine
	// have different texts.
	InputText(in I) string
	OutputText(out O) string
	StateText(s S) string
}

// Walker is a machine in one of its states.
type Walker[S, I, O any] interface {
	// Load puts the machine in the state that has the key.
	Load(key []byte) error
	// Key appends the key of the present state. Two states have the same key exactly when they are equal, and Load of a state's key
	// leads to that state: the key is the whole state.
	Key(dst []byte) []byte
	// Step gives the machine an input. A refused one, for which Step returns ErrRefused, must leave the state as it was; any other
	// error says that the machine is broken. The outputs may be overwritten by the next Step.
	Step(in I) ([]O, error)
	// State returns the present state for properties, which only read it, and not after the next Load or Step.
	State() S
}

// Hinter is a walker that can guess cheaply which inputs its machine will take. A guess decides in which order inputs are tried, and
// with [Options.SkipUnlikely] whether; it never decides whether an input is taken.
type Hinter[I any] interface {
	Likely(in I) bool
}

// Symmetric is a walker of a machine some of whose states differ in names only: there is a group of renamings that map steps to
// steps and leave the initial state alone. Properties must not tell renamed states apart either.
type Symmetric interface {
	// Canonical appends the key of the one state that stands for the present one and for all that it can be renamed to.
	Canonical(dst []byte) []byte
	// Orbit returns how many states the present one can be renamed to, itself included.
	Orbit() uint64
}

// Invariant is a property of states, or of steps, or of both.
type Invariant[S, I, O any] struct {
	Name string
	// State returns why a state breaks the property, or nil. The field may be nil.
	State func(s S) error
	// Step returns why a step breaks the property, or nil. The field may be nil.
	Step func(before S, in I, outs []O, after S) error
}

// Names of violations that are none of a property.
const (
	Unchanged = "RefusedInputsChangeNothing" // a refused input changed the state
	Broken    = "MachineIsSound"             // the machine panicked or returned an error
)
