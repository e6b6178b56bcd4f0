package main

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/lifecycle"
)

// screen is the program's state. It uses no network, terminal or clock: it returns commands, made
// by the session, which the program runs.
type screen struct {
	session       *session
	me, hint      string
	width, height int
	connection    ablychat.ConnectionStatus
	rooms         []*room
	current       int
	input         textinput.Model
	typing        bool // whether others were last notified that this client is typing
}

// quick lists the reactions that have a key.
var quick = []string{"👍", "🎉", "👏", "😂"}

func newScreen(me, hint string, rooms []string, s *session) *screen {
	input := textinput.New()
	input.Prompt = "› "
	input.Placeholder = "a message, or /help"
	input.Cursor.SetMode(cursor.CursorStatic)
	input.Focus()
	m := &screen{session: s, me: me, hint: hint, width: 80, height: 24, connection: s.connection(), input: input}
	for _, name := range rooms {
		if name = strings.TrimSpace(name); name != "" && m.room(name) == nil {
			m.rooms = append(m.rooms, &room{name: name, status: lifecycle.RoomInitialized})
		}
	}
	return m
}

// Init returns the commands that join the rooms and wait for the first news.
func (m *screen) Init() tea.Cmd {
	commands := []tea.Cmd{m.session.next}
	for _, r := range m.rooms {
		commands = append(commands, m.session.join(r.name))
	}
	return tea.Batch(commands...)
}

func (m *screen) room(name string) *room {
	if i := slices.IndexFunc(m.rooms, func(r *room) bool { return r.name == name }); i >= 0 {
		return m.rooms[i]
	}
	return nil
}

// here returns the room on the screen, or nil if there is none.
func (m *screen) here() *room {
	if len(m.rooms) == 0 {
		return nil
	}
	return m.rooms[m.current]
}

// Update handles a key, a new size or news, and returns the commands to run.
func (m *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case arrived:
		return m, tea.Batch(m.take(msg.news), m.session.next)
	case event:
		return m, m.take(msg)
	case tea.KeyMsg:
		return m, m.key(msg)
	}
	return m, nil
}

func (m *screen) take(news tea.Msg) tea.Cmd {
	switch n := news.(type) {
	case ablychat.ConnectionStatusChange:
		m.connection = n.Current
	case event:
		r := m.room(n.room)
		if r == nil {
			return nil // the user has left the room
		}
		if r.apply(n.what) && r != m.here() {
			r.unread++
		}
		if _, missed := n.what.(lost); missed {
			return m.session.catchUp(r.name)
		}
	}
	return nil
}

func (m *screen) key(k tea.KeyMsg) tea.Cmd {
	r := m.here()
	switch k.String() {
	case "ctrl+c", "esc":
		return tea.Quit
	case "tab":
		return m.show(m.current + 1)
	case "shift+tab":
		return m.show(m.current - 1)
	case "enter":
		return m.enter()
	}
	if r == nil {
		return m.edit(k)
	}
	switch text := k.String(); text {
	case "pgup":
		r.scroll += m.page()
	case "pgdown":
		r.scroll = max(0, r.scroll-m.page())
	case "alt+1", "alt+2", "alt+3", "alt+4":
		return m.session.react(r.name, quick[text[len(text)-1]-'1'])
	default:
		return m.edit(k)
	}
	return nil
}

// show switches to another room. The text in the input was typed for the room before, so typing
// ends there.
func (m *screen) show(i int) tea.Cmd {
	if len(m.rooms) == 0 {
		return nil
	}
	stop := m.stopTyping()
	m.current = (i + len(m.rooms)) % len(m.rooms)
	m.here().unread = 0
	return stop
}

// edit passes a key to the input. It notifies others that this client is typing, or has stopped.
func (m *screen) edit(k tea.KeyMsg) tea.Cmd {
	before := m.input.Value()
	var c tea.Cmd
	m.input, c = m.input.Update(k)
	text := m.input.Value()
	if text == before || m.here() == nil {
		return c
	}
	if text == "" || strings.HasPrefix(text, "/") {
		return tea.Batch(c, m.stopTyping())
	}
	m.typing = true
	return tea.Batch(c, m.session.typing(m.here().name, true))
}

func (m *screen) stopTyping() tea.Cmd {
	if !m.typing {
		return nil
	}
	m.typing = false
	return m.session.typing(m.here().name, false)
}

// enter sends the text in the input, or carries it out as a command.
func (m *screen) enter() tea.Cmd {
	text := strings.TrimSpace(m.input.Value())
	m.input.Reset()
	stop := m.stopTyping()
	if text == "" {
		return stop
	}
	if strings.HasPrefix(text, "/") {
		word, rest, _ := strings.Cut(text[1:], " ")
		return tea.Batch(stop, m.command(word, strings.TrimSpace(rest)))
	}
	r := m.here()
	if r == nil {
		return nil
	}
	r.scroll = 0
	return tea.Batch(stop, m.session.send(r.name, text))
}
