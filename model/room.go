package model

import (
	"fmt"
	"slices"
	"strings"
)

// RoomState is the whole state of the machine of one room: its operations on its channel, one at a
// time, and the status that follows them (docs/room.md; CHA-RL, CHA-RS). The zero RoomState is the
// beginning (S2).
//
// Its assumptions: steps are atomic and every one is seen; calls are numbered 1, 2, 3, … as they
// begin; errors are numbers, and 0 is none; there is no time. It makes no assumption about the
// channel: any event may occur at any moment, and any end while something waits for it. Only
// [RoomHistory] has the port's promise.
//
// It can check an implementation step by step, at every input, and have its graph compared. It
// can't check a room of which only the beginnings and returns of calls are known. Unlike [State] it
// has no history, so that each of its states corresponds to one state of an implementation;
// properties of a run use a [RoomHistory] too.
//
// A RoomState is a value: no function of this package changes a RoomState that it is given.
type RoomState struct {
	// Last is the number of calls that have begun.
	Last int
	// Status and Err are the room's status and its error (CHA-RS1, CHA-RS2b).
	Status RoomStatus
	Err    int
	// Channel and ChErr are the state and the error of the channel's last event.
	Channel ChannelState
	ChErr   int
	// Op is the operation that runs, Caller the call that waits for it (0 if there is none, or it
	// gave up), Phase what the operation waits for.
	Op     RoomOp
	Caller int
	Phase  RoomPhase
	// Queue holds the operations that wait for their turn, in the order of their calls.
	Queue []RoomEntry
	// AttachedOnce is hasAttachedOnce (CHA-RL13), Explicit is isExplicitlyDetached (CHA-RL14).
	AttachedOnce, Explicit bool
}

// RoomEntry is an operation that waits for its turn, and its call, which is 0 if it gave up.
type RoomEntry struct {
	Op     RoomOp
	Caller int
}

// RoomStatus is one of the nine statuses of a room (CHA-RS1).
type RoomStatus uint8

// The nine statuses. The first seven have the names of the channel's states.
const (
	StatusInitialized RoomStatus = iota
	StatusAttaching
	StatusAttached
	StatusDetaching
	StatusDetached
	StatusSuspended
	StatusFailed
	StatusReleasing
	StatusReleased
)

// String returns the name that docs/room.md uses.
func (s RoomStatus) String() string {
	return word(int(s), "initialized", "attaching", "attached", "detaching", "detached", "suspended", "failed", "releasing", "released")
}

// ChannelState is one of the seven states of a channel (RTL2).
type ChannelState uint8

// The seven states.
const (
	ChannelInitialized ChannelState = iota
	ChannelAttaching
	ChannelAttached
	ChannelDetaching
	ChannelDetached
	ChannelSuspended
	ChannelFailed
)

// String returns the name that docs/room.md uses.
func (c ChannelState) String() string {
	return word(int(c), "initialized", "attaching", "attached", "detaching", "detached", "suspended", "failed")
}

// Status returns the status of the same name (CHA-RL11c).
func (c ChannelState) Status() RoomStatus {
	for s := StatusInitialized; s <= StatusFailed; s++ {
		if s.String() == c.String() {
			return s
		}
	}
	panic("model: no channel has the state " + c.String())
}

// RoomOp is an operation of a room, or none.
type RoomOp uint8

// The operations. OpNone is the zero RoomOp.
const (
	OpNone    RoomOp = iota
	OpAttach         // CHA-RL1
	OpDetach         // CHA-RL2
	OpRelease        // CHA-RL3
)

// String returns the name that docs/room.md uses.
func (o RoomOp) String() string { return word(int(o), "none", "attach", "detach", "release") }

// RoomPhase says what the operation waits for.
type RoomPhase uint8

// The phases. PhaseIdle is the zero RoomPhase.
const (
	PhaseIdle         RoomPhase = iota // no operation runs
	PhaseInAttach                      // ends with AttachEnded
	PhaseInDetach                      // ends with DetachEnded
	PhaseInRetryPause                  // ends with RetryDue
	PhaseInGiveBack                    // ends with GiveBackEnded
)

// String returns the name that docs/room.md uses.
func (p RoomPhase) String() string {
	return word(int(p), "idle", "inAttach", "inDetach", "inRetryPause", "inGiveBack")
}

// Clone returns a RoomState that is equal to s and shares no memory with it.
func (s RoomState) Clone() RoomState {
	s.Queue = slices.Clone(s.Queue)
	return s
}

// Equal reports whether two states are the same.
func (s RoomState) Equal(t RoomState) bool { return s.Key() == t.Key() }

// Key returns a string that two states share if and only if they are equal.
func (s RoomState) Key() string {
	b := make([]byte, 0, 64)
	for _, n := range []int{s.Last, int(s.Status), s.Err, int(s.Channel), s.ChErr, int(s.Op), s.Caller, int(s.Phase)} {
		b = number(b, n)
	}
	b = flag(flag(b, s.AttachedOnce), s.Explicit)
	for _, e := range s.Queue {
		b = number(b, int(e.Op))
		b = number(b, e.Caller)
	}
	return string(append(b, '/'))
}

func flag(b []byte, set bool) []byte {
	if set {
		return append(b, '+')
	}
	return append(b, '-')
}

// Pending returns the calls that are not settled: the caller of the operation, then those in the
// queue.
func (s RoomState) Pending() (calls []int) {
	for _, c := range append([]RoomEntry{{s.Op, s.Caller}}, s.Queue...) {
		if c.Caller != 0 {
			calls = append(calls, c.Caller)
		}
	}
	return calls
}

// String returns the state in one line, for messages.
func (s RoomState) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "last %d, status %v/%d, channel %v/%d, op %v for %d %v, queue [", s.Last, s.Status, s.Err, s.Channel, s.ChErr, s.Op,
		s.Caller, s.Phase)
	for i, e := range s.Queue {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%v for %d", e.Op, e.Caller)
	}
	b.WriteString("]")
	if s.AttachedOnce {
		b.WriteString(", attachedOnce")
	}
	if s.Explicit {
		b.WriteString(", explicit")
	}
	return b.String()
}
