package ablychat

import (
	"context"
	"iter"
	"log/slog"

	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// MaxPending is the number of events that may wait for one listener or one loop. When that many
// wait, further events are dropped. A loop receives a [*DroppedError] in their place. For a
// listener, they are counted by [Subscription.Dropped], and logged.
//
// There are two exceptions. Changes of a status and discontinuities are never dropped. Of typing
// and occupancy events only the newest 16 wait, and older ones are dropped, since each event has
// the whole state.
const MaxPending = 10_000

// maxPendingStates is the number of events that may wait if each event has the whole state.
const maxPendingStates = 16

// Subscription is the registration of one listener. The listener is called with one event at a
// time, in order, in a goroutine that exists only while there are events. The listener may block,
// may panic (the panic is logged), and may call any method of this package. All methods may be
// called concurrently, and from within the listener.
type Subscription listen.Subscription

func (s *Subscription) listener() *listen.Subscription { return (*listen.Subscription)(s) }

// Unsubscribe ends the subscription. No call of the listener begins after it; a call that is
// running goes on, see [Subscription.Done]. Unsubscribe may be called again.
func (s *Subscription) Unsubscribe() { s.listener().Unsubscribe() }

// Done returns a channel that is closed when the subscription has ended and the last call of the
// listener has returned.
func (s *Subscription) Done() <-chan struct{} { return s.listener().Done() }

// Err returns the reason why the subscription ended. It returns nil before the end, and after
// Unsubscribe; [ErrRoomInInvalidState] if the room was released; [ErrResourceDisposed] if the
// client was disposed of.
func (s *Subscription) Err() error { return s.listener().Err() }

// Dropped returns the number of events that were dropped because too many waited for the listener.
func (s *Subscription) Dropped() int64 { return s.listener().Dropped() }

// events describes one sort of events. Each feature has such a description.
type events struct {
	name string // the name in errors, such as "typing events"
	// whether each event has the whole state, so that only the newest ones matter
	newest bool
	all    bool // whether no event may be dropped
	// reports whether a room's options enable the events; nil if they always come
	enabled func(RoomOptions) bool
	option  string // the option that enables the events, for errors
}

// source is the sender of events: a room, or a client for the events of its connection.
type source interface {
	// gone returns the error of a call that begins after the source has ended; nil before that.
	gone(operation string) error
	// enabled returns an error if the options of the room disable these events.
	enabled(operation string, e events) error
	// listening returns the configuration of a listener for these events.
	listening(e events) listen.Config
}

// subscribe registers a listener for the events of any feature.
//
// Errors: [ErrInvalidArgument] for a nil listener; the errors of gone and enabled.
func subscribe[E any](
	s source, l *listen.List[E], e events, listener func(E),
) (*Subscription, error) {
	operation := "subscribe to " + e.name
	if listener == nil {
		return nil, lifecycle.NewErrorInfo(ErrInvalidArgument,
			"unable to "+operation+"; the listener is nil", nil)
	}
	if err := available(s, e, operation); err != nil {
		return nil, err
	}
	registered, err := l.Add(listener, s.listening(e))
	return (*Subscription)(registered), err
}

// sequence returns a sequence of the events of any feature. It yields first, then the events that
// come after the call.
func sequence[E any](
	ctx context.Context, s source, l *listen.List[E], e events, first ...E,
) iter.Seq2[E, error] {
	if err := available(s, e, "receive "+e.name); err != nil {
		return listen.Failed[E](err, s.listening(e))
	}
	return l.Events(ctx, s.listening(e), first...)
}

func available(s source, e events, operation string) error {
	if err := s.gone(operation); err != nil {
		return err
	}
	return s.enabled(operation, e)
}

// end ends all subscriptions of a list.
func end[E any](s source, l *listen.List[E], e events) {
	l.End(func() error { return s.gone("receive " + e.name) })
}

// gone returns the error of a call that begins after the client was disposed of; nil before that.
func (c *Client) gone(operation string) error {
	if !c.ending.Load() && !c.rooms.rooms.Disposed() {
		return nil
	}
	return lifecycle.NewErrorInfo(ErrResourceDisposed,
		"unable to "+operation+"; the chat client was disposed of", nil)
}

func (c *Client) enabled(string, events) error { return nil }

func (c *Client) listening(e events) listen.Config {
	limit := c.pending
	switch {
	case e.all:
		limit = 0
	case e.newest:
		limit = maxPendingStates
	}
	return listen.Config{Log: c.log, Limit: limit, Newest: e.newest,
		Again: lifecycle.RangedTwice(e.name)}
}

func (r *Room) enabled(operation string, e events) error {
	if e.enabled == nil || e.enabled(r.Options()) {
		return nil
	}
	return lifecycle.NewErrorInfo(ErrFeatureNotEnabledInRoom,
		"unable to "+operation+"; the room's options don't enable "+e.option, nil)
}

func (r *Room) listening(e events) listen.Config {
	c := r.client.listening(e)
	c.Room = r.Name()
	return c
}

// ignored logs something that was received and is not passed on as an event.
func (r *Room) ignored(level slog.Level, what string) {
	if log := r.client.log; log.Enabled(context.Background(), level) {
		log.LogAttrs(context.Background(), level, "received data was ignored",
			slog.String("room", r.Name()), slog.String("what", what))
	}
}

// warn logs a failure that will be retried.
func (r *Room) warn(what string, err error) {
	r.client.log.LogAttrs(context.Background(), slog.LevelWarn, what,
		slog.String("room", r.Name()), slog.Any("error", err))
}
