package ablychat

import (
	"context"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// attempts bounds how often a left-over is tried to be got rid of in one go.
const attempts = 4

// acquire takes a channel with the room's own options from ably-go, unless the room holds one. The lock is held, but not while ably-go
// is at work.
func (c *channel) acquire(ctx context.Context) error {
	if c.ch != nil {
		return nil
	}
	channels := c.client.realtime.Channels
	for range attempts {
		made := false
		options := channelOptions(c.options)
		options = append(options, whenMade(options[0], &made))
		ch := channels.Get(c.name, options...)
		if made {
			c.client.mu.Lock()
			delete(c.client.leftovers, c.name)
			c.client.channels[c] = struct{}{}
			c.client.mu.Unlock()
			c.ch, c.real, c.stale, c.retry = ch, ch.State(), false, false
			c.off = ch.OnAll(func(change ably.ChannelStateChange) { c.channelChanged(ch, change) })
			return nil
		}
		c.mu.Unlock()
		c.client.discard(ctx, c.name)
		c.mu.Lock()
		if c.lost != nil {
			return c.lost
		}
	}
	return lifecycle.NewErrorInfo(lifecycle.ChannelOperationFailed,
		"unable to attach room "+c.room+"; the realtime client keeps a channel of that name that can't be released", nil)
}

// whenMade returns an option that notes that it was applied, which ably-go does for a channel that it makes and never for one that it
// has. The option that it stands beside sets the same modes again, which adds nothing.
func whenMade[O any](option func(O), made *bool) func(O) {
	return func(O) { *made = true }
}

// drop gives the room's channel back, in whatever state it is. The lock is held, but not while ably-go is at work.
func (c *channel) drop(ctx context.Context) {
	if c.ch == nil {
		return
	}
	ch, off := c.ch, c.off
	c.ch, c.off, c.stale = nil, nil, false
	c.client.mu.Lock()
	delete(c.client.channels, c)
	c.client.mu.Unlock()
	retry := c.retry
	c.mu.Unlock()
	if retry && c.client.realtime.Connection.State() == ably.ConnectionStateConnected {
		// Released as it is, it would attach again after the pause, with its old modes. Only a change of its state ends that.
		_ = ch.Attach(ctx)
	}
	c.client.discard(ctx, c.name)
	off()
	c.mu.Lock()
}

// discard gets rid of whatever channel ably-go has of a name, and of its attachment. What can't be got rid of for want of a
// connection is remembered, for when there is one.
func (c *Client) discard(ctx context.Context, name string) {
	channels := c.realtime.Channels
	for range attempts {
		if !channels.Exists(name) {
			c.mu.Lock()
			delete(c.leftovers, name)
			c.mu.Unlock()
			return
		}
		ch := channels.Get(name)
		switch ch.State() {
		case ably.ChannelStateInitialized, ably.ChannelStateDetached, ably.ChannelStateSuspended:
			_ = channels.Release(ctx, name) // nothing is sent
			continue
		}
		if c.realtime.Connection.State() != ably.ConnectionStateConnected || ctx.Err() != nil {
			break
		}
		if ch.State() == ably.ChannelStateFailed {
			// There is no way from failed to released but by way of attaching.
			_ = ch.Attach(ctx)
		}
		_ = channels.Release(ctx, name)
	}
	if channels.Exists(name) {
		c.mu.Lock()
		c.leftovers[name] = struct{}{}
		c.mu.Unlock()
	}
}
