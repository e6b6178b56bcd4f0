package main

import (
	"cmp"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ablyrooms.example/lifecycle"
)

// help describes the commands that begin with a slash.
var help = []string{
	"/join ROOM, /leave; tab and shift+tab change rooms",
	"/edit TEXT, /delete: edit or delete your last message",
	"/like [REACTION]: react to the last message",
	"/react [REACTION], or alt+1 to alt+4: react to the room",
	"/status TEXT: the text beside your name",
	"/detach, /attach: detach or attach the room; pgup, pgdown: scroll",
	"/quit, esc or ctrl+c",
}

// command carries out a command; word is its name without the slash.
func (m *screen) command(word, rest string) tea.Cmd {
	switch word {
	case "quit":
		return tea.Quit
	case "join":
		return m.join(strings.TrimPrefix(rest, "#"))
	}
	r := m.here()
	if r == nil {
		return nil
	}
	switch word {
	case "help":
		for _, line := range help {
			r.note(line)
		}
	case "leave":
		return m.leave(r)
	case "edit", "delete":
		own, ok := r.last(m.me)
		if !ok || word == "edit" && rest == "" {
			r.note("! there is no message of yours, or no text")
			return nil
		}
		if word == "edit" {
			return m.session.edit(r.name, own, rest)
		}
		return m.session.remove(r.name, own)
	case "like":
		last, ok := r.last("")
		if !ok {
			r.note("! there is no message yet")
			return nil
		}
		return m.session.like(r.name, last, cmp.Or(rest, quick[0]))
	case "react":
		return m.session.react(r.name, cmp.Or(rest, quick[0]))
	case "status":
		return m.session.status(r.name, rest)
	case "attach":
		return m.session.attach(r.name)
	case "detach":
		return m.session.detach(r.name)
	default:
		r.note("! there is no /" + clean(word) + "; see /help")
	}
	return nil
}

func (m *screen) join(name string) tea.Cmd {
	if name == "" {
		return nil
	}
	if r := m.room(name); r != nil {
		return m.show(slices.Index(m.rooms, r))
	}
	m.rooms = append(m.rooms, &room{name: name, status: lifecycle.RoomInitialized})
	return tea.Batch(m.show(len(m.rooms)-1), m.session.join(name))
}

func (m *screen) leave(r *room) tea.Cmd {
	m.rooms = slices.DeleteFunc(m.rooms, func(e *room) bool { return e == r })
	if m.current = max(0, min(m.current, len(m.rooms)-1)); len(m.rooms) > 0 {
		m.here().unread = 0
	}
	return m.session.leave(r.name)
}
