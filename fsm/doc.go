// Package fsm is the pure core of the chat rooms: three explicit state machines, declared as
// tables, and the step functions that use them.
//
// The machines are [RoomLifecycle] (initializing, ready, releasing, released: one for each
// incarnation of a name), [RoomStatus] (the nine statuses of CHA-RS1) and [ChannelStates] (the
// seven states of RTL2). Each is declared once, as a looplab/fsm definition. [Definition.Compile]
// asks a looplab machine for each transition, and returns a table of them. [Definition.Live]
// returns a looplab machine with callbacks. [Definition.Mermaid] and [Definition.Graphviz] draw the
// machine.
//
// The cores are [Rooms] (Get, Release and Dispose of names; CHA-RC, CHA-RD), [Room] (attach, detach
// and release of one room; CHA-RL) and [Channel] (one realtime channel; RTL2 to RTL5, RTL12 to
// RTL17). Each is a value with one method that changes it, Step: the same inputs give the same
// outputs. This package uses no clock, goroutine, lock, context, network or random source. Package
// lifecycle drives the cores and carries out their outputs.
//
// No value of this package may be used by several goroutines at once, unless its comment says so.
package fsm
