package ablychat_test

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"
	"github.com/google/go-cmp/cmp"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// oddNames has room names that must be escaped in a path (CHA-RST6).
var oddNames = []string{"lobby", "a/b", "a b?c=d&e", "100% /", "späti ☃", "..", "a;b,c"}

// CHA-M3, CHA-M4, CHA-M8, CHA-M9, CHA-M13: a message that is sent, updated or deleted is the same
// in the result of the call, for a listener, and in the history.
func TestMessages(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t)
		ann, bob := newPerson(t, server, "ann", binary), newPerson(t, server, "bob", binary)
		for _, name := range oddNames {
			t.Run(name, func(t *testing.T) {
				from, to := ann.room(name), bob.room(name)
				got := newInbox[chat.MessageEvent](t)
				sub := must(to.Messages().Subscribe(got.put))
				content := ablychat.MessageContent{Text: "hello ☃", Metadata: map[string]any{"n": 1.5, "deep": map[string]any{"list": []any{"x", true, nil}}},
					Headers: map[string]any{"h": "v", "n": 2.0, "b": true}}
				sent, err := from.Messages().Send(soon(t), content)
				if err != nil {
					t.Fatal(err)
				}
				if sent.Text != content.Text || sent.ClientID != "ann" || sent.Action != chat.MessageActionCreate || sent.Serial == "" || sent.Version.Serial != sent.Serial ||
					!cmp.Equal(sent.Metadata, content.Metadata) || !cmp.Equal(sent.Headers, content.Headers) {
					t.Errorf("sent %+v", sent)
				}
				same := func(kind chat.MessageEventType, want chat.Message) {
					t.Helper()
					e := got.next()
					if diff := cmp.Diff(want, e.Message); e.Type != kind || diff != "" {
						t.Errorf("%v, expected %v:\n%s", e.Type, kind, diff)
					}
					one, err := to.Messages().Get(soon(t), want.Serial)
					if diff := cmp.Diff(want, one); diff != "" || err != nil {
						t.Errorf("get: %v\n%s", err, diff)
					}
				}
				same(chat.MessageCreated, sent)
				why := []ablychat.OperationOption{ablychat.WithDescription("typo"), ablychat.WithOperationMetadata(map[string]string{"by": "me"})}
				updated, err := to.Messages().Update(soon(t), sent.Serial, ablychat.MessageContent{Text: "bye"}, why...)
				if err != nil {
					t.Fatal(err)
				}
				if updated.Text != "bye" || len(updated.Metadata) != 0 || updated.ClientID != "ann" || updated.Version.ClientID != "bob" || updated.Version.Description != "typo" ||
					updated.Version.Metadata["by"] != "me" || !updated.NewerThan(sent) || !updated.Timestamp.Equal(sent.Timestamp) {
					t.Errorf("updated %+v", updated)
				}
				same(chat.MessageUpdated, updated)
				if now, err := sent.With(chat.MessageEvent{Type: chat.MessageUpdated, Message: updated}); err != nil || now.Text != "bye" {
					t.Errorf("the message with the update is %v, %v", now, err)
				}
				deleted, err := from.Messages().Delete(soon(t), sent.Serial)
				if err != nil {
					t.Fatal(err)
				}
				if deleted.Action != chat.MessageActionDelete || deleted.Text != "" || !deleted.NewerThan(updated) {
					t.Errorf("deleted %+v", deleted)
				}
				same(chat.MessageDeleted, deleted)
				sub.Unsubscribe()
				sub.Unsubscribe()
				if _, err := from.Messages().Send(soon(t), content); err != nil {
					t.Fatal(err)
				}
				page, err := from.Messages().History(soon(t), ablychat.HistoryQuery{})
				if err != nil || len(page.Items) != 2 || !cmp.Equal(page.Items[1], deleted) {
					t.Errorf("the history is %+v, %v", page, err)
				}
				got.empty()
			})
		}
	})
}

