package ablychat

import (
	"context"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// channelChanged takes an event of ably-go's channel; ch tells whose it is, since one that was replaced may still have some queued.
func (c *channel) channelChanged(ch *ably.RealtimeChannel, change ably.ChannelStateChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch != ch {
		return
	}
	c.real = change.Current
	// A channel that is detached without having been detaching is attached again after a pause (RTL13b).
	c.retry = change.Current == ably.ChannelStateDetached && change.Previous != ably.ChannelStateDetaching
	defer c.wake()
	event := lifecycle.ChannelStateChange{Reason: reason("room "+c.room, change.Reason), Resumed: change.Resumed}
	if change.Event == ably.ChannelEventUpdate {
		// Also emitted when an attaching channel attaches again, which is no event of the specification's.
		if change.Current == ably.ChannelStateAttached && change.Previous == ably.ChannelStateAttached && c.told == lifecycle.ChannelAttached {
			event.Current, event.Update = lifecycle.ChannelAttached, true
			c.tell(event)
		}
		return
	}
	switch change.Current {
	case ably.ChannelStateAttaching:
		event.Current = lifecycle.ChannelAttaching
	case ably.ChannelStateAttached:
		event.Current = lifecycle.ChannelAttached
		if change.Previous == ably.ChannelStateDetaching {
			event.Resumed = true // a detach that failed and went back: the attachment was there all the time
		} else if c.unwanted {
			c.client.background(func(ctx context.Context) { c.detachUnwanted(ctx, ch) })
		}
	case ably.ChannelStateDetaching:
		event.Current = lifecycle.ChannelDetaching
	case ably.ChannelStateDetached:
		event.Current = lifecycle.ChannelDetached
		if !c.unwanted {
			event.Current = lifecycle.ChannelSuspended // RTL13b: refused or detached by the server, and retried
		}
	case ably.ChannelStateSuspended:
		event.Current = lifecycle.ChannelSuspended
	case ably.ChannelStateFailed:
		event.Current = lifecycle.ChannelFailed
	default:
		return
	}
	if c.unwanted && c.told == lifecycle.ChannelDetached && event.Current != lifecycle.ChannelFailed {
		return // detached at the user's request, whatever becomes of what ably-go still has
	}
	c.stale = false
	c.tell(event)
}

// detachUnwanted detaches a channel that came back although the user had detached it (as RTL5k has it).
func (c *channel) detachUnwanted(ctx context.Context, ch *ably.RealtimeChannel) {
	if c.client.realtime.Connection.State() == ably.ConnectionStateConnected {
		_ = ch.Detach(ctx)
	}
}

// connectionChanged does what ably-go leaves out of RTL3: channels don't stay attached on a connection that is suspended or closed.
func (c *channel) connectionChanged(change ably.ConnectionStateChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// The connection may have come back since, and the channel with it.
	now := c.client.realtime.Connection.State()
	if now == ably.ConnectionStateConnected || c.ch == nil {
		return
	}
	var become lifecycle.ChannelState
	switch change.Current {
	case ably.ConnectionStateSuspended: // RTL3c
		become = lifecycle.ChannelSuspended
	case ably.ConnectionStateClosing, ably.ConnectionStateClosed: // RTL3b
		become = lifecycle.ChannelDetached
	case ably.ConnectionStateFailed: // RTL3a; ably-go's own event may still be on its way
		become = lifecycle.ChannelFailed
	default:
		if c.unwanted && c.gone != nil {
			c.endOperation("detach", change.Current) // RTL5l: a detach doesn't wait for the connection to come back
		}
		return
	}
	if c.told == lifecycle.ChannelAttached || c.told == lifecycle.ChannelAttaching || c.told == lifecycle.ChannelDetaching {
		c.stale = true
		event := lifecycle.ChannelStateChange{Current: become, Reason: reason("room "+c.room, change.Reason)}
		if event.Reason == nil && become != lifecycle.ChannelDetached {
			event.Reason = connectionError("keep room "+c.room, change.Current)
		}
		c.tell(event)
	}
	c.endOperation("attach", change.Current)
}

// endOperation ends the operation under way, because the connection went away. The lock is held.
func (c *channel) endOperation(operation string, state ably.ConnectionState) {
	if c.gone != nil {
		c.lost = connectionError(operation+" room "+c.room, state)
		c.gone()
	}
}

// begin marks an operation as under way, and returns its context, which ends when the connection goes away. The lock is held.
func (c *channel) begin(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	c.gone, c.lost = cancel, nil
	return ctx, func() {
		c.gone = nil
		cancel()
	}
}
