package roommachine

import (
	"slices"

	"ablyrooms.example/model"
)

// Fault is something wrong that is planted in the core.
type Fault struct {
	Name   string
	Says   string
	Breaks []string // the properties that must fail, each alone; those of liveness by their names in docs/room.md
	// Refuse says which inputs are refused although the core takes them. It may be nil.
	Refuse func(s *State, in Input) bool
	// Tamper changes the core's part of the state after a step, and the outputs, before the world sees them. It may be nil.
	Tamper func(before *State, in Input, after *State, outs []Output) []Output
	// Leak changes the state although an input is refused. It may be nil.
	Leak func(s *State, in Input)
}

// FaultByName returns the fault of the name.
func FaultByName(name string) (Fault, bool) {
	for _, f := range Faults() {
		if f.Name == name {
			return f, true
		}
	}
	return Fault{}, false
}

// drop takes out what is of a kind.
func drop(outs []Output, kind model.RoomOutputKind) []Output {
	return slices.DeleteFunc(outs, func(o Output) bool { return o.Kind == kind })
}

// become changes the status without a word, or with one.
func (s *State) become(status model.RoomStatus, err int, outs []Output, tell bool) []Output {
	if tell {
		outs = append(outs, Output{Kind: model.OutputRoomStatus, Previous: s.Room.Status, Status: status, Err: err})
	}
	s.Room.Status, s.Room.Err = status, err
	return outs
}

