// Package ablychat puts chat rooms of Ably into a Go program. A program that uses rooms imports it
// and ably-go, no more.
//
// # Connect
//
// [Connect] makes a client with a connection of its own. ably-go's options are given by [Ably].
//
//	client, err := ablychat.Connect(ablychat.Ably(ably.WithKey(key), ably.WithClientID("bot")))
//	if err != nil {
//		return err
//	}
//	defer client.Close() // releases the rooms, then closes the connection
//
// A program that has other uses for the connection makes it by [NewRealtime], and gives it to
// [New]. A test connects to the embedded server of package ablytest, and needs no account.
//
// # Rooms
//
// [Rooms.Get] returns the room of a name, and the same room to every caller until it is released.
// It makes no request. [Room.Attach] asks the service for the room's events; they begin there, so
// subscribe first.
//
//	room, err := client.Rooms().Get(ctx, "basketball-stream")
//	if err != nil {
//		return err
//	}
//	_, err = room.Messages().Subscribe(func(e ablychat.MessageEvent) {
//		fmt.Println(e.Message.ClientID, e.Message.Text)
//	})
//	if err != nil {
//		return err
//	}
//	if err := room.Attach(ctx); err != nil {
//		return err
//	}
//	message, err := room.Messages().Send(ctx, ablychat.Text("Go!"))
//
// [Rooms.Release] ends a room for every caller, and returns when it is gone. [Rooms.Acquire] is for
// owners that share a room and don't know of each other. docs/rooms.md and docs/leases.md state the
// rules.
//
// # Features
//
// Each feature is got from the room: [Room.Messages] with [Messages.Reactions], [Room.Reactions],
// [Room.Typing], [Room.Presence] and [Room.Occupancy]. All have the same two ways to receive
// events:
//
//   - Subscribe registers a listener and returns a [*Subscription]. The listener may block, panic
//     and call back: up to [MaxPending] events wait for it. Further events are dropped; their
//     number is reported.
//   - Events returns a sequence to range over. Its error says why it ended.
//
// A loop over messages:
//
//	for e, err := range room.Messages().Events(ctx) {
//		if err != nil {
//			return err // ctx has ended, or the room was released
//		}
//		fmt.Println(e.Message.Text)
//	}
//
// Maps and slices in events and messages are shared by all listeners: they are to be read only.
//
// # What was missed
//
// The connection is made again by itself, and rooms attach again. Where messages may have been
// missed, [Room.SubscribeDiscontinuities] reports it. [Messages.EventsSince] and
// [Messages.SubscribeSince] fetch what was missed, complete and in order.
//
// # Contexts
//
// A call whose context ends returns its cause at once. Cancelling stops the wait, not the
// operation. [Rooms.Release] and [Client.Dispose] take effect with a context that has ended too, so
// that a program can shut down after Ctrl-C; then they don't wait. [Client.Close] has a bound of
// its own.
//
// # Errors
//
// Errors are Ably's: an [*ErrorInfo] with a code, found by [errors.As]. [errors.Is] compares codes:
//
//	_, err := room.Occupancy().Get(ctx)
//	if errors.Is(err, ablychat.ErrRoomInInvalidState) {
//		return room.Error()
//	}
//
// docs/errors.md says for each code what happened and what to do.
//
// # A running program
//
// [WithLogger] takes the one logger for this package and ably-go. [WithObserver] and
// [Client.Snapshot] are for metrics. Package chatdebug serves a page about the rooms of a program.
// docs/production.md says more.
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
//   - It holds its locks while a callback for tokens runs. Rooms wait for none of them; calls of
//     the realtime client's own methods do (TestAnAuthCallbackThatHangs).
//   - After a close during the pause before a retry, a goroutine of ably-go's lasts until the pause
//     would have ended.
package ablychat
