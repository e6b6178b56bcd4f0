package main

import (
	"slices"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// person is one client of the embedded server: a client of this library, or the official client. A
// check works with any two of them.
type person interface {
	official() bool // reports whether it is the official client
	id() string
	binary() bool // reports whether its connection is in MessagePack
	// room gets a room, with options in the JSON that both libraries read. The room is released at
	// the end of the trial.
	room(t *trial, name, options string) *room
}

// room is a room of a person. Results and events have the types of package chat: those of this
// library, or those of the official client, decoded from its JSON field by field. A function ends
// the trial if its call fails. For a call that must fail, see [trial.refusal].
type room struct {
	person
	name                    string
	attach, detach, release func()
	status                  func() string
	statuses                func() *inbox[string]
	// an inbox of the codes of the discontinuities' errors
	discontinuities func() *inbox[int]

	send     func(c content) chat.Message
	update   func(serial string, c content, d details) chat.Message
	remove   func(serial string, d details) chat.Message
	message  func(serial string) chat.Message
	history  func(q query) [][]chat.Message // all pages
	messages func() subscription
	// the message after each event, as the library itself merges them
	merged func() *inbox[chat.Message]

	react, unreact  func(serial string, r reaction)
	clientReactions func(serial, clientID string) chat.ReactionSummary
	summaries       func() *inbox[chat.ReactionSummaryEvent]
	raws            func() *inbox[chat.RawReactionEvent]

	reactToRoom   func(r roomReaction)
	roomReactions func() *inbox[chat.RoomReaction]

	keystroke, stop func()
	typers          func() []chat.TypingMember
	typing          func() *inbox[chat.TypingEvent]

	enter, updatePresence, leave func(data any)
	members                      func() []chat.PresenceMember // sorted by client
	isUserPresent                func(clientID string) bool
	presence                     func() *inbox[chat.PresenceEvent]

	occupancy        func() chat.OccupancyData
	currentOccupancy func() *chat.OccupancyData // returns nil before the first event
	occupancies      func() *inbox[chat.OccupancyData]
}

// all returns the messages of all pages of the history.
func (r *room) all(q query) []chat.Message { return slices.Concat(r.history(q)...) }

// subscription is a subscription to messages.
type subscription struct {
	*inbox[chat.MessageEvent]
	before func(limit int) [][]chat.Message // the history before it, page by page
	end    func()
}

// What is sent, with the field names of the official client.
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
		Name  string                        `json:"name,omitempty"`
		Type  lifecycle.MessageReactionType `json:"type,omitempty"`
		Count int                           `json:"count,omitempty"`
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

// null is presence data with the JSON value null; for the official client, that differs from no
// data.
type null struct{}

func (null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }
