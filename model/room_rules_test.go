package model

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// roomCase is one case of a rule: the inputs before, the input that the rule is about, its outputs,
// the rules that the step follows, and the state after it.
type roomCase struct {
	name    string
	script  []RoomInput
	outputs string
	rules   string
	state   string
}

// attachedRoom has the inputs that attach a new room: call 1 is the attach, and it succeeds.
var attachedRoom = []RoomInput{RoomAttach(1), ChannelTurned(ChannelAttached, 0), AttachEnded(0)}

// with returns the inputs, followed by more.
func with(inputs []RoomInput, more ...RoomInput) []RoomInput {
	return append(slices.Clone(inputs), more...)
}

var roomCases = []roomCase{
	{"CHA-RL1e, CHA-RL1k, CHA-RS1b: an attach sets attaching, then attaches the channel",
		[]RoomInput{RoomAttach(1)}, "status(initialized, attaching, 0); attachChannel", "S1 S3 S4 S8 S9",
		"last 1, status attaching/0, channel initialized/0, op attach for 1 inAttach, queue []"},
	{"CHA-RL1k1, CHA-RL13, CHA-RS1c: an attach succeeds",
		attachedRoom, "status(attaching, attached, 0); settle(1, done)", "S1 S5 S21",
		"last 1, status attached/0, channel attached/0, op none for 0 idle, queue [], attachedOnce"},
	{"CHA-RL11b: the first attached event changes no status and is no discontinuity",
		[]RoomInput{RoomAttach(1), ChannelTurned(ChannelAttached, 1)}, "", "S28",
		"last 1, status attaching/0, channel attached/1, op attach for 1 inAttach, queue []"},
	{"the channel's state has changed again by the end of the attach",
		[]RoomInput{RoomAttach(1), ChannelTurned(ChannelAttached, 0), ChannelTurned(ChannelSuspended, 1), AttachEnded(0)},
		"status(attaching, attached, 0); status(attached, suspended, 1); settle(1, done)", "S1 S5 S21",
		"last 1, status suspended/1, channel suspended/1, op none for 0 idle, queue [], attachedOnce"},
	{"CHA-RL1k2, CHA-RL1k3, CHA-RS1g: an attach fails",
		[]RoomInput{RoomAttach(1), ChannelTurned(ChannelFailed, 1), AttachEnded(1)},
		"status(attaching, failed, 1); settle(1, failed(1))", "S1 S5 S23",
		"last 1, status failed/1, channel failed/1, op none for 0 idle, queue []"},
	{"CHA-RL1d, CHA-RL7: an attach waits for the operation in progress", []RoomInput{RoomDetach(1), RoomAttach(2)}, "", "S3",
		"last 2, status detaching/0, channel initialized/0, op detach for 1 inDetach, queue [attach for 2]"},
	{"CHA-RL2i, CHA-RL7: a detach waits for the operation in progress", []RoomInput{RoomAttach(1), RoomDetach(2)}, "", "S3",
		"last 2, status attaching/0, channel initialized/0, op attach for 1 inAttach, queue [detach for 2]"},
	{"CHA-RL3k, CHA-RL7: a release waits for the operation in progress", []RoomInput{RoomAttach(1), RoomRelease(2)}, "", "S3",
		"last 2, status attaching/0, channel initialized/0, op attach for 1 inAttach, queue [release for 2]"},
	{"CHA-RL7a: the next operation begins when the last has ended", []RoomInput{RoomAttach(1), RoomDetach(2), AttachEnded(1)},
		"status(attaching, initialized, 1); settle(1, failed(1)); status(initialized, detaching, 0); detachChannel", "S1 S4 S5 S12 S13 S23",
		"last 2, status detaching/0, channel initialized/0, op detach for 2 inDetach, queue []"},
	{"CHA-RL1a: an attach of a room that is attached", with(attachedRoom, RoomAttach(2)), "settle(2, done)", "S3 S4 S5 S6",
		"last 2, status attached/0, channel attached/0, op none for 0 idle, queue [], attachedOnce"},
	{"CHA-RS2b2: an attach clears the error of a suspended room",
		[]RoomInput{ChannelTurned(ChannelSuspended, 1), RoomAttach(1)}, "status(suspended, attaching, 0); attachChannel", "S1 S3 S4 S8 S9",
		"last 1, status attaching/0, channel suspended/1, op attach for 1 inAttach, queue []"},
	{"an attach of a room whose status is already attaching publishes no status",
		[]RoomInput{ChannelTurned(ChannelAttaching, 0), RoomAttach(1)}, "attachChannel", "S1 S3 S4 S8 S9",
		"last 1, status attaching/0, channel attaching/0, op attach for 1 inAttach, queue []"},
	{"CHA-RL2j, CHA-RL2k, CHA-RS1d: a detach sets detaching, then detaches the channel", with(attachedRoom, RoomDetach(2)),
		"status(attached, detaching, 0); detachChannel", "S1 S3 S4 S12 S13",
		"last 2, status detaching/0, channel attached/0, op detach for 2 inDetach, queue [], attachedOnce"},
	{"CHA-RL2k1, CHA-RL14, CHA-RS1e: a detach succeeds", with(attachedRoom, RoomDetach(2), ChannelTurned(ChannelDetached, 0), DetachEnded(0)),
		"status(detaching, detached, 0); settle(2, done)", "S1 S5 S22",
		"last 2, status detached/0, channel detached/0, op none for 0 idle, queue [], attachedOnce, explicit"},
	{"a detach of a room that was never attached succeeds, and its channel stays initialized",
		[]RoomInput{RoomDetach(1), DetachEnded(0)}, "status(detaching, detached, 0); settle(1, done)", "S1 S5 S22",
		"last 1, status detached/0, channel initialized/0, op none for 0 idle, queue [], explicit"},
	{"the channel's state has changed again by the end of the detach",
		with(attachedRoom, RoomDetach(2), ChannelTurned(ChannelDetached, 0), ChannelTurned(ChannelFailed, 1), DetachEnded(0)),
		"status(detaching, detached, 0); status(detached, failed, 1); settle(2, done)", "S1 S5 S22",
		"last 2, status failed/1, channel failed/1, op none for 0 idle, queue [], attachedOnce, explicit"},
	{"CHA-RL2k2, CHA-RL2k3: a detach fails", with(attachedRoom, RoomDetach(2), DetachEnded(1)),
		"status(detaching, attached, 1); settle(2, failed(1))", "S1 S5 S23",
		"last 2, status attached/1, channel attached/0, op none for 0 idle, queue [], attachedOnce"},
	{"CHA-RL2a: a detach of a room that is detached", []RoomInput{ChannelTurned(ChannelDetached, 1), RoomDetach(1)}, "settle(1, done)", "S3 S4 S5 S10",
		"last 1, status detached/1, channel detached/1, op none for 0 idle, queue []"},
	{"CHA-RL2m: a detach of a room that failed", []RoomInput{ChannelTurned(ChannelFailed, 1), RoomDetach(1)},
		"settle(1, invalidState(failed))", "S3 S4 S5 S11",
		"last 1, status failed/1, channel failed/1, op none for 0 idle, queue []"},
	{"CHA-RL3j: a release of a new room", []RoomInput{RoomRelease(1)}, "status(initialized, released, 0); giveBackChannel", "S1 S3 S4 S15 S26",
		"last 1, status released/0, channel initialized/0, op release for 1 inGiveBack, queue []"},
	{"CHA-RL3b: a release of a room that is detached", []RoomInput{ChannelTurned(ChannelDetached, 1), RoomRelease(1)},
		"status(detached, released, 0); giveBackChannel", "S1 S3 S4 S15 S26",
		"last 1, status released/0, channel detached/1, op release for 1 inGiveBack, queue []"},
	{"CHA-RL3m, CHA-RL3n, CHA-RL3n2, CHA-RS1h: a release of a room that is attached", with(attachedRoom, RoomRelease(2)),
		"status(attached, releasing, 0); detachChannel", "S1 S3 S4 S16 S17 S24",
		"last 2, status releasing/0, channel attached/0, op release for 2 inDetach, queue [], attachedOnce"},
	{"CHA-RL3n1: a release of a room that failed", []RoomInput{ChannelTurned(ChannelFailed, 1), RoomRelease(1)},
		"status(failed, releasing, 0); status(releasing, released, 0); giveBackChannel", "S1 S3 S4 S16 S17 S24 S26",
		"last 1, status released/0, channel failed/1, op release for 1 inGiveBack, queue []"},
	{"CHA-RL3n4: when the detach of a release fails, the release starts the retry pause", with(attachedRoom, RoomRelease(2), DetachEnded(1)), "startRetryPause", "S25",
		"last 2, status releasing/0, channel attached/0, op release for 2 inRetryPause, queue [], attachedOnce"},
	{"CHA-RL3n4: a release detaches again after the pause", with(attachedRoom, RoomRelease(2), DetachEnded(1), RetryDue()), "detachChannel", "S24 S25",
		"last 2, status releasing/0, channel attached/0, op release for 2 inDetach, queue [], attachedOnce"},
	{"CHA-RL3n1: the channel failed in the pause of a release",
		with(attachedRoom, RoomRelease(2), DetachEnded(1), ChannelTurned(ChannelFailed, 1), RetryDue()),
		"status(releasing, released, 0); giveBackChannel", "S1 S24 S25 S26",
		"last 2, status released/0, channel failed/1, op release for 2 inGiveBack, queue [], attachedOnce"},
	{"CHA-RL3n3: the channel failed in the detach of a release", with(attachedRoom, RoomRelease(2), ChannelTurned(ChannelFailed, 1), DetachEnded(1)),
		"status(releasing, released, 0); giveBackChannel", "S1 S25 S26",
		"last 2, status released/0, channel failed/1, op release for 2 inGiveBack, queue [], attachedOnce"},
	{"CHA-RL3o, CHA-RL3h: the detach of a release succeeds", with(attachedRoom, RoomRelease(2), DetachEnded(0)),
		"status(releasing, released, 0); giveBackChannel", "S1 S25 S26",
		"last 2, status released/0, channel attached/0, op release for 2 inGiveBack, queue [], attachedOnce"},
	{"CHA-RL3h: the channel was given back", []RoomInput{RoomRelease(1), GiveBackEnded(0)}, "settle(1, done)", "S5 S27",
		"last 1, status released/0, channel initialized/0, op none for 0 idle, queue []"},
	{"CHA-RL3h: giving the channel back failed", []RoomInput{RoomRelease(1), GiveBackEnded(1)}, "settle(1, failed(1))", "S5 S27",
		"last 1, status released/0, channel initialized/0, op none for 0 idle, queue []"},
	{"CHA-RL3a, CHA-RL1l, CHA-RL2l, CHA-RS1i: calls that wait for a release find the room released; a waiting release goes first (CHA-RL7a2, CHA-RL7a3)",
		[]RoomInput{RoomRelease(1), RoomAttach(2), RoomDetach(3), RoomRelease(4), RoomAttach(5), GiveBackEnded(0)},
		"settle(1, done); settle(4, done); settle(2, invalidState(released)); settle(3, invalidState(released)); settle(5, invalidState(released))",
		"S4 S5 S7 S11 S14 S27", "last 5, status released/0, channel initialized/0, op none for 0 idle, queue []"},
	{"CHA-RL7a2: a release goes before a detach that waits, and does not interrupt the attach",
		[]RoomInput{RoomAttach(1), RoomDetach(2), RoomRelease(3), AttachEnded(1)},
		"status(attaching, initialized, 1); settle(1, failed(1)); status(initialized, released, 0); giveBackChannel", "S1 S4 S5 S15 S23 S26",
		"last 3, status released/0, channel initialized/0, op release for 3 inGiveBack, queue [detach for 2]"},
	{"CHA-RL7a3: attach and detach begin in the order in which they were called", with(attachedRoom, RoomDetach(2), RoomAttach(3), RoomDetach(4), DetachEnded(0)),
		"status(detaching, detached, 0); status(detached, attached, 0); settle(2, done); settle(3, done); status(attached, detaching, 0); detachChannel",
		"S1 S4 S5 S6 S12 S13 S22",
		"last 4, status detaching/0, channel attached/0, op detach for 4 inDetach, queue [], attachedOnce, explicit"},
	{"S18: a caller gives up, its operation goes on", []RoomInput{RoomAttach(1), RoomGiveUp(1)}, "settle(1, gaveUp)", "S18",
		"last 1, status attaching/0, channel initialized/0, op attach for 0 inAttach, queue []"},
	{"S18: the operation of a caller that gave up ends and settles no call", []RoomInput{RoomAttach(1), RoomGiveUp(1), AttachEnded(1)}, "status(attaching, initialized, 1)", "S1 S5 S23",
		"last 1, status initialized/1, channel initialized/0, op none for 0 idle, queue []"},
	{"S19: a detach that waits is dropped", []RoomInput{RoomAttach(1), RoomDetach(2), RoomGiveUp(2)}, "settle(2, gaveUp)", "S19",
		"last 2, status attaching/0, channel initialized/0, op attach for 1 inAttach, queue []"},
	{"S20: a release that waits is not dropped", []RoomInput{RoomAttach(1), RoomRelease(2), RoomGiveUp(2)}, "settle(2, gaveUp)", "S20",
		"last 2, status attaching/0, channel initialized/0, op attach for 1 inAttach, queue [release for 0]"},
	{"CHA-RL11c, CHA-RS1f: the status follows the channel, with its error", with(attachedRoom, ChannelTurned(ChannelSuspended, 1)),
		"status(attached, suspended, 1)", "S1 S28",
		"last 1, status suspended/1, channel suspended/1, op none for 0 idle, queue [], attachedOnce"},
	{"CHA-RS2b2: an event without an error clears the error of the status", with(attachedRoom, ChannelTurned(ChannelSuspended, 1), ChannelTurned(ChannelSuspended, 0)),
		"status(suspended, suspended, 0)", "S1 S28",
		"last 1, status suspended/0, channel suspended/0, op none for 0 idle, queue [], attachedOnce"},
	{"CHA-RL12b: a later attached event without RESUMED reports a discontinuity", with(attachedRoom, ChannelTurned(ChannelSuspended, 0), ChannelTurned(ChannelAttached, 1)),
		"status(suspended, attached, 1); discontinuity(1)", "S1 S28 S29",
		"last 1, status attached/1, channel attached/1, op none for 0 idle, queue [], attachedOnce"},
	{"CHA-RL12b: a later attached event with RESUMED reports no discontinuity", with(attachedRoom, ChannelTurned(ChannelSuspended, 0), ChannelResumed(0)),
		"status(suspended, attached, 0)", "S1 S28",
		"last 1, status attached/0, channel attached/0, op none for 0 idle, queue [], attachedOnce"},
	{"CHA-RL11a, CHA-RL12a: an update changes no status", with(attachedRoom, ChannelUpdated(false, 1)), "discontinuity(1)", "S28 S29",
		"last 1, status attached/0, channel attached/0, op none for 0 idle, queue [], attachedOnce"},
	{"CHA-RL12b: an update that lost no messages is no discontinuity", with(attachedRoom, ChannelUpdated(true, 1)), "", "S28",
		"last 1, status attached/0, channel attached/0, op none for 0 idle, queue [], attachedOnce"},
	{"S29: an update with a state other than attached reports no discontinuity",
		with(attachedRoom, RoomInput{Kind: KindChannelEvent, Channel: ChannelAttaching, Update: true, Err: 1}), "", "S28",
		"last 1, status attached/0, channel attached/0, op none for 0 idle, queue [], attachedOnce"},
	{"CHA-RL12b: a discontinuity is reported while an operation runs", with(attachedRoom, RoomDetach(2), ChannelUpdated(false, 0)), "discontinuity(0)", "S28 S29",
		"last 2, status detaching/0, channel attached/0, op detach for 2 inDetach, queue [], attachedOnce"},
	{"CHA-RL14: the first attached event after a detach is no discontinuity",
		with(attachedRoom, RoomDetach(2), ChannelTurned(ChannelDetached, 0), DetachEnded(0), RoomAttach(3), ChannelTurned(ChannelAttached, 0)), "", "S28",
		"last 3, status attaching/0, channel attached/0, op attach for 3 inAttach, queue [], attachedOnce, explicit"},
	{"S30: an event of the channel has no effect on a released room", with(attachedRoom, RoomRelease(2), DetachEnded(0), ChannelTurned(ChannelAttached, 1)),
		"", "S30", "last 2, status released/0, channel attached/0, op release for 2 inGiveBack, queue [], attachedOnce"},
}

