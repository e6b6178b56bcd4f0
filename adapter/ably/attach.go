package ablychat

import (
	"context"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// Attach implements [lifecycle.Channel].
func (c *channel) Attach(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin("attach")
	defer c.end()
	c.unwanted = false
	return c.attach()
}

// attach attaches the channel, as the operation under way. The lock is held.
func (c *channel) attach() error {
	connected := false
	switch state := c.client.realtime.Connection.State(); state {
	case ably.ConnectionStateConnected:
		connected = true
	case ably.ConnectionStateConnecting, ably.ConnectionStateDisconnected:
	default: // RTL4b
		return connectionError("attach room "+c.room, state)
	}
	if c.stale { // ably-go holds it for attached, and would attach nothing
		c.drop()
	}
	if err := c.acquire(); err != nil {
		return err
	}
	if c.real != ably.ChannelStateAttaching { // else it joins an attach that was sent
		c.resent = resent{queued: !connected, sentAt: c.client.now()}
	}
	err := c.run(c.ch.Attach)
	if c.lost != nil {
		return c.lost
	}
	c.caughtUp()
	if err != nil {
		return fromAbly("attach room "+c.room, err)
	}
	return nil
}

// follow is the channel's own operation that joins an attach which ably-go began by itself: that would have no end otherwise, when the
// service doesn't answer.
func (c *channel) follow(context.Context) { c.own(lifecycle.ChannelAttaching) }

// retry is the channel's own operation that attaches a suspended channel again.
func (c *channel) retry(context.Context) { c.own(lifecycle.ChannelSuspended) }

// own attaches the channel if the room knows it in the given state. The room hears of what becomes of it by the events.
func (c *channel) own(told lifecycle.ChannelState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin("attach")
	defer c.end()
	if c.told == told && !c.unwanted && c.client.connectedNow() {
		_ = c.attach()
	}
}

// schedule starts or stops the timer that attaches a suspended channel again (RTL13b). It runs only while the channel is suspended on a
// connection, and nothing else is done about it. The lock is held.
func (c *channel) schedule() {
	if c.operation == "" && c.told == lifecycle.ChannelSuspended && !c.unwanted && c.client.connectedNow() {
		if c.timer == nil {
			c.timer = time.AfterFunc(c.client.retryTimeout, func() { c.client.background(c.retry) })
			return
		}
		c.timer.Reset(c.client.retryTimeout)
	} else if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

// resent counts the attaches that ably-go sends twice on one connection: an attach that waits for the connection is sent from the queue,
// and once more because it was under way; so is one that was sent just as the connection came. The service answers both, and the
// second answer looks as if continuity had been lost.
type resent struct {
	queued  bool   // the attach was begun without a connection
	sentAt  uint64 // the connection's change after which it was sent last
	answers int    // how many more answers will come on this connection
}

// again notes that ably-go has sent it once more.
func (r *resent) again(now uint64) {
	if r.queued || r.sentAt == now {
		r.answers++
	}
	r.queued, r.sentAt = false, now
}

// answered tells whether an answer is to one that was sent twice.
func (r *resent) answered() bool {
	if r.answers == 0 {
		return false
	}
	r.answers--
	return true
}
