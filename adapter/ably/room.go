package ablychat

import (
	"context"
	"time"

	"github.com/ably/ably-go/ably"

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
	channel *channel

	messages  Messages
	reactions RoomReactions
	typing    Typing
	presence  Presence
	occupancy Occupancy
}

// backend opens and releases rooms for lifecycle.Rooms.
type backend struct{ client *Client }

// Open makes a room. It touches no network: the room takes its channel when it attaches.
func (b backend) Open(_ context.Context, name string, options lifecycle.RoomOptions) (*Room, error) {
	ch := newChannel(b.client, name, options)
	room, release := lifecycle.NewRoom(name, options, ch, lifecycle.RoomConfig{Logger: b.client.log, Level: b.client.level, Observe: b.client.observe})
	r := &Room{Room: room, release: release, client: b.client, channel: ch}
	ch.sink = r
	r.messages.room, r.messages.reactions.room, r.reactions.room, r.presence.room, r.occupancy.room = r, r, r, r, r
	r.typing.room, r.typing.wire, r.typing.interval, r.typing.began = r, ch, options.Typing.HeartbeatThrottle, time.Now()
	return r, nil
}

// Release ends a room (CHA-RL3).
func (b backend) Release(ctx context.Context, _ string, room *Room) error {
	err := room.release(ctx)
	room.dispose() // CHA-RC1g6
	return err
}

// channelSuffix is what the names of rooms' channels end in.
const channelSuffix = "::$chat"

// ChannelName returns the name of a room's channel (CHA-RC3c).
func ChannelName(room string) string { return room + channelSuffix }

// channelOptions are the modes and params of a room's channel (CHA-RC3d, CHA-O6a, CHA-IN1e). ably-go knows no annotation modes, so
// ANNOTATION_PUBLISH and ANNOTATION_SUBSCRIBE are not asked for.
func channelOptions(o lifecycle.RoomOptions) []ably.ChannelOption {
	modes := []ably.ChannelMode{ably.ChannelModePublish, ably.ChannelModeSubscribe, ably.ChannelModePresence}
	if o.Presence.EnableEvents {
		modes = append(modes, ably.ChannelModePresenceSubscribe) // CHA-RC3d1
	}
	options := []ably.ChannelOption{
		ably.ChannelWithModes(modes...),
		ably.ChannelWithParams("agent", agentName+"/"+Version),
	}
	if o.Occupancy.EnableEvents {
		options = append(options, ably.ChannelWithParams("occupancy", "metrics"))
	}
	return options
}
