package main

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/charmbracelet/lipgloss"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

const (
	roomsWidth   = 16
	membersWidth = 18
	lines        = 4 // lines for the bar, the typers, the input and the keys
)

var (
	bar    = lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Color("231")).Background(lipgloss.Color("60"))
	faint  = lipgloss.NewStyle().Foreground(lipgloss.Color("245"))
	active = lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Color("219"))
	fresh  = lipgloss.NewStyle().Bold(true)
	alert  = lipgloss.NewStyle().Foreground(lipgloss.Color("209"))
	side   = lipgloss.NewStyle().Border(lipgloss.NormalBorder(), false, true, false, false).BorderForeground(lipgloss.Color("240"))
	people = []lipgloss.Color{"75", "114", "179", "204", "141", "80", "215", "150"}
)

// page returns how many lines of a room the screen shows.
func (m *screen) page() int {
	n := m.height - lines
	if m.hint != "" {
		n--
	}
	return max(1, n)
}

// View draws the screen.
func (m *screen) View() string {
	r := m.here()
	parts := []string{m.title(r)}
	if m.hint != "" {
		parts = append(parts, faint.Render(cut("others: "+m.hint, m.width)))
	}
	middle := max(10, m.width-roomsWidth-membersWidth-2)
	column := func(width int, of []string) string { return fit(of, width, m.page()) }
	parts = append(parts, lipgloss.JoinHorizontal(lipgloss.Top,
		side.Render(column(roomsWidth, m.list())),
		side.Render(column(middle, r.timeline(middle, m.page(), m.me))),
		column(membersWidth, r.people())))
	m.input.Width = max(1, m.width-4)
	return strings.Join(append(parts, faint.Render(cut(r.whoTypes(m.me), m.width)), m.input.View(), m.keys()), "\n")
}

func (m *screen) title(r *room) string {
	text := " no room: /join ROOM"
	if r != nil {
		text = fmt.Sprintf(" #%s · %s · %d here", clean(r.name), r.status, r.here())
	}
	text += fmt.Sprintf(" · %s is %s", clean(m.me), m.connection)
	style := bar
	if m.connection != ablychat.ConnectionConnected || r != nil && r.status != lifecycle.RoomAttached {
		style = bar.Background(lipgloss.Color("130"))
	}
	return style.Width(m.width).Render(cut(text, m.width))
}

func (m *screen) keys() string {
	var b strings.Builder
	for i, name := range quick {
		fmt.Fprintf(&b, "alt+%d %s  ", i+1, name)
	}
	return faint.Render(cut(b.String()+"tab: next room  /help  esc: quit", m.width))
}

func (m *screen) list() []string {
	out := []string{faint.Render("rooms")}
	for i, r := range m.rooms {
		text, style := "  #"+clean(r.name), lipgloss.NewStyle()
		if r.unread > 0 {
			text, style = fmt.Sprintf("%s (%d)", text, r.unread), fresh
		}
		if r.status != lifecycle.RoomAttached {
			text += " ○"
		}
		if i == m.current {
			text, style = "▸"+text[1:], active
		}
		out = append(out, style.Render(cut(text, roomsWidth)))
	}
	return out
}

func (r *room) people() []string {
	out := []string{faint.Render(" who is here")}
	if r == nil {
		return out
	}
	for i, m := range r.members {
		if i > 0 && r.members[i-1].ClientID == m.ClientID {
			continue
		}
		text := " ● " + clean(m.ClientID)
		if data, ok := m.Data.(map[string]any); ok {
			if status, ok := data["status"].(string); ok && status != "" {
				text += " (" + clean(status) + ")"
			}
		}
		out = append(out, person(m.ClientID).Render(cut(text, membersWidth)))
	}
	return out
}

// whoTypes returns a line about all typers except this client.
func (r *room) whoTypes(me string) string {
	if r == nil {
		return ""
	}
	var others []string
	for _, t := range r.typers {
		if t != clean(me) {
			others = append(others, t)
		}
	}
	switch len(others) {
	case 0:
		return ""
	case 1:
		return others[0] + " is typing…"
	}
	return strings.Join(others[:len(others)-1], ", ") + " and " + others[len(others)-1] + " are typing…"
}

// timeline returns the last lines of a room; if the room is scrolled up, the lines before them.
func (r *room) timeline(width, height int, me string) []string {
	if r == nil {
		return nil
	}
	var out []string
	for _, e := range r.entries {
		out = append(out, strings.Split(lipgloss.NewStyle().Width(width).Render(e.draw(me)), "\n")...)
	}
	r.scroll = max(0, min(r.scroll, len(out)-height))
	end := len(out) - r.scroll
	return out[max(0, end-height):end]
}

func (e entry) draw(me string) string {
	if e.message == nil {
		text := "  " + e.note
		if e.times > 1 {
			text += fmt.Sprintf(" ×%d", e.times)
		}
		if strings.HasPrefix(e.note, "!") {
			return alert.Render(text)
		}
		return faint.Render(text)
	}
	m := *e.message
	name := person(m.ClientID).Bold(m.ClientID == me).Render(clean(m.ClientID))
	text := fmt.Sprintf("%s %s: ", faint.Render(m.Timestamp.Local().Format("15:04")), name)
	switch m.Action {
	case chat.MessageActionDelete:
		text += faint.Render(strings.TrimSuffix("deleted: "+clean(m.Version.Description), ": "))
	case chat.MessageActionUpdate:
		text += clean(m.Text) + faint.Render(" (edited)")
	default:
		text += clean(m.Text)
	}
	if r := reactions(m.Reactions); r != "" {
		text += "  [" + r + "]"
	}
	return text
}

// person returns the style of a client's name. It is always the same for one client.
func person(clientID string) lipgloss.Style {
	h := fnv.New32a()
	h.Write([]byte(clientID))
	return lipgloss.NewStyle().Foreground(people[h.Sum32()%uint32(len(people))])
}

// cut shortens a text to a width, in columns.
func cut(text string, width int) string {
	if lipgloss.Width(text) <= width {
		return text
	}
	for lipgloss.Width(text) >= width && text != "" {
		r := []rune(text)
		text = string(r[:len(r)-1])
	}
	return text + "…"
}

// fit returns the lines as a block of the given size. It leaves out what doesn't fit.
func fit(of []string, width, height int) string {
	if len(of) > height {
		of = of[:height]
	}
	return lipgloss.NewStyle().Width(width).Height(height).Render(strings.Join(of, "\n"))
}
