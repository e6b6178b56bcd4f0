package fsm

import "fmt"

// RoomState is the whole state of a [Room] as plain data, for explorers and traces.
type RoomState[E comparable] struct {
	LastCall           Call // the number of calls that have begun
	Status             Status
	Err                E // the error of the status
	Channel            ChannelState
	ChannelErr         E
	Operation          Operation // the operation that runs
	Caller             Call      // the call that waits for it; 0 if it was given up
	Phase              Phase
	Waiting            []WaitingOperation // the queue, in the order of the calls
	HasAttachedOnce    bool               // CHA-RL13
	ExplicitlyDetached bool               // CHA-RL14
}

// WaitingOperation is an operation that has not begun.
type WaitingOperation struct {
	Operation Operation
	Caller    Call // 0 if the call was given up
}

// StateInto writes the whole state into s, and reuses the memory of s. Later steps of the core
// don't change s.
func (r *Room[E]) StateInto(s *RoomState[E]) {
	waiting := s.Waiting[:0]
	for _, w := range r.waiting {
		waiting = append(waiting, WaitingOperation{w.op, w.caller})
	}
	*s = RoomState[E]{LastCall: r.lastCall, Status: r.status, Err: r.err, Channel: r.channel, ChannelErr: r.channelErr, Operation: r.op,
		Caller: r.caller, Phase: r.phase, Waiting: waiting, HasAttachedOnce: r.hasAttachedOnce, ExplicitlyDetached: r.explicitlyDetached}
}

// Restore puts the core into a state that [Room.StateInto] wrote, of this core or of another; from
// then on, both cores do the same. It shares no memory with s. It refuses a contradictory state
// with an error, and then changes nothing; it doesn't check whether steps lead to the state.
func (r *Room[E]) Restore(s RoomState[E]) error {
	runs, pending := s.Operation != NoOperation, map[Call]bool{}
	if s.Status > StatusReleased || s.Channel > ChannelFailed || s.Operation > OpRelease || s.Phase > InGiveBack {
		return fmt.Errorf("fsm: no room is %v on a channel that is %v, with the operation %v in phase %v", s.Status, s.Channel, s.Operation, s.Phase)
	}
	if runs != (s.Phase != Idle) || !runs && s.Caller != 0 {
		return fmt.Errorf("fsm: the operation %v is in phase %v, and call %d waits for it", s.Operation, s.Phase, s.Caller)
	}
	pending[s.Caller] = true
	if s.Caller > s.LastCall {
		return fmt.Errorf("fsm: call %d has not begun", s.Caller)
	}
	for _, w := range s.Waiting {
		if w.Caller > s.LastCall || w.Caller != 0 && pending[w.Caller] || w.Operation == NoOperation || w.Operation > OpRelease {
			return fmt.Errorf("fsm: call %d has not begun, or waits twice, or waits for nothing", w.Caller)
		}
		pending[w.Caller] = true
	}
	waiting := r.waiting[:0]
	for _, w := range s.Waiting {
		waiting = append(waiting, waitingOp{w.Operation, w.Caller})
	}
	*r = Room[E]{table: r.table, lastCall: s.LastCall, status: s.Status, err: s.Err, channel: s.Channel, channelErr: s.ChannelErr,
		op: s.Operation, caller: s.Caller, phase: s.Phase, waiting: waiting,
		hasAttachedOnce: s.HasAttachedOnce, explicitlyDetached: s.ExplicitlyDetached}
	return nil
}
