// Package judge holds what running rooms were seen to do against what they should: each step of a room is taken once more by a fresh core,
// and by the reference model.
package judge

import (
	"fmt"
	"slices"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs/roomstatus"
)

// Judge takes the steps of one room, from its first on.
type Judge interface {
	// Name says who judges.
	Name() string
	// Step returns what is wrong with the next step, or nil. After an error it is of no further use.
	Step(step lifecycle.RoomStep) error
	// Rest returns what is wrong with a room that is at rest in this status, or nil.
	Rest(status lifecycle.Status, err *lifecycle.ErrorInfo) error
}

// All returns one of each judge there is, for one room.
func All() []Judge { return []Judge{NewCore(), NewModel()} }

// core takes each step once more by a fresh core.
type core struct {
	room *fsm.Room[*lifecycle.ErrorInfo]
	seq  uint64
}

// NewCore returns a judge that is a fresh core: the running room must have put out the same, and be in the same status.
func NewCore() Judge { return &core{room: fsm.NewRoom[*lifecycle.ErrorInfo]()} }

func (*core) Name() string { return "core" }

func (c *core) Step(step lifecycle.RoomStep) error {
	if c.seq++; step.Seq != c.seq {
		return fmt.Errorf("step %d came where %d was expected", step.Seq, c.seq)
	}
	outs, err := c.room.Step(step.Input, nil)
	if err != nil {
		return err
	}
	if !slices.Equal(outs, step.Outputs) {
		return fmt.Errorf("%v put out %v, expected %v", step.Input, step.Outputs, outs)
	}
	if status, of := c.room.Status(); status != step.Status || of != step.StatusOf {
		return fmt.Errorf("after %v the room is %v (%v), expected %v (%v)", step.Input, step.Status, step.StatusOf, status, of)
	}
	return nil
}

func (c *core) Rest(status lifecycle.Status, err *lifecycle.ErrorInfo) error {
	if want, of := c.room.Status(); want != status || of != err {
		return fmt.Errorf("the room says %v (%v), expected %v (%v)", status, err, want, of)
	}
	return nil
}

// reference takes each step once more by the reference model, which knows errors by number, and holds the model's properties to it.
type reference struct {
	run     model.RoomRun
	numbers map[*lifecycle.ErrorInfo]int
}

// NewModel returns a judge that is the reference model: the running room must have put out the same, be in the same status, and have every
// property that docs/room.md says a room has; and its channel must have kept the port's promise.
func NewModel() Judge {
	return &reference{numbers: map[*lifecycle.ErrorInfo]int{nil: 0}}
}

func (*reference) Name() string { return "model" }

func (m *reference) number(err *lifecycle.ErrorInfo) int {
	n, known := m.numbers[err]
	if !known {
		n = len(m.numbers)
		m.numbers[err] = n
	}
	return n
}

func (m *reference) Step(step lifecycle.RoomStep) error {
	in, err := m.input(step.Input)
	if err != nil {
		return err
	}
	if !m.run.Promised(in) {
		return fmt.Errorf("the channel broke the port's promise: %v without an attached event of its own", step.Input)
	}
	next, outs, err := m.run.Step(in)
	if err != nil {
		return err
	}
	var got []model.RoomOutput
	for _, out := range step.Outputs {
		got = append(got, roomstatus.FromCore(out, m.number))
	}
	if !slices.Equal(outs, got) {
		return fmt.Errorf("%v put out %v, expected %v", in, got, outs)
	}
	for _, property := range model.RoomProperties() {
		if err := property.Check(m.run, in, outs, next); err != nil {
			return fmt.Errorf("%s: %w", property.Name, err)
		}
	}
	m.run = next
	return m.same(step.Status, step.StatusOf)
}

func (m *reference) same(status lifecycle.Status, err *lifecycle.ErrorInfo) error {
	if status.String() != m.run.Status.String() || m.number(err) != m.run.Err {
		return fmt.Errorf("the room says %v/%d, expected %v/%d", status, m.number(err), m.run.Status, m.run.Err)
	}
	return nil
}

func (m *reference) Rest(status lifecycle.Status, err *lifecycle.ErrorInfo) error {
	if m.run.Op != model.OpNone {
		return fmt.Errorf("an operation is still under way: %v", m.run.RoomState)
	}
	if pending := m.run.Pending(); len(pending) > 0 {
		return fmt.Errorf("calls %v are not settled", pending)
	}
	return m.same(status, err)
}

// input is the mapping from the core's inputs to the model's.
func (m *reference) input(in fsm.RoomInput[*lifecycle.ErrorInfo]) (model.RoomInput, error) {
	call, err := int(in.Call), m.number(in.Err)
	switch in.Kind {
	case fsm.CallRoomAttach:
		return model.RoomAttach(call), nil
	case fsm.CallRoomDetach:
		return model.RoomDetach(call), nil
	case fsm.CallRoomRelease:
		return model.RoomRelease(call), nil
	case fsm.RoomGiveUp:
		return model.RoomGiveUp(call), nil
	case fsm.AttachEnded:
		return model.AttachEnded(err), nil
	case fsm.DetachEnded:
		return model.DetachEnded(err), nil
	case fsm.RetryDue:
		return model.RetryDue(), nil
	case fsm.GiveBackEnded:
		return model.GiveBackEnded(err), nil
	case fsm.ChannelEvent:
		for state := model.ChannelInitialized; state <= model.ChannelFailed; state++ {
			if state.String() == in.Channel.String() {
				return model.RoomInput{Kind: model.KindChannelEvent, Channel: state, Update: in.Update, Resumed: in.Resumed, Err: err}, nil
			}
		}
	}
	return model.RoomInput{}, fmt.Errorf("the model knows no input %v", in)
}
