package ablychat

import (
	"context"
	"iter"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/listen"
)

// Messages are a room's messages (CHA-M). Methods may be called concurrently, and from within listeners. What goes by REST (all but
// subscriptions) needs a client that was made by [Connect] or given a REST client by [WithREST]; the room need not be attached for it.
type Messages struct {
	room          *Room
	listeners     listen.List[chat.MessageEvent]
	subscriptions subscriptions
	reactions     MessageReactions
}

// Messages returns the room's messages.
func (r *Room) Messages() *Messages { return &r.messages }

// MessageContent is what a message says. Values in it may be of any type that encoding/json writes;
// they arrive as plain JSON types. Text that is not valid UTF-8, a number that JSON has no form for
// (NaN) and an integer beyond 64 bits that a float64 would change are [lifecycle.InvalidArgument].
type MessageContent struct {
	Text     string
	Metadata map[string]any // a JSON object for the receivers; may be nil
	Headers  map[string]any // values are strings, numbers, bools or nil; may be nil
}

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

// OperationDetails say why a message was updated or deleted; what is empty is not sent.
type OperationDetails struct {
	Description string
	Metadata    map[string]string
}

// body returns the details in plain types.
func (d OperationDetails) body(operation string) (map[string]any, error) {
	details := map[string]any{}
	if d.Description != "" {
		details["description"] = d.Description
	}
	if d.Metadata != nil {
		details["metadata"] = d.Metadata
	}
	return plainObject(operation, details)
}

func (m *Messages) path(more ...string) []string {
	return append([]string{"rooms", m.room.Name(), "messages"}, more...)
}

// Send sends a message and returns it as it was taken (CHA-M3).
//
// Errors: [lifecycle.InvalidArgument] for content that can't be sent as it is; the service's, with its code and, where moderation or a rule says more, a [Rejection] for a cause (CHA-M3e); the context's cause, when
// that ends first: then the message may have been sent.
func (m *Messages) Send(ctx context.Context, content MessageContent) (chat.Message, error) {
	const operation = "send message"
	body, err := content.body(operation)
	if err != nil {
		return chat.Message{}, err
	}
	return m.one(ctx, operation, call{method: "POST", path: m.path(), body: body})
}

// Update puts other content in the place of a message's; what it leaves out is gone (CHA-M8). It returns the message as it is then.
//
// Errors: [lifecycle.InvalidArgument] for an empty serial (CHA-M8g); the service's (CHA-M8d); the context's cause.
func (m *Messages) Update(ctx context.Context, serial string, content MessageContent, details OperationDetails) (chat.Message, error) {
	const operation = "update message"
	if serial == "" {
		return chat.Message{}, emptySerial(operation)
	}
	body, err := details.body(operation)
	if err == nil {
		body["message"], err = content.body(operation)
	}
	if err != nil {
		return chat.Message{}, err
	}
	return m.one(ctx, operation, call{method: "PUT", path: m.path(serial), body: body})
}

// Delete marks a message as deleted and takes its content away; it stays in the history as that (CHA-M9). It returns the message as it is then.
//
// Errors: [lifecycle.InvalidArgument] for an empty serial (CHA-M9f); the service's (CHA-M9c); the context's cause.
func (m *Messages) Delete(ctx context.Context, serial string, details OperationDetails) (chat.Message, error) {
	const operation = "delete message"
	if serial == "" {
		return chat.Message{}, emptySerial(operation)
	}
	body, err := details.body(operation)
	if err != nil {
		return chat.Message{}, err
	}
	return m.one(ctx, operation, call{method: "POST", path: m.path(serial, "delete"), body: body})
}

// Get returns a message as it is now, by its serial (CHA-M13).
//
// Errors: [lifecycle.InvalidArgument] for an empty serial; the service's, of status 404 when there is none (CHA-M13b); the context's cause.
func (m *Messages) Get(ctx context.Context, serial string) (chat.Message, error) {
	const operation = "get message"
	if serial == "" {
		return chat.Message{}, emptySerial(operation)
	}
	return m.one(ctx, operation, call{method: "GET", path: m.path(serial)})
}

