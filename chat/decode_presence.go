package chat

import "fmt"

// WirePresence is a presence message in the form in which a client library passes it on.
type WirePresence struct {
	Action       int // TP2: 0 absent, 1 present, 2 enter, 3 leave, 4 update
	ClientID     string
	ConnectionID string
	Data         any
	Encoding     string
	Extras       map[string]any
	Timestamp    int64 // milliseconds since the Unix epoch
}

// DecodeMember returns the member that a presence message describes. Data is as the member sent it
// (CHA-PR3a), or nil if it can't be decoded.
func DecodeMember(w WirePresence) PresenceMember {
	return PresenceMember{
		ClientID: w.ClientID, ConnectionID: w.ConnectionID, UserClaim: userClaim(w.Extras), Data: cloneValue(payload(w.Data, w.Encoding)),
		Extras: cloneObject(w.Extras), UpdatedAt: moment(w.Timestamp),
	}
}

// DecodePresence returns the event that a presence message reports. It returns an error for an
// action that is no event.
func DecodePresence(w WirePresence) (PresenceEvent, error) {
	event := PresenceEvent{Member: DecodeMember(w)}
	switch w.Action {
	case 1:
		event.Type = PresencePresent
	case 2:
		event.Type = PresenceEnter
	case 3:
		event.Type = PresenceLeave
	case 4:
		event.Type = PresenceUpdate
	default:
		return event, fmt.Errorf("a presence message has the unexpected action %d", w.Action)
	}
	return event, nil
}

// DecodeOccupancy returns the occupancy in a realtime message of the name [NameOccupancy]. Missing
// or malformed numbers are 0 (CHA-O4f, CHA-O4g).
func DecodeOccupancy(w WireMessage) OccupancyData {
	return DecodeRESTOccupancy(object(object(payload(w.Data, w.Encoding))["metrics"]))
}

// DecodeRESTOccupancy returns the occupancy in a body of the REST API. As in [DecodeOccupancy],
// missing or malformed numbers are 0.
func DecodeRESTOccupancy(body map[string]any) OccupancyData {
	return OccupancyData{Connections: count(body["connections"]), PresenceMembers: count(body["presenceMembers"])}
}

// DecodeTyping returns the change that a realtime message named [TypingStarted] or [TypingStopped]
// reports. It returns an error for a message with another name, or without a client id; the caller
// must drop such a message (CHA-T13a).
func DecodeTyping(w WireMessage) (TypingChange, error) {
	kind := TypingEventType(w.Name)
	if kind != TypingStarted && kind != TypingStopped {
		return TypingChange{}, fmt.Errorf("a typing message has the unexpected name %q", w.Name)
	}
	if w.ClientID == "" {
		return TypingChange{}, fmt.Errorf("a typing message has no client id")
	}
	return TypingChange{kind, TypingMember{w.ClientID, userClaim(w.Extras)}}, nil
}
