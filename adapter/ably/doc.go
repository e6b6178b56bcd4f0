// Package ablychat puts chat rooms on Ably: it is the adapter of package lifecycle to ably-go.
//
//	client, err := ablychat.Connect(ably.WithKey(key), ably.WithClientID("ada"))
//	room, err := client.Rooms().Get(ctx, "basketball-stream")
//	room.Messages().Subscribe(func(e chat.MessageEvent) { fmt.Println(e.Message.Text) })
//	err = room.Attach(ctx)
//	message, err := room.Messages().Send(ctx, ablychat.MessageContent{Text: "Go!"})
//
// [New] makes a chat client on a realtime client that [NewRealtime] made and that other code may use
// too. Each feature of a room is got from the room, and is in a file of its own; what they exchange
// is in package chat.
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
//     TestAuthenticationOfREST). A REST client given by [WithREST] is as it is: names with a slash
//     can't be reached, and errors have no detail (TestARESTClientOfTheUsers).
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
