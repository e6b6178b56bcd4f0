package model

import (
	"fmt"
	"slices"
)

// RoomRefusedError is the error of [RoomState.Step] for an input that no rule names in the present
// state.
type RoomRefusedError struct {
	Input  RoomInput
	Reason string // why no rule names it
}

// Error names the input and the reason.
func (e *RoomRefusedError) Error() string {
	return fmt.Sprintf("model: %v is refused: %s", e.Input, e.Reason)
}

// Step returns the state after the input, and the outputs of the step, in order. If no rule names
// the input, Step returns s, no output and a [*RoomRefusedError]. Step is a pure function: it
// doesn't change s, and the returned state shares no memory with s. It implements S1 to S30 of
// docs/room.md (CHA-RL, CHA-RS).
func (s RoomState) Step(in RoomInput) (RoomState, []RoomOutput, error) {
	t, err := s.take(in)
	if err != nil {
		return s, nil, err
	}
	return t.RoomState, t.outputs, nil
}

// Explain returns the rules that the step follows, each once, ascending. It returns none if the
// input is refused.
func (s RoomState) Explain(in RoomInput) []RoomRule {
	t, err := s.take(in)
	if err != nil {
		return nil
	}
	slices.Sort(t.rules)
	return slices.Compact(t.rules)
}

// roomTurn is a step while it is computed: a copy of the state, which it may change, its outputs so
// far, and the rules that it followed.
type roomTurn struct {
	RoomState
	outputs []RoomOutput
	rules   []RoomRule
}

func (s RoomState) take(in RoomInput) (*roomTurn, error) {
	if reason := s.refusal(in); reason != "" {
		return nil, &RoomRefusedError{Input: in, Reason: reason}
	}
	t := &roomTurn{RoomState: s.Clone()}
	switch in.Kind {
	case KindRoomAttach:
		t.call(OpAttach, in.Call)
	case KindRoomDetach:
		t.call(OpDetach, in.Call)
	case KindRoomRelease:
		t.call(OpRelease, in.Call)
	case KindRoomGiveUp:
		t.giveUp(in.Call)
	case KindChannelEvent:
		t.channelEvent(in)
	case KindAttachEnded:
		t.attachEnded(in.Err)
	case KindDetachEnded:
		t.detachEnded(in.Err)
	case KindRetryDue:
		t.by(S25)
		t.detachLoop()
	case KindGiveBackEnded:
		t.giveBackEnded(in.Err)
	}
	return t, nil
}

// refusal returns why no rule names the input in this state, or "" if one does.
func (s RoomState) refusal(in RoomInput) string {
	switch in.Kind {
	case KindRoomAttach, KindRoomDetach, KindRoomRelease:
		if in.Call != s.Last+1 {
			return fmt.Sprintf("the next call to begin is %d", s.Last+1)
		}
	case KindRoomGiveUp:
		if in.Call < 1 || !slices.Contains(s.Pending(), in.Call) {
			return "the call is not pending"
		}
	case KindChannelEvent:
		if in.Channel > ChannelFailed {
			return "no channel has such a state"
		}
	case KindAttachEnded:
		return s.waitsIn(PhaseInAttach)
	case KindDetachEnded:
		return s.waitsIn(PhaseInDetach)
	case KindRetryDue:
		return s.waitsIn(PhaseInRetryPause)
	case KindGiveBackEnded:
		return s.waitsIn(PhaseInGiveBack)
	default:
		return "no such kind of input"
	}
	return ""
}

// waitsIn returns why an end of this phase is refused, or "" if the room is in the phase.
func (s RoomState) waitsIn(phase RoomPhase) string {
	if s.Phase != phase {
		return "the phase is " + s.Phase.String()
	}
	return ""
}

// call puts a call into the queue.
func (t *roomTurn) call(op RoomOp, call int) {
	t.by(S3)
	t.Last = call
	t.Queue = append(t.Queue, RoomEntry{op, call})
	if t.Op == OpNone {
		t.next()
	}
}

// next begins the next operation.
func (t *roomTurn) next() {
	if len(t.Queue) == 0 {
		return
	}
	t.by(S4)
	turn := 0
	for i := len(t.Queue) - 1; i >= 0; i-- {
		if t.Queue[i].Op == OpRelease {
			turn = i
		}
	}
	t.Op, t.Caller = t.Queue[turn].Op, t.Queue[turn].Caller
	t.Queue = slices.Delete(t.Queue, turn, turn+1)
	switch t.Op {
	case OpAttach:
		t.attach()
	case OpDetach:
		t.detach()
	case OpRelease:
		t.release()
	}
}

// end ends the operation that runs, and begins the next.
func (t *roomTurn) end(outcome RoomOutcome) {
	t.by(S5)
	if t.Caller != 0 {
		t.settle(t.Caller, outcome)
	}
	t.Op, t.Caller, t.Phase = OpNone, 0, PhaseIdle
	t.next()
}

// attach is CHA-RL1.
func (t *roomTurn) attach() {
	switch t.Status {
	case StatusAttached: // CHA-RL1a
		t.by(S6)
		t.end(RoomOutcome{Kind: OutcomeRoomDone})
	case StatusReleased: // CHA-RL1l
		t.by(S7)
		t.end(RoomOutcome{Kind: OutcomeRoomInvalidState, Status: t.Status})
	default: // CHA-RL1e, CHA-RL1k
		t.by(S8, S9)
		t.set(StatusAttaching, 0)
		t.Phase = PhaseInAttach
		t.put(RoomOutput{Kind: OutputAttachChannel})
	}
}

