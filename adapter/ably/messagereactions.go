package ablychat

import (
	"context"
	"iter"
	"log/slog"
	"net/url"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/listen"
)

// MessageReactions are the reactions to a room's messages (CHA-MR). Methods may be called concurrently, and from within listeners. To
// send, delete and fetch they need a client that was made by [Connect] or was given a REST client.
type MessageReactions struct {
	room      *Room
	summaries listen.List[chat.ReactionSummaryEvent]
	raws      listen.List[chat.RawReactionEvent]
}

// Reactions returns the reactions to the room's messages.
func (m *Messages) Reactions() *MessageReactions { return &m.reactions }

// MessageReaction says which reaction to send or to delete.
type MessageReaction struct {
	Name  string                        // "like", or an emoji; for deleting one of the type unique it may be empty
	Type  lifecycle.MessageReactionType // empty for the room's default (CHA-MR4b2)
	Count int                           // how many, for the type multiple; 0 for one
}

// Send adds this client's reaction to a message (CHA-MR4). The room need not be attached.
//
// Errors: [lifecycle.InvalidArgument] for an empty serial (CHA-MR4a2) or name, an unknown type, or a count with a type other than multiple; the
// service's; the context's cause.
func (r *MessageReactions) Send(ctx context.Context, messageSerial string, reaction MessageReaction) error {
	const operation = "send message reaction"
	t, err := r.check(operation, messageSerial, reaction)
	if err != nil {
		return err
	}
	if reaction.Name == "" {
		return lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to "+operation+"; its name is empty", nil)
	}
	body := map[string]any{"type": string(t), "name": reaction.Name}
	if t == lifecycle.MessageReactionTypeMultiple {
		body["count"] = max(reaction.Count, 1) // CHA-MR4b3
	}
	if body, err = plainObject(operation, body); err != nil {
		return err
	}
	_, err = r.room.client.rest.one(ctx, operation,
		call{method: "POST", path: r.room.messages.path(messageSerial, "reactions"), body: body}, "serial")
	return err
}

// Delete takes this client's reaction to a message away (CHA-MR11). The room need not be attached.
//
// Errors: [lifecycle.InvalidArgument] for an empty serial (CHA-MR11a2), for an empty name with a type other than unique (CHA-MR11b1a), or an
// unknown type; the service's; the context's cause.
func (r *MessageReactions) Delete(ctx context.Context, messageSerial string, reaction MessageReaction) error {
	const operation = "delete message reaction"
	reaction.Count = 0
	t, err := r.check(operation, messageSerial, reaction)
	if err != nil {
		return err
	}
	query := url.Values{"type": {string(t)}}
	if t != lifecycle.MessageReactionTypeUnique {
		if reaction.Name == "" {
			return lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to "+operation+"; its name is empty, and its type is not unique", nil)
		}
		if _, err := plainValue(operation, "name", reaction.Name); err != nil {
			return err
		}
		query.Set("name", reaction.Name)
	}
	_, err = r.room.client.rest.one(ctx, operation,
		call{method: "DELETE", path: r.room.messages.path(messageSerial, "reactions"), query: query}, "serial")
	return err
}

func (r *MessageReactions) check(operation, messageSerial string, reaction MessageReaction) (lifecycle.MessageReactionType, error) {
	if messageSerial == "" {
		return "", emptySerial(operation)
	}
	t := reaction.Type
	if t == "" {
		t = r.room.Options().Messages.DefaultMessageReactionType
	}
	switch t {
	case lifecycle.MessageReactionTypeUnique, lifecycle.MessageReactionTypeDistinct, lifecycle.MessageReactionTypeMultiple:
	default:
		return "", lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to "+operation+"; its type is "+string(t)+", expected unique, distinct or multiple", nil)
	}
	if reaction.Count < 0 || reaction.Count > 0 && t != lifecycle.MessageReactionTypeMultiple {
		return "", lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to "+operation+"; a count is a positive number, and only for the type multiple", nil)
	}
	return t, nil
}

// ClientReactions returns the reactions of one client to a message, also where a summary is clipped (CHA-MR13); of this client when clientID is empty.
//
// Errors: [lifecycle.InvalidArgument] for an empty serial; the service's (CHA-MR13c); the context's cause.
func (r *MessageReactions) ClientReactions(ctx context.Context, messageSerial, clientID string) (chat.Reactions, error) {
	const operation = "get client reactions"
	if messageSerial == "" {
		return chat.Reactions{}, emptySerial(operation)
	}
	var query url.Values
	if clientID != "" { // CHA-MR13b1
		query = url.Values{"forClientId": {clientID}}
	}
	a, err := r.room.client.rest.do(ctx, operation,
		call{method: "GET", path: r.room.messages.path(messageSerial, "client-reactions"), query: query})
	if err != nil {
		return chat.Reactions{}, err
	}
	body, ok := a.body.(map[string]any)
	reactions, unknown := chat.DecodeReactions(body)
	if !ok || len(body) > 0 && len(unknown) == len(body) {
		return chat.Reactions{}, fromREST(ctx, operation, a.unexpected("reactions by their types"))
	}
	return reactions, nil
}

// Subscribe registers a listener for summaries: each has all reactions to one message, as they are
// then (CHA-MR6). It returns an unsubscribe function. It attaches no room, and nothing comes while
// the room is not attached. At most [MaxPending] may wait for it. err is nil.
func (r *MessageReactions) Subscribe(listener func(chat.ReactionSummaryEvent)) (off func(), err error) {
	return r.summaries.Add(listener, r.room.listening()), nil
}

// Events is [MessageReactions.Subscribe] for those who range, until the context ends or the room is
// released. A [listen.OverflowError] reports what was dropped. err is nil.
func (r *MessageReactions) Events(ctx context.Context) (events iter.Seq2[chat.ReactionSummaryEvent, error], err error) {
	return r.summaries.Events(ctx, r.room.listening()), nil
}

// SubscribeRaw registers a listener for single reactions, added or deleted (CHA-MR7). Summaries are not to be computed from them (CHA-MR8). All
// else is as for [MessageReactions.Subscribe].
//
// Errors: [lifecycle.FeatureNotEnabledInRoom] when the room was got without raw reactions (CHA-MR7c).
func (r *MessageReactions) SubscribeRaw(listener func(chat.RawReactionEvent)) (off func(), err error) {
	if !r.room.Options().Messages.RawMessageReactions {
		return nil, disabled("subscribe to raw message reactions", "raw message reactions: lifecycle.WithRawMessageReactions(true)")
	}
	return r.raws.Add(listener, r.room.listening()), nil
}

// dispose ends all subscriptions (CHA-MR12).
func (r *MessageReactions) dispose() {
	r.summaries.Clear()
	r.raws.Clear()
}

// receiveSummary takes a message that is a summary.
func (r *MessageReactions) receiveSummary(w chat.WireMessage) {
	event, ignored := chat.DecodeSummary(w)
	for _, kind := range ignored { // CHA-MR6a4
		r.room.ignored(slog.LevelInfo, "a summary has the type "+kind)
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
