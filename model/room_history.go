package model

import "slices"

// RoomHistory is what an observer of a room's inputs and outputs remembers of them: how calls
// ended, what the channel was asked for, what listeners received. The room's properties compare a
// [RoomState] with it. The zero RoomHistory is the beginning.
type RoomHistory struct {
	// Calls are all calls that ever began; call n is Calls[n-1].
	Calls []RoomCall
	// Asked has the outputs that ask for something that has not ended yet, in order.
	Asked []RoomOutputKind
	// GivenBack counts how often the channel was given back.
	GivenBack int
	// Told and ToldErr are the status and the error that listeners received last.
	Told    RoomStatus
	ToldErr int
	// Channel is the state in the channel's last event.
	Channel ChannelState
	// Attached reports that an attach of the room has succeeded; Detached, that the last operation
	// that succeeded was a detach.
	Attached, Detached bool
	// Own reports that the channel has emitted an attached event since the attach began.
	Own bool
	// Before reports that the channel has emitted an attached event since the beginning, or since
	// the last detach that succeeded.
	Before bool
	// Twice reports that a call was settled twice, or before it began.
	Twice bool
}

// RoomCall is one call on a room, with its outcome.
type RoomCall struct {
	Op      RoomOp
	Outcome RoomOutcome
}

// Promised reports whether a port that keeps its promise may give the input: an attach succeeds
// only after an attached event of its own.
func (h RoomHistory) Promised(in RoomInput) bool {
	return in.Kind != KindAttachEnded || in.Err != 0 || h.Own
}

// Record returns the history after a step: first the input, then the outputs in their order.
func (h RoomHistory) Record(in RoomInput, outputs []RoomOutput) RoomHistory {
	h.Calls, h.Asked = slices.Clone(h.Calls), slices.Clone(h.Asked)
	ended := func(what RoomOutputKind) {
		if i := slices.Index(h.Asked, what); i >= 0 {
			h.Asked = slices.Delete(h.Asked, i, i+1)
		}
	}
	switch in.Kind {
	case KindRoomAttach:
		h.Calls = append(h.Calls, RoomCall{Op: OpAttach})
	case KindRoomDetach:
		h.Calls = append(h.Calls, RoomCall{Op: OpDetach})
	case KindRoomRelease:
		h.Calls = append(h.Calls, RoomCall{Op: OpRelease})
	case KindChannelEvent:
		if !in.Update {
			h.Channel = in.Channel
			h.Own = h.Own || in.Channel == ChannelAttached
			h.Before = h.Before || in.Channel == ChannelAttached
		}
	case KindAttachEnded:
		ended(OutputAttachChannel)
		if in.Err == 0 {
			h.Attached, h.Detached = true, false
		}
	case KindDetachEnded:
		ended(OutputDetachChannel)
		if in.Err == 0 && h.Told == StatusDetaching {
			h.Detached, h.Before = true, h.Channel == ChannelAttached
		}
	case KindRetryDue:
		ended(OutputStartRetryPause)
	case KindGiveBackEnded:
		ended(OutputGiveBackChannel)
	}
	for _, o := range outputs {
		switch o.Kind {
		case OutputRoomSettle:
			if o.Call < 1 || o.Call > len(h.Calls) || h.Calls[o.Call-1].Outcome.Kind != OutcomeRoomPending {
				h.Twice = true
				continue
			}
			h.Calls[o.Call-1].Outcome = o.Outcome
		case OutputRoomStatus:
			h.Told, h.ToldErr = o.Status, o.Err
		case OutputAttachChannel:
			h.Own = false
		case OutputGiveBackChannel:
			h.GivenBack++
		}
		switch o.Kind {
		case OutputAttachChannel, OutputDetachChannel, OutputGiveBackChannel, OutputStartRetryPause:
			h.Asked = append(h.Asked, o.Kind)
		}
	}
	// These make no difference after the release; without zeroing them there would be more states.
	if h.Told == StatusReleased {
		h.Channel, h.Own, h.Before = 0, false, false
	}
	return h
}

// RoomRun is a room with its history. The zero RoomRun is the beginning.
type RoomRun struct {
	RoomState
	RoomHistory
}

// Step makes one step of the room and records it.
func (r RoomRun) Step(in RoomInput) (RoomRun, []RoomOutput, error) {
	next, outputs, err := r.RoomState.Step(in)
	if err != nil {
		return r, nil, err
	}
	return RoomRun{next, r.RoomHistory.Record(in, outputs)}, outputs, nil
}

// Key returns a string that two runs share if and only if their states and their histories are
// equal, except for the outcomes of calls and what listeners received: the properties check these
// in the step that reports them. Key does contain which calls are settled.
func (r RoomRun) Key() string {
	b := []byte(r.RoomState.Key())
	for _, c := range r.Calls {
		b = flag(b, c.Outcome.Kind != OutcomeRoomPending)
	}
	for _, what := range r.Asked {
		b = number(b, int(what))
	}
	b = number(append(b, '/'), r.GivenBack)
	b = number(b, int(r.RoomHistory.Channel))
	for _, fact := range []bool{r.Attached, r.Detached, r.Own, r.Before, r.Twice} {
		b = flag(b, fact)
	}
	return string(b)
}
