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

// Since returns the messages after a serial up to now, each as it is now, oldest first, each with a
// nil error; all messages for the serial "". It ends silently after the newest one, or with an
// error. It reads all of them before the first, since the history is read from its end. A deletion
// or an update of a message that is not after serial is not in it; an older serial finds it.
//
// Errors: the service's; [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; the
// context's.
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

// EventsSince is [Messages.Events] that misses nothing. First come the messages after a serial: that
// of the last message that the program knows, or "" to begin with what comes from now on. After a
// discontinuity, and where events were dropped, the messages that were missed come before what comes
// live. An event of a missed message has Recovered set and the message as it is now: one event for
// each message.
//
// It reads the messages between the last one that came before the gap and the point where the room
// attached again. An update or a deletion, in the gap, of an older message is not found;
// [Messages.Since] with an older serial finds it.
//
// A read that fails, also for want of a token (40170), is tried again until the loop ends, and logged
// as a warning once a gap. A read that the service refuses, or that can't be authorized any more
// (40171), ends the loop with its error.
//
// Errors: those of [Messages.Events] without [*DroppedError]; the service's.
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

// SubscribeSince is [Messages.EventsSince] for a listener. The subscription has a goroutine while
// it lasts, and ends with the error of such a loop.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState]; [ErrResourceDisposed].
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

// sinceItem is an event of a room's messages, or a place in their order where the room attached.
type sinceItem struct {
	event MessageEvent
	point string // "" for an event
	lost  bool   // continuity was lost before the point
}

// recovery is one subscription that misses nothing. One goroutine at a time uses it.
type recovery struct {
	messages *Messages
	after    string            // the newest message that is known; "" while there is none
	from     string            // where it began, while no message is known; "" before the first attach
	missed   bool              // there is something to read, at the next point
	read     map[string]string // what was read last: the version of each message; nil for nothing
	newest   string            // the newest of these versions
}

// begin notes where the room is in the order of its messages: point, "" while it isn't attached. It
// returns what is to be taken first.
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

// take takes what is next, and reports whether the loop goes on.
func (r *recovery) take(
	ctx context.Context, item sinceItem, err error, yield func(MessageEvent, error) bool,
) bool {
	dropped := (*DroppedError)(nil)
	switch {
	case errors.As(err, &dropped):
		// What was queued since may be read too, and is then left out.
		point := ""
		r.messages.subscriptions.locked(func(now string) { point = now })
		if r.missed = true; point == "" {
			return true // the next attach gives a point
		}
		return r.recover(ctx, point, yield)
	case err != nil:
		yield(MessageEvent{}, err)
		return false
	case item.point != "" && r.after == "" && r.from == "" && !r.missed:
		r.from = item.point // from now on
		return true
	case item.point != "":
		return !item.lost && !r.missed || r.recover(ctx, item.point, yield)
	case r.known(item.event.Message):
		return true
	}
	r.after = max(r.after, item.event.Message.Serial)
	return yield(item.event, nil)
}

// known reports whether an event has only what was read, before the event came. Versions come in
// their order: what was read is forgotten when a newer one comes than any of it.
func (r *recovery) known(m Message) bool {
	if m.Version.Serial > r.newest {
		r.read = nil
	}
	read, ok := r.read[m.Serial]
	return ok && read >= m.Version.Serial
}

// recover reads what was missed before a point and yields it.
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

// The pauses between two reads.
const (
	firstReadPause = 250 * time.Millisecond
	lastReadPause  = 15 * time.Second
)

// readBack reads what was missed before a point, and tries again until it has it or is refused, or
// the loop or the room ends.
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
				room.warn("messages that were missed can't be read yet", err)
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

// sleep waits for a time, or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// readOnce tries to read what was missed before a point.
func (r *recovery) readOnce(ctx context.Context, point string) ([]Message, error) {
	if r.after == "" && r.from != "" { // the newest message before it began
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

// refused reports whether the service has answered that it won't do what it was asked for. That no
// token could be got, for a reason of the program's own server, is no answer of the service's.
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

// errNoToken is the code of a program's auth URL or auth callback that gave no token (RSA4c).
const errNoToken lifecycle.ErrorCode = 40170

// between returns the messages after a serial and before a point, oldest first; "" is no bound.
// With an error it returns none.
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

// newest returns the newest message before a point, if there is one.
func (m *Messages) newest(ctx context.Context, point string) ([]Message, error) {
	page, err := m.page(ctx, list{"get history", m.path()},
		url.Values{"direction": {"backwards"}, "limit": {"1"}, "fromSerial": {point}})
	if err != nil {
		return nil, err
	}
	return page.Items, nil
}
