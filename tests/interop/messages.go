package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/chat"
)

// full is a message with everything that a message may have.
var full = content{
	Text: "héllo ☃ 👩‍👩‍👧 \u0000 \"quoted\" \\ </script> \u2028",
	Metadata: map[string]any{"n": 1.5, "whole": 7.0, "big": 9007199254740991.0, "none": nil, "yes": true,
		"deep": map[string]any{"list": []any{"x", 2.0, false, nil, map[string]any{}}, "": "no name"}},
	Headers: map[string]any{"h": "v", "número": -2.5, "b": true, "zero": 0.0, "none": nil},
}

var messageChecks = of("messages", []row{
	{"send: text, metadata, headers, unicode", checkSend(full)},
	{"send: text alone", checkSend(content{Text: "hello"})},
	{"send: an empty text", checkSend(content{Metadata: map[string]any{"only": "this"}})},
	{"update one's own, with details", checkUpdate(false, full, why)},
	{"update another's, with details", checkUpdate(true, full, why)},
	{"update takes metadata and headers away", checkUpdate(false, content{Text: "bare"}, details{})},
	{"delete one's own, with details", checkDelete(false, why)},
	{"delete another's, without details", checkDelete(true, details{})},
	{"get one, in each version", attached("", func(t *trial, d, s *room) {
		sent := d.send(full)
		t.same("sent, got by the other", sent, s.message(sent.Serial))
		t.same("sent, got by the sender", sent, d.message(sent.Serial))
		updated := s.update(sent.Serial, content{Text: "new", Headers: map[string]any{"x": 1.0}}, why)
		t.same("updated", updated, d.message(sent.Serial))
		deleted := d.remove(sent.Serial, why)
		t.same("deleted", deleted, s.message(sent.Serial))
	})},
	{"events in order, none after unsubscribe", attached("", func(t *trial, d, s *room) {
		events, all := s.messages(), s.messages()
		var sent []chat.MessageEvent
		for i := range 20 {
			sent = append(sent, created(d.send(content{Text: fmt.Sprint(i)})))
		}
		t.same("the events", sent, events.take(t, len(sent)))
		for i, e := range sent[1:] {
			t.same("that serials ascend", true, sent[i].Message.Before(e.Message))
		}
		events.end()
		last := d.send(content{Text: "last"})
		all.until(t, func(e chat.MessageEvent) bool { return e.Message.Serial == last.Serial })
		t.same("events after the end of the subscription", 0, len(events.left()))
	})},
	{"of both at once: one order", attached("", func(t *trial, d, s *room) {
		const each = 10
		byDo, bySee := d.messages(), s.messages()
		var both sync.WaitGroup
		var errs [2]error
		for i, r := range []*room{d, s} {
			both.Go(func() {
				errs[i] = caught(func() {
					for n := range each {
						r.send(content{Text: fmt.Sprint(i, n)})
					}
				})
			})
		}
		both.Wait()
		ok(errors.Join(errs[:]...))
		one := byDo.take(t, 2*each)
		t.same("the events of both", one, bySee.take(t, 2*each))
		var told []chat.Message
		for _, e := range one {
			told = append(told, e.Message)
		}
		t.same("the history, and the events", told, s.all(query{Order: oldestFirst}))
	})},
	{"merging of events and summaries", attached("", func(t *trial, d, s *room) {
		merged := s.merged()
		sent := d.send(full)
		t.same("after send", sent, merged.next(t))
		like := reaction{Name: "👍", Type: "unique"}
		d.react(sent.Serial, like)
		t.same("after a reaction", d.message(sent.Serial), merged.next(t))
		s.update(sent.Serial, content{Text: "new"}, why)
		t.same("after an update, with the reactions kept", d.message(sent.Serial), merged.next(t))
		d.unreact(sent.Serial, like)
		t.same("after the reaction's end", d.message(sent.Serial), merged.next(t))
		d.remove(sent.Serial, details{})
		t.same("after delete", d.message(sent.Serial), merged.next(t))
	})},
	{"rejected by moderation: code, status, detail", attached("", func(t *trial, d, s *room) {
		events := s.messages()
		sent := sentAndSeen(t, d, content{Text: "well"}, events)
		for what, call := range map[string]func(){
			"send":   func() { d.send(content{Text: forbidden}) },
			"update": func() { d.update(sent.Serial, content{Text: forbidden}, details{}) },
		} {
			err := t.refusal(what, call)
			t.same(what, code{42213, 422}, codeOf(t, err))
			rejection, ok := errors.AsType[*ablychat.Rejection](err)
			if !ok {
				t.fail(errors.New("the error has no detail"))
			}
			t.same("the detail of "+what, any(forbidden), rejection.Detail["word"])
		}
		last := d.send(content{Text: "fine"})
		t.same("the first event after it", last, events.next(t).Message)
	})},
	{"too large", apart("", func(t *trial, d, _ *room) {
		large := content{Text: strings.Repeat("☃", 30_000)}
		t.refused("a message of 90,000 bytes", code{40009, 400}, func() { d.send(large) })
	})},
	{"one that there isn't", apart("", func(t *trial, d, _ *room) {
		t.refused("a message that there isn't", code{40400, 404},
			func() { d.message("01/no such?") },
			func() { d.update("01/no such?", content{Text: "x"}, details{}) },
			func() { d.remove("01/no such?", details{}) },
			func() { d.react("01/no such?", reaction{Name: "x"}) })
	})},
	{"an empty serial", apart("", func(t *trial, d, _ *room) {
		t.refused("an empty serial", code{40003, 400},
			func() { d.update("", content{Text: "x"}, details{}) },
			func() { d.remove("", details{}) },
			func() { d.react("", reaction{Name: "x"}) },
			func() { d.unreact("", reaction{Name: "x"}) },
			func() { d.clientReactions("", "") })
	})},
}...)

