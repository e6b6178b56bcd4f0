package lifecycle

import (
	"fmt"
	"time"
)

// RoomOptions are all options of a room. They are comparable with ==; two gets of a name return the
// same room if their options, with the defaults filled in, are equal. Start from
// [DefaultRoomOptions] and change fields, load them from JSON (see [RoomOptions.UnmarshalJSON]), or
// use the With… options of [Rooms.Get] (CHA-RC2, CHA-RC4).
type RoomOptions struct {
	Presence  PresenceOptions
	Typing    TypingOptions
	Occupancy OccupancyOptions
	Messages  MessagesOptions
}

// PresenceOptions are a room's options for presence (CHA-PR9).
type PresenceOptions struct {
	EnableEvents bool // whether the client receives presence events; default true (CHA-PR9c1)
}

// TypingOptions are a room's options for typing indicators (CHA-T10).
type TypingOptions struct {
	// the time after a keystroke was sent in which further ones send nothing; more than 0; default
	// 10 s
	HeartbeatThrottle time.Duration
}

// OccupancyOptions are a room's options for occupancy (CHA-O6).
type OccupancyOptions struct {
	EnableEvents bool // whether the client receives occupancy events; default false (CHA-O6c)
}

// MessagesOptions are a room's options for messages and their reactions.
type MessagesOptions struct {
	// whether the client receives single reactions; default false (CHA-MR9)
	RawMessageReactions bool
	// the type of a reaction that is sent without one; default distinct (CHA-MR5)
	DefaultMessageReactionType MessageReactionType
}

// MessageReactionType says how reactions to a message are counted (CHA-MR2).
type MessageReactionType string

// The types of message reactions.
const (
	// one reaction of each client; a new one replaces it (CHA-MR2a)
	MessageReactionTypeUnique MessageReactionType = "unique"
	// each reaction name once for each client (CHA-MR2b)
	MessageReactionTypeDistinct MessageReactionType = "distinct"
	// each reaction name any number of times for each client, with a count (CHA-MR2c)
	MessageReactionTypeMultiple MessageReactionType = "multiple"
)

// DefaultRoomOptions returns the defaults of the Chat specification (CHA-RC4a). It may be called
// concurrently.
func DefaultRoomOptions() RoomOptions {
	return RoomOptions{
		Presence:  PresenceOptions{EnableEvents: true},
		Typing:    TypingOptions{HeartbeatThrottle: 10 * time.Second},
		Occupancy: OccupancyOptions{EnableEvents: false},
		Messages:  MessagesOptions{DefaultMessageReactionType: MessageReactionTypeDistinct},
	}
}

// Validate returns nil if the options are valid. Otherwise it returns an [*ErrorInfo] with the code
// [ErrInvalidArgument], which names the field, its value and the expected values (CHA-RC2a).
func (o RoomOptions) Validate() error {
	if o.Typing.HeartbeatThrottle <= 0 {
		return invalidArgument("unable to create room; invalid room configuration: typing.heartbeatThrottleMs is %v, expected more than 0",
			o.Typing.HeartbeatThrottle)
	}
	switch t := o.Messages.DefaultMessageReactionType; t {
	case MessageReactionTypeUnique, MessageReactionTypeDistinct, MessageReactionTypeMultiple:
	default:
		return invalidArgument("unable to create room; invalid room configuration: messages.defaultMessageReactionType is %q, "+
			`expected "unique", "distinct" or "multiple"`, string(t))
	}
	return nil
}

// String returns the options in one line, with the field names of Ably's documentation.
func (o RoomOptions) String() string {
	return fmt.Sprintf("{presence.enableEvents: %t, typing.heartbeatThrottleMs: %v, occupancy.enableEvents: %t, "+
		"messages.rawMessageReactions: %t, messages.defaultMessageReactionType: %s}", o.Presence.EnableEvents,
		milliseconds(o.Typing.HeartbeatThrottle), o.Occupancy.EnableEvents, o.Messages.RawMessageReactions,
		o.Messages.DefaultMessageReactionType)
}

// RoomOption changes one or more options of a room, which start from the defaults; later ones win
// (CHA-RC4b). The zero RoomOption changes nothing. It is a plain value, so that passing options
// allocates nothing.
type RoomOption struct {
	set     optionSet
	options RoomOptions
}

type optionSet uint8

const (
	setThrottle optionSet = 1 << iota
	setPresence
	setOccupancy
	setRaw
	setReactionType
	setAll = setThrottle | setPresence | setOccupancy | setRaw | setReactionType
)

// WithTypingHeartbeatThrottle sets the time after a keystroke was sent in which further keystrokes
// send nothing; more than 0, default 10 s (CHA-T10).
func WithTypingHeartbeatThrottle(d time.Duration) RoomOption {
	return RoomOption{set: setThrottle, options: RoomOptions{Typing: TypingOptions{HeartbeatThrottle: d}}}
}

// WithPresenceEvents sets whether the client receives presence events; default true (CHA-PR9c).
func WithPresenceEvents(enable bool) RoomOption {
	return RoomOption{set: setPresence, options: RoomOptions{Presence: PresenceOptions{EnableEvents: enable}}}
}

// WithOccupancyEvents sets whether the client receives occupancy events; default false (CHA-O6).
func WithOccupancyEvents(enable bool) RoomOption {
	return RoomOption{set: setOccupancy, options: RoomOptions{Occupancy: OccupancyOptions{EnableEvents: enable}}}
}

// WithRawMessageReactions sets whether the client receives single message reactions; default false
// (CHA-MR9).
func WithRawMessageReactions(enable bool) RoomOption {
	return RoomOption{set: setRaw, options: RoomOptions{Messages: MessagesOptions{RawMessageReactions: enable}}}
}

// WithDefaultMessageReactionType sets the type of a message reaction that is sent without one;
// default distinct (CHA-MR5).
func WithDefaultMessageReactionType(t MessageReactionType) RoomOption {
	return RoomOption{set: setReactionType, options: RoomOptions{Messages: MessagesOptions{DefaultMessageReactionType: t}}}
}

// WithRoomOptions sets all options at once, as [DefaultRoomOptions] returns them or JSON contains
// them. They must be complete: they replace the defaults.
func WithRoomOptions(options RoomOptions) RoomOption {
	return RoomOption{set: setAll, options: options}
}

// ResolveRoomOptions returns the defaults with the given options applied, or an [*ErrorInfo] with
// the code [ErrInvalidArgument] if the result is not valid (CHA-RC2a, CHA-RC4). It may be called
// concurrently.
func ResolveRoomOptions(options ...RoomOption) (RoomOptions, error) {
	o := DefaultRoomOptions()
	for i := range options {
		from := &options[i]
		if from.set&setThrottle != 0 {
			o.Typing.HeartbeatThrottle = from.options.Typing.HeartbeatThrottle
		}
		if from.set&setPresence != 0 {
			o.Presence.EnableEvents = from.options.Presence.EnableEvents
		}
		if from.set&setOccupancy != 0 {
			o.Occupancy.EnableEvents = from.options.Occupancy.EnableEvents
		}
		if from.set&setRaw != 0 {
			o.Messages.RawMessageReactions = from.options.Messages.RawMessageReactions
		}
		if from.set&setReactionType != 0 {
			o.Messages.DefaultMessageReactionType = from.options.Messages.DefaultMessageReactionType
		}
	}
	if len(options) == 0 {
		return o, nil
	}
	return o, o.Validate()
}
