package chat

import (
	"fmt"
	"slices"
	"time"

	"ablyrooms.example/lifecycle"
)

// WireAnnotation is an annotation of a realtime message (protocol action 21).
type WireAnnotation struct {
	Action        int // 0 create, 1 delete
	Type          string
	Name          string
	ClientID      string
	Serial        string
	MessageSerial string
	Timestamp     int64 // milliseconds since the Unix epoch
	Count         *int
	Extras        map[string]any
}

// DecodeSummary returns the event that a realtime message with the action summary reports. Missing
// or malformed fields are empty (CHA-MR6a). ignored has the types of annotations that are no
// reactions; the caller must log them at info (CHA-MR6a4).
func DecodeSummary(w WireMessage) (event ReactionSummaryEvent, ignored []string) {
	event.MessageSerial = w.Serial
	event.Reactions, ignored = DecodeReactions(w.Summary)
	return event, ignored
}

// DecodeReactions returns the summary in an object whose keys are types. On the wire
// (annotations.summary) the keys are types of annotations; in a REST body they are the short types
// of reactions. ignored has the unknown types, sorted.
func DecodeReactions(by map[string]any) (r ReactionSummary, ignored []string) {
	r = ReactionSummary{}.Clone()
	for key, value := range by {
		t, known := reactionType(key)
		if !known {
			if t = MessageReactionType(key); t != lifecycle.MessageReactionTypeUnique && t != lifecycle.MessageReactionTypeDistinct && t != lifecycle.MessageReactionTypeMultiple {
				ignored = append(ignored, key)
				continue
			}
		}
		for name, summary := range object(value) {
			s := object(summary)
			switch t {
			case lifecycle.MessageReactionTypeUnique:
				r.Unique[name] = clientList(s)
			case lifecycle.MessageReactionTypeDistinct:
				r.Distinct[name] = clientList(s)
			default:
				r.Multiple[name] = clientCounts(s)
			}
		}
	}
	slices.Sort(ignored)
	return r, ignored
}

func clientList(s map[string]any) ReactionClients {
	return ReactionClients{Total: count(s["total"]), ClientIDs: texts(s["clientIds"]), Clipped: flag(s["clipped"])}
}

func clientCounts(s map[string]any) ReactionCounts {
	c := ReactionCounts{Total: count(s["total"]), ClientIDs: map[string]int{}, TotalUnidentified: count(s["totalUnidentified"]),
		TotalClientIDs: count(s["totalClientIds"]), Clipped: flag(s["clipped"])}
	for id, n := range object(s["clientIds"]) {
		c.ClientIDs[id] = count(n)
	}
	return c
}

// DecodeRawReaction returns the event that an annotation reports. Missing fields are empty strings
// (CHA-MR7b3). It returns an error for an unknown type or action; the caller must ignore such an
// annotation and log it at info (CHA-MR7b1, CHA-MR7b2).
func DecodeRawReaction(a WireAnnotation) (RawReactionEvent, error) {
	t, known := reactionType(a.Type)
	if !known {
		return RawReactionEvent{}, fmt.Errorf("an annotation has the type %q", a.Type)
	}
	event := RawReactionEvent{Timestamp: moment(a.Timestamp), Reaction: RawReaction{
		MessageSerial: a.MessageSerial, Type: t, Name: a.Name, ClientID: a.ClientID, UserClaim: userClaim(a.Extras),
	}}
	switch a.Action {
	case 0:
		event.Type = RawReactionCreated
		if t == lifecycle.MessageReactionTypeMultiple {
			event.Reaction.Count = 1
		}
	case 1:
		event.Type = RawReactionDeleted
	default:
		return RawReactionEvent{}, fmt.Errorf("an annotation has the action %d", a.Action)
	}
	if t == lifecycle.MessageReactionTypeMultiple && a.Count != nil && *a.Count > 0 {
		event.Reaction.Count = *a.Count
	}
	return event, nil
}

// DecodeRoomReaction returns the room reaction in a realtime message of the name
// [NameRoomReaction]. The reaction shares the message's maps. Missing or malformed fields have the
// defaults of CHA-ER4e. self is this client's id. now is the time of a reaction whose message has
// no timestamp.
func DecodeRoomReaction(w WireMessage, self string, now time.Time) RoomReaction {
	data := object(payload(w.Data, w.Encoding))
	r := RoomReaction{
		Name: text(data["name"]), ClientID: w.ClientID, UserClaim: userClaim(w.Extras), Metadata: objectOf(data["metadata"]),
		Headers: objectOf(w.Extras["headers"]), CreatedAt: now, IsSelf: self != "" && w.ClientID == self,
	}
	if w.Timestamp != 0 {
		r.CreatedAt = moment(w.Timestamp)
	}
	return r
}
