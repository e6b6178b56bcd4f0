package ablychat

import (
	"context"
	"time"

	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/lifecycle"
)

// Room is a chat room on Ably: a [lifecycle.Room] on the channel "<name>::$chat" (CHA-RC3c). It is got from a client's [Rooms].
//
// Its features are got by its methods, each of which returns the same value every time: Messages, Reactions, Typing, Presence, Occupancy. After
// the room's release they tell no more events.
type Room struct {
	*lifecycle.Room
	release func(context.Context) error
	client  *Client
	channel *realtime.Channel

	messages  Messages
	reactions RoomReactions
	typing    Typing
	presence  Presence
	occupancy Occupancy
}

// backend opens and releases rooms for lifecycle.Rooms.
type backend struct{ client *Client }

// Open makes a room. It touches no network.
func (b backend) Open(_ context.Context, name string, options lifecycle.RoomOptions) (*Room, error) {
	r := &Room{client: b.client}
	r.channel = b.client.channels.Channel(ChannelName(name), channelOptions(name, options), dispatch{r})
	r.Room, r.release = lifecycle.NewRoom(name, options, r.channel,
		lifecycle.RoomConfig{Logger: b.client.log, Level: b.client.level, Observe: b.client.observe})
	r.messages.room, r.messages.reactions.room, r.reactions.room, r.presence.room, r.occupancy.room = r, r, r, r, r
	r.typing.room, r.typing.wire, r.typing.interval, r.typing.began = r, r, options.Typing.HeartbeatThrottle, time.Now()
	return r, nil
}

// Release ends a room (CHA-RL3).
func (b backend) Release(ctx context.Context, _ string, room *Room) error {
	err := room.release(ctx)
	room.dispose() // CHA-RC1g6
	return err
}

// ChannelName returns the name of a room's channel (CHA-RC3c).
func ChannelName(room string) string { return room + transport.RoomSuffix }

// channelOptions are the modes and params of a room's channel (CHA-RC3d, CHA-O6a, CHA-IN1e).
func channelOptions(room string, o lifecycle.RoomOptions) realtime.Options {
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
