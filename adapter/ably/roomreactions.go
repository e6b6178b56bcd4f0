package ablychat

import (
	"context"
	"iter"
	"time"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/listen"
)

// RoomReactions are the reactions to what goes on in a room; they are not kept (CHA-ER). Methods may be called concurrently, and from within
// listeners.
type RoomReactions struct {
	room      *Room
	listeners listen.List[chat.RoomReaction]
}

// Reactions returns the room's reactions.
func (r *Room) Reactions() *RoomReactions { return &r.reactions }

// ReactionContent is what [RoomReactions.Send] sends.
type ReactionContent struct {
	Name     string         // which reaction: "like", or an emoji; must not be empty
	Metadata map[string]any // a JSON object for the receivers; may be nil
	Headers  map[string]any // values are strings, numbers, bools or nil; may be nil
}

// Send sends a reaction (CHA-ER3d), and returns when the service has it. The room need not be attached.
//
// Errors: [lifecycle.ErrInvalidArgument] for an empty name, or what JSON has no form for; [lifecycle.ErrDisconnected] without a connection
// (CHA-ER3g); [lifecycle.ErrRoomInInvalidState] for a room that is released; the service's; the context's cause.
func (r *RoomReactions) Send(ctx context.Context, reaction ReactionContent) error {
	if reaction.Name == "" {
		return lifecycle.NewErrorInfo(lifecycle.ErrInvalidArgument, "unable to send reaction; its name is empty", nil)
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

// Subscribe registers a listener for reactions, also this client's own, and returns what removes it (CHA-ER4). It attaches nothing. At
// most [MaxPending] may wait for it.
func (r *RoomReactions) Subscribe(listener func(chat.RoomReaction)) (off func()) {
	return r.listeners.Add(listener, r.room.listening())
}

// Events is [RoomReactions.Subscribe] for those who range: every reaction from the call on, until the context ends, the loop is left or the
// room is released. A [listen.OverflowError] tells of what was lost.
func (r *RoomReactions) Events(ctx context.Context) iter.Seq2[chat.RoomReaction, error] {
	return r.listeners.Events(ctx, r.room.listening())
}

func (r *RoomReactions) receive(w chat.WireMessage) {
	r.listeners.Publish(chat.DecodeRoomReaction(w, r.room.client.ClientID(), time.Now()))
}
