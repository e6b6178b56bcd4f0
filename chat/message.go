package chat

import (
	"maps"
	"time"

	"ablyrooms.example/lifecycle"
)

// MessageAction says what was done to a message last. Its values are those of REST bodies (section
// 18 of the Chat specification).
type MessageAction string

// The actions.
const (
	MessageActionCreate MessageAction = "message.create"
	MessageActionUpdate MessageAction = "message.update"
	MessageActionDelete MessageAction = "message.delete"
)

// MessageVersion describes one version of a message (CHA-M10). The version of a message that was
// never changed has the message's own serial and timestamp.
type MessageVersion struct {
	// versions in the order of these strings, oldest first (CHA-M10a); don't parse it
	Serial      string
	Timestamp   time.Time         // when this version was made
	ClientID    string            // the client that made this version; empty if unknown
	Description string            // why it was updated or deleted; may be empty
	Metadata    map[string]string // of the update or deletion; nil for none
}

// Message is one version of a message of a room (CHA-M2). It is a value: an update yields a new
// Message with the same Serial.
type Message struct {
	// identifies the message; messages are in the order of these strings, oldest first (CHA-M2d);
	// don't parse it
	Serial   string
	ClientID string // who sent it
	// the claim in the sender's token, added by the server; empty if there is none (CHA-M2h)
	UserClaim string
	Text      string         // empty in a deleted message
	Metadata  map[string]any // a JSON object; never nil in a received message
	// values are string, number, bool or nil; never nil in a received message
	Headers   map[string]any
	Action    MessageAction  // what was done to the message last
	Version   MessageVersion // describes this version
	Timestamp time.Time      // when the message was created
	// set in a message that a REST call returns; empty in a message of a realtime event, see
	// [Message.With]
	Reactions ReactionSummary
}

// Before reports whether the message comes before another in the room's order (CHA-M2e).
func (m Message) Before(other Message) bool { return m.Serial < other.Serial }

// After reports whether the message comes after another in the room's order (CHA-M2f).
func (m Message) After(other Message) bool { return m.Serial > other.Serial }

// Same reports whether both are the same message, in any versions (CHA-M2g).
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

// Clone returns a deep copy of the message.
func (m Message) Clone() Message {
	m.Metadata, m.Headers = cloneObject(m.Metadata), cloneObject(m.Headers)
	m.Version.Metadata = maps.Clone(m.Version.Metadata)
	m.Reactions = m.Reactions.Clone()
	return m
}

// IsDeleted reports whether the message was deleted.
func (m Message) IsDeleted() bool { return m.Action == MessageActionDelete }

// DeletedBy returns the client id of the client that deleted the message. It is "" if the message
// is not deleted, or if the client is unknown.
func (m Message) DeletedBy() string {
	if !m.IsDeleted() {
		return ""
	}
	return m.Version.ClientID
}

// MessageChange is a change that [Message.With] can apply: a [Message], a [MessageEvent] or a
// [ReactionSummaryEvent].
type MessageChange interface {
	applyTo(Message) (Message, error)
}

// With returns the message with a change applied (CHA-M11):
//
//   - For another [Message], or a [MessageEvent] of an update or a deletion, it returns the version
//     in the change, with the reactions of m. If that version is not newer than m, it returns m
//     (CHA-M11c, CHA-M11d).
//   - For a [ReactionSummaryEvent], it returns m with the reactions of the event (CHA-M11f,
//     CHA-M11g).
//
// The result shares nothing with the change.
//
// Errors: [lifecycle.ErrInvalidArgument] for an event of a creation (CHA-M11h), for a change of
// another message (CHA-M11i, CHA-M11j), and for nil. With an error, it returns m.
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
		return to, cannotApply("the change is of message " + m.Serial + ", not of message " + to.Serial)
	case !m.NewerThan(to):
		return to, nil
	}
	changed := m.Clone()
	changed.Reactions = to.Reactions.Clone()
	return changed, nil
}

func (e MessageEvent) applyTo(to Message) (Message, error) {
	if e.Type == MessageCreated {
		return to, cannotApply("the event is " + string(e.Type) + ", expected " + string(MessageUpdated) + " or " + string(MessageDeleted))
	}
	return e.Message.applyTo(to)
}

func (e ReactionSummaryEvent) applyTo(to Message) (Message, error) {
	if e.MessageSerial != to.Serial {
		return to, cannotApply("the change is of message " + e.MessageSerial + ", not of message " + to.Serial)
	}
	changed := to.Clone()
	changed.Reactions = e.Reactions.Clone()
	return changed, nil
}

// MessageEventType says what a [MessageEvent] reports.
type MessageEventType string

// The types (CHA-M4m).
const (
	MessageCreated MessageEventType = "message.created"
	MessageUpdated MessageEventType = "message.updated"
	MessageDeleted MessageEventType = "message.deleted"
)

// MessageEvent reports that a message was sent, updated or deleted (CHA-M4l).
type MessageEvent struct {
	Type      MessageEventType
	Message   Message
	Recovered bool // whether the event was missed, and then fetched from the history
}

// cloneObject returns a deep copy of a JSON object.
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
