package ablychat

import (
	"context"
	"iter"
	"log/slog"

	"ablyrooms.example/chat"
	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// Messages sends and receives the messages of a room, and reads its history (CHA-M).
// [Room.Messages] returns it. Methods may be called concurrently, and from within listeners. Only
// subscriptions need an attached room; all other methods make REST requests.
type Messages struct {
	room          *Room
	listeners     listen.List[MessageEvent]
	subscriptions subscriptions
	reactions     MessageReactions
}

var messageEvents = events{name: "messages"}

// Messages returns the room's [Messages]. It is always the same value.
func (r *Room) Messages() *Messages { return &r.messages }

// MessageContent is the content of a message. Its values may have any type that encoding/json can
// write; receivers get plain JSON types. Values that can't be sent are refused with
// [ErrInvalidArgument]: text that is not valid UTF-8, a value without a JSON form (such as NaN),
// and an integer of more than 64 bits that a float64 can't hold exactly.
type MessageContent struct {
	Text     string
	Metadata map[string]any // a JSON object for the receivers; may be nil
	Headers  map[string]any // values are strings, numbers, bools or nil; may be nil
}

// Text returns the content of a message that has text and nothing else.
func Text(text string) MessageContent { return MessageContent{Text: text} }

// body returns the content as plain JSON types.
func (c MessageContent) body(operation string) (map[string]any, error) {
	content := map[string]any{"text": c.Text}
	if c.Metadata != nil { // CHA-M3b
		content["metadata"] = c.Metadata
	}
	body, err := plainObject(operation, content)
	if err == nil && c.Headers != nil {
		body["headers"], err = plainHeaders(operation, c.Headers)
	}
	return body, err
}

func (m *Messages) path(more ...string) []string {
	return append([]string{"rooms", m.room.Name(), "messages"}, more...)
}

// Send sends a message (CHA-M3). It returns the message with the serial and timestamp that the
// service gave it. Listeners of the room receive it too, also those of this client.
//
// Errors: [ErrInvalidArgument] for content that can't be sent, see [MessageContent], and for the
// options [WithDescription] and [WithOperationMetadata]; errors of the service (CHA-M3e), whose
// cause is a [*Rejection] where moderation or a rule gives details; [ErrRoomInInvalidState] or
// [ErrResourceDisposed] once the room is released, see [Room]; the context's error: then the
// message may have been sent.
func (m *Messages) Send(ctx context.Context, content MessageContent, options ...OperationOption) (Message, error) {
	const operation = "send message"
	o := m.operationOf(options)
	if o.description != "" || o.metadata != nil {
		return Message{}, lifecycle.NewErrorInfo(ErrInvalidArgument,
			"unable to "+operation+"; the options WithDescription and WithOperationMetadata are only for Update and Delete", nil)
	}
	body, err := content.body(operation)
	if err != nil {
		return Message{}, err
	}
	return m.one(ctx, operation, call{method: "POST", path: m.path(), query: o.query(), body: body})
}

// Update replaces the whole content of the message with the given serial (CHA-M8): metadata and
// headers that the new content lacks are removed. It returns the new version of the message.
//
// Errors: [ErrInvalidArgument] for an empty serial (CHA-M8g), and for content or options that can't
// be sent; errors of the service (CHA-M8d); [ErrRoomInInvalidState] or [ErrResourceDisposed] once
// the room is released, see [Room]; the context's error.
func (m *Messages) Update(
	ctx context.Context, serial string, to MessageContent, options ...OperationOption,
) (Message, error) {
	const operation = "update message"
	if serial == "" {
		return Message{}, emptySerial(operation)
	}
	o := m.operationOf(options)
	body, err := o.body(operation)
	if err == nil {
		body["message"], err = to.body(operation)
	}
	if err != nil {
		return Message{}, err
	}
	return m.one(ctx, operation, call{method: "PUT", path: m.path(serial), query: o.query(), body: body})
}

// Delete marks the message with the given serial as deleted and removes its content; the history
// keeps the message without content (CHA-M9). It returns the new version of the message.
//
// Errors: [ErrInvalidArgument] for an empty serial (CHA-M9f), and for options that can't be sent;
// errors of the service (CHA-M9c); [ErrRoomInInvalidState] or [ErrResourceDisposed] once the room
// is released, see [Room]; the context's error.
func (m *Messages) Delete(ctx context.Context, serial string, options ...OperationOption) (Message, error) {
	const operation = "delete message"
	if serial == "" {
		return Message{}, emptySerial(operation)
	}
	o := m.operationOf(options)
	body, err := o.body(operation)
	if err != nil {
		return Message{}, err
	}
	return m.one(ctx, operation, call{method: "POST", path: m.path(serial, "delete"), query: o.query(), body: body})
}

// Get returns the newest version of the message with the given serial (CHA-M13).
//
// Errors: [ErrInvalidArgument] for an empty serial; errors of the service, with status 404 if there
// is no such message (CHA-M13b); [ErrRoomInInvalidState] or [ErrResourceDisposed] once the room is
// released, see [Room]; the context's error.
func (m *Messages) Get(ctx context.Context, serial string) (Message, error) {
	const operation = "get message"
	if serial == "" {
		return Message{}, emptySerial(operation)
	}
	return m.one(ctx, operation, call{method: "GET", path: m.path(serial)})
}

// one makes a request and returns the message in the answer.
func (m *Messages) one(ctx context.Context, operation string, c call) (Message, error) {
	body, err := m.room.one(ctx, operation, c, "serial")
	if err != nil {
		return Message{}, err
	}
	return chat.DecodeRESTMessage(body), nil
}

func emptySerial(operation string) error {
	return lifecycle.NewErrorInfo(ErrInvalidArgument, "unable to "+operation+"; the message's serial is empty", nil)
}

// Subscribe registers a listener for messages that any client, also this one, sends, updates or
// deletes (CHA-M4). It doesn't attach the room. At most [MaxPending] events wait for the listener.
// The earlier messages are in [MessageSubscription.HistoryBeforeSubscribe].
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState] or [ErrResourceDisposed]
// once the room is released.
func (m *Messages) Subscribe(listener func(MessageEvent)) (*MessageSubscription, error) {
	s := &MessageSubscription{messages: m}
	err := m.subscriptions.add(s, func() (err error) {
		s.listener, err = subscribe(m.room, &m.listeners, messageEvents, listener)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Events is [Messages.Subscribe] for a loop. It returns a sequence of every event after the call,
// each with a nil error. Where events were dropped, it yields a [*DroppedError] in their place, and
// goes on. Any other error is the last item: the context's error, [ErrRoomInInvalidState] or
// [ErrResourceDisposed].
//
// The sequence can be ranged over once. Events wait for it from the call on, so a caller that
// doesn't range over it must cancel ctx.
func (m *Messages) Events(ctx context.Context) iter.Seq2[MessageEvent, error] {
	return sequence(ctx, m.room, &m.listeners, messageEvents)
}

func (m *Messages) receive(w chat.WireMessage) {
	event, err := chat.DecodeMessage(w)
	if err != nil {
		m.room.ignored(slog.LevelInfo, err.Error())
		return
	}
	m.listeners.Publish(event)
	m.subscriptions.since.Publish(sinceItem{event: event})
}

// dispose ends all subscriptions (CHA-M12).
func (m *Messages) dispose() {
	end(m.room, &m.listeners, messageEvents)
	end(m.room, &m.subscriptions.since, messageEvents)
	m.subscriptions.end()
	m.reactions.dispose()
}
