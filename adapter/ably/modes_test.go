package ablychat_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// RTP11f, RTAN4e: what a room's modes leave out is logged for its user: at the call, for a room
// without presence events, and when it is attached, for a client without the right.
func TestAModeThatWasNotGrantedIsLogged(t *testing.T) {
	server := ablytest.NewServer(t)
	ann := newWorldOn(t, server, ably.WithClientID("ann"))
	if err := ann.attached().Presence().Enter(soon(t), nil); err != nil {
		t.Fatal(err)
	}
	token, err := server.IssueToken(ablytest.TokenParams{
		ClientID: "bob", Capability: `{"*":["publish","subscribe","presence"]}`})
	if err != nil {
		t.Fatal(err)
	}
	logged := &lines{more: make(chan struct{}, 1)}
	bob := newWorldWith(t, server, []ablychat.Option{ablychat.WithLogger(slog.New(slog.NewTextHandler(logged, nil)))},
		ably.WithToken(token.Token))
	room := bob.attached(lifecycle.WithPresenceEvents(false), lifecycle.WithRawMessageReactions(true))
	if text := logged.String(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, "annotation_subscribe") {
		t.Errorf("logged: %s", text)
	}
	if members, err := room.Presence().Get(soon(t)); err != nil || len(members) > 0 {
		t.Errorf("%v, %v are present", members, err)
	}
	if text := logged.String(); !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "presence_subscribe") ||
		!strings.Contains(text, "room="+name) {
		t.Errorf("logged: %s", text)
	}
}
