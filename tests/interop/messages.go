package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"ablyrooms.example/chat"
)

// full is a message with all that one may have.
var full = content{
	Text:     "héllo ☃ 👩‍👩‍👧 \u0000 \"quoted\" \\ </script> \u2028",
	Metadata: map[string]any{"n": 1.5, "whole": 7.0, "big": 9007199254740991.0, "none": nil, "yes": true, "deep": map[string]any{"list": []any{"x", 2.0, false, nil, map[string]any{}}, "": "no name"}},
	Headers:  map[string]any{"h": "v", "número": -2.5, "b": true, "zero": 0.0, "none": nil},
}

var messageChecks = []check{
	{"messages", "send: text, metadata, headers, unicode", checkSend(full)},
	{"messages", "send: text alone", checkSend(content{Text: "hello"})},
	{"messages", "send: an empty text", checkSend(content{Metadata: map[string]any{"only": "this"}})},
	{"messages", "update one's own, with details", checkUpdate(false)},
	{"messages", "update another's, with details", checkUpdate(true)},
	{"messages", "update takes metadata and headers away", checkUpdateEmpties},
	{"messages", "delete one's own, with details", checkDelete(false)},
	{"messages", "delete another's, without details", checkDelete(true)},
	{"messages", "get one, in each version", checkGet},
	{"messages", "events in order, none after unsubscribe", checkOrder},
	{"messages", "of both at once: one order", checkBothSend},
	{"messages", "merging of events and summaries", checkMerged},
	{"messages", "rejected by moderation: code, status, detail", checkModeration},
	{"messages", "too large", checkTooLarge},
	{"messages", "one that there isn't", checkMissing},
	{"messages", "an empty serial", checkEmptySerial},
}

// asSent ends the trial unless a message is what was asked for: the two libraries could agree on something else.
func asSent(t *trial, who person, want content, got chat.Message) {
	if want.Metadata == nil {
		want.Metadata = map[string]any{}
	}
	if want.Headers == nil {
		want.Headers = map[string]any{}
	}
	t.same("what was sent", want, content{got.Text, got.Metadata, got.Headers})
	t.same("the sender", who.clientID(), got.ClientID)
	t.same("that there is a serial and a time", []bool{true, true}, []bool{got.Serial != "", got.Timestamp.UnixMilli() > 0})
}

func checkSend(c content) func(t *trial, do, see person) {
	return func(t *trial, do, see person) {
		d, s := t.pair(do, see, "")
		own, events := d.messages(), s.messages()
		sent := d.send(c)
		asSent(t, do, c, sent)
		t.same("the action", chat.MessageCreate, sent.Action)
		t.same("the first version", chat.Version{Serial: sent.Serial, Timestamp: sent.Timestamp, ClientID: sent.Version.ClientID}, sent.Version)
		want := chat.MessageEvent{Type: chat.MessageCreated, Message: sent}
		t.same("the event, and what send returned", want, events.next(t))
		t.same("the sender's own event", want, own.next(t))
	}
}

var why = details{Description: "a typo ☃", Metadata: map[string]string{"by": "me", "über": "ß"}}

// version is what a message's version says of a change, but for its serial and time.
func version(who person, d details) chat.Version {
	return chat.Version{ClientID: who.clientID(), Description: d.Description, Metadata: d.Metadata}
}

func withoutTime(v chat.Version) chat.Version {
	return chat.Version{ClientID: v.ClientID, Description: v.Description, Metadata: v.Metadata}
}

// sentAndSeen sends a message and waits until it has come by each of the subscriptions.
func sentAndSeen(t *trial, from room, c content, by ...subscription) chat.Message {
	sent := from.send(c)
	for _, events := range by {
		t.same("the event, and what send returned", chat.MessageEvent{Type: chat.MessageCreated, Message: sent}, events.next(t))
	}
	return sent
}

