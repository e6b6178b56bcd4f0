// Package judge holds what was seen of a running library against what it should do: each step of a room
// is taken once more by a fresh core and by the reference model, each step of a Rooms by its model.
package judge

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs/roomstatus"
)

// Seen is a step of a room and when it was observed.
type Seen struct {
	At time.Duration // since the recorder's begin
	lifecycle.RoomStep
}

// Judges are the names of those that take each step of a stream.
var Judges = [...]string{"core", "model"}

// Stream is what one room was seen to do, from its first step on, and what the judges say of it.
type Stream struct {
	Room  string
	Steps []Seen

	core    *fsm.Room[*lifecycle.ErrorInfo]
	run     model.RoomRun
	numbers map[*lifecycle.ErrorInfo]int // the model knows errors by number
	said    [len(Judges)]error           // a judge that has found something takes no more steps
}

// NewStream returns the stream of a room with these steps.
func NewStream(room string, steps ...Seen) *Stream {
	s := &Stream{Room: room, core: fsm.NewRoom[*lifecycle.ErrorInfo](), numbers: map[*lifecycle.ErrorInfo]int{nil: 0}}
	for _, step := range steps {
		s.Add(step)
	}
	return s
}

// Add appends a step, which the judges take.
func (s *Stream) Add(step Seen) {
	s.Steps = append(s.Steps, step)
	for i, take := range []func(lifecycle.RoomStep) error{s.byCore, s.byModel} {
		if s.said[i] == nil {
			if err := take(step.RoomStep); err != nil {
				s.said[i] = fmt.Errorf("room %q, step %d: the %s: %w", s.Room, step.Seq, Judges[i], err)
			}
		}
	}
}

// By returns what a judge found wrong first, or nil. The number is that in [Judges].
func (s *Stream) By(judge int) error { return s.said[judge] }

// Err returns what the judges found wrong, or nil.
func (s *Stream) Err() error { return errors.Join(s.said[:]...) }

// byCore takes a step by a fresh core: the running room must have the same outputs and the same status.
func (s *Stream) byCore(step lifecycle.RoomStep) error {
	if want := uint64(len(s.Steps)); step.Seq != want {
		return fmt.Errorf("step %d came where %d was expected", step.Seq, want)
	}
	outs, err := s.core.Step(step.Input, nil)
	if err != nil {
		return err
	}
	if !slices.Equal(outs, step.Outputs) {
		return fmt.Errorf("%v put out %v, expected %v", step.Input, step.Outputs, outs)
	}
	return s.sameAsCore(step.Status, step.StatusOf)
}

func (s *Stream) sameAsCore(status lifecycle.Status, of *lifecycle.ErrorInfo) error {
	if want, wantOf := s.core.Status(); status != want || of != wantOf {
		return fmt.Errorf("the room is %v (%v), expected %v (%v)", status, of, want, wantOf)
	}
	return nil
}

// byModel takes a step by the reference model. The room must have every property that docs/room.md
// says a room has, and its channel must have kept the port's promise.
func (s *Stream) byModel(step lifecycle.RoomStep) error {
	in, err := s.input(step.Input)
	if err != nil {
		return err
	}
	if !s.run.Promised(in) {
		return fmt.Errorf("the channel broke the port's promise: %v without an attached event of its own", step.Input)
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
		return fmt.Errorf("%v put out %v, expected %v", in, got, outs)
	}
	for _, property := range model.RoomProperties() {
		if err := property.Check(s.run, in, outs, next); err != nil {
			return fmt.Errorf("%s: %w", property.Name, err)
		}
	}
	s.run = next
	return s.sameAsModel(step.Status, step.StatusOf)
}

func (s *Stream) sameAsModel(status lifecycle.Status, of *lifecycle.ErrorInfo) error {
	if status.String() != s.run.Status.String() || s.number(of) != s.run.Err {
		return fmt.Errorf("the room is %v/%d, expected %v/%d", status, s.number(of), s.run.Status, s.run.Err)
	}
	return nil
}

// Rest returns what is wrong with a room that is at rest with this status, or nil.
func (s *Stream) Rest(status lifecycle.Status, of *lifecycle.ErrorInfo) error {
	var errs []error
	for i, same := range []func(lifecycle.Status, *lifecycle.ErrorInfo) error{s.sameAsCore, s.sameAsModel} {
		if err := same(status, of); err != nil && s.said[i] == nil {
			errs = append(errs, fmt.Errorf("the %s: %w", Judges[i], err))
		}
	}
	if s.said[1] == nil {
		if s.run.Op != model.OpNone {
			errs = append(errs, fmt.Errorf("the model: an operation is under way: %v", s.run.RoomState))
		}
		if pending := s.run.Pending(); len(pending) > 0 {
			errs = append(errs, fmt.Errorf("the model: calls %v are not settled", pending))
		}
	}
	return errors.Join(errs...)
}

func (s *Stream) number(err *lifecycle.ErrorInfo) int {
	n, known := s.numbers[err]
	if !known {
		n = len(s.numbers)
		s.numbers[err] = n
	}
	return n
}

// The model's words for the core's, by way of the one mapping between them.
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
		return model.RoomInput{}, fmt.Errorf("the model knows no input %v", in)
	}
	mapped := model.RoomInput{Kind: kind, Call: int(in.Call), Update: in.Update, Resumed: in.Resumed, Err: s.number(in.Err)}
	if kind == model.KindChannelEvent {
		mapped.Channel = channelStates[in.Channel]
	}
	return mapped, nil
}

// String prints the stream, a step to a line.
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
