package chat

import (
	"maps"
	"slices"
	"strings"
	"time"

	"ablyrooms.example/lifecycle"
)

// MessageReactionType says how the reactions to a message are counted (CHA-MR2). It is
// [lifecycle.MessageReactionType].
type MessageReactionType = lifecycle.MessageReactionType

// The type of an annotation is a prefix, the type of the reaction, and a suffix with the version of
// the aggregation (CHA-MR1, CHA-MR2).
const (
	annotationPrefix = "reaction:"
	annotationSuffix = ".v1"
)

// AnnotationType returns the type of annotation for a type of reaction, such as
// "reaction:unique.v1".
func AnnotationType(t MessageReactionType) string {
	return annotationPrefix + string(t) + annotationSuffix
}

// reactionType returns the type of reaction for a type of annotation.
func reactionType(annotation string) (MessageReactionType, bool) {
	name, prefixed := strings.CutPrefix(annotation, annotationPrefix)
	name, suffixed := strings.CutSuffix(name, annotationSuffix)
	if !prefixed || !suffixed {
		return "", false
	}
	switch t := MessageReactionType(name); t {
	case lifecycle.MessageReactionTypeUnique, lifecycle.MessageReactionTypeDistinct, lifecycle.MessageReactionTypeMultiple:
		return t, true
	}
	return "", false
}

// ReactionClients lists the clients that reacted with one name (TM7c1). If Clipped is set,
// ClientIDs lacks some clients; Total counts all.
type ReactionClients struct {
	Total     int
	ClientIDs []string
	Clipped   bool
}

// ReactionCounts lists the clients that reacted with one name, and how often each did (TM7d1). If
// Clipped is set, ClientIDs lacks some clients; Total counts all.
type ReactionCounts struct {
	Total             int
	ClientIDs         map[string]int
	TotalUnidentified int // the number of reactions of clients without an id
	TotalClientIDs    int // the number of clients that reacted
	Clipped           bool
}

// ReactionSummary has the reactions to a message, by type and by name (CHA-MR3). In a received
// summary, no map is nil.
type ReactionSummary struct {
	Unique   map[string]ReactionClients
	Distinct map[string]ReactionClients
	Multiple map[string]ReactionCounts
}

// Clone returns a deep copy of the summary. Nil maps become empty maps.
func (r ReactionSummary) Clone() ReactionSummary {
	lists := func(from map[string]ReactionClients) map[string]ReactionClients {
		to := make(map[string]ReactionClients, len(from))
		for name, l := range from {
			l.ClientIDs = slices.Clone(l.ClientIDs)
			to[name] = l
		}
		return to
	}
	c := ReactionSummary{Unique: lists(r.Unique), Distinct: lists(r.Distinct), Multiple: make(map[string]ReactionCounts, len(r.Multiple))}
	for name, l := range r.Multiple {
		l.ClientIDs = maps.Clone(l.ClientIDs)
		c.Multiple[name] = l
	}
	return c
}

// Has reports whether a client has reacted with a name, in a reaction of a type. certain is false
// if the summary is clipped and doesn't have the client: then fetch the client's own reactions
// (CHA-MR13).
func (r ReactionSummary) Has(t MessageReactionType, name, clientID string) (has, certain bool) {
	switch t {
	case lifecycle.MessageReactionTypeUnique:
		l := r.Unique[name]
		has = slices.Contains(l.ClientIDs, clientID)
		return has, has || !l.Clipped
	case lifecycle.MessageReactionTypeMultiple:
		l := r.Multiple[name]
		has = l.ClientIDs[clientID] > 0
		return has, has || !l.Clipped
	}
	l := r.Distinct[name]
	has = slices.Contains(l.ClientIDs, clientID)
	return has, has || !l.Clipped
}

// ReactionSummaryEvent reports the new summary of the reactions to a message (CHA-MR6).
type ReactionSummaryEvent struct {
	MessageSerial string
	Reactions     ReactionSummary
}

// RawReactionEventType says what a [RawReactionEvent] reports.
type RawReactionEventType string

// The types.
const (
	RawReactionCreated RawReactionEventType = "reaction.create"
	RawReactionDeleted RawReactionEventType = "reaction.delete"
)

// RawReactionEvent reports that a client added or removed one reaction (CHA-MR7). Don't compute
// summaries from these events (CHA-MR8).
type RawReactionEvent struct {
	Type      RawReactionEventType
	Timestamp time.Time
	Reaction  RawReaction
}

// RawReaction is one reaction of one client to a message.
type RawReaction struct {
	MessageSerial string
	Type          MessageReactionType
	Name          string
	Count         int // for the type multiple, 1 if none was given; 0 for the other types
	ClientID      string
	// the claim in the sender's token, added by the server; empty if there is none (CHA-MR7d)
	UserClaim string
}

// RoomReaction is a reaction to a room as a whole. The service doesn't keep it (CHA-ER2).
type RoomReaction struct {
	Name     string
	ClientID string
	// the claim in the sender's token, added by the server; empty if there is none (CHA-ER2a)
	UserClaim string
	Metadata  map[string]any // a JSON object; never nil in a received reaction
	Headers   map[string]any // never nil in a received reaction
	CreatedAt time.Time
	IsSelf    bool // whether this client sent it
}
