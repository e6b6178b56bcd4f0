package schedules

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/graphs/rooms"
)

// tokens are the options of the harness as the library knows them.
var tokens = map[string]lifecycle.RoomOptions{"x": lifecycle.DefaultRoomOptions(), "y": withoutPresence()}

func withoutPresence() lifecycle.RoomOptions {
	o := lifecycle.DefaultRoomOptions()
	o.Presence.EnableEvents = false
	return o
}

// Subject is lifecycle.Rooms under the harness, with a look inside after each input: the steps that its observer was told, with the
// state of the core in each, must be those of a core that is given the script.
func Subject() conformance.Subject {
	return conformance.Subject{
		New: func(b *conformance.Backend) conformance.System {
			s := &system{core: fsm.NewRooms[lifecycle.RoomOptions](), numbers: map[fsm.Call]fsm.Call{}}
			s.Rooms = lifecycle.NewRooms(port{b}, lifecycle.WithObserver(s.observe), lifecycle.WithObservedStates())
			return s
		},
		Classify: conformance.ClassifyBy(lifecycle.RoomExistsWithDifferentOptions,
			lifecycle.RoomReleasedBeforeOperationCompleted, lifecycle.ResourceDisposed),
		Promises: conformance.AllPromises(),
		Inspect:  func(s conformance.System, step conformance.Step) error { return s.(*system).inspect(step) },
	}
}

// Unobserved is lifecycle.Rooms under the harness without an observer, which it may then treat otherwise: a caller who can't give up
// releases the room itself. Inside, only what the goroutine layer keeps of its own is looked at.
func Unobserved() conformance.Subject {
	s := Subject()
	s.New = func(b *conformance.Backend) conformance.System {
		return &system{Rooms: lifecycle.NewRooms(port{b})}
	}
	s.Inspect = func(s conformance.System, step conformance.Step) error { return s.(*system).insides(step.State) }
	return s
}

// port has lifecycle.Rooms open the harness's rooms.
type port struct{ *conformance.Backend }

func (p port) Open(ctx context.Context, name string, options lifecycle.RoomOptions) (*conformance.Room, error) {
	for token, o := range tokens {
		if o == options {
			return p.Backend.Open(ctx, name, token)
		}
	}
	return nil, fmt.Errorf("unknown options %v", options)
}

func (p port) Release(ctx context.Context, _ string, room *conformance.Room) error {
	return p.Backend.Release(ctx, room)
}

type system struct {
	*lifecycle.Rooms[*conformance.Room]
	core    *fsm.Rooms[lifecycle.RoomOptions] // is given the script
	numbers map[fsm.Call]fsm.Call             // the script's number of a call by the library's, which counts no get that it answers without the core

	mu    sync.Mutex
	steps []lifecycle.RoomsStep // since the last input
}

func (s *system) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	token, out := conformance.Spelling(options)
	switch {
	case out:
		return s.Rooms.Get(ctx, name, lifecycle.WithRoomOptions(tokens[token]))
	case token == "y":
		return s.Rooms.Get(ctx, name, lifecycle.WithPresenceEvents(false))
	}
	return s.Rooms.Get(ctx, name)
}

func (s *system) observe(step lifecycle.RoomsStep) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, step)
}

// inspect compares what was observed since the input before with what the core does.
func (s *system) inspect(step conformance.Step) error {
	s.mu.Lock()
	observed := s.steps
	s.steps = nil
	s.mu.Unlock()

	mapped := rooms.ToCore(step.Input)
	in := fsm.RoomsInput[lifecycle.RoomOptions]{Kind: mapped.Kind, Call: mapped.Call, Incarnation: mapped.Incarnation, Name: mapped.Name}
	if mapped.Kind == fsm.CallGet {
		in.Options = tokens[mapped.Options]
	}
	outs, err := s.core.Step(in, nil)
	if err != nil {
		return fmt.Errorf("the core: %w", err)
	}
	if len(observed) == 0 && answeredByReadyRoom(step) {
		return s.insides(step.State)
	}
	if len(observed) != 1 {
		return fmt.Errorf("%d steps were observed for one input", len(observed))
	}
	got := observed[0]
	if got.Input.Kind == fsm.CallGet || got.Input.Kind == fsm.CallRelease || got.Input.Kind == fsm.CallDispose {
		s.numbers[got.Input.Call] = in.Call
	}
	if got.Input.Call != 0 {
		got.Input.Call = s.numbers[got.Input.Call]
	}
	if got.Input != in {
		return fmt.Errorf("the input %v was observed as %v", in, got.Input)
	}
	for i, out := range got.Outputs {
		if out.Kind == fsm.Settle {
			got.Outputs[i].Call = s.numbers[out.Call]
		}
	}
	if !slices.EqualFunc(got.Outputs, outs, func(a, b fsm.RoomsOutput) bool {
		return a.Kind == b.Kind && a.Call == b.Call && a.Incarnation == b.Incarnation && a.Outcome.Equal(b.Outcome)
	}) {
		return fmt.Errorf("the outputs %v were observed, the core's are %v", got.Outputs, outs)
	}
	if err := s.compareStates(*got.State); err != nil {
		return err
	}
	return s.insides(step.State)
}

// answeredByReadyRoom: such a get is answered without the core and without a step.
func answeredByReadyRoom(step conformance.Step) bool {
	return step.Input.Kind == model.KindGet && len(step.Outputs) == 1 && step.Outputs[0].Outcome.Kind == model.OutcomeRoom
}

// compareStates holds the observed state of the library's core against the one that was given the script, call numbers aside.
func (s *system) compareStates(got fsm.RoomsState[lifecycle.RoomOptions]) error {
	want := s.core.State()
	want.NextCall, got.NextCall = 0, 0
	renumber := func(calls []fsm.Call) {
		for i, c := range calls {
			calls[i] = s.numbers[c]
		}
	}
	renumber(got.Disposers)
	for i := range got.Incarnations {
		renumber(got.Incarnations[i].Waiters)
	}
	same := got.LastCreated == want.LastCreated && got.Disposal == want.Disposal && slices.Equal(got.Disposers, want.Disposers) &&
		slices.Equal(got.Failed, want.Failed) && slices.EqualFunc(got.Incarnations, want.Incarnations,
		func(a, b fsm.IncarnationState[lifecycle.RoomOptions]) bool {
			return a.Incarnation == b.Incarnation && a.Name == b.Name && a.Options == b.Options && a.Life == b.Life && a.Work == b.Work &&
				slices.Equal(a.Waiters, b.Waiters)
		})
	if !same {
		return fmt.Errorf("the state %+v was observed, the core's is %+v", got, want)
	}
	return nil
}

// insides counts what the goroutine layer keeps of its own: calls that wait, and incarnations that the backend holds or works on. What
// it keeps beyond that, it would keep for ever.
func (s *system) insides(state model.State) error {
	pending, held := 0, 0
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
	v := reflect.ValueOf(s.Rooms).Elem()
	for field, want := range map[string]int{"calls": pending, "live": held} {
		f := v.FieldByName(field)
		if !f.IsValid() {
			return fmt.Errorf("lifecycle.Rooms has no field %s any more", field)
		}
		if f.Len() != want {
			return fmt.Errorf("%d %s are kept, expected %d", f.Len(), field, want)
		}
	}
	return nil
}
