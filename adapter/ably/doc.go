// Package ablychat puts chat rooms on a real Ably client: it is the adapter of package lifecycle to ably-go.
//
//	client, err := ablychat.Connect(ably.WithKey(key), ably.WithClientID("ada"))
//	room, err := client.Rooms().Get(ctx, "basketball-stream")
//	room.Messages().Subscribe(func(e chat.MessageEvent) { fmt.Println(e.Message.Text) })
//	err = room.Attach(ctx)
//	message, err := room.Messages().Send(ctx, ablychat.MessageContent{Text: "Go!"})
//
// [New] makes a chat client on a realtime client of the caller's. Each feature of a room is got from the room, and is in a file of its own;
// what they exchange is in package chat.
//
// # What ably-go v1.4.1 does otherwise, and how it is hidden
//
// A line that names a test is shown by it; the others say where to look.
//
//   - Events and returns come in no order: listeners run in goroutines of their own. A channel here has one listener, and an
//     operation returns only after its own event has passed through it (attach.go; TestEventsAndReturnsComeInOneOrder).
//   - Channels.Get ignores the options of a channel that exists, and any late message makes a released channel anew, without options.
//     The channel is taken when the room attaches; an option that is called only for a new channel tells whether it is one, and a
//     left-over is got rid of first (channel.go, leftovers.go; TestOtherOptionsGetTheirModes, TestARevivedChannelGetsItsModes).
//   - Channels.Release keeps a failed channel, for ever. It is attached once more, so that it can be detached and released; where the
//     connection doesn't allow that, it is got rid of once it does (leftovers.go; TestAFailedChannelLeavesNothingBehind).
//   - An explicit detach keeps the channel's serial and presence members, and the next attach continues from there. A detached
//     channel is released here, and the next attach takes a new one (detach.go; TestAttachAfterDetachBeginsAnew).
//   - A suspended, closing or closed connection leaves its channels attached, and attaching them again succeeds at once. The room is
//     told what RTL3 says, and an attach then begins anew (events.go; TestASuspendedConnection, TestAClosedConnection).
//   - A detach without a connection waits for the request timeout, fails and goes back. Without a connection nothing is attached, so
//     here it succeeds at once (RTL5l); should the connection come back with the channel attached, it is detached (detach.go;
//     TestReleaseOnAClosedConnection).
//   - A detach that fails goes back to attached as if continuity were lost; it is reported as kept (events.go;
//     TestADetachThatFailsLosesNothing).
//   - A channel that the server refuses ends detached and is retried, where the specification says suspended (RTL13b): it is reported
//     as suspended unless a detach was asked for (events.go; TestARefusedAttachIsSuspended).
//   - An attach whose context ends stays attaching without limit. The contexts of the port don't end, so that ably-go's own timeout
//     runs; a caller's context ends only its own wait (TestAContextThatEndsWhileAttaching).
//   - Channels.Release deletes by name whatever is there when its detach has ended, so two at work on one name would delete each other's
//     channels: a name is claimed by whoever works with it (leftovers.go).
//   - A channel that is detached without having been detaching attaches again after a pause, on the wire even when it is released, with
//     its old modes. Another attach ends that (leftovers.go).
//   - Retries stop when the connection changes, and suspended channels stay so: a suspended room attaches again by a timer of ours, and
//     when the connection is back (attach.go, events.go).
//   - An attach that waits for the connection is sent twice, or never, when the connection comes just then. It is asked for only on a
//     connection; one that was sent and is sent again is no loss of continuity (attach.go; TestAnAttachWaitsForTheConnection).
//   - UPDATE is emitted also when a channel that attaches attaches again: it is passed on only for one that is attached (events.go).
//   - A room whose channel fails while ably-go attaches it again would be attached once more, by who waits for that, or by a loop that
//     begins when the room is released already. It is joined only when it has gone unanswered, and given back only when ably-go has made up its
//     mind (attach.go, channel.go; TestAChannelThatFailsWhileReattachingStaysFailed, TestAReattachWithoutAnswerIsSuspended).
//   - Subscribing attaches, and a subscription whose attach fails is taken away. The channel's listeners are registered as a part of the
//     room's own attach, by calls that are ended as soon as they wait, and stay; whoever subscribes to a room is in a list of ours (hook.go;
//     TestNothingAttachesARoomButAttach, TestPresence).
//   - Payloads are neither encoded nor decoded: we do both (publish.go, wire.go, package chat; TestMessages, TestRoomReactions).
//   - The serial with which a channel attached is kept private. The channel's latest is taken in its place, and what was told since is left
//     out of the history (messagesubscription.go; TestHistoryBeforeSubscribe).
//   - REST requests have their paths escaped twice, and their errors' bodies taken; links to further pages are followed unescaped. Both are
//     put right below ably-go, in the transport (rest.go, resttransport.go; TestMessages, TestHistory, TestMessageErrors).
//   - Annotations and summaries are dropped, and their modes can't be asked for. A subscriber of our own receives them, on a connection
//     that is there only while somebody listens (annotations.go; TestMessageReactions, TestReactionsOverALoss).
//   - A close that is asked for while the connection is dialled is forgotten: the end of that is waited for (connect.go).
//   - An ErrorInfo of ably-go can't carry a message of ours: errors are ours, made from its (errors.go).
//
// What can't be hidden: the room's own channel is attached without annotation modes (CHA-RC3d, CHA-RC3d2), which ably-go doesn't know; on a
// realtime client of the caller's there are no subscriptions to message reactions, since the options of a connection can't be read from it;
// presence data that is an object or a list goes on the wire as it is, where other clients send text with the encoding json, since ably-go takes
// no encoding for it and would lose it when it enters again by itself (tests/interop, data on the wire); a message that comes at the very moment
// of an UPDATE may be told and be in the history too; a reaction that comes at the very moment of an attach may be missed; an attach that is sent
// just as the connection comes is sent twice; a channel that the server keeps refusing, and one on a connection that never comes back, stays in
// ably-go's map until the name is attached again; a channel that ably-go attaches by itself and that is released meanwhile leaves a goroutine of
// ably-go's behind, for ever; and ably-go can lock itself up, when a connection fails while a channel sends, or is lost while it sends what had
// waited for it: then only a call whose context ends returns.
package ablychat
