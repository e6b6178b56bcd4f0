package model

import (
	"slices"
	"strings"
	"testing"
)

// roomFault is a room with a planted fault. It takes the correct step and then edits the state and
// the outputs, or it takes the step from an edited state. A test checks that the shortest script
// that breaks a property is the listed one, and that it breaks exactly the listed properties. Each
// property is broken by at least one fault. Otherwise it could be vacuous.
type roomFault struct {
	name   string
	breaks []string
	script string // the shortest script; of several, the first in the order of Enabled
	// from edits the state before the step; may be nil.
	from func(in RoomInput, s *RoomState)
	// edit edits the state after the step, and returns the outputs.
	edit func(before RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput
}

func (f roomFault) step(r RoomRun, in RoomInput) (RoomRun, []RoomOutput, error) {
	s := r.RoomState.Clone()
	if f.from != nil {
		f.from(in, &s)
	}
	next, outputs, err := s.Step(in)
	if err == nil {
		outputs = f.edit(r, in, &next, outputs)
	}
	return RoomRun{next, r.RoomHistory.Record(in, outputs)}, outputs, err
}

// without returns the outputs that are not of the kind.
func without(outputs []RoomOutput, kind RoomOutputKind) []RoomOutput {
	return slices.DeleteFunc(outputs, func(o RoomOutput) bool { return o.Kind == kind })
}

func isEnd(in RoomInput) bool { return in.Kind >= KindAttachEnded && in.Kind <= KindGiveBackEnded }

var roomFaults = []roomFault{
	{
		name: "an attach does not wait for the operation that runs (S3)", breaks: []string{"OneOperation"},
		script: "attach(1); attach(2)",
		edit: func(before RoomRun, in RoomInput, _ *RoomState, outputs []RoomOutput) []RoomOutput {
			if in.Kind == KindRoomAttach && before.Op != OpNone && before.Status != StatusReleased {
				outputs = append(outputs, RoomOutput{Kind: OutputAttachChannel})
			}
			return outputs
		},
	},
	{
		name: "the queue is not looked at when an operation ends (S5)", breaks: []string{"OneOperation"},
		script: "attach(1); attach(2); attachEnded(1)",
		from: func(in RoomInput, s *RoomState) {
			if isEnd(in) {
				s.Queue = nil
			}
		},
		edit: func(before RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if isEnd(in) {
				s.Queue = slices.Clone(before.Queue)
			}
			return outputs
		},
	},
	{
		// A release has no precedence: it waits for the entries before it in the queue.
		name: "a release waits like the others (S4)", breaks: []string{"ReleaseFirst"},
		script: "attach(1); attach(2); release(3); attachEnded(1)",
		from: func(in RoomInput, s *RoomState) {
			if isEnd(in) && len(s.Queue) > 0 && s.Queue[0].Op != OpRelease {
				s.Queue = s.Queue[:1]
			}
		},
		edit: func(before RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if isEnd(in) && len(before.Queue) > 0 && before.Queue[0].Op != OpRelease {
				s.Queue = append(s.Queue, before.Queue[1:]...)
			}
			return outputs
		},
	},
	{
		name: "the last of the queue is taken first (S4)", breaks: []string{"FirstComeFirstServed"},
		script: "attach(1); attach(2); attach(3); attachEnded(1)",
		from: func(in RoomInput, s *RoomState) {
			if isEnd(in) {
				slices.Reverse(s.Queue)
			}
		},
		edit: func(_ RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if isEnd(in) {
				slices.Reverse(s.Queue)
			}
			return outputs
		},
	},
	{
		// The status does not follow a channel event.
		name: "an event is not followed (S28)", breaks: []string{"StatusRight"},
		script: "event(attaching, 0)",
		edit: func(before RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if in.Kind == KindChannelEvent && before.Op == OpNone && in.Err == before.Err {
				s.Status, outputs = before.Status, without(outputs, OutputRoomStatus)
			}
			return outputs
		},
	},
	{
		// When an attach succeeds, the status stays attached, although the channel has changed
		// since.
		name: "what the channel did during an attach is forgotten (S21)", breaks: []string{"StatusRight"},
		script: "attach(1); event(attached, 0); event(initialized, 0); attachEnded(0)",
		edit: func(_ RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if in == AttachEnded(0) && s.Op == OpNone && s.Status != StatusAttached {
				s.Status, s.Err = StatusAttached, 0
				outputs = slices.Delete(outputs, 1, 2)
			}
			return outputs
		},
	},
	{
		// A failed attach does not change the status.
		name: "an attach that fails leaves the status (S23)", breaks: []string{"StatusRight"},
		script: "attach(1); attachEnded(1)",
		edit: func(before RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if in == AttachEnded(1) && s.Op == OpNone {
				s.Status, s.Err, outputs = before.Status, before.Err, without(outputs, OutputRoomStatus)
			}
			return outputs
		},
	},
	{
		// The status follows a channel event while an operation runs.
		name: "an event is followed while an operation runs (S28)", breaks: []string{"StatusOfOperation"},
		script: "attach(1); event(initialized, 0)",
		edit: func(before RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if in.Kind == KindChannelEvent && before.Op != OpNone && before.Status != StatusReleased && s.Status != in.Channel.Status() {
				outputs = append(outputs, RoomOutput{Kind: OutputRoomStatus, Previous: s.Status, Status: in.Channel.Status(), Err: in.Err})
				s.Status, s.Err = in.Channel.Status(), in.Err
			}
			return outputs
		},
	},
	{
		name: "a release does not set releasing (S16)", breaks: []string{"StatusOfOperation"},
		script: "event(attaching, 0); release(1)",
		edit: func(before RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if in.Kind == KindRoomRelease && before.Op == OpNone && s.Status == StatusReleasing {
				s.Status, s.Err, outputs = before.Status, before.Err, without(outputs, OutputRoomStatus)
			}
			return outputs
		},
	},
	{
		// The status keeps an old error after a channel event without an error.
		name: "an old error stays (S28)", breaks: []string{"NoStaleError"},
		script: "event(initialized, 1); event(initialized, 0)",
		edit: func(before RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if in.Kind == KindChannelEvent && in.Err == 0 && before.Err != 0 && s.Op == OpNone && s.Status == before.Status {
				s.Err, outputs = before.Err, without(outputs, OutputRoomStatus)
			}
			return outputs
		},
	},
	{
		// A successful attach sets the status with the error of the channel's event.
		name: "an attach that succeeds has the error of its event (S21)", breaks: []string{"NoStaleError"},
		script: "attach(1); event(attached, 1); attachEnded(0)",
		edit: func(_ RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if in == AttachEnded(0) && s.Status == StatusAttached && s.ChErr != 0 {
				s.Err, outputs[0].Err = s.ChErr, s.ChErr
			}
			return outputs
		},
	},
	{
		// The status of a released room follows channel events.
		name: "a released room follows its channel (S30)", breaks: []string{"StatusOfOperation", "ReleasedIsFinal", "GivenBackOnce"},
		script: "release(1); event(initialized, 0)",
		edit: func(before RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if in.Kind == KindChannelEvent && before.Status == StatusReleased {
				s.Status, s.Err = in.Channel.Status(), in.Err
				outputs = append(outputs, RoomOutput{Kind: OutputRoomStatus, Previous: StatusReleased, Status: s.Status, Err: s.Err})
			}
			return outputs
		},
	},
	{
		// When giving back the channel fails, the status of the released room gets the error.
		name: "a released room has the error of its giving back (S27)", breaks: []string{"NoStaleError", "ReleasedIsFinal"},
		script: "release(1); giveBackEnded(1)",
		edit: func(_ RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if in == GiveBackEnded(1) {
				s.Err = 1
				outputs = append(outputs, RoomOutput{Kind: OutputRoomStatus, Previous: s.Status, Status: s.Status, Err: 1})
			}
			return outputs
		},
	},
	{
		// A release of an initialized room does not give the channel back.
		name: "the short cut of a release forgets the channel (S15)", breaks: []string{"GivenBackOnce"},
		script: "release(1)",
		edit: func(before RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if in.Kind == KindRoomRelease && before.Status == StatusInitialized && s.Phase == PhaseInGiveBack {
				outputs = append(without(outputs, OutputGiveBackChannel), RoomOutput{Kind: OutputRoomSettle, Call: in.Call,
					Outcome: RoomOutcome{Kind: OutcomeRoomDone}})
				s.Op, s.Caller, s.Phase = OpNone, 0, PhaseIdle
			}
			return outputs
		},
	},
	{
		// The channel is given back before the status is set to released.
		name: "the channel is given back before the status says so (S26)", breaks: []string{"GivenBackOnce"},
		script: "release(1)",
		edit: func(_ RoomRun, _ RoomInput, _ *RoomState, outputs []RoomOutput) []RoomOutput {
			if n := len(outputs); n > 1 && outputs[n-1].Kind == OutputGiveBackChannel {
				outputs[n-1], outputs[n-2] = outputs[n-2], outputs[n-1]
			}
			return outputs
		},
	},
	{
		// No discontinuity is reported for an update.
		name: "an update loses its discontinuity (S29)", breaks: []string{"DiscontinuityIff"},
		script: "attach(1); event(attached, 0); attachEnded(0); event(attached, update, 0)",
		edit: func(_ RoomRun, in RoomInput, _ *RoomState, outputs []RoomOutput) []RoomOutput {
			if in.Update {
				outputs = without(outputs, OutputDiscontinuity)
			}
			return outputs
		},
	},
	{
		name: "a discontinuity has no cause (S29)", breaks: []string{"DiscontinuityIff"},
		script: "attach(1); event(attached, 0); attachEnded(0); event(attached, 1)",
		edit: func(_ RoomRun, _ RoomInput, _ *RoomState, outputs []RoomOutput) []RoomOutput {
			for i := range outputs {
				if outputs[i].Kind == OutputDiscontinuity {
					outputs[i].Err = 0
				}
			}
			return outputs
		},
	},
	{
		// A discontinuity is reported although the channel resumed.
		name: "a channel that resumed is a discontinuity (S29)", breaks: []string{"DiscontinuityIff"},
		script: "attach(1); event(attached, 0); attachEnded(0); event(attached, resumed, 0)",
		edit: func(before RoomRun, in RoomInput, _ *RoomState, outputs []RoomOutput) []RoomOutput {
			if in.Resumed && before.AttachedOnce && !before.Explicit && before.Status != StatusReleased {
				outputs = append(outputs, RoomOutput{Kind: OutputDiscontinuity, Err: in.Err})
			}
			return outputs
		},
	},
	{
		// A detach does not set explicit.
		name: "a detach does not mark itself (S22)", breaks: []string{"DiscontinuityIff"},
		script: "attach(1); detach(2); event(attached, 0); attachEnded(0); detachEnded(0); event(attached, 0)",
		edit: func(_ RoomRun, _ RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			s.Explicit = false
			return outputs
		},
	},
	{
		// attachedOnce is set when an attach begins, not when it succeeds.
		name: "the first attach counts from its beginning (S21)", breaks: []string{"DiscontinuityIff", "OwnEventSilent"},
		script: "attach(1); event(attached, 0)",
		edit: func(_ RoomRun, _ RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			s.AttachedOnce = s.AttachedOnce || s.Op == OpAttach
			return outputs
		},
	},
	{
		// A change of the error without a change of the status is not reported.
		name: "a change of the error alone is not told (S1)", breaks: []string{"ToldInOrder"},
		script: "event(initialized, 1)",
		edit: func(_ RoomRun, _ RoomInput, _ *RoomState, outputs []RoomOutput) []RoomOutput {
			return slices.DeleteFunc(outputs, func(o RoomOutput) bool { return o.Kind == OutputRoomStatus && o.Previous == o.Status })
		},
	},
	{
		// A change of the status is reported twice.
		name: "a status is told twice (S1)", breaks: []string{"ToldInOrder"},
		script: "attach(1)",
		edit: func(_ RoomRun, _ RoomInput, _ *RoomState, outputs []RoomOutput) []RoomOutput {
			if i := slices.IndexFunc(outputs, func(o RoomOutput) bool { return o.Kind == OutputRoomStatus }); i >= 0 {
				again := outputs[i]
				again.Previous = again.Status
				outputs = slices.Insert(outputs, i+1, again)
			}
			return outputs
		},
	},
	{
		// After the caller of the running operation gave up, the operation still has that caller.
		name: "a caller that gave up is still known (S18)", breaks: []string{"SettledOnce"},
		script: "attach(1); giveUp(1)",
		edit: func(before RoomRun, in RoomInput, s *RoomState, outputs []RoomOutput) []RoomOutput {
			if in.Kind == KindRoomGiveUp && in.Call == before.Caller {
				s.Caller = in.Call
			}
			return outputs
		},
	},
	{
		// A failed attach does not settle its call.
		name: "a failed attach settles nobody (S23)", breaks: []string{"SettledOnce"},
		script: "attach(1); attachEnded(1)",
		edit: func(_ RoomRun, in RoomInput, _ *RoomState, outputs []RoomOutput) []RoomOutput {
			if in == AttachEnded(1) {
				outputs = without(outputs, OutputRoomSettle)
			}
			return outputs
		},
	},
	{
		// The call of a failed attach is settled with done.
		name: "a failed attach is told as done (S23)", breaks: []string{"OutcomeTrue"},
		script: "attach(1); attachEnded(1)",
		edit: func(_ RoomRun, _ RoomInput, _ *RoomState, outputs []RoomOutput) []RoomOutput {
			for i := range outputs {
				if outputs[i].Outcome.Kind == OutcomeRoomFailed {
					outputs[i].Outcome = RoomOutcome{Kind: OutcomeRoomDone}
				}
			}
			return outputs
		},
	},
	{
		// A detach of a failed room is settled with done, not with invalidState.
		name: "a detach of a room that failed is done (S11)", breaks: []string{"OutcomeTrue"},
		script: "event(failed, 0); detach(1)",
		edit: func(_ RoomRun, _ RoomInput, _ *RoomState, outputs []RoomOutput) []RoomOutput {
			for i := range outputs {
				if outputs[i].Outcome.Status == StatusFailed {
					outputs[i].Outcome = RoomOutcome{Kind: OutcomeRoomDone}
				}
			}
			return outputs
		},
	},
	{
		// A failed attach reports the status attached first.
		name: "a failed attach is attached for a moment (S23)", breaks: []string{"AttachedOnlyIf"},
		script: "attach(1); attachEnded(1)",
		edit: func(_ RoomRun, in RoomInput, _ *RoomState, outputs []RoomOutput) []RoomOutput {
			if in == AttachEnded(1) && outputs[0].Kind == OutputRoomStatus && outputs[0].Status != StatusAttached {
				outputs = slices.Insert(outputs, 0, RoomOutput{Kind: OutputRoomStatus, Previous: StatusAttaching, Status: StatusAttached})
				outputs[1].Previous = StatusAttached
			}
			return outputs
		},
	},
}

func TestEveryRoomFaultIsFound(t *testing.T) {
	t.Parallel()
	broken := map[string]bool{}
	for _, f := range roomFaults {
		t.Run(f.name, func(t *testing.T) {
			var names []string
			var shortest, reasons string
			roomWalk(t, RoomBounds{Calls: 3, Errors: 1}, true, f.step, func(e roomEdge, script func() string) bool {
				if shortest == "" {
					if names, reasons = failingRoom(e, true); names != nil {
						shortest = script()
					}
				}
				return shortest == ""
			})
			if shortest != f.script || !slices.Equal(names, f.breaks) {
				t.Errorf("script %q breaks %v:\n%s\nwant script %q to break %v", shortest, names, reasons, f.script, f.breaks)
			}
		})
		for _, name := range f.breaks {
			broken[name] = true
		}
	}
	for _, p := range RoomProperties() {
		if !broken[p.Name] {
			t.Errorf("no fault breaks %s", p.Name)
		}
	}
}

// The properties with Promise hold only if the port promises that the event attached comes before
// the end of the attach (docs/room.md). If an attach ends before its event, even a room without a
// fault breaks them.
func TestThePromiseOfThePortIsNeeded(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"AttachedOnlyIf": "attach(1); attachEnded(0)",
		"OwnEventSilent": "attach(1); attachEnded(0); event(attached, 0)",
	}
	got := map[string]string{}
	roomWalk(t, RoomBounds{Calls: 1, Errors: 0}, false, RoomRun.Step, func(e roomEdge, script func() string) bool {
		names, _ := failingRoom(e, true)
		for _, name := range names {
			if got[name] == "" {
				got[name] = script()
			}
		}
		return true
	})
	for name, script := range got {
		if want[name] != script {
			t.Errorf("the shortest script that breaks %s is %q, want %q", name, script, want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d properties fail, want %d: %s", len(got), len(want), strings.Join(slices.Collect(func(yield func(string) bool) {
			for name := range got {
				if !yield(name) {
					return
				}
			}
		}), ", "))
	}
}
