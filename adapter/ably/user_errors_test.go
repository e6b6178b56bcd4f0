package ablychat_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// userError describes an error as a user gets it.
type userError struct {
	meet func(*stand) error
	text string              // the whole text of Error; <address> stands for the server's address
	code lifecycle.ErrorCode // the code that errors.Is must match; 0 if the error has none
	also error               // another error that errors.Is must match, or nil
}

// userErrors has all errors that a user can get, by the situation. Errors of calls that wait when a
// room or client ends are tested for every method in ended_test.go.
var userErrors = map[string]userError{
	"no options": {func(s *stand) error { return second(ablychat.Connect()) },
		`unable to create chat client; invalid key (code 40005, status 400)`, 40005, nil},
	"a realtime client with a malformed key": {func(s *stand) error { return second(ablychat.NewRealtime(ably.WithKey("key"))) },
		`unable to create realtime client; invalid key (code 40005, status 400)`, 40005, nil},
	"a malformed key": {func(s *stand) error { return second(ablychat.Connect(ablychat.Ably(ably.WithKey("key")))) },
		`unable to create chat client; invalid key (code 40005, status 400)`, 40005, nil},
	"a client of ably-go's": {func(s *stand) error { return second(ablychat.New(nil)) },
		`unable to create chat client; the realtime client is nil, or was not made by ablychat.NewRealtime (code 40003, status 400)`, 40003, nil},
	"two clients on one connection": {func(s *stand) error { return second(ablychat.New(s.client().Realtime())) },
		`unable to create chat client; the realtime client has another chat client, which must be disposed of first (code 40003, status 400)`, 40003, nil},

	"get without a name": {func(s *stand) error { return second(s.client().Rooms().Get(soon(s.t), "")) },
		`unable to get room; the name is "", expected at least one character (code 40003, status 400)`, 40003, nil},
	"get with bad options": {func(s *stand) error {
		return second(s.client().Rooms().Get(soon(s.t), "lobby", lifecycle.WithTypingHeartbeatThrottle(0)))
	},
		`unable to create room; invalid room configuration: typing.heartbeatThrottleMs is 0s, expected more than 0 (code 40003, status 400)`, 40003, nil},
	"get with other options": {func(s *stand) error {
		client := s.client()
		s.get(client)
		return second(client.Rooms().Get(soon(s.t), "lobby", lifecycle.WithOccupancyEvents(true)))
	},
		`unable to get room; room already exists with different options: room "lobby" has {presence.enableEvents: true, typing.heartbeatThrottleMs: 10000, occupancy.enableEvents: false, messages.rawMessageReactions: false, messages.defaultMessageReactionType: distinct}, asked for {presence.enableEvents: true, typing.heartbeatThrottleMs: 10000, occupancy.enableEvents: true, messages.rawMessageReactions: false, messages.defaultMessageReactionType: distinct} (code 102107, status 400)`, 102107, nil},

	"attach with a wrong key": {func(s *stand) error {
		return s.get(s.with(ably.WithKey("app.key:wrong"), ably.WithInsecureAllowBasicAuthWithoutTLS())).Attach(soon(s.t))
	},
		`unable to attach room lobby; the connection failed: invalid credentials: the key "app.key" is unknown or its secret is wrong (code 40101, status 401)`, 40101, nil},
	"attach with an unknown app": {func(s *stand) error {
		return s.get(s.with(ably.WithKey("none.key:wrong"), ably.WithInsecureAllowBasicAuthWithoutTLS())).Attach(soon(s.t))
	},
		`unable to attach room lobby; the connection failed: invalid credentials: the key "none.key" is unknown or its secret is wrong (code 40101, status 401)`, 40101, nil},
	"attach after a wrong key": {func(s *stand) error {
		client := s.with(ably.WithKey("app.key:wrong"), ably.WithInsecureAllowBasicAuthWithoutTLS())
		awaitConnection(s.t, client, ablychat.ConnectionFailed)
		return s.get(client).Attach(soon(s.t))
	},
		`unable to attach room lobby; the connection failed: invalid credentials: the key "app.key" is unknown or its secret is wrong (code 40101, status 401)`, 40101, nil},
	"a connection with a wrong key": {func(s *stand) error {
		client := s.with(ably.WithKey("app.key:wrong"), ably.WithInsecureAllowBasicAuthWithoutTLS())
		awaitConnection(s.t, client, ablychat.ConnectionFailed)
		return client.Connection().Error()
	},
		`unable to connect; invalid credentials: the key "app.key" is unknown or its secret is wrong (code 40101, status 401)`, 40101, nil},
	"a room with a wrong key": {func(s *stand) error {
		room := s.get(s.with(ably.WithKey("app.key:wrong"), ably.WithInsecureAllowBasicAuthWithoutTLS()))
		_ = room.Attach(soon(s.t))
		return room.Error()
	},
		`unable to attach room lobby; the connection failed: invalid credentials: the key "app.key" is unknown or its secret is wrong (code 40101, status 401)`, 40101, nil},
	"send with a wrong key": {func(s *stand) error {
		return send(s.get(s.with(ably.WithKey("app.key:wrong"), ably.WithInsecureAllowBasicAuthWithoutTLS())))
	},
		`unable to send message; invalid credentials: the key "app.key" is unknown or its secret is wrong (code 40101, status 401): see https://help.ably.io/error/40101`, 40101, nil},
	"attach with a callback that fails": {func(s *stand) error {
		client := s.with(ably.WithAuthCallback(func(context.Context, ably.TokenParams) (ably.Tokener, error) {
			return nil, errors.New("nobody is signed in")
		}))
		awaitConnection(s.t, client, ablychat.ConnectionFailed)
		return client.Connection().Error()
	},
		`unable to connect; nobody is signed in (code 40170, status 401)`, 40170, nil},
	"send with a callback that fails": {func(s *stand) error {
		return send(s.get(s.with(ably.WithAutoConnect(false), ably.WithAuthCallback(
			func(context.Context, ably.TokenParams) (ably.Tokener, error) {
				return nil, errors.New("nobody is signed in")
			}))))
	},
		`unable to send message; no token for the request: nobody is signed in (code 40170, status 401)`, 40170, nil},
	"send with a token that has expired": {func(s *stand) error {
		d, _ := s.server.IssueToken(ablytest.TokenParams{ClientID: "ann"})
		s.server.ExpireTokens()
		return send(s.get(s.with(ably.WithAutoConnect(false), ably.WithToken(d.Token))))
	},
		`unable to send message; there is no key, auth URL or auth callback that could get a new token (code 40171, status 401): token expired (code 40142, status 401)`, 40171, lifecycle.ErrorCode(40142)},
	"attach with a token that has expired": {func(s *stand) error {
		d, _ := s.server.IssueToken(ablytest.TokenParams{ClientID: "ann"})
		s.server.ExpireTokens()
		return s.get(s.with(ably.WithToken(d.Token))).Attach(soon(s.t))
	},
		`unable to attach room lobby; the connection failed: token expired (code 40142, status 401)`, 40142, nil},
	"attach without the capability": {func(s *stand) error {
		d, _ := s.server.IssueToken(ablytest.TokenParams{ClientID: "ann", Capability: `{"other":["*"]}`})
		return s.get(s.with(ably.WithToken(d.Token))).Attach(soon(s.t))
	},
		`unable to attach room lobby; unable to attach: operation not permitted with the provided capability (code 40160, status 401)`, 40160, nil},
	"send without the capability": {func(s *stand) error {
		d, _ := s.server.IssueToken(ablytest.TokenParams{ClientID: "ann", Capability: `{"other":["*"]}`})
		return send(s.get(s.with(ably.WithToken(d.Token))))
	},
		`unable to send message; operation publish not permitted with the provided capability (code 40160, status 401): see https://help.ably.io/error/40160`, 40160, nil},
	"attach on a closed connection": {func(s *stand) error {
		client := s.client()
		ablychat.StayClosed(client.Realtime())
		awaitConnection(s.t, client, ablychat.ConnectionClosed)
		return s.get(client).Attach(soon(s.t))
	},
		`unable to attach room lobby; the connection is closed (code 80017, status 400)`, 80017, nil},
	"attach that is refused": {func(s *stand) error {
		s.refusing(ablytest.ToServer(ablytest.ActionAttach), 40300, "not today")
		return s.room().Attach(soon(s.t))
	},
		`unable to attach room lobby; not today (code 40300, status 403)`, 40300, nil},
	"attach that is not answered": {func(s *stand) error {
		s.server.Fault(ablytest.ToServer(ablytest.ActionAttach), ablytest.Drop())
		client := s.client(ably.WithRealtimeRequestTimeout(500*time.Millisecond), ably.WithDisconnectedRetryTimeout(10*time.Millisecond))
		awaitConnection(s.t, client, ablychat.ConnectionConnected)
		return s.get(client).Attach(soon(s.t))
	},
		`unable to attach room lobby; the service did not answer within the request timeout (code 90007, status 408)`, 90007, nil},
	"attach whose context ends": {func(s *stand) error {
		ctx, cancel := context.WithCancelCause(s.t.Context())
		cancel(http.ErrAbortHandler)
		return s.room().Attach(ctx)
	},
		`net/http: abort Handler`, 0, http.ErrAbortHandler},
	"attach after the release": {func(s *stand) error {
		client := s.client()
		room := s.get(client)
		_ = client.Rooms().Release(soon(s.t), "lobby")
		return room.Attach(soon(s.t))
	},
		`unable to attach room; room "lobby" is released (code 102112, status 400)`, 102112, nil},
	"detach after the release": {func(s *stand) error {
		client := s.client()
		room := s.get(client)
		_ = client.Rooms().Release(soon(s.t), "lobby")
		return room.Detach(soon(s.t))
	},
		`unable to detach room; room "lobby" is released (code 102112, status 400)`, 102112, nil},
	"detach of a failed room": {func(s *stand) error {
		room := s.attached()
		seen := newWatch(s.t, room)
		s.server.FailChannel(ablychat.ChannelName("lobby"), ablytest.NewError(40160, 401, "no longer"))
		seen.until(lifecycle.RoomFailed)
		return room.Detach(soon(s.t))
	},
		`unable to detach room; room "lobby" is failed (code 102112, status 400)`, 102112, nil},
	"a room that fails": {func(s *stand) error {
		room := s.attached()
		seen := newWatch(s.t, room)
		s.server.FailChannel(ablychat.ChannelName("lobby"), ablytest.NewError(40160, 401, "no longer"))
		return seen.until(lifecycle.RoomFailed).Error
	},
		`unable to keep room lobby; no longer (code 40160, status 401)`, 40160, nil},

	"send what moderation rejects": {func(s *stand) error {
		return second(s.room().Messages().Send(soon(s.t), ablychat.MessageContent{Text: "darn"}))
	},
		`unable to send message; the message was rejected by moderation (code 42213, status 422): detail map[channel:lobby::$chat word:darn], see https://help.ably.io/error/42213`, 42213, nil},
	"send what a rule rejects": {func(s *stand) error {
		s.refusing(ablytest.HTTPRequest("", "/chat/*"), 42211, "a rule says no")
		return send(s.room())
	},
		`unable to send message; a rule says no (code 42211, status 422): see https://help.ably.io/error/42211`, 42211, nil},
	"an error with a reference": {func(s *stand) error {
		e := ablytest.NewError(42211, 422, "a rule says no")
		e.Href = "https://help.ably.io/error/42211"
		s.server.Fault(ablytest.HTTPRequest("", "/chat/*"), ablytest.Refuse(e))
		return send(s.room())
	},
		`unable to send message; a rule says no (code 42211, status 422): see https://help.ably.io/error/42211`, 42211, nil},
	"send too often": {func(s *stand) error {
		s.refusing(ablytest.HTTPRequest("", "/chat/*"), 42910, "rate limit exceeded")
		return send(s.room())
	},
		`unable to send message; rate limit exceeded (code 42910, status 429): see https://help.ably.io/error/42910`, 42910, nil},
	"send without a client id": {func(s *stand) error { return send(s.get(newPerson(s.t, s.server, "").chat)) },
		`unable to send message; invalid clientId: Chat needs a client with a clientId (code 40012, status 400): see https://help.ably.io/error/40012`, 40012, nil},
	"send to a service that is down": {func(s *stand) error {
		room := s.get(s.with(ably.WithKey(s.server.Key()), ably.WithInsecureAllowBasicAuthWithoutTLS(), ably.WithAutoConnect(false)))
		s.server.Close()
		return send(room)
	},
		`unable to send message; the service can't be reached: dial tcp <address>: connect: connection refused (code 80000, status 500)`, 80000, nil},
	"send a value without a JSON form": {func(s *stand) error {
		return second(s.room().Messages().Send(soon(s.t), ablychat.MessageContent{Metadata: object{"on": func() {}}}))
	},
		`unable to send message; metadata.on has no form in JSON: json: unsupported type: func() (code 40003, status 400)`, 40003, nil},
	"get a message that doesn't exist": {func(s *stand) error { return second(s.room().Messages().Get(soon(s.t), "none")) },
		`unable to get message; there is no message "none" in the room (code 40400, status 404): see https://help.ably.io/error/40400`, 40400, nil},
	"update without a serial": {func(s *stand) error {
		return second(s.room().Messages().Update(soon(s.t), "", ablychat.MessageContent{}))
	},
		`unable to update message; the message's serial is empty (code 40003, status 400)`, 40003, nil},
	"a page that is too long": {func(s *stand) error {
		return second(s.room().Messages().History(soon(s.t), ablychat.HistoryQuery{Limit: 1001}))
	},
		`unable to get history; the limit is 1001, expected 1 to 1000, or 0 for the default of 100 (code 40003, status 400)`, 40003, nil},
	"an end before the start": {func(s *stand) error {
		return second(s.room().Messages().History(soon(s.t), ablychat.HistoryQuery{Start: time.UnixMilli(2).UTC(), End: time.UnixMilli(1).UTC()}))
	},
		`unable to get history; the end 1970-01-01 00:00:00.001 +0000 UTC is before the start 1970-01-01 00:00:00.002 +0000 UTC (code 40003, status 400)`, 40003, nil},
	"a login page instead of a page": {func(s *stand) error {
		a := newAnswering(s.t)
		a.set(200, "text/html", "<html>Log in</html>")
		return second(a.room.Messages().History(soon(s.t), ablychat.HistoryQuery{}))
	},
		`unable to get history; the answer is 200 OK with 19 bytes of text/html: "<html>Log in</html>", expected JSON or MessagePack (code 80013, status 500)`, 80013, nil},
	"history before a subscription that ended": {func(s *stand) error {
		sub, err := s.room().Messages().Subscribe(func(chat.MessageEvent) {})
		if err != nil {
			return err
		}
		sub.Unsubscribe()
		return second(sub.HistoryBeforeSubscribe(soon(s.t), ablychat.HistoryQuery{}))
	},
		`unable to get history before subscription; the subscription ended before the room was attached (code 40014, status 400)`, 40014, nil},

	"a reaction without a name": {func(s *stand) error { return s.room().Reactions().Send(soon(s.t), ablychat.ReactionContent{}) },
		`unable to send reaction; its name is empty (code 40003, status 400)`, 40003, nil},
	"a reaction with a bad header": {func(s *stand) error {
		return s.room().Reactions().Send(soon(s.t), ablychat.ReactionContent{Name: "x", Headers: object{"h": list{}}})
	},
		`unable to send reaction; the header "h" is a list, expected a string, number, bool or nil (code 40003, status 400)`, 40003, nil},
	"a reaction that is refused": {func(s *stand) error {
		room := s.attached()
		s.refusing(ablytest.ToServer(ablytest.ActionMessage), 40160, "no reactions")
		return room.Reactions().Send(soon(s.t), ablychat.ReactionContent{Name: "x"})
	},
		`unable to send reaction; no reactions (code 40160, status 401)`, 40160, nil},
	"a reaction without a connection": {func(s *stand) error {
		return s.get(s.client(ably.WithAutoConnect(false))).Reactions().Send(soon(s.t), ablychat.ReactionContent{Name: "x"})
	},
		`unable to send reaction; there is no connection (code 80003, status 400)`, 80003, nil},
	"a reaction to a message, without a name": {func(s *stand) error {
		return s.room().Messages().Reactions().Send(soon(s.t), "s", ablychat.MessageReaction{})
	},
		`unable to send message reaction; its name is empty (code 40003, status 400)`, 40003, nil},
	"a reaction of an unknown type": {func(s *stand) error {
		return s.room().Messages().Reactions().Send(soon(s.t), "s", ablychat.MessageReaction{Name: "x", Type: "many"})
	},
		`unable to send message reaction; the reaction's type is "many", expected unique, distinct or multiple (code 40003, status 400)`, 40003, nil},
	"a count for a unique reaction": {func(s *stand) error {
		return s.room().Messages().Reactions().Send(soon(s.t), "s", ablychat.MessageReaction{Name: "x", Type: lifecycle.MessageReactionTypeUnique, Count: 2})
	},
		`unable to send message reaction; the reaction's count is 2, expected 0 for the type unique (code 40003, status 400)`, 40003, nil},
	"single reactions without the option": {func(s *stand) error {
		return second(s.room().Messages().Reactions().SubscribeRaw(func(chat.RawReactionEvent) {}))
	},
		`unable to subscribe to raw message reactions; the room's options don't enable raw message reactions: use ablychat.WithRawMessageReactions(true) (code 102108, status 400)`, 102108, nil},

	"typing without a connection": {func(s *stand) error {
		return s.get(s.client(ably.WithAutoConnect(false))).Typing().Keystroke(soon(s.t))
	},
		`unable to send typing; there is no connection (code 80003, status 400)`, 80003, nil},
	"typing without a client id": {func(s *stand) error { return newPerson(s.t, s.server, "").room("lobby").Typing().Keystroke(soon(s.t)) },
		`unable to send typing; the client has no id: give one with ably.WithClientID, or in its token (code 40012, status 400)`, 40012, nil},
	"typing that is refused": {func(s *stand) error {
		room := s.attached()
		s.refusing(ablytest.ToServer(ablytest.ActionMessage), 40160, "no typing")
		return room.Typing().Keystroke(soon(s.t))
	},
		`unable to send typing; no typing (code 40160, status 401)`, 40160, nil},

	"enter without a client id": {func(s *stand) error {
		return newPerson(s.t, s.server, "").room("lobby").Presence().Enter(soon(s.t), nil)
	},
		`unable to enter presence; the client has no id: give one with ably.WithClientID, or in its token (code 40012, status 400)`, 40012, nil},
	"enter before attach": {func(s *stand) error { return s.room().Presence().Enter(soon(s.t), nil) },
		`unable to enter presence; room "lobby" is initialized and must be attached first (code 102112, status 400)`, 102112, nil},
	"enter with data without a JSON form": {func(s *stand) error { return s.attached().Presence().Enter(soon(s.t), make(chan int)) },
		`unable to enter presence; data has no form in JSON: json: unsupported type: chan int (code 40003, status 400)`, 40003, nil},
	"enter that is refused": {func(s *stand) error {
		room := s.attached()
		s.refusing(ablytest.ToServer(ablytest.ActionPresence), 40160, "no presence")
		return room.Presence().Enter(soon(s.t), nil)
	},
		`unable to enter presence; no presence (code 40160, status 401)`, 40160, nil},
	"presence without the option": {func(s *stand) error {
		return second(s.room(lifecycle.WithPresenceEvents(false)).Presence().Subscribe(func(chat.PresenceEvent) {}))
	},
		`unable to subscribe to presence events; the room's options don't enable presence events: use ablychat.WithPresenceEvents(true), the default (code 102108, status 400)`, 102108, nil},
	"occupancy without the option": {func(s *stand) error { return second(s.room().Occupancy().Subscribe(func(chat.OccupancyData) {})) },
		`unable to subscribe to occupancy events; the room's options don't enable occupancy events: use ablychat.WithOccupancyEvents(true) (code 102108, status 400)`, 102108, nil},
	"current occupancy without the option": {func(s *stand) error {
		_, _, err := s.room().Occupancy().Current()
		return err
	},
		`unable to get current occupancy; the room's options don't enable occupancy events: use ablychat.WithOccupancyEvents(true) (code 102108, status 400)`, 102108, nil},
	"an event of another message": {func(s *stand) error {
		return second(chat.Message{Serial: "a"}.With(chat.MessageEvent{Type: chat.MessageUpdated, Message: chat.Message{Serial: "b"}}))
	},
		`unable to apply change to message; the change is of message b, not of message a (code 40003, status 400)`, 40003, nil},
	"a realtime client of ably-go's": {func(s *stand) error {
		foreign, err := ably.NewRealtime(s.server.ClientOptions(ably.WithAutoConnect(false))...)
		if err != nil {
			return err
		}
		return second(ablychat.New(foreign))
	},
		`unable to create chat client; the realtime client is nil, or was not made by ablychat.NewRealtime (code 40003, status 400)`, 40003, nil},
	"options of ably-go's for an existing realtime client": {func(s *stand) error {
		return second(ablychat.New(s.client().Realtime(), ablychat.Ably(ably.WithClientID("x"))))
	},
		`unable to create chat client; the option ablychat.Ably is only for Connect: pass the options of ably-go to NewRealtime (code 40003, status 400)`, 40003, nil},
	"an empty list of options for an existing realtime client": {func(s *stand) error {
		return second(ablychat.New(s.client().Realtime(), ablychat.Ably()))
	},
		`unable to create chat client; the option ablychat.Ably is only for Connect: pass the options of ably-go to NewRealtime (code 40003, status 400)`, 40003, nil},

	"get after the disposal": {func(s *stand) error { return second(s.disposed().Rooms().Get(soon(s.t), "lobby")) },
		`unable to get room; rooms instance has been disposed: room "lobby" (code 40014, status 400)`, 40014, nil},
	"get whose context ends": {func(s *stand) error { return second(s.client().Rooms().Get(s.interrupted(), "lobby")) },
		`interrupted`, 0, context.Canceled},
	"get while the name is released": {func(s *stand) error {
		return s.hit(func(rooms *ablychat.Rooms) error { return second(rooms.Get(soon(s.t), "lobby")) })
	},
		`unable to get room; room released before operation could complete: room "lobby" (code 102106, status 400)`, 102106, nil},
	"acquire without a name": {func(s *stand) error { return second(s.client().Rooms().Acquire(soon(s.t), "")) },
		`unable to acquire room; the name is "", expected at least one character (code 40003, status 400)`, 40003, nil},
	"acquire with bad options": {func(s *stand) error {
		return second(s.client().Rooms().Acquire(soon(s.t), "lobby", lifecycle.WithTypingHeartbeatThrottle(0)))
	},
		`unable to create room; invalid room configuration: typing.heartbeatThrottleMs is 0s, expected more than 0 (code 40003, status 400)`, 40003, nil},
	"acquire with other options": {func(s *stand) error {
		client := s.client()
		s.get(client)
		return second(client.Rooms().Acquire(soon(s.t), "lobby", lifecycle.WithOccupancyEvents(true)))
	},
		`unable to get room; room already exists with different options: room "lobby" has {presence.enableEvents: true, typing.heartbeatThrottleMs: 10000, occupancy.enableEvents: false, messages.rawMessageReactions: false, messages.defaultMessageReactionType: distinct}, asked for {presence.enableEvents: true, typing.heartbeatThrottleMs: 10000, occupancy.enableEvents: true, messages.rawMessageReactions: false, messages.defaultMessageReactionType: distinct} (code 102107, status 400)`, 102107, nil},
	"acquire after the disposal": {func(s *stand) error { return second(s.disposed().Rooms().Acquire(soon(s.t), "lobby")) },
		`unable to get room; rooms instance has been disposed: room "lobby" (code 40014, status 400)`, 40014, nil},
	"acquire whose context ends": {func(s *stand) error { return second(s.client().Rooms().Acquire(s.interrupted(), "lobby")) },
		`interrupted`, 0, context.Canceled},
	"acquire while the name is released": {func(s *stand) error {
		return s.hit(func(rooms *ablychat.Rooms) error { return second(rooms.Acquire(soon(s.t), "lobby")) })
	},
		`unable to get room; room released before operation could complete: room "lobby" (code 102106, status 400)`, 102106, nil},
	"release without a name": {func(s *stand) error { return s.client().Rooms().Release(soon(s.t), "") },
		`unable to release room; the name is "", expected at least one character (code 40003, status 400)`, 40003, nil},
	"release whose context ends": {func(s *stand) error {
		client := s.client()
		room := s.get(client)
		if err := room.Attach(soon(s.t)); err != nil {
			return err
		}
		return client.Rooms().Release(s.interrupted(), "lobby")
	},
		`interrupted`, 0, context.Canceled},
	"dispose whose context ends": {func(s *stand) error {
		client := s.client()
		room := s.get(client)
		if err := room.Attach(soon(s.t)); err != nil {
			return err
		}
		return client.Dispose(s.interrupted())
	},
		`interrupted`, 0, context.Canceled},

	"close on a dead network": {func(s *stand) (err error) {
		inMemory(s.t, func(t *testing.T, server *ablytest.Server) {
			client := connected(t, server)
			if err := must(client.Rooms().Get(t.Context(), "lobby")).Attach(t.Context()); err != nil {
				t.Fatal(err)
			}
			server.Fault(ablytest.AnyFrame(), ablytest.Drop())
			err = client.Close()
		})
		return err
	},
		`the rooms were not released within 8s`, 0, context.DeadlineExceeded},

	"wait for the status of a failed room": {func(s *stand) error {
		room := s.attached()
		s.server.FailChannel(ablychat.ChannelName("lobby"), ablytest.NewError(90001, 400, "broken"))
		return room.WaitForStatus(soon(s.t), ablychat.RoomDetached)
	},
		`unable to wait for status detached; room "lobby" is failed (code 102112, status 400): unable to keep room lobby; broken (code 90001, status 400)`, 102112, lifecycle.ErrorCode(90001)},
	"wait for the status of a released room": {func(s *stand) error {
		return s.released().WaitForStatus(soon(s.t), ablychat.RoomAttached)
	},
		`unable to wait for status attached; room "lobby" is released (code 102112, status 400)`, 102112, nil},
	"wait for a status with a context that ends": {func(s *stand) error { return s.room().WaitForStatus(s.interrupted(), ablychat.RoomAttached) },
		`interrupted`, 0, context.Canceled},
	"wait for the status of a failed connection": {func(s *stand) error {
		client := s.with(ably.WithKey("app.key:wrong"), ably.WithInsecureAllowBasicAuthWithoutTLS())
		return client.Connection().WaitForStatus(soon(s.t), ablychat.ConnectionConnected)
	},
		`unable to wait for connection status connected; the connection is failed (code 80003, status 400): unable to connect; invalid credentials: the key "app.key" is unknown or its secret is wrong (code 40101, status 401)`, 80003, lifecycle.ErrorCode(40101)},
	"wait for the status of a closed connection": {func(s *stand) error {
		client := s.client(ably.WithAutoConnect(false))
		ablychat.StayClosed(client.Realtime())
		awaitConnection(s.t, client, ablychat.ConnectionClosed)
		return client.Connection().WaitForStatus(soon(s.t), ablychat.ConnectionConnected)
	},
		`unable to wait for connection status connected; the connection is closed (code 80003, status 400)`, 80003, nil},
	"wait for the status of a disposed connection": {func(s *stand) error {
		return s.disposed().Connection().WaitForStatus(soon(s.t), ablychat.ConnectionConnected)
	},
		`unable to wait for connection status connected; the chat client was disposed of (code 40014, status 400)`, 40014, nil},

	"a nil listener for messages": {func(s *stand) error { return second(s.room().Messages().Subscribe(nil)) },
		`unable to subscribe to messages; the listener is nil (code 40003, status 400)`, 40003, nil},
	"a nil listener for SubscribeSince": {func(s *stand) error {
		return second(s.room().Messages().SubscribeSince("", nil))
	},
		`unable to subscribe to messages; the listener is nil (code 40003, status 400)`, 40003, nil},
	"a nil listener for statuses": {func(s *stand) error { return second(s.room().SubscribeStatus(nil)) },
		`unable to subscribe to status changes; the listener is nil (code 40003, status 400)`, 40003, nil},
	"a nil listener for the connection": {func(s *stand) error { return second(s.client().Connection().Subscribe(nil)) },
		`unable to subscribe to connection status changes; the listener is nil (code 40003, status 400)`, 40003, nil},
	"subscribe to typing after the disposal": {func(s *stand) error {
		client := s.client()
		room := s.get(client)
		if err := client.Dispose(soon(s.t)); err != nil {
			return err
		}
		return second(room.Typing().Subscribe(func(ablychat.TypingEvent) {}))
	},
		`unable to subscribe to typing events; the chat client was disposed of (code 40014, status 400)`, 40014, nil},
	"a second range over messages": {func(s *stand) error {
		events := loopOf(s.room().Messages().Events(s.interrupted()))
		_ = last(s.t, "events", events)
		return last(s.t, "events", events)
	},
		`unable to range over messages; the sequence was ranged over before (code 40003, status 400)`, 40003, nil},
	"a loop over messages whose context ends": {func(s *stand) error {
		return last(s.t, "events", loopOf(s.room().Messages().Events(s.interrupted())))
	},
		`interrupted`, 0, context.Canceled},
	"a loop over messages of a released room": {func(s *stand) error {
		client := s.client()
		events := loopOf(s.get(client).Messages().Events(soon(s.t)))
		if err := client.Rooms().Release(soon(s.t), "lobby"); err != nil {
			return err
		}
		return last(s.t, "events", events)
	},
		`unable to receive messages; room "lobby" is released (code 102112, status 400)`, 102112, nil},
	"a loop of EventsSince over a released room": {func(s *stand) error {
		client := s.client()
		events := loopOf(s.get(client).Messages().EventsSince(soon(s.t), ""))
		if err := client.Rooms().Release(soon(s.t), "lobby"); err != nil {
			return err
		}
		return last(s.t, "events", events)
	},
		`unable to receive messages; room "lobby" is released (code 102112, status 400)`, 102112, nil},
	"a loop over statuses of a disposed client's room": {func(s *stand) error {
		client := s.client()
		events := s.get(client).StatusEvents(soon(s.t))
		if err := client.Dispose(soon(s.t)); err != nil {
			return err
		}
		return last(s.t, "events", loopOf(events))
	},
		`unable to receive status changes; the chat client was disposed of (code 40014, status 400)`, 40014, nil},
	"a loop over discontinuities of a released room": {func(s *stand) error {
		return last(s.t, "events", loopOf(s.released().DiscontinuityEvents(soon(s.t))))
	},
		`unable to receive discontinuities; room "lobby" is released (code 102112, status 400)`, 102112, nil},
	"a loop over the connection of a disposed client": {func(s *stand) error {
		return last(s.t, "events", loopOf(s.disposed().Connection().Events(soon(s.t))))
	},
		`unable to receive connection status changes; the chat client was disposed of (code 40014, status 400)`, 40014, nil},
	"a loop that dropped events": {func(s *stand) error {
		client := s.client()
		client.Bound(1)
		room := s.get(client)
		events := room.Reactions().Events(soon(s.t))
		if err := room.Attach(soon(s.t)); err != nil {
			return err
		}
		client.Bound(ablychat.MaxPending)
		got := newInbox[ablychat.RoomReaction](s.t)
		must(room.Reactions().Subscribe(got.put))
		for range 3 {
			if err := room.Reactions().Send(soon(s.t), ablychat.ReactionContent{Name: "x"}); err != nil {
				return err
			}
			got.next()
		}
		for _, err := range events {
			if err != nil {
				return err
			}
		}
		return nil
	},
		`2 events were dropped because the loop was too far behind`, 0, nil},

	"send after the release": {func(s *stand) error { return send(s.released()) },
		`unable to send message; room "lobby" is released (code 102112, status 400)`, 102112, nil},
	"send whose context ends": {func(s *stand) error {
		return second(s.room().Messages().Send(s.interrupted(), ablychat.Text("x")))
	},
		`interrupted`, 0, context.Canceled},
	"send with a description": {func(s *stand) error {
		return second(s.room().Messages().Send(soon(s.t), ablychat.Text("x"), ablychat.WithDescription("y")))
	},
		`unable to send message; the options WithDescription and WithOperationMetadata are only for Update and Delete (code 40003, status 400)`, 40003, nil},
	"send to a service that is silent": {func(s *stand) error {
		return send(s.get(s.with(ably.WithKey(s.server.Key()), ably.WithInsecureAllowBasicAuthWithoutTLS(),
			ably.WithAutoConnect(false), ably.WithHTTPClient(&http.Client{Transport: roundTrip(
				func(*http.Request) (*http.Response, error) { return nil, lostAnswer{} })}))))
	},
		`unable to send message; the service can't be reached: the answer is lost (code 50003, status 500)`, 50003, lostAnswer{}},
	"a callback that takes too long": {func(s *stand) error {
		client := s.with(ably.WithRealtimeRequestTimeout(time.Millisecond), ably.WithAuthCallback(
			func(ctx context.Context, _ ably.TokenParams) (ably.Tokener, error) {
				<-ctx.Done()
				return nil, errors.New("late")
			}))
		awaitConnection(s.t, client, ablychat.ConnectionDisconnected)
		return client.Connection().Error()
	},
		`unable to connect; the auth callback gave no token in 1ms (code 50003, status 500)`, 50003, nil},
	"send with a callback that takes too long": {func(s *stand) error {
		return send(s.get(s.with(ably.WithRealtimeRequestTimeout(time.Millisecond), ably.WithAutoConnect(false),
			ably.WithAuthCallback(func(ctx context.Context, _ ably.TokenParams) (ably.Tokener, error) {
				<-ctx.Done()
				return nil, errors.New("late")
			}))))
	},
		`unable to send message; no token for the request: none came in 1ms (code 40170, status 401)`, 40170, nil},
	"delete without a serial": {func(s *stand) error { return second(s.room().Messages().Delete(soon(s.t), "")) },
		`unable to delete message; the message's serial is empty (code 40003, status 400)`, 40003, nil},
	"get without a serial": {func(s *stand) error { return second(s.room().Messages().Get(soon(s.t), "")) },
		`unable to get message; the message's serial is empty (code 40003, status 400)`, 40003, nil},
	"versions without a serial": {func(s *stand) error { return second(s.room().Messages().Versions(soon(s.t), "")) },
		`unable to get versions of message; the message's serial is empty (code 40003, status 400)`, 40003, nil},
	"versions of a message that doesn't exist": {func(s *stand) error { return second(s.room().Messages().Versions(soon(s.t), "none")) },
		`unable to get versions of message; there is no message "none" in the room (code 40400, status 404): see https://help.ably.io/error/40400`, 40400, nil},
	"a link to the next page that can't be read": {func(s *stand) error {
		a := newAnswering(s.t)
		a.set(200, "application/json", `[{"serial":"s"}]`, "Link", `<./messages?cursor=2; rel="next"`)
		return last(s.t, "since", loopOf(a.room.Messages().Since(soon(s.t), "")))
	},
		`unable to get history; the link to the next page can't be read: the Link header "<./messages?cursor=2; rel=\"next\"" is malformed: the target has no closing > (code 80013, status 500)`, 80013, nil},
	"a link to the same page": {func(s *stand) error {
		a := newAnswering(s.t)
		a.set(200, "application/json", `[{"serial":"s"}]`, "Link", `<./messages?direction=backwards>; rel="next"`)
		return second(a.room.Messages().History(soon(s.t), ablychat.HistoryQuery{}))
	},
		`unable to get history; the link to the next page leads to the same page (code 80013, status 500)`, 80013, nil},
	"a reaction that is answered by a page": {func(s *stand) error {
		a := newAnswering(s.t)
		a.set(200, "text/html", "<html>Log in</html>")
		return a.room.Messages().Reactions().Send(soon(s.t), "s", ablychat.MessageReaction{Name: "x"})
	},
		`unable to send message reaction; the answer is 200 OK with 19 bytes of text/html: "<html>Log in</html>", expected JSON or MessagePack (code 80013, status 500)`, 80013, nil},
	"a reaction that is answered by a list": {func(s *stand) error {
		a := newAnswering(s.t)
		a.set(200, "application/json", "[]")
		return a.room.Messages().Reactions().Delete(soon(s.t), "s", ablychat.MessageReaction{Name: "x"})
	},
		`unable to delete message reaction; the answer is 200 OK with 2 bytes of application/json: "[]", expected an object or nothing (code 80013, status 500)`, 80013, nil},
	"reactions of a client without a serial": {func(s *stand) error {
		return second(s.room().Messages().Reactions().ClientReactions(soon(s.t), "", "ann"))
	},
		`unable to get client reactions; the message's serial is empty (code 40003, status 400)`, 40003, nil},

	"Presence.Get without the option": {func(s *stand) error {
		return second(s.room(lifecycle.WithPresenceEvents(false)).Presence().Get(soon(s.t)))
	},
		`unable to get presence; the room's options don't enable presence events: use ablychat.WithPresenceEvents(true), the default (code 102108, status 400)`, 102108, nil},
	"enter after the release": {func(s *stand) error { return s.released().Presence().Enter(soon(s.t), nil) },
		`unable to enter presence; room "lobby" is released (code 102112, status 400)`, 102112, nil},
	"enter without a connection and without queueMessages": {func(s *stand) error {
		s.server.RefuseConnections(nil)
		room := s.get(s.client(ably.WithQueueMessages(false), ably.WithDisconnectedRetryTimeout(20*time.Millisecond),
			ably.WithLogLevel(ably.LogNone)))
		attached := make(chan error, 1)
		go func() { attached <- room.Attach(soon(s.t)) }()
		if err := room.WaitForStatus(soon(s.t), ablychat.RoomAttaching); err != nil {
			return err
		}
		err := room.Presence().Enter(soon(s.t), nil)
		s.server.AcceptConnections()
		return errors.Join(err, <-attached)
	},
		`unable to enter presence; there is no connection (code 80003, status 400)`, 80003, nil},
	"a discontinuity": {func(s *stand) error {
		room := s.attached()
		seen := newWatch(s.t, room)
		s.server.LoseContinuity(ablychat.ChannelName("lobby"))
		s.server.DetachChannel(ablychat.ChannelName("lobby"), ablytest.NewError(90198, 400, "moved"))
		return (<-seen.lost).Reason
	},
		`room "lobby" lost continuity; messages may have been missed (code 102100, status 500)`, 102100, nil},
}

