package fsm

import (
	"sync"

	looplab "github.com/looplab/fsm"
)

// Status is the status of a room (CHA-RS1).
type Status uint8

// The statuses of a room.
const (
	StatusInitialized Status = iota // before any attach (CHA-RS1a)
	StatusAttaching                 // attaching (CHA-RS1b)
	StatusAttached                  // connected and working (CHA-RS1c)
	StatusDetaching                 // detaching (CHA-RS1d)
	StatusDetached                  // detached at the user's request (CHA-RS1e)
	// detached for an extended time, retried by the connection (CHA-RS1f)
	StatusSuspended
	StatusFailed    // an error that the user must act on (CHA-RS1g)
	StatusReleasing // being released (CHA-RS1h)
	StatusReleased  // released, of no further use; final (CHA-RS1i)
)

// StatusEvent is an event of the room status machine.
type StatusEvent uint8

// The events of the room status machine: the beginning of the three operations, the end of a
// release, and the states of the channel that a room follows or that an operation ends in.
const (
	EventAttach StatusEvent = iota // an attach operation begins (CHA-RL1e)
	EventDetach                    // a detach operation begins (CHA-RL2j)
	// a release operation begins that has something to detach (CHA-RL3m)
	EventRelease
	// a release operation ends (CHA-RL3o), or has nothing to detach (CHA-RL3b, CHA-RL3j)
	EventFinish
	EventChannelInitialized // the channel is initialized
	EventChannelAttaching   // the channel is attaching (CHA-RL11c)
	EventChannelAttached    // the channel is attached (CHA-RL1k1, CHA-RL11c)
	EventChannelDetaching   // the channel is detaching (CHA-RL11c)
	EventChannelDetached    // the channel is detached (CHA-RL2k1, CHA-RL11c)
	EventChannelSuspended   // the channel is suspended (CHA-RL1k2, CHA-RL11c)
	EventChannelFailed      // the channel failed (CHA-RL1k2, CHA-RL11c)
)

var statusNames = [...]string{"initialized", "attaching", "attached", "detaching", "detached", "suspended", "failed", "releasing", "released"}

var statusEventNames = [...]string{"attach", "detach", "release", "finish", "channelInitialized", "channelAttaching",
	"channelAttached", "channelDetaching", "channelDetached", "channelSuspended", "channelFailed"}

// String returns the status in lower case, as the other SDKs write it: "attached".
func (s Status) String() string { return enumName(statusNames[:], uint8(s)) }

// String returns the event's name.
func (e StatusEvent) String() string { return enumName(statusEventNames[:], uint8(e)) }

// MarshalText writes the status as its name.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// RoomStatus returns the room status machine, compiled once. It may be called concurrently.
func RoomStatus() *Table[Status, StatusEvent] { return roomStatus() }

var roomStatus = sync.OnceValue(func() *Table[Status, StatusEvent] {
	// A room follows its channel in every status but releasing and released.
	following := []string{"initialized", "attaching", "attached", "detaching", "detached", "suspended", "failed"}
	return mustCompile(Definition[Status, StatusEvent]{
		Machine: "room status",
		States: []Status{StatusInitialized, StatusAttaching, StatusAttached, StatusDetaching, StatusDetached, StatusSuspended,
			StatusFailed, StatusReleasing, StatusReleased},
		Events: []StatusEvent{EventAttach, EventDetach, EventRelease, EventFinish, EventChannelInitialized, EventChannelAttaching,
			EventChannelAttached, EventChannelDetaching, EventChannelDetached, EventChannelSuspended, EventChannelFailed},
		StateName: Status.String,
		EventName: StatusEvent.String,
		Transitions: looplab.Events{
			{Name: "attach", Src: []string{"initialized", "attaching", "detaching", "detached", "suspended", "failed"}, Dst: "attaching"},
			{Name: "detach", Src: []string{"initialized", "attaching", "attached", "detaching", "suspended"}, Dst: "detaching"},
			{Name: "release", Src: []string{"attaching", "attached", "detaching", "suspended", "failed"}, Dst: "releasing"},
			{Name: "finish", Src: []string{"initialized", "detached", "releasing"}, Dst: "released"},
			{Name: "channelInitialized", Src: following, Dst: "initialized"},
			{Name: "channelAttaching", Src: following, Dst: "attaching"},
			{Name: "channelAttached", Src: following, Dst: "attached"},
			{Name: "channelDetaching", Src: following, Dst: "detaching"},
			{Name: "channelDetached", Src: following, Dst: "detached"},
			{Name: "channelSuspended", Src: following, Dst: "suspended"},
			{Name: "channelFailed", Src: following, Dst: "failed"},
		},
		Final: map[Status]bool{StatusReleased: true},
	})
})
