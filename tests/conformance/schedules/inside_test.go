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

// Subject returns lifecycle.Rooms as a subject that is inspected after each step. Its observer must
// be notified of each input once, and a core of the test must do the same steps. The goroutine
// layer must keep no more state than [wanted] returns.
func Subject() conformance.Subject {
	subject := ours.Subject()
	subject.New = func(b *conformance.Backend) conformance.System { return &watched{Watched: ours.Watch(b, nil)} }
	subject.Inspect = func(s conformance.System, step conformance.Step) error { return s.(*watched).inspect(step) }
	return subject
}

// Unobserved returns lifecycle.Rooms as a subject without an observer, since some paths are taken
// only then: for example, a caller that can't give up releases the room itself. Only the state that
// the goroutine layer keeps of its own is inspected.
func Unobserved() conformance.Subject {
	subject := ours.Subject()
	subject.Inspect = func(s conformance.System, step conformance.Step) error {
		pending, held := wanted(step.State)
		return kept(s.(ours.Rooms), pending, held)
	}
	return subject
}

// watched is lifecycle.Rooms with an observer, and what inspect has seen of its steps.
type watched struct {
	*ours.Watched
	looked int // how many steps inspect has checked
}

// inspect checks the steps that were observed since the last input.
func (w *watched) inspect(step conformance.Step) error {
	steps, err := w.Steps()
	if err != nil {
		return err
	}
	fresh := steps[w.looked:]
	w.looked = len(steps)
	// A get of a room that is ready returns without a step of the core.
	ready := len(step.Inputs) == 1 && step.Inputs[0].Kind == model.KindGet && len(step.Outputs[0]) == 1 &&
		step.Outputs[0][0].Outcome.Kind == model.OutcomeRoom
	same := func(in model.Input, s lifecycle.RoomsStep) bool {
		core := rooms.ToCore(in)
		if core.Kind == fsm.CallReleaseIf {
			core.Name = s.Input.Name // the model's input has no name
		}
		return s.Input.Kind == core.Kind && s.Input.Name == core.Name && s.Input.Incarnation == core.Incarnation &&
			(core.Kind != fsm.CallGet || s.Input.Options == ours.Options(core.Options))
	}
	if !slices.EqualFunc(step.Inputs, fresh, same) && !(len(fresh) == 0 && ready) {
		return fmt.Errorf("the inputs %v were observed as %v", step.Inputs, fresh)
	}
	pending, held := wanted(step.State)
	return kept(w.Rooms, pending, held)
}

// wanted returns how much the goroutine layer has to keep: the number of calls that wait, and the
// number of incarnations that are ready, opening or closing.
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

// kept compares the numbers that wanted returns with those of the goroutine layer. If the layer
// keeps more, that is a leak: nothing removes the surplus later.
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
