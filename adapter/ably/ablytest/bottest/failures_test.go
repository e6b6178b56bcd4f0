package bottest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/ablytest/bottest"
)

// inbox collects the messages that a room's loop yields.
func inbox(t *testing.T, room *ablychat.Room) (texts func() []string) {
	var got []string
	done := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	events := room.Messages().EventsSince(ctx, "")
	go func() {
		defer close(done)
		for e, err := range events {
			if err == nil {
				got = append(got, e.Message.Text)
			}
		}
	}()
	t.Cleanup(func() { stop(); <-done })
	return func() []string { synctest.Wait(); return slices.Clone(got) }
}

func TestOutageCutsAllOffAndEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		client := server.Client("bot")
		room := enter(t, client)
		texts := inbox(t, room)
		server.User("eve").Says("lobby", "before")
		synctest.Wait()
		first, second := server.Outage(), server.Outage()
		synctest.Wait()
		if n := server.State().Connected(); n != 0 {
			t.Errorf("%d clients are connected during the outages", n)
		}
		if _, err := room.Messages().Send(soon(t), ablychat.Text("lost")); err == nil {
			t.Error("a message was sent during the outages")
		}
		server.User("eve").Says("lobby", "meanwhile")
		time.Sleep(5 * time.Minute)
		first.End()
		first.End() // no effect
		time.Sleep(time.Minute)
		if status := client.Connection().Status(); status == ablychat.ConnectionConnected {
			t.Error("the client connected during the second outage")
		}
		second.End()
		succeeds(t, client.Connection().WaitForStatus(soon(t), ablychat.ConnectionConnected))
		succeeds(t, room.WaitForStatus(soon(t), ablychat.RoomAttached))
		if got := texts(); !slices.Equal(got, []string{"before", "meanwhile"}) {
			t.Errorf("the client received %q", got)
		}
		if got := server.Room("lobby").Texts(); !slices.Equal(got, []string{"before", "meanwhile"}) {
			t.Errorf("the room reads %q", got)
		}
	})
}

// An answer that is on its way when the outage begins is lost, but its request has taken effect.
func TestOutageLosesAnswersOnTheirWay(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		room := enter(t, server.Client("bot"))
		gate := ablytest.NewGate()
		server.Fault(ablytest.HTTPRequest("POST", "").Once(), ablytest.Hold(gate))
		sent := make(chan error, 1)
		go func() {
			_, err := room.Messages().Send(soon(t), ablychat.Text("did you get this?"))
			sent <- err
		}()
		synctest.Wait()
		outage := server.Outage()
		gate.Open()
		if err := <-sent; err == nil {
			t.Error("the request got an answer during the outage")
		}
		outage.End()
		if got := server.Room("lobby").Texts(); len(got) != 1 {
			t.Errorf("the room reads %q", got)
		}
	})
}

func TestSlowIsLateByItsLatency(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		room := enter(t, server.Client("bot"))
		var late []time.Duration
		began := time.Now()
		_, err := room.Messages().Subscribe(func(ablychat.MessageEvent) { late = append(late, time.Since(began)) })
		succeeds(t, err)
		slow := server.Slow(2 * time.Second)
		for range 3 {
			server.User("eve").Says("lobby", "hi")
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if !slices.Equal(late, []time.Duration{2 * time.Second, 2 * time.Second, 2 * time.Second}) {
			t.Errorf("three messages came with the delays %v, expected 2 s each", late)
		}
		for _, c := range []struct {
			name string
			want time.Duration
		}{{"slow", 4 * time.Second}, {"fast", 0}} {
			began := time.Now()
			if _, err := room.Messages().Send(soon(t), ablychat.Text("hi")); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took != c.want {
				t.Errorf("%s: a send took %v, expected %v", c.name, took, c.want)
			}
			slow.End()
		}
	})
}

// A client connects and gets its tokens over a slow network.
func TestSlowFromTheStart(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		server.Slow(time.Second)
		for name, option := range map[string]ably.ClientOption{
			"key": nil, "callback": server.Tokens("callback", time.Hour), "request": ably.WithUseTokenAuth(true),
		} {
			var options []ably.ClientOption
			if option != nil {
				options = append(options, option)
			}
			client := server.Client(name, options...)
			if err := client.Connection().WaitForStatus(soon(t), ablychat.ConnectionConnected); err != nil {
				t.Errorf("%s: connect: %v", name, err)
				continue
			}
			room := enter(t, client)
			if _, err := room.Messages().Send(soon(t), ablychat.Text("hi")); err != nil {
				t.Errorf("%s: send: %v", name, err)
			}
		}
	})
}

