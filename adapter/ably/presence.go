package ablychat

import (
	"context"
	"errors"
	"iter"
	"log/slog"

	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle/listen"
)

// Presence says who is in a room, by their own word (CHA-PR). Methods may be called concurrently, and from within listeners.
type Presence struct {
	room      *Room
	listeners listen.List[chat.PresenceEvent]
}

// Presence returns the room's presence.
func (r *Room) Presence() *Presence { return &r.presence }

// Enter makes this client present in the room, with data that JSON has a form for, or nil (CHA-PR3); Ably's own clients give objects. While
// the room is attaching it waits for the end of that.
//
// Errors: [lifecycle.RoomInInvalidState] for a room that is not attached, nor becomes so (CHA-PR3h, CHA-RL9c); [lifecycle.InvalidArgument] for
// data that JSON has no form for; [lifecycle.Disconnected] without a connection, when the realtime client
// was made with ably.WithQueueMessages(false) (TO3g); the service's, such as [lifecycle.InvalidClientID] for a client without an id; the context's cause.
func (p *Presence) Enter(ctx context.Context, data any) error {
	return p.do(ctx, "enter presence", data, (*realtime.Channel).Enter)
}

// Update changes this client's data, and enters it if it was not present (CHA-PR10). Waits and errors are those of [Presence.Enter].
func (p *Presence) Update(ctx context.Context, data any) error {
	return p.do(ctx, "update presence", data, (*realtime.Channel).Update)
}

// Leave makes this client present no more, with last data, or nil (CHA-PR4). Waits and errors are those of [Presence.Enter].
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
	if err := p.room.sendable(operation); err != nil {
		return err
	}
	if err := p.room.attached(ctx, operation); err != nil {
		return err
	}
	return failed(ctx, operation, call(p.room.channel, ctx, data))
}

// failed makes an error of ours from what a call below returned; the context's cause, if that ended
// it.
func failed(ctx context.Context, operation string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))) {
		return context.Cause(ctx)
	}
	return fromAbly(operation, err)
}

// Get returns all who are present, once the service's list is complete (CHA-PR6). In a room that
// was got without presence events, or whose client may not subscribe, it returns nobody, which is
// logged as an error (RTP11f). Waits and errors are those of [Presence.Enter].
func (p *Presence) Get(ctx context.Context) ([]chat.PresenceMember, error) {
	const operation = "get presence"
	if err := p.room.attached(ctx, operation); err != nil {
		return nil, err
	}
	messages, err := p.room.channel.Get(ctx)
	if err != nil {
		return nil, failed(ctx, operation, err)
	}
	members := make([]chat.PresenceMember, len(messages))
	for i, m := range messages {
		members[i] = chat.DecodeMember(m)
	}
	return members, nil
}

// IsUserPresent tells whether a client is present, with any of its connections (CHA-PR5). Waits and errors are those of [Presence.Enter].
func (p *Presence) IsUserPresent(ctx context.Context, clientID string) (bool, error) {
	members, err := p.Get(ctx)
	for _, m := range members {
		if m.ClientID == clientID {
			return true, nil
		}
	}
	return false, err
}

const presenceOption = "presence events: lifecycle.WithPresenceEvents(true), the default"

// Subscribe registers a listener for all presence events, also this client's own, and returns what removes it (CHA-PR7). It attaches nothing. At
// most [MaxPending] may wait for it.
//
// Errors: [lifecycle.FeatureNotEnabledInRoom] when the room was got without presence events (CHA-PR7e).
func (p *Presence) Subscribe(listener func(chat.PresenceEvent)) (off func(), err error) {
	if !p.room.Options().Presence.EnableEvents {
		return nil, disabled("subscribe to presence", presenceOption)
	}
	return p.listeners.Add(listener, p.room.listening()), nil
}

// Events is [Presence.Subscribe] for those who range: every event from the call on, until the context ends, the loop is left or the room is
// released. A [listen.OverflowError] tells of what was lost.
//
// Errors: those of [Presence.Subscribe].
func (p *Presence) Events(ctx context.Context) (iter.Seq2[chat.PresenceEvent, error], error) {
	if !p.room.Options().Presence.EnableEvents {
		return nil, disabled("subscribe to presence", presenceOption)
	}
	return p.listeners.Events(ctx, p.room.listening()), nil
}

func (p *Presence) receive(w chat.WirePresence) {
	event, err := chat.DecodePresence(w)
	if err != nil {
		p.room.ignored(slog.LevelInfo, err.Error())
		return
	}
	p.listeners.Publish(event)
}
