package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// room is the screen's view of a room.
type room struct {
	name    string
	status  lifecycle.RoomStatus
	entries []entry
	// sorted by client id; a client with several connections is in the list several times
	members []chat.PresenceMember
	typers  []string
	unread  int
	scroll  int // how many lines the view is scrolled up from the end
}

// entry is a message, or a note about another event; notes stand between messages.
type entry struct {
	message *chat.Message
	note    string
	times   int // how often the same note came in a row
}

// maxEntries is how many entries a room keeps.
const maxEntries = 1000

// apply updates the room by an event. It reports whether there is something new to read.
func (r *room) apply(what any) (news bool) {
	switch e := what.(type) {
	case lifecycle.RoomStatusChange:
		r.status = e.Current
		if e.Current != lifecycle.RoomReleasing && e.Current != lifecycle.RoomReleased {
			r.note("the room: " + clean(e.String()))
		}
		if e.Current == lifecycle.RoomDetached {
			r.members, r.typers = nil, nil
		}
	case lost:
		r.note("messages may have been missed; reading them again")
	case chat.MessageEvent:
		r.message(e)
		return e.Type == chat.MessageCreated
	case history:
		for _, m := range e {
			r.put(m)
		}
	case chat.ReactionSummaryEvent:
		r.change(e.MessageSerial, func(m chat.Message) (chat.Message, error) { return m.With(e) })
	case chat.RoomReaction:
		r.note(clean(e.ClientID) + " reacts " + clean(e.Name))
		return true
	case chat.TypingEvent:
		r.typers = nil
		for _, t := range e.CurrentTypers {
			r.typers = append(r.typers, clean(t.ClientID))
		}
	case chat.PresenceEvent:
		r.presence(e)
	case failure:
		r.note("! " + clean(e.String()))
	}
	return false
}

func (r *room) message(e chat.MessageEvent) {
	known := r.change(e.Message.Serial, func(m chat.Message) (chat.Message, error) {
		if e.Type == chat.MessageCreated {
			return m, nil
		}
		return m.With(e)
	})
	if !known {
		r.put(e.Message)
	}
}

// change applies f to the message with a serial. It reports whether the room has the message. If f
// fails, the message stays as it is.
func (r *room) change(serial string, f func(chat.Message) (chat.Message, error)) (known bool) {
	i := slices.IndexFunc(r.entries, func(e entry) bool { return e.message != nil && e.message.Serial == serial })
	if i < 0 {
		return false
	}
	if m, err := f(*r.entries[i].message); err == nil {
		r.entries[i].message = &m
	}
	return true
}

// put inserts a message in the order of serials, or replaces an older version of it.
func (r *room) put(m chat.Message) {
	if r.change(m.Serial, func(old chat.Message) (chat.Message, error) {
		if m.NewerThan(old) {
			return m, nil
		}
		return old, nil
	}) {
		return
	}
	at := len(r.entries)
	for i := len(r.entries) - 1; i >= 0; i-- {
		if old := r.entries[i].message; old == nil {
			continue
		} else if !m.Before(*old) {
			break
		}
		at = i
	}
	r.insert(at, entry{message: &m})
}

func (r *room) note(text string) {
	if last := len(r.entries) - 1; last >= 0 && r.entries[last].note == text {
		r.entries[last].times++
		return
	}
	r.insert(len(r.entries), entry{note: text, times: 1})
}

func (r *room) insert(at int, e entry) {
	r.entries = slices.Insert(r.entries, at, e)
	if len(r.entries) > maxEntries {
		r.entries = slices.Delete(r.entries, 0, len(r.entries)-maxEntries)
	}
}

func (r *room) presence(e chat.PresenceEvent) {
	before := len(r.members)
	r.members = slices.DeleteFunc(r.members, func(m chat.PresenceMember) bool {
		return m.ClientID == e.Member.ClientID && m.ConnectionID == e.Member.ConnectionID
	})
	if e.Type != chat.PresenceLeave {
		r.members = append(r.members, e.Member)
		slices.SortStableFunc(r.members, func(a, b chat.PresenceMember) int { return strings.Compare(a.ClientID, b.ClientID) })
	}
	switch {
	case e.Type == chat.PresenceEnter && len(r.members) > before:
		r.note(clean(e.Member.ClientID) + " enters")
	case e.Type == chat.PresenceLeave && len(r.members) < before:
		r.note(clean(e.Member.ClientID) + " leaves")
	}
}

// here returns the number of people that are present. Several connections of one client count once.
func (r *room) here() (n int) {
	for i, m := range r.members {
		if i == 0 || r.members[i-1].ClientID != m.ClientID {
			n++
		}
	}
	return n
}

// last returns the last message that is not deleted: of one client, or of any client if clientID is
// "".
func (r *room) last(clientID string) (chat.Message, bool) {
	for _, e := range slices.Backward(r.entries) {
		if e.message != nil && e.message.Action != chat.MessageActionDelete && (clientID == "" || e.message.ClientID == clientID) {
			return *e.message, true
		}
	}
	return chat.Message{}, false
}

// reactions returns the reactions to a message as text: each name with its count.
func reactions(r chat.ReactionSummary) string {
	total := map[string]int{}
	for _, by := range []map[string]chat.ReactionClients{r.Unique, r.Distinct} {
		for name, l := range by {
			total[name] += l.Total
		}
	}
	for name, l := range r.Multiple {
		total[name] += l.Total
	}
	var parts []string
	for name, n := range total {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", clean(name), n))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "  ")
}

// clean makes a text of another user harmless. It removes characters that move the cursor or colour
// the screen, and makes the text one line.
func clean(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t' || unicode.In(c, unicode.Zl, unicode.Zp):
			return ' '
		case unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c):
			return -1
		}
		return c
	}, text)
}
