// Package ablytest is an embedded double of Ably, for tests and demos without an account and
// without a network. It serves the realtime protocol over a real WebSocket on loopback, in JSON and
// MessagePack, and the REST API, so that Ably's own clients work with it unchanged. It doesn't
// replace Ably: it is one process, keeps everything in memory, and listens on loopback only.
//
// # Recipe
//
//	func TestGreeting(t *testing.T) {
//		srv := ablytest.NewServer(t) // the test's cleanup closes it
//		client, err := ably.NewRealtime(srv.ClientOptions()...)
//		...
//	}
//
// Without a test, use [Start] and [Server.Close]. For clients in other languages, cmd/ablyserver
// runs the server as a command. It prints host, port and key.
//
// # Faults
//
// Each protocol message and each HTTP request and response is a [Frame] with a stable name, which
// consists of connection, direction and index. A [Match] selects frames. An [Effect] says what
// happens to them:
//
//	srv.Fault(ablytest.ToServer(ablytest.ActionAttach).OnChannel("a").Once(),
//		ablytest.Refuse(ablytest.NewError(40160, 401, "no")))
//	srv.Fault(ablytest.ToClient(ablytest.ActionAttached).Nth(2), ablytest.CutBefore())
//	gate := srv.Hold(ablytest.ToClient(ablytest.ActionDetached))
//	gate.Await(ctx, 1) // a frame has arrived at the gate
//	gate.Open()
//
// [Server.FaultsBySeed] applies faults to a random share of the frames; a seed always selects the
// same frames. To test a scenario with a fault at each of its frames, run it without faults, take
// its [Server.Frames], and run it again with a fault at each [Frame.Match].
//
// # State
//
// [Server.State] returns connections, channels, attachments and tokens, read without the wire.
// [Server.Await] waits for a condition on them. Further methods of the server change them: they
// publish like another client, cut, disconnect, detach, fail, lose continuity, issue and expire
// tokens, and inject any protocol message. Time is the machine's, or that of a [ManualClock].
//
// # Users and disruptions
//
// A [VirtualClient] is another user without a connection, and [Server.ChatRoom] returns the state
// of a room of Ably Chat. Methods simulate the failures that users notice: [Server.Outage],
// [Server.Slow], [Server.LoseState], [Server.LoseHistory], [Server.Deny], [Server.RateLimit] and
// [Server.Reject]. Package bottest builds on these methods: it is a kit for the tests of a program
// that uses ablychat, in virtual time.
//
// # Served
//
//   - Authentication, keys: with a key, on the socket and in REST.
//   - Authentication, tokens: with a token that has a capability, a clientId and an expiry;
//     revocation.
//   - Authentication, token requests: signed and unsigned, with ttl, nonce and timestamp
//     checked.
//   - Authentication, JWT: HS256, with capability, clientId and user claims (ably.room.*,
//     ably.channel.*).
//   - Authentication, re-authentication: with AUTH on the connection; it can add and remove
//     modes of attached channels.
//   - Authentication, applications: a client reaches only the channels of its key's
//     application.
//   - Connections, connect: CONNECTED with its details, in JSON and MessagePack.
//   - Connections, heartbeats: HEARTBEAT both ways, or WebSocket pings.
//   - Connections, close: CLOSE and DISCONNECT of the client; ERROR and DISCONNECTED of the
//     server.
//   - Connections, resume: resume and recover within the time to live, each with a new key
//     (RTN15e); if the connection can't be resumed, the client gets a new one, with the error
//     80018.
//   - Connections, slow readers: a client that doesn't read is cut off, and can resume.
//   - Channels, attach: ATTACH with modes and params, again to change them, or to continue
//     from a serial; DETACH.
//   - Channels, channel errors: DETACHED, ERROR and ATTACHED of the server; they don't end the
//     connection.
//   - Messages, publish: ACK and NACK, in order; a repetition after a resume has no effect;
//     echo; idempotent ids.
//   - Messages, ephemeral messages: delivered, and not kept.
//   - Messages, updates: updates, deletes, appends and versions, on the socket and in REST;
//     every channel has the namespace rule that Ably needs for them.
//   - Messages, history for two minutes: on the server's clock, up to a limit of size; kept
//     longer in chat rooms and in the namespaces of WithPersisted.
//   - Presence, members: enter, update, leave, SYNC; the members of a lost connection leave
//     after 15 s.
//   - Presence, occupancy: with a channel param, and in REST.
//   - REST, time: GET /time.
//   - REST, history: GET /channels/{name}/messages, with start, end, limit and pages, and
//     single messages.
//   - REST, publishing: POST /channels/{name}/messages, also for a connection that its
//     connectionKey names.
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
//   - Channels, params: modes, rewind and occupancy; delta is accepted, and messages are sent
//     whole; ATTACHED doesn't repeat other params.
//   - Messages, annotations: annotations and their summaries, on the socket and in REST, of
//     the types unique, distinct and multiple; not flag and total.
//   - Limits, rates: a client that sends too fast has to wait; no publish is refused because
//     of its rate.
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
