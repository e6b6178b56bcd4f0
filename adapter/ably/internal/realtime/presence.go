package realtime

import (
	"context"
	"errors"
	"strconv"

	"ablyrooms.example/adapter/ably/internal/realtime/presence"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/chat"
	"ablyrooms.example/fsm"
	"ablyrooms.example/internal/jsonvalue"
	"ablyrooms.example/lifecycle"
)

type (
	presenceInput   = presence.Input[payload]
	presenceMessage = presence.Message[payload]
)

var presenceStates = map[fsm.ChannelState]presence.State{
	fsm.ChannelInitialized: presence.Idle,
	fsm.ChannelAttaching:   presence.Attaching,
	fsm.ChannelDetaching:   presence.Detaching,
	fsm.ChannelDetached:    presence.Idle,
	fsm.ChannelSuspended:   presence.Suspended,
	fsm.ChannelFailed:      presence.Failed,
}

// entry is a call of presence that waits.
type entry struct{ done chan presenceResult }

type presenceResult struct {
	members []chat.WirePresence
	err     error
}

// Enter makes this client present, with data that JSON can encode, or nil (RTP8).
//
// It returns one of these errors:
//
//   - [lifecycle.ErrRoomInInvalidState] if the channel is neither attached nor attaching, or leaves
//     these states before the entry is sent (RTP16c); also if the channel is attaching and the
//     realtime client does not queue messages (TO3g)
//   - the code 80003 if there is no connection and the realtime client does not queue messages
//   - [lifecycle.ErrInvalidClientID] if the client has no id (RTP8j)
//   - an error of the service, or the context's cause
func (c *Channel) Enter(ctx context.Context, data any) error {
	return c.announce(ctx, presence.CallEnter, data)
}

// Update changes this client's data (RTP9). Errors are those of [Channel.Enter].
func (c *Channel) Update(ctx context.Context, data any) error {
	return c.announce(ctx, presence.CallUpdate, data)
}

// Leave ends the presence of this client (RTP10). Errors are those of [Channel.Enter].
func (c *Channel) Leave(ctx context.Context, data any) error {
	return c.announce(ctx, presence.CallLeave, data)
}

func (c *Channel) announce(ctx context.Context, kind presence.InputKind, data any) error {
	var p payload
	var err *lifecycle.ErrorInfo
	if p.data, p.encoding, err = encode(data); err != nil {
		return err
	}
	client := c.line.client.ClientID()
	if client == "" {
		return errNoClientID
	}
	_, failure := c.ask(ctx, presenceInput{Kind: kind, Client: client, Payload: p})
	return failure
}

// Get returns the members that are present. It waits until the service's list is complete (RTP11).
// If the service did not grant the mode for it, Get returns an empty list and logs an error
// (RTP11f). Errors are those of [Channel.Enter].
func (c *Channel) Get(ctx context.Context) ([]chat.WirePresence, error) {
	members, err := c.ask(ctx, presenceInput{Kind: presence.CallGet})
	if err == nil {
		c.line.mu.Lock()
		defer c.line.unlock()
		c.miss(wire.ModePresenceSubscribe)
	}
	return members, err
}

func (c *Channel) ask(ctx context.Context, in presenceInput) ([]chat.WirePresence, error) {
	l, done := c.line, make(chan presenceResult, 1)
	l.mu.Lock()
	if l.channel != c {
		l.unlock()
		return nil, errGivenBack
	}
	if s, _ := l.core.State(); s == fsm.ChannelAttaching && in.Kind != presence.CallGet &&
		!l.client.transport.Queues() { // RTP16c
		l.unlock()
		return nil, notAttached(s)
	}
	c.last++
	in.Call = c.last
	if c.entries == nil {
		c.entries = map[presence.Call]entry{}
	}
	c.entries[in.Call] = entry{done}
	c.presence(in, nil)
	l.unlock()
	select {
	case r := <-done:
		return r.members, r.err
	case <-ctx.Done():
		l.mu.Lock()
		defer l.unlock()
		delete(c.entries, in.Call)
		c.presence(presenceInput{Kind: presence.GiveUp, Call: in.Call}, nil)
		return nil, context.Cause(ctx)
	}
}

// presence passes an input to the core of presence, and carries out the outputs. If the input is an
// answer with an error, err is the error. The lock is held.
func (c *Channel) presence(in presenceInput, err *lifecycle.ErrorInfo) {
	if c.members == nil {
		if nothingNew(&in) {
			return
		}
		c.members = c.newMembers()
	}
	c.presenceStep(in, err)
}

