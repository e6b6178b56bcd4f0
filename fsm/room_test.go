package fsm

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Errors are strings in these tests; "" is none.
type (
	roomInput = RoomInput[string]
	roomCore  = Room[string]
)

func attach(c Call) roomInput      { return roomInput{Kind: CallRoomAttach, Call: c} }
func detach(c Call) roomInput      { return roomInput{Kind: CallRoomDetach, Call: c} }
func releaseRoom(c Call) roomInput { return roomInput{Kind: CallRoomRelease, Call: c} }
func roomGiveUp(c Call) roomInput  { return roomInput{Kind: RoomGiveUp, Call: c} }

func attachEnded(err string) roomInput   { return roomInput{Kind: AttachEnded, Err: err} }
func detachEnded(err string) roomInput   { return roomInput{Kind: DetachEnded, Err: err} }
func giveBackEnded(err string) roomInput { return roomInput{Kind: GiveBackEnded, Err: err} }

// channel returns an event with the channel's state. Each string in more is "resumed", "update" or
// an error.
func channel(s ChannelState, more ...string) roomInput {
	in := roomInput{Kind: ChannelEvent, Channel: s}
	for _, m := range more {
		switch m {
		case "resumed":
			in.Resumed = true
		case "update":
			in.Update = true
		default:
			in.Err = m
		}
	}
	return in
}

var retryDue = roomInput{Kind: RetryDue}

// line is one input and its outputs, in order, as String prints them.
type line struct {
	in   roomInput
	want string
}

func play(t testing.TB, r *roomCore, lines ...line) *roomCore {
	t.Helper()
	for i, l := range lines {
		outs, err := r.Step(l.in, nil)
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		if got := strings.Join(outputsOf(outs), "; "); got != l.want {
			t.Errorf("line %d, %v, outputs\n  %s\nexpected\n  %s", i+1, l.in, got, l.want)
		}
	}
	return r
}

func outputsOf(outs []RoomOutput[string]) []string {
	s := make([]string, len(outs))
	for i, o := range outs {
		s[i] = o.String()
	}
	return s
}

// begin returns a room in the given status, which it reaches by the shortest script.
func begin(t testing.TB, status Status) *roomCore {
	t.Helper()
	r := NewRoom[string]()
	attached := []line{
		{attach(1), "status(initialized -> attaching); attachChannel"},
		{channel(ChannelAttached), ""},
		{attachEnded(""), "status(attaching -> attached); settle(1, done)"},
	}
	switch status {
	case StatusInitialized:
	case StatusAttaching:
		play(t, r, attached[:1]...)
	case StatusAttached:
		play(t, r, attached...)
	case StatusDetaching:
		play(t, r, append(attached, line{detach(2), "status(attached -> detaching); detachChannel"})...)
	case StatusDetached:
		play(t, r, append(attached, line{detach(2), "status(attached -> detaching); detachChannel"},
			line{channel(ChannelDetached), ""}, line{detachEnded(""), "status(detaching -> detached); settle(2, done)"})...)
	case StatusSuspended:
		play(t, r, append(attached, line{channel(ChannelSuspended, "gone"), "status(attached -> suspended, gone)"})...)
	case StatusFailed:
		play(t, r, append(attached, line{channel(ChannelFailed, "bad"), "status(attached -> failed, bad)"})...)
	case StatusReleasing:
		play(t, r, append(attached, line{releaseRoom(2), "status(attached -> releasing); detachChannel"})...)
	case StatusReleased:
		play(t, r, line{releaseRoom(1), "status(initialized -> released); giveBackChannel"}, line{giveBackEnded(""), "settle(1, done)"})
	}
	if got, _ := r.Status(); got != status {
		t.Fatalf("the room is %v, expected %v", got, status)
	}
	return r
}