// Faults returns the faults that can be planted: at least one for each property.
func Faults() []Fault {
	return []Fault{
		{Name: "second-operation", Says: "an attach doesn't wait for the operation that runs", Breaks: []string{"OneOperation"},
			Tamper: func(before *State, in Input, _ *State, outs []Output) []Output {
				if in.Kind == model.KindRoomAttach && before.Room.Op != model.OpNone {
					outs = append(outs, Output{Kind: model.OutputAttachChannel})
				}
				return outs
			}},
		{Name: "asleep", Says: "an attach that fails leaves the queue waiting", Breaks: []string{"OneOperation", "CallsSettle", "ReleasesEnd"},
			Tamper: func(before *State, in Input, s *State, outs []Output) []Output {
				if in.Kind != model.KindAttachEnded || in.Err == 0 || len(before.Room.Queue) == 0 {
					return outs
				}
				last := slices.IndexFunc(outs, func(o Output) bool { return o.Kind == model.OutputRoomSettle })
				if before.Room.Caller == 0 || last < 0 {
					return outs
				}
				s.Room.Queue = slices.Clone(before.Room.Queue)
				s.Room.Op, s.Room.Caller, s.Room.Phase = model.OpNone, 0, model.PhaseIdle
				s.Room.Status, s.Room.Err = before.Room.Channel.Status(), in.Err
				s.Room.Explicit = before.Room.Explicit
				return outs[:last+1]
			}},
		{Name: "release-last", Says: "a release waits behind a detach", Breaks: []string{"ReleaseFirst"},
			Tamper: func(before *State, in Input, s *State, outs []Output) []Output {
				q := before.Room.Queue
				release := func(e model.RoomEntry) bool { return e.Op == model.OpRelease }
				if in.Kind != model.KindAttachEnded || len(q) != 2 || q[0].Op != model.OpDetach || !release(q[1]) || s.Room.Op != model.OpRelease {
					return outs
				}
				// What the core did for the release is done for the detach.
				if s.Room.Phase != model.PhaseInDetach {
					return outs
				}
				s.Room.Op, s.Room.Caller, s.Room.Status = model.OpDetach, q[0].Caller, model.StatusDetaching
				s.Room.Queue = []model.RoomEntry{q[1]}
				for i := range outs {
					if outs[i].Status == model.StatusReleasing {
						outs[i].Status = model.StatusDetaching
					}
				}
				return outs
			}},
		{Name: "last-come", Says: "the last call is served first", Breaks: []string{"FirstComeFirstServed"},
			Tamper: func(before *State, in Input, s *State, outs []Output) []Output {
				if q := s.Room.Queue; len(q) == 2 && in.Kind <= model.KindRoomDetach {
					slices.Reverse(q)
				}
				return outs
			}},
		{Name: "deaf", Says: "an event is not followed", Breaks: []string{"StatusRight"},
			Tamper: func(before *State, in Input, s *State, outs []Output) []Output {
				if in.Kind == model.KindChannelEvent && in.Channel == model.ChannelSuspended && before.Room.Op == model.OpNone && before.Room.Status != model.StatusReleased {
					s.become(before.Room.Status, before.Room.Err, nil, false)
					return drop(outs, model.OutputRoomStatus)
				}
				return outs
			}},
		{Name: "stale-success", Says: "what the channel did during an attach is forgotten", Breaks: []string{"StatusRight"},
			Tamper: func(_ *State, in Input, s *State, outs []Output) []Output {
				if in != model.AttachEnded(0) || s.Room.Op != model.OpNone || s.Room.Channel == model.ChannelAttached {
					return outs
				}
				s.become(model.StatusAttached, 0, nil, false)
				return slices.Delete(outs, 1, 2)
			}},
		{Name: "follows-always", Says: "an event is followed while an operation runs", Breaks: []string{"StatusOfOperation"},
			Tamper: func(before *State, in Input, s *State, outs []Output) []Output {
				r := before.Room
				if in.Kind == model.KindChannelEvent && !in.Update && r.Op != model.OpNone && r.Status != model.StatusReleased && in.Channel == model.ChannelSuspended {
					return s.become(model.StatusSuspended, in.Err, outs, true)
				}
				return outs
			}},
		{Name: "old-error", Says: "an error outlives its status", Breaks: []string{"NoStaleError"},
			Tamper: func(before *State, in Input, s *State, outs []Output) []Output {
				if in.Kind == model.KindChannelEvent && before.Room.Err != 0 && in.Err == 0 && s.Room.Op == model.OpNone && s.Room.Status == before.Room.Status {
					s.Room.Err = before.Room.Err
					return drop(outs, model.OutputRoomStatus)
				}
				return outs
			}},
		{Name: "detach-error", Says: "a detach that succeeds leaves the error of its event", Breaks: []string{"NoStaleError"},
			Tamper: func(_ *State, in Input, s *State, outs []Output) []Output {
				if in == model.DetachEnded(0) && s.Room.Status == model.StatusDetached && s.Room.ChErr != 0 && s.Room.Op == model.OpNone {
					s.Room.Err, outs[0].Err = s.Room.ChErr, s.Room.ChErr
				}
				return outs
			}},
		{Name: "undead", Says: "a released room follows its channel", Breaks: []string{"ReleasedIsFinal", "GivenBackOnce"},
			Tamper: func(before *State, in Input, s *State, outs []Output) []Output {
				if in.Kind == model.KindChannelEvent && before.Room.Status == model.StatusReleased {
					return s.become(in.Channel.Status(), in.Err, outs, true)
				}
				return outs
			}},
		{Name: "leaked-channel", Says: "the short cut of a release doesn't give the channel back", Breaks: []string{"GivenBackOnce"},
			Tamper: func(before *State, in Input, s *State, outs []Output) []Output {
				if in.Kind != model.KindRoomRelease || before.Room.Op != model.OpNone || s.Room.Phase != model.PhaseInGiveBack {
					return outs
				}
				s.Room.Op, s.Room.Caller, s.Room.Phase = model.OpNone, 0, model.PhaseIdle
				return append(drop(outs, model.OutputGiveBackChannel), Output{Kind: model.OutputRoomSettle, Call: in.Call,
					Outcome: model.RoomOutcome{Kind: model.OutcomeRoomDone}})
			}},
		{Name: "too-early", Says: "the channel is given back before listeners are told", Breaks: []string{"GivenBackOnce"},
			Tamper: func(_ *State, _ Input, _ *State, outs []Output) []Output {
				if n := len(outs); n > 1 && outs[n-1].Kind == model.OutputGiveBackChannel {
					outs[n-1], outs[n-2] = outs[n-2], outs[n-1]
				}
				return outs
			}},
		{Name: "missed", Says: "an update tells no discontinuity", Breaks: []string{"DiscontinuityIff"},
			Tamper: func(_ *State, in Input, _ *State, outs []Output) []Output {
				if in.Update {
					outs = drop(outs, model.OutputDiscontinuity)
				}
				return outs
			}},
		{Name: "first-counts", Says: "the first attach tells a discontinuity of its own event", Breaks: []string{"DiscontinuityIff", "OwnEventSilent"},
			Tamper: func(_ *State, _ Input, s *State, outs []Output) []Output {
				s.Room.AttachedOnce = s.Room.AttachedOnce || s.Room.Op == model.OpAttach
				return outs
			}},
		{Name: "never-again", Says: "after a detach no discontinuity is told any more", Breaks: []string{"DiscontinuityIff"},
			Tamper: func(before *State, _ Input, s *State, outs []Output) []Output {
				s.Room.Explicit = s.Room.Explicit || before.Room.Explicit
				return outs
			}},
		{Name: "untold", Says: "a change of the error alone is not told", Breaks: []string{"ToldInOrder"},
			Tamper: func(_ *State, _ Input, _ *State, outs []Output) []Output {
				return slices.DeleteFunc(outs, func(o Output) bool { return o.Kind == model.OutputRoomStatus && o.Previous == o.Status })
			}},
		{Name: "echo", Says: "a status is told twice", Breaks: []string{"ToldInOrder"},
			Tamper: func(_ *State, _ Input, _ *State, outs []Output) []Output {
				if i := slices.IndexFunc(outs, func(o Output) bool { return o.Kind == model.OutputRoomStatus }); i >= 0 {
					outs = slices.Insert(outs, i, outs[i])
				}
				return outs
			}},
		{Name: "settled-twice", Says: "a caller that gave up is settled again", Breaks: []string{"SettledOnce"},
			Tamper: func(before *State, in Input, s *State, outs []Output) []Output {
				if in.Kind == model.KindRoomGiveUp && in.Call == before.Room.Caller {
					s.Room.Caller = in.Call
				}
				return outs
			}},
		{Name: "forgotten", Says: "an attach that fails settles nobody", Breaks: []string{"SettledOnce", "CallsSettle"},
			Tamper: func(_ *State, in Input, _ *State, outs []Output) []Output {
				if in.Kind == model.KindAttachEnded && in.Err != 0 {
					outs = slices.DeleteFunc(outs, func(o Output) bool { return o.Outcome.Kind == model.OutcomeRoomFailed })
				}
				return outs
			}},
		{Name: "white-lie", Says: "an attach that fails is told as done", Breaks: []string{"OutcomeTrue"},
			Tamper: func(_ *State, in Input, _ *State, outs []Output) []Output {
				for i := range outs {
					if in.Kind == model.KindAttachEnded && outs[i].Outcome.Kind == model.OutcomeRoomFailed {
						outs[i].Outcome = model.RoomOutcome{Kind: model.OutcomeRoomDone}
					}
				}
				return outs
			}},
		{Name: "for-a-moment", Says: "an attach that fails is attached for a moment", Breaks: []string{"AttachedOnlyIf"},
			Tamper: func(_ *State, in Input, _ *State, outs []Output) []Output {
				if in.Kind == model.KindAttachEnded && in.Err != 0 && outs[0].Kind == model.OutputRoomStatus && outs[0].Status != model.StatusAttached {
					outs = slices.Insert(outs, 0, Output{Kind: model.OutputRoomStatus, Previous: model.StatusAttaching, Status: model.StatusAttached})
					outs[1].Previous = model.StatusAttached
				}
				return outs
			}},
		{Name: "one-try", Says: "a release tries its detach once", Breaks: []string{"ReleasesEnd", "CallsSettle"},
			Refuse: func(_ *State, in Input) bool { return in.Kind == model.KindRetryDue }},
		{Name: "starved", Says: "a release that nobody waits for is not begun", Breaks: []string{"ReleasesEnd"},
			Refuse: func(s *State, in Input) bool {
				return in.Kind == model.KindAttachEnded && slices.Contains(s.Room.Queue, model.RoomEntry{Op: model.OpRelease}) && s.Room.Caller == 0
			}},
		{Name: "leak", Says: "a refused input changes the state", Breaks: []string{"RefusedInputsChangeNothing"},
			Leak: func(s *State, in Input) {
				if in.Kind == model.KindRetryDue && s.Room.Phase == model.PhaseInGiveBack {
					s.Room.Explicit = true
				}
			}},
	}
}
