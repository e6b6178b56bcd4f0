package ablychat

import (
	"context"
	"fmt"
	"log/slog"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/listen"
)

// MaxPending is how many events may wait for one listener of a room's feature, or for one loop that ranges over them. A listener that is
// further behind loses what comes then: a loop is told so with a [listen.OverflowError], a function in the log. Nothing else waits for it.
const MaxPending = 10_000

// listening configures a listener of the client's.
func (c *Client) listening(room string, limit int) listen.Config {
	return listen.Config{Log: c.log, Room: room, Limit: limit}
}

func (r *Room) listening() listen.Config { return r.client.listening(r.Name(), MaxPending) }

// ignored logs what was received and no event is made of.
func (r *Room) ignored(level slog.Level, what string) {
	if log := r.client.log; log != nil {
		log.LogAttrs(context.Background(), level, "ignored", slog.String("room", r.Name()), slog.String("what", what))
	}
}

// dispose ends what the features have (CHA-RC1g6), when the room is released.
func (r *Room) dispose() {
	r.messages.dispose()
	r.reactions.listeners.Clear() // CHA-ER6
	r.typing.dispose()
	r.presence.listeners.Clear()  // CHA-PR11
	r.occupancy.listeners.Clear() // CHA-O8
}

// attached returns when the room is attached, for an operation that needs it to be: at once, or when an attach under way has succeeded
// (CHA-RL9).
//
// Errors: [lifecycle.ErrRoomInInvalidState] when it is not, or does not become so (CHA-PR3h, CHA-RL9c); the context's cause.
func (r *Room) attached(ctx context.Context, operation string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if status := r.Status(); status != lifecycle.RoomAttaching {
		return r.usable(operation, status, nil)
	}
	next := make(chan lifecycle.RoomStatusChange, 1)
	off := r.OnStatusChange(func(c lifecycle.RoomStatusChange) {
		select {
		case next <- c:
		default:
		}
	})
	defer off()
	if status := r.Status(); status != lifecycle.RoomAttaching { // it has changed before the listener was there (CHA-RL9d)
		return r.usable(operation, status, r.Error())
	}
	select {
	case c := <-next:
		return r.usable(operation, c.Current, c.Error)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *Room) usable(operation string, status lifecycle.RoomStatus, cause *lifecycle.ErrorInfo) error {
	if status == lifecycle.RoomAttached {
		return nil
	}
	info := lifecycle.NewErrorInfo(lifecycle.ErrRoomInInvalidState,
		fmt.Sprintf("unable to %s; room %q is %v and must be attached first", operation, r.Name(), status), nil)
	if cause != nil {
		info.Cause = cause // a nil *ErrorInfo in an error would not be nil
	}
	return info
}

// disabled is the error of what the room's options leave out.
func disabled(operation, option string) error {
	return lifecycle.NewErrorInfo(lifecycle.ErrFeatureNotEnabledInRoom, "unable to "+operation+"; the room was got without "+option, nil)
}