func TestRoomRules(t *testing.T) {
	t.Parallel()
	followed := map[string]bool{"S2": true}
	for _, c := range roomCases {
		t.Run(c.name, func(t *testing.T) {
			var before, s RoomState
			var outputs []RoomOutput
			for _, in := range c.script {
				next, outs, err := s.Step(in)
				if err != nil {
					t.Fatal(err)
				}
				before, s, outputs = s, next, outs
			}
			var texts, rules []string
			for _, o := range outputs {
				texts = append(texts, o.String())
			}
			for _, r := range before.Explain(c.script[len(c.script)-1]) {
				rules = append(rules, r.String())
				followed[r.String()] = true
			}
			if got := strings.Join(texts, "; "); got != c.outputs {
				t.Errorf("outputs\n %s\nwant\n %s", got, c.outputs)
			}
			if got := strings.Join(rules, " "); got != c.rules {
				t.Errorf("the step follows the rules %s, want %s", got, c.rules)
			}
			if s.String() != c.state {
				t.Errorf("the state after the step is\n %v\nwant\n %s", s, c.state)
			}
		})
	}
	if len(followed) != len(RoomRules()) {
		t.Errorf("the cases follow only %d of %d rules", len(followed), len(RoomRules()))
	}
}

func TestRoomRefusals(t *testing.T) {
	t.Parallel()
	attaching, _, err := RoomState{}.Step(RoomAttach(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []RoomInput{RoomAttach(1), RoomRelease(3), RoomGiveUp(0), RoomGiveUp(2), DetachEnded(0), RetryDue(), GiveBackEnded(1),
		{Kind: KindChannelEvent, Channel: ChannelFailed + 1}, {}, {Kind: KindGiveBackEnded + 1}} {
		next, outputs, err := attaching.Step(in)
		var refused *RoomRefusedError
		if !errors.As(err, &refused) || refused.Input != in || refused.Reason == "" || outputs != nil || !next.Equal(attaching) {
			t.Errorf("%v: got the state %v, the outputs %v and the error %v; want a refusal", in, next, outputs, err)
		}
		if !strings.Contains(err.Error(), in.String()) || attaching.Explain(in) != nil {
			t.Errorf("%v: the error %q doesn't contain the input, or Explain returned rules for a refused input", in, err)
		}
	}
}
