package wire

import "fmt"

// Action is the purpose of a [ProtocolMessage] (TR2).
type Action int

// The actions of the protocol (TR2).
const (
	ActionHeartbeat    Action = 0
	ActionAck          Action = 1
	ActionNack         Action = 2
	ActionConnect      Action = 3
	ActionConnected    Action = 4
	ActionDisconnect   Action = 5
	ActionDisconnected Action = 6
	ActionClose        Action = 7
	ActionClosed       Action = 8
	ActionError        Action = 9
	ActionAttach       Action = 10
	ActionAttached     Action = 11
	ActionDetach       Action = 12
	ActionDetached     Action = 13
	ActionPresence     Action = 14
	ActionMessage      Action = 15
	ActionSync         Action = 16
	ActionAuth         Action = 17
	ActionActivate     Action = 18
	ActionObject       Action = 19
	ActionObjectSync   Action = 20
	ActionAnnotation   Action = 21
)

var actionNames = [...]string{"HEARTBEAT", "ACK", "NACK", "CONNECT", "CONNECTED", "DISCONNECT",
	"DISCONNECTED", "CLOSE", "CLOSED", "ERROR", "ATTACH", "ATTACHED", "DETACH", "DETACHED", "PRESENCE",
	"MESSAGE", "SYNC", "AUTH", "ACTIVATE", "OBJECT", "OBJECT_SYNC", "ANNOTATION"}

// String returns the name of the action in Ably's protocol, such as "ATTACHED".
func (a Action) String() string {
	if a >= 0 && int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("ACTION(%d)", int(a))
}

// Acknowledged reports whether the server answers the action by ACK or NACK, so that it
// carries a msgSerial (RTN7a, RTN7b).
func (a Action) Acknowledged() bool {
	return a == ActionMessage || a == ActionPresence || a == ActionAnnotation || a == ActionObject
}

// Flags is the bit field of a [ProtocolMessage] (TR3). Bits 16 and above are modes (TB2d).
type Flags int64

// The flags and modes of the protocol (TR3).
const (
	FlagHasPresence  Flags = 1 << 0
	FlagHasBacklog   Flags = 1 << 1
	FlagResumed      Flags = 1 << 2
	FlagTransient    Flags = 1 << 4
	FlagAttachResume Flags = 1 << 5
	FlagHasObjects   Flags = 1 << 7

	ModePresence            Flags = 1 << 16
	ModePublish             Flags = 1 << 17
	ModeSubscribe           Flags = 1 << 18
	ModePresenceSubscribe   Flags = 1 << 19
	ModeAnnotationPublish   Flags = 1 << 21
	ModeAnnotationSubscribe Flags = 1 << 22
)

// Has reports whether all bits of flag are set.
func (f Flags) Has(flag Flags) bool { return f&flag == flag }

// Modes returns the bits that are modes of a channel (RTL4m).
func (f Flags) Modes() Flags { return f &^ (1<<16 - 1) }
