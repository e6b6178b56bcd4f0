package main

import (
	"errors"
	"fmt"
	"slices"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"

	ablychat "ablyrooms.example/adapter/ably"
)

var historyChecks = of("history", []row{
	{"pages, newest first", checkPages(newestFirst)},
	{"pages, oldest first", checkPages(oldestFirst)},
	{"each message in its latest version", apart("", func(t *trial, d, s *room) {
		first, second, third := d.send(full), d.send(full), d.send(full)
		first = s.update(first.Serial, content{Text: "new"}, why)
		third = d.remove(third.Serial, why)
		s.react(second.Serial, reaction{Name: "👍"})
		second = d.message(second.Serial)
		t.same("the history", [][]chat.Message{{third, second, first}}, s.history(query{}))
	})},
	{"bounds of time", apart("", func(t *trial, d, s *room) {
		var sent []chat.Message
		for i := range 12 {
			sent = append(sent, d.send(content{Text: fmt.Sprint(i)}))
		}
		from, to := sent[3].Timestamp.UnixMilli(), sent[8].Timestamp.UnixMilli()
		within := slices.DeleteFunc(slices.Clone(sent), func(m chat.Message) bool {
			return m.Timestamp.UnixMilli() < from || m.Timestamp.UnixMilli() > to
		})
		between := query{Start: from, End: to, Limit: 2, Order: oldestFirst}
		t.same("from the fourth to the ninth", within, s.all(between))
		t.same("before all", 0, len(s.all(query{End: sent[0].Timestamp.UnixMilli() - 1})))
	})},
	{"a page that is too large", apart("", func(t *trial, d, _ *room) {
		t.refused("a page of 1001", code{40003, 400}, func() { d.history(query{Limit: 1001}) })
	})},
	{"of a room without messages", func(t *trial, do, _ person) {
		t.same("the history", 0, len(slices.Concat(do.room(t, t.room, "").history(query{})...)))
	}},
}...)

var historyBeforeChecks = of("history before subscribe", []row{
	{"subscribed while attached", checkBefore(true)},
	{"subscribed before attaching, while messages come", checkBefore(false)},
	// The subscription's point moves to where the room attached again.
	{"after a loss of continuity", apart("", func(t *trial, d, s *room) {
		s.attach()
		sub, lost := s.messages(), s.discontinuities()
		sent := []chat.Message{sentAndSeen(t, d, content{Text: "before"}, sub)}
		channel := ablychat.ChannelName(t.room)
		gate := t.server.Hold(ablytest.ToServer(ablytest.ActionAttach).OnChannel(channel))
		t.atEnd(gate.Open)
		t.server.LoseContinuity(channel)
		t.server.DetachChannel(channel, ablytest.NewError(90198, 400, "moved"))
		sent = append(sent, d.send(content{Text: "missed"}), d.send(content{Text: "missed too"}))
		gate.Open()
		lost.next(t)
		all := slices.Concat(sub.before(2)...)
		slices.Reverse(all)
		t.same("the history up to where it attached again", sent, all)
		sentAndSeen(t, d, content{Text: "after"}, sub)
	})},
}...)

func checkPages(o order) runner {
	return apart("", func(t *trial, d, s *room) {
		var sent []chat.Message
		for i := range 7 {
			sent = append(sent, d.send(content{Text: fmt.Sprint(i), Metadata: map[string]any{"i": float64(i)}}))
		}
		if o == newestFirst {
			slices.Reverse(sent)
		}
		want := [][]chat.Message{sent[:3], sent[3:6], sent[6:]}
		t.same("pages of the other", want, s.history(query{Limit: 3, Order: o}))
		t.same("pages of the sender", want, d.history(query{Limit: 3, Order: o}))
		t.same("all in one", [][]chat.Message{sent}, s.history(query{Order: o}))
	})
}

// checkBefore compares the events and the history before them with all messages that were sent, in
// order. So it notices a gap or a duplicate at the point of the subscription.
func checkBefore(attachFirst bool) runner {
	return apart("", func(t *trial, d, s *room) {
		sent := []chat.Message{d.send(content{Text: "early"})}
		if attachFirst {
			s.attach()
		}
		begun, stop, sentAll := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			sentAll <- caught(func() {
				for i := 0; ; i++ {
					sent = append(sent, d.send(content{Text: fmt.Sprint(i)}))
					if i == 3 {
						close(begun)
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
		}()
		select {
		case <-begun:
		case <-t.ctx.Done():
		}
		sub := s.messages()
		if !attachFirst {
			s.attach()
		}
		told := sub.take(t, 5) // the sender continues long after the point of the subscription
		close(stop)
		ok(<-sentAll)
		last := sent[len(sent)-1].Serial
		if told[4].Message.Serial != last {
			told = append(told, sub.until(t, func(e chat.MessageEvent) bool { return e.Message.Serial == last })...)
		}
		all := slices.Concat(sub.before(3)...)
		slices.Reverse(all)
		if len(all) == 0 {
			t.fail(errors.New("the history before the subscription is empty"))
		}
		for _, e := range told {
			all = append(all, e.Message)
		}
		t.same("the history before the subscription, and the events after it", sent, all)
	})
}