func TestLoseStateIsADiscontinuity(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		room := enter(t, server.Client("bot"))
		lost := 0
		_, err := room.SubscribeDiscontinuities(func(ablychat.Discontinuity) { lost++ })
		succeeds(t, err)
		texts := inbox(t, room)
		before := server.State().Connections[0].ID
		server.LoseState()
		server.User("eve").Says("lobby", "meanwhile")
		time.Sleep(time.Minute)
		synctest.Wait()
		if after := server.State().Connections; len(after) != 1 || after[0].ID == before {
			t.Errorf("after the lost connection %s, the server has %v; expected one new connection", before, after)
		}
		if lost != 1 || room.Status() != ablychat.RoomAttached {
			t.Errorf("%d discontinuities were reported; the room is %v", lost, room.Status())
		}
		if got := texts(); !slices.Equal(got, []string{"meanwhile"}) {
			t.Errorf("the client received %q", got)
		}
	})
}

// A client doesn't receive messages that are no longer in the history, and continues with new
// messages.
func TestLoseHistoryIsAGap(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		room := enter(t, server.Client("bot"))
		texts := inbox(t, room)
		eve := server.User("eve")
		eve.Says("lobby", "before")
		synctest.Wait()
		outage := server.Outage()
		eve.Says("lobby", "lost")
		time.Sleep(5 * time.Minute)
		server.LoseHistory("lobby")
		outage.End()
		time.Sleep(time.Minute)
		eve.Says("lobby", "after")
		if got := texts(); !slices.Equal(got, []string{"before", "after"}) {
			t.Errorf("the client received %q", got)
		}
	})
}

// TestDeny takes away one permission at a time. The operations that need it must be refused, and
// must work again after End.
func TestDeny(t *testing.T) {
	type do = func(ctx context.Context, room *ablychat.Room, serial string) error
	for name, c := range map[string]do{
		"publish": func(ctx context.Context, room *ablychat.Room, _ string) error {
			_, err := room.Messages().Send(ctx, ablychat.Text("hi"))
			return errors.Join(err, room.Reactions().Send(ctx, ablychat.ReactionContent{Name: "🎉"}))
		},
		"presence": func(ctx context.Context, room *ablychat.Room, _ string) error {
			return room.Presence().Enter(ctx, nil)
		},
		"history": func(ctx context.Context, room *ablychat.Room, serial string) error {
			_, err := room.Messages().History(ctx, ablychat.HistoryQuery{})
			_, one := room.Messages().Get(ctx, serial)
			return errors.Join(err, one)
		},
		"message-update": func(ctx context.Context, room *ablychat.Room, serial string) error {
			_, err := room.Messages().Update(ctx, serial, ablychat.Text("x"))
			return err
		},
		"message-delete": func(ctx context.Context, room *ablychat.Room, serial string) error {
			_, err := room.Messages().Delete(ctx, serial)
			return err
		},
		"annotation-publish": func(ctx context.Context, room *ablychat.Room, serial string) error {
			r := ablychat.MessageReaction{Name: "👍"}
			return errors.Join(room.Messages().Reactions().Send(ctx, serial, r), room.Messages().Reactions().Delete(ctx, serial, r))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *bottest.Server) {
				room := enter(t, server.Client("bot"))
				serial := server.User("eve").Says("lobby", "hi")
				elsewhere := server.Deny("elsewhere")
				succeeds(t, c(soon(t), room, serial))
				denied := server.Deny("lobby", name)
				err := c(soon(t), room, serial)
				if !errors.Is(err, ablychat.ErrorCode(40160)) {
					t.Errorf("without the permission: %v", err)
				}
				if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) != 2 {
					t.Errorf("one of the two operations was not refused: %v", err)
				}
				server.User("eve").Says("lobby", "users go on")
				denied.End()
				succeeds(t, c(soon(t), room, serial))
				elsewhere.End()
			})
		})
	}
	t.Run("subscribe", func(t *testing.T) {
		inBubble(t, func(t *testing.T, server *bottest.Server) {
			room := enter(t, server.Client("bot"))
			server.User("eve").Enters("lobby", nil)
			denied := server.Deny("lobby")
			if err := room.WaitForStatus(soon(t), ablychat.RoomFailed); err != nil {
				t.Error(err)
			}
			if !errors.Is(room.Error(), ablychat.ErrorCode(40160)) {
				t.Errorf("the room failed with %v", room.Error())
			}
			if err := room.Attach(soon(t)); !errors.Is(err, ablychat.ErrorCode(40160)) {
				t.Errorf("attach: %v", err)
			}
			if got := server.Room("lobby").Members(); !slices.Equal(got, []string{"eve"}) {
				t.Errorf("present: %q", got)
			}
			denied.End()
			succeeds(t, room.Attach(soon(t)))
		})
	})
	t.Run("an unknown operation", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("Deny did not panic")
			}
		}()
		bottest.NewServer(t).Deny("lobby", "fly")
	})
}

func TestRateLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		room := enter(t, server.Client("bot"))
		send := func() error {
			_, err := room.Messages().Send(soon(t), ablychat.Text("hi"))
			return err
		}
		limit := server.RateLimit(2, time.Second)
		succeeds(t, send())
		succeeds(t, room.Typing().Keystroke(soon(t)))
		for _, err := range []error{send(), room.Reactions().Send(soon(t), ablychat.ReactionContent{Name: "🎉"})} {
			var info *ablychat.ErrorInfo
			if !errors.As(err, &info) || info.Code != 42910 || info.StatusCode != 429 {
				t.Errorf("the third publish in one second: %v", err)
			}
		}
		if _, err := room.Messages().History(soon(t), ablychat.HistoryQuery{}); err != nil {
			t.Errorf("reading counted as a publish: %v", err)
		}
		time.Sleep(time.Second)
		succeeds(t, send())
		limit.End()
		for range 5 {
			succeeds(t, send())
		}
	})
}

func TestReject(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		room := enter(t, server.Client("bot"))
		rejecting := server.Reject(func(room, text string) *ablytest.ErrorInfo {
			switch {
			case room != "lobby":
				return ablytest.NewError(40000, 400, "this is room %q", room)
			case text == "rude":
				return ablytest.RejectedByModeration(map[string]string{"score": "0.9"})
			case text == "long":
				return ablytest.RejectedByBeforePublishRule(nil)
			}
			return nil
		})
		message, err := room.Messages().Send(soon(t), ablychat.Text("fine"))
		succeeds(t, err)
		_, err = room.Messages().Send(soon(t), ablychat.Text("rude"))
		var why *ablychat.Rejection
		if !errors.Is(err, ablychat.ErrMessageRejectedByModeration) || !errors.As(err, &why) || why.Detail["score"] != "0.9" {
			t.Errorf("a message that moderation rejects: %v", err)
		}
		_, err = room.Messages().Update(soon(t), message.Serial, ablychat.Text("long"))
		if !errors.Is(err, ablychat.ErrMessageRejectedByBeforePublishRule) {
			t.Errorf("a message that a rule rejects: %v", err)
		}
		rejecting.End()
		_, err = room.Messages().Send(soon(t), ablychat.Text("rude"))
		succeeds(t, err)
		if got := server.Room("lobby").Texts(); !slices.Equal(got, []string{"fine", "rude"}) {
			t.Errorf("the room reads %q", got)
		}
	})
}

// A client gets a new token before the old one ends, after it has ended, and when it is revoked.
func TestTokens(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		client := server.Client("bot", server.Tokens("bot", time.Hour))
		room := enter(t, client)
		works := func(what string, tokens int) {
			t.Helper()
			succeeds(t, client.Connection().WaitForStatus(soon(t), ablychat.ConnectionConnected))
			succeeds(t, room.WaitForStatus(soon(t), ablychat.RoomAttached))
			if _, err := room.Messages().Send(soon(t), ablychat.Text("hi")); err != nil {
				t.Errorf("%s: send: %v", what, err)
			}
			if n := len(server.State().Tokens); n < tokens {
				t.Errorf("%s: only %d tokens were issued", what, n)
			}
		}
		works("with the first token", 1)
		time.Sleep(90 * time.Minute)
		works("after the end of the token", 2)
		server.ExpireTokens()
		time.Sleep(time.Minute)
		works("after ExpireTokens", 3)
		server.RevokeTokens("bot")
		time.Sleep(time.Minute)
		works("after RevokeTokens", 4)
	})
}
