package ablychat

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"time"

	"ablyrooms.example/internal/ctxerr"
	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// Since returns a sequence of the messages after a serial, until now: oldest first, each in its
// newest version and with a nil error. With the serial "" it has all messages. It ends after the
// newest message, or with an error. It fetches all these messages before it yields the first one,
// since the history is read from its end. It doesn't include an update or a deletion of an older
// message: use an older serial to find that.
//
// Errors: errors of the service; [ErrRoomInInvalidState] or [ErrResourceDisposed] once the room is
// released, see [Room]; the context's error.
func (m *Messages) Since(ctx context.Context, serial string) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		missed, err := m.between(ctx, serial, "")
		for _, message := range missed {
			if !yield(message, nil) {
				return
			}
		}
		if err != nil {
			yield(Message{}, err)
		}
	}
}

// EventsSince is like [Messages.Events], but misses no message. It begins with the messages after
// serial, the serial of the last message that the program knows. With the serial "" it begins with
// the events after the call. After a discontinuity, and where events were dropped, it fetches the
// missed messages and yields them before the later events. Each missed message is one event:
// Recovered is set, and Message is the newest version.
//
// EventsSince fetches the messages between the last one before the gap and the point where the room
// attached again. It doesn't find an update or a deletion of an older message that was made during
// the gap: use [Messages.Since] with an older serial for that.
//
// If a fetch fails, it is tried again until the loop ends; the failure is logged as a warning, once
// for each gap. This includes a failure to get a token (40170). If the service refuses the fetch,
// or the client has no way to renew its token (40171), the loop ends with that error.
//
// Errors: those of [Messages.Events], but no [*DroppedError]; errors of the service.
func (m *Messages) EventsSince(ctx context.Context, serial string) iter.Seq2[MessageEvent, error] {
	r := &recovery{messages: m, after: serial}
	var items iter.Seq2[sinceItem, error]
	m.subscriptions.locked(func(point string) {
		items = sequence(ctx, m.room, &m.subscriptions.since, messageEvents, r.begin(point)...)
	})
	return func(yield func(MessageEvent, error) bool) {
		for item, err := range items {
			if !r.take(ctx, item, err, yield) {
				return
			}
		}
	}
}

// SubscribeSince is [Messages.EventsSince] for a listener. The subscription has a goroutine until
// it ends. Its Err is the error that would have ended the loop.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState] or [ErrResourceDisposed]
// once the room is released.
func (m *Messages) SubscribeSince(
	serial string, listener func(MessageEvent),
) (*Subscription, error) {
	operation := "subscribe to " + messageEvents.name
	if listener == nil {
		return nil, lifecycle.NewErrorInfo(ErrInvalidArgument,
			"unable to "+operation+"; the listener is nil", nil)
	}
	if err := m.room.gone(operation); err != nil {
		return nil, err
	}
	events := func(ctx context.Context) iter.Seq2[MessageEvent, error] {
		return m.EventsSince(ctx, serial)
	}
	return (*Subscription)(listen.Follow(listener, m.room.listening(messageEvents), events)), nil
}

// sinceItem is an event of a room's messages, or a point in their order where the room attached.
type sinceItem struct {
	event MessageEvent
	point string // "" for an event
	lost  bool   // whether continuity was lost before the point
}

// recovery is the state of one loop of EventsSince. One goroutine at a time uses it.
type recovery struct {
	messages *Messages
	after    string // the serial of the newest message that is known; "" while there is none
	// the point where the loop began, used while no message is known; "" before the first attach
	from   string
	missed bool              // whether messages were missed that must be fetched at the next point
	read   map[string]string // the serials and versions of the last fetch; nil before a fetch
	newest string            // the newest of these versions
}

// begin notes the point where the room's messages are now; "" means that the room isn't attached.
// It returns the items that the loop must handle first.
func (r *recovery) begin(point string) []sinceItem {
	switch {
	case r.after == "":
		r.from = point
	case point == "":
		r.missed = true
	default:
		return []sinceItem{{point: point, lost: true}}
	}
	return nil
}

// take handles the next item, and reports whether the loop goes on.
func (r *recovery) take(
	ctx context.Context, item sinceItem, err error, yield func(MessageEvent, error) bool,
) bool {
	dropped := (*DroppedError)(nil)
	switch {
	case errors.As(err, &dropped):
		// The fetch may include events that are already queued: known leaves those out later.
		point := ""
		r.messages.subscriptions.locked(func(now string) { point = now })
		if r.missed = true; point == "" {
			return true // fetch when the room attaches, since the attach gives a point
		}
		return r.recover(ctx, point, yield)
	case err != nil:
		yield(MessageEvent{}, err)
		return false
	case item.point != "" && r.after == "" && r.from == "" && !r.missed:
		r.from = item.point // begin with the events from now on
		return true
	case item.point != "":
		return !item.lost && !r.missed || r.recover(ctx, item.point, yield)
	case r.known(item.event.Message):
		return true
	}
	r.after = max(r.after, item.event.Message.Serial)
	return yield(item.event, nil)
}

