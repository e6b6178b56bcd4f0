package ablychat

import (
	"context"
	"iter"
	"slices"
	"sync"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// MessageSubscription is one listener for messages. Its methods may be called concurrently, and from within listeners.
//
// It has a point in the room's order of messages: what comes after it is told to the listener, and what was before it is in
// [MessageSubscription.HistoryBeforeSubscribe]. The point is where the subscription was made (CHA-M5a), or where the room attached next, if
// it was not attached then (CHA-M5b). When continuity is lost it moves to where the room attached again (CHA-M5c, CHA-M5d), before the room's
// listeners hear of the discontinuity.
type MessageSubscription struct {
	messages *Messages
	off      func()
	ready    chan struct{} // closed when there is a point, or never will be one

	// Guarded by the mu of subscriptions.
	point string // a channel serial; "" before there is one
	ended bool
}

// subscriptions are the subscriptions for messages of a room. They follow the channel as its events
// and messages are passed on, so that the point of a subscription is exactly between what its
// listener receives and what it doesn't.
type subscriptions struct {
	mu     sync.Mutex
	list   []*MessageSubscription
	serial string // the place up to which listeners have the messages; "" while not attached
}

// Subscribe registers a listener for messages that are sent, updated or deleted, also by this client (CHA-M4). It attaches nothing. At most
// [MaxPending] events may wait for it.
func (m *Messages) Subscribe(listener func(chat.MessageEvent)) *MessageSubscription {
	s := &MessageSubscription{messages: m}
	m.subscriptions.add(s, func() { s.off = m.listeners.Add(listener, m.room.listening()) })
	return s
}

// Events is [Messages.Subscribe] for those who range: every event from the call on, until the context ends, the loop is left or the room is
// released. A [listen.OverflowError] tells of what was lost. The subscription is for the history before it; it ends with the context.
func (m *Messages) Events(ctx context.Context) (iter.Seq2[chat.MessageEvent, error], *MessageSubscription) {
	s := &MessageSubscription{messages: m}
	var events iter.Seq2[chat.MessageEvent, error]
	m.subscriptions.add(s, func() { events = m.listeners.Events(ctx, m.room.listening()) })
	context.AfterFunc(ctx, s.Unsubscribe)
	return events, s
}

// Unsubscribe removes the listener (CHA-M4b); it may be called again. Calls of HistoryBeforeSubscribe that wait for a point end.
func (s *MessageSubscription) Unsubscribe() {
	if s.off != nil {
		s.off()
	}
	subs := &s.messages.subscriptions
	subs.mu.Lock()
	defer subs.mu.Unlock()
	subs.list = slices.DeleteFunc(subs.list, func(e *MessageSubscription) bool { return e == s })
	s.end()
}

// end gives up waiting for a point. The lock is held.
func (s *MessageSubscription) end() {
	if s.ended = true; s.point == "" && s.ready != nil {
		close(s.ready)
		s.ready = nil
	}
}

// HistoryBeforeSubscribe returns the messages before the subscription's point, newest first (CHA-M5f), page by page; Order is not looked at. While
// the room has not attached since the subscription was made, it waits for that.
//
// Errors: [lifecycle.ErrInvalidArgument] for a query that can't be; [lifecycle.ErrResourceDisposed] when the subscription, or the room, ends before there
// is a point; the service's (CHA-M5i); the context's cause.
func (s *MessageSubscription) HistoryBeforeSubscribe(ctx context.Context, query HistoryQuery) (*Page, error) {
	const operation = "get history before subscription"
	query.Order = NewestFirst
	values, err := query.values(operation)
	if err != nil {
		return nil, err
	}
	subs := &s.messages.subscriptions
	subs.mu.Lock()
	for s.point == "" {
		if s.ended {
			subs.mu.Unlock()
			return nil, lifecycle.NewErrorInfo(lifecycle.ErrResourceDisposed, "unable to "+operation+"; the subscription ended before the room was attached", nil)
		}
		if s.ready == nil {
			s.ready = make(chan struct{})
		}
		ready := s.ready
		subs.mu.Unlock()
		select {
		case <-ready:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		subs.mu.Lock()
	}
	values.Set("fromSerial", s.point) // CHA-M5g
	subs.mu.Unlock()
	return s.messages.page(ctx, values)
}

// add registers a subscription and its listener together, and gives it its point if the channel has one.
func (l *subscriptions) add(s *MessageSubscription, register func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	register()
	l.list = append(l.list, s)
	s.point = l.serial // CHA-M5a
}

// delivered passes the messages of a frame on; serial is the place behind them, "" for no news.
func (l *subscriptions) delivered(serial string, publish func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	publish()
	if serial != "" {
		l.serial = serial
	}
}

// left notes that the channel is attached no longer.
func (l *subscriptions) left() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serial = ""
}

// attached gives subscriptions their point: those that have none (CHA-M5b), and all when continuity
// was lost (CHA-M5c, CHA-M5d).
func (l *subscriptions) attached(serial string, resumed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serial = serial
	for _, s := range l.list {
		if serial == "" || resumed && s.point != "" {
			continue
		}
		if s.point = serial; s.ready != nil {
			close(s.ready)
			s.ready = nil
		}
	}
}

func (l *subscriptions) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.list {
		s.end()
	}
	l.list = nil
}
