package ablychat

import (
	"context"
	"strings"
	"time"

	"github.com/ably/ably-go/ably"
)

// claim says who works with the channel of a name in ably-go: Channels.Release deletes by name whatever is there when its detach has
// ended, so that two at work on one name would delete each other's channels.
type claim struct {
	of    *channel      // nil when left-overs are got rid of
	freed chan struct{} // closed when it ends; nil while nobody waits
}

// claim waits until nobody works with a name, and takes it; it returns false when gone is closed first.
func (c *Client) claim(name string, of *channel, gone <-chan struct{}) bool {
	for {
		c.mu.Lock()
		taken := c.claims[name]
		if taken == nil {
			c.claims[name] = &claim{of: of}
			c.mu.Unlock()
			return true
		}
		if taken.freed == nil {
			taken.freed = make(chan struct{})
		}
		freed := taken.freed
		c.mu.Unlock()
		select {
		case <-freed:
		case <-gone:
			return false
		}
	}
}

// unclaim ends a claim. Once as many rooms have given up theirs as there may be left-overs, these are looked for: so their number stays
// in proportion to that of the rooms, and looking costs each room the same.
func (c *Client) unclaim(name string) {
	c.mu.Lock()
	ended := c.claims[name]
	delete(c.claims, name)
	if ended.freed != nil {
		close(ended.freed)
	}
	sweep := false
	if ended.of != nil {
		if c.drops++; c.drops > 64+len(c.claims) {
			sweep, c.drops = true, 0
		}
	}
	c.mu.Unlock()
	if sweep {
		c.background(func(context.Context) { c.sweep(false) })
	}
}

// sweep gets rid of all channels of rooms that no room holds: those that could not be given back for want of a connection, and those
// that a late message brought back. Those that failed cost an attach that may well be refused again, so they are left when failed is
// false.
func (c *Client) sweep(failed bool) {
	for _, ch := range c.realtime.Channels.Iterate() {
		name := ch.Name
		if !strings.HasSuffix(name, channelSuffix) || !failed && ch.State() == ably.ChannelStateFailed {
			continue
		}
		c.mu.Lock()
		free := c.claims[name] == nil
		if free {
			c.claims[name] = &claim{}
		}
		live := c.live
		c.mu.Unlock()
		if free {
			_, _ = c.discard(live, name, false)
			c.unclaim(name)
		}
	}
}

// sweepLater sweeps once the answers to what may have been sent have come, and once ably-go has tried again what it goes on trying.
func (c *Client) sweepLater() {
	round := c.requestTimeout + c.retryTimeout
	for _, pause := range []time.Duration{c.requestTimeout, round, 2 * round} {
		time.AfterFunc(pause, func() { c.background(func(context.Context) { c.sweep(true) }) })
	}
}

// attempts bounds how often a left-over is tried to be got rid of in one go.
const attempts = 4

// discard gets rid of whatever channel ably-go has of a name that the caller has claimed, and of its attachment. live is a context that
// ends when the connection is lost, nil without one; settled says that ably-go does not attach the channel again by itself.
//
// It returns an error when the channel is still there: the service's, if it refused what had to be asked of it. late says that an answer
// didn't come in time: it may come yet, and ably-go would make the channel anew for it.
func (c *Client) discard(live context.Context, name string, settled bool) (late bool, err error) {
	channels := c.realtime.Channels
	var refused error
	for range attempts {
		if !channels.Exists(name) {
			return late, nil
		}
		ch := channels.Get(name)
		state := ch.State()
		if state == ably.ChannelStateInitialized || state == ably.ChannelStateSuspended || state == ably.ChannelStateDetached && settled {
			if err := channels.Release(c.ctx, name); err != nil { // nothing is sent
				return late, err
			}
			continue
		}
		if live == nil || live.Err() != nil {
			c.detachLater(ch)
			return late, errNoConnection
		}
		switch state {
		case ably.ChannelStateDetached:
			// ably-go may be about to attach it again, on the wire even when it is released, and with nobody to hear the answer. Only
			// another attach ends that; when it is refused, the next one is ended by an attach of the released channel.
			if refused = ch.Attach(live); refused != nil && live.Err() == nil && ch.State() == ably.ChannelStateDetached {
				if err := channels.Release(live, name); err != nil {
					return late, err
				}
				_ = ch.Attach(ended)
				return late, refused
			}
		case ably.ChannelStateFailed:
			// There is no way from failed to released but by way of attaching, and when that is refused ably-go tries again.
			settled = false
			if refused = ch.Attach(live); refused != nil && ch.State() == ably.ChannelStateFailed {
				return late, refused
			}
		default:
			err := channels.Release(live, name)
			late = late || err != nil
			if now := ch.State(); err != nil && live.Err() == nil && (now == ably.ChannelStateDetaching || now == ably.ChannelStateAttaching) {
				// Its DETACH or ATTACH was lost, and ably-go would wait for the answer for ever; an attach that times out makes it
				// suspended. When it was detaching, an ATTACH is sent at that very moment, the answer to which would go to the next
				// channel of the name.
				if _ = ch.Attach(live); now == ably.ChannelStateDetaching {
					c.awaitAnswer(live, ch)
				}
			}
		}
	}
	if channels.Exists(name) {
		if refused == nil {
			refused = errKept
		}
		return late, refused
	}
	return late, nil
}

// awaitAnswer waits, for as long as a request may take, until a suspended channel whose ATTACH has been sent is that no more.
func (c *Client) awaitAnswer(live context.Context, ch *ably.RealtimeChannel) {
	moved := make(chan struct{}, 1)
	off := ch.OnAll(func(ably.ChannelStateChange) {
		select {
		case moved <- struct{}{}:
		default:
		}
	})
	defer off()
	timeout, cancel := context.WithTimeout(live, c.requestTimeout)
	defer cancel()
	for ch.State() == ably.ChannelStateSuspended {
		select {
		case <-moved:
		case <-timeout.Done():
			return
		}
	}
}

// ended is a context that has ended: with it a call of ably-go's begins and is not waited for.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// detachLater begins the detach of a channel whose connection is lost for a short time: ably-go then detaches it when the connection is
// back, where it would attach it again otherwise.
func (c *Client) detachLater(ch *ably.RealtimeChannel) {
	switch c.realtime.Connection.State() {
	case ably.ConnectionStateConnecting, ably.ConnectionStateDisconnected:
		if ch.State() == ably.ChannelStateAttached {
			_ = ch.Detach(ended)
		}
	}
}
