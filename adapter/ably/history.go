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

// Order is the order of the messages in a query of the history.
type Order uint8

// The values of Order. NewestFirst is the default.
const (
	NewestFirst Order = iota
	OldestFirst
)

// HistoryQuery selects messages of the history. The zero value selects all messages, newest first,
// in pages of 100.
type HistoryQuery struct {
	// only messages created from Start to End, compared by milliseconds; a zero time is no bound
	Start, End time.Time
	Order      Order
	Limit      int // messages in a page, 1 to 1000; 0 for 100
}

func (q HistoryQuery) values(operation string) (url.Values, error) {
	v := url.Values{}
	if q.Limit < 0 || q.Limit > 1000 {
		return nil, lifecycle.NewErrorInfo(ErrInvalidArgument, "unable to "+operation+
			"; the limit is "+strconv.Itoa(q.Limit)+", expected 1 to 1000, or 0 for the default of 100", nil)
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

// Page is one page of a list of messages. Items has the page's messages.
type Page struct {
	Items []Message

	messages *Messages
	list     list
	next     url.Values
}

// list describes the list that a page is part of.
type list struct {
	operation string
	path      []string
}

// HasNext reports whether there is a page after this one. It makes no request.
func (p *Page) HasNext() bool { return p.next != nil }

// Next requests the page after this one. It returns nil, with no error, if there is none.
//
// Errors: errors of the service; [ErrRoomInInvalidState] or [ErrResourceDisposed] once the room is
// released, see [Room]; the context's error.
func (p *Page) Next(ctx context.Context) (*Page, error) {
	if p.next == nil {
		return nil, nil
	}
	return p.messages.page(ctx, p.list, p.next)
}

// All returns a sequence of the messages of this page and of all later pages, each with a nil
// error. It ends after the last message, or with an error of [Page.Next]. It may be ranged over
// more than once; each time it requests the later pages again.
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

// History returns the first page of the room's messages until now, each in its newest version
// (CHA-M6). [Page.Next] and [Page.All] fetch the later pages.
//
//	page, err := room.Messages().History(ctx, ablychat.HistoryQuery{Order: ablychat.OldestFirst})
//	…
//	for message, err := range page.All(ctx) {
//
// Errors: [ErrInvalidArgument] for a limit out of range, or an end before the start; errors of the
// service (CHA-M6b); [ErrRoomInInvalidState] or [ErrResourceDisposed] once the room is released,
// see [Room]; the context's error.
func (m *Messages) History(ctx context.Context, query HistoryQuery) (*Page, error) {
	const operation = "get history"
	values, err := query.values(operation)
	if err != nil {
		return nil, err
	}
	return m.page(ctx, list{operation, m.path()}, values)
}

// Versions returns the first page of a message's versions, oldest first: the message as it was
// created, then its updates and its deletion. serial is the message's serial.
//
// Errors: [ErrInvalidArgument] for an empty serial; errors of the service, with status 404 if there
// is no such message; [ErrRoomInInvalidState] or [ErrResourceDisposed] once the room is released,
// see [Room]; the context's error.
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
