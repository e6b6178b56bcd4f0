package world

import (
	"fmt"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
)

// What the rooms' channels are to ably-go. This file alone of the world knows that they are ably-go's.

// believed returns what the client has a room's channel for, and whether it has it for attached or for
// attaching.
func (c *client) believed(room string) (state string, attached, attaching bool) {
	real := ably.ChannelStateInitialized
	if name := ablychat.ChannelName(room); c.realtime.Channels.Exists(name) {
		real = c.realtime.Channels.Get(name).State()
	}
	return real.String(), real == ably.ChannelStateAttached, real == ably.ChannelStateAttaching
}

// stale returns the client's channels that belong to no room.
func (c *client) stale(holds map[string]bool) (found []string) {
	for _, ch := range c.realtime.Channels.Iterate() {
		if !holds[ch.Name] && c.connected() {
			found = append(found, fmt.Sprintf("%s's client still has the channel %s, which is %v", c.id, ch.Name, ch.State()))
		}
	}
	return found
}
