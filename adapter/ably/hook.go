package ablychat

import (
	"context"

	"github.com/ably/ably-go/ably"
)

// hook has ably-go hand the channel's messages and presence events to the room, from before the first of them can come. It begins the
// channel's attach, as subscribing does in ably-go, so that it is a part of the room's own attach and of nothing else (CHA-GP2a). The
// lock is held before and after.
//
// Presence is subscribed to second, when the ATTACH may have been sent already. Whoever entered before its listener was there comes with
// the presence sync, which follows ATTACHED.
func (c *channel) hook() {
	ch := c.ch
	c.hooked = true
	c.mu.Unlock()
	defer c.mu.Lock()
	subscribe(func(ctx context.Context) error {
		_, err := ch.SubscribeAll(ctx, func(m *ably.Message) {
			if c.is(ch) {
				c.sink.message(m)
			}
		})
		return err
	})
	if c.options.Presence.EnableEvents { // CHA-PR9c
		subscribe(func(ctx context.Context) error {
			_, err := ch.Presence.SubscribeAll(ctx, func(m *ably.PresenceMessage) {
				if c.is(ch) {
					c.sink.presenceMessage(m)
				}
			})
			return err
		})
	}
}

// is tells whether the channel is the one that the room holds now.
func (c *channel) is(ch *ably.RealtimeChannel) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ch == ch
}

// subscribe makes one of ably-go's calls that register a listener, attach, wait for the end of that, and remove the listener when it is
// a failure. It comes back when the waiting begins, with the listener registered for as long as the channel is there: also through
// attaches that fail and are tried again, which ably-go may do by itself.
func subscribe(call func(context.Context) error) {
	defer func() {
		if p := recover(); p != nil && p != errWaiting {
			panic(p)
		}
	}()
	_ = call(untilWaiting{context.Background()}) // the attach that follows has the same error
}

// untilWaiting is a context that ends the call that it is given to as soon as that waits: by a panic, since nothing that a context
// can say does so without ably-go taking the listener away.
type untilWaiting struct{ context.Context }

var errWaiting any = new(int)

func (untilWaiting) Done() <-chan struct{} { panic(errWaiting) }
