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

// Room is a chat room on Ably. [Rooms.Get] returns it, as does [Lease.Room]. Its features are
// returned by Messages, Reactions, Typing, Presence and Occupancy. All methods may be called
// concurrently, and from within listeners.
//
// Once the room is released, methods of the room and of its features that can fail do so at once,
// with [ErrRoomInInvalidState], or with [ErrResourceDisposed] if its client is disposed of. Its
// subscriptions, and loops over its events, end with the same error.
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

// Name returns the name that the room was requested with.
func (r *Room) Name() string { return r.core.Name() }

// Options returns all of the room's options, with the defaults filled in.
func (r *Room) Options() RoomOptions { return r.core.Options() }

// Status returns the room's status (CHA-RS2). It is at least as new as any change that a listener
// has received.
func (r *Room) Status() RoomStatus { return r.core.Status() }

// Error returns the error that belongs to the current status, or nil (CHA-RS2b).
func (r *Room) Error() error { return r.core.Error() }

// Attach attaches the room, and returns nil when it is attached (CHA-RL1). Until then the room
// receives no events. If the room is attached already, Attach does nothing. Calls of Attach and
// Detach run one at a time, in the order in which they were made.
//
// Errors: [ErrRoomInInvalidState] for a room that was released (CHA-RL1l), or [ErrResourceDisposed]
// if its client is disposed of; the service's error if the room can't be attached (CHA-RL1k3); the
// context's error.
//
// After an error of the service, the room is suspended or failed, for example: see [Room.Status].
// If ctx ends first, an attach that has begun goes on. An attach that waits for its turn then
// doesn't begin.
func (r *Room) Attach(ctx context.Context) error { return r.core.Attach(ctx) }

// Detach detaches the room, and returns nil when it is detached (CHA-RL2). Then the room receives
// no events. If the room is detached already, Detach does nothing.
//
// Errors: [ErrRoomInInvalidState] for a room that is released or failed (CHA-RL2l, CHA-RL2m);
// otherwise as for [Room.Attach].
func (r *Room) Detach(ctx context.Context) error { return r.core.Detach(ctx) }

// WaitForStatus waits until the room has the status want, and returns nil. It also returns nil if
// the room had that status during the wait and has another one now.
//
// Errors: [ErrRoomInInvalidState] if the room is failed or released and want is another status (if
// it is failed, the cause is [Room.Error]); [ErrResourceDisposed]; the context's error.
func (r *Room) WaitForStatus(ctx context.Context, want RoomStatus) error {
	return r.core.WaitForStatus(ctx, want)
}

// SubscribeStatus registers a listener for changes of the status (CHA-RS4). The listener receives
// every change: none is dropped. The change to released is the last one.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState] or [ErrResourceDisposed]
// once the room is released.
func (r *Room) SubscribeStatus(listener func(RoomStatusChange)) (*Subscription, error) {
	s, err := r.core.SubscribeStatus(listener)
	return (*Subscription)(s), err
}

// StatusEvents is [Room.SubscribeStatus] for a loop. It returns a sequence of every change after
// the call, each with a nil error. The last item has an error that says why the sequence ended: the
// context's error, or, after the change to released, [ErrRoomInInvalidState] or
// [ErrResourceDisposed].
//
// The sequence can be ranged over once. Changes wait for it from the call on, so a caller that
// doesn't range over it must cancel ctx.
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

// SubscribeDiscontinuities registers a listener that is called whenever the room may have missed
// messages (CHA-RL12, CHA-RL15). Its errors are those of [Room.SubscribeStatus].
func (r *Room) SubscribeDiscontinuities(listener func(Discontinuity)) (*Subscription, error) {
	s, err := r.core.SubscribeDiscontinuities(listener)
	return (*Subscription)(s), err
}

// DiscontinuityEvents is [Room.SubscribeDiscontinuities] for a loop. In all else it works like
// [Room.StatusEvents].
func (r *Room) DiscontinuityEvents(ctx context.Context) iter.Seq2[Discontinuity, error] {
	return r.core.DiscontinuityEvents(ctx)
}

// backend opens and releases rooms for lifecycle.Rooms.
type backend struct{ client *Client }

// Open makes a room. It makes no request.
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

// Release ends a room (CHA-RL3), and the subscriptions and timers of its features (CHA-RC1g6).
func (b backend) Release(ctx context.Context, _ string, room *Room) error {
	defer room.dispose()
	return room.release(ctx)
}

// dispose ends the subscriptions and timers of the room's features (CHA-RC1g6).
func (r *Room) dispose() {
	r.messages.dispose()
	end(r, &r.reactions.listeners, roomReactionEvents) // CHA-ER6
	r.typing.dispose()
	end(r, &r.presence.listeners, presenceEvents)   // CHA-PR11
	end(r, &r.occupancy.listeners, occupancyEvents) // CHA-O8
}

// gone returns the error of a call that begins after the room was released or its client disposed
// of. Before that it returns nil.
func (r *Room) gone(operation string) error {
	if err := r.client.gone(operation); err != nil || r.Status() != RoomReleased {
		return err
	}
	return r.released(operation)
}

// begin returns the error of a call that begins after the room was released or its client disposed
// of, or after ctx has ended; otherwise nil.
func (r *Room) begin(ctx context.Context, operation string) error {
	if err := r.gone(operation); err != nil {
		return err
	}
	return ctxerr.Of(ctx)
}

// released returns the error of a call that begins after the room was released.
func (r *Room) released(operation string) error {
	if err := r.client.gone(operation); err != nil {
		return err
	}
	return lifecycle.NewErrorInfo(ErrRoomInInvalidState,
		fmt.Sprintf("unable to %s; room %q is released", operation, r.Name()), nil)
}

// attached waits until the room is attached, for an operation that needs an attached room
// (CHA-RL9). It waits only if the room is attaching.
//
// Errors: [ErrRoomInInvalidState] if the room is neither attached nor attaching, or fails to attach
// (CHA-PR3h, CHA-RL9c); [ErrResourceDisposed]; the context's error.
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
	// The status may have changed before StatusEvents was called (CHA-RL9d).
	if status := r.Status(); status != RoomAttaching {
		return r.usable(operation, status, r.Error())
	}
	for change, err := range changes {
		if err != nil {
			return err
		}
		return r.usable(operation, change.Current, change.Error)
	}
	return nil // not reached: the sequence ends with an error
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

// ChannelName returns the name of the Ably channel of a room (CHA-RC3c).
func ChannelName(room string) string { return room + transport.RoomSuffix }

// channelOptions returns the modes and params of a room's channel (CHA-RC3d, CHA-O6a, CHA-IN1e).
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

// The params of channels. All rooms share these maps.
var (
	plainParams     = map[string]string{"agent": agentName + "/" + Version}
	occupancyParams = map[string]string{"agent": agentName + "/" + Version, "occupancy": "metrics"}
)