// detach is CHA-RL2.
func (t *roomTurn) detach() {
	switch t.Status {
	case StatusDetached: // CHA-RL2a
		t.by(S10)
		t.end(RoomOutcome{Kind: OutcomeRoomDone})
	case StatusReleased, StatusFailed: // CHA-RL2l, CHA-RL2m
		t.by(S11)
		t.end(RoomOutcome{Kind: OutcomeRoomInvalidState, Status: t.Status})
	default: // CHA-RL2j, CHA-RL2k
		t.by(S12, S13)
		t.set(StatusDetaching, 0)
		t.Phase = PhaseInDetach
		t.put(RoomOutput{Kind: OutputDetachChannel})
	}
}

// release is CHA-RL3.
func (t *roomTurn) release() {
	switch t.Status {
	case StatusReleased: // CHA-RL3a
		t.by(S14)
		t.end(RoomOutcome{Kind: OutcomeRoomDone})
	case StatusInitialized, StatusDetached: // CHA-RL3j, CHA-RL3b
		t.by(S15)
		t.giveBack()
	default: // CHA-RL3m, CHA-RL3n
		t.by(S16, S17)
		t.set(StatusReleasing, 0)
		t.detachLoop()
	}
}

// detachLoop is the start of the detach loop of CHA-RL3n.
func (t *roomTurn) detachLoop() {
	t.by(S24)
	if t.Channel == ChannelFailed { // CHA-RL3n1
		t.giveBack()
		return
	}
	t.Phase = PhaseInDetach
	t.put(RoomOutput{Kind: OutputDetachChannel}) // CHA-RL3n2
}

// giveBack gives the channel back: CHA-RL3o and CHA-RL3h.
func (t *roomTurn) giveBack() {
	t.by(S26)
	t.set(StatusReleased, 0)
	t.Phase = PhaseInGiveBack
	t.put(RoomOutput{Kind: OutputGiveBackChannel})
}

func (t *roomTurn) giveBackEnded(err int) {
	t.by(S27)
	if err != 0 {
		t.end(RoomOutcome{Kind: OutcomeRoomFailed, Err: err})
		return
	}
	t.end(RoomOutcome{Kind: OutcomeRoomDone})
}

// giveUp settles one call. Its operation goes on if it runs. In the queue, an attach or detach is
// removed, and a release stays.
func (t *roomTurn) giveUp(call int) {
	t.settle(call, RoomOutcome{Kind: OutcomeRoomGaveUp})
	if t.Caller == call {
		t.by(S18)
		t.Caller = 0
		return
	}
	for i, e := range t.Queue {
		switch {
		case e.Caller != call:
		case e.Op == OpRelease:
			t.by(S20)
			t.Queue[i].Caller = 0
		default:
			t.by(S19)
			t.Queue = slices.Delete(t.Queue, i, i+1)
			return
		}
	}
}

// attachEnded applies the end of the channel's attach: CHA-RL1k1 to CHA-RL1k3.
func (t *roomTurn) attachEnded(err int) {
	if err != 0 {
		t.failed(err)
		return
	}
	t.by(S21)
	t.set(StatusAttached, 0)
	t.AttachedOnce, t.Explicit = true, false
	if t.Channel != ChannelAttached {
		t.set(t.Channel.Status(), t.ChErr)
	}
	t.end(RoomOutcome{Kind: OutcomeRoomDone})
}

// detachEnded applies the end of the channel's detach: CHA-RL2k1 to CHA-RL2k3, and for a release
// CHA-RL3n2 to CHA-RL3n4.
func (t *roomTurn) detachEnded(err int) {
	switch {
	case t.Op == OpRelease:
		t.by(S25)
		if err == 0 || t.Channel == ChannelFailed {
			t.giveBack()
			return
		}
		t.Phase = PhaseInRetryPause
		t.put(RoomOutput{Kind: OutputStartRetryPause})
	case err != 0:
		t.failed(err)
	default:
		t.by(S22)
		t.set(StatusDetached, 0)
		t.Explicit = true
		if t.Channel != ChannelDetached && t.Channel != ChannelInitialized {
			t.set(t.Channel.Status(), t.ChErr)
		}
		t.end(RoomOutcome{Kind: OutcomeRoomDone})
	}
}

// failed ends an attach or a detach that the channel ended with an error.
func (t *roomTurn) failed(err int) {
	t.by(S23)
	t.set(t.Channel.Status(), err)
	t.end(RoomOutcome{Kind: OutcomeRoomFailed, Err: err})
}

// channelEvent applies an event of the channel: CHA-RL11 and CHA-RL12.
func (t *roomTurn) channelEvent(in RoomInput) {
	if t.Status == StatusReleased {
		t.by(S30)
		return
	}
	t.by(S28)
	if !in.Update {
		t.Channel, t.ChErr = in.Channel, in.Err
		if t.Op == OpNone {
			t.set(in.Channel.Status(), in.Err)
		}
	}
	if in.Channel == ChannelAttached && !in.Resumed && t.AttachedOnce && !t.Explicit {
		t.by(S29)
		t.put(RoomOutput{Kind: OutputDiscontinuity, Err: in.Err})
	}
}

// set sets the status with an error.
func (t *roomTurn) set(status RoomStatus, err int) {
	t.by(S1)
	if t.Status == status && t.Err == err {
		return
	}
	t.put(RoomOutput{Kind: OutputRoomStatus, Previous: t.Status, Status: status, Err: err})
	t.Status, t.Err = status, err
}

func (t *roomTurn) settle(call int, outcome RoomOutcome) {
	t.put(RoomOutput{Kind: OutputRoomSettle, Call: call, Outcome: outcome})
}

func (t *roomTurn) put(o RoomOutput) { t.outputs = append(t.outputs, o) }

func (t *roomTurn) by(rules ...RoomRule) { t.rules = append(t.rules, rules...) }
