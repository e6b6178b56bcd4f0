package ablychat

import (
	"context"
	"slices"
	"sync"

	"ablyrooms.example/internal/ctxerr"
	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// MessageSubscription is a [Subscription] to messages, with the same methods and one more:
// [MessageSubscription.HistoryBeforeSubscribe].
//
// It has a point in the room's order of messages. The listener receives the messages after the
// point; the history before the subscription has those before it. If the room is attached when the
// subscription is made, the point is the present end of the messages (CHA-M5a). Otherwise it is
// where the room attaches next (CHA-M5b). When continuity is lost, the point moves to where the
// room attached again (CHA-M5c, CHA-M5d); after that the room's listeners are notified of the
// discontinuity.
type MessageSubscription struct {
	messages *Messages
	listener *Subscription
	// closed when there is a point, or when there never will be; nil while no call waits
	ready chan struct{}

	// Guarded by the mu of subscriptions.
	point string // a channel serial; "" before there is one
	ended bool
}

// Unsubscribe ends the subscription (CHA-M4b). No call of the listener begins after it. It may be
// called again. Calls of HistoryBeforeSubscribe that wait for the point fail.
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

// Err returns the reason why the subscription ended: see [Subscription.Err].
func (s *MessageSubscription) Err() error { return s.listener.Err() }

// Dropped returns the number of events that were dropped because too many waited for the listener.
func (s *MessageSubscription) Dropped() int64 { return s.listener.Dropped() }

// subscriptions has the subscriptions to a room's messages. One lock covers its updates and the
// delivery of the channel's messages. So the point of a subscription is exactly between the
// messages that its listener receives and those that it doesn't.
type subscriptions struct {
	mu   sync.Mutex
	list []*MessageSubscription
	// the place in the channel after the last message passed to listeners; "" while not attached
	serial string
	since  listen.List[sinceItem] // the subscriptions of EventsSince
	// the parent of all reads of missed messages; it ends with the room; nil until the first read
	reads  context.Context
	endAll context.CancelFunc // ends reads; nil if reads is nil
	ended  bool               // whether the room has ended
}

// reading returns a context for a read: it ends with ctx, and with the room.
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

// locked calls f with the present serial, which can't change until f returns.
func (l *subscriptions) locked(f func(serial string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(l.serial)
}

// end marks the subscription as ended. A call that waits for its point fails. The lock is held.
func (s *MessageSubscription) end() {
	if s.ended = true; s.point == "" && s.ready != nil {
		close(s.ready)
		s.ready = nil
	}
}

// HistoryBeforeSubscribe returns the first page of the messages before the subscription's point,
// newest first (CHA-M5f). It ignores the query's Order. If the subscription has no point yet, it
// waits until the room attaches.
//
// Errors: [ErrInvalidArgument] for a limit out of range, or an end before the start;
// [ErrResourceDisposed] if the subscription ends before it has a point; [ErrRoomInInvalidState] or
// [ErrResourceDisposed] once the room is released, see [Room]; errors of the service (CHA-M5i); the
// context's error.
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

// awaitPoint returns the subscription's point. If there is none yet, it waits for it.
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

// add registers a subscription and its listener in one step. If the room is attached, it also sets
// the subscription's point.
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

// delivered calls publish, which passes the messages of one frame to the listeners. serial is the
// place after these messages; with "", the place doesn't change.
func (l *subscriptions) delivered(serial string, publish func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	publish()
	if serial != "" {
		l.serial = serial
	}
}

// left records that the channel is no longer attached.
func (l *subscriptions) left() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serial = ""
}

// attached sets the points of subscriptions: of those without a point (CHA-M5b), and of all if
// continuity was lost (CHA-M5c, CHA-M5d).
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
