package ablychat_test

import (
	"strings"
	"testing"

	ablychat "ablyrooms.example/adapter/ably"
)

// restCalls returns all REST calls. serial is the serial of an existing message.
// TestEveryRESTCallIsTried checks that no call is missing.
func restCalls(t *testing.T, room *ablychat.Room, serial string) map[string]func() error {
	m := room.Messages()
	like := ablychat.MessageReaction{Name: "like"}
	return map[string]func() error{
		"send": func() error { return second(m.Send(soon(t), ablychat.MessageContent{Text: "x"})) },
		"update": func() error {
			return second(m.Update(soon(t), serial, ablychat.MessageContent{Text: "y"}))
		},
		"delete":           func() error { return second(m.Delete(soon(t), serial)) },
		"get":              func() error { return second(m.Get(soon(t), serial)) },
		"versions":         func() error { return second(m.Versions(soon(t), serial)) },
		"history":          func() error { return second(m.History(soon(t), ablychat.HistoryQuery{})) },
		"next page":        func() error { return second(ablychat.PageBefore(m).Next(soon(t))) },
		"history before":   func() error { return historyBefore(t, m, serial) },
		"since":            func() error { return last(t, "since", loopOf(m.Since(soon(t), ""))) },
		"react":            func() error { return m.Reactions().Send(soon(t), serial, like) },
		"take back":        func() error { return m.Reactions().Delete(soon(t), serial, like) },
		"client reactions": func() error { return second(m.Reactions().ClientReactions(soon(t), serial, "")) },
		"occupancy":        func() error { return second(room.Occupancy().Get(soon(t))) },
	}
}

// restMethods has the method of each call in restCalls.
var restMethods = map[string]string{
	"send": "Messages.Send", "update": "Messages.Update", "delete": "Messages.Delete",
	"get": "Messages.Get", "versions": "Messages.Versions", "history": "Messages.History",
	"next page": "Page.Next", "since": "Messages.Since",
	"history before": "MessageSubscription.HistoryBeforeSubscribe",
	"react":          "MessageReactions.Send", "take back": "MessageReactions.Delete",
	"client reactions": "MessageReactions.ClientReactions", "occupancy": "Occupancy.Get",
}

// TestEveryRESTCallIsTried checks that every REST call is in the tables of the tests of
// authentication, of answers and of errors.
func TestEveryRESTCallIsTried(t *testing.T) {
	h := hold(t)
	tried := restCalls(t, h.room, "s")
	want := map[string]bool{"Messages.Since": true, "Occupancy.Get": true}
	for name := range h.calls() {
		switch feature, _, _ := strings.Cut(name, "."); feature {
		case "Messages", "MessageReactions", "MessageSubscription", "Page":
			want[name] = true
		}
	}
	for name := range tried {
		if !want[restMethods[name]] || operations[name] == "" {
			t.Errorf("the call %s has the method %q, and the name %q in errors; one is unknown", name, restMethods[name], operations[name])
		}
		delete(want, restMethods[name])
	}
	if len(want) > 0 || len(tried) != len(operations) {
		t.Errorf("methods without a call: %v; there are %d calls, but %d names of operations", want, len(tried), len(operations))
	}
}

// historyBefore requests the history before a subscription whose point is a serial.
func historyBefore(t *testing.T, m *ablychat.Messages, serial string) error {
	ablychat.Place(m, serial)
	s, err := m.Subscribe(func(ablychat.MessageEvent) {})
	if err != nil {
		return err
	}
	defer s.Unsubscribe()
	return second(s.HistoryBeforeSubscribe(soon(t), ablychat.HistoryQuery{}))
}

// operations has the description in errors of each call in restCalls.
var operations = map[string]string{
	"send": "send message", "update": "update message", "delete": "delete message", "get": "get message",
	"history": "get history", "react": "send message reaction", "take back": "delete message reaction",
	"client reactions": "get client reactions", "occupancy": "get occupancy",
	"versions": "get versions of message", "next page": "get history", "history before": "get history",
	"since": "get history",
}
