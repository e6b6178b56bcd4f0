// Package ablychat connects a Go program to chat rooms on Ably. A program that uses rooms imports
// this package and ably-go.
//
// # Connect
//
// [Connect] makes a client with a connection of its own. Pass the options of ably-go with [Ably].
//
//	client, err := ablychat.Connect(ablychat.Ably(ably.WithKey(key), ably.WithClientID("bot")))
//	if err != nil {
//		return err
//	}
//	defer client.Close() // releases the rooms, then closes the connection
//
// A program that also uses the connection for other things makes a realtime client with
// [NewRealtime], and a chat client on it with [New]. A test needs no account: it connects to the
// embedded server of package ablytest.
//
// # Rooms
//
// [Rooms.Get] returns the room of a name. Every caller gets the same room, until it is released.
// Get makes no request. [Room.Attach] attaches the room to its Ably channel; from then on the room
// receives events. So subscribe first, then attach.
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
// [Rooms.Release] releases a room for all its callers, and returns when the room is gone. If
// several parts of a program use a room independently, each can take a lease with [Rooms.Acquire]:
// the room is released when the last lease is closed. docs/rooms.md and docs/leases.md state the
// rules.
//
// # Features
//
// A room has five features: [Room.Messages] (which has [Messages.Reactions]), [Room.Reactions],
// [Room.Typing], [Room.Presence] and [Room.Occupancy]. Each has two ways to receive events:
//
//   - Subscribe registers a listener and returns a [*Subscription]. The listener may block, may
//     panic, and may call methods of this package. Up to [MaxPending] events wait for it. Further
//     events are dropped; their number is reported.
//   - Events returns a sequence to range over. The last item has an error that says why the
//     sequence ended.
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
// All listeners share the maps and slices in events and messages, so don't change them.
//
// Message, RoomOptions and other types are aliases: packages chat and lifecycle document their
// fields and methods.
//
// # Missed messages
//
// When the connection is lost, the client reconnects by itself, and the rooms attach again.
// [Room.SubscribeDiscontinuities] reports that messages may have been missed.
// [Messages.EventsSince] and [Messages.SubscribeSince] also fetch the missed messages, completely
// and in order.
//
// # Contexts
//
// If the context of a call ends, the call returns the context's error at once. Only the wait
// stops: the operation goes on. [Rooms.Release], [Rooms.Dispose] and [Client.Dispose] take effect
// even if the context has ended before the call, so a program can shut down after Ctrl-C; they
// don't wait then. [Client.Close] takes no context, and returns after at most 10 s.
//
// # Errors
//
// Errors are an [*ErrorInfo] with an error code of Ably. [errors.As] finds it; [errors.Is] compares
// its code:
//
//	_, err := room.Occupancy().Get(ctx)
//	if errors.Is(err, ablychat.ErrRoomInInvalidState) {
//		return room.Error()
//	}
//
// The doc comment of a method lists its errors. "The context's error" is no ErrorInfo: it is the
// cause of the context ([context.Cause]), and [errors.Is] also finds the context's Err in it. An
// error of the service has the code that the service sent. docs/errors.md says for each code what
// happened and what to do.
//
// # Logs, metrics and debugging
//
// [WithLogger] sets the logger for this package and for ably-go. [WithObserver] and
// [Client.Snapshot] are for metrics. Package chatdebug serves a debug page about the rooms of a
// running program. docs/production.md says more.
//
// # How this package uses ably-go
//
// ably-go decides when and where to connect, authenticates, renews tokens, resumes connections, and
// makes REST requests. This module opens the WebSocket and implements the channels of rooms, all on
// ably-go's one connection: see docs/transport.md, docs/channel.md and docs/presence.md. ably-go
// receives nothing about the channels of rooms, and refuses to use such a channel.
//
// ably-go v1.4.1 has some faults that users of this package could notice. This package hides most
// of them, as the tests named here show:
//
//   - In REST requests, ably-go escapes paths twice, discards the bodies of errors, renews a token
//     only for one error code, and follows links to further pages without escaping them. Package
//     internal/chatrest mends all this (TestMessages, TestHistory, TestMessageErrors,
//     TestAuthenticationOfREST).
//   - ably-go panics with its lock held if an auth callback panics, or returns neither a token nor
//     an error. This package guards the callback (TestAnAuthCallbackThatGivesNoToken).
//   - ably-go logs keys and tokens. The client's logger leaves them out (log.go;
//     TestNoKeyIsLogged).
//   - An ErrorInfo of ably-go can't have a message that this package sets. So this package has an
//     ErrorInfo of its own (errors.go).
//   - When the server requests a new token (RTN22), ably-go uses a context that it has already
//     cancelled. The request for the token is made nevertheless (reauth.go in internal/transport;
//     TestAuthIsAnswered).
//   - ably-go holds its locks while an auth callback runs. No call on a room waits for these locks
//     (TestAnAuthCallbackThatHangs). Calls of the realtime client's own methods do.
//   - If the connection is closed during the pause before a retry, a goroutine of ably-go remains
//     until the pause would have ended.
package ablychat
