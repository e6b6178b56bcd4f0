package fsm

import (
	"fmt"
	"strings"
)

// Serial is a channelSerial (RTL15), "" for none. The core doesn't look into it.
type Serial string

// ConnectionState is a state of the connection, as Ably's clients name it (RTN4).
type ConnectionState uint8

// The states of a connection.
const (
	ConnectionInitialized ConnectionState = iota
	ConnectionConnecting
	ConnectionConnected
	ConnectionDisconnected
	ConnectionSuspended
	ConnectionClosing
	ConnectionClosed
	ConnectionFailed
)

var connectionStateNames = [...]string{
	"initialized", "connecting", "connected", "disconnected", "suspended", "closing", "closed",
	"failed",
}

// String returns the state's name, in lower case.
func (s ConnectionState) String() string { return enumName(connectionStateNames[:], uint8(s)) }

// Link is the state of the connection as a channel sees it: states that a channel treats alike are
// one Link.
type Link uint8

// The links, with the connection's states that each comprises.
const (
	LinkWaiting   Link = iota // INITIALIZED, CONNECTING, DISCONNECTED: an attach waits (RTL4i)
	LinkConnected             // CONNECTED
	LinkSuspended             // SUSPENDED: an attach is refused (RTL4b)
	LinkClosing               // CLOSING: likewise
	LinkEnded                 // CLOSED, FAILED: likewise; connect() starts again (RTN11d)
)

var linkNames = [...]string{"waiting", "connected", "suspended", "closing", "ended"}

// String returns the link's name.
func (l Link) String() string { return enumName(linkNames[:], uint8(l)) }

func (s ConnectionState) link() Link {
	return [...]Link{LinkWaiting, LinkWaiting, LinkConnected, LinkWaiting, LinkSuspended, LinkClosing,
		LinkEnded, LinkEnded}[s]
}

// ChannelInputKind says what a [ChannelInput] is.
type ChannelInputKind uint8

// The kinds of inputs, with the fields that each uses.
const (
	// Calls of users. Call is the number that [Channel.NextCall] returns. Each call is settled
	// once, by the output [SettleChannelCall], possibly in the same step.
	CallChannelAttach  ChannelInputKind = iota + 1 // Call: an attach begins (RTL4)
	CallChannelDetach                              // Call: a detach begins (RTL5)
	CallChannelOptions                             // Call: new modes or params are set (RTL16a)

	// The channel is given back (RTS4a): all calls are settled, and no event follows.
	GiveBack
	Renew // the name of a channel that was given back begins a new life

	// Frames with the channel's name, in the order of the wire, while the connection is connected.
	//
	// Resumed, Serial, Err: ATTACHED, with its flag RESUMED, its channelSerial and its error
	FrameAttached
	FrameDetached  // Err: DETACHED, with its error or none
	FrameError     // Err: ERROR of this channel (RTL14), with a code other than 80016
	FrameOvertaken // ERROR of this channel with code 80016
	FrameMessage   // Serial: MESSAGE, PRESENCE or ANNOTATION, with its channelSerial or none

	// Timers.
	RequestTimeout // Err: the timer of StartRequestTimer fired; Err is for the state (90007/408)
	RetryTimeout   // the timer of StartRetryTimer fired

	// The connection changed. Connection is its new state. Resumed reports that a connected one has
	// the same connectionId as before (RTN15c6). Err is the connection's error or none.
	ConnectionChange
)

var channelInputNames = [...]string{
	"unknown", "Attach", "Detach", "SetOptions", "GiveBack", "Renew", "Attached",
	"Detached", "Error", "Overtaken", "Message", "RequestTimeout", "RetryTimeout", "Connection",
}

// String returns the kind's name.
func (k ChannelInputKind) String() string { return enumName(channelInputNames[:], uint8(k)) }

// ChannelInput is an input of [Channel.Step].
type ChannelInput[E comparable] struct {
	Kind       ChannelInputKind
	Call       Call
	Connection ConnectionState
	Resumed    bool
	Serial     Serial
	Err        E
}

