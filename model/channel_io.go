package model

import (
	"fmt"
	"strings"
)

// ChannelKind says what happened in a [ChannelInput].
type ChannelKind uint8

// The kinds of inputs. The zero ChannelKind is none of them.
const (
	KindChannelAttach  ChannelKind = iota + 1 // an Attach begins (RTL4)
	KindChannelDetach                         // a Detach begins (RTL5)
	KindSetOptions                            // new modes or params are set (RTL16a)
	KindGiveBack                              // the channel is given back (RTS4a)
	KindRenew                                 // the channel's name begins a new life
	KindAttached                              // ATTACHED came
	KindDetached                              // DETACHED came
	KindError                                 // ERROR came
	KindOvertaken                             // ERROR with code 80016 arrives
	KindMessage                               // MESSAGE, PRESENCE or ANNOTATION arrives
	KindRequestTimeout                        // the request timer fires
	KindRetryTimeout                          // the retry timer fires
	KindConnection                            // the connection changed
)

// String returns the name that docs/channel.md uses.
func (k ChannelKind) String() string {
	return word(int(k), "unknown", "Attach", "Detach", "SetOptions", "GiveBack", "Renew", "Attached", "Detached", "Error", "Overtaken",
		"Message", "RequestTimeout", "RetryTimeout", "Connection")
}

// ConnectionState is one of the eight states of a connection (RTN4).
type ConnectionState uint8

// The eight states.
const (
	ToInitialized ConnectionState = iota
	ToConnecting
	ToConnected
	ToDisconnected
	ToSuspended
	ToClosing
	ToClosed
	ToFailed
)

// String returns the name that docs/channel.md uses.
func (s ConnectionState) String() string {
	return word(int(s), "initialized", "connecting", "connected", "disconnected", "suspended", "closing", "closed", "failed")
}

// ChannelInput is one input of [Channel.Step]. Fields that its kind doesn't use are zero.
type ChannelInput struct {
	Kind       ChannelKind
	Call       int
	Connection ConnectionState
	Resumed    bool
	Serial     int
	Err        int
}

// String returns the input as docs/channel.md writes it, without arguments that are zero.
func (in ChannelInput) String() string {
	var args []string
	if in.Call != 0 {
		args = append(args, fmt.Sprint(in.Call))
	}
	if in.Kind == KindConnection {
		args = append(args, in.Connection.String())
	}
	return in.Kind.String() + arguments(args, in.Resumed, in.Serial, in.Err)
}

func arguments(args []string, resumed bool, serial, err int) string {
	if resumed {
		args = append(args, "resumed")
	}
	if serial != 0 {
		args = append(args, fmt.Sprintf("serial %d", serial))
	}
	if err != 0 {
		args = append(args, fmt.Sprintf("err %d", err))
	}
	if len(args) == 0 {
		return ""
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// ChannelOutputKind says what a [ChannelOutput] is.
type ChannelOutputKind uint8

// The kinds of outputs. The zero ChannelOutputKind is none of them.
const (
	OutputChannelSettle ChannelOutputKind = iota + 1
	OutputSendAttach
	OutputSendDetach
	OutputSendSync
	OutputStartRequestTimer
	OutputStopRequestTimer
	OutputStartRetryTimer
	OutputStopRetryTimer
	OutputChannelState
	OutputUpdate
	OutputApply
	OutputDeliver
)

// String returns the name that docs/channel.md uses.
func (k ChannelOutputKind) String() string {
	return word(int(k), "unknown", "settle", "sendAttach", "sendDetach", "sendSync", "startRequestTimer", "stopRequestTimer",
		"startRetryTimer", "stopRetryTimer", "state", "update", "apply", "deliver")
}

// ChannelOutcome says how a call on a channel ended.
type ChannelOutcome uint8

// The outcomes. The zero ChannelOutcome is for a call that is pending.
const (
	OutcomeChannelPending ChannelOutcome = iota
	OutcomeChannelDone
	OutcomeChannelFailed
	OutcomeChannelInvalidState
	OutcomeChannelInvalidConnection
	OutcomeChannelSuperseded
	OutcomeChannelGivenBack
)

// String returns the name that docs/channel.md uses.
func (o ChannelOutcome) String() string {
	return word(int(o), "pending", "done", "failed", "invalidState", "invalidConnection", "superseded", "givenBack")
}

// ChannelOutput is one output of [Channel.Step]. Fields that its kind doesn't use are zero.
type ChannelOutput struct {
	Kind            ChannelOutputKind
	Call            int
	Outcome         ChannelOutcome
	Previous, State ChannelState
	Resumed         bool // of sendAttach: resume
	Serial          int
	Retry           int
	Err             int
}

// String returns the output as docs/channel.md writes it, without arguments that are zero.
func (o ChannelOutput) String() string {
	var args []string
	switch o.Kind {
	case OutputChannelSettle:
		args = append(args, fmt.Sprint(o.Call), o.Outcome.String())
	case OutputChannelState:
		args = append(args, fmt.Sprintf("%v to %v", o.Previous, o.State))
	case OutputStartRetryTimer:
		args = append(args, fmt.Sprint(o.Retry))
	}
	return o.Kind.String() + arguments(args, o.Resumed, o.Serial, o.Err)
}