// CHA-M6: pages, orders and bounds of the history, also for room names that must be escaped in the
// address of the second page.
func TestHistory(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		clock := ablytest.NewManualClock(time.UnixMilli(1_000_000))
		server := ablytest.NewServer(t, ablytest.WithClock(clock))
		ann := newPerson(t, server, "ann", binary)
		for _, name := range oddNames {
			m := ann.unattached(name).Messages()
			start := server.Now()
			for i := range 7 {
				if _, err := m.Send(soon(t), ablychat.MessageContent{Text: fmt.Sprint(i)}); err != nil {
					t.Fatal(err)
				}
				clock.Advance(time.Second)
			}
			for _, c := range []struct {
				query ablychat.HistoryQuery
				want  []string
				pages int
			}{
				{ablychat.HistoryQuery{}, []string{"6", "5", "4", "3", "2", "1", "0"}, 1},
				{ablychat.HistoryQuery{Limit: 3}, []string{"6", "5", "4", "3", "2", "1", "0"}, 3},
				{ablychat.HistoryQuery{Limit: 3, Order: ablychat.OldestFirst}, []string{"0", "1", "2", "3", "4", "5", "6"}, 3},
				{ablychat.HistoryQuery{Start: start.Add(2 * time.Second), End: start.Add(4 * time.Second), Limit: 2}, []string{"4", "3", "2"}, 2},
			} {
				var texts []string
				pages := 0
				page, err := m.History(soon(t), c.query)
				for ; err == nil && page != nil; page, err = page.Next(soon(t)) {
					pages++
					for _, message := range page.Items {
						texts = append(texts, message.Text)
					}
				}
				if err != nil || !slices.Equal(texts, c.want) || pages != c.pages {
					t.Errorf("history of %q, %+v: %v in %d pages, %v", name, c.query, texts, pages, err)
				}
				texts = nil
				for message, err := range must(m.History(soon(t), c.query)).All(soon(t)) {
					if err != nil {
						t.Fatal(err)
					}
					texts = append(texts, message.Text)
				}
				if !slices.Equal(texts, c.want) {
					t.Errorf("in a loop over all pages of %q, %+v: %v", name, c.query, texts)
				}
			}
		}
		m := ann.unattached("lobby").Messages()
		for _, bad := range []ablychat.HistoryQuery{{Limit: -1}, {Limit: 1001}, {Start: time.UnixMilli(2), End: time.UnixMilli(1)}} {
			if _, err := m.History(soon(t), bad); !errors.Is(err, lifecycle.ErrInvalidArgument) {
				t.Errorf("history with the query %+v: %v", bad, err)
			}
		}
	})
}

// CHA-M3e, CHA-M8g, CHA-M9f, CHA-M13b: errors keep their code, message and detail.
func TestMessageErrors(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t, ablytest.WithModeration("darn"))
		m := newPerson(t, server, "ann", binary).unattached("lobby").Messages()
		_, err := m.Send(soon(t), ablychat.MessageContent{Text: "DARN it"})
		info, _ := errors.AsType[*lifecycle.ErrorInfo](err)
		rejection, ok := errors.AsType[*ablychat.Rejection](err)
		if !errors.Is(err, lifecycle.ErrMessageRejectedByModeration) || info.StatusCode != 422 || info.Message != "unable to send message; the message was rejected by moderation" ||
			!ok || rejection.Detail["word"] != "darn" {
			t.Errorf("send of a forbidden word: %+v", err)
		}
		if _, err := m.Get(soon(t), "no/such?"); err == nil || lifecycle.AsErrorInfo(err).StatusCode != 404 || lifecycle.AsErrorInfo(err).Code != 40400 {
			t.Errorf("a message that doesn't exist: %v", err)
		}
		for what, err := range map[string]error{
			"get":    second(m.Get(soon(t), "")),
			"update": second(m.Update(soon(t), "", ablychat.MessageContent{})),
			"delete": second(m.Delete(soon(t), "")),
		} {
			if !errors.Is(err, lifecycle.ErrInvalidArgument) {
				t.Errorf("%s without a serial: %v", what, err)
			}
		}
		nobody := newPerson(t, server, "", binary).unattached("lobby").Messages()
		if _, err := nobody.Send(soon(t), ablychat.MessageContent{Text: "x"}); !errors.Is(err, lifecycle.ErrInvalidClientID) {
			t.Errorf("a client without an id: %v", err)
		}
	})
}

// CHA-RST1: a chat client on a shared realtime client makes REST calls with the same options.
func TestASharedRealtimeClientHasREST(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		w := newWorldOn(t, ablytest.NewServer(t), binary, ably.WithClientID("ann"))
		for _, name := range oddNames {
			room := must(w.rooms.Get(soon(t), name))
			for i := range 3 {
				must(room.Messages().Send(soon(t), ablychat.Text(fmt.Sprint(i))))
			}
			n := 0
			page := must(room.Messages().History(soon(t), ablychat.HistoryQuery{Limit: 2}))
			for message, err := range page.All(soon(t)) {
				if err != nil {
					t.Fatal(err)
				}
				if one, err := room.Messages().Get(soon(t), message.Serial); err != nil || one.Text != message.Text {
					t.Errorf("get in the room %q: %v, %v", name, one, err)
				}
				n++
			}
			if n != 3 {
				t.Errorf("the room %q has %d messages", name, n)
			}
			_, err := room.Messages().Get(soon(t), "none")
			if lifecycle.AsErrorInfo(err) == nil || lifecycle.AsErrorInfo(err).Code != 40400 {
				t.Errorf("a message that doesn't exist: %v", err)
			}
		}
	})
}

