package fsm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	looplab "github.com/looplab/fsm"
)

// Definition declares one machine: its name, its states and events in the order of their numbers,
// and its transitions. S and E are closed enumerations that count from 0.
type Definition[S, E ~uint8] struct {
	Machine string // the machine's name, for errors and diagrams
	// all states; States[i] must be S(i); States[0] is the initial state
	States      []S
	Events      []E            // all events; Events[i] must be E(i)
	StateName   func(S) string // returns the name of a state
	EventName   func(E) string // returns the name of an event
	Transitions looplab.Events // the transitions, by the names of states and events
	// the states that no event leaves; Compile checks that
	Final map[S]bool
	_     struct{} // requires literals with field names
}

// none marks an empty cell of a compiled table.
const none = 0xff

// Table is a compiled [Definition]. It is immutable and may be used by several goroutines at once.
type Table[S, E ~uint8] struct {
	def    Definition[S, E]
	events int
	next   []uint8
}

// TransitionError reports that a machine has no transition for an event in a state. Find it with
// [errors.As].
type TransitionError struct {
	Machine string // the machine's name
	State   string // the machine's state
	Event   string // the event that has no transition
}

// Error names the machine, the state and the event.
func (e *TransitionError) Error() string {
	return fmt.Sprintf("%s: no transition from %q by %q", e.Machine, e.State, e.Event)
}

// Live returns a new looplab machine in the initial state, with the given callbacks and the same
// transitions as the compiled table. A looplab machine is not safe for concurrent events: use each
// in one goroutine.
//
// Live returns an error for a callback that is nil, or whose name fits no state and no event of the
// transitions. looplab itself ignores a misspelled callback silently.
func (d Definition[S, E]) Live(callbacks looplab.Callbacks) (*looplab.FSM, error) {
	for _, name := range slices.Sorted(maps.Keys(callbacks)) {
		if !d.callbackFits(name) {
			return nil, fmt.Errorf("%s: the callback %q fits no state and no event", d.Machine, name)
		}
		if callbacks[name] == nil {
			return nil, fmt.Errorf("%s: the callback %q is nil", d.Machine, name)
		}
	}
	return d.live(callbacks), nil
}

func (d Definition[S, E]) live(callbacks looplab.Callbacks) *looplab.FSM {
	return looplab.NewFSM(d.StateName(d.States[0]), d.Transitions, callbacks)
}

// callbackFits reports whether looplab would ever call a callback with the given name: before_ or
// after_ with an event, leave_ or enter_ with a state, or the name of an event or a state alone.
func (d Definition[S, E]) callbackFits(name string) bool {
	when, of, prefixed := strings.Cut(name, "_")
	isEvent := func(tr looplab.EventDesc) bool { return tr.Name == of }
	isState := func(tr looplab.EventDesc) bool { return tr.Dst == of || slices.Contains(tr.Src, of) }
	switch {
	case prefixed && (when == "before" || when == "after"):
		return of == "event" || slices.ContainsFunc(d.Transitions, isEvent)
	case prefixed && (when == "leave" || when == "enter"):
		return of == "state" || slices.ContainsFunc(d.Transitions, isState)
	}
	of = name
	return slices.ContainsFunc(d.Transitions, isEvent) || slices.ContainsFunc(d.Transitions, isState)
}

// Compile asks a looplab machine for the destination of every event in every state, and returns a
// table of the answers. It returns an error if the definition lists no state, lists a state or an
// event twice, names one that it doesn't list, gives an event in one state two destinations, or has
// an event that leaves a final state.
func (d Definition[S, E]) Compile() (*Table[S, E], error) {
	if len(d.States) == 0 {
		return nil, fmt.Errorf("%s: no states are listed", d.Machine)
	}
	states := make(map[string]S, len(d.States))
	for i, s := range d.States {
		if int(s) != i {
			return nil, fmt.Errorf("%s: state %q has number %d, expected %d", d.Machine, d.StateName(s), s, i)
		}
		states[d.StateName(s)] = s
	}
	events := make(map[string]E, len(d.Events))
	for i, e := range d.Events {
		if int(e) != i {
			return nil, fmt.Errorf("%s: event %q has number %d, expected %d", d.Machine, d.EventName(e), e, i)
		}
		events[d.EventName(e)] = e
	}
	if len(states) != len(d.States) || len(events) != len(d.Events) {
		return nil, fmt.Errorf("%s: two states or two events share a name", d.Machine)
	}
	if err := d.checkNames(states, events); err != nil {
		return nil, err
	}

	t := &Table[S, E]{def: d, events: len(d.Events), next: make([]uint8, len(d.States)*len(d.Events))}
	live := d.live(nil)
	for _, s := range d.States {
		for _, e := range d.Events {
			cell := &t.next[int(s)*t.events+int(e)]
			*cell = none
			live.SetState(d.StateName(s))
			if live.Cannot(d.EventName(e)) {
				continue
			}
			// looplab reports a transition to the same state as a NoTransitionError; here it is a
			// transition.
			if err := live.Event(context.Background(), d.EventName(e)); err != nil && !errors.As(err, new(looplab.NoTransitionError)) {
				return nil, fmt.Errorf("%s: %w", d.Machine, err)
			}
			if d.Final[s] {
				return nil, fmt.Errorf("%s: event %q leaves the final state %q", d.Machine, d.EventName(e), d.StateName(s))
			}
			*cell = uint8(states[live.Current()])
		}
	}
	return t, nil
}

// checkNames returns an error for mistakes that looplab accepts silently: misspelled names, and a
// second destination, which would replace the first.
func (d Definition[S, E]) checkNames(states map[string]S, events map[string]E) error {
	destinations := map[[2]string]string{}
	for _, tr := range d.Transitions {
		if _, ok := events[tr.Name]; !ok {
			return fmt.Errorf("%s: a transition names the event %q, which is not listed", d.Machine, tr.Name)
		}
		for _, name := range append([]string{tr.Dst}, tr.Src...) {
			if _, ok := states[name]; !ok {
				return fmt.Errorf("%s: a transition names the state %q, which is not listed", d.Machine, name)
			}
		}
		for _, src := range tr.Src {
			if dst, ok := destinations[[2]string{src, tr.Name}]; ok && dst != tr.Dst {
				return fmt.Errorf("%s: event %q leads from %q to both %q and %q", d.Machine, tr.Name, src, dst, tr.Dst)
			}
			destinations[[2]string{src, tr.Name}] = tr.Dst
		}
	}
	return nil
}

// mustCompile compiles the definitions of this package. It panics if one is invalid; the package's
// tests compile all of them.
func mustCompile[S, E ~uint8](d Definition[S, E]) *Table[S, E] {
	t, err := d.Compile()
	if err != nil {
		panic(err)
	}
	return t
}

// Next returns the state that event leads to from state, or a [*TransitionError] when the machine
// has no such transition.
func (t *Table[S, E]) Next(state S, event E) (S, error) {
	if int(event) < t.events {
		if i := int(state)*t.events + int(event); i < len(t.next) && t.next[i] != none {
			return S(t.next[i]), nil
		}
	}
	return state, &TransitionError{Machine: t.def.Machine, State: t.def.StateName(state), Event: t.def.EventName(event)}
}

// Can reports whether the machine has a transition for event in state.
func (t *Table[S, E]) Can(state S, event E) bool {
	i := int(state)*t.events + int(event)
	return int(event) < t.events && i < len(t.next) && t.next[i] != none
}

// Definition returns the definition that the table was compiled from. It shares memory with the
// table and must not be changed.
func (t *Table[S, E]) Definition() Definition[S, E] { return t.def }
