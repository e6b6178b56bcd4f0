package main

import (
	"errors"
	"strings"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/lifecycle"
)

// forbidden is the word that the server's moderation rejects.
const forbidden = "darn"

// code is what both libraries' errors have in common.
type code struct {
	Code, Status int
}

// codeOf returns the code of an error of either library.
func codeOf(t *trial, err error) code {
	info, ok := errors.AsType[*lifecycle.ErrorInfo](err)
	if !ok {
		t.fail(err)
	}
	return code{int(info.Code), info.StatusCode}
}

// refused compares the codes of what both refuse.
func (t *trial) refused(what string, want code, calls ...func()) {
	for _, call := range calls {
		t.same(what, want, codeOf(t, t.refusal(what, call)))
	}
}

func checkModeration(t *trial, do, see person) {
	d, s := t.pair(do, see, "")
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
}

func checkTooLarge(t *trial, do, _ person) {
	d := do.room(t, t.room, "")
	large := content{Text: strings.Repeat("☃", 30_000)}
	t.refused("a message of 90,000 bytes", code{40009, 400}, func() { d.send(large) })
}

func checkMissing(t *trial, do, _ person) {
	d := do.room(t, t.room, "")
	t.refused("a message that there isn't", code{40400, 404},
		func() { d.message("01/no such?") },
		func() { d.update("01/no such?", content{Text: "x"}, details{}) },
		func() { d.remove("01/no such?", details{}) },
		func() { d.react("01/no such?", reaction{Name: "x"}) })
}

func checkEmptySerial(t *trial, do, _ person) {
	d := do.room(t, t.room, "")
	t.refused("an empty serial", code{40003, 400},
		func() { d.update("", content{Text: "x"}, details{}) },
		func() { d.remove("", details{}) },
		func() { d.react("", reaction{Name: "x"}) },
		func() { d.unreact("", reaction{Name: "x"}) },
		func() { d.clientReactions("", "") })
}

func checkLimit(t *trial, do, _ person) {
	d := do.room(t, t.room, "")
	t.refused("a page of 1001", code{40003, 400}, func() { d.history(query{Limit: 1001}) })
}

func checkNamelessReaction(t *trial, do, _ person) {
	d := do.room(t, t.room, "")
	m := d.send(full).Serial
	t.refused("without a name", code{40003, 400}, func() { d.unreact(m, reaction{Type: "distinct"}) }, func() { d.unreact(m, reaction{}) }, func() { d.react(m, reaction{}) })
}

func checkCountOfDistinct(t *trial, do, _ person) {
	d := do.room(t, t.room, "")
	m := d.send(full).Serial
	t.refused("a count of a distinct reaction", code{40003, 400}, func() { d.react(m, reaction{Name: "x", Type: "distinct", Count: 2}) })
}

func checkUnknownType(t *trial, do, _ person) {
	d := do.room(t, t.room, "")
	m := d.send(full).Serial
	t.refused("a type that there isn't", code{40003, 400}, func() { d.react(m, reaction{Name: "x", Type: "odd"}) }, func() { d.unreact(m, reaction{Name: "x", Type: "odd"}) })
}