// known reports whether the last fetch already had this version of a message. Events come in the
// order of versions, so the first event with a newer version than all fetched ones clears the
// fetched versions.
func (r *recovery) known(m Message) bool {
	if m.Version.Serial > r.newest {
		r.read = nil
	}
	read, ok := r.read[m.Serial]
	return ok && read >= m.Version.Serial
}

// recover fetches the messages that were missed before a point, and yields them.
func (r *recovery) recover(
	ctx context.Context, point string, yield func(MessageEvent, error) bool,
) bool {
	missed, err := r.readBack(ctx, point)
	if err != nil {
		yield(MessageEvent{}, err)
		return false
	}
	r.missed, r.read, r.newest = false, make(map[string]string, len(missed)), ""
	for _, m := range missed {
		r.read[m.Serial] = m.Version.Serial
		r.newest = max(r.newest, m.Version.Serial)
	}
	for _, m := range missed {
		r.after = max(r.after, m.Serial)
		kind := map[MessageAction]MessageEventType{MessageActionUpdate: MessageUpdated,
			MessageActionDelete: MessageDeleted}[m.Action]
		if kind == "" {
			kind = MessageCreated
		}
		if !yield(MessageEvent{Type: kind, Message: m, Recovered: true}, nil) {
			return false
		}
	}
	return true
}

// The shortest and the longest pause between two attempts to fetch.
const (
	firstReadPause = 250 * time.Millisecond
	lastReadPause  = 15 * time.Second
)

// readBack fetches the messages that were missed before a point. It tries again until it succeeds,
// the service refuses, or the loop or the room ends.
func (r *recovery) readBack(ctx context.Context, point string) ([]Message, error) {
	room := r.messages.room
	reading, stop := r.messages.subscriptions.reading(ctx)
	defer stop()
	for pause := firstReadPause; ; pause = min(2*pause, lastReadPause) {
		missed, err := r.readOnce(reading, point)
		if err == nil {
			return missed, nil
		}
		if reading.Err() == nil && room.gone("") == nil {
			if refused(err) {
				return nil, err
			}
			if pause == firstReadPause {
				room.warn("missed messages could not be fetched; the fetch will be retried", err)
			}
			if room.client.connection.back(reading) == nil {
				sleep(reading, pause)
			}
		}
		if ctx.Err() != nil {
			return nil, ctxerr.Of(ctx)
		}
		if reading.Err() != nil || room.gone("") != nil {
			return nil, room.released("receive " + messageEvents.name)
		}
	}
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// readOnce makes one attempt to fetch the messages that were missed before a point.
func (r *recovery) readOnce(ctx context.Context, point string) ([]Message, error) {
	if r.after == "" && r.from != "" { // find the newest message before the loop began
		newest, err := r.messages.newest(ctx, r.from)
		if err != nil {
			return nil, err
		}
		if len(newest) > 0 {
			r.after = newest[0].Serial
		}
	}
	return r.messages.between(ctx, r.after, point)
}

// refused reports whether the error means that the service refuses the request, so that trying
// again is no use. A failure of the program's own token server is no refusal.
func refused(err error) bool {
	info := lifecycle.AsErrorInfo(err)
	switch info.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	switch info.Code {
	case errNoToken, ErrChannelOperationFailed:
		return false
	}
	return info.StatusCode >= 400 && info.StatusCode < 500
}

// errNoToken is the error code for a program's auth URL or auth callback that gave no token
// (RSA4c).
const errNoToken lifecycle.ErrorCode = 40170

// between returns the messages after a serial and before a point, oldest first. "" means no bound.
// If a request fails, it returns no messages.
func (m *Messages) between(ctx context.Context, after, point string) ([]Message, error) {
	query := url.Values{"direction": {"backwards"}}
	if point != "" {
		query.Set("fromSerial", point)
	}
	page, err := m.page(ctx, list{"get history", m.path()}, query)
	if err != nil {
		return nil, err
	}
	var found []Message
	for message, err := range page.All(ctx) {
		if err != nil {
			return nil, err
		}
		if message.Serial <= after {
			break
		}
		found = append(found, message)
	}
	slices.Reverse(found)
	return found, nil
}

// newest returns the newest message before a point, or none.
func (m *Messages) newest(ctx context.Context, point string) ([]Message, error) {
	page, err := m.page(ctx, list{"get history", m.path()},
		url.Values{"direction": {"backwards"}, "limit": {"1"}, "fromSerial": {point}})
	if err != nil {
		return nil, err
	}
	return page.Items, nil
}
