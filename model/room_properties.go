package model

import (
	"errors"
	"fmt"
	"slices"
)

// RoomProperty is a property of docs/room.md, "What must hold": it must hold in every step of a
// room. It is written from that text and not from the step function. It can check any step, also
// one that no room takes.
type RoomProperty struct {
	// Name is its name in docs/room.md.
	Name string
	// Says is a short form of its sentence.
	Says string
	// Spec has the points of Ably's Chat specification that it comes from, as docs/room.md names
	// them.
	Spec []string
	// Rules has the rules that ensure it: look there if it fails.
	Rules []RoomRule
	// Promise reports that it holds only while the port keeps its promise ([RoomHistory.Promised]).
	Promise bool
	// Check returns an error if the property fails in a step that was taken, or in the state after
	// the step.
	Check func(before RoomRun, in RoomInput, outputs []RoomOutput, after RoomRun) error
}

// RoomProperties returns the safety properties, in the order of docs/room.md. The liveness
// properties are no predicates of single steps, and are checked elsewhere.
func RoomProperties() []RoomProperty {
	return []RoomProperty{
		{Name: "OneOperation", Says: "the room waits for one thing at most, which fits its phase and operation",
			Spec: []string{"CHA-RL7"}, Rules: []RoomRule{S3, S4, S5}, Check: oneOperation},
		{Name: "ReleaseFirst", Says: "no attach or detach begins while a release waits",
			Spec: []string{"CHA-RL7a2"}, Rules: []RoomRule{S4}, Check: releaseFirst},
		{Name: "FirstComeFirstServed", Says: "attaches and detaches begin in the order of their calls",
			Spec: []string{"CHA-RL7a3"}, Rules: []RoomRule{S4}, Check: firstCome},
		{Name: "StatusRight", Says: "when no operation runs, the status is the channel's state or released",
			Spec: []string{"CHA-RL11c"}, Rules: []RoomRule{S21, S22, S23, S28}, Check: statusRight},
		{Name: "StatusOfOperation", Says: "while an operation runs the status is the operation's, without an error",
			Spec: []string{"CHA-RL1e", "CHA-RL2j", "CHA-RL3m", "CHA-RL3o"}, Rules: []RoomRule{S8, S12, S16, S26, S28}, Check: statusOfOperation},
		{Name: "NoStaleError", Says: "a status has only the error that it was set with, which is the channel's own",
			Spec: []string{"CHA-RS2b2"}, Rules: []RoomRule{S1, S21, S22, S23, S28}, Check: noStaleError},
		{Name: "ReleasedIsFinal", Says: "a released room stays released, and requests and reports nothing more",
			Spec: []string{"CHA-RS1i"}, Rules: []RoomRule{S7, S11, S14, S27, S30}, Check: releasedRoomIsFinal},
		{Name: "GivenBackOnce", Says: "the channel is given back once, as the room becomes released, and not before",
			Spec: []string{"CHA-RL3h"}, Rules: []RoomRule{S14, S26}, Check: givenBackOnce},
		{Name: "DiscontinuityIff", Says: "a discontinuity is reported if and only if continuity was lost",
			Spec: []string{"CHA-RL12b"}, Rules: []RoomRule{S21, S22, S29, S30}, Check: discontinuityIff},
		{Name: "ToldInOrder", Says: "each change of status is reported once and in order",
			Spec: []string{"CHA-RS4"}, Rules: []RoomRule{S1}, Check: toldInOrder},
		{Name: "SettledOnce", Says: "a call is settled at most once, and until then it waits in one place",
			Spec: []string{"CHA-RL7"}, Rules: []RoomRule{S3, S5, S18, S19, S20}, Check: settledOnce},
		{Name: "OutcomeTrue", Says: "a call's outcome agrees with what happened",
			Spec:  []string{"CHA-RL1l", "CHA-RL2l", "CHA-RL2m", "CHA-RL1k3", "CHA-RL2k3"},
			Rules: []RoomRule{S6, S7, S10, S11, S14, S18, S21, S22, S23, S27}, Check: outcomeTrue},
		{Name: "AttachedOnlyIf", Says: "a room is reported attached only if its channel is or was attached", Promise: true,
			Spec: []string{"CHA-RL1k1"}, Rules: []RoomRule{S21}, Check: attachedOnlyIf},
		{Name: "OwnEventSilent", Says: "the own attached event of an attach reports no discontinuity", Promise: true,
			Spec: []string{"CHA-RL12b"}, Rules: []RoomRule{S21, S22, S29}, Check: ownEventSilent},
	}
}

