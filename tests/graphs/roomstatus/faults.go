package roomstatus

import (
	"slices"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

type (
	input   = model.RoomInput
	fault   = graphs.Fault[State, input, model.RoomOutput]
	outList = []model.RoomOutput
)

// drop removes the outputs of a kind.
func drop(outs outList, kind model.RoomOutputKind) outList {
	return slices.DeleteFunc(outs, func(o model.RoomOutput) bool { return o.Kind == kind })
}

// become changes the status. With tell, it adds the output that reports the change.
func become(s *State, status model.RoomStatus, err int, outs outList, tell bool) outList {
	if tell {
		outs = append(outs, model.RoomOutput{Kind: model.OutputRoomStatus, Previous: s.Status, Status: status, Err: err})
	}
	s.Status, s.Err = status, err
	return outs
}

// faults returns the faults that can be planted: at least one for each property.
func faults() []fault {
	return []fault{
		{Name: "second-operation", Says: "an attach doesn't wait for the operation that runs",
			Breaks: []string{"OneOperation"},
			Tamper: func(before *State, in input, _ *State, outs outList) outList {
				if in.Kind == model.KindRoomAttach && before.Op != model.OpNone {
					outs = append(outs, model.RoomOutput{Kind: model.OutputAttachChannel})
				}
				return outs
			}},
		{Name: "asleep", Says: "an attach that fails leaves the queue waiting",
			Breaks: []string{"OneOperation", "CallsSettle", "ReleasesEnd"},
			Tamper: func(before *State, in input, s *State, outs outList) outList {
				if in.Kind != model.KindAttachEnded || in.Err == 0 || len(before.Queue) == 0 {
					return outs
				}
				last := slices.IndexFunc(outs, func(o model.RoomOutput) bool { return o.Kind == model.OutputRoomSettle })
				if before.Caller == 0 || last < 0 {
					return outs
				}
				s.Queue = slices.Clone(before.Queue)
				s.Op, s.Caller, s.Phase = model.OpNone, 0, model.PhaseIdle
				s.Status, s.Err = before.RoomState.Channel.Status(), in.Err
				s.Explicit = before.Explicit
				return outs[:last+1]
			}},
		{Name: "release-last", Says: "a release waits until a queued detach has run",
			Breaks: []string{"ReleaseFirst"},
			Tamper: func(before *State, in input, s *State, outs outList) outList {
				q := before.Queue
				release := func(e model.RoomEntry) bool { return e.Op == model.OpRelease }
				if in.Kind != model.KindAttachEnded || len(q) != 2 || q[0].Op != model.OpDetach || !release(q[1]) || s.Op != model.OpRelease {
					return outs
				}
				// The detach begins with the outputs with which the core began the release.
				if s.Phase != model.PhaseInDetach {
					return outs
				}
				s.Op, s.Caller, s.Status = model.OpDetach, q[0].Caller, model.StatusDetaching
				s.Queue = []model.RoomEntry{q[1]}
				for i := range outs {
					if outs[i].Status == model.StatusReleasing {
						outs[i].Status = model.StatusDetaching
					}
				}
				return outs
			}},
		{Name: "last-come", Says: "the queued call that came last is served first",
			Breaks: []string{"FirstComeFirstServed"},
			Tamper: func(before *State, in input, s *State, outs outList) outList {
				if q := s.Queue; len(q) == 2 && in.Kind <= model.KindRoomDetach {
					slices.Reverse(q)
				}
				return outs
			}},
		{Name: "deaf", Says: "the status doesn't follow the channel's event", Breaks: []string{"StatusRight"},
			Tamper: func(before *State, in input, s *State, outs outList) outList {
				if in.Kind == model.KindChannelEvent && in.Channel == model.ChannelSuspended && before.Op == model.OpNone && before.Status != model.StatusReleased {
					become(s, before.Status, before.Err, nil, false)
					return drop(outs, model.OutputRoomStatus)
				}
				return outs
			}},
		{Name: "stale-success", Says: "the channel's events during an attach are ignored",
			Breaks: []string{"StatusRight"},
			Tamper: func(_ *State, in input, s *State, outs outList) outList {
				if in != model.AttachEnded(0) || s.Op != model.OpNone || s.RoomState.Channel == model.ChannelAttached {
					return outs
				}
				become(s, model.StatusAttached, 0, nil, false)
				return slices.Delete(outs, 1, 2)
			}},
		{Name: "follows-always", Says: "the status follows an event while an operation runs",
			Breaks: []string{"StatusOfOperation"},
			Tamper: func(before *State, in input, s *State, outs outList) outList {
				r := before
				if in.Kind == model.KindChannelEvent && !in.Update && r.Op != model.OpNone && r.Status != model.StatusReleased && in.Channel == model.ChannelSuspended {
					return become(s, model.StatusSuspended, in.Err, outs, true)
				}
				return outs
			}},
		{Name: "old-error", Says: "the error of an event stays after a later event without an error", Breaks: []string{"NoStaleError"},
			Tamper: func(before *State, in input, s *State, outs outList) outList {
				if in.Kind == model.KindChannelEvent && before.Err != 0 && in.Err == 0 && s.Op == model.OpNone && s.Status == before.Status {
					s.Err = before.Err
					return drop(outs, model.OutputRoomStatus)
				}
				return outs
			}},
		{Name: "detach-error", Says: "a detach that succeeds keeps the error of its event",
			Breaks: []string{"NoStaleError"},
			Tamper: func(_ *State, in input, s *State, outs outList) outList {
				if in == model.DetachEnded(0) && s.Status == model.StatusDetached && s.ChErr != 0 && s.Op == model.OpNone {
					s.Err, outs[0].Err = s.ChErr, s.ChErr
				}
				return outs
			}},
		{Name: "undead", Says: "a released room follows its channel",
			Breaks: []string{"ReleasedIsFinal", "GivenBackOnce"},
			Tamper: func(before *State, in input, s *State, outs outList) outList {
				if in.Kind == model.KindChannelEvent && before.Status == model.StatusReleased {
					return become(s, in.Channel.Status(), in.Err, outs, true)
				}
				return outs
			}},
		{Name: "leaked-channel", Says: "a release that needs no detach doesn't give the channel back",
			Breaks: []string{"GivenBackOnce"},
			Tamper: func(before *State, in input, s *State, outs outList) outList {
				if in.Kind != model.KindRoomRelease || before.Op != model.OpNone || s.Phase != model.PhaseInGiveBack {
					return outs
				}
				s.Op, s.Caller, s.Phase = model.OpNone, 0, model.PhaseIdle
				return append(drop(outs, model.OutputGiveBackChannel), model.RoomOutput{Kind: model.OutputRoomSettle, Call: in.Call,
					Outcome: model.RoomOutcome{Kind: model.OutcomeRoomDone}})
			}},
		{Name: "too-early", Says: "the channel is given back before listeners are notified",
			Breaks: []string{"GivenBackOnce"},
			Tamper: func(_ *State, _ input, _ *State, outs outList) outList {
				if n := len(outs); n > 1 && outs[n-1].Kind == model.OutputGiveBackChannel {
					outs[n-1], outs[n-2] = outs[n-2], outs[n-1]
				}
				return outs
			}},
		{Name: "missed", Says: "an update publishes no discontinuity",
			Breaks: []string{"DiscontinuityIff"},
			Tamper: func(_ *State, in input, _ *State, outs outList) outList {
				if in.Update {
					outs = drop(outs, model.OutputDiscontinuity)
				}
				return outs
			}},
		{Name: "first-counts", Says: "the first attach publishes a discontinuity for its own event",
			Breaks: []string{"DiscontinuityIff", "OwnEventSilent"},
			Tamper: func(_ *State, _ input, s *State, outs outList) outList {
				s.AttachedOnce = s.AttachedOnce || s.Op == model.OpAttach
				return outs
			}},
		{Name: "never-again", Says: "after a detach no discontinuity is published any more",
			Breaks: []string{"DiscontinuityIff"},
			Tamper: func(before *State, _ input, s *State, outs outList) outList {
				s.Explicit = s.Explicit || before.Explicit
				return outs
			}},
		{Name: "untold", Says: "a change of the error alone is not reported",
			Breaks: []string{"ToldInOrder"},
			Tamper: func(_ *State, _ input, _ *State, outs outList) outList {
				return slices.DeleteFunc(outs, func(o model.RoomOutput) bool { return o.Kind == model.OutputRoomStatus && o.Previous == o.Status })
			}},
		{Name: "echo", Says: "a change of status is reported twice", Breaks: []string{"ToldInOrder"},
			Tamper: func(_ *State, _ input, _ *State, outs outList) outList {
				if i := slices.IndexFunc(outs, func(o model.RoomOutput) bool { return o.Kind == model.OutputRoomStatus }); i >= 0 {
					outs = slices.Insert(outs, i, outs[i])
				}
				return outs
			}},
		{Name: "settled-twice", Says: "a caller that gave up is settled again",
			Breaks: []string{"SettledOnce"},
			Tamper: func(before *State, in input, s *State, outs outList) outList {
				if in.Kind == model.KindRoomGiveUp && in.Call == before.Caller {
					s.Caller = in.Call
				}
				return outs
			}},
		{Name: "forgotten", Says: "an attach that fails settles no call",
			Breaks: []string{"SettledOnce", "CallsSettle"},
			Tamper: func(_ *State, in input, _ *State, outs outList) outList {
				if in.Kind == model.KindAttachEnded && in.Err != 0 {
					outs = slices.DeleteFunc(outs, func(o model.RoomOutput) bool { return o.Outcome.Kind == model.OutcomeRoomFailed })
				}
				return outs
			}},
		{Name: "white-lie", Says: "an attach that fails is reported as successful",
			Breaks: []string{"OutcomeTrue"},
			Tamper: func(_ *State, in input, _ *State, outs outList) outList {
				for i := range outs {
					if in.Kind == model.KindAttachEnded && outs[i].Outcome.Kind == model.OutcomeRoomFailed {
						outs[i].Outcome = model.RoomOutcome{Kind: model.OutcomeRoomDone}
					}
				}
				return outs
			}},
		{Name: "for-a-moment", Says: "the status is attached for a moment, although the attach fails",
			Breaks: []string{"AttachedOnlyIf"},
			Tamper: func(_ *State, in input, _ *State, outs outList) outList {
				if in.Kind == model.KindAttachEnded && in.Err != 0 && outs[0].Kind == model.OutputRoomStatus && outs[0].Status != model.StatusAttached {
					outs = slices.Insert(outs, 0, model.RoomOutput{Kind: model.OutputRoomStatus, Previous: model.StatusAttaching, Status: model.StatusAttached})
					outs[1].Previous = model.StatusAttached
				}
				return outs
			}},
		{Name: "one-try", Says: "a release tries its detach only once",
			Breaks: []string{"ReleasesEnd", "CallsSettle"},
			Refuse: func(_ *State, in input) bool { return in.Kind == model.KindRetryDue }},
		{Name: "starved", Says: "a release that no caller waits for does not begin",
			Breaks: []string{"ReleasesEnd"},
			Refuse: func(s *State, in input) bool {
				return in.Kind == model.KindAttachEnded && slices.Contains(s.Queue, model.RoomEntry{Op: model.OpRelease}) && s.Caller == 0
			}},
		{Name: "leak", Says: "a refused input changes the state",
			Breaks: []string{"RefusedInputsChangeNothing"},
			Leak: func(s *State, in input) {
				if in.Kind == model.KindRetryDue && s.Phase == model.PhaseInGiveBack {
					s.Explicit = true
				}
			}},
	}
}
