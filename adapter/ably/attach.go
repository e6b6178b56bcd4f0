package ablychat

import (
	"context"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// Attach implements [lifecycle.Channel].
func (c *channel) Attach(ctx context.Context) error {
	operation := "attach room " + c.room
	switch state := c.client.realtime.Connection.State(); state {
	case ably.ConnectionStateConnected, ably.ConnectionStateConnecting, ably.ConnectionStateDisconnected:
	default: // RTL4b
		return connectionError(operation, state)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	ctx, end := c.begin(ctx)
	defer end()
	c.unwanted = false
	if c.stale {
		// ably-go holds it for attached, and would attach nothing.
		c.drop(ctx)
	}
	if err := c.acquire(ctx); err != nil {
		return err
	}
	c.told = 0xff // so that every event of the new attempt is news
	ch, tells := c.ch, c.tells
	c.mu.Unlock()
	err := ch.Attach(ctx)
	c.mu.Lock()
	if c.lost != nil {
		return c.lost
	}
	c.caughtUp()
	if err != nil {
		return fromAbly(operation, err)
	}
	// The listener may have had this state before the operation began; the room wants to hear of it once in any case.
	if c.told != lifecycle.ChannelAttached && c.tells == tells {
		c.tell(lifecycle.ChannelStateChange{Current: lifecycle.ChannelAttached, Resumed: true})
	}
	return nil
}
