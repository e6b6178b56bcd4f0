package ablychat

import (
	"context"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// Detach implements [lifecycle.Channel].
func (c *channel) Detach(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch == nil { // RTL5a
		return nil
	}
	connected := c.client.realtime.Connection.State() == ably.ConnectionStateConnected
	switch {
	case c.told == lifecycle.ChannelFailed: // RTL5b
		return lifecycle.NewErrorInfo(lifecycle.ChannelOperationFailed, "unable to detach room "+c.room+"; its channel is failed", nil)
	case !connected || c.stale: // RTL5l
		return c.detachLocally()
	}
	c.unwanted = true
	ctx, end := c.begin(ctx)
	defer end()
	ch := c.ch
	c.mu.Unlock()
	err := ch.Detach(ctx)
	c.mu.Lock()
	if c.lost != nil {
		return c.detachLocally()
	}
	c.caughtUp()
	if err != nil {
		c.unwanted = false
		return fromAbly("detach room "+c.room, err)
	}
	c.tell(lifecycle.ChannelStateChange{Current: lifecycle.ChannelDetached})
	// A channel that is used again would continue where it was detached.
	c.drop(ctx)
	return nil
}

// detachLocally detaches without a connection, on which nothing is attached. Should it come back with the channel on it, the channel
// is detached then. The lock is held.
func (c *channel) detachLocally() error {
	c.unwanted, c.stale = true, true
	c.tell(lifecycle.ChannelStateChange{Current: lifecycle.ChannelDetached})
	return nil
}

// GiveBack implements [lifecycle.Channel].
func (c *channel) GiveBack(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unwanted = true
	c.drop(ctx)
	return nil
}
