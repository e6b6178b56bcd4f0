package chat

import (
	"maps"
	"time"

	"ablyrooms.example/lifecycle"
)

// MessageAction is what was last done to a message, as REST bodies name it (section 18 of the Chat
// specification).
type MessageAction string

// The actions.
const (
	MessageActionCreate MessageAction = "message.create"
	MessageActionUpdate MessageAction = "message.update"
	MessageActionDelete MessageAction = "message.delete"
)

// MessageVersion is one version of a message (CHA-M10). A message that was never changed has its
// own serial and timestamp for a version.
type MessageVersion struct {
	Serial      string            // sorts as a string, oldest first (CHA-M10a); not to be parsed
	Timestamp   time.Time         // when this version was made
	ClientID    string            // who made it; empty when not known
	Description string            // of the update or deletion; empty for none
	Metadata    map[string]string // of the update or deletion; nil for none
}

// Message is one message of a room, in one version (CHA-M2). It is a value: an update makes a new
// one, with the same Serial.
type Message struct {
	// names the message, and sorts as a string, oldest first (CHA-M2d); not to be parsed
	Serial   string
	ClientID string // who sent it
	// of the sender's token, by the server's word; empty for none (CHA-M2h)
	UserClaim string
	Text      string         // empty once it is deleted
	Metadata  map[string]any // a JSON object, never nil in what is received
	// values are string, number, bool or nil; never nil in what is received
	Headers   map[string]any
	Action    MessageAction  // what was last done to it
	Version   MessageVersion // the version that this is
	Timestamp time.Time      // when the message was created
	// set in a message that REST returns; empty in a realtime event, see [Message.With]
	Reactions ReactionSummary
}

// Before reports whether the message comes before another in the room's order (CHA-M2e).
func (m Message) Before(other Message) bool { return m.Serial < other.Serial }

// After reports whether the message comes after another in the room's order (CHA-M2f).
func (m Message) After(other Message) bool { return m.Serial > other.Serial }

// Same reports whether both are the same message, in whatever versions (CHA-M2g).
func (m Message) Same(other Message) bool { return m.Serial == other.Serial }

// SameVersion reports whether both are the same version of the same message (CHA-M10e1).
func (m Message) SameVersion(other Message) bool {
	return m.Same(other) && m.Version.Serial == other.Version.Serial
}

// NewerThan reports whether the message is a newer version of the same message (CHA-M10e2).
func (m Message) NewerThan(other Message) bool {
	return m.Same(other) && m.Version.Serial > other.Version.Serial
}

// OlderThan reports whether the message is an older version of the same message (CHA-M10e3).
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

// IsDeleted reports whether the message was deleted.
func (m Message) IsDeleted() bool { return m.Action == MessageActionDelete }

// DeletedBy returns the client id of who deleted the message; "" when it is not deleted, or that is
// not known.
func (m Message) DeletedBy() string {
	if !m.IsDeleted() {
		return ""
	}
	return m.Version.ClientID
}

// MessageChange is what [Message.With] applies: a [Message], a [MessageEvent] or a
// [ReactionSummaryEvent].
type MessageChange interface {
	applyTo(Message) (Message, error)
}

// With returns the message with a change applied (CHA-M11):
//
//   - For a [MessageEvent] of an update or a deletion, and for another [Message]: that version,
//     with the reactions of m; m itself when it is of the same version or an older one (CHA-M11c,
//     CHA-M11d).
//   - For a [ReactionSummaryEvent]: m with these reactions (CHA-M11f, CHA-M11g).
//
// What it returns shares nothing with the change.
//
// Errors: [lifecycle.ErrInvalidArgument] for an event of a creation (CHA-M11h), for a change of
// another message (CHA-M11i, CHA-M11j), and for nil; the message is then returned as it is.
func (m Message) With(change MessageChange) (Message, error) {
	if change == nil {
		return m, cannotApply("the change is nil")
	}
	return change.applyTo(m)
}

func cannotApply(reason string) error {
	return lifecycle.NewErrorInfo(lifecycle.ErrInvalidArgument, "unable to apply change to message; "+reason, nil)
}

func (m Message) applyTo(to Message) (Message, error) {
	switch {
	case !m.Same(to):
		return to, cannotApply("it is of message " + m.Serial + " and not of " + to.Serial)
	case !m.NewerThan(to):
		return to, nil
	}
	changed := m.Clone()
	changed.Reactions = to.Reactions.Clone()
	return changed, nil
}

func (e MessageEvent) applyTo(to Message) (Message, error) {
	if e.Type == MessageCreated {
		return to, cannotApply("a created event makes a message and changes none")
	}
	return e.Message.applyTo(to)
}

func (e ReactionSummaryEvent) applyTo(to Message) (Message, error) {
	if e.MessageSerial != to.Serial {
		return to, cannotApply("it is of message " + e.MessageSerial + " and not of " + to.Serial)
	}
	changed := to.Clone()
	changed.Reactions = e.Reactions.Clone()
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

// MessageEvent is about a message that was sent, updated or deleted (CHA-M4l).
type MessageEvent struct {
	Type      MessageEventType
	Message   Message
	Recovered bool // read from the history, after it was missed
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
