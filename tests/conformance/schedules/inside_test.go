package schedules

import (
	"fmt"
	"reflect"
	"slices"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/ours"
	"ablyrooms.example/tests/graphs/rooms"
)

// Subject is lifecycle.Rooms under the harness, with a look inside after each input: its observer
// must be notified of one step, in which a core of its own does the same, and its own state may
// hold no more than it has to.
func Subject() conformance.Subject {
	subject := ours.Subject()
	subject.New = func(b *conformance.Backend) conformance.System { return &watched{Watched: ours.Watch(b, nil)} }
	subject.Inspect = func(s conformance.System, step conformance.Step) error { return s.(*watched).inspect(step) }
	return subject
}

// Unobserved is lifecycle.Rooms under the harness without an observer, which it may then treat
// otherwise: a caller who can't give up releases the room itself. Inside, only what the goroutine
// layer keeps of its own is looked at.
func Unobserved() conformance.Subject {
	subject := ours.Subject()
	subject.Inspect = func(s conformance.System, step conformance.Step) error {
		pending, held := wanted(step.State)
		return kept(s.(ours.Rooms), pending, held)
	}
	return subject
}

// watched is lifecycle.Rooms with an observer that is watched.
type watched struct {
	*ours.Watched
	looked int // how many steps were there at the last look
}

// inspect looks at what was observed since the last input.
func (w *watched) inspect(step conformance.Step) error {
	steps, err := w.Steps()
	if err != nil {
		return err
	}
	fresh := steps[w.looked:]
	w.looked = len(steps)
	// A get of a room that is ready is answered without the core.
	ready := len(step.Inputs) == 1 && step.Inputs[0].Kind == model.KindGet && len(step.Outputs[0]) == 1 &&
		step.Outputs[0][0].Outcome.Kind == model.OutcomeRoom
	same := func(in model.Input, s lifecycle.RoomsStep) bool {
		core := rooms.ToCore(in)
		if core.Kind == fsm.CallReleaseIf {
			core.Name = s.Input.Name // the model's input has none
		}
		return s.Input.Kind == core.Kind && s.Input.Name == core.Name && s.Input.Incarnation == core.Incarnation &&
			(core.Kind != fsm.CallGet || s.Input.Options == ours.Options(core.Options))
	}
	if !slices.EqualFunc(step.Inputs, fresh, same) && !(len(fresh) == 0 && ready) {
		return fmt.Errorf("%v are observed as %v", step.Inputs, fresh)
	}
	pending, held := wanted(step.State)
	return kept(w.Rooms, pending, held)
}

// wanted counts what the goroutine layer has to keep of its own: calls that wait, and incarnations
// that the backend holds or works on.
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
