package ours

import (
	"fmt"
	"reflect"
	"slices"
	"sync"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/conformance"
)

// Watched is lifecycle.Rooms with an observer that compares each step with a core of its own.
type Watched struct {
	Rooms

	mu    sync.Mutex
	core  *fsm.Rooms[lifecycle.RoomOptions]
	steps []lifecycle.RoomsStep
	wrong error
}

// Watch makes a Watched on a backend. After each step, its observer also calls also, unless that
// is nil.
func Watch(b *conformance.Backend, also func(lifecycle.RoomsStep)) *Watched {
	w := &Watched{core: fsm.NewRooms[lifecycle.RoomOptions]()}
	w.Rooms = New(b, lifecycle.WithObservedStates(), lifecycle.WithObserver(func(step lifecycle.RoomsStep) {
		w.observe(step)
		if also != nil {
			also(step)
		}
	}))
	return w
}

// Steps returns the steps observed so far. The error describes the first step that the core does
// differently.
func (w *Watched) Steps() ([]lifecycle.RoomsStep, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.steps), w.wrong
}

func (w *Watched) observe(step lifecycle.RoomsStep) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps = append(w.steps, step)
	outs, err := w.core.Step(step.Input, nil)
	state := w.core.State()
	switch {
	case w.wrong != nil:
	case step.Seq != uint64(len(w.steps)):
		w.wrong = fmt.Errorf("the observer must get the step with the number %d, but got number %d", len(w.steps), step.Seq)
	case err != nil:
		w.wrong = err
	case len(outs)+len(step.Outputs) > 0 && !reflect.DeepEqual(outs, step.Outputs):
		w.wrong = fmt.Errorf("%v: observed the outputs %v, the core's are %v", step.Input, step.Outputs, outs)
	case !reflect.DeepEqual(*step.State, state):
		w.wrong = fmt.Errorf("%v: observed the state %+v, the core's is %+v", step.Input, *step.State, state)
	}
}
