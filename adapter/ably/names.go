package ablychat

import (
	"time"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// Options of rooms. They are values of package lifecycle, which has their methods.
type (
	// RoomOptions are the options of a room, complete. They are comparable, and load from the JSON
	// of a JavaScript front end (CHA-RC2, CHA-RC4).
	RoomOptions = lifecycle.RoomOptions
	// PresenceOptions are a room's options for presence (CHA-PR9).
	PresenceOptions = lifecycle.PresenceOptions
	// TypingOptions are a room's options for typing indicators (CHA-T10).
	TypingOptions = lifecycle.TypingOptions
	// OccupancyOptions are a room's options for occupancy (CHA-O6).
	OccupancyOptions = lifecycle.OccupancyOptions
	// MessagesOptions are a room's options for messages and their reactions.
	MessagesOptions = lifecycle.MessagesOptions
	// RoomOption changes options that a room is got with, from the defaults on.
	RoomOption = lifecycle.RoomOption
	// MessageReactionType is how reactions to a message add up (CHA-MR2).
	MessageReactionType = lifecycle.MessageReactionType
)

// The types of message reactions.
const (
	MessageReactionTypeUnique = lifecycle.MessageReactionTypeUnique // one for each client
	// each name once for each client
	MessageReactionTypeDistinct = lifecycle.MessageReactionTypeDistinct
	MessageReactionTypeMultiple = lifecycle.MessageReactionTypeMultiple // any number, with a count
)

// DefaultRoomOptions returns the defaults of the Chat specification (CHA-RC4a).
func DefaultRoomOptions() RoomOptions { return lifecycle.DefaultRoomOptions() }

// WithRoomOptions sets all options at once: options is complete, as [DefaultRoomOptions] or JSON
// gives it, and not merged with the defaults.
func WithRoomOptions(options RoomOptions) RoomOption { return lifecycle.WithRoomOptions(options) }

// WithTypingHeartbeatThrottle sets for how long keystrokes send nothing after one that did; more
// than 0, default 10 s (CHA-T10).
func WithTypingHeartbeatThrottle(d time.Duration) RoomOption {
	return lifecycle.WithTypingHeartbeatThrottle(d)
}

// WithPresenceEvents sets whether the client receives presence events; default true (CHA-PR9c).
func WithPresenceEvents(enable bool) RoomOption { return lifecycle.WithPresenceEvents(enable) }

// WithOccupancyEvents sets whether the client receives occupancy events; default false (CHA-O6).
func WithOccupancyEvents(enable bool) RoomOption { return lifecycle.WithOccupancyEvents(enable) }

// WithRawMessageReactions sets whether the client receives single message reactions; default false
// (CHA-MR9).
func WithRawMessageReactions(enable bool) RoomOption {
	return lifecycle.WithRawMessageReactions(enable)
}

// WithDefaultMessageReactionType sets the type of a message reaction that names none; default
// distinct (CHA-MR5).
func WithDefaultMessageReactionType(t MessageReactionType) RoomOption {
	return lifecycle.WithDefaultMessageReactionType(t)
}

// The life of a room.
type (
	// RoomStatus is the status of a room (CHA-RS1).
	RoomStatus = lifecycle.RoomStatus
	// RoomStatusChange is a change of a room's status: Current, Previous, and the Error that
	// belongs to Current, or nil (CHA-RS4).
	RoomStatusChange = lifecycle.RoomStatusChange
	// Discontinuity reports that a room may have missed messages. Its Reason has the code
	// [ErrRoomDiscontinuity] (CHA-RL12).
	Discontinuity = lifecycle.Discontinuity
)

// The statuses of a room.
const (
	RoomInitialized = lifecycle.RoomInitialized // before any attach (CHA-RS1a)
	RoomAttaching   = lifecycle.RoomAttaching   // attaching (CHA-RS1b)
	RoomAttached    = lifecycle.RoomAttached    // connected and working (CHA-RS1c)
	RoomDetaching   = lifecycle.RoomDetaching   // detaching (CHA-RS1d)
	RoomDetached    = lifecycle.RoomDetached    // detached at the user's request (CHA-RS1e)
	RoomSuspended   = lifecycle.RoomSuspended   // detached for an extended time, retried (CHA-RS1f)
	// something is wrong that the user must act on (CHA-RS1g)
	RoomFailed    = lifecycle.RoomFailed
	RoomReleasing = lifecycle.RoomReleasing // being released (CHA-RS1h)
	RoomReleased  = lifecycle.RoomReleased  // released, of no further use; final (CHA-RS1i)
)

// Errors.
type (
	// ErrorInfo is Ably's error: code, HTTP status, message and cause. It is found in an error with
	// [errors.As]; its code is compared with [errors.Is].
	ErrorInfo = lifecycle.ErrorInfo
	// ErrorCode is an Ably error code, and an error value to compare with:
	// errors.Is(err, ablychat.ErrRoomInInvalidState).
	ErrorCode = lifecycle.ErrorCode
	// DroppedError reports, in a loop over events, that Count events were dropped because the loop
	// was too far behind. It stands in their place, and the loop goes on: it is the only error that
	// doesn't end one.
	DroppedError = lifecycle.DroppedError
)

// The codes that this package raises, or that Ably Chat defines.
const (
	ErrBadRequest                           = lifecycle.ErrBadRequest
	ErrInvalidArgument                      = lifecycle.ErrInvalidArgument
	ErrInvalidClientID                      = lifecycle.ErrInvalidClientID
	ErrResourceDisposed                     = lifecycle.ErrResourceDisposed
	ErrMessageRejectedByBeforePublishRule   = lifecycle.ErrMessageRejectedByBeforePublishRule
	ErrMessageRejectedByModeration          = lifecycle.ErrMessageRejectedByModeration
	ErrDisconnected                         = lifecycle.ErrDisconnected
	ErrChannelOperationFailed               = lifecycle.ErrChannelOperationFailed
	ErrPresenceAutoReentryFailed            = lifecycle.ErrPresenceAutoReentryFailed
	ErrRoomDiscontinuity                    = lifecycle.ErrRoomDiscontinuity
	ErrRoomReleasedBeforeOperationCompleted = lifecycle.ErrRoomReleasedBeforeOperationCompleted
	ErrRoomExistsWithDifferentOptions       = lifecycle.ErrRoomExistsWithDifferentOptions
	ErrFeatureNotEnabledInRoom              = lifecycle.ErrFeatureNotEnabledInRoom
	ErrRoomInInvalidState                   = lifecycle.ErrRoomInInvalidState
	ErrOperationSerializationFailed         = lifecycle.ErrOperationSerializationFailed
)

// Messages and the reactions to them.
type (
	// Message is one message of a room, in one version (CHA-M2). Its methods tell its place in the
	// order of the room, and apply changes: [chat.Message.With].
	Message = chat.Message
	// MessageAction is what was last done to a message.
	MessageAction = chat.MessageAction
	// MessageVersion is one version of a message (CHA-M10).
	MessageVersion = chat.MessageVersion
	// MessageEvent reports a message that was sent, updated or deleted (CHA-M4l).
	MessageEvent = chat.MessageEvent
	// MessageEventType is what a [MessageEvent] is about.
	MessageEventType = chat.MessageEventType
	// MessageChange is what Message.With applies: a [Message], a [MessageEvent] or a
	// [ReactionSummaryEvent].
	MessageChange = chat.MessageChange
	// ReactionSummary sums up the reactions to a message, by their names (CHA-MR3).
	ReactionSummary = chat.ReactionSummary
	// ReactionClients says who reacted with a name.
	ReactionClients = chat.ReactionClients
	// ReactionCounts says how often who reacted with a name.
	ReactionCounts = chat.ReactionCounts
	// ReactionSummaryEvent reports the new summary of the reactions to a message (CHA-MR6).
	ReactionSummaryEvent = chat.ReactionSummaryEvent
	// RawReactionEvent reports one reaction that was added or removed (CHA-MR7).
	RawReactionEvent = chat.RawReactionEvent
	// RawReactionEventType is what a [RawReactionEvent] is about.
	RawReactionEventType = chat.RawReactionEventType
	// RawReaction is one reaction of one client to a message.
	RawReaction = chat.RawReaction
)

// What was last done to a message, and what an event is about.
const (
	MessageActionCreate = chat.MessageActionCreate
	MessageActionUpdate = chat.MessageActionUpdate
	MessageActionDelete = chat.MessageActionDelete

	MessageCreated = chat.MessageCreated
	MessageUpdated = chat.MessageUpdated
	MessageDeleted = chat.MessageDeleted

	RawReactionCreated = chat.RawReactionCreated
	RawReactionDeleted = chat.RawReactionDeleted
)

// The other features.
type (
	// RoomReaction is a reaction to what goes on in a room; it is not kept (CHA-ER2).
	RoomReaction = chat.RoomReaction
	// TypingEvent reports a change of the set of those who type (CHA-T6).
	TypingEvent = chat.TypingEvent
	// TypingChange is what changed that set.
	TypingChange = chat.TypingChange
	// TypingEventType is what a [TypingChange] is about.
	TypingEventType = chat.TypingEventType
	// TypingMember is somebody who types (CHA-T18).
	TypingMember = chat.TypingMember
	// PresenceEvent reports that somebody entered, left, or has other data (CHA-PR7).
	PresenceEvent = chat.PresenceEvent
	// PresenceEventType is what a [PresenceEvent] is about.
	PresenceEventType = chat.PresenceEventType
	// PresenceMember is somebody who is present in a room.
	PresenceMember = chat.PresenceMember
	// OccupancyData says how many are in a room (CHA-O).
	OccupancyData = chat.OccupancyData
)

// What events of typing and presence are about.
const (
	TypingStarted = chat.TypingStarted
	TypingStopped = chat.TypingStopped

	PresenceEnter   = chat.PresenceEnter
	PresenceLeave   = chat.PresenceLeave
	PresenceUpdate  = chat.PresenceUpdate
	PresencePresent = chat.PresencePresent // was there already when this client attached
)
