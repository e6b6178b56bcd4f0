package ablychat

import (
	"context"
	"fmt"
	"iter"
	"time"

	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/internal/ctxerr"
	"ablyrooms.example/lifecycle"
)

// Room is a chat room on Ably. It is got from a client's [Rooms]. Its features are got by its
// methods Messages, Reactions, Typing, Presence and Occupancy, each of which returns the same value
// every time. All methods may be called concurrently, and from within listeners.
//
// What is begun on a room that is released, a method of a feature included, fails at once with
// [ErrRoomInInvalidState], or [ErrResourceDisposed] when its client is disposed of; loops over its
// events and subscriptions end with that error.
type Room struct {
	core    *lifecycle.Room
	release func(context.Context) error
	client  *Client
	channel *realtime.Channel

	messages  Messages
	reactions RoomReactions
	typing    Typing
	presence  Presence
	occupancy Occupancy
}

// Name returns the room's name, as it was got with.
func (r *Room) Name() string { return r.core.Name() }

// Options returns the room's options, complete.
func (r *Room) Options() RoomOptions { return r.core.Options() }

// Status returns the room's status (CHA-RS2). It is never older than a change that a listener has
// received.
func (r *Room) Status() RoomStatus { return r.core.Status() }

// Error returns the error that belongs to the present status, or nil (CHA-RS2b).
func (r *Room) Error() error { return r.core.Error() }

// Attach attaches the room and returns when it is attached (CHA-RL1). A room that is attached
// already is left as it is. Operations run one at a time, in the order of the calls.
//
// Errors: [ErrRoomInInvalidState] for a room that was released (CHA-RL1l), [ErrResourceDisposed] if
// that was by the disposal of its client; the service's when it can't be attached (CHA-RL1k3),
// after which Status says what became of it; the context's when ctx ends first: then an attach that
// has begun goes on, and one that still waits for its turn is not begun.
func (r *Room) Attach(ctx context.Context) error { return r.core.Attach(ctx) }

// Detach detaches the room and returns when it is detached (CHA-RL2). A room that is detached
// already is left as it is.
//
// Errors: [ErrRoomInInvalidState] for a room that was released or is failed (CHA-RL2l, CHA-RL2m);
// else as for [Room.Attach].
func (r *Room) Detach(ctx context.Context) error { return r.core.Detach(ctx) }

// WaitForStatus returns when the room has a status: at once if it has, and also when it had the
// status meanwhile and has another one by now.
//
// Errors: [ErrRoomInInvalidState] when the room is failed, with the error of that for a cause, or
// released, if that isn't what it waits for; [ErrResourceDisposed]; the context's.
func (r *Room) WaitForStatus(ctx context.Context, want RoomStatus) error {
	return r.core.WaitForStatus(ctx, want)
}

// SubscribeStatus registers a listener for changes of the status (CHA-RS4). It receives all of
// them; the change to released is the last one.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState]; [ErrResourceDisposed].
func (r *Room) SubscribeStatus(listener func(RoomStatusChange)) (*Subscription, error) {
	s, err := r.core.SubscribeStatus(listener)
	return (*Subscription)(s), err
}

// StatusEvents is [Room.SubscribeStatus] for a loop: every change from the call on, with a nil
// error, until the error that says why it ended: the context's, or after the change to released
// [ErrRoomInInvalidState] or [ErrResourceDisposed]. It can be ranged over once. A caller that
// doesn't range over it must end the context.
//
//	for change, err := range room.StatusEvents(ctx) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(change) // attached -> suspended: …
//	}
func (r *Room) StatusEvents(ctx context.Context) iter.Seq2[RoomStatusChange, error] {
	return r.core.StatusEvents(ctx)
}

// SubscribeDiscontinuities registers a listener that is called when the room may have missed
// messages (CHA-RL12, CHA-RL15). Errors are those of [Room.SubscribeStatus].
func (r *Room) SubscribeDiscontinuities(listener func(Discontinuity)) (*Subscription, error) {
	s, err := r.core.SubscribeDiscontinuities(listener)
	return (*Subscription)(s), err
}

// DiscontinuityEvents is [Room.SubscribeDiscontinuities] for a loop; all else is as for
// [Room.StatusEvents].
func (r *Room) DiscontinuityEvents(ctx context.Context) iter.Seq2[Discontinuity, error] {
	return r.core.DiscontinuityEvents(ctx)
}

// backend opens and releases rooms for lifecycle.Rooms.
type backend struct{ client *Client }

