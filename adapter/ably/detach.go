package ablychat

import (
	"context"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// Detach implements [lifecycle.Channel].
func (c *channel) Detach(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin("detach")
	defer c.end()
	switch {
	case c.told == lifecycle.ChannelFailed: // RTL5b
		return lifecycle.NewErrorInfo(lifecycle.ChannelOperationFailed, "unable to detach room "+c.room+"; its channel is failed", nil)
	case c.told == lifecycle.ChannelInitialized && c.ch == nil: // RTL5a
		return nil
	}
	c.unwanted = true
	switch {
	case !c.client.connectedNow(): // RTL5l
		return c.detachLocally()
	case c.ch != nil && !c.stale:
		err := c.detach()
		if c.lost == nil && err != nil && c.ch != nil && (c.real == ably.ChannelStateAttaching || c.real == ably.ChannelStateDetaching) {
			// ably-go waits for the end of what it had begun before, and that has none when it isn't answered; an attach that joins it has.
			_ = c.run(c.ch.Attach)
			if c.lost == nil {
				c.caughtUp()
				err = c.detach()
			}
		}
		if c.lost != nil {
			return c.detachLocally()
		}
		if err != nil { // its answer may come yet, when the channel is released
			c.client.sweepLater()
		}
		// When the answer comes just as the time for it is over, ably-go says detached, and then goes back to what was before, which is not so.
		if err != nil && !detached(c.real) && c.told != lifecycle.ChannelDetached {
			c.unwanted = false
			return fromAbly("detach room "+c.room, err)
		}
	}
	c.tell(lifecycle.ChannelStateChange{Current: lifecycle.ChannelDetached})
	// A channel that is used again would continue where it was detached.
	c.drop()
	return nil
}

// detach has ably-go detach the channel it holds, as the operation under way. The lock is held.
func (c *channel) detach() error {
	err := c.run(c.ch.Detach)
	if c.lost == nil {
		c.caughtUp()
	}
	return err
}

// detached tells whether a channel of ably-go's is in a state in which nothing is attached.
func detached(state ably.ChannelState) bool {
	return state == ably.ChannelStateInitialized || state == ably.ChannelStateDetached || state == ably.ChannelStateSuspended
}

// detachLocally detaches without a connection, on which nothing is attached. Should it come back with the channel on it, the channel
// is given back then. The lock is held.
func (c *channel) detachLocally() error {
	c.unwanted, c.stale = true, true
	c.tell(lifecycle.ChannelStateChange{Current: lifecycle.ChannelDetached})
	if ch := c.ch; ch != nil {
		c.mu.Unlock()
		c.client.detachLater(ch)
		c.mu.Lock()
	}
	return nil
}

// GiveBack implements [lifecycle.Channel].
func (c *channel) GiveBack(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin("release")
	defer c.end()
	c.unwanted, c.over = true, true
	c.drop()
	return nil
}

// dropUnwanted is the channel's own operation that gives back what ably-go attached although the room is detached (as RTL5k has it).
func (c *channel) dropUnwanted(context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin("detach")
	defer c.end()
	if c.unwanted && c.client.connectedNow() {
		c.drop()
	}
}
