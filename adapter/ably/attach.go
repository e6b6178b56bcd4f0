package ablychat

import (
	"context"
	"errors"
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
	switch state := c.client.realtime.Connection.State(); state {
	case ably.ConnectionStateConnected:
	case ably.ConnectionStateConnecting, ably.ConnectionStateDisconnected:
		if c.ch == nil || c.stale || c.real != ably.ChannelStateAttached && c.real != ably.ChannelStateAttaching {
			if err := c.awaitConnection(); err != nil {
				return err
			}
		}
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
		c.resent = resent{sentAt: c.client.now()}
	}
	c.arrived = c.real == ably.ChannelStateAttached
	begun := !c.hooked
	if begun {
		c.hook()
	}
	ch := c.ch
	err := c.run(func(ctx context.Context) error {
		if begun {
			// The attach that hook began may have been refused by now; another one is not asked for.
			switch state := ch.State(); state {
			case ably.ChannelStateDetached, ably.ChannelStateSuspended, ably.ChannelStateFailed:
				if reason := ch.ErrorReason(); reason != nil {
					return reason
				}
				return errors.New("the channel is " + state.String())
			}
		}
		return ch.Attach(ctx)
	})
	if c.lost != nil {
		return c.lost
	}
	// A channel that is detached as soon as it is attached is attaching again by now, as it was before, and so the state alone doesn't tell
	// whether the listener has seen that it was attached.
	for err == nil && c.ch == ch && !c.arrived {
		c.wait()
	}
	c.caughtUp()
	if err != nil {
		return fromAbly("attach room "+c.room, err)
	}
	if c.missed != nil {
		c.catchUpPresence()
	}
	return nil
}

// awaitConnection waits for a connection to attach on (RTL4i), as long as a request may take. ably-go is not asked before: what waits for the
// connection it sends twice, or never when the connection comes just then, or it locks itself up when that is lost meanwhile. The lock is
// held before and after.
func (c *channel) awaitConnection() error {
	if err := c.claim(); err != nil {
		return err
	}
	c.tell(lifecycle.ChannelStateChange{Current: lifecycle.ChannelAttaching})
	gone, timeout := c.gone, time.NewTimer(c.client.requestTimeout)
	defer timeout.Stop()
	c.mu.Unlock()
	_, err := c.client.awaitLive(gone, timeout.C)
	c.mu.Lock()
	switch {
	case c.lost != nil:
		return c.lost
	case errors.Is(err, context.Canceled):
		return errDisposed
	case err != nil: // RTL4f
		failure := fromAbly("attach room "+c.room, err)
		c.tell(lifecycle.ChannelStateChange{Current: lifecycle.ChannelSuspended, Reason: failure})
		return failure
	}
	c.startedOn = c.client.realtime.Connection.ID()
	return nil
}

// retry is the channel's own operation that attaches a suspended channel again, and joins an attach which ably-go began by itself and
// which has no end otherwise, when the service doesn't answer. The room hears of what becomes of it by the events.
func (c *channel) retry(context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin("attach")
	defer c.end()
	if c.unwanted || !c.client.connectedNow() {
		return
	}
	switch c.told {
	case lifecycle.ChannelSuspended:
		_ = c.attach()
	case lifecycle.ChannelAttaching:
		// An answer may have come just now: attaching a channel that has failed would bring it back (CHA-RS1g).
		if c.ch != nil && c.ch.State() == ably.ChannelStateAttaching {
			_ = c.attach()
		}
	}
}

// schedule starts or stops the timer for the channel's own attach: of a suspended channel, after a pause (RTL13b), and of one whose
// attach was begun by ably-go, when that has gone without an answer for as long as a request may take (RTL4f). It runs only on a
// connection, and while nothing else is done about it. The lock is held.
func (c *channel) schedule() {
	var pause time.Duration
	if c.operation == "" && !c.unwanted && c.client.connectedNow() {
		switch c.told {
		case lifecycle.ChannelSuspended:
			pause = c.client.retryTimeout
		case lifecycle.ChannelAttaching:
			pause = c.client.requestTimeout
		}
	}
	switch {
	case pause > 0 && c.timer == nil:
		c.timer = time.AfterFunc(pause, func() { c.client.background(c.retry) })
	case pause > 0:
		c.timer.Reset(pause)
	case c.timer != nil:
		c.timer.Stop()
		c.timer = nil
	}
}

// resent counts the attaches that ably-go sends twice on one connection: one that was sent just as the connection came is sent once more
// because it was under way. The service answers both, and the second answer looks as if continuity had been lost.
type resent struct {
	sentAt  uint64 // the connection's change after which it was sent last
	answers int    // how many more answers will come on this connection
}

// again notes that ably-go has sent it once more.
func (r *resent) again(now uint64) {
	if r.sentAt == now {
		r.answers++
	}
	r.sentAt = now
}

// answered tells whether an answer is to one that was sent twice.
func (r *resent) answered() bool {
	if r.answers == 0 {
		return false
	}
	r.answers--
	return true
}
