package ablytest

// Support says to what degree the server serves a feature of Ably.
type Support int

// The values of [Support].
const (
	Whole   Support = iota // a client sees no difference from Ably
	InPart                 // Service.Text says which part is served
	Refused                // requests get an answer in Ably's error form
)

// Service describes a feature of Ably, and to what degree this server serves it.
type Service struct {
	Group, Name string
	Text        string // a description, without a full stop
	Support     Support
}

// Served returns the features that the server serves and those that it refuses. The package's
// documentation is generated from this table. A test compares each row with the server's answers.
func Served() []Service { return append([]Service(nil), services...) }

var services = []Service{
	{"Authentication", "keys", "with a key, on the socket and in REST", Whole},
	{"Authentication", "tokens", "with a token that has a capability, a clientId and an expiry; revocation", Whole},
	{"Authentication", "token requests", "signed and unsigned, with ttl, nonce and timestamp checked", Whole},
	{"Authentication", "JWT", "HS256, with capability, clientId and user claims (ably.room.*, ably.channel.*)", Whole},
	{"Authentication", "re-authentication", "with AUTH on the connection; it can add and remove modes of attached channels", Whole},
	{"Authentication", "applications", "a client reaches only the channels of its key's application", Whole},
	{"Authentication", "capabilities", `resources by name and by prefix ("chat:*"); all of Ably's operations are known`, InPart},

	{"Connections", "connect", "CONNECTED with its details, in JSON and MessagePack", Whole},
	{"Connections", "heartbeats", "HEARTBEAT both ways, or WebSocket pings", Whole},
	{"Connections", "close", "CLOSE and DISCONNECT of the client; ERROR and DISCONNECTED of the server", Whole},
	{"Connections", "resume", "resume and recover within the time to live, each with a new key (RTN15e); " +
		"if the connection can't be resumed, the client gets a new one, with the error 80018", Whole},
	{"Connections", "slow readers", "a client that doesn't read is cut off, and can resume", Whole},
	{"Connections", "comet", "the transport over HTTP", Refused},

	{"Channels", "attach", "ATTACH with modes and params, again to change them, or to continue from a serial; DETACH", Whole},
	{"Channels", "channel errors", "DETACHED, ERROR and ATTACHED of the server; they don't end the connection", Whole},
	{"Channels", "params", "modes, rewind and occupancy; delta is accepted, and messages are sent whole; " +
		"ATTACHED doesn't repeat other params", InPart},
	{"Channels", "qualifiers", `"[filter=...]name" and the like`, Refused},
	{"Channels", "objects", "LiveObjects", Refused},

	{"Messages", "publish", "ACK and NACK, in order; a repetition after a resume has no effect; echo; idempotent ids", Whole},
	{"Messages", "ephemeral messages", "delivered, and not kept", Whole},
	{"Messages", "updates", "updates, deletes, appends and versions, on the socket and in REST; every channel has " +
		"the namespace rule that Ably needs for them", Whole},
	{"Messages", "annotations", "annotations and their summaries, on the socket and in REST, of the types unique, " +
		"distinct and multiple; not flag and total", InPart},
	{"Messages", "history for two minutes", "on the server's clock, up to a limit of size; kept longer in " +
		"chat rooms and in the namespaces of WithPersisted", Whole},

	{"Presence", "members", "enter, update, leave, SYNC; the members of a lost connection leave after 15 s", Whole},
	{"Presence", "occupancy", "with a channel param, and in REST", Whole},

	{"REST", "time", "GET /time", Whole},
	{"REST", "history", "GET /channels/{name}/messages, with start, end, limit and pages, and single messages", Whole},
	{"REST", "publishing", "POST /channels/{name}/messages, also for a connection that its connectionKey names", Whole},
	{"REST", "presence", "GET /channels/{name}/presence and /presence/history", Whole},
	{"REST", "channel status", "GET /channels/{name}", Whole},
	{"REST", "Chat", "messages, versions, reactions and occupancy of rooms, in the versions 3 and 4", Whole},
	{"REST", "stats", "GET /stats", Refused},
	{"REST", "push", "devices and subscriptions", Refused},
	{"REST", "batch", "batch publish and presence, and the list of channels", Refused},

	{"Limits", "sizes", "of messages and frames", Whole},
	{"Limits", "rates", "a client that sends too fast has to wait; no publish is refused because of its rate", InPart},
	{"Limits", "web pages", "only those served on loopback may use the server", Whole},
}
