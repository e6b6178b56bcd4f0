package ablychat

import (
	"context"
	"slices"
	"sync"

	"ablyrooms.example/internal/ctxerr"
	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// MessageSubscription is a [Subscription] for messages. All that is said there holds.
//
// It has a point in the room's order of messages: what comes after it is for the listener, and what
// was before it is in [MessageSubscription.HistoryBeforeSubscribe]. The point is where the
// subscription was made (CHA-M5a), or where the room attached next, if it was not attached then
// (CHA-M5b). When continuity is lost it moves to where the room attached again (CHA-M5c, CHA-M5d),
// before the room's listeners hear of the discontinuity.
type MessageSubscription struct {
	messages *Messages
	listener *Subscription
	ready    chan struct{} // closed when there is a point, or never will be one

	// Guarded by the mu of subscriptions.
	point string // a channel serial; "" before there is one
	ended bool
}

// Unsubscribe ends the subscription (CHA-M4b). No call of the listener begins after it. It may be
// called again. Calls of HistoryBeforeSubscribe that wait for a point end.
func (s *MessageSubscription) Unsubscribe() {
	s.listener.Unsubscribe()
	subs := &s.messages.subscriptions
	subs.mu.Lock()
	defer subs.mu.Unlock()
	subs.list = slices.DeleteFunc(subs.list, func(e *MessageSubscription) bool { return e == s })
	s.end()
}

// Done returns a channel that is closed when the subscription has ended and the last call of the
// listener has returned.
func (s *MessageSubscription) Done() <-chan struct{} { return s.listener.Done() }

// Err returns why the subscription ended; see [Subscription.Err].
func (s *MessageSubscription) Err() error { return s.listener.Err() }

// Dropped returns how many events were dropped because the listener was behind.
func (s *MessageSubscription) Dropped() int64 { return s.listener.Dropped() }

// subscriptions are the subscriptions for messages of a room. They follow the channel as its events
// and messages are passed on, so that the point of a subscription is exactly between what its
// listener receives and what it doesn't.
type subscriptions struct {
	mu     sync.Mutex
	list   []*MessageSubscription
	serial string                 // up to which listeners have the messages; "" while not attached
	since  listen.List[sinceItem] // those that miss nothing
	reads  context.Context        // of reads of what was missed; ends with the room; nil before
	endAll context.CancelFunc     // ends reads; nil while reads is
	ended  bool                   // the room has ended
}

// reading returns a context that ends with ctx, and with the room.
func (l *subscriptions) reading(ctx context.Context) (context.Context, context.CancelFunc) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reads == nil {
		l.reads, l.endAll = context.WithCancel(context.Background())
		if l.ended {
			l.endAll()
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(l.reads, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// locked calls f with the place up to which listeners have the messages, which stays while it runs.
func (l *subscriptions) locked(f func(serial string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(l.serial)
}

// end gives up waiting for a point. The lock is held.
func (s *MessageSubscription) end() {
	if s.ended = true; s.point == "" && s.ready != nil {
		close(s.ready)
		s.ready = nil
	}
}

// HistoryBeforeSubscribe returns the messages before the subscription's point, newest first
// (CHA-M5f), page by page; Order is not looked at. While the room has not attached since the
// subscription was made, it waits for that.
//
// Errors: [ErrInvalidArgument] for a query that can't be; [ErrResourceDisposed] when the
// subscription ends before there is a point; [ErrRoomInInvalidState] and [ErrResourceDisposed], see
// [Room]; the service's (CHA-M5i); the context's.
func (s *MessageSubscription) HistoryBeforeSubscribe(
	ctx context.Context, query HistoryQuery,
) (*Page, error) {
	const operation = "get history before subscription"
	query.Order = NewestFirst
	values, err := query.values(operation)
	if err != nil {
		return nil, err
	}
	point, err := s.awaitPoint(ctx, operation)
	if err != nil {
		return nil, err
	}
	values.Set("fromSerial", point) // CHA-M5g
	return s.messages.page(ctx, list{"get history", s.messages.path()}, values)
}

// awaitPoint returns the subscription's point, once there is one.
func (s *MessageSubscription) awaitPoint(ctx context.Context, operation string) (string, error) {
	subs := &s.messages.subscriptions
	subs.mu.Lock()
	defer subs.mu.Unlock()
	for s.point == "" {
		if err := s.messages.room.gone(operation); err != nil {
			return "", err
		}
		if s.ended {
			return "", lifecycle.NewErrorInfo(ErrResourceDisposed,
				"unable to "+operation+"; the subscription ended before the room was attached", nil)
		}
		if s.ready == nil {
			s.ready = make(chan struct{})
		}
		ready := s.ready
		subs.mu.Unlock()
		select {
		case <-ready:
		case <-ctx.Done():
		}
		subs.mu.Lock()
		if ctx.Err() != nil {
			return "", ctxerr.Of(ctx)
		}
	}
	return s.point, nil
}

// add registers a subscription and its listener together, and gives it its point if the channel has
// one.
func (l *subscriptions) add(s *MessageSubscription, register func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := register(); err != nil {
		return err
	}
	l.list = append(l.list, s)
	s.point = l.serial // CHA-M5a
	return nil
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
	if serial != "" {
		l.since.Publish(sinceItem{point: serial, lost: !resumed})
	}
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
	l.list, l.ended = nil, true
	if l.endAll != nil {
		l.endAll()
	}
}
