package ablychat

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ablyrooms.example/chat"
	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// CHA-T5d1, CHA-T5e, CHA-T5g, CHA-T14b2: if a stop fails, its caller gets the error. Others still
// see this client as typing, so the next call of Stop sends a stop again.
func TestAStopThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		typing, wire := newTestTyping(time.Minute)
		if err := typing.Keystroke(t.Context()); err != nil {
			t.Fatal(err)
		}
		wire.fail = errors.New("refused")
		if err := typing.Stop(t.Context()); err != wire.fail {
			t.Errorf("a stop that the wire refuses: %v", err)
		}
		wire.fail = nil
		if err := typing.Keystroke(t.Context()); err != nil || len(wire.sent) != 1 {
			t.Errorf("a keystroke after a stop that failed: %v, %v", err, wire.sent)
		}
		wire.off = lifecycle.NewErrorInfo(lifecycle.ErrDisconnected, "off", nil)
		if err := typing.Stop(t.Context()); !errors.Is(err, lifecycle.ErrDisconnected) {
			t.Errorf("stop without a connection: %v", err)
		}
		wire.off = nil
		if err := typing.Stop(t.Context()); err != nil || !slices.Equal(wire.sent, []string{"typing.started", "typing.stopped"}) {
			t.Errorf("the stop after the connection is back: %v; sent %v", err, wire.sent)
		}
	})
}

// CHA-T13b1, CHA-T13b4, CHA-T13b5, CHA-T13a1, CHA-T18, CHA-T6d: a client that starts, changes its
// claim or stops is reported. A second stop is not.
func TestWhoTypesIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		typing, _ := newTestTyping(time.Second)
		var told []chat.TypingEvent
		subscription, err := typing.listeners.Add(typing.telling(func(e chat.TypingEvent) { told = append(told, e) }), listen.Config{})
		if err != nil {
			t.Fatal(err)
		}
		say := func(name, who, claim string) {
			w := chat.WireMessage{Name: name, ClientID: who}
			if claim != "" {
				w.Extras = map[string]any{"userClaim": claim}
			}
			typing.receive(w)
			synctest.Wait()
		}
		say("typing.started", "ann", "pro")
		say("typing.started", "ann", "pro") // goes on typing: not reported
		say("typing.started", "ann", "")    // no longer has the claim
		say("typing.stopped", "bob", "")    // was not typing: not reported
		say("typing.stopped", "ann", "")
		say("typing.stopped", "ann", "") // stops typing
		say("typing.started", "", "")    // has no client id: ignored
		want := []chat.TypingEvent{
			{Change: chat.TypingChange{Type: chat.TypingStarted, TypingMember: chat.TypingMember{ClientID: "ann", UserClaim: "pro"}}, CurrentTypers: []chat.TypingMember{{ClientID: "ann", UserClaim: "pro"}}},
			{Change: chat.TypingChange{Type: chat.TypingStarted, TypingMember: chat.TypingMember{ClientID: "ann"}}, CurrentTypers: []chat.TypingMember{{ClientID: "ann"}}},
			{Change: chat.TypingChange{Type: chat.TypingStopped, TypingMember: chat.TypingMember{ClientID: "ann"}}},
		}
		same := func(a, b chat.TypingEvent) bool {
			return a.Change == b.Change && slices.Equal(a.CurrentTypers, b.CurrentTypers)
		}
		if !slices.EqualFunc(told, want, same) {
			t.Errorf("reported %+v,\nexpected %+v", told, want)
		}
		subscription.Unsubscribe()
		say("typing.started", "eve", "")
		current := typing.CurrentTypers()
		if len(told) != 3 || len(current) != 1 {
			t.Errorf("after its removal the listener received %v; typing: %v", told, current)
		}
		current[0].ClientID = "mallory" // changes only the copy
		if typing.CurrentTypers()[0].ClientID != "eve" {
			t.Error("a change of the returned list changes the typers")
		}
		typing.dispose()
	})
}