func TestRoomRules(t *testing.T) {
	// Each case starts with the room that [begin] returns for its status; its calls continue the
	// numbers there.
	for _, c := range []struct {
		name  string
		from  Status
		lines []line
	}{
		{"CHA-RL1a attach of an attached room does nothing", StatusAttached, []line{
			{attach(2), "settle(2, done)"},
		}},
		{"CHA-RL1l attach of a released room", StatusReleased, []line{
			{attach(2), "settle(2, invalidState: released)"},
		}},
		{"CHA-RL1d attach waits for the operation in progress", StatusDetaching, []line{
			{attach(3), ""},
			{channel(ChannelDetached), ""},
			{detachEnded(""), "status(detaching -> detached); settle(2, done); status(detached -> attaching); attachChannel"},
		}},
		{"CHA-RL1d a second attach waits for the first, then has nothing to do", StatusAttaching, []line{
			{attach(2), ""},
			{channel(ChannelAttached), ""},
			{attachEnded(""), "status(attaching -> attached); settle(1, done); settle(2, done)"},
		}},
		{"CHA-RL1d a second attach after one that failed tries again", StatusAttaching, []line{
			{attach(2), ""},
			{channel(ChannelSuspended, "e"), ""},
			{attachEnded("e"), "status(attaching -> suspended, e); settle(1, failed: e); status(suspended -> attaching); attachChannel"},
		}},
		{"CHA-RL1e, CHA-RL1k attaching is published before the channel is attached", StatusInitialized, []line{
			{attach(1), "status(initialized -> attaching); attachChannel"},
		}},
		{"CHA-RL1e from failed, whose error goes", StatusFailed, []line{
			{attach(2), "status(failed -> attaching); attachChannel"},
		}},
		{"CHA-RL1e from suspended", StatusSuspended, []line{
			{attach(2), "status(suspended -> attaching); attachChannel"},
		}},
		{"CHA-RL1e from detached", StatusDetached, []line{
			{attach(3), "status(detached -> attaching); attachChannel"},
		}},
		{"CHA-RL1k1 attached, published before the call is settled", StatusAttaching, []line{
			{channel(ChannelAttached), ""},
			{attachEnded(""), "status(attaching -> attached); settle(1, done)"},
		}},
		{"CHA-RL1k1 attached, though the channel has moved on since", StatusAttaching, []line{
			{channel(ChannelAttached), ""},
			{channel(ChannelSuspended, "gone"), ""},
			{attachEnded(""), "status(attaching -> attached); status(attached -> suspended, gone); settle(1, done)"},
		}},
		{"CHA-RL1k2, CHA-RL1k3 attach fails, channel suspended", StatusAttaching, []line{
			{channel(ChannelSuspended, "e"), ""},
			{attachEnded("e"), "status(attaching -> suspended, e); settle(1, failed: e)"},
		}},
		{"CHA-RL1k2, CHA-RL1k3 attach fails, channel failed; the error is the attach's", StatusAttaching, []line{
			{channel(ChannelFailed, "why"), ""},
			{attachEnded("e"), "status(attaching -> failed, e); settle(1, failed: e)"},
		}},
		{"CHA-RL1k2 attach fails, channel as it was", StatusAttaching, []line{
			{attachEnded("e"), "status(attaching -> initialized, e); settle(1, failed: e)"},
		}},
		{"CHA-RL1k2 attach fails, channel attaching still", StatusAttaching, []line{
			{channel(ChannelAttaching), ""},
			{attachEnded("e"), "status(attaching -> attaching, e); settle(1, failed: e)"},
			{channel(ChannelAttached), "status(attaching -> attached)"},
		}},

		{"CHA-RL2a detach of a detached room does nothing", StatusDetached, []line{
			{detach(3), "settle(3, done)"},
		}},
		{"CHA-RL2l detach of a released room", StatusReleased, []line{
			{detach(2), "settle(2, invalidState: released)"},
		}},
		{"CHA-RL2m detach of a failed room", StatusFailed, []line{
			{detach(2), "settle(2, invalidState: failed)"},
		}},
		{"CHA-RL2i detach waits for the operation in progress", StatusAttaching, []line{
			{detach(2), ""},
			{channel(ChannelAttached), ""},
			{attachEnded(""), "status(attaching -> attached); settle(1, done); status(attached -> detaching); detachChannel"},
		}},
		{"CHA-RL2i, CHA-RL2m the status is looked at after the wait", StatusAttaching, []line{
			{detach(2), ""},
			{channel(ChannelFailed, "e"), ""},
			{attachEnded("e"), "status(attaching -> failed, e); settle(1, failed: e); settle(2, invalidState: failed)"},
		}},
		{"CHA-RL2j, CHA-RL2k detaching is published before the channel is detached", StatusAttached, []line{
			{detach(2), "status(attached -> detaching); detachChannel"},
		}},
		{"CHA-RL2j from initialized", StatusInitialized, []line{
			{detach(1), "status(initialized -> detaching); detachChannel"},
			{detachEnded(""), "status(detaching -> detached); settle(1, done)"},
		}},
		{"CHA-RL2j from suspended, whose error goes", StatusSuspended, []line{
			{detach(2), "status(suspended -> detaching); detachChannel"},
		}},
		{"CHA-RL2k1 detached", StatusDetaching, []line{
			{channel(ChannelDetached), ""},
			{detachEnded(""), "status(detaching -> detached); settle(2, done)"},
		}},
		{"CHA-RL2k1 detached, though the channel has moved on since", StatusDetaching, []line{
			{channel(ChannelDetached), ""},
			{channel(ChannelFailed, "bad"), ""},
			{detachEnded(""), "status(detaching -> detached); status(detached -> failed, bad); settle(2, done)"},
		}},
		{"CHA-RL2k2, CHA-RL2k3 detach fails, channel failed", StatusDetaching, []line{
			{channel(ChannelFailed, "e"), ""},
			{detachEnded("e"), "status(detaching -> failed, e); settle(2, failed: e)"},
		}},
		{"CHA-RL2k2, CHA-RL2k3 detach fails, channel attached as before", StatusDetaching, []line{
			{detachEnded("e"), "status(detaching -> attached, e); settle(2, failed: e)"},
		}},

		{"CHA-RL3a release of a released room does nothing", StatusReleased, []line{
			{releaseRoom(2), "settle(2, done)"},
		}},
		{"CHA-RL3b, CHA-RL3h release of a detached room: no releasing, no detach, but the channel is given back", StatusDetached, []line{
			{releaseRoom(3), "status(detached -> released); giveBackChannel"},
			{giveBackEnded(""), "settle(3, done)"},
		}},
		{"CHA-RL3j, CHA-RL3h release of a room never attached", StatusInitialized, []line{
			{releaseRoom(1), "status(initialized -> released); giveBackChannel"},
			{giveBackEnded(""), "settle(1, done)"},
		}},
		{"CHA-RL3m, CHA-RL3n2, CHA-RL3o, CHA-RL3h the plain way", StatusAttached, []line{
			{releaseRoom(2), "status(attached -> releasing); detachChannel"},
			{channel(ChannelDetached), ""},
			{detachEnded(""), "status(releasing -> released); giveBackChannel"},
			{giveBackEnded(""), "settle(2, done)"},
		}},
		{"CHA-RL3m from suspended", StatusSuspended, []line{
			{releaseRoom(2), "status(suspended -> releasing); detachChannel"},
		}},
		{"CHA-RL3m, CHA-RL3n1 from failed: the channel is failed, nothing is detached", StatusFailed, []line{
			{releaseRoom(2), "status(failed -> releasing); status(releasing -> released); giveBackChannel"},
			{giveBackEnded(""), "settle(2, done)"},
		}},
		{"CHA-RL3n3 the channel fails as it is detached", StatusReleasing, []line{
			{channel(ChannelFailed, "bad"), ""},
			{detachEnded("bad"), "status(releasing -> released); giveBackChannel"},
		}},
		{"CHA-RL3n4 the detach fails otherwise: a pause, then again, and no limit", StatusReleasing, []line{
			{detachEnded("e1"), "startRetryPause"},
			{retryDue, "detachChannel"},
			{detachEnded("e2"), "startRetryPause"},
			{retryDue, "detachChannel"},
			{detachEnded("e3"), "startRetryPause"},
			{retryDue, "detachChannel"},
			{channel(ChannelDetached), ""},
			{detachEnded(""), "status(releasing -> released); giveBackChannel"},
		}},
		{"CHA-RL3n1 the channel fails in the pause", StatusReleasing, []line{
			{detachEnded("e"), "startRetryPause"},
			{channel(ChannelFailed, "bad"), ""},
			{retryDue, "status(releasing -> released); giveBackChannel"},
		}},
		{"CHA-RL3h an error from giving the channel back is the release's", StatusInitialized, []line{
			{releaseRoom(1), "status(initialized -> released); giveBackChannel"},
			{giveBackEnded("e"), "settle(1, failed: e)"},
			{releaseRoom(2), "settle(2, done)"},
		}},
		{"CHA-RL3k release waits for the operation in progress", StatusAttaching, []line{
			{releaseRoom(2), ""},
			{channel(ChannelAttached), ""},
			{attachEnded(""), "status(attaching -> attached); settle(1, done); status(attached -> releasing); detachChannel"},
		}},

		{"CHA-RL7a a release goes before those that wait, who then meet released", StatusAttaching, []line{
			{detach(2), ""},
			{attach(3), ""},
			{releaseRoom(4), ""},
			{releaseRoom(5), ""},
			{channel(ChannelAttached), ""},
			{attachEnded(""), "status(attaching -> attached); settle(1, done); status(attached -> releasing); detachChannel"},
			{channel(ChannelDetached), ""},
			{detachEnded(""), "status(releasing -> released); giveBackChannel"},
			{attach(6), ""},
			{giveBackEnded(""), "settle(4, done); settle(5, done); settle(2, invalidState: released); settle(3, invalidState: released); " +
				"settle(6, invalidState: released)"},
		}},
		{"CHA-RL7a3 attach and detach run first come, first served", StatusAttaching, []line{
			{detach(2), ""},
			{attach(3), ""},
			{channel(ChannelAttached), ""},
			{attachEnded(""), "status(attaching -> attached); settle(1, done); status(attached -> detaching); detachChannel"},
			{channel(ChannelDetached), ""},
			{detachEnded(""), "status(detaching -> detached); settle(2, done); status(detached -> attaching); attachChannel"},
		}},
		{"CHA-RL7 an attach called while the room is being released waits, then meets released", StatusReleasing, []line{
			{attach(3), ""},
			{detach(4), ""},
			{channel(ChannelDetached), ""},
			{detachEnded(""), "status(releasing -> released); giveBackChannel"},
			{giveBackEnded(""), "settle(2, done); settle(3, invalidState: released); settle(4, invalidState: released)"},
		}},

		{"CHA-RL11a, CHA-RL11c the room follows the channel", StatusAttached, []line{
			{channel(ChannelDetaching), "status(attached -> detaching)"},
			{channel(ChannelDetached, "e"), "status(detaching -> detached, e)"},
			{channel(ChannelAttaching, "e"), "status(detached -> attaching, e)"},
			{channel(ChannelSuspended, "f"), "status(attaching -> suspended, f)"},
			{channel(ChannelFailed, "g"), "status(suspended -> failed, g)"},
			{channel(ChannelInitialized), "status(failed -> initialized)"},
			{channel(ChannelAttached, "resumed"), "status(initialized -> attached)"},
		}},
		{"CHA-RL11a an update changes no status", StatusAttached, []line{
			{channel(ChannelAttached, "update", "resumed", "e"), ""},
			{channel(ChannelSuspended, "update", "e"), ""},
		}},
		{"CHA-RL11b an event changes nothing while an operation is in progress", StatusDetaching, []line{
			{channel(ChannelSuspended, "e"), ""},
			{channel(ChannelAttaching, "e"), ""},
			{channel(ChannelDetached), ""},
			{detachEnded(""), "status(detaching -> detached); settle(2, done)"},
		}},
		{"CHA-RL11b nor while a release pauses", StatusReleasing, []line{
			{detachEnded("e"), "startRetryPause"},
			{channel(ChannelAttaching), ""},
			{channel(ChannelSuspended, "e"), ""},
		}},

		{"CHA-RL12b, CHA-RL13 the first attached is silent", StatusInitialized, []line{
			{attach(1), "status(initialized -> attaching); attachChannel"},
			{channel(ChannelAttached, "e"), ""},
			{attachEnded(""), "status(attaching -> attached); settle(1, done)"},
		}},
		{"CHA-RL12b, CHA-RL13 silent until an attach succeeded, also for updates", StatusAttaching, []line{
			{channel(ChannelSuspended, "e"), ""},
			{attachEnded("e"), "status(attaching -> suspended, e); settle(1, failed: e)"},
			{channel(ChannelAttached), "status(suspended -> attached)"},
			{channel(ChannelAttached, "update"), ""},
		}},
		{"CHA-RL12b a later attached without resumed", StatusSuspended, []line{
			{channel(ChannelAttached), "status(suspended -> attached); discontinuity()"},
		}},
		{"CHA-RL12b with resumed", StatusSuspended, []line{
			{channel(ChannelAttached, "resumed"), "status(suspended -> attached)"},
		}},
		{"CHA-RL12a, CHA-RL12b an update without resumed, with the event's error", StatusAttached, []line{
			{channel(ChannelAttached, "update", "lost"), "discontinuity(lost)"},
			{channel(ChannelAttached, "update", "resumed", "kept"), ""},
		}},
		{"CHA-RL12 an update in another state is no discontinuity", StatusAttached, []line{
			{channel(ChannelAttaching), "status(attached -> attaching)"},
			{channel(ChannelAttaching, "update", "e"), ""},
		}},
		{"CHA-RL12b during an operation", StatusReleasing, []line{
			{channel(ChannelAttached, "update", "lost"), "discontinuity(lost)"},
		}},
		{"CHA-RL12b during an attach that is not the first", StatusSuspended, []line{
			{attach(2), "status(suspended -> attaching); attachChannel"},
			{channel(ChannelAttached), "discontinuity()"},
			{attachEnded(""), "status(attaching -> attached); settle(2, done)"},
		}},
		{"CHA-RL12b, CHA-RL14 silent after an explicit detach, until an attach succeeded", StatusDetached, []line{
			{attach(3), "status(detached -> attaching); attachChannel"},
			{channel(ChannelAttached), ""},
			{attachEnded(""), "status(attaching -> attached); settle(3, done)"},
			{channel(ChannelAttached, "update"), "discontinuity()"},
		}},
		{"CHA-RL14 an attach that failed leaves the detach explicit", StatusDetached, []line{
			{attach(3), "status(detached -> attaching); attachChannel"},
			{channel(ChannelSuspended, "e"), ""},
			{attachEnded("e"), "status(attaching -> suspended, e); settle(3, failed: e)"},
			{channel(ChannelAttached), "status(suspended -> attached)"},
		}},
		{"CHA-RL14 a detach that failed is none", StatusDetaching, []line{
			{detachEnded("e"), "status(detaching -> attached, e); settle(2, failed: e)"},
			{channel(ChannelAttached, "update"), "discontinuity()"},
		}},
		{"CHA-RL14 detached by the service is not explicit", StatusAttached, []line{
			{channel(ChannelDetached, "e"), "status(attached -> detached, e)"},
			{channel(ChannelAttached), "status(detached -> attached); discontinuity()"},
		}},

		{"CHA-RS4 no event when neither status nor error changed", StatusSuspended, []line{
			{channel(ChannelSuspended, "gone"), ""},
			{channel(ChannelSuspended, "other"), "status(suspended -> suspended, other)"},
			{channel(ChannelSuspended), "status(suspended -> suspended)"},
		}},
		{"CHA-RS1i released is the last event", StatusReleasing, []line{
			{channel(ChannelDetached), ""},
			{detachEnded(""), "status(releasing -> released); giveBackChannel"},
			{channel(ChannelAttached), ""},
			{channel(ChannelFailed, "e"), ""},
			{giveBackEnded(""), "settle(2, done)"},
			{channel(ChannelAttached), ""},
			{channel(ChannelAttached, "update"), ""},
		}},

		{"a give-up leaves the operation that runs to go on", StatusAttaching, []line{
			{roomGiveUp(1), "settle(1, gaveUp)"},
			{attach(2), ""},
			{channel(ChannelAttached), ""},
			{attachEnded(""), "status(attaching -> attached); settle(2, done)"},
		}},
		{"a give-up of a release that runs: it goes on", StatusReleasing, []line{
			{roomGiveUp(2), "settle(2, gaveUp)"},
			{channel(ChannelDetached), ""},
			{detachEnded(""), "status(releasing -> released); giveBackChannel"},
			{giveBackEnded("e"), ""},
		}},
		{"an attach and a detach given up before their turn never begin", StatusAttaching, []line{
			{detach(2), ""},
			{detach(3), ""},
			{attach(4), ""},
			{roomGiveUp(2), "settle(2, gaveUp)"},
			{roomGiveUp(4), "settle(4, gaveUp)"},
			{channel(ChannelAttached), ""},
			{attachEnded(""), "status(attaching -> attached); settle(1, done); status(attached -> detaching); detachChannel"},
			{channel(ChannelDetached), ""},
			{detachEnded(""), "status(detaching -> detached); settle(3, done)"},
		}},
		{"a release given up before its turn still takes it", StatusAttaching, []line{
			{releaseRoom(2), ""},
			{roomGiveUp(2), "settle(2, gaveUp)"},
			{detach(3), ""},
			{channel(ChannelAttached), ""},
			{attachEnded(""), "status(attaching -> attached); settle(1, done); status(attached -> releasing); detachChannel"},
			{channel(ChannelDetached), ""},
			{detachEnded(""), "status(releasing -> released); giveBackChannel"},
			{giveBackEnded(""), "settle(3, invalidState: released)"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) { play(t, begin(t, c.from), c.lines...) })
	}
}

// CHA-RS3: a new room is initialized, without an error.
func TestNewRoomIsInitialized(t *testing.T) {
	r := NewRoom[string]()
	if s, err := r.Status(); s != StatusInitialized || err != "" {
		t.Errorf("%v, %q", s, err)
	}
	if r.NextCall() != 1 {
		t.Errorf("the next call is %d", r.NextCall())
	}
}

// CHA-RS2b1: Status returns the error of the status. CHA-RS2b2: it returns none if there is none.
func TestRoomExposesTheErrorOfItsStatus(t *testing.T) {
	r := begin(t, StatusSuspended)
	if _, err := r.Status(); err != "gone" {
		t.Errorf("CHA-RS2b1: %q", err)
	}
	play(t, r, line{attach(2), "status(suspended -> attaching); attachChannel"})
	if _, err := r.Status(); err != "" {
		t.Errorf("CHA-RS2b2: %q", err)
	}
	play(t, r, line{attachEnded("e"), "status(attaching -> suspended, e); settle(2, failed: e)"})
	if _, err := r.Status(); err != "e" {
		t.Errorf("CHA-RL1k2: %q", err)
	}
	play(t, r, line{channel(ChannelAttached, "resumed"), "status(suspended -> attached)"})
	if _, err := r.Status(); err != "" {
		t.Errorf("CHA-RS2b2: %q", err)
	}
}

// An input that doesn't fit is refused with its own reason, and changes nothing.
func TestRoomRefusals(t *testing.T) {
	for _, c := range []struct {
		from Status
		in   roomInput
		want string
	}{
		{StatusAttached, attach(1), "refused Attach(1): the next call is 2"},
		{StatusAttached, detach(3), "refused Detach(3): the next call is 2"},
		{StatusAttached, releaseRoom(0), "refused Release(0): the next call is 2"},
		{StatusAttached, roomGiveUp(1), "refused GiveUp(1): the call is not pending"},
		{StatusAttached, roomGiveUp(0), "refused GiveUp(0): the call is not pending"},
		{StatusReleasing, attachEnded("e"), "refused AttachEnded(e): the channel is not attaching for an operation"},
		{StatusAttached, attachEnded(""), "refused AttachEnded(ok): the channel is not attaching for an operation"},
		{StatusAttaching, detachEnded(""), "refused DetachEnded(ok): the channel is not detaching for an operation"},
		{StatusReleasing, retryDue, "refused RetryDue: no retry is due"},
		{StatusReleasing, giveBackEnded(""), "refused GiveBackEnded(ok): the channel is not being given back"},
		{StatusReleased, giveBackEnded("e"), "refused GiveBackEnded(e): the channel is not being given back"},
		{StatusAttached, channel(ChannelFailed + 1), "refused ChannelEvent(unknown(7)): a channel has no such state"},
		{StatusAttached, channel(252), "refused ChannelEvent(unknown(252)): a channel has no such state"},
		{StatusReleased, channel(255, "update", "resumed", "e"),
			"refused ChannelEvent(unknown(255), update, resumed, e): a channel has no such state"},
		{StatusAttached, roomInput{}, "refused unknown(ok): unknown kind of input"},
		{StatusAttached, roomInput{Kind: 99}, "refused unknown(99)(ok): unknown kind of input"},
	} {
		r := begin(t, c.from)
		before := r.Clone()
		given := []RoomOutput[string]{{Kind: AttachChannel}}
		outs, err := r.Step(c.in, given)
		if refused := (*RefusedError)(nil); !errors.As(err, &refused) || err.Error() != c.want {
			t.Errorf("%v: got %v, expected %s", c.from, err, c.want)
		}
		if len(outs) != 1 || !r.Equal(before) {
			t.Errorf("%v: %s, and yet: %v", c.from, c.want, outs)
		}
	}
}

// roomAlphabet returns inputs, fitting and not, for a room with at most the given number of calls.
func roomAlphabet(r *roomCore, calls Call) []roomInput {
	inputs := []roomInput{
		channel(ChannelAttached), channel(ChannelAttached, "resumed"), channel(ChannelAttached, "update"), channel(ChannelSuspended, "e"),
		channel(ChannelFailed, "e"), channel(ChannelDetached), channel(ChannelInitialized), channel(200),
		attachEnded(""), attachEnded("e"), detachEnded(""), detachEnded("e"), retryDue, giveBackEnded(""), giveBackEnded("e"),
		attach(r.NextCall() + 1), {}, {Kind: 99},
	}
	for c := Call(0); c <= r.NextCall(); c++ {
		inputs = append(inputs, roomGiveUp(c))
	}
	if next := r.NextCall(); next <= calls {
		inputs = append(inputs, attach(next), detach(next), releaseRoom(next))
	}
	return inputs
}

func roomKey(r *roomCore) string { return string(r.AppendKey(nil, appendString)) }

// TestRoomWalk visits every state that eight inputs with one error can reach, and tries every input
// in each. It checks that nothing panics; that a refused input changes nothing; that different
// states have different keys; that the room asks its channel for one thing at a time, gives it back
// once and asks for nothing after that (CHA-RL7, CHA-RL3h); that a status event reports a change
// that the status machine has (CHA-RS4); that nothing is published after released (CHA-RS1i); that
// each call is settled once; and that from every state all calls can be settled.
func TestRoomWalk(t *testing.T) {
	const depth, calls = 8, 4
	type node struct {
		core    *roomCore
		asked   RoomOutputKind // what the channel was asked for and has not ended; 0 for none
		pending []Call         // the calls that no output has settled
		path    []roomInput
	}
	seen := map[string]node{}
	queue := []node{{core: NewRoom[string]()}}
	seen[roomKey(queue[0].core)] = queue[0]
	edges, released := 0, 0
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		fail := func(in roomInput, format string, args ...any) {
			t.Helper()
			t.Fatalf("after %v, %v: %s", n.path, in, fmt.Sprintf(format, args...))
		}
		before := roomKey(n.core)
		status, statusErr := n.core.Status()
		for _, in := range roomAlphabet(n.core, calls) {
			c := n.core.Clone()
			outs, err := c.Step(in, nil)
			if roomKey(n.core) != before {
				fail(in, "a step of a clone changed the original")
			}
			if err != nil {
				if !errors.As(err, new(*RefusedError)) || len(outs) > 0 || !c.Equal(n.core) || roomKey(c) != before {
					fail(in, "refused, and yet: %v", outs)
				}
				continue
			}
			edges++
			next := node{core: c, asked: n.asked, pending: slices.Clone(n.pending), path: append(slices.Clip(n.path), in)}
			switch in.Kind {
			case CallRoomAttach, CallRoomDetach, CallRoomRelease:
				next.pending = append(next.pending, in.Call)
			case AttachEnded, DetachEnded, RetryDue, GiveBackEnded:
				ends := map[RoomOutputKind]RoomInputKind{AttachChannel: AttachEnded, DetachChannel: DetachEnded,
					StartRetryPause: RetryDue, GiveBackChannel: GiveBackEnded}
				if ends[next.asked] != in.Kind {
					fail(in, "taken, though the channel was asked for: %v", next.asked)
				}
				next.asked = 0
			}
			was, wasErr, final := status, statusErr, status == StatusReleased
			for _, out := range outs {
				if final && out.Kind != SettleRoomCall && out.Kind != GiveBackChannel {
					fail(in, "%v after released", out)
				}
				switch out.Kind {
				case SettleRoomCall:
					i := slices.Index(next.pending, out.Call)
					if i < 0 {
						fail(in, "%v, which is not pending", out)
					}
					next.pending = slices.Delete(next.pending, i, i+1)
				case PublishStatus:
					if out.Previous != was || out.Status == was && out.Err == wasErr {
						fail(in, "%v, where the room was %v, %q", out, was, wasErr)
					}
					was, wasErr, final = out.Status, out.Err, out.Status == StatusReleased
				case PublishDiscontinuity:
					if in.Kind != ChannelEvent || in.Resumed || in.Channel != ChannelAttached {
						fail(in, "%v", out)
					}
				default:
					if next.asked != 0 || out.Kind == GiveBackChannel && status == StatusReleased {
						fail(in, "%v, while the channel does %v, in status %v", out, next.asked, status)
					}
					next.asked = out.Kind
				}
			}
			if s, e := c.Status(); s != was || e != wasErr {
				fail(in, "the room is %v, %q, but told %v, %q", s, e, was, wasErr)
			}
			key := roomKey(c)
			if old, ok := seen[key]; ok {
				if !old.core.Equal(c) || !c.Equal(old.core) || old.asked != next.asked || !slices.Equal(sorted(old.pending), sorted(next.pending)) {
					fail(in, "has the key of %v, but is another state", old.path)
				}
				continue
			}
			if c.Equal(n.core) {
				fail(in, "another key, but equal")
			}
			seen[key] = next
			if was == StatusReleased {
				released++
			}
			if left := settleByLuck(t, c.Clone(), next.asked, next.pending); len(left) > 0 {
				fail(in, "the calls %v are never settled", left)
			}
			if len(next.path) < depth {
				queue = append(queue, next)
			}
		}
	}
	t.Logf("%d states, %d released, %d edges", len(seen), released, edges)
	if len(seen) < 10_000 || released < 100 {
		t.Errorf("only %d states were reached, %d of them released", len(seen), released)
	}
}

