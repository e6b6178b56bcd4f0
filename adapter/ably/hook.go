package ablychat

import (
	"context"

	"github.com/ably/ably-go/ably"
)

// hook has ably-go hand the channel's messages and presence events to the room, from before the first of them can come. It begins the
// channel's attach, as subscribing does in ably-go, so that it is a part of the room's own attach and of nothing else (CHA-GP2a). The
// lock is held before and after.
//
// Presence is subscribed to second, when the ATTACH is on its way. Should the answer have come before that, presence events may have come
// too, with nobody to hear them: the attach then asks who is present (catchUpPresence).
func (c *channel) hook() {
	ch := c.ch
	c.hooked, c.presenceHooked = true, !c.options.Presence.EnableEvents // CHA-PR9c
	c.mu.Unlock()
	defer c.mu.Lock()
	subscribe(func(ctx context.Context) error {
		_, err := ch.SubscribeAll(ctx, func(m *ably.Message) {
			if c.is(ch) {
				c.sink.message(m)
			}
		})
		return err
	}, func() { c.hookPresence(ch) })
}

// hookPresence has ably-go hand presence events to the room, if that is still to be done. It does nothing when the channel is not
// attaching or attached any more: ably-go would attach it again.
func (c *channel) hookPresence(ch *ably.RealtimeChannel) {
	if state := ch.State(); state != ably.ChannelStateAttaching && state != ably.ChannelStateAttached {
		return
	}
	c.mu.Lock()
	already := c.ch != ch || c.presenceHooked
	if !already {
		c.presenceHooked, c.missed, c.caught = true, map[string]bool{}, nil
	}
	c.mu.Unlock()
	if already {
		return
	}
	subscribe(func(ctx context.Context) error {
		_, err := ch.Presence.SubscribeAll(ctx, func(m *ably.PresenceMessage) {
			c.mu.Lock()
			ours := c.ch == ch
			if ours && c.missed != nil {
				c.missed[member(m)] = true
			}
			again := c.caught[member(m)] == m.ID && m.ID != ""
			c.mu.Unlock()
			if ours && !again {
				c.sink.presenceMessage(m)
			}
		})
		return err
	}, func() {})
	if ch.State() != ably.ChannelStateAttached {
		c.mu.Lock()
		c.missed = nil // nothing can have been missed
		c.mu.Unlock()
	}
}

func member(m *ably.PresenceMessage) string { return m.ConnectionID + ":" + m.ClientID }

// catchUpPresence tells the room who is present, but for those of whom it has heard since. It is a part of the attach: at other times
// asking ably-go could attach a channel that was just detached. The lock is held.
func (c *channel) catchUpPresence() {
	ch := c.ch
	var members []*ably.PresenceMessage
	_ = c.run(func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(ctx, c.client.requestTimeout)
		defer cancel()
		members, err = ch.Presence.Get(ctx)
		return err // the channel is attached no more; when it is again, its presence comes again
	})
	heard := c.missed
	c.missed, c.caught = nil, map[string]string{}
	for _, m := range members {
		if !heard[member(m)] {
			c.caught[member(m)] = m.ID // its event may be on the way to the listener
			m := *m
			m.Action = ably.PresenceActionPresent
			c.sink.presenceMessage(&m) // waits for nothing
		}
	}
}

// is tells whether the channel is the one that the room holds now.
func (c *channel) is(ch *ably.RealtimeChannel) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ch == ch
}

// subscribe makes one of ably-go's calls that register a listener, attach, wait for the end of that, and remove the listener when it is
// a failure. It comes back when the waiting begins, after then, with the listener registered for as long as the channel is there: also
// through attaches that fail and are tried again, which ably-go may do by itself.
func subscribe(call func(context.Context) error, then func()) {
	defer func() {
		if p := recover(); p != nil && p != errWaiting {
			panic(p)
		}
	}()
	if call(untilWaiting{context.Background(), then}) == nil {
		then() // there was nothing to wait for; an error is one that the attach that follows has too
	}
}

// untilWaiting is a context that ends the call that it is given to as soon as that waits: by a panic, since nothing that a context
// can say does so without ably-go taking the listener away.
type untilWaiting struct {
	context.Context
	then func()
}

var errWaiting any = new(int)

// Done is asked for when the waiting begins.
func (c untilWaiting) Done() <-chan struct{} {
	c.then()
	panic(errWaiting)
}
