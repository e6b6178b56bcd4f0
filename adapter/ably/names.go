package ablychat

import (
	"time"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// Options of rooms. Package lifecycle documents the fields and methods of these types.
type (
	// RoomOptions are all the options of a room. They are comparable, and can be read from the JSON
	// that a JavaScript front end uses (CHA-RC2, CHA-RC4).
	RoomOptions = lifecycle.RoomOptions
	// PresenceOptions are a room's options for presence (CHA-PR9).
	PresenceOptions = lifecycle.PresenceOptions
	// TypingOptions are a room's options for typing indicators (CHA-T10).
	TypingOptions = lifecycle.TypingOptions
	// OccupancyOptions are a room's options for occupancy (CHA-O6).
	OccupancyOptions = lifecycle.OccupancyOptions
	// MessagesOptions are a room's options for messages and their reactions.
	MessagesOptions = lifecycle.MessagesOptions
	// RoomOption changes one or more options of a room from their defaults.
	RoomOption = lifecycle.RoomOption
	// MessageReactionType says how the reactions to a message are counted (CHA-MR2).
	MessageReactionType = lifecycle.MessageReactionType
)

// The types of message reactions.
const (
	// a client has at most one reaction to a message
	MessageReactionTypeUnique = lifecycle.MessageReactionTypeUnique
	// a client has at most one reaction of each name to a message
	MessageReactionTypeDistinct = lifecycle.MessageReactionTypeDistinct
	// a client has any number of reactions; they are counted
	MessageReactionTypeMultiple = lifecycle.MessageReactionTypeMultiple
)

// DefaultRoomOptions returns the default options of the Chat specification (CHA-RC4a).
func DefaultRoomOptions() RoomOptions { return lifecycle.DefaultRoomOptions() }

// WithRoomOptions sets all options at once. It does not fill in defaults: start from
// [DefaultRoomOptions], or read the options from JSON.
func WithRoomOptions(options RoomOptions) RoomOption { return lifecycle.WithRoomOptions(options) }

// WithTypingHeartbeatThrottle sets the interval in which [Typing.Keystroke] sends at most one
// notification. It must be more than 0; the default is 10 s (CHA-T10).
func WithTypingHeartbeatThrottle(d time.Duration) RoomOption {
	return lifecycle.WithTypingHeartbeatThrottle(d)
}

// WithPresenceEvents sets whether the client receives presence events; the default is true
// (CHA-PR9c).
func WithPresenceEvents(enable bool) RoomOption { return lifecycle.WithPresenceEvents(enable) }

// WithOccupancyEvents sets whether the client receives occupancy events; the default is false
// (CHA-O6).
func WithOccupancyEvents(enable bool) RoomOption { return lifecycle.WithOccupancyEvents(enable) }

// WithRawMessageReactions sets whether the client receives single message reactions, see
// [MessageReactions.SubscribeRaw]; the default is false (CHA-MR9).
func WithRawMessageReactions(enable bool) RoomOption {
	return lifecycle.WithRawMessageReactions(enable)
}

// WithDefaultMessageReactionType sets the type of a message reaction that is sent without a type;
// the default is distinct (CHA-MR5).
func WithDefaultMessageReactionType(t MessageReactionType) RoomOption {
	return lifecycle.WithDefaultMessageReactionType(t)
}

// Statuses of rooms. Package lifecycle documents the fields and methods of these types.
type (
	// RoomStatus is the status of a room (CHA-RS1).
	RoomStatus = lifecycle.RoomStatus
	// RoomStatusChange is a change of a room's status. It has the status Current, the status before
	// it, Previous, and the Error that belongs to Current, or nil (CHA-RS4).
	RoomStatusChange = lifecycle.RoomStatusChange
	// Discontinuity reports that a room may have missed messages. Its Reason is an [*ErrorInfo]
	// with the code [ErrRoomDiscontinuity] (CHA-RL12).
	Discontinuity = lifecycle.Discontinuity
)

// The statuses of a room.
const (
	RoomInitialized = lifecycle.RoomInitialized // no attach has begun (CHA-RS1a)
	RoomAttaching   = lifecycle.RoomAttaching   // attaching (CHA-RS1b)
	RoomAttached    = lifecycle.RoomAttached    // attached: the room receives events (CHA-RS1c)
	RoomDetaching   = lifecycle.RoomDetaching   // detaching (CHA-RS1d)
	RoomDetached    = lifecycle.RoomDetached    // detached at the user's request (CHA-RS1e)
	// detached for an extended time; the room retries (CHA-RS1f)
	RoomSuspended = lifecycle.RoomSuspended
	// something is wrong that the user must act on, see [Room.Error] (CHA-RS1g)
	RoomFailed    = lifecycle.RoomFailed
	RoomReleasing = lifecycle.RoomReleasing // being released (CHA-RS1h)
	// released; final: the room can't be used again (CHA-RS1i)
	RoomReleased = lifecycle.RoomReleased
)

// Errors. Package lifecycle documents the fields and methods of these types.
type (
	// ErrorInfo is an error in Ably's form: Code, StatusCode (the HTTP status), Message and Cause.
	// Find it with [errors.As]; compare its code with [errors.Is].
	ErrorInfo = lifecycle.ErrorInfo
	// ErrorCode is an Ably error code. It is also an error value to compare with: errors.Is(err,
	// ablychat.ErrRoomInInvalidState).
	ErrorCode = lifecycle.ErrorCode
	// DroppedError reports that a loop over events was too far behind, so that Count events were
	// dropped. The loop yields it in their place, and goes on. After any other error a loop ends.
	DroppedError = lifecycle.DroppedError
)

// The error codes that this package uses, or that Ably Chat defines. docs/errors.md says for each
// code what happened and what to do.
const (
	// 40000: the service did not understand the request
	ErrBadRequest = lifecycle.ErrBadRequest
	// 40003: a name, an option or a value is invalid
	ErrInvalidArgument = lifecycle.ErrInvalidArgument
	// 40012: the client has no id
	ErrInvalidClientID = lifecycle.ErrInvalidClientID
	// 40014: the client is closed or disposed of
	ErrResourceDisposed = lifecycle.ErrResourceDisposed
	// 42211: a rule of the application rejected the message
	ErrMessageRejectedByBeforePublishRule = lifecycle.ErrMessageRejectedByBeforePublishRule
	// 42213: moderation rejected the message
	ErrMessageRejectedByModeration = lifecycle.ErrMessageRejectedByModeration
	// 80003: there is no connection, and the call does not wait for one
	ErrDisconnected = lifecycle.ErrDisconnected
	// 90000: an operation failed for a reason without a code
	ErrChannelOperationFailed = lifecycle.ErrChannelOperationFailed
	// 91004: presence could not be entered again after a reconnect; only logged
	ErrPresenceAutoReentryFailed = lifecycle.ErrPresenceAutoReentryFailed
	// 102100: messages may have been missed; the code of a [Discontinuity]
	ErrRoomDiscontinuity = lifecycle.ErrRoomDiscontinuity
	// 102106: the room was released while Get waited for it
	ErrRoomReleasedBeforeOperationCompleted = lifecycle.ErrRoomReleasedBeforeOperationCompleted
	// 102107: the name's room has other options
	ErrRoomExistsWithDifferentOptions = lifecycle.ErrRoomExistsWithDifferentOptions
	// 102108: the room's options don't enable the feature
	ErrFeatureNotEnabledInRoom = lifecycle.ErrFeatureNotEnabledInRoom
	// 102112: the room is not attached, or is released
	ErrRoomInInvalidState = lifecycle.ErrRoomInInvalidState
	// 102113: the service could not put the operation in an order with others
	ErrOperationSerializationFailed = lifecycle.ErrOperationSerializationFailed
)

// Messages and the reactions to them. Package chat documents the fields and methods of these types.
type (
	// Message is one version of a message (CHA-M2): its Serial, Text, ClientID and so on. Its
	// methods compare it with other messages of the room, and apply later changes: see
	// [chat.Message.With].
	Message = chat.Message
	// MessageAction says what was done to a message last.
	MessageAction = chat.MessageAction
	// MessageVersion describes a version of a message: when and by whom it was made, and why
	// (CHA-M10).
	MessageVersion = chat.MessageVersion
	// MessageEvent reports that a message was sent, updated or deleted (CHA-M4l).
	MessageEvent = chat.MessageEvent
	// MessageEventType says what a [MessageEvent] reports.
	MessageEventType = chat.MessageEventType
	// MessageChange is a change that [chat.Message.With] can apply: a [Message], a [MessageEvent]
	// or a [ReactionSummaryEvent].
	MessageChange = chat.MessageChange
	// ReactionSummary has the reactions to a message, by type and by name (CHA-MR3).
	ReactionSummary = chat.ReactionSummary
	// ReactionClients lists the clients that reacted with one name.
	ReactionClients = chat.ReactionClients
	// ReactionCounts lists the clients that reacted with one name, and how often each did.
	ReactionCounts = chat.ReactionCounts
	// ReactionSummaryEvent reports the new summary of the reactions to one message (CHA-MR6).
	ReactionSummaryEvent = chat.ReactionSummaryEvent
	// RawReactionEvent reports that one reaction was added or removed (CHA-MR7).
	RawReactionEvent = chat.RawReactionEvent
	// RawReactionEventType says what a [RawReactionEvent] reports.
	RawReactionEventType = chat.RawReactionEventType
	// RawReaction is one reaction of one client to a message.
	RawReaction = chat.RawReaction
)

// The values of [MessageAction], [MessageEventType] and [RawReactionEventType].
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

// Room reactions, typing, presence and occupancy. Package chat documents the fields and methods of
// these types.
type (
	// RoomReaction is a reaction to a room as a whole. The service doesn't keep it (CHA-ER2).
	RoomReaction = chat.RoomReaction
	// TypingEvent reports that a client started or stopped typing, and all that are typing
	// (CHA-T6).
	TypingEvent = chat.TypingEvent
	// TypingChange says which client started or stopped typing.
	TypingChange = chat.TypingChange
	// TypingEventType says whether a [TypingChange] is a start or a stop.
	TypingEventType = chat.TypingEventType
	// TypingMember is a client that is typing (CHA-T18).
	TypingMember = chat.TypingMember
	// PresenceEvent reports that a client entered, left, updated its data, or was already present
	// (CHA-PR7).
	PresenceEvent = chat.PresenceEvent
	// PresenceEventType says what a [PresenceEvent] reports.
	PresenceEventType = chat.PresenceEventType
	// PresenceMember is a client that is present in a room, on one of its connections.
	PresenceMember = chat.PresenceMember
	// OccupancyData has the numbers of connections and presence members of a room (CHA-O).
	OccupancyData = chat.OccupancyData
)

// The values of [TypingEventType] and [PresenceEventType].
const (
	TypingStarted = chat.TypingStarted
	TypingStopped = chat.TypingStopped

	PresenceEnter   = chat.PresenceEnter
	PresenceLeave   = chat.PresenceLeave
	PresenceUpdate  = chat.PresenceUpdate
	PresencePresent = chat.PresencePresent // the member was present before this client attached
)
