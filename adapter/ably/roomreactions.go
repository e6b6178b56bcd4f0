package ablychat

import (
	"context"
	"iter"
	"time"

	"ablyrooms.example/chat"
	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// RoomReactions are the reactions to what goes on in a room; they are not kept (CHA-ER). Methods
// may be called concurrently, and from within listeners.
type RoomReactions struct {
	room      *Room
	listeners listen.List[RoomReaction]
}

var roomReactionEvents = events{name: "room reactions"}

// Reactions returns the room's reactions.
func (r *Room) Reactions() *RoomReactions { return &r.reactions }

// ReactionContent is what a room reaction says.
type ReactionContent struct {
	Name     string         // which reaction: "like", or an emoji; must not be empty
	Metadata map[string]any // a JSON object for the receivers; may be nil
	Headers  map[string]any // values are strings, numbers, bools or nil; may be nil
}

// Send sends a reaction (CHA-ER3d), and returns when the service has it. The room need not be
// attached.
//
// Errors: [ErrInvalidArgument] for an empty name, or what can't be sent as it is;
// [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; [ErrDisconnected] without a
// connection (CHA-ER3g); the service's; the context's.
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

// Subscribe registers a listener for reactions, also this client's own (CHA-ER4). It attaches
// nothing. At most [MaxPending] wait for it.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState]; [ErrResourceDisposed].
func (r *RoomReactions) Subscribe(listener func(RoomReaction)) (*Subscription, error) {
	return subscribe(r.room, &r.listeners, roomReactionEvents, listener)
}

// Events is [RoomReactions.Subscribe] for a loop; all else is as for [Messages.Events].
func (r *RoomReactions) Events(ctx context.Context) iter.Seq2[RoomReaction, error] {
	return sequence(ctx, r.room, &r.listeners, roomReactionEvents)
}

func (r *RoomReactions) receive(w chat.WireMessage) {
	r.listeners.Publish(chat.DecodeRoomReaction(w, r.room.client.ClientID(), time.Now()))
}
