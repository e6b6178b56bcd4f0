package bottest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/ablytest/bottest"
)

// TestRoomShowsWhatAClientDid uses every feature of a room in a client, and reads the results from
// the server.
func TestRoomShowsWhatAClientDid(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		lobby := server.Room("lobby")
		if len(lobby.Messages())+len(lobby.Typing())+len(lobby.Members())+len(lobby.Reactions()) != 0 || lobby.Occupancy() != (ablychat.OccupancyData{}) {
			t.Error("a room that was never used is not empty")
		}
		room := enter(t, server.Client("bot"))
		ctx := soon(t)
		first, err := room.Messages().Send(ctx, content)
		succeeds(t, err)
		second, err := room.Messages().Send(ctx, ablychat.Text("second"))
		succeeds(t, err)
		third, err := room.Messages().Send(ctx, ablychat.Text("third"))
		succeeds(t, err)
		_, err = room.Messages().Update(ctx, second.Serial, ablychat.Text("2nd"), ablychat.WithDescription("shorter"))
		succeeds(t, err)
		_, err = room.Messages().Delete(ctx, third.Serial, ablychat.WithDescription("spam"))
		succeeds(t, err)
		succeeds(t, room.Messages().Reactions().Send(ctx, first.Serial, thrice))
		succeeds(t, room.Reactions().Send(ctx, ablychat.ReactionContent{Name: "🎉", Metadata: data, Headers: content.Headers}))
		succeeds(t, room.Presence().Enter(ctx, data))
		succeeds(t, room.Typing().Keystroke(ctx))

		want, err := room.Messages().History(ctx, ablychat.HistoryQuery{Order: ablychat.OldestFirst})
		succeeds(t, err)
		if got := lobby.Messages(); len(got) != 3 || len(want.Items) != 3 {
			t.Errorf("the room has %d messages, and a client's history %d", len(got), len(want.Items))
		}
		for i, m := range lobby.Messages() {
			if !m.SameVersion(want.Items[i]) || m.Text != want.Items[i].Text || m.ClientID != "bot" {
				t.Errorf("the room has %+v, and a client's history %+v", m, want.Items[i])
			}
		}
		if got := lobby.Texts(); !slices.Equal(got, []string{"hi", "2nd"}) {
			t.Errorf("the room reads %q", got)
		}
		if m := lobby.Message(third.Serial); m.DeletedBy() != "bot" || m.Version.Description != "spam" {
			t.Errorf("the deleted message is %+v", m)
		}
		if got := lobby.Message(first.Serial).Reactions.Multiple["👍"]; got.Total != 3 || got.ClientIDs["bot"] != 3 {
			t.Errorf("reactions: %+v", got)
		}
		if got := lobby.Reactions(); len(got) != 1 || got[0].Name != "🎉" || got[0].ClientID != "bot" ||
			got[0].Metadata["mood"] != "good" || got[0].Headers["b"] != true || time.Since(got[0].CreatedAt) > time.Second {
			t.Errorf("room reactions: %+v", got)
		}
		if got := lobby.Presence(); len(got) != 1 || got[0].ClientID != "bot" || got[0].Data.(map[string]any)["mood"] != "good" ||
			got[0].ConnectionID == "" || time.Since(got[0].UpdatedAt) > time.Second {
			t.Errorf("present: %+v", got)
		}
		if got := lobby.Occupancy(); got != (ablychat.OccupancyData{Connections: 1, PresenceMembers: 1}) {
			t.Errorf("occupancy: %+v", got)
		}
		server.User("eve").Types("lobby")
		if got := lobby.Typing(); !slices.Equal(got, []string{"bot", "eve"}) {
			t.Errorf("typing: %q", got)
		}
		time.Sleep(11 * time.Second)
		server.User("eve").Types("lobby")
		time.Sleep(time.Second)
		synctest.Wait()
		if got := lobby.Typing(); !slices.Equal(got, []string{"eve"}) {
			t.Errorf("typing after 12 s: %q", got)
		}
		succeeds(t, lobby.Await(soon(t), func(r *bottest.Room) bool { return len(r.Typing()) == 0 }))
	})
}

