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

// Presence says who is in a room, by their own word (CHA-PR). Methods may be called concurrently,
// and from within listeners.
type Presence struct {
	room      *Room
	listeners listen.List[PresenceEvent]
}

var presenceEvents = events{name: "presence events",
	enabled: func(o RoomOptions) bool { return o.Presence.EnableEvents },
	option:  "presence events: ablychat.WithPresenceEvents(true), the default"}

// Presence returns the room's presence.
func (r *Room) Presence() *Presence { return &r.presence }

// Enter makes this client present in the room (CHA-PR3), with data that JSON has a form for, or
// nil; Ably's own clients give objects. While the room is attaching, it waits for the end of that.
//
// Errors, in the order in which they are looked for: [ErrInvalidArgument] for data that can't be
// sent as it is; [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; [ErrDisconnected]
// without a connection, when the realtime client was made with ably.WithQueueMessages(false)
// (TO3g); [ErrRoomInInvalidState] for a room that is not attached, nor becomes so (CHA-PR3h,
// CHA-RL9c); [ErrInvalidClientID] for a client without an id, which is found out here; the
// service's; the context's.
func (p *Presence) Enter(ctx context.Context, data any) error {
	return p.do(ctx, "enter presence", data, (*realtime.Channel).Enter)
}

// Update changes this client's data, and enters it if it was not present (CHA-PR10). Waits and
// errors are those of [Presence.Enter].
func (p *Presence) Update(ctx context.Context, data any) error {
	return p.do(ctx, "update presence", data, (*realtime.Channel).Update)
}

// Leave makes this client present no more, with last data, or nil (CHA-PR4). Waits and errors are
// those of [Presence.Enter].
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

// failed makes an error of ours from what a call below returned; the context's, if that ended it.
func failed(ctx context.Context, operation string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))) {
		return ctxerr.Of(ctx)
	}
	return fromAbly(operation, err)
}

// Get returns all who are present, once the service's list is complete (CHA-PR6). Waits are those
// of [Presence.Enter]. A client that may not subscribe gets nobody, which is logged as an error
// (RTP11f).
//
// Errors: [ErrFeatureNotEnabledInRoom] when the room was got without presence events, since the
// client then has no list; else those of [Presence.Enter].
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

// IsUserPresent reports whether a client is present, with any of its connections (CHA-PR5). Waits
// and errors are those of [Presence.Get].
func (p *Presence) IsUserPresent(ctx context.Context, clientID string) (bool, error) {
	members, err := p.Get(ctx)
	for _, m := range members {
		if m.ClientID == clientID {
			return true, nil
		}
	}
	return false, err
}

// Subscribe registers a listener for all presence events, also this client's own (CHA-PR7). It
// attaches nothing. At most [MaxPending] wait for it.
//
// Errors: [ErrFeatureNotEnabledInRoom] when the room was got without presence events (CHA-PR7e);
// [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState]; [ErrResourceDisposed].
func (p *Presence) Subscribe(listener func(PresenceEvent)) (*Subscription, error) {
	return subscribe(p.room, &p.listeners, presenceEvents, listener)
}

// Events is [Presence.Subscribe] for a loop, whose errors are yielded; all else is as for
// [Messages.Events].
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
