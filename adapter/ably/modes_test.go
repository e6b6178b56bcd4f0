package ablychat_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// RTP11f, RTAN4e: if a room's options disable something, the call returns an error. If the client
// has no right to it, that is logged, when the room attaches and at the call.
func TestAModeThatWasNotGrantedIsLogged(t *testing.T) {
	server := ablytest.NewServer(t)
	ann := newWorldOn(t, server, ably.WithClientID("ann"))
	if err := ann.attached().Presence().Enter(soon(t), nil); err != nil {
		t.Fatal(err)
	}
	logged := &lines{more: make(chan struct{}, 1)}
	with := func(capability string, options ...ablychat.RoomOption) *ablychat.Room {
		token, err := server.IssueToken(ablytest.TokenParams{ClientID: "bob", Capability: capability})
		if err != nil {
			t.Fatal(err)
		}
		return newWorldWith(t, server, []ablychat.Option{ablychat.WithLogger(slog.New(slog.NewTextHandler(logged, nil)))},
			ably.WithToken(token.Token)).attached(options...)
	}
	room := with(`{"*":["publish","subscribe","presence"]}`,
		ablychat.WithPresenceEvents(false), ablychat.WithRawMessageReactions(true))
	if text := logged.String(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, "annotation_subscribe") {
		t.Errorf("logged: %s", text)
	}
	if _, err := room.Presence().Get(soon(t)); !errors.Is(err, ablychat.ErrFeatureNotEnabledInRoom) {
		t.Errorf("without presence events: %v", err)
	}
	room = with(`{"*":["publish","presence"]}`)
	if members, err := room.Presence().Get(soon(t)); err != nil || len(members) > 0 {
		t.Errorf("Get without presence events returned %v, %v; expected no members", members, err)
	}
	if text := logged.String(); !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "presence_subscribe") ||
		!strings.Contains(text, "room="+name) {
		t.Errorf("logged: %s", text)
	}
}