func sorted(calls []Call) []Call { return slices.Sorted(slices.Values(calls)) }

// settleByLuck lets everything that the room asks of its channel succeed, and returns the calls
// that are pending even then.
func settleByLuck(t *testing.T, r *roomCore, asked RoomOutputKind, pending []Call) []Call {
	pending = slices.Clone(pending)
	for steps := 0; asked != 0; steps++ {
		if steps > 50 {
			t.Fatalf("no end: %v", asked)
		}
		inputs := map[RoomOutputKind][]roomInput{
			AttachChannel:   {channel(ChannelAttached), attachEnded("")},
			DetachChannel:   {channel(ChannelDetached), detachEnded("")},
			StartRetryPause: {retryDue},
			GiveBackChannel: {giveBackEnded("")},
		}[asked]
		asked = 0
		for _, in := range inputs {
			outs, err := r.Step(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, out := range outs {
				switch out.Kind {
				case SettleRoomCall:
					pending = slices.DeleteFunc(pending, func(c Call) bool { return c == out.Call })
				case PublishStatus, PublishDiscontinuity:
				default:
					asked = out.Kind
				}
			}
		}
	}
	return pending
}

// A clone and its original don't change each other: in particular, they share no queue.
func TestRoomCloneSharesNothing(t *testing.T) {
	r := begin(t, StatusAttaching)
	play(t, r, line{detach(2), ""}, line{attach(3), ""}, line{detach(4), ""})
	c := r.Clone()
	want := roomKey(r)
	play(t, c, line{roomGiveUp(2), "settle(2, gaveUp)"}, line{releaseRoom(5), ""})
	if roomKey(r) != want || r.Equal(c) || c.Equal(r) {
		t.Error("the original changed with its clone")
	}
	play(t, r, line{roomGiveUp(3), "settle(3, gaveUp)"}, line{attach(5), ""})
	d := c.Clone()
	play(t, r, line{attachEnded("e"), "status(attaching -> initialized, e); settle(1, failed: e); status(initialized -> detaching); detachChannel"})
	if !c.Equal(d) {
		t.Error("the clone changed with its original")
	}
}

// Equal and the key depend on each field of the state.
func TestRoomEqualLooksAtEveryField(t *testing.T) {
	same := map[string]bool{"table": true} // not state
	base := begin(t, StatusAttached)
	fields := reflect.TypeFor[roomCore]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if same[name] {
			continue
		}
		c := base.Clone()
		switch name {
		case "lastCall":
			c.lastCall++
		case "status":
			c.status = StatusFailed
		case "err":
			c.err = "other"
		case "channel":
			c.channel = ChannelFailed
		case "channelErr":
			c.channelErr = "other"
		case "op":
			c.op = OpDetach
		case "caller":
			c.caller = 9
		case "phase":
			c.phase = InDetach
		case "waiting":
			c.waiting = []waitingOp{{op: OpAttach}}
		case "hasAttachedOnce":
			c.hasAttachedOnce = !c.hasAttachedOnce
		case "explicitlyDetached":
			c.explicitlyDetached = !c.explicitlyDetached
		default:
			t.Fatalf("the field %s is not compared here", name)
		}
		if base.Equal(c) || c.Equal(base) || roomKey(c) == roomKey(base) {
			t.Errorf("%s does not count", name)
		}
	}
}

