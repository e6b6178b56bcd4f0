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
	Resumed bool         // for attached: continuity with the attachment before was kept (RTL2f)
	Reason  *ErrorInfo   // what led to it, or nil
}

// Channel is the realtime channel of one [Room]: the port that an adapter implements.
//
// Order: the channel's events come one at a time, in the order in which they happened, and an
// operation that succeeded returns only after its own event has been handed over: Attach after
// ATTACHED, Detach after DETACHED. An operation that failed returns after the event of the state
// that it left the channel in. A room that receives otherwise shows stale statuses and false
// discontinuities.
//
// Calls: OnStateChange once, before all else; then Attach, Detach and GiveBack, never two at a
// time; nothing after GiveBack. Each may block for as long as the service takes, but must end
// whatever the connection does. Their contexts carry no deadline and are not cancelled.
type Channel interface {
	// OnStateChange hands the channel the function that takes its events. The function doesn't
	// block and calls nothing back.
	OnStateChange(emit func(ChannelStateChange))

	// Attach attaches the channel and returns when it is attached, or the error that kept it from
	// it, best as an [*ErrorInfo].
	Attach(ctx context.Context) error

	// Detach detaches the channel and returns when it is detached. It succeeds at once when nothing
	// is attached (RTL5a), also because the connection is in a state in which nothing can be. When
	// it fails the channel is where it was, or failed.
	Detach(ctx context.Context) error

	// GiveBack gives the channel back to the realtime client, so that nothing of it stays behind,
	// whatever its state (CHA-RL3h). After it no event comes.
	GiveBack(ctx context.Context) error
}
