package lifecycle

import (
	"context"
	"fmt"
	"iter"

	"ablyrooms.example/internal/listen"
)

// Subscription is the registration of one listener. Unsubscribe ends it. Done is closed when the
// last call of the listener has returned. Err returns why the subscription ended, nil for
// Unsubscribe. Dropped returns how many events were dropped because the listener was too slow.
type Subscription = listen.Subscription

// DroppedError reports, in a loop over events, that Count events were dropped because the loop was
// too slow. The loop receives it in place of the dropped events, and goes on. Find it with
// [errors.As].
type DroppedError = listen.DroppedError

// The operations of a room's listeners, as errors name them.
const (
	statusEvents        = "status changes"
	discontinuityEvents = "discontinuities"
)

// SubscribeStatus registers a listener for changes of the status (CHA-RS4). The listener receives
// every change from now on, one at a time, in order. It runs in a goroutine of its own, which
// exists only while there are changes to deliver: the listener may block, panic (which is logged)
// and call methods of the room. Changes wait in a queue without a limit. The last change is to
// released; then the subscription ends.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState] if the room is released.
// If the room is released later, the subscription ends with the same error.
func (r *Room) SubscribeStatus(listener func(RoomStatusChange)) (*Subscription, error) {
	return subscribe(r, &r.statusListeners, statusEvents, listener)
}

// StatusEvents returns the changes that [Room.SubscribeStatus] reports, for a loop: every change
// from the call on, in order, each with a nil error. A loop may range over it once. The last error
// says why it ended: the context's error; [ErrRoomInInvalidState] after the change to released;
// [ErrInvalidArgument] for a second range. It needs no goroutine. A caller that doesn't range over
// it must cancel the context.
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
// messages (CHA-RL12, CHA-RL15). Otherwise it is like [Room.SubscribeStatus].
func (r *Room) SubscribeDiscontinuities(listener func(Discontinuity)) (*Subscription, error) {
	return subscribe(r, &r.discontinuities, discontinuityEvents, listener)
}

// DiscontinuityEvents returns the events that [Room.SubscribeDiscontinuities] reports, for a loop.
// Otherwise it is like [Room.StatusEvents].
func (r *Room) DiscontinuityEvents(ctx context.Context) iter.Seq2[Discontinuity, error] {
	return r.discontinuities.Events(ctx, r.listening(discontinuityEvents))
}

// WaitForStatus waits until the room has the status want. It returns at once if the room has it. It
// also returns if the room had the status during the wait and has another one now.
//
// Errors: [ErrRoomInInvalidState] if the room is failed or released and want is another status; for
// a failed room, the cause is the error of its status. The context's error if ctx ends first.
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

// RangedTwice returns the error of a second range over a sequence of events: an [*ErrorInfo] with
// the code [ErrInvalidArgument].
func RangedTwice(events string) error {
	return invalidArgument("unable to range over %s; the sequence was ranged over before", events)
}

// endListeners ends all listeners. The room is released.
func (r *Room) endListeners() {
	r.statusListeners.End(func() error { return r.over("receive " + statusEvents) })
	r.discontinuities.End(func() error { return r.over("receive " + discontinuityEvents) })
}
