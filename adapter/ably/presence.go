package ablychat

import (
	"context"
	"errors"
	"iter"
	"log/slog"

	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/chat"
	"ablyrooms.example/internal/ctxerr"
	"ablyrooms.example/internal/listen"
)

// Presence is the set of clients that have entered a room (CHA-PR). [Room.Presence] returns it.
// Methods may be called concurrently, and from within listeners.
type Presence struct {
	room      *Room
	listeners listen.List[PresenceEvent]
}

var presenceEvents = events{name: "presence events",
	enabled: func(o RoomOptions) bool { return o.Presence.EnableEvents },
	option:  "presence events: use ablychat.WithPresenceEvents(true), the default"}

// Presence returns the room's [Presence]. It is always the same value.
func (r *Room) Presence() *Presence { return &r.presence }

// Enter makes this client a member of the room's presence (CHA-PR3), and returns nil when the
// service has confirmed it. data is a value that encoding/json can write, or nil; the official Chat
// clients use an object. While the room is attaching, Enter waits until it is attached.
//
// Errors, in the order in which Enter checks for them: [ErrInvalidArgument] for data that can't be
// sent, see [MessageContent]; [ErrRoomInInvalidState] or [ErrResourceDisposed] once the room is
// released, see [Room]; [ErrDisconnected] without a connection, if the realtime client was made
// with ably.WithQueueMessages(false) (TO3g); [ErrRoomInInvalidState] if the room is neither
// attached nor attaching, or fails to attach (CHA-PR3h, CHA-RL9c); [ErrInvalidClientID] if the
// client has no id; errors of the service; the context's error.
func (p *Presence) Enter(ctx context.Context, data any) error {
	return p.do(ctx, "enter presence", data, (*realtime.Channel).Enter)
}

// Update changes this client's data, and enters the client if it was not present (CHA-PR10). It
// waits like [Presence.Enter], and has the same errors.
func (p *Presence) Update(ctx context.Context, data any) error {
	return p.do(ctx, "update presence", data, (*realtime.Channel).Update)
}

// Leave removes this client from the room's presence (CHA-PR4). data is sent with the leave event,
// and may be nil. Leave waits like [Presence.Enter], and has the same errors.
func (p *Presence) Leave(ctx context.Context, data any) error {
	return p.do(ctx, "leave presence", data, (*realtime.Channel).Leave)
}

func (p *Presence) do(
	ctx context.Context, operation string, data any,
	call func(*realtime.Channel, context.Context, any) error,
) error {
	data, err := plainValue(operation, "data", data)
	if err != nil {
		return err
	}
	if err := p.room.begin(ctx, operation); err != nil {
		return err
	}
	if err := p.room.sendable(operation); err != nil {
		return err
	}
	if err := p.room.attached(ctx, operation); err != nil {
		return err
	}
	if err := p.room.identified(operation); err != nil {
		return err
	}
	return failed(ctx, operation, call(p.room.channel, ctx, data))
}

// failed converts the error of a lower layer. If the context caused it, failed returns the
// context's error.
func failed(ctx context.Context, operation string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))) {
		return ctxerr.Of(ctx)
	}
	return fromAbly(operation, err)
}

// Get returns all members that are present, when the list is in sync with the service's (CHA-PR6).
// While the room is attaching, Get waits until it is attached. If the key or token doesn't grant
// the mode presence_subscribe, Get returns no members, and logs an error (RTP11f).
//
// Errors: [ErrFeatureNotEnabledInRoom] if the room's options disable presence events, since the
// client then receives no members, see [WithPresenceEvents]; otherwise those of [Presence.Enter].
func (p *Presence) Get(ctx context.Context) ([]PresenceMember, error) {
	const operation = "get presence"
	if err := available(p.room, presenceEvents, operation); err != nil {
		return nil, err
	}
	if err := p.room.attached(ctx, operation); err != nil {
		return nil, err
	}
	messages, err := p.room.channel.Get(ctx)
	if err != nil {
		return nil, failed(ctx, operation, err)
	}
	members := make([]PresenceMember, len(messages))
	for i, m := range messages {
		members[i] = chat.DecodeMember(m)
	}
	return members, nil
}

// IsUserPresent reports whether a client is present, with at least one of its connections
// (CHA-PR5). It waits like [Presence.Get], and has the same errors.
func (p *Presence) IsUserPresent(ctx context.Context, clientID string) (bool, error) {
	members, err := p.Get(ctx)
	for _, m := range members {
		if m.ClientID == clientID {
			return true, nil
		}
	}
	return false, err
}

// Subscribe registers a listener for presence events of all clients, also of this one (CHA-PR7). It
// doesn't attach the room. At most [MaxPending] events wait for the listener.
//
// Errors: [ErrFeatureNotEnabledInRoom] if the room's options disable presence events (CHA-PR7e),
// see [WithPresenceEvents]; [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState] or
// [ErrResourceDisposed] once the room is released.
func (p *Presence) Subscribe(listener func(PresenceEvent)) (*Subscription, error) {
	return subscribe(p.room, &p.listeners, presenceEvents, listener)
}

// Events is [Presence.Subscribe] for a loop. It also yields the errors of Subscribe. In all else it
// works like [Messages.Events].
func (p *Presence) Events(ctx context.Context) iter.Seq2[PresenceEvent, error] {
	return sequence(ctx, p.room, &p.listeners, presenceEvents)
}

func (p *Presence) receive(w chat.WirePresence) {
	event, err := chat.DecodePresence(w)
	if err != nil {
		p.room.ignored(slog.LevelInfo, err.Error())
		return
	}
	p.listeners.Publish(event)
}
