package lifecycle

import (
	"context"
	"fmt"
	"iter"

	"ablyrooms.example/internal/listen"
)

// Subscription is the registration of one listener: Unsubscribe ends it, Done is closed when the
// last call of the listener has returned, Err says why it ended (nil for Unsubscribe), and Dropped
// counts the events that were dropped because the listener was behind.
type Subscription = listen.Subscription

// DroppedError reports, in a loop over events, that Count events were dropped because the loop was
// too far behind. It stands in their place, and the loop goes on. It is found with [errors.As].
type DroppedError = listen.DroppedError

// What a room's listeners wait for, as errors name it.
const (
	statusEvents        = "status changes"
	discontinuityEvents = "discontinuities"
)

// SubscribeStatus registers a listener for changes of the status (CHA-RS4). It receives every
// change from now on, in order and one at a time, in a goroutine of its own that lives only while
// there are changes: it may block, panic (which is logged) and call back. No number of changes is
// too many. The change to released is the last one; then the subscription ends.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState] for a room that is
// released, which also ends the subscription of one that is released later.
func (r *Room) SubscribeStatus(listener func(RoomStatusChange)) (*Subscription, error) {
	return subscribe(r, &r.statusListeners, statusEvents, listener)
}

// StatusEvents is [Room.SubscribeStatus] for a loop: every change from the call on, in order, each
// with a nil error. It can be ranged over once. The last error says why it ended: the context's;
// [ErrRoomInInvalidState] after the change to released; [ErrInvalidArgument] for a second range.
// Nothing runs in the background. A caller that doesn't range over it must end the context.
//
//	for change, err := range room.StatusEvents(ctx) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(change)
//	}
func (r *Room) StatusEvents(ctx context.Context) iter.Seq2[RoomStatusChange, error] {
	return r.statusListeners.Events(ctx, r.listening(statusEvents))
}

// SubscribeDiscontinuities registers a listener that is called when the room may have missed
// messages (CHA-RL12, CHA-RL15). All else is as for [Room.SubscribeStatus].
func (r *Room) SubscribeDiscontinuities(listener func(Discontinuity)) (*Subscription, error) {
	return subscribe(r, &r.discontinuities, discontinuityEvents, listener)
}

// DiscontinuityEvents is [Room.SubscribeDiscontinuities] for a loop. All else is as for
// [Room.StatusEvents].
func (r *Room) DiscontinuityEvents(ctx context.Context) iter.Seq2[Discontinuity, error] {
	return r.discontinuities.Events(ctx, r.listening(discontinuityEvents))
}

// WaitForStatus returns when the room has a status, at once if it has. It also returns when the
// room had the status meanwhile and has another one by now.
//
// Errors: [ErrRoomInInvalidState] when the room is failed, with the error of that for a cause, or
// released, if that isn't what it waits for; the context's error.
func (r *Room) WaitForStatus(ctx context.Context, want RoomStatus) error {
	operation := fmt.Sprintf("wait for status %v", want)
	now := func() RoomStatusChange { return *r.status.Load() }
	return listen.Await(ctx, &r.statusListeners, r.listening(statusEvents), now,
		func(c RoomStatusChange) (bool, error) {
			switch c.Current {
			case want:
				return true, nil
			case RoomFailed:
				return false, NewErrorInfo(ErrRoomInInvalidState,
					fmt.Sprintf("unable to %s; room %q is failed", operation, r.name), c.Error)
			case RoomReleased:
				return false, r.over(operation)
			}
			return false, nil
		})
}

func subscribe[E any](
	r *Room, l *listen.List[E], events string, listener func(E),
) (*Subscription, error) {
	if listener == nil {
		return nil, invalidArgument("unable to subscribe to %s; the listener is nil", events)
	}
	return l.Add(listener, r.listening(events))
}

func (r *Room) listening(events string) listen.Config {
	c := listen.Config{Room: r.name, Again: RangedTwice(events)}
	if w := r.watch.Load(); w != nil {
		c.Log = w.log
	}
	return c
}

// RangedTwice is the error of a second range over a sequence of events: an [*ErrorInfo] with the
// code [ErrInvalidArgument].
func RangedTwice(events string) error {
	return invalidArgument("unable to range over %s; the sequence was ranged over before", events)
}

// endListeners ends all listeners, once the room is released.
func (r *Room) endListeners() {
	r.statusListeners.End(func() error { return r.over("receive " + statusEvents) })
	r.discontinuities.End(func() error { return r.over("receive " + discontinuityEvents) })
}
