package lifecycle

import (
	"context"

	"ablyrooms.example/fsm"
)

// ChannelState is the state of a realtime channel (RTL2).
type ChannelState = fsm.ChannelState

// The states of a channel.
const (
	ChannelInitialized = fsm.ChannelInitialized
	ChannelAttaching   = fsm.ChannelAttaching
	ChannelAttached    = fsm.ChannelAttached
	ChannelDetaching   = fsm.ChannelDetaching
	ChannelDetached    = fsm.ChannelDetached
	ChannelSuspended   = fsm.ChannelSuspended
	ChannelFailed      = fsm.ChannelFailed
)

// ChannelStateChange is an event of a channel (RTL2d).
type ChannelStateChange struct {
	Current ChannelState // the state after the event
	Update  bool         // an UPDATE: the channel was in this state before (RTL2g)
	Resumed bool         // for attached: no message was lost since the last attachment (RTL2f)
	Reason  *ErrorInfo   // its cause, or nil
}

// Channel is the realtime channel of one [Room]. An adapter implements it.
//
// Order of events: the channel reports its events one at a time, in the order in which they
// happened. An operation that succeeds returns only after its own event was reported: Attach after
// ATTACHED, Detach after DETACHED. An operation that fails returns after the event of the channel's
// new state. If a channel breaks this order, its room shows stale statuses and reports false
// discontinuities.
//
// Calls: OnStateChange is called once, before everything else; then Attach, Detach and GiveBack,
// never two at a time; nothing after GiveBack. Each may block for as long as the service takes, but
// must return whatever the connection does. Their contexts have no deadline and are not cancelled.
type Channel interface {
	// OnStateChange sets the function that the channel must call for each of its events. The
	// function doesn't block and calls no method of the channel.
	OnStateChange(emit func(ChannelStateChange))

	// Attach attaches the channel. It returns nil when the channel is attached, else the error that
	// prevented it, preferably an [*ErrorInfo].
	Attach(ctx context.Context) error

	// Detach detaches the channel and returns when it is detached. It succeeds at once if the
	// channel isn't attached (RTL5a), or can't be in the state of the connection. If Detach fails,
	// the channel is in the state that it had before, or failed.
	Detach(ctx context.Context) error

	// GiveBack returns the channel to the realtime client, which releases it, whatever its state
	// (CHA-RL3h). Afterwards the channel reports no event.
	GiveBack(ctx context.Context) error
}