func checkUpdate(anothers bool) func(t *trial, do, see person) {
	return func(t *trial, do, see person) {
		d, s := t.pair(do, see, "")
		sender, from := do, d
		if anothers {
			sender, from = see, s
		}
		own, events := d.messages(), s.messages()
		sent := sentAndSeen(t, from, content{Text: "frist", Metadata: map[string]any{"a": 1.0}}, own, events)
		updated := d.update(sent.Serial, full, why)
		asSent(t, sender, full, updated)
		t.same("serial, time and action", []any{sent.Serial, sent.Timestamp, chat.MessageUpdate}, []any{updated.Serial, updated.Timestamp, updated.Action})
		t.same("the version", version(do, why), withoutTime(updated.Version))
		t.same("that the version is newer", true, updated.Version.Serial > sent.Version.Serial)
		want := chat.MessageEvent{Type: chat.MessageUpdated, Message: updated}
		t.same("the event, and what update returned", want, events.next(t))
		t.same("the updater's own event", want, own.next(t))
	}
}

func checkUpdateEmpties(t *trial, do, see person) {
	d, s := t.pair(do, see, "")
	events := s.messages()
	sent := sentAndSeen(t, d, full, events)
	updated := d.update(sent.Serial, content{Text: "bare"}, details{})
	asSent(t, do, content{Text: "bare"}, updated)
	t.same("the version", version(do, details{}), withoutTime(updated.Version))
	t.same("the event", chat.MessageEvent{Type: chat.MessageUpdated, Message: updated}, events.next(t))
}

func checkDelete(anothers bool) func(t *trial, do, see person) {
	return func(t *trial, do, see person) {
		d, s := t.pair(do, see, "")
		sender, from, details := do, d, why
		if anothers {
			sender, from, details.Description, details.Metadata = see, s, "", nil
		}
		own, events := d.messages(), s.messages()
		sent := sentAndSeen(t, from, full, own, events)
		deleted := d.remove(sent.Serial, details)
		asSent(t, sender, content{}, deleted)
		t.same("serial, time and action", []any{sent.Serial, sent.Timestamp, chat.MessageDelete}, []any{deleted.Serial, deleted.Timestamp, deleted.Action})
		t.same("the version", version(do, details), withoutTime(deleted.Version))
		want := chat.MessageEvent{Type: chat.MessageDeleted, Message: deleted}
		t.same("the event, and what delete returned", want, events.next(t))
		t.same("the deleter's own event", want, own.next(t))
	}
}

func checkGet(t *trial, do, see person) {
	d, s := t.pair(do, see, "")
	sent := d.send(full)
	t.same("sent, got by the other", sent, s.message(sent.Serial))
	t.same("sent, got by the sender", sent, d.message(sent.Serial))
	updated := s.update(sent.Serial, content{Text: "new", Headers: map[string]any{"x": 1.0}}, why)
	t.same("updated", updated, d.message(sent.Serial))
	deleted := d.remove(sent.Serial, why)
	t.same("deleted", deleted, s.message(sent.Serial))
}

func checkOrder(t *trial, do, see person) {
	d, s := t.pair(do, see, "")
	events, all := s.messages(), s.messages()
	var sent []chat.MessageEvent
	for i := range 20 {
		sent = append(sent, chat.MessageEvent{Type: chat.MessageCreated, Message: d.send(content{Text: fmt.Sprint(i)})})
	}
	t.same("the events", sent, events.take(t, len(sent)))
	t.same("that serials ascend", true, slices.IsSortedFunc(sent, func(a, b chat.MessageEvent) int {
		if a.Message.Before(b.Message) {
			return -1
		}
		return 1
	}))
	events.end()
	last := d.send(content{Text: "last"})
	all.until(t, func(e chat.MessageEvent) bool { return e.Message.Serial == last.Serial })
	t.same("events after the end of the subscription", 0, len(events.left()))
}

// checkBothSend has both send at the same time.
func checkBothSend(t *trial, do, see person) {
	const each = 10
	d, s := t.pair(do, see, "")
	byDo, bySee := d.messages(), s.messages()
	var both sync.WaitGroup
	var errs [2]error
	for i, r := range []room{d, s} {
		both.Go(func() {
			errs[i] = caught(func() {
				for n := range each {
					r.send(content{Text: fmt.Sprint(i, n)})
				}
			})
		})
	}
	both.Wait()
	t.check("send", errors.Join(errs[:]...))
	one := byDo.take(t, 2*each)
	t.same("the events of both", one, bySee.take(t, 2*each))
	var told []chat.Message
	for _, e := range one {
		told = append(told, e.Message)
	}
	t.same("the history, and the events", told, slices.Concat(s.history(query{Order: oldestFirst})...))
}

func checkMerged(t *trial, do, see person) {
	d, s := t.pair(do, see, "")
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
}
