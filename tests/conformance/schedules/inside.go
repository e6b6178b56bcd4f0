package schedules

import (
	"fmt"
	"reflect"
	"slices"
	"sync"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/chain"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/ours"
)

// Subject is lifecycle.Rooms under the harness, with a look inside after each input: its observer must
// be notified of one step, in which a core of its own does the same, and its own state may hold no more
// than it has to.
func Subject() conformance.Subject {
	subject := ours.Subject()
	subject.New = func(b *conformance.Backend) conformance.System { return newWatched(b, nil) }
	subject.Inspect = func(s conformance.System, step conformance.Step) error { return s.(*watched).inspect(step) }
	return subject
}

// Unobserved is lifecycle.Rooms under the harness without an observer, which it may then treat
// otherwise: a caller who can't give up releases the room itself. Inside, only what the goroutine layer
// keeps of its own is looked at.
func Unobserved() conformance.Subject {
	subject := ours.Subject()
	subject.Inspect = func(s conformance.System, step conformance.Step) error {
		pending, held := wanted(step.State)
		return kept(s.(ours.Rooms), pending, held)
	}
	return subject
}

// watched is lifecycle.Rooms with an observer that holds each step against a core of its own.
type watched struct {
	ours.Rooms

	mu     sync.Mutex
	core   *fsm.Rooms[lifecycle.RoomOptions]
	steps  []lifecycle.RoomsStep
	looked int   // how many steps were there at the last look
	wrong  error // what was observed first that the core does otherwise
}

// newWatched makes a Rooms whose observer calls also, if it is not nil, after each step.
func newWatched(b *conformance.Backend, also func(lifecycle.RoomsStep)) *watched {
	w := &watched{core: fsm.NewRooms[lifecycle.RoomOptions]()}
	w.Rooms = ours.New(b, lifecycle.WithObservedStates(), lifecycle.WithObserver(func(step lifecycle.RoomsStep) {
		w.observe(step)
		if also != nil {
			also(step)
		}
	}))
	return w
}

func (w *watched) observe(step lifecycle.RoomsStep) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps = append(w.steps, step)
	outs, err := w.core.Step(step.Input, nil)
	state := w.core.State()
	switch {
	case w.wrong != nil:
	case step.Seq != uint64(len(w.steps)):
		w.wrong = fmt.Errorf("step %d is observed as number %d", len(w.steps), step.Seq)
	case err != nil:
		w.wrong = err
	case len(outs)+len(step.Outputs) > 0 && !reflect.DeepEqual(outs, step.Outputs):
		w.wrong = fmt.Errorf("%v: observed the outputs %v, the core's are %v", step.Input, step.Outputs, outs)
	case !reflect.DeepEqual(*step.State, state):
		w.wrong = fmt.Errorf("%v: observed the state %+v, the core's is %+v", step.Input, *step.State, state)
	}
}

// inspect looks at what was observed since the last input.
func (w *watched) inspect(step conformance.Step) error {
	w.mu.Lock()
	fresh, wrong := w.steps[w.looked:], w.wrong
	w.looked = len(w.steps)
	w.mu.Unlock()
	if wrong != nil {
		return wrong
	}
	// A get of a room that is ready is answered without the core.
	ready := step.Input.Kind == model.KindGet && len(step.Outputs) == 1 && step.Outputs[0].Outcome.Kind == model.OutcomeRoom
	in := chain.ToCore(step.Input)
	same := func(s lifecycle.RoomsStep) bool {
		return s.Input.Kind == in.Kind && s.Input.Name == in.Name && s.Input.Incarnation == in.Incarnation &&
			(in.Kind != fsm.CallGet || s.Input.Options == ours.Options(in.Options))
	}
	if len(fresh) != 1 && !(len(fresh) == 0 && ready) || slices.ContainsFunc(fresh, func(s lifecycle.RoomsStep) bool { return !same(s) }) {
		return fmt.Errorf("%v is observed as %v", step.Input, fresh)
	}
	pending, held := wanted(step.State)
	return kept(w.Rooms, pending, held)
}

// wanted counts what the goroutine layer has to keep of its own: calls that wait, and incarnations that
// the backend holds or works on.
func wanted(state model.State) (pending, held int) {
	for _, c := range state.Calls {
		if c.Pending() {
			pending++
		}
	}
	for _, inc := range state.Incarnations {
		if inc.Life == model.LifeReady || inc.Work != model.WorkNone {
			held++
		}
	}
	return pending, held
}

// kept compares that with what it keeps. What is more than that, it would keep for ever.
func kept(r ours.Rooms, pending, held int) error {
	v := reflect.ValueOf(r.Rooms).Elem()
	calls, live := v.FieldByName("calls"), v.FieldByName("live")
	if !calls.IsValid() || !live.IsValid() {
		return fmt.Errorf("lifecycle.Rooms has no field calls or live any more")
	}
	if calls.Len() != pending || live.Len() != held {
		return fmt.Errorf("%d calls and %d incarnations are kept, expected %d and %d", calls.Len(), live.Len(), pending, held)
	}
	return nil
}
