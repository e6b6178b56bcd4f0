package ablychat

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"log/slog"
	"net/url"
	"sync"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/listen"
)

// MessageReactions are the reactions to a room's messages (CHA-MR). Methods may be called concurrently, and from within listeners. They need
// a client that was made by [Connect]; to send, delete and fetch, one that was given a REST client will do.
type MessageReactions struct {
	room      *Room
	summaries listen.List[chat.ReactionSummaryEvent]
	raws      listen.List[chat.RawReactionEvent]

	mu  sync.Mutex
	off func() // ends watching the room's status; nil while nobody subscribes

	serial string // where the subscriber's channel is; guarded by the subscriber's mu
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
	_, err = r.room.client.rest.do(ctx, operation, call{method: "POST", path: r.room.messages.path(messageSerial, "reactions"), body: body})
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
		query.Set("name", reaction.Name)
	}
	_, err = r.room.client.rest.do(ctx, operation, call{method: "DELETE", path: r.room.messages.path(messageSerial, "reactions"), query: query})
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
	body, err := r.room.client.rest.one(ctx, operation, call{method: "GET", path: r.room.messages.path(messageSerial, "client-reactions"), query: query})
	if err != nil {
		return chat.Reactions{}, err
	}
	reactions, _ := chat.DecodeReactions(body)
	return reactions, nil
}

// Subscribe registers a listener for summaries: each tells all reactions to one message, as they are then (CHA-MR6). It returns what removes it. It
// attaches no room, and is told of nothing while the room is not attached. At most [MaxPending] may wait for it.
//
// Errors: [lifecycle.InvalidArgument] for a client that was not made by [Connect].
func (r *MessageReactions) Subscribe(listener func(chat.ReactionSummaryEvent)) (off func(), err error) {
	if err := r.possible(); err != nil {
		return nil, err
	}
	return r.watching(r.summaries.Add(listener, r.room.listening())), nil
}

// Events is [MessageReactions.Subscribe] for those who range, until the context ends or the room is released. A [listen.OverflowError] tells of
// what was lost.
//
// Errors: those of [MessageReactions.Subscribe].
func (r *MessageReactions) Events(ctx context.Context) (iter.Seq2[chat.ReactionSummaryEvent, error], error) {
	if err := r.possible(); err != nil {
		return nil, err
	}
	events := r.summaries.Events(ctx, r.room.listening())
	context.AfterFunc(ctx, r.watching(func() {}))
	return events, nil
}

// SubscribeRaw registers a listener for single reactions, added or deleted (CHA-MR7). Summaries are not to be computed from them (CHA-MR8). All
// else is as for [MessageReactions.Subscribe].
//
// Errors: [lifecycle.FeatureNotEnabledInRoom] when the room was got without raw reactions (CHA-MR7c); those of [MessageReactions.Subscribe].
func (r *MessageReactions) SubscribeRaw(listener func(chat.RawReactionEvent)) (off func(), err error) {
	if !r.room.Options().Messages.RawMessageReactions {
		return nil, disabled("subscribe to raw message reactions", "raw message reactions: lifecycle.WithRawMessageReactions(true)")
	}
	if err := r.possible(); err != nil {
		return nil, err
	}
	return r.watching(r.raws.Add(listener, r.room.listening())), nil
}

func (r *MessageReactions) possible() error {
	if r.room.client.rest.ours {
		return nil
	}
	return lifecycle.NewErrorInfo(lifecycle.InvalidArgument,
		"unable to subscribe to message reactions; ably-go can't receive them, and only a client made by ablychat.Connect has a connection that can", nil)
}

// watching has the subscriber follow the room while anybody listens. It returns what removes a listener.
func (r *MessageReactions) watching(remove func()) (off func()) {
	r.mu.Lock()
	if r.off == nil {
		// The listener is there before the status is looked at, and each change leads to the status of that moment.
		r.room.channel.noteAttaches(true)
		r.off = r.room.OnStatusChange(func(lifecycle.StatusChange) { r.follow() })
	}
	r.mu.Unlock()
	r.follow()
	var once sync.Once
	return func() {
		once.Do(func() {
			remove()
			r.mu.Lock()
			if r.summaries.Len() == 0 && r.raws.Len() == 0 {
				r.unwatch()
			}
			r.mu.Unlock()
			r.follow()
		})
	}
}

// unwatch ends what watching began. The lock is held.
func (r *MessageReactions) unwatch() {
	if r.off != nil {
		r.off()
		r.off = nil
		r.room.channel.noteAttaches(false)
	}
}

// follow attaches or detaches the subscriber's channel, as the room is and somebody listens.
func (r *MessageReactions) follow() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.off != nil && r.room.Status() == lifecycle.StatusAttached {
		r.room.client.annotations.attach(r, r.room.channel.serialOfAttach())
	} else {
		r.room.client.annotations.detach(r)
	}
}

// dispose ends all subscriptions (CHA-MR12).
func (r *MessageReactions) dispose() {
	r.summaries.Clear()
	r.raws.Clear()
	r.mu.Lock()
	r.unwatch()
	r.mu.Unlock()
	r.follow()
}

// receiveMessage takes a message of the subscriber's channel; all but summaries come by the room's own.
func (r *MessageReactions) receiveMessage(text []byte) {
	var w wireSummary
	if err := loosely(text, &w); err != nil || chat.WireAction(w.Action) != chat.WireSummary {
		return
	}
	event, ignored := chat.DecodeSummary(w.message())
	for _, kind := range ignored { // CHA-MR6a4
		r.room.ignored(slog.LevelInfo, "a summary has the type "+kind)
	}
	r.summaries.Publish(event)
}

func (r *MessageReactions) receiveAnnotation(text []byte, timestamp int64) {
	var w wireAnnotation
	if loosely(text, &w) != nil {
		return
	}
	if w.Timestamp == 0 {
		w.Timestamp = timestamp
	}
	event, err := chat.DecodeRawReaction(chat.WireAnnotation(w))
	if err != nil {
		r.room.ignored(slog.LevelInfo, err.Error())
		return
	}
	r.raws.Publish(event)
}

// loosely reads JSON whose fields may be of other types than expected: these are left out (CHA-MR6a, CHA-MR7b).
func loosely(text []byte, v any) error {
	err := json.Unmarshal(text, v)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return nil
	}
	return err
}