func oneOperation(_ RoomRun, _ RoomInput, _ []RoomOutput, s RoomRun) error {
	allowed := map[RoomPhase]struct {
		ops   []RoomOp
		asked []RoomOutputKind
	}{
		PhaseIdle:         {[]RoomOp{OpNone}, nil},
		PhaseInAttach:     {[]RoomOp{OpAttach}, []RoomOutputKind{OutputAttachChannel}},
		PhaseInDetach:     {[]RoomOp{OpDetach, OpRelease}, []RoomOutputKind{OutputDetachChannel}},
		PhaseInRetryPause: {[]RoomOp{OpRelease}, []RoomOutputKind{OutputStartRetryPause}},
		PhaseInGiveBack:   {[]RoomOp{OpRelease}, []RoomOutputKind{OutputGiveBackChannel}},
	}[s.Phase]
	switch {
	case !slices.Equal(s.Asked, allowed.asked):
		return fmt.Errorf("%v was asked for in phase %v", s.Asked, s.Phase)
	case !slices.Contains(allowed.ops, s.Op):
		return fmt.Errorf("the operation is %v in phase %v", s.Op, s.Phase)
	case s.Op == OpNone && (s.Caller != 0 || len(s.Queue) > 0):
		return errors.New("something waits although no operation runs")
	}
	return nil
}

// begun returns the calls of attaches and detaches that began in the step. They were called in it
// or waited in the queue, and have left the queue without giving up.
func begun(before RoomRun, in RoomInput, after RoomRun) (calls []int) {
	waited := slices.Clone(before.Queue)
	switch in.Kind {
	case KindRoomAttach:
		waited = append(waited, RoomEntry{OpAttach, in.Call})
	case KindRoomDetach:
		waited = append(waited, RoomEntry{OpDetach, in.Call})
	}
	for _, e := range waited {
		if e.Op != OpRelease && !slices.Contains(after.Queue, e) && in != RoomGiveUp(e.Caller) {
			calls = append(calls, e.Caller)
		}
	}
	return calls
}

// settledIn returns the calls that the outputs settle, in order.
func settledIn(outputs []RoomOutput) (calls []int) {
	for _, o := range outputs {
		if o.Kind == OutputRoomSettle {
			calls = append(calls, o.Call)
		}
	}
	return calls
}

func releaseFirst(before RoomRun, in RoomInput, outputs []RoomOutput, after RoomRun) error {
	calls := begun(before, in, after)
	waits := slices.ContainsFunc(after.Queue, func(e RoomEntry) bool { return e.Op == OpRelease })
	if waits && len(calls) > 0 {
		return fmt.Errorf("calls %v begin while a release waits", calls)
	}
	settled := settledIn(outputs)
	for _, e := range before.Queue {
		at := slices.Index(settled, e.Caller)
		if e.Op != OpRelease || at < 0 {
			continue
		}
		for _, c := range calls {
			if i := slices.Index(settled, c); i >= 0 && i < at {
				return fmt.Errorf("call %d is settled before the release %d that waited", c, e.Caller)
			}
		}
	}
	return nil
}

func firstCome(before RoomRun, in RoomInput, outputs []RoomOutput, after RoomRun) error {
	calls := begun(before, in, after)
	for _, e := range after.Queue {
		for _, c := range calls {
			if e.Op != OpRelease && e.Caller < c {
				return fmt.Errorf("call %d begins while %d waits", c, e.Caller)
			}
		}
	}
	var order []int
	for _, c := range settledIn(outputs) {
		if slices.Contains(calls, c) {
			order = append(order, c)
		}
	}
	if !slices.IsSorted(order) {
		return fmt.Errorf("calls are settled in the order %v", order)
	}
	return nil
}