// CHA-M5: the history before a subscription has neither a gap nor a duplicate at the subscription's
// point, wherever the point is, while messages are sent all the time.
func TestHistoryBeforeSubscribe(t *testing.T) {
	for what, c := range map[string]struct {
		attachFirst bool
		lose        func(*ablytest.Server) // ends continuity; nil keeps it
	}{
		"subscribed while attached (CHA-M5a)":   {true, nil},
		"subscribed before attaching (CHA-M5b)": {false, nil},
		"attached again (CHA-M5c)": {true, func(s *ablytest.Server) {
			// The order matters: if a message came between the loss and the detach, the channel
			// would be resumed from that message.
			lobby := ablychat.ChannelName("lobby")
			gate := s.Hold(ablytest.ToServer(ablytest.ActionAttach).OnChannel(lobby))
			s.DetachChannel(lobby, ablytest.NewError(90198, 400, "moved"))
			s.LoseContinuity(lobby)
			gate.Open()
		}},
	} {
		t.Run(what, func(t *testing.T) {
			server := ablytest.NewServer(t)
			ann := newPerson(t, server, "ann")
			bob, err := ably.NewRealtime(server.ClientOptions(ably.WithClientID("bob"))...)
			if err != nil {
				t.Fatal(err)
			}
			defer closeClient(bob)
			channel := bob.Channels.Get(ablychat.ChannelName("lobby"))
			stop, stopped, begun := make(chan struct{}), make(chan struct{}), make(chan struct{})
			var count atomic.Int64 // the number of messages sent
			go func() {
				defer close(stopped)
				for ; ; count.Add(1) {
					sent := count.Load()
					select {
					case <-stop:
						return
					default:
					}
					message := &ably.Message{Name: chat.NameMessage, Data: fmt.Sprintf(`{"text":"%d"}`, sent), Encoding: "json"}
					if err := channel.PublishMultiple(soon(t), []*ably.Message{message}); err != nil {
						t.Error(err)
						return
					}
					if sent == 20 {
						close(begun)
					}
				}
			}()
			<-begun
			room := ann.unattached("lobby")
			attach := func() {
				if err := room.Attach(soon(t)); err != nil {
					t.Fatal(err)
				}
			}
			if c.attachFirst {
				attach()
			}
			got, lost := newInbox[chat.MessageEvent](t), newInbox[lifecycle.Discontinuity](t)
			room.SubscribeDiscontinuities(lost.put)
			sub := must(room.Messages().Subscribe(got.put))
			if !c.attachFirst {
				attach()
			}
			told := []int{number(t, got.next().Message.Text)}
			if c.lose != nil {
				c.lose(server)
				lost.next()
			}
			// Wait for enough messages after the point.
			for enough := int(count.Load()) + 20; told[len(told)-1] < enough; {
				told = append(told, number(t, got.next().Message.Text))
			}
			close(stop)
			<-stopped
			sent := int(count.Load())
			history := map[int]int{}
			newest := -1
			page, err := sub.HistoryBeforeSubscribe(soon(t), ablychat.HistoryQuery{Limit: 50})
			for ; err == nil && page != nil; page, err = page.Next(soon(t)) {
				for _, m := range page.Items {
					history[number(t, m.Text)]++
					newest = max(newest, number(t, m.Text))
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			for told[len(told)-1] < sent-1 {
				told = append(told, number(t, got.next().Message.Text))
			}
			if !slices.IsSorted(told) || len(slices.Compact(slices.Clone(told))) != len(told) {
				t.Errorf("received in the order %v", told)
			}
			for i := range newest + 1 {
				// A message that was reported during the loss need not be in the history. But each
				// message is in at least one of the two.
				if n := history[i]; n != 1 && !(n == 0 && c.lose != nil && slices.Contains(told, i)) {
					t.Errorf("message %d is %d times in the history, which ends at %d", i, n, newest)
				}
			}
			// If continuity was lost, messages that were reported before the loss are in the
			// history too. From the point on there is neither a gap nor a duplicate.
			if next := slices.Index(told, newest+1); next < 0 || c.lose == nil && next != 0 {
				t.Errorf("the history ends at %d, but the events were %v", newest, told)
			}
			if slices.Contains(told, newest) && c.lose == nil {
				t.Errorf("message %d is in the history before the subscription, and was received too", newest)
			}
		})
	}
}

func number(t *testing.T, text string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Errorf("the text %q is no number: %v", text, err)
	}
	return n
}
