package chat

import "time"

// PresenceEventType tells what a [PresenceEvent] is about.
type PresenceEventType string

// The types (CHA-PR7).
const (
	PresenceEnter   PresenceEventType = "enter"
	PresenceLeave   PresenceEventType = "leave"
	PresenceUpdate  PresenceEventType = "update"
	PresencePresent PresenceEventType = "present" // was there already when this client attached
)

// PresenceMember is somebody who is present in a room.
type PresenceMember struct {
	ClientID     string
	ConnectionID string // one client may be present with several connections
	UserClaim    string // of the member's token, by the server's word; empty for none (CHA-PR6g)
	Data         any    // as the member gave it: nil or plain JSON types; numbers as in an object
	Extras       map[string]any
	UpdatedAt    time.Time
}

// PresenceEvent tells that somebody entered, left, or has other data.
type PresenceEvent struct {
	Type   PresenceEventType
	Member PresenceMember
}

// Occupancy says how many are in a room.
type Occupancy struct {
	Connections     int
	PresenceMembers int
}
