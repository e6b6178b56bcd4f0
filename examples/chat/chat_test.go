package main

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"go.uber.org/goleak"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair returns two terminals in one room. Each shows both people.
func pair(t *testing.T) (server *ablytest.Server, ada, bob *terminal) {
	t.Helper()
	server = ablytest.NewServer(t)
	ada = newTerminal(t, server, "ada", "general")
	ada.sees("#general · attached", "● ada", "ada is connected")
	bob = newTerminal(t, server, "bob", "general")
	bob.sees("#general · attached", "● ada", "● bob", "2 here")
	ada.sees("● bob", "bob enters", "2 here")
	return server, ada, bob
}

func TestTwoTerminalsSeeEachOthersMessages(t *testing.T) {
	_, ada, bob := pair(t)
	ada.says("Hello, Bob!")
	bob.sees("ada: Hello, Bob!")
	ada.sees("ada: Hello, Bob!")
	ada.says("/edit Hello, dear Bob!")
	bob.sees("ada: Hello, dear Bob! (edited)")
	bob.seesNo("ada: Hello, Bob!")
	bob.says("/like")
	ada.sees("dear Bob! (edited)  [👍 1]")
	ada.says("/like")
	bob.sees("[👍 2]")
	ada.seesNo("[👍 1]")
	ada.says("/delete")
	bob.sees("ada: deleted")
	bob.seesNo("dear Bob!")
	bob.says("/edit nothing of mine")
	bob.sees("! there is no message of yours")
}

func TestATerminalThatComesLaterSeesWhatWasSaid(t *testing.T) {
	server, ada, _ := pair(t)
	for _, text := range []string{"first", "second"} {
		ada.says(text)
		ada.sees("ada: " + text)
	}
	cyd := newTerminal(t, server, "cyd", "general")
	cyd.sees("ada: first", "ada: second", "3 here")
	if view := cyd.screen.View(); strings.Index(view, "first") > strings.Index(view, "second") {
		t.Errorf("the messages are in the wrong order:\n%s", view)
	}
}

func TestWhoTypes(t *testing.T) {
	_, ada, bob := pair(t)
	ada.types("I w")
	bob.sees("ada is typing…")
	bob.types("no")
	ada.sees("bob is typing…")
	ada.until("only others", func(view string) bool {
		return !strings.Contains(view, "ada is typing") && !strings.Contains(view, "ada and")
	})
	ada.press(tea.KeyEnter)
	bob.seesNo("ada is typing…")
	for range "no" {
		bob.press(tea.KeyBackspace)
	}
	ada.seesNo("bob is typing…")
	// A line that begins with a slash is not sent to the room.
	bob.types("/help")
	bob.press(tea.KeyEnter)
	bob.sees("/detach, /attach")
	ada.says("done")
	bob.sees("ada: done")
	ada.sees("ada: done")
	ada.seesNo("is typing…")
}

func TestReactionsToTheRoom(t *testing.T) {
	_, ada, bob := pair(t)
	bob.update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{'2'}, Alt: true})
	ada.sees("bob reacts 🎉")
	bob.sees("bob reacts 🎉")
	bob.says("/react 🎉")
	ada.sees("bob reacts 🎉 ×2")
}

func TestPeopleComeAndGo(t *testing.T) {
	_, ada, bob := pair(t)
	bob.says("/status at lunch")
	ada.sees("● bob (at lunch)")
	bob.says("/leave")
	ada.sees("bob leaves", "1 here")
	ada.seesNo("● bob")
	bob.sees("no room: /join ROOM")
	bob.says("/join general")
	ada.sees("● bob", "2 here")
	bob.press(tea.KeyCtrlC)
	bob.until("the end", func(string) bool { return bob.quit })
}

func TestTheServerDetachesTheRoom(t *testing.T) {
	server, ada, bob := pair(t)
	gate := server.Hold(ablytest.ToClient(ablytest.ActionAttached))
	server.DetachChannel(ablychat.ChannelName("general"), ablytest.NewError(90198, 500, "a test"))
	ada.sees("#general · attaching", "attached -> attaching", "a test")
	bob.sees("#general · attaching")
	gate.Open()
	ada.sees("#general · attached", "attaching -> attached")
	bob.sees("#general · attached")
	bob.says("Back again")
	ada.sees("bob: Back again")
	server.FailChannel(ablychat.ChannelName("general"), ablytest.NewError(40160, 401, "not for you"))
	ada.sees("#general · failed", "not for you")
	ada.says("/attach")
	ada.sees("#general · attached")
}

func TestTheConnectionIsCut(t *testing.T) {
	server, ada, _ := pair(t)
	server.RefuseConnections(nil)
	for _, c := range server.State().Connections {
		if err := server.Cut(c.ID); err != nil {
			t.Error(err)
		}
	}
	ada.sees("ada is disconnected")
	server.AcceptConnections()
}

func TestRoomsHaveUnreadMessages(t *testing.T) {
	server, ada, bob := pair(t)
	ada.says("/join random")
	ada.sees("#random · attached", "1 here")
	bob.says("One for general")
	ada.sees("#general (1)")
	ada.seesNo("bob: One for general")
	ada.press(tea.KeyTab)
	ada.sees("#general · attached", "bob: One for general")
	ada.seesNo("#general (1)")
	if !server.State().Attached(ablychat.ChannelName("random")) {
		t.Error("the other room is not attached")
	}
}

func TestWhatOthersSendCantMoveTheCursor(t *testing.T) {
	_, ada, bob := pair(t)
	// A user of this program can't type this text, but another client can send it.
	ada.run(ada.screen.session.send("general", "\x1b[2Jboo\r\x07\nhoo \u202egnol"))
	bob.sees("ada: [2Jboo hoo gnol")
	if view := bob.screen.View(); strings.ContainsAny(view, "\x1b\r\x07\u202e") {
		t.Errorf("the view has characters that control the terminal: %q", view)
	}
}

func TestMessagesStandWhereTheirSerialsSay(t *testing.T) {
	r := &room{}
	for _, serial := range []string{"2", "4"} {
		r.put(chat.Message{Serial: serial, Text: serial})
	}
	r.note("a note")
	r.apply(history{{Serial: "4", Text: "4"}, {Serial: "3", Text: "3"}, {Serial: "1", Text: "1"}})
	r.put(chat.Message{Serial: "5", Text: "5"})
	var got []string
	for _, e := range r.entries {
		if e.message == nil {
			got = append(got, e.note)
		} else {
			got = append(got, e.message.Text)
		}
	}
	if s := strings.Join(got, " "); s != "1 2 3 4 a note 5" {
		t.Errorf("the entries are in the order %s", s)
	}
}

func TestTheScreenFitsItsSize(t *testing.T) {
	server := ablytest.NewServer(t)
	ada := newTerminal(t, server, "ada", "general")
	ada.sees("● ada")
	for range 30 {
		ada.says(strings.Repeat("long ", 40))
	}
	ada.screen.hint = "go run ./examples/chat -server 127.0.0.1:12345 -name bob"
	for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 120, Height: 40}, {Width: 60, Height: 10}} {
		ada.update(size)
		lines := strings.Split(ada.screen.View(), "\n")
		if len(lines) != size.Height {
			t.Errorf("the view has %d lines on a screen of %d", len(lines), size.Height)
		}
		for _, line := range lines {
			if w := lipgloss.Width(line); w > size.Width {
				t.Errorf("a line has %d columns on a screen of %d: %q", w, size.Width, line)
			}
		}
	}
}
