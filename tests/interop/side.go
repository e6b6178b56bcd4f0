package main

import (
	"ablyrooms.example/chat"
)

// person is one client on the embedded server: of this library, or the official one. A row is written once, for any two of them.
type person interface {
	// official tells whether it is the official client.
	official() bool
	clientID() string
	// binary tells whether its connection is in MessagePack.
	binary() bool
	// room gets a room, with options in the JSON that both libraries read. It is released at the trial's end.
	room(t *trial, name, options string) room
}

// room is a room of a person's. What both libraries say is in the types of package chat: this library's own, and the official client's,
// read from its JSON field by field. Methods fail the trial when the call fails; [trial.refusal] is for those that shall.
type room interface {
	name() string
	attach()
	detach()
	release()
	status() string
	statuses() *inbox[string]
	discontinuities() *inbox[int] // codes of errors

	send(c content) chat.Message
	update(serial string, c content, d details) chat.Message
	remove(serial string, d details) chat.Message
	message(serial string) chat.Message
	history(q query) [][]chat.Message // all pages
	messages() subscription
	merged() *inbox[chat.Message] // each message as it is after an event, by the library's own merging

	react(serial string, r reaction)
	unreact(serial string, r reaction)
	clientReactions(serial, clientID string) chat.Reactions
	summaries() *inbox[chat.ReactionSummaryEvent]
	raws() *inbox[chat.RawReactionEvent]

	reactToRoom(r roomReaction)
	roomReactions() *inbox[chat.RoomReaction]

	keystroke()
	stop()
	typers() []chat.TypingMember
	typing() *inbox[chat.TypingEvent]

	enter(data any)
	updatePresence(data any)
	leave(data any)
	members() []chat.PresenceMember
	isUserPresent(clientID string) bool
	presence() *inbox[chat.PresenceEvent]

	occupancy() chat.Occupancy
	currentOccupancy() *chat.Occupancy // nil before the first
	occupancies() *inbox[chat.Occupancy]
}

// subscription is one to messages.
type subscription struct {
	*inbox[chat.MessageEvent]
	before func(limit int) [][]chat.Message // the history before it, page by page
	end    func()
}

// What is sent, in the field names of the official client.
type (
	content struct {
		Text     string         `json:"text"`
		Metadata map[string]any `json:"metadata,omitempty"`
		Headers  map[string]any `json:"headers,omitempty"`
	}
	details struct {
		Description string            `json:"description,omitempty"`
		Metadata    map[string]string `json:"metadata,omitempty"`
	}
	reaction struct {
		Name  string `json:"name,omitempty"`
		Type  string `json:"type,omitempty"`
		Count int    `json:"count,omitempty"`
	}
	roomReaction struct {
		Name     string         `json:"name"`
		Metadata map[string]any `json:"metadata,omitempty"`
		Headers  map[string]any `json:"headers,omitempty"`
	}
	query struct {
		Start int64 `json:"start,omitempty"` // milliseconds since the Unix epoch
		End   int64 `json:"end,omitempty"`
		Limit int   `json:"limit,omitempty"`
		Order order `json:"orderBy,omitempty"`
	}
	order string
)

const (
	newestFirst order = "newestFirst"
	oldestFirst order = "oldestFirst"
)

// null is presence data that is given, and null.
type null struct{}

func (null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }
