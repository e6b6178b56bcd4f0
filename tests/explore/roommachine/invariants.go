package roommachine

import (
	"errors"
	"fmt"
	"slices"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/explore"
)

// Invariant is a property of the machine.
type Invariant = explore.Invariant[*State, *Input, Output]

// Invariants returns the safety properties of docs/room.md, stated once more, from what the world knows. Those that need the port's
// promise are there only if the bounds have it.
func Invariants(b Bounds) []Invariant {
	list := []Invariant{
		{Name: "OneOperation", State: oneOperation},
		{Name: "ReleaseFirst", Step: releaseFirst},
		{Name: "FirstComeFirstServed", Step: firstCome},
		{Name: "StatusRight", State: statusRight},
		{Name: "StatusOfOperation", State: statusOfOperation},
		{Name: "NoStaleError", Step: noStaleError},
		{Name: "ReleasedIsFinal", Step: releasedIsFinal},
		{Name: "GivenBackOnce", State: givenBackOnce, Step: givenBackWhenTold},
		{Name: "DiscontinuityIff", Step: discontinuityIff},
		{Name: "ToldInOrder", Step: toldInOrder},
		{Name: "SettledOnce", State: pendingInOnePlace, Step: settledOnce},
		{Name: "OutcomeTrue", Step: outcomeTrue},
	}
	if b.Promised {
		list = append(list, Invariant{Name: "AttachedOnlyIf", Step: attachedOnlyIf}, Invariant{Name: "OwnEventSilent", Step: ownEventSilent})
	}
	return list
}

// oneOperation: what runs for the room is one thing at most, and it is that of the operation.
func oneOperation(s *State) error {
	attach, detach, pause, giveBack := s.Running[0], s.Running[1], s.Running[2], s.Running[3]
	if attach+detach+pause+giveBack > 1 {
		return fmt.Errorf("%d attaches, %d detaches, %d pauses and %d givings back run at once", attach, detach, pause, giveBack)
	}
	runs := map[model.RoomOp]bool{model.OpNone: attach+detach+pause+giveBack == 0, model.OpAttach: attach == 1, model.OpDetach: detach == 1,
		model.OpRelease: detach+pause+giveBack == 1}
	if !runs[s.Room.Op] {
		return fmt.Errorf("the operation is %v, and what runs is %v", s.Room.Op, s.Running)
	}
	phases := map[model.RoomPhase]bool{model.PhaseIdle: s.Room.Op == model.OpNone, model.PhaseInAttach: attach == 1, model.PhaseInDetach: detach == 1,
		model.PhaseInRetryPause: pause == 1, model.PhaseInGiveBack: giveBack == 1}
	if !phases[s.Room.Phase] || s.Room.Op == model.OpNone && len(s.Room.Queue) > 0 {
		return fmt.Errorf("the phase is %v, what runs is %v, and %d wait", s.Room.Phase, s.Running, len(s.Room.Queue))
	}
	return nil
}

// queued lists the operations that a step found waiting: those in the queue, and that of a call which begins.
func queued(before *State, in *Input) []model.RoomEntry {
	list := slices.Clone(before.Room.Queue)
	switch in.Kind {
	case model.KindRoomAttach:
		return append(list, model.RoomEntry{Op: model.OpAttach, Caller: in.Call})
	case model.KindRoomDetach:
		return append(list, model.RoomEntry{Op: model.OpDetach, Caller: in.Call})
	case model.KindRoomRelease:
		return append(list, model.RoomEntry{Op: model.OpRelease, Caller: in.Call})
	}
	return list
}

// turns lists, of the operations that a step found waiting, those of which it was the turn, in order; one that gave up had none. The one that runs
// afterwards was the last.
func turns(before *State, in *Input, outs []Output, after *State) (list []model.RoomEntry) {
	found := queued(before, in)
	for _, o := range outs {
		i := slices.IndexFunc(found, func(e model.RoomEntry) bool { return e.Caller == o.Call })
		if o.Kind == model.OutputRoomSettle && i >= 0 && o.Outcome.Kind != model.OutcomeRoomGaveUp {
			list = append(list, found[i])
		}
	}
	i := slices.IndexFunc(found, func(e model.RoomEntry) bool { return e.Op == after.Room.Op && e.Caller == after.Room.Caller })
	if i >= 0 && !slices.Contains(after.Room.Queue, found[i]) {
		list = append(list, found[i])
	}
	return list
}

// releaseFirst: no attach or detach has its turn while a release waits.
func releaseFirst(before *State, in *Input, outs []Output, after *State) error {
	other := false
	for _, e := range turns(before, in, outs, after) {
		if e.Op == model.OpRelease && e.Caller != 0 && other {
			return fmt.Errorf("the release %d has its turn after another", e.Caller)
		}
		other = other || e.Op != model.OpRelease
	}
	if i := slices.IndexFunc(after.Room.Queue, func(e model.RoomEntry) bool { return e.Op == model.OpRelease }); i >= 0 && other {
		return fmt.Errorf("the release %d still waits while others have their turn", after.Room.Queue[i].Caller)
	}
	return nil
}

