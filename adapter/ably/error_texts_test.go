package ablychat_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// The errors that this package makes itself, each with its whole text and its code. Those of the
// service have its words: TestEveryCallHasTheServicesError.
func TestTextsOfErrors(t *testing.T) {
	server := ablytest.NewServer(t)
	ann, nobody := newPerson(t, server, "ann"), newPerson(t, server, "")
	room := ann.room("lobby", ablychat.WithPresenceEvents(false))
	m := room.Messages()
	unattached := ann.unattached("unattached")
	waits := must(unattached.Messages().Subscribe(func(ablychat.MessageEvent) {}))
	waits.Unsubscribe()
	released := ann.unattached("released")
	if err := ann.chat.Rooms().Release(soon(t), "released"); err != nil {
		t.Fatal(err)
	}
	disposed := newPerson(t, server, "bob")
	gone := disposed.unattached("gone")
	if err := disposed.chat.Dispose(soon(t)); err != nil {
		t.Fatal(err)
	}
	offline := must(ablychat.Connect(ablychat.Ably(server.ClientOptions(ably.WithAutoConnect(false))...)))
	defer offline.Close()
	unconnected := must(offline.Rooms().Get(soon(t), "lobby"))
	shared := must(ablychat.NewRealtime(server.ClientOptions(ably.WithAutoConnect(false))...))
	defer closeClient(shared)
	first := must(ablychat.New(shared))
	defer first.Dispose(soon(t))
	foreign := must(ably.NewRealtime(server.ClientOptions(ably.WithAutoConnect(false))...))
	ranged := func(events func(func(ablychat.MessageEvent, error) bool)) (last error) {
		for range 2 {
			for _, err := range events {
				last = err
			}
		}
		return last
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	server.FailChannel(ablychat.ChannelName("lobby"), ablytest.NewError(90001, 400, "broken"))
	failed := room.WaitForStatus(soon(t), ablychat.RoomDetached)

	type code = ablychat.ErrorCode
	for _, c := range []struct {
		err  error
		code code
		text string
	}{
		{second(ablychat.New(nil)), ablychat.ErrInvalidArgument,
			"unable to create chat client; the realtime client is nil, or was not made by ablychat.NewRealtime (code 40003, status 400)"},
		{second(ablychat.New(foreign)), ablychat.ErrInvalidArgument,
			"unable to create chat client; the realtime client is nil, or was not made by ablychat.NewRealtime (code 40003, status 400)"},
		{second(ablychat.New(shared)), ablychat.ErrInvalidArgument,
			"unable to create chat client; the realtime client has a chat client already, which must be disposed of first (code 40003, status 400)"},
		{second(ablychat.New(shared, ablychat.Ably(ably.WithClientID("x")))), ablychat.ErrInvalidArgument,
			"unable to create chat client; the options of ably-go are those of the realtime client, expected no ablychat.Ably (code 40003, status 400)"},
		{second(ann.chat.Rooms().Get(soon(t), "")), ablychat.ErrInvalidArgument,
			`unable to get room; the name is "", expected at least one character (code 40003, status 400)`},
		{ann.chat.Rooms().Release(soon(t), ""), ablychat.ErrInvalidArgument,
			`unable to release room; the name is "", expected at least one character (code 40003, status 400)`},
		{second(m.Send(soon(t), ablychat.Text("x"), ablychat.WithDescription("y"))), ablychat.ErrInvalidArgument,
			"unable to send message; only an update or a deletion has a description or metadata of its own (code 40003, status 400)"},
		{second(m.Update(soon(t), "", ablychat.Text("x"))), ablychat.ErrInvalidArgument,
			"unable to update message; the message's serial is empty (code 40003, status 400)"},
		{second(m.Versions(soon(t), "")), ablychat.ErrInvalidArgument,
			"unable to get versions of message; the message's serial is empty (code 40003, status 400)"},
		{second(m.History(soon(t), ablychat.HistoryQuery{Limit: 1001})), ablychat.ErrInvalidArgument,
			"unable to get history; the limit is 1001, expected 1 to 1000, or 0 for 100 (code 40003, status 400)"},
		{second(m.Subscribe(nil)), ablychat.ErrInvalidArgument,
			"unable to subscribe to messages; the listener is nil (code 40003, status 400)"},
		{second(m.SubscribeSince("", nil)), ablychat.ErrInvalidArgument,
			"unable to subscribe to messages; the listener is nil (code 40003, status 400)"},
		{second(room.SubscribeStatus(nil)), ablychat.ErrInvalidArgument,
			"unable to subscribe to status changes; the listener is nil (code 40003, status 400)"},
		{ranged(m.Events(ended)), ablychat.ErrInvalidArgument,
			"unable to range over messages; the sequence was ranged over before (code 40003, status 400)"},
		{second(waits.HistoryBeforeSubscribe(soon(t), ablychat.HistoryQuery{})), ablychat.ErrResourceDisposed,
			"unable to get history before subscription; the subscription ended before the room was attached (code 40014, status 400)"},
		{second(released.Messages().Send(soon(t), ablychat.Text("x"))), ablychat.ErrRoomInInvalidState,
			`unable to send message; room "released" is released (code 102112, status 400)`},
		{released.Attach(soon(t)), ablychat.ErrRoomInInvalidState,
			`unable to attach room; room "released" is released (code 102112, status 400)`},
		{second(gone.Typing().Subscribe(func(ablychat.TypingEvent) {})), ablychat.ErrResourceDisposed,
			"unable to subscribe to typing events; the chat client was disposed of (code 40014, status 400)"},
		{second(disposed.chat.Rooms().Get(soon(t), "gone")), ablychat.ErrResourceDisposed,
			`unable to get room; rooms instance has been disposed: room "gone" (code 40014, status 400)`},
		{unattached.Presence().Enter(soon(t), nil), ablychat.ErrRoomInInvalidState,
			`unable to enter presence; room "unattached" is initialized and must be attached first (code 102112, status 400)`},
		{second(room.Presence().Get(soon(t))), ablychat.ErrFeatureNotEnabledInRoom,
			"unable to get presence; the room was got without presence events: ablychat.WithPresenceEvents(true), the default (code 102108, status 400)"},
		{second(room.Occupancy().Subscribe(func(ablychat.OccupancyData) {})), ablychat.ErrFeatureNotEnabledInRoom,
			"unable to subscribe to occupancy events; the room was got without occupancy events: ablychat.WithOccupancyEvents(true) (code 102108, status 400)"},
		{second(m.Reactions().SubscribeRaw(func(ablychat.RawReactionEvent) {})), ablychat.ErrFeatureNotEnabledInRoom,
			"unable to subscribe to raw message reactions; the room was got without raw message reactions: " +
				"ablychat.WithRawMessageReactions(true) (code 102108, status 400)"},
		{unconnected.Typing().Keystroke(soon(t)), ablychat.ErrDisconnected,
			"unable to send typing; there is no connection (code 80003, status 400)"},
		{nobody.room("lobby").Presence().Enter(soon(t), nil), ablychat.ErrInvalidClientID,
			"unable to enter presence; the client has no id: give one with ably.WithClientID, or in its token (code 40012, status 400)"},
		{nobody.room("lobby").Typing().Keystroke(soon(t)), ablychat.ErrInvalidClientID,
			"unable to send typing; the client has no id: give one with ably.WithClientID, or in its token (code 40012, status 400)"},
		{failed, ablychat.ErrRoomInInvalidState,
			`unable to wait for status detached; room "lobby" is failed (code 102112, status 400): ` +
				"unable to keep room lobby; broken (code 90001, status 400)"},
	} {
		if got := c.err; got == nil || got.Error() != c.text || !errors.Is(got, c.code) {
			t.Errorf("got %v,\nexpected %s", got, c.text)
		}
	}
}
