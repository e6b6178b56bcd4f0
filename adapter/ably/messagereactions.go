package ablychat

import (
	"context"
	"iter"
	"log/slog"
	"net/url"
	"strconv"

	"ablyrooms.example/chat"
	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// MessageReactions sends, deletes and receives reactions to a room's messages (CHA-MR).
// [Messages.Reactions] returns it. Methods may be called concurrently, and from within listeners.
// Only subscriptions need an attached room.
type MessageReactions struct {
	room      *Room
	summaries listen.List[ReactionSummaryEvent]
	raws      listen.List[RawReactionEvent]
}

var (
	summaryEvents = events{name: "message reactions"}
	rawEvents     = events{name: "raw message reactions",
		enabled: func(o RoomOptions) bool { return o.Messages.RawMessageReactions },
		option:  "raw message reactions: use ablychat.WithRawMessageReactions(true)"}
)

// Reactions returns the room's [MessageReactions]. It is always the same value.
func (m *Messages) Reactions() *MessageReactions { return &m.reactions }

// MessageReaction names a reaction to send or to delete.
type MessageReaction struct {
	// "like", or an emoji; may be empty to delete a reaction of type unique
	Name  string
	Type  MessageReactionType // empty means the room's default type (CHA-MR4b2)
	Count int                 // how many to add, for the type multiple; 0 means 1
}

// Send adds this client's reaction to the message with the given serial (CHA-MR4). It returns nil
// when the service has accepted the reaction. The room need not be attached.
//
// Errors: [ErrInvalidArgument] for an empty serial (CHA-MR4a2) or name, an unknown type, or a count
// with a type other than multiple; [ErrRoomInInvalidState] or [ErrResourceDisposed] once the room
// is released, see [Room]; errors of the service; the context's error.
func (r *MessageReactions) Send(
	ctx context.Context, messageSerial string, reaction MessageReaction,
) error {
	const operation = "send message reaction"
	t, err := r.check(operation, messageSerial, reaction)
	if err != nil {
		return err
	}
	if reaction.Name == "" {
		return lifecycle.NewErrorInfo(ErrInvalidArgument,
			"unable to "+operation+"; its name is empty", nil)
	}
	body := map[string]any{"type": string(t), "name": reaction.Name}
	if t == MessageReactionTypeMultiple {
		body["count"] = max(reaction.Count, 1) // CHA-MR4b3
	}
	if body, err = plainObject(operation, body); err != nil {
		return err
	}
	return r.room.done(ctx, operation,
		call{method: "POST", path: r.room.messages.path(messageSerial, "reactions"), body: body})
}

// Delete removes this client's reaction from the message with the given serial (CHA-MR11). The room
// need not be attached. Count is ignored.
//
// Errors: [ErrInvalidArgument] for an empty serial (CHA-MR11a2), for an empty name with a type
// other than unique (CHA-MR11b1a), or an unknown type; [ErrRoomInInvalidState] or
// [ErrResourceDisposed] once the room is released, see [Room]; errors of the service; the context's
// error.
func (r *MessageReactions) Delete(
	ctx context.Context, messageSerial string, reaction MessageReaction,
) error {
	const operation = "delete message reaction"
	reaction.Count = 0
	t, err := r.check(operation, messageSerial, reaction)
	if err != nil {
		return err
	}
	query := url.Values{"type": {string(t)}}
	if t != MessageReactionTypeUnique {
		if reaction.Name == "" {
			return lifecycle.NewErrorInfo(ErrInvalidArgument,
				"unable to "+operation+"; its name is empty: only a reaction of the type unique may have an empty name", nil)
		}
		if _, err := plainValue(operation, "name", reaction.Name); err != nil {
			return err
		}
		query.Set("name", reaction.Name)
	}
	return r.room.done(ctx, operation,
		call{method: "DELETE", path: r.room.messages.path(messageSerial, "reactions"), query: query})
}

func (r *MessageReactions) check(
	operation, messageSerial string, reaction MessageReaction,
) (MessageReactionType, error) {
	if messageSerial == "" {
		return "", emptySerial(operation)
	}
	t := reaction.Type
	if t == "" {
		t = r.room.Options().Messages.DefaultMessageReactionType
	}
	switch t {
	case MessageReactionTypeUnique, MessageReactionTypeDistinct, MessageReactionTypeMultiple:
	default:
		return "", lifecycle.NewErrorInfo(ErrInvalidArgument, "unable to "+operation+
			"; the reaction's type is "+strconv.Quote(string(t))+", expected unique, distinct or multiple", nil)
	}
	if reaction.Count < 0 || reaction.Count > 0 && t != MessageReactionTypeMultiple {
		expected := "0"
		if t == MessageReactionTypeMultiple {
			expected = "0 or more"
		}
		return "", lifecycle.NewErrorInfo(ErrInvalidArgument, "unable to "+operation+
			"; the reaction's count is "+strconv.Itoa(reaction.Count)+", expected "+expected+
			" for the type "+string(t), nil)
	}
	return t, nil
}

// ClientReactions returns all reactions of one client to a message (CHA-MR13). They are complete
// even if the message's summary is clipped. An empty clientID means this client.
//
// Errors: [ErrInvalidArgument] for an empty serial; [ErrRoomInInvalidState] or
// [ErrResourceDisposed] once the room is released, see [Room]; errors of the service (CHA-MR13c);
// the context's error.
func (r *MessageReactions) ClientReactions(
	ctx context.Context, messageSerial, clientID string,
) (ReactionSummary, error) {
	const operation = "get client reactions"
	if messageSerial == "" {
		return ReactionSummary{}, emptySerial(operation)
	}
	var query url.Values
	if clientID != "" { // CHA-MR13b1
		query = url.Values{"forClientId": {clientID}}
	}
	a, err := r.room.do(ctx, operation,
		call{method: "GET", path: r.room.messages.path(messageSerial, "client-reactions"), query: query})
	if err != nil {
		return ReactionSummary{}, err
	}
	body, ok := a.body.(map[string]any)
	reactions, unknown := chat.DecodeReactions(body)
	if !ok || len(body) > 0 && len(unknown) == len(body) {
		return ReactionSummary{}, fromREST(ctx, operation, a.unexpected("an object whose keys are reaction types"))
	}
	return reactions, nil
}

// Subscribe registers a listener for summaries (CHA-MR6). Each event has the new summary of all
// reactions to one message. Subscribe doesn't attach the room. At most [MaxPending] events wait for
// the listener.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState] or [ErrResourceDisposed]
// once the room is released.
func (r *MessageReactions) Subscribe(listener func(ReactionSummaryEvent)) (*Subscription, error) {
	return subscribe(r.room, &r.summaries, summaryEvents, listener)
}

// Events is [MessageReactions.Subscribe] for a loop. In all else it works like [Messages.Events].
func (r *MessageReactions) Events(ctx context.Context) iter.Seq2[ReactionSummaryEvent, error] {
	return sequence(ctx, r.room, &r.summaries, summaryEvents)
}

// SubscribeRaw registers a listener for single reactions that are added or deleted (CHA-MR7). Don't
// compute summaries from them (CHA-MR8): use [MessageReactions.Subscribe].
//
// Errors: [ErrFeatureNotEnabledInRoom] if the room's options don't enable raw reactions (CHA-MR7c),
// see [WithRawMessageReactions]; those of [MessageReactions.Subscribe].
func (r *MessageReactions) SubscribeRaw(listener func(RawReactionEvent)) (*Subscription, error) {
	return subscribe(r.room, &r.raws, rawEvents, listener)
}

// RawEvents is [MessageReactions.SubscribeRaw] for a loop. It also yields the errors of
// SubscribeRaw. In all else it works like [Messages.Events].
func (r *MessageReactions) RawEvents(ctx context.Context) iter.Seq2[RawReactionEvent, error] {
	return sequence(ctx, r.room, &r.raws, rawEvents)
}

// dispose ends all subscriptions (CHA-MR12).
func (r *MessageReactions) dispose() {
	end(r.room, &r.summaries, summaryEvents)
	end(r.room, &r.raws, rawEvents)
}

// receiveSummary publishes the summary that a message contains.
func (r *MessageReactions) receiveSummary(w chat.WireMessage) {
	event, ignored := chat.DecodeSummary(w)
	for _, kind := range ignored { // CHA-MR6a4
		r.room.ignored(slog.LevelInfo, "a summary has the unknown type "+strconv.Quote(kind))
	}
	r.summaries.Publish(event)
}

func (r *MessageReactions) receiveAnnotation(w chat.WireAnnotation) {
	event, err := chat.DecodeRawReaction(w)
	if err != nil {
		r.room.ignored(slog.LevelInfo, err.Error())
		return
	}
	r.raws.Publish(event)
}