// firstCome: attaches and detaches have their turns in the order of their calls.
func firstCome(before *State, in *Input, outs []Output, after *State) error {
	last := 0
	for _, e := range turns(before, in, outs, after) {
		if e.Op == model.OpRelease {
			continue
		}
		if e.Caller < last {
			return fmt.Errorf("call %d has its turn after %d", e.Caller, last)
		}
		last = e.Caller
	}
	for _, e := range after.Room.Queue {
		if e.Op != model.OpRelease && e.Caller < last {
			return fmt.Errorf("call %d waits while %d has its turn", e.Caller, last)
		}
	}
	return nil
}

// statusRight: with nothing in flight, the status is the channel's.
func statusRight(s *State) error {
	r := s.Room
	switch {
	case r.Op != model.OpNone, r.Status == model.StatusReleased, r.Status.String() == r.Channel.String():
		return nil
	case r.Status == model.StatusDetached && r.Channel == model.ChannelInitialized && s.Detached:
		return nil // detached without ever having been attached
	}
	return fmt.Errorf("nothing is in flight, the room is %v and its channel is %v", r.Status, r.Channel)
}

// statusOfOperation: an operation that runs has its status, without an error.
func statusOfOperation(s *State) error {
	r := s.Room
	is := map[model.RoomOp]bool{
		model.OpNone:    r.Status != model.StatusReleasing,
		model.OpAttach:  r.Status == model.StatusAttaching,
		model.OpDetach:  r.Status == model.StatusDetaching,
		model.OpRelease: r.Status == model.StatusReleasing && s.GivenBack == 0 || r.Status == model.StatusReleased && s.GivenBack > 0,
	}
	if !is[r.Op] || r.Op != model.OpNone && r.Err != 0 {
		return fmt.Errorf("%v runs, and the room is %v with error %d", r.Op, r.Status, r.Err)
	}
	return nil
}

// noStaleError: an error comes with a status of the channel's, from this very input or from the channel's last event; what sets a
// status without an error clears the old one.
func noStaleError(before *State, in *Input, outs []Output, after *State) error {
	for _, o := range outs {
		if o.Kind == model.OutputRoomStatus && o.Err != 0 &&
			(o.Status.String() != after.Room.Channel.String() || o.Err != in.Err && o.Err != after.Room.ChErr) {
			return fmt.Errorf("%v: the channel is %v with error %d, the input has %d", o, after.Room.Channel, after.Room.ChErr, in.Err)
		}
	}
	alone := before.Room.Op == model.OpNone && after.Room.Op == model.OpNone && after.Room.Status != model.StatusReleased
	if alone && in.Kind == model.KindChannelEvent && !in.Update && after.Room.Err != in.Err {
		return fmt.Errorf("the channel told %d, and the status has the error %d", in.Err, after.Room.Err)
	}
	good := *in == model.AttachEnded(0) && after.Room.Status == model.StatusAttached ||
		*in == model.DetachEnded(0) && after.Room.Status == model.StatusDetached
	if good && after.Room.Op == model.OpNone && after.Room.Err != 0 {
		return fmt.Errorf("%v left the error %d", *in, after.Room.Err)
	}
	return nil
}

// releasedIsFinal: a released room does nothing but settle calls.
func releasedIsFinal(before *State, _ *Input, outs []Output, after *State) error {
	if before.Room.Status != model.StatusReleased {
		return nil
	}
	if after.Room.Status != model.StatusReleased || after.Room.Err != 0 {
		return fmt.Errorf("it was released, and is %v with error %d", after.Room.Status, after.Room.Err)
	}
	if i := slices.IndexFunc(outs, func(o Output) bool { return o.Kind != model.OutputRoomSettle }); i >= 0 {
		return fmt.Errorf("it was released, and there is %v", outs[i])
	}
	return nil
}

// givenBackOnce: exactly as often as the room is released, which is once or never.
func givenBackOnce(s *State) error {
	if released := s.Room.Status == model.StatusReleased; released != (s.GivenBack == 1) || s.GivenBack > 1 {
		return fmt.Errorf("the room is %v, and its channel was given back %d times", s.Room.Status, s.GivenBack)
	}
	return nil
}

// givenBackWhenTold: in the step in which it becomes released, after listeners were told.
func givenBackWhenTold(_ *State, _ *Input, outs []Output, _ *State) error {
	for i, o := range outs {
		if o.Kind == model.OutputGiveBackChannel && (i == 0 || outs[i-1].Kind != model.OutputRoomStatus || outs[i-1].Status != model.StatusReleased) {
			return errors.New("the channel is given back before the room was told released")
		}
	}
	return nil
}

// discontinuityIff: continuity is lost when a channel on which the room was attached, and was not detached since, comes or stays
// attached without its past.
func discontinuityIff(before *State, in *Input, outs []Output, _ *State) error {
	var want []Output
	if in.Kind == model.KindChannelEvent && in.Channel == model.ChannelAttached && !in.Resumed &&
		before.Attached && !before.Detached && before.Room.Status != model.StatusReleased {
		want = []Output{{Kind: model.OutputDiscontinuity, Err: in.Err}}
	}
	got := slices.DeleteFunc(slices.Clone(outs), func(o Output) bool { return o.Kind != model.OutputDiscontinuity })
	if !slices.Equal(got, want) {
		return fmt.Errorf("%v tells %v, expected %v", *in, got, want)
	}
	return nil
}

