// Package roomstatus binds the machine of docs/room.md to package graphs: the core in package fsm
// (with a history that it doesn't store), the reference model, and RoomStatus.tla. See [New].
package roomstatus

import (
	"fmt"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// The words of the core and those of the model, mapped to each other by their names.
var (
	statuses, coreStatuses = graphs.Alike(fsm.StatusInitialized, fsm.StatusReleased, model.StatusInitialized)
	channels, coreChannels = graphs.Alike(fsm.ChannelInitialized, fsm.ChannelFailed, model.ChannelInitialized)
	operations, coreOps    = graphs.Alike(fsm.NoOperation, fsm.OpRelease, model.OpNone)
	phases, corePhases     = graphs.Alike(fsm.Idle, fsm.InGiveBack, model.PhaseIdle)
	outputs, _             = graphs.Alike(fsm.SettleRoomCall, fsm.PublishDiscontinuity, model.OutputRoomSettle)
	outcomes, _            = graphs.Alike(fsm.RoomDone, fsm.RoomGaveUp, model.OutcomeRoomPending)
	inputs                 = map[model.RoomKind]fsm.RoomInputKind{model.KindRoomAttach: fsm.CallRoomAttach,
		model.KindRoomDetach: fsm.CallRoomDetach, model.KindRoomRelease: fsm.CallRoomRelease,
		model.KindRoomGiveUp: fsm.RoomGiveUp, model.KindChannelEvent: fsm.ChannelEvent,
		model.KindAttachEnded: fsm.AttachEnded, model.KindDetachEnded: fsm.DetachEnded,
		model.KindRetryDue: fsm.RetryDue, model.KindGiveBackEnded: fsm.GiveBackEnded}
)

// must returns the value of a key. It panics if the map lacks the key: the zero value is a word
// too.
func must[K comparable, V any](m map[K]V, k K) V {
	v, ok := m[k]
	if !ok {
		panic(fmt.Sprintf("roomstatus: no counterpart for %T %v", k, k))
	}
	return v
}

// ToCore maps the model's inputs of a room to the core's. errorOf returns the core's error for a
// number.
func ToCore[E comparable](in model.RoomInput, errorOf func(int) E) fsm.RoomInput[E] {
	return fsm.RoomInput[E]{Kind: must(inputs, in.Kind), Call: fsm.Call(in.Call),
		Channel: must(coreChannels, in.Channel), Update: in.Update, Resumed: in.Resumed, Err: errorOf(in.Err)}
}

// FromCore maps the core's outputs of a room to the model's. number returns the number of a core's
// error.
func FromCore[E comparable](out fsm.RoomOutput[E], number func(E) int) model.RoomOutput {
	o := model.RoomOutput{Kind: must(outputs, out.Kind)}
	switch out.Kind {
	case fsm.SettleRoomCall:
		o.Call, o.Outcome.Kind = int(out.Call), must(outcomes, out.Outcome.Kind)
		o.Outcome.Err = number(out.Outcome.Err)
		if out.Outcome.Kind == fsm.RoomInvalidState {
			o.Outcome.Status = must(statuses, out.Outcome.Status)
		}
	case fsm.PublishStatus:
		o.Previous, o.Status = must(statuses, out.Previous), must(statuses, out.Status)
		o.Err = number(out.Err)
	case fsm.PublishDiscontinuity:
		o.Err = number(out.Err)
	}
	return o
}

// FromState maps the core's states of a room to the model's, field by field.
func FromState[E comparable](s fsm.RoomState[E], number func(E) int) model.RoomState {
	m := model.RoomState{Last: int(s.LastCall), Status: must(statuses, s.Status), Err: number(s.Err),
		Channel: must(channels, s.Channel), ChErr: number(s.ChannelErr), Op: must(operations, s.Operation),
		Caller: int(s.Caller), Phase: must(phases, s.Phase), AttachedOnce: s.HasAttachedOnce,
		Explicit: s.ExplicitlyDetached}
	for _, w := range s.Waiting {
		m.Queue = append(m.Queue, model.RoomEntry{Op: must(operations, w.Operation), Caller: int(w.Caller)})
	}
	return m
}

// ToState is the inverse of FromState.
func ToState[E comparable](m model.RoomState, errorOf func(int) E) fsm.RoomState[E] {
	s := fsm.RoomState[E]{LastCall: fsm.Call(m.Last), Status: must(coreStatuses, m.Status), Err: errorOf(m.Err),
		Channel: must(coreChannels, m.Channel), ChannelErr: errorOf(m.ChErr), Operation: must(coreOps, m.Op),
		Caller: fsm.Call(m.Caller), Phase: must(corePhases, m.Phase), HasAttachedOnce: m.AttachedOnce,
		ExplicitlyDetached: m.Explicit}
	for _, e := range m.Queue {
		s.Waiting = append(s.Waiting,
			fsm.WaitingOperation{Operation: must(coreOps, e.Op), Caller: fsm.Call(e.Caller)})
	}
	return s
}

// Same is errorOf and number for a core whose errors are the numbers of the model.
func Same(err int) int { return err }
