package ablychat

import (
	"context"
	"iter"
	"log/slog"

	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// MaxPending is how many events may wait for one listener, or for one loop. Further events are
// dropped: a loop is told by a [*DroppedError] in their place; for a function they are counted
// ([Subscription.Dropped]) and logged. Changes of a status and discontinuities are never dropped.
// Of events of typing and of occupancy, each of which has the whole state, the newest 16 wait.
const MaxPending = 10_000

// maxPendingStates is how many events may wait each of which has the whole state.
const maxPendingStates = 16

// Subscription is the registration of one listener, of any feature. The listener is called with one
// event at a time, in order, in a goroutine that lives only while there are events; it may block,
// panic (which is logged) and call back. All methods may be called concurrently, and from within
// the listener.
type Subscription listen.Subscription

func (s *Subscription) listener() *listen.Subscription { return (*listen.Subscription)(s) }

// Unsubscribe ends the subscription. No call of the listener begins after it; one that is under way
// goes on. It may be called again.
func (s *Subscription) Unsubscribe() { s.listener().Unsubscribe() }

// Done returns a channel that is closed when the subscription has ended and the last call of the
// listener has returned.
func (s *Subscription) Done() <-chan struct{} { return s.listener().Done() }

// Err returns why the subscription ended: nil before the end, and after Unsubscribe;
// [ErrRoomInInvalidState] when the room was released; [ErrResourceDisposed] when the client was
// disposed of.
func (s *Subscription) Err() error { return s.listener().Err() }

// Dropped returns how many events were dropped because the listener was behind.
func (s *Subscription) Dropped() int64 { return s.listener().Dropped() }

// events describes one kind of events, the same way for every feature.
type events struct {
	name    string                 // as errors name them: "typing events"
	newest  bool                   // each has the whole state
	all     bool                   // none is dropped
	enabled func(RoomOptions) bool // nil for always
	option  string                 // that switches them on
}

// source is what has events: a room, or a client for those of its connection.
type source interface {
	// gone returns the error of what is begun after the end; nil before.
	gone(operation string) error
	// enabled returns nil, or the error of events that the options of a room leave out.
	enabled(operation string, e events) error
	// listening says how a listener is served.
	listening(e events) listen.Config
}

// subscribe registers a listener, for any feature.
//
// Errors: [ErrInvalidArgument] for a nil listener; those of the source.
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

// sequence returns a sequence of events to range over, for any feature: the first ones, then what
// comes.
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

// end ends all listeners of a list.
func end[E any](s source, l *listen.List[E], e events) {
	l.End(func() error { return s.gone("receive " + e.name) })
}

// gone returns the error of what is begun once the client is disposed of; nil before.
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
		"unable to "+operation+"; the room was got without "+e.option, nil)
}

func (r *Room) listening(e events) listen.Config {
	c := r.client.listening(e)
	c.Room = r.Name()
	return c
}

// ignored logs what was received and no event is made of.
func (r *Room) ignored(level slog.Level, what string) {
	if log := r.client.log; log.Enabled(context.Background(), level) {
		log.LogAttrs(context.Background(), level, "ignored",
			slog.String("room", r.Name()), slog.String("what", what))
	}
}

// warn logs that something failed that goes on all the same.
func (r *Room) warn(what string, err error) {
	r.client.log.LogAttrs(context.Background(), slog.LevelWarn, what,
		slog.String("room", r.Name()), slog.Any("error", err))
}
