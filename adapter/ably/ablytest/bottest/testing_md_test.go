package bottest_test

// docs/testing.md contains the tests of this file; make generate copies them.

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/ablytest/bottest"
)

func TestGreets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bottest.NewServer(t)
		startGreeter(t, server)
		eve := server.User("eve")
		eve.Says("lobby", "how are you?")
		eve.Says("lobby", "hello")
		synctest.Wait() // until everything is idle
		want := []string{"how are you?", "hello", "hello, eve"}
		if got := server.Room("lobby").Texts(); !slices.Equal(got, want) {
			t.Errorf("the room reads %q", got)
		}
	})
}

func TestAnswersWhatCameDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bottest.NewServer(t)
		startGreeter(t, server)
		outage := server.Outage()
		server.User("eve").Says("lobby", "hello")
		time.Sleep(5 * time.Minute) // takes no real time; the connection's state is lost
		outage.End()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		answer := func(m ablychat.Message) bool { return m.Text == "hello, eve" }
		if _, err := server.Room("lobby").AwaitMessage(ctx, answer); err != nil {
			t.Fatal(err)
		}
		t.Log("answered after", time.Since(began)) // after at most 30 s, when it connects
		synctest.Wait()
	})
}

func TestReconnectsWithPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bottest.NewServer(t)
		client := server.Client("bot")
		err := client.Connection().WaitForStatus(t.Context(), ablychat.ConnectionConnected)
		if err != nil {
			t.Fatal(err)
		}
		var changes []string
		began := time.Now()
		client.Connection().Subscribe(func(c ablychat.ConnectionStatusChange) {
			changes = append(changes, time.Since(began).Round(time.Second).String()+" "+c.Current.String())
		})
		outage := server.Outage()
		time.Sleep(40 * time.Second)
		outage.End()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		want := []string{
			"0s disconnected", "0s connecting", "0s disconnected", "15s connecting", "15s disconnected",
			"30s connecting", "30s disconnected", "45s connecting", "45s connected",
		}
		if !slices.Equal(changes, want) {
			t.Errorf("the connection was %q", changes)
		}
	})
}

func TestTypingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bottest.NewServer(t)
		startGreeter(t, server)
		server.User("eve").Says("lobby", "hello")
		synctest.Wait()
		lobby := server.Room("lobby")
		if got := lobby.Typing(); !slices.Equal(got, []string{"bot"}) {
			t.Errorf("typing: %q", got)
		}
		time.Sleep(12 * time.Second)
		synctest.Wait()
		if got := lobby.Typing(); len(got) != 0 {
			t.Errorf("typing after 12 s: %q", got)
		}
	})
}

func TestGetsNewTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bottest.NewServer(t)
		startGreeter(t, server, server.Tokens("bot", time.Hour))
		eve := server.User("eve")
		time.Sleep(90 * time.Minute) // its first token has expired
		eve.Says("lobby", "hello")
		time.Sleep(time.Minute)
		server.RevokeTokens("bot")
		time.Sleep(time.Minute)
		eve.Says("lobby", "hello again")
		time.Sleep(time.Minute)
		want := []string{"hello", "hello, eve", "hello again", "hello, eve"}
		if got := server.Room("lobby").Texts(); !slices.Equal(got, want) {
			t.Errorf("the room reads %q", got)
		}
	})
}

func TestAnswersWhenItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bottest.NewServer(t)
		startGreeter(t, server)
		limit := server.RateLimit(0, time.Second) // everything that it sends gets the code 42910
		server.User("eve").Says("lobby", "hello")
		time.Sleep(10 * time.Second)
		if got := server.Room("lobby").Texts(); !slices.Equal(got, []string{"hello"}) {
			t.Errorf("with the limit the room reads %q", got)
		}
		limit.End()
		time.Sleep(10 * time.Second)
		if got := server.Room("lobby").Texts(); !slices.Equal(got, []string{"hello", "hello, eve"}) {
			t.Errorf("without it the room reads %q", got)
		}
	})
}

func TestGoesOnWhenItMayNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bottest.NewServer(t)
		startGreeter(t, server)
		eve, lobby := server.User("eve"), server.Room("lobby")
		denied := server.Deny("lobby", "publish") // the code 40160
		eve.Says("lobby", "hello 1")
		synctest.Wait()
		denied.End()
		rejecting := server.Reject(func(room, text string) *ablytest.ErrorInfo {
			if strings.HasPrefix(text, "hello, ") {
				return ablytest.RejectedByBeforePublishRule(map[string]string{"rule": "no greetings"})
			}
			return nil
		})
		eve.Says("lobby", "hello 2")
		synctest.Wait()
		rejecting.End()
		eve.Says("lobby", "hello 3")
		synctest.Wait()
		want := []string{"hello 1", "hello 2", "hello 3", "hello, eve"}
		if got := lobby.Texts(); !slices.Equal(got, want) {
			t.Errorf("the room reads %q", got)
		}
	})
}

func TestOverABadNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bottest.NewServer(t)
		startGreeter(t, server)
		eve := server.User("eve")
		slow := server.Slow(3 * time.Second)
		// The message arrives 3 s later, and the bot's answer takes another 3 s.
		eve.Says("lobby", "hello")
		time.Sleep(30 * time.Second)
		slow.End()
		server.LoseState() // it connects again, and must read what it missed from the history
		eve.Says("lobby", "hello again")
		time.Sleep(time.Minute)
		want := []string{"hello", "hello, eve", "hello again", "hello, eve"}
		if got := server.Room("lobby").Texts(); !slices.Equal(got, want) {
			t.Errorf("the room reads %q", got)
		}
		outage := server.Outage()
		eve.Says("lobby", "hello for the third time")
		time.Sleep(5 * time.Minute)
		server.LoseHistory("lobby") // what it missed is no longer in the history
		outage.End()
		time.Sleep(time.Minute)
		if got := server.Room("lobby").Texts(); len(got) != 0 {
			t.Errorf("the room reads %q", got)
		}
	})
}

func TestSaysWhoItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bottest.NewServer(t)
		startGreeter(t, server)
		connect := server.FramesOf(ablytest.ToServer(ablytest.ActionConnect))[0]
		if id := connect.Query.Get("clientId"); id != "bot" {
			t.Errorf("it connects as %q", id)
		}
		agents, ours := connect.Header.Get("Ably-Agent"), "chat-go/"+ablychat.Version
		if !strings.Contains(agents, ours) {
			t.Errorf("its agents are %q", agents)
		}
		attach := server.FramesOf(ablytest.ToServer(ablytest.ActionAttach))[0]
		if attach.Channel != "lobby::$chat" || attach.Message.Params["agent"] == "" {
			t.Errorf("%v with the params %v", attach, attach.Message.Params)
		}
	})
}

func TestAtASingleFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bottest.NewServer(t)
		gate := server.Hold(ablytest.ToClient(ablytest.ActionAttached)) // holds its ATTACHED
		startGreeter(t, server)
		server.User("eve").Says("lobby", "hello")
		// The bot's answer is sent, but the bot doesn't get the response.
		server.Fault(ablytest.HTTPResponse("POST", "/chat/*").Once(), ablytest.CutBefore())
		gate.Open()
		synctest.Wait()
		if got := server.Room("lobby").Texts(); !slices.Equal(got, []string{"hello", "hello, eve"}) {
			t.Errorf("the room reads %q", got)
		}
	})
}
