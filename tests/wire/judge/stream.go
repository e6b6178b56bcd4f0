// Package judge compares a running library with the reference models. It records each step of a
// room, of a channel and of a Rooms, and checks that the model takes the same step.
package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs/roomstatus"
)

// Seen is a step of a room, with the time of its observation.
type Seen struct {
	At time.Duration // the time since the recorder was made
	lifecycle.RoomStep
}

// Stream has the observed steps of one room, from the first on, and the model's verdict on them.
type Stream struct {
	Room  string
	Steps []Seen

	run     model.RoomRun
	numbers map[*lifecycle.ErrorInfo]int // the number of each error in the model
	wrong   error                        // the first problem; later steps are not checked
}

// NewStream returns the stream of a room with these steps.
func NewStream(room string, steps ...Seen) *Stream {
	s := &Stream{Room: room, numbers: map[*lifecycle.ErrorInfo]int{nil: 0}}
	for _, step := range steps {
		s.Add(step)
	}
	return s
}

// Add appends a step, and checks it with the model.
func (s *Stream) Add(step Seen) {
	if s.Steps = append(s.Steps, step); s.wrong != nil {
		return
	}
	if err := s.take(step.RoomStep); err != nil {
		s.wrong = fmt.Errorf("room %q, step %d: %w", s.Room, step.Seq, err)
	}
}

// Err returns the first problem that the model found, or nil.
func (s *Stream) Err() error { return s.wrong }

// take checks a step: the room must have the same outputs and the same status as the model. The
// room must have every property of docs/room.md, and its channel must have kept the promise of the
// port.
func (s *Stream) take(step lifecycle.RoomStep) error {
	if want := uint64(len(s.Steps)); step.Seq != want {
		return fmt.Errorf("got step %d, expected step %d", step.Seq, want)
	}
	in, err := s.input(step.Input)
	if err != nil {
		return err
	}
	if !s.run.Promised(in) {
		return fmt.Errorf("the channel broke the port's promise: %v came without an event attached of its own", step.Input)
	}
	next, outs, err := s.run.Step(in)
	if err != nil {
		return err
	}
	var got []model.RoomOutput
	for _, out := range step.Outputs {
		got = append(got, roomstatus.FromCore(out, s.number))
	}
	if !slices.Equal(outs, got) {
		return fmt.Errorf("%v had the outputs %v, expected %v", in, got, outs)
	}
	for _, property := range model.RoomProperties() {
		if err := property.Check(s.run, in, outs, next); err != nil {
			return fmt.Errorf("%s: %w", property.Name, err)
		}
	}
	s.run = next
	return s.sameStatus(step.Status, step.StatusOf)
}

// sameStatus returns an error if a status differs from the model's.
func (s *Stream) sameStatus(status lifecycle.RoomStatus, of *lifecycle.ErrorInfo) error {
	if status.String() != s.run.Status.String() || s.number(of) != s.run.Err {
		return fmt.Errorf("the room has the status %v (%v), the model %v with error %d", status, of, s.run.Status, s.run.Err)
	}
	return nil
}

// Rest returns an error if a room with this status is not at rest. It doesn't report problems with
// the steps: for these, see [Stream.Err].
func (s *Stream) Rest(status lifecycle.RoomStatus, of *lifecycle.ErrorInfo) error {
	pending := s.run.Pending()
	switch err := s.sameStatus(status, of); {
	case s.wrong != nil:
		return nil
	case err != nil:
		return err
	case s.run.Op != model.OpNone:
		return fmt.Errorf("an operation is under way: %v", s.run.RoomState)
	case len(pending) > 0:
		return fmt.Errorf("calls %v are not settled", pending)
	}
	return nil
}

func (s *Stream) number(err *lifecycle.ErrorInfo) int {
	n, known := s.numbers[err]
	if !known {
		n = len(s.numbers)
		s.numbers[err] = n
	}
	return n
}

// The model's kinds and states, by the core's. They are made from the mapping in package
// roomstatus.
var (
	roomKinds     = map[fsm.RoomInputKind]model.RoomKind{}
	channelStates = map[fsm.ChannelState]model.ChannelState{}
)

func init() {
	for k := model.KindRoomAttach; k <= model.KindGiveBackEnded; k++ {
		roomKinds[roomstatus.ToCore(model.RoomInput{Kind: k, Channel: model.ChannelInitialized}, roomstatus.Same).Kind] = k
	}
	for c := model.ChannelInitialized; c <= model.ChannelFailed; c++ {
		channelStates[roomstatus.ToCore(model.ChannelTurned(c, 0), roomstatus.Same).Channel] = c
	}
}

func (s *Stream) input(in fsm.RoomInput[*lifecycle.ErrorInfo]) (model.RoomInput, error) {
	kind, known := roomKinds[in.Kind]
	if !known {
		return model.RoomInput{}, fmt.Errorf("the model has no input %v", in)
	}
	mapped := model.RoomInput{Kind: kind, Call: int(in.Call), Update: in.Update, Resumed: in.Resumed, Err: s.number(in.Err)}
	if kind == model.KindChannelEvent {
		mapped.Channel = channelStates[in.Channel]
	}
	return mapped, nil
}

// String returns the stream as text, with one step in each line.
func (s *Stream) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "room %q\n", s.Room)
	for _, step := range s.Steps {
		fmt.Fprintf(&b, "  %9s  %-3d %v", step.At.Round(time.Millisecond), step.Seq, step.Input)
		for i, out := range step.Outputs {
			fmt.Fprintf(&b, "%s%v", []string{"  ->  ", ", "}[min(i, 1)], out)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
