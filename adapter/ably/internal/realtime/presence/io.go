package presence

// Action is the action of a presence message (TP2).
type Action uint8

// The actions, with their numbers on the wire.
const (
	Absent Action = iota
	Present
	Enter
	Leave
	Update
)

// Message is a presence message with its attributes filled in from its frame (TP3).
type Message[P any] struct {
	Action                 Action
	ClientID, ConnectionID string
	ID                     string // connectionId:msgSerial:index, unless it is synthesized
	Timestamp              int64  // milliseconds since the epoch
	Payload                P
}

// Call numbers one Enter, Update, Leave or Get. Numbers are the caller's, above 0, each used once.
type Call uint64

// State is what presence needs to know of the channel's state (RTL2).
type State uint8

// The states.
const (
	Idle      State = iota // INITIALIZED or DETACHED
	Attaching              // ATTACHING
	Attached               // ATTACHED
	Detaching              // DETACHING
	Suspended              // SUSPENDED
	Failed                 // FAILED
)

// InputKind says what happened.
type InputKind uint8

// The kinds of input, with the fields that each uses.
const (
	// CallEnter, CallUpdate and CallLeave are calls: Call, Client, Payload.
	CallEnter InputKind = iota
	CallUpdate
	CallLeave
	CallGet // Call
	GiveUp  // Call: the caller waits no more
	// Answered is the answer to what was sent: Call, or Client for a re-entry; Refused for a NACK.
	Answered
	// Returned says that what was sent is without answer and was not sent again, since the
	// connection did not go on: Call, or Client for a re-entry.
	Returned
	// Connected is a CONNECTED: Connection, the connection's id.
	Connected
	// ChannelAttached is an ATTACHED that the channel took: HasPresence, and Again for one with
	// RESUMED on a channel that was ATTACHED already.
	ChannelAttached
	// ChannelState is any other change of the channel's state: State.
	ChannelState
	Received // a PRESENCE: Messages
	Synced   // a SYNC: Messages, Serial
)

// Input is something that happened. P is what members carry.
type Input[P any] struct {
	Kind        InputKind
	Call        Call
	Client      string
	Payload     P
	Refused     bool
	Connection  string
	HasPresence bool
	Again       bool
	State       State
	Messages    []Message[P]
	Serial      string // of a SYNC: its channelSerial; empty for none
}

// OutputKind says what is to be done.
type OutputKind uint8

// The kinds of output, with the fields that each uses.
const (
	// Send sends a PRESENCE of one entry: Call for a call's, 0 for a re-entry; Message with Action,
	// ClientID, Payload, and ID where a re-entry has one.
	Send OutputKind = iota
	// Settle ends a call: Call, Outcome; Members for a Get that is Done.
	Settle
	// Report hands an event to listeners: Message.
	Report
	// ReentryRefused reports that a re-entry was refused (RTP17e): Message.ClientID.
	ReentryRefused
)

// Outcome is how a call ended.
type Outcome uint8

// The outcomes.
const (
	Done        Outcome = iota
	Refused             // the error is the answer's
	NotAttached         // the channel is not attached, nor attaching
)

// Output is something to do.
type Output[P any] struct {
	Kind    OutputKind
	Call    Call
	Outcome Outcome
	Message Message[P]
	Members []Message[P] // by connectionId and clientId
}