func statusRight(_ RoomRun, _ RoomInput, _ []RoomOutput, s RoomRun) error {
	detachedNever := s.Status == StatusDetached && s.RoomHistory.Channel == ChannelInitialized && s.Detached
	if s.Op != OpNone || s.Status == StatusReleased || detachedNever || s.Status == s.RoomHistory.Channel.Status() {
		return nil
	}
	return fmt.Errorf("the status is %v, the channel is %v, and no operation runs", s.Status, s.RoomHistory.Channel)
}

func statusOfOperation(_ RoomRun, _ RoomInput, _ []RoomOutput, s RoomRun) error {
	var want RoomStatus
	switch {
	case s.Op == OpNone:
		return nil
	case s.Op == OpAttach:
		want = StatusAttaching
	case s.Op == OpDetach:
		want = StatusDetaching
	case s.Phase == PhaseInGiveBack:
		want = StatusReleased
	default:
		want = StatusReleasing
	}
	if s.Status != want || s.Err != 0 {
		return fmt.Errorf("the status is %v with error %d while %v runs (%v)", s.Status, s.Err, s.Op, s.Phase)
	}
	return nil
}

func noStaleError(before RoomRun, in RoomInput, outputs []RoomOutput, after RoomRun) error {
	for _, o := range outputs {
		if o.Kind != OutputRoomStatus || o.Err == 0 {
			continue
		}
		switch {
		case o.Status >= StatusReleasing || o.Status != after.RoomState.Channel.Status():
			return fmt.Errorf("%v has an error that is not the channel's", o)
		case o.Err != in.Err && o.Err != after.ChErr:
			return fmt.Errorf("%v has an error that is neither the input's nor the channel's", o)
		}
	}
	follows := in.Kind == KindChannelEvent && !in.Update && before.Op == OpNone && before.Status != StatusReleased
	if follows && after.Err != in.Err {
		return fmt.Errorf("the status has the error %d after %v", after.Err, in)
	}
	own := map[RoomInput]RoomStatus{AttachEnded(0): StatusAttached, DetachEnded(0): StatusDetached}
	if status, ok := own[in]; ok && before.Op != OpRelease && before.Op != OpNone && after.Op == OpNone && after.Status == status && after.Err != 0 {
		return fmt.Errorf("the status is %v with the error %d by %v", status, after.Err, in)
	}
	return nil
}

func releasedRoomIsFinal(before RoomRun, _ RoomInput, outputs []RoomOutput, after RoomRun) error {
	if before.Status != StatusReleased {
		return nil
	}
	if after.Status != StatusReleased || after.Err != 0 {
		return fmt.Errorf("the room was released and is %v with error %d", after.Status, after.Err)
	}
	for _, o := range outputs {
		if o.Kind != OutputRoomSettle {
			return fmt.Errorf("%v after the release", o)
		}
	}
	return nil
}

func givenBackOnce(before RoomRun, _ RoomInput, outputs []RoomOutput, after RoomRun) error {
	want := 0
	if after.Status == StatusReleased {
		want = 1
	}
	if after.GivenBack != want {
		return fmt.Errorf("the channel was given back %d times, and the room is %v", after.GivenBack, after.Status)
	}
	told := before.Status
	for _, o := range outputs {
		if o.Kind == OutputRoomStatus {
			told = o.Status
		}
		if o.Kind == OutputGiveBackChannel && told != StatusReleased {
			return fmt.Errorf("the channel is given back while listeners know the room as %v", told)
		}
	}
	return nil
}

