// Package bottest is a kit for the tests of a program that uses ablychat: an embedded Ably server
// with other users, failures and virtual time, without an account and without a network.
//
//	func TestBot(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) { // virtual time: ten minutes take milliseconds
//			server := bottest.NewServer(t)
//			bot := start(t, server.Options("bot")...) // the program under test
//			eve := server.User("eve")
//			hello := eve.Says("lobby", "hello")
//			synctest.Wait() // until everything is idle
//			...server.Room("lobby").Messages()...
//		})
//	}
//
// # The parts
//
//   - [NewServer] starts a server on a network in memory; the server ends with the test.
//     [Server.Options] returns the options with which a program connects to it, and
//     [Server.Client] returns a client.
//   - A [User] is another user of the rooms. Each of its methods is one action. The program
//     receives it like the action of a user with a client of its own.
//   - A [Room] reads the state of a room from the server, such as the messages that the program
//     sent. [Room.Await] and [Room.AwaitMessage] wait for a state.
//   - Methods simulate failures: Outage, Slow, LoseState, LoseHistory, Deny, RateLimit, Reject,
//     ExpireTokens, RevokeTokens and more. A Server has them from [ablytest.Server], and also
//     Fault, which injects a fault at a single frame, and FramesOf, which returns the frames that
//     the program sent.
//
// # Virtual time
//
// In a bubble of [testing/synctest], the server and its clients use the clock of the bubble. There
// time.Sleep(5 * time.Minute) takes no real time, but everything happens that would happen in five
// minutes, such as retries with backoff, timeouts and expiries. [testing/synctest.Wait] waits until
// everything in the bubble is idle, without letting time pass. A bubble's clock begins in the year
// 2000.
//
// docs/testing.md has examples, and the rules for ably-go in a bubble.
package bottest
