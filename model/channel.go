package model

import (
	"fmt"
	"slices"
	"strings"
)

// Channel is the whole state of the machine of one realtime channel: the requests that it has sent,
// its channel state, and the calls that wait (docs/channel.md; RTL2 to RTL5, RTL12 to RTL17). The
// zero Channel is the initial state, on a connection that waits (C2).
//
// Its assumptions: steps are atomic and every one is seen; calls are numbered 1, 2, 3, … as they
// begin; errors and serials are numbers, and 0 is none; there is no time. It makes no assumption
// about the server: any frame may arrive at any moment on a connection. Only [ChannelServer] has
// the server's promise.
//
// A Channel is a value: no function of this package changes a Channel that it is given.
type Channel struct {
	// Last is the number of calls that have begun.
	Last int
	// State and Reason are the channel's state and errorReason.
	State  ChannelState
	Reason int
	// Connection is the state of the connection, as far as it makes a difference to the channel.
	Connection ChannelConnection
	// Wire has the requests that may still be answered, oldest first; Awaited reports that the last
	// one is awaited.
	Wire    []ChannelRequest
	Awaited bool
	// Held reports that the server may have the channel attached; Leftover, that it may have a
	// channel attached that was detached or given back here (T8); Doubt, that an ATTACH that left
	// the wire may still be answered.
	Held, Leftover, Doubt bool
	// Attachers and Detachers are the calls that wait for attached and for detached.
	Attachers, Detachers []int
	// Back is the state after a detach that is not answered; initialized unless detaching.
	Back ChannelState
	// Retries is the number of the last retry.
	Retries int
	// ChannelSerial and AttachSerial are those of RTL15. Resume reports that the channel was
	// attached, and has not been detached or failed since.
	ChannelSerial, AttachSerial int
	Resume                      bool
	// GivenBack reports that the name has no life now.
	GivenBack bool
}

// ChannelConnection is a set of connection states that a channel treats alike.
type ChannelConnection uint8

// The five values, with the connection's states that each comprises.
const (
	ConnectionWaiting   ChannelConnection = iota // INITIALIZED, CONNECTING, DISCONNECTED
	ConnectionConnected                          // CONNECTED
	ConnectionSuspended                          // SUSPENDED
	ConnectionClosing                            // CLOSING
	ConnectionEnded                              // CLOSED, FAILED
)

// String returns the name that docs/channel.md uses.
func (c ChannelConnection) String() string {
	return word(int(c), "waiting", "connected", "suspended", "closing", "ended")
}

// ChannelRequest is a frame that the server answers.
type ChannelRequest uint8

// The requests.
const (
	RequestAttach ChannelRequest = iota
	RequestDetach
)

// String returns the name that docs/channel.md uses.
func (r ChannelRequest) String() string { return word(int(r), "attach", "detach") }

// Clone returns a Channel that is equal to c and shares no memory with it.
func (c Channel) Clone() Channel {
	c.Wire = slices.Clone(c.Wire)
	c.Attachers, c.Detachers = slices.Clone(c.Attachers), slices.Clone(c.Detachers)
	return c
}

// Equal reports whether two states are the same.
func (c Channel) Equal(d Channel) bool { return c.Key() == d.Key() }

// Key returns a string that two states share if and only if they are equal.
func (c Channel) Key() string {
	b := make([]byte, 0, 64)
	for _, n := range []int{c.Last, int(c.State), c.Reason, int(c.Connection), int(c.Back), c.Retries,
		c.ChannelSerial, c.AttachSerial} {
		b = number(b, n)
	}
	for _, set := range []bool{c.Awaited, c.Held, c.Doubt, c.Leftover, c.Resume, c.GivenBack} {
		b = flag(b, set)
	}
	for _, r := range c.Wire {
		b = number(b, int(r))
	}
	for _, calls := range [][]int{c.Attachers, c.Detachers} {
		b = append(b, '/')
		for _, call := range calls {
			b = number(b, call)
		}
	}
	return string(append(b, '/'))
}

// Pending returns the calls that are not settled: the attachers, then the detachers.
func (c Channel) Pending() []int { return slices.Concat(c.Attachers, c.Detachers) }

// RetryTimerRuns reports whether the retry timer runs.
func (c Channel) RetryTimerRuns() bool {
	return c.State == ChannelSuspended && c.Connection == ConnectionConnected
}

// IsOut reports whether the awaited request is r and belongs to the state: the ATTACH of a channel
// that is attaching, or the DETACH of one that is detaching.
func (c Channel) IsOut(r ChannelRequest) bool {
	of := map[ChannelRequest]ChannelState{RequestAttach: ChannelAttaching, RequestDetach: ChannelDetaching}
	return c.State == of[r] && c.awaits(r)
}

// BehindFence reports whether the channel awaits a DETACH that ends an earlier attach or life.
func (c Channel) BehindFence() bool {
	of := []ChannelState{ChannelInitialized, ChannelAttaching, ChannelDetached, ChannelFailed}
	return slices.Contains(of, c.State) && c.awaits(RequestDetach)
}

func (c Channel) awaits(r ChannelRequest) bool { return c.Awaited && c.Wire[len(c.Wire)-1] == r }

// String returns the state in one line, for messages.
func (c Channel) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "last %d, %v/%d back %v, connection %v, wire %v", c.Last, c.State, c.Reason, c.Back, c.Connection, c.Wire)
	fmt.Fprintf(&b, ", attachers %v, detachers %v, retries %d, serials %d %d", c.Attachers, c.Detachers, c.Retries,
		c.ChannelSerial, c.AttachSerial)
	for _, f := range []struct {
		name string
		set  bool
	}{{"awaited", c.Awaited}, {"held", c.Held}, {"doubt", c.Doubt}, {"leftover", c.Leftover}, {"resume", c.Resume}, {"givenBack", c.GivenBack}} {
		if f.set {
			b.WriteString(", " + f.name)
		}
	}
	return b.String()
}