// CHA-GP6: every error that a user can get says which operation failed and why, each once, and
// errors.Is finds its code.
func TestErrorsThatUsersMeet(t *testing.T) {
	for name, e := range userErrors {
		t.Run(name, func(t *testing.T) {
			s := &stand{t, ablytest.NewServer(t, ablytest.WithModeration("darn"))}
			err := e.meet(s)
			if err == nil {
				t.Fatal("there is no error")
			}
			text := strings.ReplaceAll(err.Error(), s.server.Addr(), "<address>")
			if text != e.text {
				t.Errorf("the error is\n%s,\nexpected\n%s", text, e.text)
			}
			info, ok := errors.AsType[*lifecycle.ErrorInfo](err)
			if ok != (e.code != 0) || ok && (!errors.Is(err, e.code) || info.Code != e.code ||
				!strings.HasPrefix(info.Message, "unable to ") && e.code != lifecycle.ErrRoomDiscontinuity) {
				t.Errorf("the error is %+v, expected the code %d", info, e.code)
			}
			if e.also != nil && !errors.Is(err, e.also) {
				t.Errorf("%v doesn't match %v", err, e.also)
			}
		})
	}
}

// TestEveryCodeIsMet checks that every code that this library uses by itself is in the table.
func TestEveryCodeIsMet(t *testing.T) {
	met := map[ablychat.ErrorCode]bool{
		ablychat.ErrBadRequest:                   true, // never raised
		ablychat.ErrOperationSerializationFailed: true, // never raised
		// the code of errors of the service that have none
		ablychat.ErrChannelOperationFailed:    true,
		ablychat.ErrPresenceAutoReentryFailed: true, // is only logged
	}
	for _, e := range userErrors {
		met[e.code] = true
	}
	source, err := os.ReadFile("../../lifecycle/errors.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`(?m)^\t(Err\w+) +ErrorCode = (\d+)`).FindAllStringSubmatch(string(source), -1)
	if len(codes) < 10 {
		t.Errorf("only %d codes were found in the source", len(codes))
	}
	for _, c := range codes {
		if code, err := strconv.Atoi(c[2]); err != nil || !met[ablychat.ErrorCode(code)] {
			t.Errorf("the table of errors lacks %s", c[1])
		}
	}
}