// No key is the beginning of another, so that a key's end is known where an explorer appends to it.
func TestRoomKeyIsNoBeginOfAnother(t *testing.T) {
	r := begin(t, StatusAttaching)
	short := roomKey(r)
	for _, in := range []roomInput{detach(2), attach(3), releaseRoom(4)} {
		// waits in the queue, and changes nothing else
		r.waiting = append(r.waiting, waitingOp{op: in.Kind.operation(), caller: in.Call})
		if long := roomKey(r); strings.HasPrefix(long, short) {
			t.Errorf("with %d waiting the key begins with that of one less", len(r.waiting))
		}
		short = roomKey(r)
	}
}

// The same inputs give the same outputs and the same state.
func TestRoomIsDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := NewRoom[string](), NewRoom[string]()
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			in := rapid.SampledFrom(roomAlphabet(a, 1000)).Draw(t, "input")
			before := a.Clone()
			aOuts, aErr := a.Step(in, nil)
			bOuts, bErr := b.Step(in, nil)
			if !slices.Equal(aOuts, bOuts) || (aErr == nil) != (bErr == nil) || !a.Equal(b) || roomKey(a) != roomKey(b) {
				t.Fatalf("%v: %v, %v and %v, %v", in, aOuts, aErr, bOuts, bErr)
			}
			b = before
			if _, err := b.Step(in, nil); (err == nil) != (aErr == nil) || !a.Equal(b) {
				t.Fatalf("%v: a clone goes another way", in)
			}
		}
	})
}