func TestAwait(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		lobby, eve := server.Room("lobby"), server.User("eve")
		go func() {
			time.Sleep(10 * time.Second)
			eve.Says("lobby", "hello")
			time.Sleep(10 * time.Second)
			eve.Enters("lobby", nil)
		}()
		began := time.Now()
		m, err := lobby.AwaitMessage(soon(t), func(m ablychat.Message) bool { return m.ClientID == "eve" })
		if err != nil || m.Text != "hello" || time.Since(began) != 10*time.Second {
			t.Errorf("AwaitMessage returned %q after %v: %v", m.Text, time.Since(began), err)
		}
		present := func(r *bottest.Room) bool { return slices.Contains(r.Members(), "eve") }
		if err := lobby.Await(soon(t), present); err != nil || time.Since(began) != 20*time.Second {
			t.Errorf("Await returned after %v: %v", time.Since(began), err)
		}
		enough := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, enough)
		defer cancel()
		_, err = lobby.AwaitMessage(ctx, func(m ablychat.Message) bool { return m.Text == "bye" })
		if !errors.Is(err, enough) || !strings.Contains(err.Error(), `[eve: "hello"], with ["eve"] present`) {
			t.Errorf("AwaitMessage for a message that never comes: %v", err)
		}
	})
}

// TestWhatIsSent checks the agent and the other params that a client sends when it connects, and
// the params of its channels.
func TestWhatIsSent(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		room := enter(t, server.Client("bot"), ablychat.WithOccupancyEvents(true))
		_, err := room.Messages().Send(soon(t), ablychat.Text("hi"))
		succeeds(t, err)
		connects := server.FramesOf(ablytest.ToServer(ablytest.ActionConnect))
		if len(connects) != 1 {
			t.Fatalf("the client opened %d connections", len(connects))
		}
		if q := connects[0].Query; q.Get("clientId") != "bot" || q.Get("heartbeats") != "true" || q.Get("key") != server.Key() {
			t.Errorf("CONNECT has the query %v", q)
		}
		agent := "chat-go/" + ablychat.Version
		for _, m := range []ablytest.Match{ablytest.ToServer(ablytest.ActionConnect), ablytest.HTTPRequest("POST", "")} {
			if got := server.FramesOf(m)[0].Header.Get("Ably-Agent"); !strings.Contains(got, agent) {
				t.Errorf("%v: the agent is %q", m, got)
			}
		}
		attach := server.FramesOf(ablytest.ToServer(ablytest.ActionAttach))
		if len(attach) != 1 || attach[0].Message.Params["agent"] != agent || attach[0].Message.Params["occupancy"] != "metrics" {
			t.Errorf("the ATTACH is %+v", attach)
		}
	})
}

// A client and users work without virtual time, on the network in memory, and on loopback if the
// options say so.
func TestWithoutABubble(t *testing.T) {
	server := bottest.NewServer(t)
	room := enter(t, server.Client("bot"))
	serial := server.User("eve").Says("lobby", "hello")
	succeeds(t, room.Messages().Reactions().Send(soon(t), serial, ablychat.MessageReaction{Name: "👋"}))
	m, err := server.Room("lobby").AwaitMessage(soon(t), func(m ablychat.Message) bool {
		return m.Reactions.Distinct["👋"].Total == 1
	})
	if err != nil || m.Text != "hello" {
		t.Errorf("AwaitMessage returned %+v: %v", m, err)
	}
	synctest.Test(t, func(t *testing.T) { // a bubble runs at the same time
		enter(t, bottest.NewServer(t).Client("bot"))
	})
}

// The program may make its own realtime client.
func TestASharedRealtimeClient(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		for range 2 {
			realtime, err := ablychat.NewRealtime(server.ClientOptions()...)
			succeeds(t, err)
			succeeds(t, realtime.Channels.Get("other").Attach(soon(t)))
			realtime.Close()
			succeeds(t, server.Await(soon(t), func(s ablytest.State) bool { return s.Connected() == 0 }))
		}
	})
}
