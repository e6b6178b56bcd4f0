package ablychat

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// Order is the order of a query of the history.
type Order uint8

// The orders.
const (
	NewestFirst Order = iota
	OldestFirst
)

// HistoryQuery says which messages of the history to return. The zero value is all of them, newest
// first, 100 to a page.
type HistoryQuery struct {
	// messages created from Start to End, to the millisecond; the zero time is no bound
	Start, End time.Time
	Order      Order
	Limit      int // messages to a page, 1 to 1000; 0 for 100
}

func (q HistoryQuery) values(operation string) (url.Values, error) {
	v := url.Values{}
	if q.Limit < 0 || q.Limit > 1000 {
		return nil, lifecycle.NewErrorInfo(ErrInvalidArgument, "unable to "+operation+
			"; the limit is "+strconv.Itoa(q.Limit)+", expected 1 to 1000, or 0 for 100", nil)
	}
	if !q.Start.IsZero() && !q.End.IsZero() && q.End.Before(q.Start) {
		return nil, lifecycle.NewErrorInfo(ErrInvalidArgument, "unable to "+operation+
			"; the end "+q.End.String()+" is before the start "+q.Start.String(), nil)
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

// Page is a part of a list of messages.
type Page struct {
	Items []Message

	messages *Messages
	list     list
	next     url.Values
}

// list is what a page is a part of.
type list struct {
	operation string
	path      []string
}

// HasNext reports whether there is a page after this one.
func (p *Page) HasNext() bool { return p.next != nil }

// Next returns the page after this one, nil when there is none.
//
// Errors: the service's; [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; the
// context's.
func (p *Page) Next(ctx context.Context) (*Page, error) {
	if p.next == nil {
		return nil, nil
	}
	return p.messages.page(ctx, p.list, p.next)
}

// All returns the messages of this page and of all further ones, each with a nil error. It ends
// silently after the last one, or with an error of [Page.Next]. It may be ranged over more than
// once, and then asks again.
func (p *Page) All(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		var err error
		for page := p; page != nil; page, err = page.Next(ctx) {
			for _, message := range page.Items {
				if !yield(message, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(Message{}, err)
		}
	}
}

// History returns the room's messages from before now, each as it is now, page by page (CHA-M6).
//
//	page, err := room.Messages().History(ctx, ablychat.HistoryQuery{Order: ablychat.OldestFirst})
//	…
//	for message, err := range page.All(ctx) {
//
// Errors: [ErrInvalidArgument] for a query that can't be; the service's (CHA-M6b);
// [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; the context's.
func (m *Messages) History(ctx context.Context, query HistoryQuery) (*Page, error) {
	const operation = "get history"
	values, err := query.values(operation)
	if err != nil {
		return nil, err
	}
	return m.page(ctx, list{operation, m.path()}, values)
}

// Versions returns the versions of a message: as it was created, then its updates and its deletion,
// oldest first, page by page.
//
// Errors: [ErrInvalidArgument] for an empty serial; the service's, of status 404 when there is no
// such message; [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; the context's.
func (m *Messages) Versions(ctx context.Context, serial string) (*Page, error) {
	const operation = "get versions of message"
	if serial == "" {
		return nil, emptySerial(operation)
	}
	return m.page(ctx, list{operation, m.path(serial, "versions")}, nil)
}

func (m *Messages) page(ctx context.Context, l list, query url.Values) (*Page, error) {
	items, next, err := m.room.list(ctx, l.operation,
		call{method: "GET", path: l.path, query: query}, "serial")
	if err != nil {
		return nil, err
	}
	p := &Page{messages: m, list: l, next: next, Items: make([]Message, len(items))}
	for i, body := range items {
		p.Items[i] = chat.DecodeRESTMessage(body)
	}
	return p, nil
}
