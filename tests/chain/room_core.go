package chain

import (
	"fmt"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
)

// Tables between the words of the room's core and of its model, for both directions. A word that one has and the other has not is missing here, and
// makes the suites fail.
var (
	roomKinds = map[model.RoomKind]fsm.RoomInputKind{
		model.KindRoomAttach: fsm.CallRoomAttach, model.KindRoomDetach: fsm.CallRoomDetach, model.KindRoomRelease: fsm.CallRoomRelease,
		model.KindRoomGiveUp: fsm.RoomGiveUp, model.KindChannelEvent: fsm.ChannelEvent, model.KindAttachEnded: fsm.AttachEnded,
		model.KindDetachEnded: fsm.DetachEnded, model.KindRetryDue: fsm.RetryDue, model.KindGiveBackEnded: fsm.GiveBackEnded,
	}
	roomOutputs = map[fsm.RoomOutputKind]model.RoomOutputKind{
		fsm.SettleRoomCall: model.OutputRoomSettle, fsm.AttachChannel: model.OutputAttachChannel, fsm.DetachChannel: model.OutputDetachChannel,
		fsm.GiveBackChannel: model.OutputGiveBackChannel, fsm.StartRetryPause: model.OutputStartRetryPause,
		fsm.PublishStatus: model.OutputRoomStatus, fsm.PublishDiscontinuity: model.OutputDiscontinuity,
	}
	roomOutcomes = map[fsm.RoomOutcomeKind]model.RoomOutcomeKind{
		fsm.RoomDone: model.OutcomeRoomDone, fsm.RoomOperationFailed: model.OutcomeRoomFailed,
		fsm.RoomInvalidState: model.OutcomeRoomInvalidState, fsm.RoomGaveUp: model.OutcomeRoomGaveUp,
	}
	roomStatuses = map[fsm.Status]model.RoomStatus{
		fsm.StatusInitialized: model.StatusInitialized, fsm.StatusAttaching: model.StatusAttaching, fsm.StatusAttached: model.StatusAttached,
		fsm.StatusDetaching: model.StatusDetaching, fsm.StatusDetached: model.StatusDetached, fsm.StatusSuspended: model.StatusSuspended,
		fsm.StatusFailed: model.StatusFailed, fsm.StatusReleasing: model.StatusReleasing, fsm.StatusReleased: model.StatusReleased,
	}
	channelStates = map[fsm.ChannelState]model.ChannelState{
		fsm.ChannelInitialized: model.ChannelInitialized, fsm.ChannelAttaching: model.ChannelAttaching, fsm.ChannelAttached: model.ChannelAttached,
		fsm.ChannelDetaching: model.ChannelDetaching, fsm.ChannelDetached: model.ChannelDetached,
		fsm.ChannelSuspended: model.ChannelSuspended, fsm.ChannelFailed: model.ChannelFailed,
	}
	roomOps    = map[fsm.Operation]model.RoomOp{fsm.NoOperation: model.OpNone, fsm.OpAttach: model.OpAttach, fsm.OpDetach: model.OpDetach, fsm.OpRelease: model.OpRelease}
	roomPhases = map[fsm.Phase]model.RoomPhase{fsm.Idle: model.PhaseIdle, fsm.InAttach: model.PhaseInAttach, fsm.InDetach: model.PhaseInDetach,
		fsm.InRetryPause: model.PhaseInRetryPause, fsm.InGiveBack: model.PhaseInGiveBack}

	channelStatesBack = inverse(channelStates)
	roomStatusesBack  = inverse(roomStatuses)
	roomOpsBack       = inverse(roomOps)
	roomPhasesBack    = inverse(roomPhases)
)

func inverse[K, V comparable](m map[K]V) map[V]K {
	back := make(map[V]K, len(m))
	for k, v := range m {
		back[v] = k
	}
	return back
}

// must looks a word up. One that is missing is a panic, so that it can't pass for the word that has the number 0.
func must[K comparable, V any](m map[K]V, k K) V {
	v, ok := m[k]
	if !ok {
		panic(fmt.Sprintf("chain: no counterpart for %T %v", k, k))
	}
	return v
}

// ToRoomCore is the one mapping from the model's inputs of a room to the core's; errorOf gives the core's errors by number.
func ToRoomCore[E comparable](in model.RoomInput, errorOf func(int) E) fsm.RoomInput[E] {
	mapped := fsm.RoomInput[E]{Kind: roomKinds[in.Kind], Call: fsm.Call(in.Call), Update: in.Update, Resumed: in.Resumed, Err: errorOf(in.Err)}
	if in.Kind == model.KindChannelEvent {
		mapped.Channel = must(channelStatesBack, in.Channel)
	}
	return mapped
}

// FromRoomCore is the one mapping from the core's outputs of a room to the model's; number gives the number of one of the core's errors.
func FromRoomCore[E comparable](out fsm.RoomOutput[E], number func(E) int) model.RoomOutput {
	mapped := model.RoomOutput{Kind: must(roomOutputs, out.Kind)}
	switch out.Kind {
	case fsm.SettleRoomCall:
		mapped.Call, mapped.Outcome.Kind = int(out.Call), must(roomOutcomes, out.Outcome.Kind)
		mapped.Outcome.Err = number(out.Outcome.Err)
		if out.Outcome.Kind == fsm.RoomInvalidState {
			mapped.Outcome.Status = must(roomStatuses, out.Outcome.Status)
		}
	case fsm.PublishStatus:
		mapped.Previous, mapped.Status, mapped.Err = must(roomStatuses, out.Previous), must(roomStatuses, out.Status), number(out.Err)
	case fsm.PublishDiscontinuity:
		mapped.Err = number(out.Err)
	}
	return mapped
}

// FromRoomState is the one mapping from the core's state of a room to the model's: field for field.
func FromRoomState[E comparable](s fsm.RoomState[E], number func(E) int) model.RoomState {
	mapped := model.RoomState{Last: int(s.LastCall), Status: must(roomStatuses, s.Status), Err: number(s.Err),
		Channel: must(channelStates, s.Channel), ChErr: number(s.ChannelErr), Op: must(roomOps, s.Operation), Caller: int(s.Caller),
		Phase: must(roomPhases, s.Phase), AttachedOnce: s.HasAttachedOnce, Explicit: s.ExplicitlyDetached}
	for _, w := range s.Waiting {
		mapped.Queue = append(mapped.Queue, model.RoomEntry{Op: must(roomOps, w.Operation), Caller: int(w.Caller)})
	}
	return mapped
}

// ToRoomState is the inverse of FromRoomState.
func ToRoomState[E comparable](s model.RoomState, errorOf func(int) E) fsm.RoomState[E] {
	mapped := fsm.RoomState[E]{LastCall: fsm.Call(s.Last), Status: must(roomStatusesBack, s.Status), Err: errorOf(s.Err),
		Channel: must(channelStatesBack, s.Channel), ChannelErr: errorOf(s.ChErr), Operation: must(roomOpsBack, s.Op), Caller: fsm.Call(s.Caller),
		Phase: must(roomPhasesBack, s.Phase), HasAttachedOnce: s.AttachedOnce, ExplicitlyDetached: s.Explicit}
	for _, e := range s.Queue {
		mapped.Waiting = append(mapped.Waiting, fsm.WaitingOperation{Operation: must(roomOpsBack, e.Op), Caller: fsm.Call(e.Caller)})
	}
	return mapped
}

// Same is errorOf and number for a core whose errors are the model's.
func Same(err int) int { return err }
