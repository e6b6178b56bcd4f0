package ablychat

import (
	"fmt"
	"log/slog"

	"ablyrooms.example/chat"
)

// dispatch passes the events of a room's channel to the features of the room, in the order in which
// the events come. It implements the sink of package realtime.
type dispatch struct{ room *Room }

// Attached moves the points of subscriptions. It runs before the room's listeners are notified of a
// discontinuity (CHA-M5c, CHA-M5d).
func (d dispatch) Attached(serial string, resumed bool) {
	d.room.messages.subscriptions.attached(serial, resumed)
}

func (d dispatch) Left() { d.room.messages.subscriptions.left() }

func (d dispatch) Messages(messages []chat.WireMessage, serial string) {
	d.room.messages.subscriptions.delivered(serial, func() {
		for _, w := range messages {
			d.message(w)
		}
	})
}

func (d dispatch) message(w chat.WireMessage) {
	r := d.room
	switch {
	case w.Action == chat.WireSummary:
		r.messages.reactions.receiveSummary(w)
	case w.Name == chat.NameMessage:
		r.messages.receive(w)
	case w.Name == chat.NameRoomReaction:
		r.reactions.receive(w)
	case w.Name == string(chat.TypingStarted), w.Name == string(chat.TypingStopped):
		r.typing.receive(w)
	case w.Name == chat.NameOccupancy:
		r.occupancy.receive(w)
	default: // CHA-M4d, CHA-ER4c
		r.ignored(slog.LevelDebug, fmt.Sprintf("a message has the name %q", w.Name))
	}
}

func (d dispatch) Annotations(annotations []chat.WireAnnotation, serial string) {
	d.room.messages.subscriptions.delivered(serial, func() {
		for _, w := range annotations {
			d.room.messages.reactions.receiveAnnotation(w)
		}
	})
}

func (d dispatch) Presence(w chat.WirePresence) { d.room.presence.receive(w) }
