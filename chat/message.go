package chat

import (
	"maps"
	"time"

	"ablyrooms.example/lifecycle"
)

// MessageAction is what was last done to a message, as REST bodies name it (section 18 of the Chat specification).
type MessageAction string

// The actions.
const (
	MessageCreate MessageAction = "message.create"
	MessageUpdate MessageAction = "message.update"
	MessageDelete MessageAction = "message.delete"
)

// Version is one version of a message (CHA-M10). A message that was never changed has its own serial and timestamp for a version.
type Version struct {
	Serial      string            // sorts as a string, oldest first (CHA-M10a); not to be parsed
	Timestamp   time.Time         // when this version was made
	ClientID    string            // who made it; empty when not known
	Description string            // of the update or deletion; empty for none
	Metadata    map[string]string // of the update or deletion; nil for none
}

// Message is one message of a room, in one version (CHA-M2). It is a value: an update makes a new one, with the same Serial.
type Message struct {
	Serial    string         // names the message, and sorts as a string, oldest first (CHA-M2d); not to be parsed
	ClientID  string         // who sent it
	UserClaim string         // of the sender's token, by the server's word; empty for none (CHA-M2h)
	Text      string         // empty once it is deleted
	Metadata  map[string]any // a JSON object, never nil in what is received
	Headers   map[string]any // values are string, number, bool or nil; never nil in what is received
	Action    MessageAction  // what was last done to it
	Version   Version        // the version that this is
	Timestamp time.Time      // when the message was created
	Reactions Reactions      // as REST says them; empty in what comes in realtime, so merge it: [Message.WithReactions]
}

// Before tells whether the message comes before another in the room's order (CHA-M2e).
func (m Message) Before(other Message) bool { return m.Serial < other.Serial }

// After tells whether the message comes after another in the room's order (CHA-M2f).
func (m Message) After(other Message) bool { return m.Serial > other.Serial }

// Same tells whether both are the same message, in whatever versions (CHA-M2g).
func (m Message) Same(other Message) bool { return m.Serial == other.Serial }

// SameVersion tells whether both are the same version of the same message (CHA-M10e1).
func (m Message) SameVersion(other Message) bool {
	return m.Same(other) && m.Version.Serial == other.Version.Serial
}

// NewerThan tells whether the message is a newer version of the same message (CHA-M10e2).
func (m Message) NewerThan(other Message) bool {
	return m.Same(other) && m.Version.Serial > other.Version.Serial
}

// OlderThan tells whether the message is an older version of the same message (CHA-M10e3).
func (m Message) OlderThan(other Message) bool {
	return m.Same(other) && m.Version.Serial < other.Version.Serial
}

// Clone returns a copy that shares nothing with the message.
func (m Message) Clone() Message {
	m.Metadata, m.Headers = cloneObject(m.Metadata), cloneObject(m.Headers)
	m.Version.Metadata = maps.Clone(m.Version.Metadata)
	m.Reactions = m.Reactions.Clone()
	return m
}

// With returns the message as an update or a deletion leaves it, with its reactions kept; the message itself, when the event is of the same
// version or an older one (CHA-M11c, CHA-M11d).
//
// Errors: [lifecycle.InvalidArgument] when the event tells of a creation (CHA-M11h) or of another message (CHA-M11i); the message is
// then returned as it is.
func (m Message) With(event MessageEvent) (Message, error) {
	switch {
	case event.Type == MessageCreated:
		return m, lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to apply event to message; a created event makes a message and changes none", nil)
	case event.Message.Serial != m.Serial:
		return m, lifecycle.NewErrorInfo(lifecycle.InvalidArgument,
			"unable to apply event to message; the event is of message "+event.Message.Serial+" and not of "+m.Serial, nil)
	case event.Message.Version.Serial <= m.Version.Serial:
		return m, nil
	}
	changed := event.Message.Clone()
	changed.Reactions = m.Reactions.Clone()
	return changed, nil
}

// WithReactions returns a copy of the message with the reactions of the event (CHA-M11f, CHA-M11g).
//
// Errors: [lifecycle.InvalidArgument] when the event is of another message (CHA-M11j); the message is then returned as it is.
func (m Message) WithReactions(event ReactionSummaryEvent) (Message, error) {
	if event.MessageSerial != m.Serial {
		return m, lifecycle.NewErrorInfo(lifecycle.InvalidArgument,
			"unable to apply event to message; the summary is of message "+event.MessageSerial+" and not of "+m.Serial, nil)
	}
	changed := m.Clone()
	changed.Reactions = event.Reactions.Clone()
	return changed, nil
}

// MessageEventType tells what a [MessageEvent] is about.
type MessageEventType string

// The types (CHA-M4m).
const (
	MessageCreated MessageEventType = "message.created"
	MessageUpdated MessageEventType = "message.updated"
	MessageDeleted MessageEventType = "message.deleted"
)

// MessageEvent tells of a message that was sent, updated or deleted (CHA-M4l).
type MessageEvent struct {
	Type    MessageEventType
	Message Message
}

// cloneObject copies a JSON object to its depth.
func cloneObject(o map[string]any) map[string]any {
	if o == nil {
		return nil
	}
	c := make(map[string]any, len(o))
	for k, v := range o {
		c[k] = cloneValue(v)
	}
	return c
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return cloneObject(v)
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = cloneValue(v[i])
		}
		return c
	}
	return v
}