// presenceStep does the work of presence. It is a function of its own because its stack frame is
// large.
func (c *Channel) presenceStep(in presenceInput, err *lifecycle.ErrorInfo) {
	l := c.line
	for _, out := range c.members.Step(in, nil) {
		switch out.Kind {
		case presence.Send:
			c.sendPresence(out)
		case presence.Settle:
			r := presenceResult{}
			switch {
			case out.Outcome == presence.Refused:
				r.err = err
			case out.Outcome == presence.NotAttached:
				s, _ := l.core.State()
				r.err = notAttached(s)
			case out.Members != nil:
				r.members = make([]chat.WirePresence, len(out.Members))
				for i, m := range out.Members {
					r.members[i] = memberOf(m)
				}
			}
			c.settlePresence(out.Call, r)
		case presence.Report:
			message := memberOf(out.Message)
			l.later(func() { c.sink.Presence(message) })
		case presence.ReentryRefused: // RTP17e
			info := lifecycle.NewErrorInfo(lifecycle.ErrPresenceAutoReentryFailed,
				"unable to enter presence again for the client "+strconv.Quote(out.Message.ClientID), err)
			log := l.client.config.Load().Log
			l.later(func() {
				log.Warn("presence could not be entered again", "room", c.options.Room, "error", info)
			})
			if c.told == fsm.ChannelAttached {
				c.tell(lifecycle.ChannelStateChange{
					Current: fsm.ChannelAttached, Update: true, Resumed: true, Reason: info})
			}
		}
	}
}

// notAttached returns the error of a call of presence in a state in which nothing is sent (RTP16c).
func notAttached(s fsm.ChannelState) *lifecycle.ErrorInfo {
	return lifecycle.NewErrorInfo(lifecycle.ErrRoomInInvalidState, "the channel is "+s.String(), nil)
}

// nothingNew reports whether an input can be skipped while c.members is nil: newMembers returns the
// same set with or without it.
func nothingNew(in *presenceInput) bool {
	switch in.Kind {
	case presence.Connected, presence.ChannelState:
		return true
	case presence.ChannelAttached:
		return !in.HasPresence
	}
	return false
}

// newMembers returns a set without members, with the state of the channel and of the connection.
// The lock is held.
func (c *Channel) newMembers() *presence.Set[payload] {
	set, client := &presence.Set[payload]{}, c.line.client
	client.mu.Lock()
	id := client.id
	client.mu.Unlock()
	set.Step(presenceInput{Kind: presence.Connected, Connection: id}, nil)
	in := presenceInput{Kind: presence.ChannelAttached}
	if s, _ := c.line.core.State(); s != fsm.ChannelAttached {
		in = presenceInput{Kind: presence.ChannelState, State: presenceStates[s]}
	}
	set.Step(in, nil)
	return set
}

func (c *Channel) settlePresence(call presence.Call, r presenceResult) {
	if w, ok := c.entries[call]; ok {
		delete(c.entries, call)
		c.line.later(func() { w.done <- r })
	}
}

// leavePresence settles all calls of presence when the channel is given back. The lock is held.
func (c *Channel) leavePresence(err *lifecycle.ErrorInfo) {
	for call := range c.entries {
		c.settlePresence(call, presenceResult{err: err})
	}
}

// sendPresence sends an entry in a frame of its own. The answer is dropped if this life of the
// channel has ended. The lock is held.
func (c *Channel) sendPresence(out presence.Output[payload]) {
	l, m := c.line, out.Message
	e := &wire.PresenceMessage{Action: int(m.Action), Data: m.Payload.data, Encoding: m.Payload.encoding}
	if out.Call == 0 { // a re-entry (RTP17g)
		e.ClientID, e.ID = m.ClientID, m.ID
	}
	frame := &wire.ProtocolMessage{
		Action: wire.ActionPresence, Channel: l.name, Presence: []*wire.PresenceMessage{e}}
	l.client.transport.SendOn(l.socket, frame, func(_ []*string, err error) {
		l.mu.Lock()
		defer l.unlock()
		if l.channel != c {
			return
		}
		in := presenceInput{Kind: presence.Answered, Call: out.Call, Client: m.ClientID, Refused: err != nil}
		if errors.Is(err, transport.ErrNotSent) {
			in.Kind = presence.Returned
		}
		c.presence(in, asInfo(err))
	})
}

// synced handles a SYNC. The lock is held.
func (c *Channel) synced(m *wire.ProtocolMessage) { c.received(presence.Synced, m) }

func (c *Channel) received(kind presence.InputKind, m *wire.ProtocolMessage) {
	in := presenceInput{Kind: kind, Messages: make([]presenceMessage, len(m.Presence))}
	if kind == presence.Synced {
		in.Serial = m.ChannelSerial
	}
	for i, p := range m.Presence {
		if p.Action < 0 || p.Action > int(presence.Update) {
			continue // the zero message, ABSENT, has no effect
		}
		e := presenceMessage{Action: presence.Action(p.Action), ClientID: p.ClientID,
			ConnectionID: p.ConnectionID, ID: p.ID, Timestamp: p.Timestamp}
		e.Payload.data, e.Payload.encoding = c.line.client.decoded(p.Data, p.Encoding)
		e.Payload.extras = jsonvalue.ReceivedObject(p.Extras)
		in.Messages[i] = e
	}
	c.presence(in, nil)
}

func memberOf(m presenceMessage) chat.WirePresence {
	return chat.WirePresence{
		Action: int(m.Action), ClientID: m.ClientID, ConnectionID: m.ConnectionID, Data: m.Payload.data,
		Encoding: m.Payload.encoding, Extras: m.Payload.extras, Timestamp: m.Timestamp,
	}
}
