package ablychat

import (
	"context"
	"sync"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// channel is the port of one room on ably-go. Events come from ably-go's one listener on the channel and from the client's one
// listener on the connection, and pass through mu in their order. One operation runs at a time: the room's, or one of the channel's
// own that ably-go leaves to be done. mu is held over ably-go's getters, which wait for nothing, and never over its operations.
type channel struct {
	client  *Client
	room    string
	name    string
	options lifecycle.RoomOptions
	emit    func(lifecycle.ChannelStateChange)
	sink    *Room // whose channel it is, for what comes through it beside events

	mu    sync.Mutex
	moved chan struct{} // closed when something below has changed; nil while nobody waits
	timer *time.Timer   // attaches the channel when nobody else does; see schedule

	// The channel in ably-go.
	ch             *ably.RealtimeChannel // nil while the room holds none
	off            func()                // ends listening to ch
	hooked         bool                  // ch's messages are listened to
	presenceHooked bool                  // ch's presence events are listened to, or nobody wants them
	missed         map[string]bool       // who was heard of since presence events may have been missed; nil when none were
	caught         map[string]string     // whom the room was told of instead, with the ids of their presence messages
	claimed        bool                  // the name is this channel's
	real           ably.ChannelState     // what ch's events said last
	arrived        bool                  // ch's events have said attached since the attach under way began, or before
	retrying       bool                  // ably-go may go on attaching ch by itself, after a pause
	reattaching    bool                  // ably-go attaches ch by itself, since the service detached it
	echo           bool                  // ch failed in that, and ably-go is about to call it detached
	attachedOn     string                // the connection on which ch attached
	noting         bool                  // attachedAt is kept; see noteAttaches
	attachedAt     string                // ch's serial when its event of that was heard
	resent         resent

	// What the room knows.
	told     lifecycle.ChannelState
	stale    bool // what ch says is not true any more: the connection went away under it
	unwanted bool // the room is not to be attached
	over     bool // given back

	// The operation under way.
	operation string // "" when none is
	startedOn string // the connection on which it started
	gone      chan struct{}
	lost      *lifecycle.ErrorInfo // why it was ended; then gone is closed
}

func newChannel(client *Client, room string, options lifecycle.RoomOptions) *channel {
	return &channel{client: client, room: room, name: ChannelName(room), options: options}
}

// OnStateChange implements [lifecycle.Channel].
func (c *channel) OnStateChange(emit func(lifecycle.ChannelStateChange)) { c.emit = emit }

// tell hands an event to the room, if it is news. The lock is held; emit doesn't block and calls nothing back.
func (c *channel) tell(change lifecycle.ChannelStateChange) {
	if change.Current != c.told || change.Update {
		c.told = change.Current
		c.emit(change)
	}
	c.schedule()
}

// wait waits until something has changed, with the lock held before and after.
func (c *channel) wait() {
	if c.moved == nil {
		c.moved = make(chan struct{})
	}
	moved := c.moved
	c.mu.Unlock()
	<-moved
	c.mu.Lock()
}

// wake lets those that wait look again. The lock is held.
func (c *channel) wake() {
	if c.moved != nil {
		close(c.moved)
		c.moved = nil
	}
}

// begin takes the turn for an operation; end gives it back. The lock is held.
func (c *channel) begin(operation string) {
	for c.operation != "" {
		c.wait()
	}
	c.operation, c.gone, c.lost = operation, make(chan struct{}), nil
	if c.startedOn = ""; c.client.connectedNow() {
		c.startedOn = c.client.realtime.Connection.ID()
	}
	c.schedule()
}

func (c *channel) end() {
	c.operation, c.gone = "", nil
	c.schedule()
	c.wake()
}

// lose ends the operation under way, because the connection went away. The lock is held.
func (c *channel) lose(state ably.ConnectionState) {
	if c.operation != "" && c.lost == nil {
		c.lost = connectionError(c.operation+" room "+c.room, state)
		close(c.gone)
	}
}

// run makes one call of ably-go's for the operation under way. It returns when that does, or when the operation was ended; then the call
// goes on until ably-go's own timeout, which sets the channel's state right. The lock is held before and after.
func (c *channel) run(call func(context.Context) error) error {
	gone, done := c.gone, make(chan error, 1)
	c.mu.Unlock()
	defer c.mu.Lock()
	if !c.client.background(func(ctx context.Context) { done <- call(ctx) }) {
		return errDisposed
	}
	select {
	case err := <-done:
		return err
	case <-gone:
		return errNoConnection
	}
}

// caughtUp waits, with the lock held, until the listener has seen the state that ch is in now. It ends soon: ably-go has queued the
// event by the time that State returns.
func (c *channel) caughtUp() {
	for ch := c.ch; ch != nil && c.ch == ch; c.wait() {
		c.mu.Unlock()
		state := ch.State()
		c.mu.Lock()
		if c.real == state {
			return
		}
	}
}

// claim makes the name this channel's, which then hears of the connection. The lock is held before and after.
func (c *channel) claim() error {
	if c.claimed {
		return nil
	}
	gone := c.gone
	c.mu.Unlock()
	ok := c.client.claim(c.name, c, gone)
	c.mu.Lock()
	if !ok {
		return c.lost
	}
	c.claimed = true
	return nil
}

// acquire takes a channel with the room's own options from ably-go, unless the room holds one. The lock is held.
func (c *channel) acquire() error {
	if c.ch != nil {
		return nil
	}
	if err := c.claim(); err != nil {
		return err
	}
	client, gone := c.client, c.gone
	timeout := time.NewTimer(client.requestTimeout)
	defer timeout.Stop()
	for range attempts {
		made := false
		options := channelOptions(c.options)
		options = append(options, whenMade(options[0], &made))
		ch := client.realtime.Channels.Get(c.name, options...)
		if made {
			c.ch, c.hooked, c.stale, c.retrying, c.attachedOn, c.resent = ch, false, false, false, "", resent{}
			c.reattaching, c.echo = false, false
			// The listener waits for the lock, so that it comes after the state that is read here, or brings a later one.
			c.off = ch.OnAll(func(change ably.ChannelStateChange) { c.channelChanged(ch, change) })
			c.real = ch.State()
			return nil
		}
		c.mu.Unlock()
		failed := ch.State() == ably.ChannelStateFailed
		live, err := client.awaitLive(gone, timeout.C)
		if err == nil {
			if _, err = client.discard(live, c.name, false); live.Err() != nil {
				err = nil // once more, when the connection is back
			}
			failed = ch.State() == ably.ChannelStateFailed
		}
		c.mu.Lock()
		if c.lost != nil {
			return c.lost
		}
		if err != nil {
			return c.refused(err, failed)
		}
	}
	return c.refused(errKept, false)
}

// refused tells the room that it can't attach, because the service keeps refusing the channel that stands in its way. The lock is held.
func (c *channel) refused(err error, failed bool) error {
	info := fromAbly("attach room "+c.room, err)
	state := lifecycle.ChannelSuspended
	if failed {
		state = lifecycle.ChannelFailed
	}
	c.tell(lifecycle.ChannelStateChange{Current: state, Reason: info})
	return info
}

// whenMade returns an option that notes that it was applied, which ably-go does for a channel that it makes and never for one that it
// has. The option that it stands beside is there for its type, which can't be named outside ably-go.
func whenMade[O any](_ func(O), made *bool) func(O) {
	return func(O) { *made = true }
}

// echoPatience bounds how long ably-go is waited for to call a channel detached that has failed.
const echoPatience = 100 * time.Millisecond

// drop gives the room's channel back, in whatever state it is. The lock is held.
func (c *channel) drop() {
	if c.echo && c.ch != nil {
		// A loop that attaches it again begins then, which only what follows ends: else it would outlive the channel, and the connection.
		timeout := time.AfterFunc(echoPatience, func() {
			c.mu.Lock()
			c.echo = false
			c.wake()
			c.mu.Unlock()
		})
		for c.echo {
			c.wait()
		}
		timeout.Stop()
	}
	off, settled := c.off, c.ch != nil && !c.retrying
	c.ch, c.off, c.stale, c.retrying = nil, nil, false, false
	if !c.claimed {
		return
	}
	c.claimed = false
	client := c.client
	client.mu.Lock()
	live := client.live
	client.mu.Unlock()
	c.mu.Unlock()
	if late, err := client.discard(live, c.name, settled); late || err != nil {
		client.sweepLater()
	}
	if off != nil {
		off()
	}
	client.unclaim(c.name)
	c.mu.Lock()
}