// one makes a request whose answer is a message.
func (m *Messages) one(ctx context.Context, operation string, c call) (chat.Message, error) {
	body, err := m.room.client.rest.one(ctx, operation, c, "serial")
	if err != nil {
		return chat.Message{}, err
	}
	return chat.DecodeRESTMessage(body), nil
}

func emptySerial(operation string) error {
	return lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to "+operation+"; the message's serial is empty", nil)
}

// Order is the order of a query of the history.
type Order uint8

// The orders.
const (
	NewestFirst Order = iota
	OldestFirst
)

// HistoryQuery says which messages of the history to return. The zero value is all of them, newest first, 100 to a page.
type HistoryQuery struct {
	Start, End time.Time // messages created from Start to End, to the millisecond; the zero time is no bound
	Order      Order
	Limit      int // messages to a page, 1 to 1000; 0 for 100
}

func (q HistoryQuery) values(operation string) (url.Values, error) {
	v := url.Values{}
	if q.Limit < 0 || q.Limit > 1000 {
		return nil, lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to "+operation+"; the limit is "+strconv.Itoa(q.Limit)+", expected 1 to 1000, or 0 for 100", nil)
	}
	if !q.Start.IsZero() && !q.End.IsZero() && q.End.Before(q.Start) {
		return nil, lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to "+operation+"; the end "+q.End.String()+" is before the start "+q.Start.String(), nil)
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	if !q.Start.IsZero() {
		v.Set("start", strconv.FormatInt(q.Start.UnixMilli(), 10))
	}
	if !q.End.IsZero() {
		v.Set("end", strconv.FormatInt(q.End.UnixMilli(), 10))
	}
	v.Set("direction", "backwards")
	if q.Order == OldestFirst {
		v.Set("direction", "forwards")
	}
	return v, nil
}

// Page is a part of the history.
type Page struct {
	Items []chat.Message

	messages *Messages
	next     url.Values
}

// HasNext tells whether there is a page after this one.
func (p *Page) HasNext() bool { return p.next != nil }

// Next returns the page after this one, nil when there is none.
//
// Errors: the service's; the context's cause.
func (p *Page) Next(ctx context.Context) (*Page, error) {
	if p.next == nil {
		return nil, nil
	}
	return p.messages.page(ctx, p.next)
}

// History returns the room's messages from before now, each as it is now, page by page (CHA-M6).
//
// Errors: [lifecycle.InvalidArgument] for a query that can't be; the service's (CHA-M6b); the context's cause.
func (m *Messages) History(ctx context.Context, query HistoryQuery) (*Page, error) {
	values, err := query.values("get history")
	if err != nil {
		return nil, err
	}
	return m.page(ctx, values)
}

// All returns the messages of a query one by one, over all its pages. A sequence that ends with an error has a zero message beside it.
func (m *Messages) All(ctx context.Context, query HistoryQuery) iter.Seq2[chat.Message, error] {
	return func(yield func(chat.Message, error) bool) {
		page, err := m.History(ctx, query)
		for ; page != nil && err == nil; page, err = page.Next(ctx) {
			for _, message := range page.Items {
				if !yield(message, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(chat.Message{}, err)
		}
	}
}

func (m *Messages) page(ctx context.Context, query url.Values) (*Page, error) {
	const operation = "get history"
	list, next, err := m.room.client.rest.list(ctx, operation,
		call{method: "GET", path: m.path(), query: query}, "serial")
	if err != nil {
		return nil, err
	}
	p := &Page{messages: m, next: next, Items: make([]chat.Message, len(list))}
	for i, body := range list {
		p.Items[i] = chat.DecodeRESTMessage(body)
	}
	return p, nil
}

func (m *Messages) receive(w chat.WireMessage) {
	event, err := chat.DecodeMessage(w)
	if err != nil {
		m.room.ignored(slog.LevelInfo, err.Error())
		return
	}
	m.listeners.Publish(event)
}

// dispose ends all subscriptions (CHA-M12).
func (m *Messages) dispose() {
	m.listeners.Clear()
	m.subscriptions.end()
	m.reactions.dispose()
}
