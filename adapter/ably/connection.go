package ablychat

import (
	"context"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// listen begins to listen to the connection: one listener for all rooms, so that they see one order. It costs no goroutine while the
// connection doesn't change.
//
// The connection's listener and those of channels run in no order against each other. What the rooms are told comes right in the end
// all the same: a change of the connection counts for a room only while the room's attachment is of an earlier connection (see
// channel.outdated), and ably-go's events of an attach that comes after it set the room's state anew.
func (c *Client) listen() {
	c.off = c.realtime.Connection.OnAll(c.connectionChanged)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setLive(c.realtime.Connection.State() == ably.ConnectionStateConnected)
}

// connectionChanged passes a change of the connection on to the rooms' channels, and gets rid of what could not be got rid of before.
func (c *Client) connectionChanged(change ably.ConnectionStateChange) {
	c.connection.changed(change)
	connected := change.Current == ably.ConnectionStateConnected
	c.mu.Lock()
	c.epoch++
	c.setLive(connected)
	channels := make([]*channel, 0, len(c.claims))
	for _, claim := range c.claims {
		if claim.of != nil {
			channels = append(channels, claim.of)
		}
	}
	c.mu.Unlock()
	for _, ch := range channels {
		ch.connectionChanged(change)
	}
	if connected {
		c.background(func(context.Context) { c.sweep(true) })
		// What ably-go had queued for channels that were released since is sent only now, and DETACH twice; the answers bring them back, and
		// a second DETACHED has them attached again after a pause.
		c.sweepLater()
	}
}

// setLive notes whether the connection is connected. The lock is held.
func (c *Client) setLive(connected bool) {
	switch {
	case connected && c.live == nil:
		c.live, c.endLive = context.WithCancel(c.ctx)
		if c.connected != nil {
			close(c.connected)
			c.connected = nil
		}
	case !connected && c.live != nil:
		c.endLive()
		c.live, c.endLive = nil, nil
	}
}

// awaitLive waits until the connection is connected, and returns a context that ends when it isn't any more. It returns an error when
// that takes longer than a request may, or when gone is closed; a nil gone waits for nothing.
func (c *Client) awaitLive(gone <-chan struct{}, until <-chan time.Time) (context.Context, error) {
	for {
		c.mu.Lock()
		if c.live != nil {
			defer c.mu.Unlock()
			return c.live, nil
		}
		if c.connected == nil {
			c.connected = make(chan struct{})
		}
		connected := c.connected
		c.mu.Unlock()
		select {
		case <-connected:
		case <-gone:
			return nil, context.Canceled
		case <-c.ctx.Done():
			return nil, context.Canceled
		case <-until:
			return nil, lifecycle.NewErrorInfo(timeoutError, "the connection did not come back in time", nil)
		}
	}
}

// now returns the number of the connection's change that was seen last.
func (c *Client) now() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}

// connectedNow tells whether the connection is connected, by ably-go's word.
func (c *Client) connectedNow() bool {
	return c.realtime.Connection.State() == ably.ConnectionStateConnected
}
