package ablychat

import (
	"context"
	"iter"
	"log/slog"
	"maps"

	"ablyrooms.example/chat"
	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// Messages are a room's messages (CHA-M). Methods may be called concurrently, and from within
// listeners. All but subscriptions go by REST: for them the room need not be attached.
type Messages struct {
	room          *Room
	listeners     listen.List[MessageEvent]
	subscriptions subscriptions
	reactions     MessageReactions
}

var messageEvents = events{name: "messages"}

// Messages returns the room's messages.
func (r *Room) Messages() *Messages { return &r.messages }

// MessageContent is what a message says.
type MessageContent struct {
	Text     string
	Metadata map[string]any // a JSON object for the receivers; may be nil
	Headers  map[string]any // values are strings, numbers, bools or nil; may be nil
}

// Text returns the content of a message that is text alone.
func Text(text string) MessageContent { return MessageContent{Text: text} }

func (c MessageContent) body() map[string]any {
	body := map[string]any{"text": c.Text}
	if c.Metadata != nil { // CHA-M3b
		body["metadata"] = c.Metadata
	}
	if c.Headers != nil {
		body["headers"] = c.Headers
	}
	return body
}

func (m *Messages) path(more ...string) []string {
	return append([]string{"rooms", m.room.Name(), "messages"}, more...)
}

// Send sends a message and returns it as it was taken (CHA-M3).
//
// Errors: [ErrInvalidArgument] for a description or metadata of the operation; the service's, with
// its code and, where moderation or a rule says more, a [Rejection] for a cause (CHA-M3e);
// [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; the context's, when that ends
// first: then the message may have been sent.
func (m *Messages) Send(ctx context.Context, content MessageContent, options ...OperationOption) (Message, error) {
	const operation = "send message"
	o := m.operationOf(options)
	if o.description != "" || o.metadata != nil {
		return Message{}, lifecycle.NewErrorInfo(ErrInvalidArgument,
			"unable to "+operation+"; only an update or a deletion has a description or metadata of its own", nil)
	}
	body, err := m.room.one(ctx, operation, call{method: "POST", path: m.path(), query: o.query(), body: content.body()})
	if err != nil {
		return Message{}, err
	}
	sent := chat.DecodeRESTMessage(body)
	if _, whole := body["text"]; !whole { // an older service says only serial and time
		sent.Text, sent.ClientID = content.Text, m.room.client.ClientID()
		sent.Metadata, sent.Headers = orEmpty(maps.Clone(content.Metadata)), orEmpty(maps.Clone(content.Headers))
	}
	return sent, nil
}

// Update puts other content in the place of a message's; what it leaves out is gone (CHA-M8). It
// returns the message as it is then.
//
// Errors: [ErrInvalidArgument] for an empty serial (CHA-M8g); the service's (CHA-M8d);
// [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; the context's.
func (m *Messages) Update(
	ctx context.Context, serial string, to MessageContent, options ...OperationOption,
) (Message, error) {
	o := m.operationOf(options)
	return m.change(ctx, "update message", serial, call{method: "PUT", path: m.path(serial),
		query: o.query(), body: o.addTo(map[string]any{"message": to.body()})})
}

// Delete marks a message as deleted and takes its content away; it stays in the history as that
// (CHA-M9). It returns the message as it is then.
//
// Errors: [ErrInvalidArgument] for an empty serial (CHA-M9f); the service's (CHA-M9c);
// [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; the context's.
func (m *Messages) Delete(ctx context.Context, serial string, options ...OperationOption) (Message, error) {
	o := m.operationOf(options)
	return m.change(ctx, "delete message", serial, call{method: "POST", path: m.path(serial, "delete"),
		query: o.query(), body: o.addTo(map[string]any{})})
}

// Get returns a message as it is now, by its serial (CHA-M13).
//
// Errors: [ErrInvalidArgument] for an empty serial; the service's, of status 404 when there is none
// (CHA-M13b); [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; the context's.
func (m *Messages) Get(ctx context.Context, serial string) (Message, error) {
	return m.change(ctx, "get message", serial, call{method: "GET", path: m.path(serial)})
}

func (m *Messages) change(ctx context.Context, operation, serial string, c call) (Message, error) {
	if serial == "" {
		return Message{}, emptySerial(operation)
	}
	body, err := m.room.one(ctx, operation, c)
	if err != nil {
		return Message{}, err
	}
	return chat.DecodeRESTMessage(body), nil
}

func emptySerial(operation string) error {
	return lifecycle.NewErrorInfo(ErrInvalidArgument, "unable to "+operation+"; the message's serial is empty", nil)
}

// Subscribe registers a listener for messages that are sent, updated or deleted, also by this client
// (CHA-M4). It attaches nothing. At most [MaxPending] events wait for it. The subscription has the
// history before it, too.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState]; [ErrResourceDisposed].
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

// Events is [Messages.Subscribe] for a loop: every event from the call on, with a nil error. Where
// events were dropped a [*DroppedError] stands in their place. Any other error is the last: the
// context's, [ErrRoomInInvalidState] or [ErrResourceDisposed]. It can be ranged over once. A caller
// that doesn't range over it must end the context.
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