// String prints the input with its arguments: "Attach(1)", "Attached(resumed, serial s1)".
func (in ChannelInput[E]) String() string {
	var none E
	var args []string
	switch in.Kind {
	case CallChannelAttach, CallChannelDetach, CallChannelOptions:
		args = append(args, fmt.Sprint(in.Call))
	case ConnectionChange:
		args = append(args, in.Connection.String())
	}
	if in.Resumed {
		args = append(args, "resumed")
	}
	if in.Serial != "" {
		args = append(args, "serial "+string(in.Serial))
	}
	if in.Err != none {
		args = append(args, fmt.Sprint(in.Err))
	}
	if len(args) == 0 {
		return in.Kind.String()
	}
	return in.Kind.String() + "(" + strings.Join(args, ", ") + ")"
}

// ChannelOutputKind says what a [ChannelOutput] is.
type ChannelOutputKind uint8

// The kinds of outputs, with the fields that each uses.
const (
	// Call, Outcome, Err: the call ends.
	SettleChannelCall ChannelOutputKind = iota + 1
	// Serial, Resumed: send ATTACH, with the channel's present modes and params. It has this
	// channelSerial if it is not "" (RTL4c1), and on protocol 5 the flag ATTACH_RESUME if Resumed.
	SendAttach
	SendDetach        // send DETACH
	SendSync          // request the members by a SYNC
	StartRequestTimer // start realtimeRequestTimeout, or start it again (RTL4f, RTL5f)
	StopRequestTimer  // stop it
	// Retry: start channelRetryTimeout (RTL13b), with the backoff and jitter of RTB1 for the retry
	// of this number.
	StartRetryTimer
	StopRetryTimer // stop it
	// State, Previous, Resumed, Err: notify the listeners of a new state (RTL2).
	PublishChannelState
	// Err: notify the listeners of an UPDATE of an attached channel that lost continuity (RTL12).
	PublishChannelUpdate
	// Resumed: take modes, params, HAS_PRESENCE and HAS_BACKLOG from the ATTACHED of this step.
	ApplyAttached
	DeliverMessage // deliver the content of the frame of this step (RTL17)
)

var channelOutputNames = [...]string{
	"unknown", "settle", "sendAttach", "sendDetach", "sendSync",
	"startRequestTimer", "stopRequestTimer", "startRetryTimer", "stopRetryTimer", "state",
	"update", "apply", "deliver",
}

// String returns the kind's name.
func (k ChannelOutputKind) String() string { return enumName(channelOutputNames[:], uint8(k)) }

// ChannelOutput is an output of [Channel.Step].
type ChannelOutput[E comparable] struct {
	Kind     ChannelOutputKind
	State    ChannelState
	Previous ChannelState
	Resumed  bool // for a state: continuity was kept (RTL2f)
	Retry    uint8
	Outcome  ChannelOutcome
	Call     Call
	Serial   Serial
	Err      E // the error of a call that failed, of a state or of an update
}

// String prints the output with its arguments.
func (o ChannelOutput[E]) String() string {
	var none E
	var args []string
	switch o.Kind {
	case SettleChannelCall:
		args = append(args, fmt.Sprint(o.Call), o.Outcome.String())
	case StartRetryTimer:
		args = append(args, fmt.Sprint(o.Retry))
	case PublishChannelState:
		args = append(args, o.Previous.String()+" -> "+o.State.String())
	}
	if o.Serial != "" {
		args = append(args, "serial "+string(o.Serial))
	}
	if o.Resumed {
		args = append(args, "resumed")
	}
	if o.Err != none {
		args = append(args, fmt.Sprint(o.Err))
	}
	if len(args) == 0 {
		return o.Kind.String()
	}
	return o.Kind.String() + "(" + strings.Join(args, ", ") + ")"
}

// ChannelOutcome says how a call on a channel ended.
type ChannelOutcome uint8

// The outcomes of calls. Only ChannelCallFailed has an error in Err.
const (
	ChannelCallDone ChannelOutcome = iota + 1 // done
	// Err: the error of the frame, the timeout or the connection; zero if the frame had none
	// (RTL4d).
	ChannelCallFailed
	ChannelCallInvalidState // a detach of a failed channel (RTL5b)
	// An attach while the connection is suspended, closing, closed or failed (RTL4b).
	ChannelCallInvalidConnection
	// A later call of the other type, or the loss of the connection, replaced it.
	ChannelCallSuperseded
	ChannelCallGivenBack // the channel was given back
)

var channelOutcomeNames = [...]string{
	"unknown", "done", "failed", "invalidState", "invalidConnection", "superseded", "givenBack",
}

// String returns the outcome's name.
func (o ChannelOutcome) String() string { return enumName(channelOutcomeNames[:], uint8(o)) }
