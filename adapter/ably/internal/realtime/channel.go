package realtime

import (
	"context"
	"slices"

	"ablyrooms.example/adapter/ably/internal/realtime/presence"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// Options are the name of the room, and the modes and parameters with which its channel is
// attached.
type Options struct {
	Room   string            // the room's name, for messages of errors
	Modes  wire.Flags        // the modes that are requested (TB2d)
	Params map[string]string // TB2c; the caller must not change it afterwards
}

// Channel is one life of a channel's name: from [Client.Channel] to GiveBack. It implements
// [lifecycle.Channel]. Its other methods may be called concurrently.
//
// The room's events differ from the states of the core in two cases, since a caller must not wait
// for a connection that may never come. If there is no connection within the request timeout, an
// attach ends with an error and the room is suspended; the channel is attached when there is a
// connection. If the connection ends before a detach is answered, the detach ends at once, like a
// detach without a connection (RTL5l); if the server still has the channel attached, it is detached
// on the next connection.
type Channel struct {
	line    *line
	options Options
	sink    Sink
	emit    func(lifecycle.ChannelStateChange)

	// Guarded by the line's lock.
	told     lifecycle.ChannelState  // the state that was last reported to the room
	unwanted bool                    // detached was reported, but the core is not detached yet
	calls    []call                  // the calls that wait; nil if there are none
	members  *presence.Set[payload]  // nil until there is a member or a call of presence
	entries  map[presence.Call]entry // the calls of presence that wait
	last     presence.Call
	granted  wire.Flags // the modes of the last ATTACHED
	lacking  wire.Flags // the modes that were logged as not granted
}

type call struct {
	number fsm.Call
	kind   fsm.ChannelInputKind
	done   chan error
}

var _ lifecycle.Channel = (*Channel)(nil)

// Channel begins a life of a channel's name. The previous life must have been given back, or
// Channel panics. It sends nothing until the channel attaches.
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
			l.unlock() // also forgets the line
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

// operation describes a call, for its error.
func (c *Channel) operation(kind fsm.ChannelInputKind) string {
	if kind == fsm.CallChannelDetach {
		return "detach room " + c.options.Room
	}
	return "attach room " + c.options.Room
}

// keep returns the error of an event of the room.
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
	<-done // the earlier events have been handled
	return nil
}

// end settles all calls that wait. The lock is held.
func (c *Channel) end(err *lifecycle.ErrorInfo) {
	c.finishAll(err)
	c.leavePresence(err)
}

// finish settles a call that still waits, with an error or nil. The lock is held.
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

// settle ends a call with the outcome that the core decided. The lock is held.
func (c *Channel) settle(out *output) {
	var err *lifecycle.ErrorInfo
	switch out.Outcome {
	case fsm.ChannelCallDone:
	case fsm.ChannelCallFailed:
		if err = out.Err; err == nil {
			err = errNoReason
		}
	case fsm.ChannelCallInvalidState: // RTL5b
		err = lifecycle.NewErrorInfo(codeInvalidState, "the channel is failed", nil)
	case fsm.ChannelCallInvalidConnection: // which says why
		err = c.line.reason
	default:
		err = errSuperseded
	}
	c.finish(out.Call, err)
}

// tell reports a change of state, or an update in the same state, to the room. The lock is held.
func (c *Channel) tell(change lifecycle.ChannelStateChange) {
	if change.Update != (change.Current == c.told) {
		return
	}
	c.told = change.Current
	emit := c.emit
	c.line.later(func() { emit(change) })
}

// changed handles a change of the core's state. applied says that an ATTACHED caused it. The lock
// is held.
func (c *Channel) changed(out *output, applied bool) {
	if out.Previous == fsm.ChannelAttached {
		c.line.later(c.sink.Left)
	}
	if out.State != fsm.ChannelAttached {
		c.presence(presenceInput{Kind: presence.ChannelState, State: presenceStates[out.State]}, nil)
	} else if !applied { // attached again, since a detach was not answered
		c.presence(presenceInput{Kind: presence.ChannelAttached, Again: true}, nil)
		serial := string(c.line.core.ChannelSerial())
		c.line.later(func() { c.sink.Attached(serial, true) })
	}
	if c.unwanted {
		switch out.State {
		case fsm.ChannelDetaching:
			return
		case fsm.ChannelAttached: // the detach failed: try again
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

// waiting reports whether there is no connection now, but there may be one later.
func (l *line) waiting() bool {
	switch l.connection {
	case fsm.ConnectionInitialized, fsm.ConnectionConnecting, fsm.ConnectionDisconnected:
		return true
	}
	return false
}

// wait ends the calls that wait for a connection, or limits their time. The lock is held.
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
	default: // the calls that wait are detaches; their answers are lost
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

// applied handles an ATTACHED that the core accepted. The lock is held.
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

// delivered passes on a frame that the core accepted. The lock is held.
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