func TestRoomPrints(t *testing.T) {
	for want, v := range map[string]fmt.Stringer{
		"Attach(1)":                            attach(1),
		"GiveUp(2)":                            roomGiveUp(2),
		"RetryDue":                             retryDue,
		"ChannelEvent(attached, resumed)":      channel(ChannelAttached, "resumed"),
		"ChannelEvent(failed, e)":              channel(ChannelFailed, "e"),
		"ChannelEvent(attached, update, lost)": channel(ChannelAttached, "update", "lost"),
		"AttachEnded(ok)":                      attachEnded(""),
		"DetachEnded(e)":                       detachEnded("e"),
		"settle(3, failed: e)":                 settleRoom(3, RoomOutcome[string]{Kind: RoomOperationFailed, Err: "e"}),
		"settle(3, invalidState: released)":    settleRoom(3, RoomOutcome[string]{Kind: RoomInvalidState, Status: StatusReleased}),
		"settle(3, gaveUp)":                    settleRoom(3, RoomOutcome[string]{Kind: RoomGaveUp}),
		"status(attached -> failed, e)":        RoomOutput[string]{Kind: PublishStatus, Previous: StatusAttached, Status: StatusFailed, Err: "e"},
		"discontinuity(e)":                     RoomOutput[string]{Kind: PublishDiscontinuity, Err: "e"},
		"giveBackChannel":                      RoomOutput[string]{Kind: GiveBackChannel},
	} {
		if got := v.String(); got != want {
			t.Errorf("got %s, expected %s", got, want)
		}
	}
}
