package chat

import (
	"maps"
	"slices"
	"strings"
	"time"

	"ablyrooms.example/lifecycle"
)

// MessageReactionType says how the reactions to a message count (CHA-MR2). It is
// [lifecycle.MessageReactionType].
type MessageReactionType = lifecycle.MessageReactionType

// annotation types: the reaction's type with its aggregation (CHA-MR1, CHA-MR2).
const (
	annotationPrefix = "reaction:"
	annotationSuffix = ".v1"
)

// AnnotationType returns the type of the annotations that reactions of the type are:
// "reaction:unique.v1".
func AnnotationType(t MessageReactionType) string {
	return annotationPrefix + string(t) + annotationSuffix
}

// reactionType returns the type of reaction of an annotation type.
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

// ReactionClients says who reacted with a name (TM7c1). Where Clipped, ClientIDs holds not all of
// them, while Total is right.
type ReactionClients struct {
	Total     int
	ClientIDs []string
	Clipped   bool
}

// ReactionCounts says how often who reacted with a name (TM7d1). Where Clipped, ClientIDs holds not
// all of them, while Total is right.
type ReactionCounts struct {
	Total             int
	ClientIDs         map[string]int
	TotalUnidentified int // reactions of clients without an id
	TotalClientIDs    int // clients that reacted
	Clipped           bool
}

// ReactionSummary sums up the reactions to a message, by the name of the reaction (CHA-MR3). Maps
// are never nil in what is received.
type ReactionSummary struct {
	Unique   map[string]ReactionClients
	Distinct map[string]ReactionClients
	Multiple map[string]ReactionCounts
}

// Clone returns a copy that shares nothing with the reactions. Nil maps become empty ones.
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

// Has reports whether a client is known to have reacted with a name, in a reaction of a type. Of a
// summary that is clipped it may not know: then ask for the client's own reactions (CHA-MR13).
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

// ReactionSummaryEvent tells that the summary of the reactions to a message is now another
// (CHA-MR6).
type ReactionSummaryEvent struct {
	MessageSerial string
	Reactions     ReactionSummary
}

// RawReactionEventType tells what a [RawReactionEvent] is about.
type RawReactionEventType string

// The types.
const (
	RawReactionCreated RawReactionEventType = "reaction.create"
	RawReactionDeleted RawReactionEventType = "reaction.delete"
)

// RawReactionEvent is about one reaction that one client added or removed (CHA-MR7). Summaries are
// never to be computed from them (CHA-MR8).
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
	Count         int // for multiple; 1 when it was created without one, 0 for the other types
	ClientID      string
	UserClaim     string // of the sender's token, by the server's word; empty for none (CHA-MR7d)
}

// RoomReaction is a reaction to what goes on in a room; it is not kept (CHA-ER2).
type RoomReaction struct {
	Name     string
	ClientID string
	// of the sender's token, by the server's word; empty for none (CHA-ER2a)
	UserClaim string
	Metadata  map[string]any // a JSON object, never nil in what is received
	Headers   map[string]any // never nil in what is received
	CreatedAt time.Time
	IsSelf    bool // sent by this client
}
