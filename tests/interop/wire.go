package main

import (
	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// frames returns the frames of an action that clients have sent on the room's channel.
func (t *trial) frames(action ablytest.Action) (sent []*ablytest.ProtocolMessage) {
	for _, f := range t.server.Frames() {
		if f.Direction == ablytest.ClientToServer && f.Action == action && f.Channel == ablychat.ChannelName(t.room) {
			sent = append(sent, f.Message)
		}
	}
	return sent
}

// published returns the names of the messages that were sent on the room's channel.
func (t *trial) published() (names []string) {
	for _, pm := range t.frames(ablytest.ActionMessage) {
		for _, m := range pm.Messages {
			names = append(names, m.Name)
		}
	}
	return names
}
