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
	defer c.wake()
	c.real = change.Current
	c.arrived = c.arrived || c.real == ably.ChannelStateAttached
	// A channel that is detached without having been detaching is attached again after a pause (RTL13b).
	c.retrying = change.Current == ably.ChannelStateDetached && change.Previous != ably.ChannelStateDetaching
	update := change.Event == ably.ChannelEventUpdate
	switch change.Current {
	case ably.ChannelStateAttaching:
		c.reattaching = c.operation == "" && change.Previous == ably.ChannelStateAttached
	case ably.ChannelStateFailed:
		c.reattaching, c.echo = false, c.reattaching
	default:
		c.reattaching, c.echo = false, false
	}
	event := lifecycle.ChannelStateChange{Reason: reason(c.room, change.Reason), Resumed: change.Resumed}
	switch change.Current {
	case ably.ChannelStateAttaching:
		event.Current = lifecycle.ChannelAttaching
		switch {
		case update: // not of the specification's: it attaches once more
			c.resent.again(c.client.now())
			return
		case c.operation == "":
			c.resent = resent{sentAt: c.client.now()}
		}
	case ably.ChannelStateAttached:
		event.Current = lifecycle.ChannelAttached
		if update && (c.told != lifecycle.ChannelAttached || event.Reason == nil && !event.Resumed && c.resent.answered()) {
			return
		}
		if change.Previous == ably.ChannelStateDetaching {
			event.Resumed = true // a detach that failed and went back: the attachment was there all the time
		}
		event.Update, c.attachedOn = update, c.client.realtime.Connection.ID()
		if c.noting {
			c.attachedAt = c.serial()
		}
		if c.hooked && !c.presenceHooked { // its first attach was refused too soon for that, and this one is ably-go's own
			c.client.background(func(context.Context) { c.hookPresence(ch) })
		}
	case ably.ChannelStateDetaching:
		event.Current = lifecycle.ChannelDetaching
	case ably.ChannelStateDetached:
		switch event.Current = lifecycle.ChannelSuspended; { // RTL13b: refused or detached by the server, and retried
		case c.unwanted:
			event.Current = lifecycle.ChannelDetached
		case change.Previous == ably.ChannelStateFailed:
			return // ably-go's retry says so of an attach that failed
		}
	case ably.ChannelStateSuspended:
		event.Current = lifecycle.ChannelSuspended
	case ably.ChannelStateFailed:
		event.Current = lifecycle.ChannelFailed
	default:
		return
	}
	if c.unwanted && c.told == lifecycle.ChannelDetached {
		// Detached at the user's request, or by the end of the connection, whatever becomes of what ably-go still has.
		if event.Current == lifecycle.ChannelAttached && c.operation == "" {
			c.client.background(c.dropUnwanted)
		}
		return
	}
	c.stale = false
	// Before the room's listeners can hear of a discontinuity (CHA-M5c, CHA-M5d).
	switch {
	case event.Current == lifecycle.ChannelAttached:
		c.sink.messages.subscriptions.attached(c, event.Resumed, event.Update)
	case c.told == lifecycle.ChannelAttached: // not on the way to attached, where messages may have been told before this event is heard
		c.sink.messages.subscriptions.left()
	}
	c.tell(event)
}

// connectionChanged does what ably-go leaves out of RTL3: channels don't stay attached on a connection that is suspended or closed.
func (c *channel) connectionChanged(change ably.ConnectionStateChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	defer c.wake()
	var become lifecycle.ChannelState
	switch change.Current {
	case ably.ConnectionStateConnected:
		c.connected()
		return
	case ably.ConnectionStateSuspended: // RTL3c
		become = lifecycle.ChannelSuspended
	case ably.ConnectionStateClosing, ably.ConnectionStateClosed: // RTL3b
		become = lifecycle.ChannelDetached
	case ably.ConnectionStateFailed: // RTL3a; ably-go's own event may still be on its way
		become = lifecycle.ChannelFailed
	default:
		c.resent.answers = 0
		if c.operation == "detach" { // RTL5l: it doesn't wait for the connection to come back
			c.lose(change.Current)
		}
		c.schedule()
		return
	}
	if c.outdated() {
		return
	}
	c.resent.answers = 0
	switch c.told {
	case lifecycle.ChannelAttached, lifecycle.ChannelAttaching, lifecycle.ChannelDetaching, lifecycle.ChannelSuspended:
		c.stale = c.stale || c.told != lifecycle.ChannelSuspended
		if become == lifecycle.ChannelDetached {
			c.unwanted = true // it doesn't come back with the connection
		}
		event := lifecycle.ChannelStateChange{Current: become, Reason: reason(c.room, change.Reason)}
		if event.Reason == nil && become != lifecycle.ChannelDetached {
			event.Reason = connectionError("keep room "+c.room, change.Current)
		}
		c.tell(event)
	}
	c.lose(change.Current)
	c.schedule()
}

// connected does what is to be done when the connection is there. The lock is held.
func (c *channel) connected() {
	switch {
	case c.operation != "":
	case c.unwanted:
		if c.ch != nil {
			c.client.background(c.dropUnwanted)
		}
	case c.told == lifecycle.ChannelSuspended && (c.ch == nil || c.real == ably.ChannelStateDetached):
		c.client.background(c.retry) // RTL3d, which ably-go leaves out for what it calls detached
	}
	c.schedule()
}

// outdated tells whether a change of the connection that is heard of now is of an earlier connection than the one on which the channel
// has attached, or its operation has started, since. The lock is held.
func (c *channel) outdated() bool {
	connection := c.client.realtime.Connection
	if connection.State() != ably.ConnectionStateConnected {
		return false
	}
	id := connection.ID()
	if c.operation != "" {
		return c.startedOn == id
	}
	return c.told == lifecycle.ChannelAttached && c.attachedOn == id
}

// lostContinuity tells the room that something of its own may have been missed beside what ably-go knows of.
func (c *channel) lostContinuity(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.told == lifecycle.ChannelAttached && c.operation == "" {
		c.tell(lifecycle.ChannelStateChange{Current: lifecycle.ChannelAttached, Update: true, Reason: lifecycle.AsErrorInfo(cause)})
	}
}
