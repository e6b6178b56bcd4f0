package ablytest

import (
	"fmt"
	"strings"
)

// Action is the purpose of a [ProtocolMessage] (TR2). The zero value is HEARTBEAT.
type Action int

// The actions of Ably's realtime protocol. Two of them are special. CONNECT is not sent by the
// WebSocket transport: here it stands for the opening of the WebSocket, which faults treat as the
// first frame of a connection. DISCONNECT is a frame that some clients send before they drop a
// transport.
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

	// ActionHTTP is not part of the protocol: it marks the [Frame] of an HTTP request or of its
	// response.
	ActionHTTP Action = -1
)

var actionNames = map[Action]string{
	ActionHeartbeat: "HEARTBEAT", ActionAck: "ACK", ActionNack: "NACK", ActionConnect: "CONNECT",
	ActionConnected: "CONNECTED", ActionDisconnect: "DISCONNECT", ActionDisconnected: "DISCONNECTED",
	ActionClose: "CLOSE", ActionClosed: "CLOSED", ActionError: "ERROR", ActionAttach: "ATTACH",
	ActionAttached: "ATTACHED", ActionDetach: "DETACH", ActionDetached: "DETACHED",
	ActionPresence: "PRESENCE", ActionMessage: "MESSAGE", ActionSync: "SYNC", ActionAuth: "AUTH",
	ActionActivate: "ACTIVATE", ActionObject: "OBJECT", ActionObjectSync: "OBJECT_SYNC",
	ActionAnnotation: "ANNOTATION", ActionHTTP: "HTTP",
}

// String returns the protocol's name of the action, such as "ATTACHED".
func (a Action) String() string {
	if name, ok := actionNames[a]; ok {
		return name
	}
	return fmt.Sprintf("ACTION(%d)", int(a))
}

// acknowledged reports whether a client expects an ACK or a NACK for the action (RTN7a).
func (a Action) acknowledged() bool {
	switch a {
	case ActionMessage, ActionPresence, ActionObject, ActionAnnotation:
		return true
	}
	return false
}

// Flags is the bit field of a [ProtocolMessage] (TR3). Its upper half holds the modes
// of an attachment.
type Flags int64

// The flags of the protocol.
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
	ModeObjectSubscribe     Flags = 1 << 24
	ModeObjectPublish       Flags = 1 << 25

	// ModesDefault has the modes of an ATTACH that names no modes, if the capability allows them. A
	// client must request the other modes.
	ModesDefault = ModePresence | ModePublish | ModeSubscribe | ModePresenceSubscribe | ModeAnnotationPublish

	modesAll = ModesDefault | ModeAnnotationSubscribe | ModeObjectSubscribe | ModeObjectPublish
)

var flagNames = []struct {
	flag Flags
	name string
}{
	{FlagHasPresence, "HAS_PRESENCE"}, {FlagHasBacklog, "HAS_BACKLOG"}, {FlagResumed, "RESUMED"},
	{FlagTransient, "TRANSIENT"}, {FlagAttachResume, "ATTACH_RESUME"}, {FlagHasObjects, "HAS_OBJECTS"},
	{ModePresence, "PRESENCE"}, {ModePublish, "PUBLISH"}, {ModeSubscribe, "SUBSCRIBE"},
	{ModePresenceSubscribe, "PRESENCE_SUBSCRIBE"}, {ModeAnnotationPublish, "ANNOTATION_PUBLISH"},
	{ModeAnnotationSubscribe, "ANNOTATION_SUBSCRIBE"}, {ModeObjectSubscribe, "OBJECT_SUBSCRIBE"},
	{ModeObjectPublish, "OBJECT_PUBLISH"},
}

// Has reports whether all bits of flag are set.
func (f Flags) Has(flag Flags) bool { return f&flag == flag }

// Modes returns only the bits that are channel modes.
func (f Flags) Modes() Flags { return f & modesAll }

// String returns the names of the set flags, joined by "|".
func (f Flags) String() string {
	var names []string
	for _, n := range flagNames {
		if f.Has(n.flag) {
			names = append(names, n.name)
			f &^= n.flag
		}
	}
	if f != 0 {
		names = append(names, fmt.Sprintf("%#x", int64(f)))
	}
	return strings.Join(names, "|")
}

// modeByName returns the mode that has this name in a channel param or a capability. The case of
// the name doesn't matter.
func modeByName(name string) (Flags, bool) {
	for _, n := range flagNames {
		if n.flag.Modes() != 0 && strings.EqualFold(n.name, strings.TrimSpace(name)) {
			return n.flag, true
		}
	}
	return 0, false
}
