package ablychat

import (
	"context"
	"iter"
	"log/slog"

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

// MessageContent is what a message says. Values in it may be of any type that encoding/json writes;
// they arrive as plain JSON types. Text that is not valid UTF-8, a number that JSON has no form for
// (NaN) and an integer beyond 64 bits that a float64 would change are [ErrInvalidArgument].
type MessageContent struct {
	Text     string
	Metadata map[string]any // a JSON object for the receivers; may be nil
	Headers  map[string]any // values are strings, numbers, bools or nil; may be nil
}

// Text returns the content of a message that is text alone.
func Text(text string) MessageContent { return MessageContent{Text: text} }

// body returns the content in plain types.
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

// Send sends a message and returns it as it was taken (CHA-M3).
//
// Errors: [ErrInvalidArgument] for content that can't be sent as it is, and for a description or
// metadata of the operation; the service's, with its code and, where moderation or a rule says
// more, a [Rejection] for a cause (CHA-M3e); [ErrRoomInInvalidState] and [ErrResourceDisposed], see
// [Room]; the context's, when that ends first: then the message may have been sent.
func (m *Messages) Send(ctx context.Context, content MessageContent, options ...OperationOption) (Message, error) {
	const operation = "send message"
	o := m.operationOf(options)
	if o.description != "" || o.metadata != nil {
		return Message{}, lifecycle.NewErrorInfo(ErrInvalidArgument,
			"unable to "+operation+"; only an update or a deletion has a description or metadata of its own", nil)
	}
	body, err := content.body(operation)
	if err != nil {
		return Message{}, err
	}
	return m.one(ctx, operation, call{method: "POST", path: m.path(), query: o.query(), body: body})
}

// Update puts other content in the place of a message's; what it leaves out is gone (CHA-M8). It
// returns the message as it is then.
//
// Errors: [ErrInvalidArgument] for an empty serial (CHA-M8g), and for what can't be sent as it is;
// the service's (CHA-M8d); [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; the
// context's.
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

// Delete marks a message as deleted and takes its content away; it stays in the history as that
// (CHA-M9). It returns the message as it is then.
//
// Errors: [ErrInvalidArgument] for an empty serial (CHA-M9f), and for what can't be sent as it is;
// the service's (CHA-M9c); [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; the
// context's.
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

// Get returns a message as it is now, by its serial (CHA-M13).
//
// Errors: [ErrInvalidArgument] for an empty serial; the service's, of status 404 when there is none
// (CHA-M13b); [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; the context's.
func (m *Messages) Get(ctx context.Context, serial string) (Message, error) {
	const operation = "get message"
	if serial == "" {
		return Message{}, emptySerial(operation)
	}
	return m.one(ctx, operation, call{method: "GET", path: m.path(serial)})
}

// one makes a request whose answer is a message.
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

// Subscribe registers a listener for messages that are sent, updated or deleted, also by this
// client (CHA-M4). It attaches nothing. At most [MaxPending] events wait for it. The subscription
// has the history before it, too.
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