// asSent ends the trial unless a message has the content that was sent. Otherwise the two libraries
// could agree on something else.
func asSent(t *trial, who person, want content, got chat.Message) {
	if want.Metadata == nil {
		want.Metadata = map[string]any{}
	}
	if want.Headers == nil {
		want.Headers = map[string]any{}
	}
	t.same("what was sent", want, content{got.Text, got.Metadata, got.Headers})
	t.same("the sender", who.id(), got.ClientID)
	t.same("that it has a serial and a time", true, got.Serial != "" && got.Timestamp.UnixMilli() > 0)
}

func checkSend(c content) runner {
	return attached("", func(t *trial, d, s *room) {
		own, events := d.messages(), s.messages()
		sent := d.send(c)
		asSent(t, d, c, sent)
		t.same("the action", chat.MessageActionCreate, sent.Action)
		v := chat.MessageVersion{Serial: sent.Serial, Timestamp: sent.Timestamp, ClientID: sent.Version.ClientID}
		t.same("the first version", v, sent.Version)
		told(t, "the event, and what send returned", created(sent), events.inbox, own.inbox)
	})
}

var why = details{Description: "a typo ☃", Metadata: map[string]string{"by": "me", "über": "ß"}}

func created(m chat.Message) chat.MessageEvent {
	return chat.MessageEvent{Type: chat.MessageCreated, Message: m}
}

// sentAndSeen sends a message, and waits until each of the subscriptions has reported it.
func sentAndSeen(t *trial, from *room, c content, by ...subscription) chat.Message {
	sent := from.send(c)
	for _, events := range by {
		told(t, "the event, and what send returned", created(sent), events.inbox)
	}
	return sent
}

// checkChange makes d update or delete a message. It is d's own message or, with anothers, a
// message of s.
func checkChange(anothers bool, action chat.MessageAction, event chat.MessageEventType, c content,
	det details) runner {
	return attached("", func(t *trial, d, s *room) {
		from := d
		if anothers {
			from = s
		}
		own, events := d.messages(), s.messages()
		first := content{Text: "frist", Metadata: map[string]any{"a": 1.0}}
		sent := sentAndSeen(t, from, first, own, events)
		var changed chat.Message
		if action == chat.MessageActionDelete {
			changed = d.remove(sent.Serial, det)
		} else {
			changed = d.update(sent.Serial, c, det)
		}
		asSent(t, from, c, changed)
		t.same("serial, time and action", []any{sent.Serial, sent.Timestamp, action},
			[]any{changed.Serial, changed.Timestamp, changed.Action})
		v := chat.MessageVersion{ClientID: d.id(), Description: det.Description, Metadata: det.Metadata,
			Serial: changed.Version.Serial, Timestamp: changed.Version.Timestamp}
		t.same("the version", v, changed.Version)
		t.same("that the version is newer", true, changed.Version.Serial > sent.Version.Serial)
		want := chat.MessageEvent{Type: event, Message: changed}
		told(t, "the event, and what was returned", want, events.inbox, own.inbox)
	})
}

func checkUpdate(anothers bool, c content, d details) runner {
	return checkChange(anothers, chat.MessageActionUpdate, chat.MessageUpdated, c, d)
}

func checkDelete(anothers bool, d details) runner {
	return checkChange(anothers, chat.MessageActionDelete, chat.MessageDeleted, content{}, d)
}