// Open makes a room. It touches no network.
func (b backend) Open(_ context.Context, name string, options RoomOptions) (*Room, error) {
	c, r := b.client, &Room{client: b.client}
	r.channel = c.channels.Channel(ChannelName(name), channelOptions(name, options), dispatch{r})
	r.core, r.release = lifecycle.NewRoom(name, options, r.channel,
		lifecycle.RoomConfig{Logger: c.given, Observe: c.observers.handler(), Of: r, Gone: r.released})
	r.messages.room, r.messages.reactions.room, r.reactions.room = r, r, r
	r.presence.room, r.occupancy.room, r.typing.room = r, r, r
	r.typing.wire, r.typing.interval, r.typing.began = r, options.Typing.HeartbeatThrottle, time.Now()
	return r, nil
}

// Release ends a room (CHA-RL3), and what its features have (CHA-RC1g6).
func (b backend) Release(ctx context.Context, _ string, room *Room) error {
	defer room.dispose()
	return room.release(ctx)
}

// dispose ends what the features have, when the room is released (CHA-RC1g6).
func (r *Room) dispose() {
	r.messages.dispose()
	end(r, &r.reactions.listeners, roomReactionEvents) // CHA-ER6
	r.typing.dispose()
	end(r, &r.presence.listeners, presenceEvents)   // CHA-PR11
	end(r, &r.occupancy.listeners, occupancyEvents) // CHA-O8
}

// gone returns the error of what is begun once the room is released or its client disposed of; nil
// before.
func (r *Room) gone(operation string) error {
	if err := r.client.gone(operation); err != nil || r.Status() != RoomReleased {
		return err
	}
	return r.released(operation)
}

// begin returns the error of what is begun once the room is released or its client disposed of, or
// with a context that has ended.
func (r *Room) begin(ctx context.Context, operation string) error {
	if err := r.gone(operation); err != nil {
		return err
	}
	return ctxerr.Of(ctx)
}

// released is the error of what is begun once the room is released.
func (r *Room) released(operation string) error {
	if err := r.client.gone(operation); err != nil {
		return err
	}
	return lifecycle.NewErrorInfo(ErrRoomInInvalidState,
		fmt.Sprintf("unable to %s; room %q is released", operation, r.Name()), nil)
}

// attached returns when the room is attached, for an operation that needs it to be: at once, or
// when an attach under way has succeeded (CHA-RL9).
//
// Errors: [ErrRoomInInvalidState] when it is not, or does not become so (CHA-PR3h, CHA-RL9c);
// [ErrResourceDisposed]; the context's.
func (r *Room) attached(ctx context.Context, operation string) error {
	if err := r.begin(ctx, operation); err != nil {
		return err
	}
	if status := r.Status(); status != RoomAttaching {
		return r.usable(operation, status, nil)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes := r.StatusEvents(ctx)
	// It may have changed before the loop was there (CHA-RL9d).
	if status := r.Status(); status != RoomAttaching {
		return r.usable(operation, status, r.Error())
	}
	for change, err := range changes {
		if err != nil {
			return err
		}
		return r.usable(operation, change.Current, change.Error)
	}
	return nil // not reached: a loop ends with an error
}

func (r *Room) usable(operation string, status RoomStatus, cause error) error {
	switch status {
	case RoomAttached:
		return nil
	case RoomReleased:
		return r.released(operation)
	}
	return lifecycle.NewErrorInfo(ErrRoomInInvalidState, fmt.Sprintf(
		"unable to %s; room %q is %v and must be attached first", operation, r.Name(), status), cause)
}

// ChannelName returns the name of a room's channel (CHA-RC3c).
func ChannelName(room string) string { return room + transport.RoomSuffix }

// channelOptions are the modes and params of a room's channel (CHA-RC3d, CHA-O6a, CHA-IN1e).
func channelOptions(room string, o RoomOptions) realtime.Options {
	modes := wire.ModePublish | wire.ModeSubscribe | wire.ModePresence | wire.ModeAnnotationPublish
	if o.Presence.EnableEvents {
		modes |= wire.ModePresenceSubscribe // CHA-RC3d1
	}
	if o.Messages.RawMessageReactions {
		modes |= wire.ModeAnnotationSubscribe // CHA-RC3d2
	}
	params := plainParams
	if o.Occupancy.EnableEvents {
		params = occupancyParams
	}
	return realtime.Options{Room: room, Modes: modes, Params: params}
}

// The params of channels, which all rooms share.
var (
	plainParams     = map[string]string{"agent": agentName + "/" + Version}
	occupancyParams = map[string]string{"agent": agentName + "/" + Version, "occupancy": "metrics"}
)
