package realtime

import (
	"context"
	"slices"

	"ablyrooms.example/adapter/ably/internal/realtime/presence"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// Options are what a channel is attached with.
type Options struct {
	Room   string            // what messages of errors call it
	Modes  wire.Flags        // TB2d
	Params map[string]string // TB2c; not to be changed
}

// Channel is one life of a channel's name: from [Client.Channel] to GiveBack. It implements
// [lifecycle.Channel]. Its other methods may be called concurrently.
//
// Two things in the room's events differ from the core's state, since a caller must not wait for a
// connection that may not come back. An attach that has waited for one for as long as a request may
// take ends with an error, and the room is suspended; it is attached when the connection is there.
// A detach whose connection is lost before the answer ends at once, as one that begins without a
// connection does (RTL5l); what the server may still hold is detached when the connection is back.
type Channel struct {
	line    *line
	options Options
	sink    Sink
	emit    func(lifecycle.ChannelStateChange)

	// Guarded by the line's lock.
	told     lifecycle.ChannelState  // what was last reported to the room
	unwanted bool                    // detached was reported, and the core isn't there yet
	calls    []call                  // those that wait; nil for none
	members  *presence.Set[payload]  // nil until there is news of it
	entries  map[presence.Call]entry // calls of presence that wait
	last     presence.Call
	granted  wire.Flags // by the last ATTACHED
	lacking  wire.Flags // what it lacks was logged
}

type call struct {
	number fsm.Call
	kind   fsm.ChannelInputKind
	done   chan error
}

var _ lifecycle.Channel = (*Channel)(nil)

// Channel begins a life of a channel's name. The one before it must have been given back. Nothing
// is sent until it attaches.
func (c *Client) Channel(name string, options Options, sink Sink) *Channel {
	ch := &Channel{options: options, sink: sink, emit: func(lifecycle.ChannelStateChange) {}}
	for {
		c.mu.Lock()
		l := c.lines[name]
		if l == nil {
			l = &line{client: c, name: name, connection: c.connection, reason: c.reason,
				socket: c.socket, dead: !c.open,
				core: *fsm.NewChannel[*lifecycle.ErrorInfo](c.connection)}
			ch.line = l
			if c.open {
				c.lines[name], l.channel = l, ch
			}
			c.mu.Unlock()
			return ch
		}
		c.mu.Unlock()
		l.mu.Lock()
		if l.dead {
			l.unlock() // and forgets it
			continue
		}
		if l.channel != nil {
			l.unlock()
			panic("realtime: the channel " + name + " is in use")
		}
		ch.line = l
		l.renew(ch)
		l.unlock()
		return ch
	}
}

// OnStateChange implements [lifecycle.Channel].
func (c *Channel) OnStateChange(emit func(lifecycle.ChannelStateChange)) {
	c.line.mu.Lock()
	defer c.line.unlock()
	c.emit = emit
}

// Attach implements [lifecycle.Channel].
func (c *Channel) Attach(ctx context.Context) error {
	return c.do(ctx, fsm.CallChannelAttach)
}

// Detach implements [lifecycle.Channel].
func (c *Channel) Detach(ctx context.Context) error {
	return c.do(ctx, fsm.CallChannelDetach)
}

func (c *Channel) do(ctx context.Context, kind fsm.ChannelInputKind) error {
	l, done := c.line, make(chan error, 1)
	l.mu.Lock()
	switch {
	case l.channel != c:
		l.unlock()
		return unable(c.operation(kind), errGivenBack)
	case kind == fsm.CallChannelAttach && c.unwanted:
		c.unwanted = false
		if s, _ := l.core.State(); s == fsm.ChannelAttached { // it couldn't be detached
			c.tell(lifecycle.ChannelStateChange{Current: s, Resumed: true})
		}
	case c.unwanted:
		l.unlock()
		return nil
	}
	number := l.core.NextCall()
	c.calls = append(c.calls, call{number, kind, done})
	l.step(input{Kind: kind, Call: number}, nil)
	l.unlock()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// operation says what a call does, for its error.
func (c *Channel) operation(kind fsm.ChannelInputKind) string {
	if kind == fsm.CallChannelDetach {
		return "detach room " + c.options.Room
	}
	return "attach room " + c.options.Room
}

// keep makes the error of an event.
func (c *Channel) keep(err *lifecycle.ErrorInfo) *lifecycle.ErrorInfo {
	return Unable("keep room "+c.options.Room, err)
}

// GiveBack implements [lifecycle.Channel].
func (c *Channel) GiveBack(context.Context) error {
	l, done := c.line, make(chan struct{})
	l.mu.Lock()
	if l.channel == c {
		l.giveBack(c, errGivenBack)
	}
	l.later(func() { close(done) })
	l.unlock()
	<-done // the earlier events
	return nil
}

// end settles what still waits. The lock is held.
func (c *Channel) end(err *lifecycle.ErrorInfo) {
	c.finishAll(err)
	c.leavePresence(err)
}

// finish settles a call with an error, or nil, if it still waits. The lock is held.
func (c *Channel) finish(number fsm.Call, err *lifecycle.ErrorInfo) {
	i := slices.IndexFunc(c.calls, func(w call) bool { return w.number == number })
	if i < 0 {
		return
	}
	done, failure := c.calls[i].done, error(nil)
	if err != nil {
		failure = unable(c.operation(c.calls[i].kind), err)
	}
	if c.calls = slices.Delete(c.calls, i, i+1); len(c.calls) == 0 {
		c.calls = nil
	}
	c.line.later(func() { done <- failure })
}

// finishAll settles all calls that still wait. The lock is held.
func (c *Channel) finishAll(err *lifecycle.ErrorInfo) {
	for len(c.calls) > 0 {
		c.finish(c.calls[0].number, err)
	}
}

// settle ends a call by the core's word. The lock is held.
func (c *Channel) settle(out *output) {
	var err *lifecycle.ErrorInfo
	switch out.Outcome {
	case fsm.ChannelCallDone:
	case fsm.ChannelCallFailed:
		if err = out.Err; err == nil {
			err = errNoReason
		}
	case fsm.ChannelCallInvalidState: // RTL5b
		err = lifecycle.NewErrorInfo(codeInvalidState, "its channel is failed", nil)
	case fsm.ChannelCallInvalidConnection: // which says why
		err = c.line.reason
	default:
		err = errSuperseded
	}
	c.finish(out.Call, err)
}

// tell has the room hear of an event, if it is news. The lock is held.
func (c *Channel) tell(change lifecycle.ChannelStateChange) {
	if change.Update != (change.Current == c.told) {
		return
	}
	c.told = change.Current
	emit := c.emit
	c.line.later(func() { emit(change) })
}

// changed takes a change of the core's state. applied says that an ATTACHED brought it. The lock is
// held.
func (c *Channel) changed(out *output, applied bool) {
	if out.Previous == fsm.ChannelAttached {
		c.line.later(c.sink.Left)
	}
	if out.State != fsm.ChannelAttached {
		c.presence(presenceInput{Kind: presence.ChannelState, State: presenceStates[out.State]}, nil)
	} else if !applied { // a detach that was not answered
		c.presence(presenceInput{Kind: presence.ChannelAttached, Again: true}, nil)
		serial := string(c.line.core.ChannelSerial())
		c.line.later(func() { c.sink.Attached(serial, true) })
	}
	if c.unwanted {
		switch out.State {
		case fsm.ChannelDetaching:
			return
		case fsm.ChannelAttached: // it couldn't be detached: once more
			c.line.later(func() {
				c.line.mu.Lock()
				defer c.line.unlock()
				if c.line.channel == c && c.unwanted {
					c.line.step(input{Kind: fsm.CallChannelDetach, Call: c.line.core.NextCall()}, nil)
				}
			})
			return
		}
		c.unwanted = false
	}
	c.tell(lifecycle.ChannelStateChange{
		Current: out.State, Resumed: out.Resumed, Reason: c.keep(out.Err)})
}

// waiting reports whether the connection is neither there nor over.
func (l *line) waiting() bool {
	switch l.connection {
	case fsm.ConnectionInitialized, fsm.ConnectionConnecting, fsm.ConnectionDisconnected:
		return true
	}
	return false
}

// wait ends, or bounds, what waits for a connection. The lock is held.
func (c *Channel) wait() {
	l := c.line
	attaches := false
	for _, w := range c.calls {
		attaches = attaches || w.kind == fsm.CallChannelAttach
	}
	switch {
	case !l.waiting() || len(c.calls) == 0:
		l.patience.stop()
	case attaches:
		if l.patience.timer == nil {
			l.start(&l.patience, l.client.config.Load().RequestTimeout,
				func() { c.expire(errNoConnection) })
		}
	default: // a detach whose answer is lost
		c.unwanted = true
		c.tell(lifecycle.ChannelStateChange{Current: fsm.ChannelDetached})
		c.expire(nil)
	}
}

// expire ends the calls that wait for a connection. The lock is held.
func (c *Channel) expire(err *lifecycle.ErrorInfo) {
	if err != nil {
		c.tell(lifecycle.ChannelStateChange{Current: fsm.ChannelSuspended, Reason: c.keep(err)})
	}
	c.finishAll(err)
}

// applied takes an ATTACHED that the core took. The lock is held.
func (c *Channel) applied(frame *wire.ProtocolMessage, resumed, again bool) {
	serial := frame.ChannelSerial
	if serial == "" {
		serial = string(c.line.core.ChannelSerial())
	}
	c.grant(frame.Flags.Modes())
	c.line.later(func() { c.sink.Attached(serial, resumed) })
	c.presence(presenceInput{Kind: presence.ChannelAttached, Again: again,
		HasPresence: frame.Flags.Has(wire.FlagHasPresence | wire.ModePresenceSubscribe)}, nil)
}

// delivered takes a frame that the core lets through. The lock is held.
func (c *Channel) delivered(frame *wire.ProtocolMessage) {
	switch frame.Action {
	case wire.ActionMessage:
		c.line.later(func() {
			c.sink.Messages(c.line.client.messages(frame.Messages), frame.ChannelSerial)
		})
	case wire.ActionAnnotation:
		c.line.later(func() {
			c.sink.Annotations(annotations(frame.Annotations), frame.ChannelSerial)
		})
	case wire.ActionPresence:
		c.received(presence.Received, frame)
		fallthrough
	default:
		c.line.later(func() { c.sink.Messages(nil, frame.ChannelSerial) })
	}
}
