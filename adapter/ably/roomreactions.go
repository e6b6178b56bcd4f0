package ablychat

import (
	"context"
	"iter"
	"time"

	"ablyrooms.example/chat"
	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// RoomReactions sends and receives reactions to the room as a whole, not to a message (CHA-ER). The
// service doesn't keep them. [Room.Reactions] returns it. Methods may be called concurrently, and
// from within listeners.
type RoomReactions struct {
	room      *Room
	listeners listen.List[RoomReaction]
}

var roomReactionEvents = events{name: "room reactions"}

// Reactions returns the room's [RoomReactions]. It is always the same value.
func (r *Room) Reactions() *RoomReactions { return &r.reactions }

// ReactionContent is the content of a room reaction.
type ReactionContent struct {
	Name     string         // for example "like", or an emoji; must not be empty
	Metadata map[string]any // a JSON object for the receivers; may be nil
	Headers  map[string]any // values are strings, numbers, bools or nil; may be nil
}

// Send sends a reaction (CHA-ER3d), and returns nil when the service has accepted it. The room need
// not be attached.
//
// Errors: [ErrInvalidArgument] for an empty name, or for content that can't be sent, see
// [MessageContent]; [ErrRoomInInvalidState] or [ErrResourceDisposed] once the room is released, see
// [Room]; [ErrDisconnected] without a connection (CHA-ER3g); errors of the service; the context's
// error.
func (r *RoomReactions) Send(ctx context.Context, reaction ReactionContent) error {
	if reaction.Name == "" {
		return lifecycle.NewErrorInfo(ErrInvalidArgument,
			"unable to send reaction; its name is empty", nil)
	}
	data := map[string]any{"name": reaction.Name, "metadata": orEmpty(reaction.Metadata)}
	return r.room.publish(ctx, "send reaction", chat.NameRoomReaction, data, orEmpty(reaction.Headers))
}

func orEmpty(o map[string]any) map[string]any {
	if o == nil {
		return map[string]any{}
	}
	return o
}

// Subscribe registers a listener for the reactions of all clients, also of this one (CHA-ER4). It
// doesn't attach the room. At most [MaxPending] events wait for the listener.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState] or [ErrResourceDisposed]
// once the room is released.
func (r *RoomReactions) Subscribe(listener func(RoomReaction)) (*Subscription, error) {
	return subscribe(r.room, &r.listeners, roomReactionEvents, listener)
}

// Events is [RoomReactions.Subscribe] for a loop. In all else it works like [Messages.Events].
func (r *RoomReactions) Events(ctx context.Context) iter.Seq2[RoomReaction, error] {
	return sequence(ctx, r.room, &r.listeners, roomReactionEvents)
}

func (r *RoomReactions) receive(w chat.WireMessage) {
	r.listeners.Publish(chat.DecodeRoomReaction(w, r.room.client.ClientID(), time.Now()))
}
