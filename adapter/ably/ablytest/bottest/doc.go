// Package bottest is a kit for the tests of a program that uses ablychat: an embedded Ably server
// with other users, failures and virtual time, without an account and without a network.
//
//	func TestBot(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) { // ten minutes take milliseconds
//			server := bottest.NewServer(t)
//			bot := start(t, server.Options("bot")...) // the program under test
//			eve := server.User("eve")
//			hello := eve.Says("lobby", "hello")
//			synctest.Wait() // until nothing happens any more
//			...server.Room("lobby").Messages()...
//		})
//	}
//
// # The parts
//
//   - [NewServer] starts a server on a network in memory, which ends with the test.
//     [Server.Options] has what a program needs to connect to it, and [Server.Client] a client.
//   - A [User] is another user of the rooms. What it does in one line reaches the program as what a
//     user with a client of its own does.
//   - A [Room] shows what the server holds of a room, such as what the program sent, read without
//     the wire. [Room.Await] and [Room.AwaitMessage] wait for it.
//   - What goes wrong has a name: Outage, Slow, LoseState, LoseHistory, Deny, RateLimit, Reject,
//     ExpireTokens, RevokeTokens and more are methods of the [ablytest.Server] in each Server, as
//     are faults at single frames. FramesOf shows what the program sent.
//
// # Virtual time
//
// In a bubble of [testing/synctest] the clock of the server and of its clients is that of the
// bubble: time.Sleep(5 * time.Minute) takes no time and lets all happen that happens in five
// minutes, retries with backoff, timeouts and expiries included. [testing/synctest.Wait] waits
// until nothing happens without the passing of time. A bubble's clock begins in the year 2000.
//
// docs/testing.md has a page of examples, and what to know about ably-go in bubbles.
package bottest