// toldInOrder: who follows the changes that are told, each from where the last one left, knows the status.
func toldInOrder(before *State, _ *Input, outs []Output, after *State) error {
	type known struct {
		status model.RoomStatus
		err    int
	}
	k := known{before.Room.Status, before.Room.Err}
	for _, o := range outs {
		if o.Kind == model.OutputRoomStatus {
			next := known{o.Status, o.Err}
			if o.Previous != k.status || next == k {
				return fmt.Errorf("%v is told to those who know %v with error %d", o, k.status, k.err)
			}
			k = next
		}
	}
	if (k != known{after.Room.Status, after.Room.Err}) {
		return fmt.Errorf("listeners know %v with error %d, it is %v with error %d", k.status, k.err, after.Room.Status, after.Room.Err)
	}
	return nil
}

// pendingInOnePlace: the calls that are not settled are those that the room still knows, each once.
func pendingInOnePlace(s *State) error {
	times := map[int]int{s.Room.Caller: 1}
	for _, e := range s.Room.Queue {
		times[e.Caller]++
	}
	for n := 1; n <= s.Room.Last; n++ {
		if want := map[bool]int{true: 0, false: 1}[s.settled(n)]; times[n] != want {
			return fmt.Errorf("call %d is in %d places, expected %d", n, times[n], want)
		}
	}
	return nil
}

// settledOnce: what a step settles was pending, and is settled once in it.
func settledOnce(before *State, _ *Input, outs []Output, after *State) error {
	seen := before.Settled
	for _, o := range outs {
		if o.Kind != model.OutputRoomSettle {
			continue
		}
		if bit := uint8(1) << (o.Call - 1); o.Call > after.Room.Last || seen&bit != 0 {
			return fmt.Errorf("%v, which is settled already", o)
		} else {
			seen |= bit
		}
	}
	return nil
}

// outcomeTrue: what a caller is told is what happened to the room in this step.
func outcomeTrue(before *State, in *Input, outs []Output, _ *State) error {
	was := []model.RoomStatus{before.Room.Status}
	for _, o := range outs {
		if o.Kind == model.OutputRoomStatus {
			was = append(was, o.Status)
		}
		if o.Kind != model.OutputRoomSettle {
			continue
		}
		now := was[len(was)-1]
		op := before.Kinds[o.Call-1]
		if i := slices.IndexFunc(queued(before, in), func(e model.RoomEntry) bool { return e.Caller == o.Call }); i >= 0 {
			op = queued(before, in)[i].Op
		}
		told := map[model.RoomOutcome]bool{
			{Kind: model.OutcomeRoomDone}: op == model.OpAttach && slices.Contains(was, model.StatusAttached) ||
				op == model.OpDetach && slices.Contains(was, model.StatusDetached) || op == model.OpRelease && now == model.StatusReleased,
			{Kind: model.OutcomeRoomGaveUp}:                                     *in == model.RoomGiveUp(o.Call),
			{Kind: model.OutcomeRoomInvalidState, Status: model.StatusReleased}: now == model.StatusReleased && op != model.OpRelease,
			{Kind: model.OutcomeRoomInvalidState, Status: model.StatusFailed}:   now == model.StatusFailed && op == model.OpDetach,
		}[o.Outcome]
		if in.Err != 0 && o.Outcome == (model.RoomOutcome{Kind: model.OutcomeRoomFailed, Err: in.Err}) {
			told = o.Call == before.Room.Caller && *in == map[model.RoomOp]Input{model.OpAttach: model.AttachEnded(in.Err),
				model.OpDetach: model.DetachEnded(in.Err), model.OpRelease: model.GiveBackEnded(in.Err)}[op]
		}
		if !told {
			return fmt.Errorf("%v, which is a %v, by %v, while the room is %v", o, op, *in, now)
		}
	}
	return nil
}

// attachedOnlyIf: who is told attached can rely on it that the channel was, during the attach or now.
func attachedOnlyIf(before *State, in *Input, outs []Output, after *State) error {
	for _, o := range outs {
		during := *in == model.AttachEnded(0) && before.Own
		if o.Kind == model.OutputRoomStatus && o.Status == model.StatusAttached && after.Room.Channel != model.ChannelAttached && !during {
			return fmt.Errorf("%v by %v, and the channel is %v", o, *in, after.Room.Channel)
		}
	}
	return nil
}

// ownEventSilent: there is nothing to lose before the channel was attached.
func ownEventSilent(before *State, in *Input, outs []Output, _ *State) error {
	for _, o := range outs {
		if o.Kind == model.OutputDiscontinuity && !before.Before {
			return fmt.Errorf("%v by %v, and the channel was not attached before", o, *in)
		}
	}
	return nil
}
