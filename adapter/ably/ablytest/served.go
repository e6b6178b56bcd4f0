package ablytest

// Support says how much of something the server serves.
type Support int

// The values of [Support].
const (
	Whole   Support = iota // as Ably does, as far as a client can tell
	InPart                 // the text says which part
	Refused                // answered in Ably's error form, never with silence
)

// Service is a thing that Ably offers, and what this server makes of it.
type Service struct {
	Group, Name string
	Text        string // a sentence's worth, without an end
	Support     Support
}

// Served returns what the server serves and what it refuses. The package's documentation is made of
// this table, and each row is held to an answer of the server by a test.
func Served() []Service { return append([]Service(nil), services...) }

var services = []Service{
	{"Authentication", "keys", "by key, on the socket and in REST", Whole},
	{"Authentication", "tokens", "by token: capability, clientId, expiry and revocation", Whole},
	{"Authentication", "token requests", "signed and unsigned, with ttl, nonce and timestamp checked", Whole},
	{"Authentication", "JWT", "HS256, with capability, clientId and user claims (ably.room.*, ably.channel.*)", Whole},
	{"Authentication", "re-authentication", "in band; it widens and narrows what attached channels may do", Whole},
	{"Authentication", "applications", "a key reaches its own application's channels only", Whole},
	{"Authentication", "capabilities", `resources by name and by prefix ("chat:*"); all of Ably's operations are known`, InPart},

	{"Connections", "connect", "CONNECTED with its details, in JSON and MessagePack", Whole},
	{"Connections", "heartbeats", "HEARTBEAT both ways, or WebSocket pings", Whole},
	{"Connections", "close", "CLOSE and DISCONNECT of the client; ERROR and DISCONNECTED of the server", Whole},
	{"Connections", "resume", "resume and recover within the time to live, each with a new key (RTN15e); " +
		"what can't be resumed is a new connection with the error 80018", Whole},
	{"Connections", "slow readers", "a client that doesn't read is cut off, and can resume", Whole},
	{"Connections", "comet", "the transport over HTTP", Refused},

	{"Channels", "attach", "ATTACH with modes and params, again for new ones, continued from a serial; DETACH", Whole},
	{"Channels", "channel errors", "DETACHED, ERROR and ATTACHED of the server; a channel's error is the channel's", Whole},
	{"Channels", "params", "modes, rewind and occupancy; whole messages for delta; others are not repeated in ATTACHED", InPart},
	{"Channels", "qualifiers", `"[filter=...]name" and the like`, Refused},
	{"Channels", "objects", "LiveObjects", Refused},

	{"Messages", "publish", "with ACK and NACK, in order and once over a resume; echo; idempotent ids", Whole},
	{"Messages", "ephemeral messages", "delivered, and not kept", Whole},
	{"Messages", "updates", "updates, deletes, appends and versions, on the socket and in REST; every channel has " +
		"the rule that Ably asks for", Whole},
	{"Messages", "annotations", "on the socket and in REST, and their summaries, of the types unique, distinct and " +
		"multiple; not flag and total", InPart},
	{"Messages", "history for two minutes", "on the server's clock, and within bounds of size; for longer in " +
		"chat rooms and in the namespaces of WithPersisted", Whole},

	{"Presence", "members", "enter, update, leave, SYNC; the members of a lost connection leave after a while", Whole},
	{"Presence", "occupancy", "by a channel param and by REST", Whole},

	{"REST", "time", "GET /time", Whole},
	{"REST", "history", "GET /channels/{name}/messages, with bounds and pages, and single messages", Whole},
	{"REST", "publishing", "POST /channels/{name}/messages, also for a connection by its connectionKey", Whole},
	{"REST", "presence", "GET /channels/{name}/presence and /presence/history", Whole},
	{"REST", "channel status", "GET /channels/{name}", Whole},
	{"REST", "Chat", "messages, versions, reactions and occupancy of rooms, in the versions 3 and 4", Whole},
	{"REST", "stats", "GET /stats", Refused},
	{"REST", "push", "devices and subscriptions", Refused},
	{"REST", "batch", "batch publish and presence, and the list of channels", Refused},

	{"Limits", "sizes", "of messages and frames", Whole},
	{"Limits", "rates", "a client that sends too fast waits; no publish is refused for its rate", InPart},
	{"Limits", "web pages", "only those served on loopback may use the server", Whole},
}
