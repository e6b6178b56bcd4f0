// Package ablychat puts chat rooms on Ably. A program that uses rooms imports it and ably-go, no more.
//
//	client, err := ablychat.Connect(ablychat.Ably(ably.WithKey(key), ably.WithClientID("ada")))
//	…
//	defer client.Close()
//	room, err := client.Rooms().Get(ctx, "basketball-stream")
//	…
//	events := room.Messages().Events(ctx)
//	err = room.Attach(ctx)
//	…
//	message, err := room.Messages().Send(ctx, ablychat.Text("Go!"))
//	…
//	for e, err := range events {
//
// Each feature of a room is got from the room. All have the same two ways to receive their events:
// Subscribe with a listener, which returns a [*Subscription], and Events, a sequence to range over,
// whose error says why it ended; neither attaches the room. Values, options and errors are those of
// packages lifecycle and chat, which a program need not import.
//
// Maps and slices in events and messages are shared by all listeners: they are to be read only.
//
// # What is ably-go's, and what is not
//
// ably-go decides when and where to connect, authenticates, renews tokens, resumes, and makes REST
// requests. The WebSocket below it and the channels of rooms are this module's, on the one
// connection: see docs/transport.md, docs/channel.md and docs/presence.md. ably-go never hears of a
// room's channel, and refuses to use one.
//
// What ably-go v1.4.1 does otherwise and still touches users, with the test that shows how it is
// hidden:
//
//   - REST requests have their paths escaped twice, their errors' bodies taken, and a token renewed
//     for one code alone; links to further pages are followed unescaped. All is put right below
//     ably-go (internal/chatrest; TestMessages, TestHistory, TestMessageErrors,
//     TestAuthenticationOfREST).
//   - It panics with its lock held if a callback for tokens panics, or returns neither token nor
//     error. The callback is guarded (TestAnAuthCallbackThatGivesNoToken).
//   - It logs keys and tokens. A client that is made here logs without them (log.go;
//     TestNoKeyIsLogged).
//   - An ErrorInfo of ably-go can't carry a message of ours: errors are ours, made from its
//     (errors.go).
//   - It gets the token that the server asks for with a context that it has cancelled (RTN22). The
//     request for it goes on all the same (reauth.go in internal/transport; TestAuthIsAnswered).
//   - It holds its locks while a callback for tokens runs. Rooms wait for none of them; calls of the
//     realtime client's own methods do (TestAnAuthCallbackThatHangs).
//   - After a close during the pause before a retry, a goroutine of ably-go's lasts until the pause
//     would have ended.
package ablychat
