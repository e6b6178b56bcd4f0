package fsm

import (
	"sync"

	looplab "github.com/looplab/fsm"
)

// ChannelMove is an event of the channel state machine.
type ChannelMove uint8

// The events of the channel state machine.
const (
	MoveAttach ChannelMove = iota // the channel begins to attach (RTL4c, RTL13a, RTL13b, RTL3d)
	// it is attached (RTL4c), or attached again after a detach without an answer (RTL5f)
	MoveAttached
	MoveDetach   // it begins to detach (RTL5d, RTL5k)
	MoveDetached // it is detached (RTL5d, RTL5j, RTL5l, RTL3b)
	MoveSuspend  // it is suspended (RTL4f, RTL13b, RTL3c)
	MoveFail     // it failed (RTL14, RTL3a)
	// connect() is called after CLOSED or FAILED (RTN11d), or the channel is given back (RTS4a)
	MoveReset
)

var channelMoveNames = [...]string{"attach", "attached", "detach", "detached", "suspend", "fail", "reset"}

// String returns the event's name.
func (m ChannelMove) String() string { return enumName(channelMoveNames[:], uint8(m)) }

// move returns the event that leads to the state.
func (s ChannelState) move() ChannelMove {
	if s == ChannelInitialized {
		return MoveReset
	}
	return ChannelMove(s - ChannelAttaching)
}

// ChannelStates returns the channel state machine (RTL2), compiled once. It may be called
// concurrently.
func ChannelStates() *Table[ChannelState, ChannelMove] { return channelStates() }

var channelStates = sync.OnceValue(func() *Table[ChannelState, ChannelMove] {
	return mustCompile(Definition[ChannelState, ChannelMove]{
		Machine: "channel state",
		States: []ChannelState{ChannelInitialized, ChannelAttaching, ChannelAttached, ChannelDetaching,
			ChannelDetached, ChannelSuspended, ChannelFailed},
		Events: []ChannelMove{MoveAttach, MoveAttached, MoveDetach, MoveDetached, MoveSuspend,
			MoveFail, MoveReset},
		StateName: ChannelState.String,
		EventName: ChannelMove.String,
		Transitions: looplab.Events{
			{Name: "attach", Dst: "attaching",
				Src: []string{"initialized", "attached", "detached", "suspended", "failed"}},
			{Name: "attached", Dst: "attached", Src: []string{"attaching", "detaching", "suspended"}},
			{Name: "detach", Dst: "detaching", Src: []string{"attached", "detached"}},
			{Name: "detached", Dst: "detached",
				Src: []string{"attaching", "attached", "detaching", "suspended"}},
			{Name: "suspend", Dst: "suspended", Src: []string{"attaching", "attached"}},
			{Name: "fail", Dst: "failed", Src: []string{"initialized", "attaching", "attached",
				"detaching", "detached", "suspended"}},
			{Name: "reset", Dst: "initialized", Src: []string{"initialized", "attaching", "attached",
				"detaching", "detached", "suspended", "failed"}},
		},
	})
})
