package fsm

import (
	"fmt"
	"strings"
	"testing"
)

// panics returns the value that f panics with, as text, and "" if f returns.
func panics(f func()) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprint(p)
		}
	}()
	f()
	return ""
}

// A move that a machine lacks is a fault of the core itself, and panics.
func TestAMoveThatTheMachineLacksPanics(t *testing.T) {
	rooms := NewRooms[string]()
	inc := &incarnation[string]{id: 7, life: Released}
	if got := panics(func() { rooms.move(inc, LifeOpened) }); got != `fsm: incarnation 7: room lifecycle: no transition from "released" by "opened"` {
		t.Errorf("got %q", got)
	}
	room := NewRoom[string]()
	room.status = StatusReleased
	if got := panics(func() { room.set(EventAttach, "", nil) }); got != `fsm: room status: no transition from "released" by "attach"` {
		t.Errorf("got %q", got)
	}
	if inc.life != Released || room.status != StatusReleased {
		t.Errorf("moved all the same: %v, %v", inc.life, room.status)
	}
}

// CHA-RL2k1, CHA-RL11b: if the channel's state changes before a detach of the room ends, the room
// has the channel's state after the detach.
func TestADetachEndsWhereTheChannelIs(t *testing.T) {
	for state, want := range map[ChannelState]string{
		ChannelInitialized: "status(detaching -> detached); settle(2, done)",
		ChannelDetached:    "status(detaching -> detached); settle(2, done)",
		ChannelAttaching:   "status(detaching -> detached); status(detached -> attaching, why); settle(2, done)",
		ChannelAttached:    "status(detaching -> detached); status(detached -> attached, why); settle(2, done)",
		ChannelDetaching:   "status(detaching -> detached); status(detached -> detaching, why); settle(2, done)",
		ChannelSuspended:   "status(detaching -> detached); status(detached -> suspended, why); settle(2, done)",
		ChannelFailed:      "status(detaching -> detached); status(detached -> failed, why); settle(2, done)",
	} {
		play(t, begin(t, StatusDetaching), line{channel(state, "why", "resumed"), ""}, line{detachEnded(""), want})
	}
}

// Two states whose lists differ have different keys, also if the lists end in different places.
func TestRoomsKeyTellsItsListsApart(t *testing.T) {
	key := func(disposers []Call, failed []Incarnation) string {
		r := NewRooms[string]()
		r.disposers, r.failed = disposers, failed
		return string(r.AppendKey(nil, appendString))
	}
	if key([]Call{2}, []Incarnation{5}) == key(nil, []Incarnation{1, 5}) || key([]Call{2}, nil) == key(nil, []Incarnation{2}) {
		t.Error("calls that dispose are taken for releases that failed")
	}
	if strings.HasPrefix(key(nil, []Incarnation{5}), key(nil, nil)) {
		t.Error("a release that failed is taken for the incarnation that follows in the key")
	}
}

// Most incarnations have one waiter, and it costs no allocation: getting and releasing a name
// allocates its incarnation, and at most its slot.
func TestTheFirstWaiterAllocatesNothing(t *testing.T) {
	r := NewRooms[string]()
	outs := make([]RoomsOutput, 0, 8)
	id := Incarnation(0)
	if n := testing.AllocsPerRun(200, func() {
		id++
		for _, in := range []roomsInput{get(r.NextCall(), "a", "x"), end(Opened, id), release(r.NextCall()+1, "a"), end(ReleaseDone, id)} {
			if _, err := r.Step(in, outs); err != nil {
				t.Fatal(err)
			}
		}
	}); n > 2 {
		t.Errorf("%v allocations", n)
	}
}

// Restore refuses a room without an operation that has a caller of the operation.
func TestRestoreRefusesTheCallerOfNothing(t *testing.T) {
	if err := NewRoom[string]().Restore(RoomState[string]{LastCall: 1, Caller: 1}); err == nil {
		t.Error("restored")
	}
}

// Restore refuses a room in which one call waits twice in the queue.
func TestRestoreRefusesACallThatWaitsTwiceForItsTurn(t *testing.T) {
	s := RoomState[string]{LastCall: 2, Operation: OpAttach, Caller: 1, Phase: InAttach, Status: StatusAttaching,
		Waiting: []WaitingOperation{{OpDetach, 2}, {OpAttach, 2}}}
	if err := NewRoom[string]().Restore(s); err == nil {
		t.Error("restored")
	}
}

// R1, R2, R3: gets that are settled at once, for each life of the incarnation in use, with the same
// and with other options.
func TestAGetThatEndsAtOnce(t *testing.T) {
	r := roomsAfter(t, get(1, "a", "x"))
	roomsStep(t, r, get(2, "a", "y"), "settle(2, differentOptions)")
	roomsStep(t, r, end(Opened, 1), "settle(1, room #1)")
	roomsStep(t, r, get(3, "a", "x"), "settle(3, room #1)")
	roomsStep(t, r, get(4, "a", "y"), "settle(4, differentOptions)")
	roomsStep(t, r, dispose(5), "release(#1)")
	roomsStep(t, r, get(6, "a", "x"), "settle(6, disposed)")
	roomsStep(t, r, giveUp(5), "settle(5, gaveUp)")
	roomsStep(t, r, release(7, "b"), "settle(7, done)")
	r = roomsAfter(t, get(1, "a", "x"))
	roomsStep(t, r, end(OpenFailed, 1), "settle(1, openFailed #1)")
	roomsStep(t, r, dispose(2), "settle(2, done)")
}