func discontinuityIff(before RoomRun, in RoomInput, outputs []RoomOutput, _ RoomRun) error {
	lost := in.Kind == KindChannelEvent && in.Channel == ChannelAttached && !in.Resumed && before.Attached && !before.Detached &&
		before.Told != StatusReleased
	var told []int
	for _, o := range outputs {
		if o.Kind == OutputDiscontinuity {
			told = append(told, o.Err)
		}
	}
	switch {
	case lost && !slices.Equal(told, []int{in.Err}):
		return fmt.Errorf("continuity was lost with %d, and what is reported is %v", in.Err, told)
	case !lost && len(told) > 0:
		return fmt.Errorf("a discontinuity is reported, and continuity was not lost")
	}
	return nil
}

func toldInOrder(before RoomRun, _ RoomInput, outputs []RoomOutput, after RoomRun) error {
	status, err := before.Status, before.Err
	for _, o := range outputs {
		if o.Kind != OutputRoomStatus {
			continue
		}
		if o.Previous != status {
			return fmt.Errorf("%v is reported, and the status before was %v", o, status)
		}
		if o.Status == status && o.Err == err {
			return fmt.Errorf("%v is reported, which is no change", o)
		}
		status, err = o.Status, o.Err
	}
	if status != after.Status || err != after.Err {
		return fmt.Errorf("listeners know %v with error %d, and the status is %v with error %d", status, err, after.Status, after.Err)
	}
	return nil
}

func settledOnce(_ RoomRun, _ RoomInput, _ []RoomOutput, s RoomRun) error {
	if s.Twice {
		return errors.New("a call is settled that is not pending")
	}
	pending := s.Pending()
	slices.Sort(pending)
	var want []int
	for i, c := range s.Calls {
		if c.Outcome.Kind == OutcomeRoomPending {
			want = append(want, i+1)
		}
	}
	if !slices.Equal(pending, want) || s.Last != len(s.Calls) {
		return fmt.Errorf("the room knows the pending calls %v of %d, and those are %v of %d", pending, s.Last, want, len(s.Calls))
	}
	return nil
}

func outcomeTrue(before RoomRun, in RoomInput, outputs []RoomOutput, after RoomRun) error {
	reached := map[RoomStatus]bool{before.Status: true}
	now := before.Status
	aim := map[RoomOp]RoomStatus{OpAttach: StatusAttached, OpDetach: StatusDetached, OpRelease: StatusReleased}
	for _, o := range outputs {
		if o.Kind == OutputRoomStatus {
			now = o.Status
			reached[now] = true
		}
		if o.Kind != OutputRoomSettle || o.Call < 1 || o.Call > len(after.Calls) {
			continue
		}
		op := after.Calls[o.Call-1].Op
		honest := false
		switch o.Outcome.Kind {
		case OutcomeRoomDone:
			honest = reached[aim[op]]
		case OutcomeRoomFailed:
			ends := in.Kind == KindAttachEnded && op == OpAttach || in.Kind == KindDetachEnded && op == OpDetach ||
				in.Kind == KindGiveBackEnded && op == OpRelease
			honest = ends && in.Err != 0 && o.Outcome.Err == in.Err && o.Call == before.Caller
		case OutcomeRoomInvalidState:
			honest = o.Outcome.Status == now && (now == StatusReleased && op != OpRelease || now == StatusFailed && op == OpDetach)
		case OutcomeRoomGaveUp:
			honest = in == RoomGiveUp(o.Call)
		}
		if !honest {
			return fmt.Errorf("%v of %v after %v, while the status is %v", o, op, in, now)
		}
	}
	return nil
}

func attachedOnlyIf(before RoomRun, in RoomInput, outputs []RoomOutput, after RoomRun) error {
	for _, o := range outputs {
		was := after.RoomHistory.Channel == ChannelAttached || in.Kind == KindAttachEnded && before.Own
		if o.Kind == OutputRoomStatus && o.Status == StatusAttached && !was {
			return fmt.Errorf("%v by %v, and the channel is %v", o, in, after.RoomHistory.Channel)
		}
	}
	return nil
}

func ownEventSilent(before RoomRun, in RoomInput, outputs []RoomOutput, _ RoomRun) error {
	for _, o := range outputs {
		if o.Kind == OutputDiscontinuity && !before.Before {
			return fmt.Errorf("%v by %v, which is the first", o, in)
		}
	}
	return nil
}
