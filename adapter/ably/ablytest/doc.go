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
//   - Authentication by key and by token, on the socket and in REST; signed and unsigned
//     token requests, with capability, clientId, ttl, nonce and timestamp checked;
//     re-authentication in band; expiry and revocation; /time.
//   - Connections: CONNECTED, HEARTBEAT, CLOSE, DISCONNECT, resume and recover within
//     the time to live, each with a new key (RTN15e); ERROR, DISCONNECTED. A resume that
//     can't be done gives a new connection with error 80008 or 80018.
//   - Channels: ATTACH with modes and params, again for new options, continued from a
//     serial with what was missed; DETACH; DETACHED, ERROR and ATTACHED by the server.
//   - Messages: publish with ACK and NACK, in order and once over a resume; echo;
//     updates and deletes; history, versions and single messages by REST, with bounds and
//     pages; publish by REST, with idempotent ids; status of a channel.
//   - Presence: enter, update, leave, SYNC; members of a connection that lost its
//     transport leave after a while ([WithRemainPresentFor]).
//   - Annotations and their summaries; occupancy; the Chat REST API.
//
// # Served in part
//
//   - Of channel params: modes, rewind, and occupancy. A client that asks for delta gets
//     whole messages. The rest is accepted and, as at Ably, not repeated in ATTACHED.
//   - Messages marked ephemeral aren't in the history.
//   - Capabilities: resources by name and by prefix ("chat:*").
//   - recover takes a connection key, as clients send it.
//
// # Not served
//
// Channel qualifiers ("[filter=...]name"), objects, filters, push, stats, batch
// requests, the comet transport, limits on rates. Whatever isn't served is refused in
// Ably's error form (a NACK, an ERROR, an HTTP error with its headers), never met with
// silence.
package ablytest
