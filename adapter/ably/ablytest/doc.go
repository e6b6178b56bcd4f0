// Package ablytest is an embedded double of Ably, for tests and demos that have no
// account and no network. It speaks the realtime protocol over a real WebSocket on
// loopback, in JSON and MessagePack, and the REST API, well enough that Ably's own
// clients work on it unchanged. It is no substitute for Ably: one process, memory only,
// loopback only.
//
// # Recipe
//
//	func TestGreeting(t *testing.T) {
//		srv := ablytest.NewServer(t) // closed by the test's cleanup
//		client, err := ably.NewRealtime(srv.ClientOptions()...)
//		...
//	}
//
// Without a test, use [Start] and [Server.Close]. For clients in other languages there
// is cmd/ablyserver, which prints host, port and key.
//
// # Faults
//
// Each protocol message and each HTTP request and response is a [Frame] with a stable
// name: connection, direction, index. A [Match] picks frames, an [Effect] says what
// happens to them:
//
//	srv.Fault(ablytest.ToServer(ablytest.ActionAttach).OnChannel("a").Once(),
//		ablytest.Refuse(ablytest.NewError(40160, 401, "no")))
//	srv.Fault(ablytest.ToClient(ablytest.ActionAttached).Nth(2), ablytest.CutBefore())
//	gate := srv.Hold(ablytest.ToClient(ablytest.ActionDetached))
//	gate.Await(ctx, 1) // a frame has come to the gate
//	gate.Open()
//
// [Server.FaultsBySeed] spreads faults over all frames at random, and the same each
// time. To run a scenario once for each of its frames, run it plainly, take
// [Server.Frames], and run it again with a fault at each [Frame.Match].
//
// # State
//
// [Server.State] reads connections, channels, attachments and tokens without the wire,
// [Server.Await] waits for a condition on them, and further methods of the server change
// them: publish as another client, cut, disconnect, detach, fail, lose continuity, issue
// and expire tokens, inject any protocol message. Time is the machine's, or a
// [ManualClock].
//
// # Users and disruptions
//
// A [VirtualClient] is another user without a connection, and [Server.ChatRoom] shows what a
// room of Ably Chat holds. What goes wrong as users notice it has a name: [Server.Outage],
// [Server.Slow], [Server.LoseState], [Server.LoseHistory], [Server.Deny], [Server.RateLimit]
// and [Server.Reject]. Package bottest makes a kit of it for the tests of a program that uses
// ablychat, in virtual time.
//
// # Served
//
//   - Authentication, keys: by key, on the socket and in REST.
//   - Authentication, tokens: by token: capability, clientId, expiry and revocation.
//   - Authentication, token requests: signed and unsigned, with ttl, nonce and timestamp
//     checked.
//   - Authentication, JWT: HS256, with capability, clientId and user claims (ably.room.*,
//     ably.channel.*).
//   - Authentication, re-authentication: in band; it widens and narrows what attached channels
//     may do.
//   - Authentication, applications: a key reaches its own application's channels only.
//   - Connections, connect: CONNECTED with its details, in JSON and MessagePack.
//   - Connections, heartbeats: HEARTBEAT both ways, or WebSocket pings.
//   - Connections, close: CLOSE and DISCONNECT of the client; ERROR and DISCONNECTED of the
//     server.
//   - Connections, resume: resume and recover within the time to live, each with a new key
//     (RTN15e); what can't be resumed is a new connection with the error 80018.
//   - Connections, slow readers: a client that doesn't read is cut off, and can resume.
//   - Channels, attach: ATTACH with modes and params, again for new ones, continued from a
//     serial; DETACH.
//   - Channels, channel errors: DETACHED, ERROR and ATTACHED of the server; a channel's error
//     is the channel's.
//   - Messages, publish: with ACK and NACK, in order and once over a resume; echo; idempotent
//     ids.
//   - Messages, ephemeral messages: delivered, and not kept.
//   - Messages, updates: updates, deletes, appends and versions, on the socket and in REST;
//     every channel has the rule that Ably asks for.
//   - Messages, history for two minutes: on the server's clock, and within bounds of size; for
//     longer in chat rooms and in the namespaces of WithPersisted.
//   - Presence, members: enter, update, leave, SYNC; the members of a lost connection leave
//     after a while.
//   - Presence, occupancy: by a channel param and by REST.
//   - REST, time: GET /time.
//   - REST, history: GET /channels/{name}/messages, with bounds and pages, and single messages.
//   - REST, publishing: POST /channels/{name}/messages, also for a connection by its
//     connectionKey.
//   - REST, presence: GET /channels/{name}/presence and /presence/history.
//   - REST, channel status: GET /channels/{name}.
//   - REST, Chat: messages, versions, reactions and occupancy of rooms, in the versions 3 and
//     4.
//   - Limits, sizes: of messages and frames.
//   - Limits, web pages: only those served on loopback may use the server.
//
// # Served in part
//
//   - Authentication, capabilities: resources by name and by prefix ("chat:*"); all of Ably's
//     operations are known.
//   - Channels, params: modes, rewind and occupancy; whole messages for delta; others are not
//     repeated in ATTACHED.
//   - Messages, annotations: on the socket and in REST, and their summaries, of the types
//     unique, distinct and multiple; not flag and total.
//   - Limits, rates: a client that sends too fast waits; no publish is refused for its rate.
//
// # Not served
//
// What isn't served is refused in Ably's error form: a NACK, an ERROR, an HTTP error with
// its headers.
//
//   - Connections, comet: the transport over HTTP.
//   - Channels, qualifiers: "[filter=...]name" and the like.
//   - Channels, objects: LiveObjects.
//   - REST, stats: GET /stats.
//   - REST, push: devices and subscriptions.
//   - REST, batch: batch publish and presence, and the list of channels.
package ablytest
