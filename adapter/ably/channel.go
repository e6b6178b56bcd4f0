package ablychat

import (
	"context"
	"sync"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// channel is the port of one room on ably-go. The room calls its operations one at a time; events come from ably-go's one listener
// on the channel and from the client's one listener on the connection, and pass through mu in their order.
type channel struct {
	client  *Client
	room    string
	name    string
	options lifecycle.RoomOptions

	mu    sync.Mutex
	emit  func(lifecycle.ChannelStateChange)
	ch    *ably.RealtimeChannel // nil while the room holds none
	off   func()                // ends listening to ch
	retry bool                  // ably-go goes on attaching ch by itself, after a pause
	real  ably.ChannelState     // what ch's events said last
	moved chan struct{}         // closed when something changes that an operation waits for; nil when none does
	told  lifecycle.ChannelState
	tells int // how often the room was told anything

	stale    bool                 // what ch says is not true any more: the connection went away under it
	unwanted bool                 // the user asked for a detach
	gone     context.CancelFunc   // ends the operation under way when the connection goes away; nil when none is
	lost     *lifecycle.ErrorInfo // why the operation under way was ended
}

func newChannel(client *Client, room string, options lifecycle.RoomOptions) *channel {
	return &channel{client: client, room: room, name: ChannelName(room), options: options}
}

// OnStateChange implements [lifecycle.Channel].
func (c *channel) OnStateChange(emit func(lifecycle.ChannelStateChange)) { c.emit = emit }

// tell hands an event to the room, if it is news. The lock is held; emit doesn't block and calls nothing back.
func (c *channel) tell(change lifecycle.ChannelStateChange) {
	if change.Current == c.told && !change.Update {
		return
	}
	c.told = change.Current
	c.tells++
	c.emit(change)
	c.wake()
}

// wake lets whoever waits look again. The lock is held.
func (c *channel) wake() {
	if c.moved != nil {
		close(c.moved)
		c.moved = nil
	}
}

// caughtUp waits, with the lock held, until the listener has seen the state that ch is in now. It ends soon: ably-go has queued the
// event by the time that State returns.
func (c *channel) caughtUp() {
	for ch := c.ch; ch != nil && c.ch == ch; {
		c.mu.Unlock()
		state := ch.State()
		c.mu.Lock()
		if c.real == state {
			return
		}
		if c.moved == nil {
			c.moved = make(chan struct{})
		}
		moved := c.moved
		c.mu.Unlock()
		<-moved
		c.mu.Lock()
	}
}
