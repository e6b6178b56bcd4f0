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

// Message is a presence message. Attributes that the entry lacks are taken from its frame (TP3).
type Message[P any] struct {
	Action                 Action
	ClientID, ConnectionID string
	ID                     string // connectionId:msgSerial:index, unless it is synthesized
	Timestamp              int64  // milliseconds since the epoch
	Payload                P
}

// Call is the number of one Enter, Update, Leave or Get. The caller chooses it, above 0, and uses
// it once.
type Call uint64

// State is the state of the channel, as far as presence depends on it (RTL2).
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

// InputKind is the kind of an [Input].
type InputKind uint8

// The kinds of input. Each comment ends with the fields that an input of the kind uses.
const (
	// CallEnter, CallUpdate and CallLeave are calls. Fields: Call, Client, Payload.
	CallEnter InputKind = iota
	CallUpdate
	CallLeave
	CallGet // a call of Get. Field: Call
	GiveUp  // the caller no longer waits. Field: Call
	// Answered says that the service answered a message. Fields: Call, or Client for a re-entry;
	// Refused for a NACK.
	Answered
	// Returned says that a message has no answer and was not sent again, since its connection was
	// not resumed. Fields: Call, or Client for a re-entry.
	Returned
	// Connected says that a CONNECTED came. Field: Connection, the connection's id.
	Connected
	// ChannelAttached says that the channel accepted an ATTACHED. Fields: HasPresence; Again if the
	// ATTACHED has RESUMED and the channel was ATTACHED already.
	ChannelAttached
	// ChannelState says that the channel came to a state other than ATTACHED. Field: State.
	ChannelState
	Received // a PRESENCE came. Field: Messages
	Synced   // a SYNC came. Fields: Messages, Serial
)

// Input is an event that concerns a channel's presence. P is the payload of a member.
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
	Serial      string // the channelSerial of a SYNC; empty for none
}

// OutputKind is the kind of an [Output].
type OutputKind uint8

// The kinds of output. Each comment ends with the fields that an output of the kind uses.
const (
	// Send sends a PRESENCE of one entry. Fields: Call, which is 0 for a re-entry; Message with
	// Action, ClientID and Payload, and with ID if a re-entry has one.
	Send OutputKind = iota
	// Settle ends a call. Fields: Call, Outcome; Members for a Get that is Done.
	Settle
	// Report passes an event to listeners. Field: Message.
	Report
	// ReentryRefused reports that a re-entry was refused (RTP17e). Field: Message.ClientID.
	ReentryRefused
)

// Outcome is the way in which a call ended.
type Outcome uint8

// The outcomes.
const (
	Done        Outcome = iota
	Refused             // the answer has the error
	NotAttached         // the channel is neither attached nor attaching
)

// Output is an action that the caller of [Set.Step] must carry out.
type Output[P any] struct {
	Kind    OutputKind
	Call    Call
	Outcome Outcome
	Message Message[P]
	Members []Message[P] // sorted by connectionId and clientId
}
