package ablychat_test

import (
	"testing"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// The claim in a user's token for a room comes with everything that others receive from the user in
// that room (CHA-M2h, CHA-MR7d, CHA-ER2a, CHA-PR6g, CHA-T13a1), and with the results of the user's
// own calls.
func TestClaimsOfUsers(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t)
		token, err := server.IssueJWT(ablytest.TokenParams{ClientID: "ann", RoomClaims: map[string]string{"lobby": "moderator"}})
		if err != nil {
			t.Fatal(err)
		}
		bob := newPerson(t, server, "bob", binary).room("lobby", lifecycle.WithRawMessageReactions(true))
		client, err := ablychat.Connect(ablychat.Ably(server.EndpointOptions(binary, ably.WithToken(token))...))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := client.Dispose(soon(t)); err != nil {
				t.Errorf("dispose: %v", err)
			}
			closeClient(client.Realtime())
		})
		ann := (&person{t, client}).room("lobby")
		got := newInbox[string](t)
		must(bob.Messages().Subscribe(func(e chat.MessageEvent) { got.put("message " + e.Message.UserClaim) }))
		must(bob.Typing().Subscribe(func(e chat.TypingEvent) { got.put("typing " + e.Change.UserClaim) }))
		must(bob.Reactions().Subscribe(func(r chat.RoomReaction) { got.put("reaction " + r.UserClaim) }))
		must(bob.Presence().Subscribe(func(e chat.PresenceEvent) { got.put("presence " + e.Member.UserClaim) }))
		must(bob.Messages().Reactions().SubscribeRaw(func(e chat.RawReactionEvent) { got.put("raw reaction " + e.Reaction.UserClaim) }))
		ctx := soon(t)
		expect := func(what string) {
			t.Helper()
			if event := got.next(); event != what+" moderator" {
				t.Errorf("received %q, want %q", event, what+" moderator")
			}
		}
		m := must(ann.Messages().Send(ctx, ablychat.Text("hi")))
		if m.UserClaim != "moderator" {
			t.Errorf("the answer's claim is %q", m.UserClaim)
		}
		expect("message")
		for what, f := range map[string]func() error{
			"typing":   func() error { return ann.Typing().Keystroke(ctx) },
			"reaction": func() error { return ann.Reactions().Send(ctx, ablychat.ReactionContent{Name: "like"}) },
			"presence": func() error { return ann.Presence().Enter(ctx, nil) },
			"raw reaction": func() error {
				return ann.Messages().Reactions().Send(ctx, m.Serial, ablychat.MessageReaction{Name: "like"})
			},
		} {
			if err := f(); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			expect(what)
		}
	})
}
