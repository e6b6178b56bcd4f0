package chat

import "time"

// PresenceEventType says what a [PresenceEvent] reports.
type PresenceEventType string

// The types (CHA-PR7).
const (
	PresenceEnter  PresenceEventType = "enter"
	PresenceLeave  PresenceEventType = "leave"
	PresenceUpdate PresenceEventType = "update"
	// the member was present before this client attached
	PresencePresent PresenceEventType = "present"
)

// PresenceMember is a client that is present in a room, on one of its connections.
type PresenceMember struct {
	ClientID     string
	ConnectionID string // a client may be present on several connections
	// the claim in the member's token, added by the server; empty if there is none (CHA-PR6g)
	UserClaim string
	Data      any // as the member sent it: nil, or plain JSON types
	Extras    map[string]any
	UpdatedAt time.Time
}

// PresenceEvent reports that a member entered, left, updated its data, or was already present.
type PresenceEvent struct {
	Type   PresenceEventType
	Member PresenceMember
}

// OccupancyData has the numbers of connections and presence members of a room.
type OccupancyData struct {
	Connections     int
	PresenceMembers int
}
