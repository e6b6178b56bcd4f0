package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"
	tea "github.com/charmbracelet/bubbletea"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// terminal is a screen without a terminal: it runs the commands, and gives the screen what they
// return.
type terminal struct {
	t      *testing.T
	screen *screen
	inbox  chan tea.Msg
	ctx    context.Context
	quit   bool
}

func newTerminal(t *testing.T, server *ablytest.Server, name string, rooms ...string) *terminal {
	t.Helper()
	client, err := ablychat.Connect(ablychat.Ably(server.ClientOptions(ably.WithClientID(name), ably.WithLogLevel(ably.LogNone),
		// a loop of ably-go's that attaches again outlives the connection by one such pause
		ably.WithChannelRetryTimeout(500*time.Millisecond))...))
	if err != nil {
		t.Fatal(err)
	}
	// No member who types gets up within a test, so that only the end of typing ends it.
	session := newSession(client, time.Hour)
	// It only keeps a test that fails from hanging.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(func() {
		cancel()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := session.close(ctx); err != nil {
			t.Errorf("close %s: %v", name, err)
		}
	})
	d := &terminal{t: t, screen: newScreen(name, "", rooms, session), inbox: make(chan tea.Msg), ctx: ctx}
	d.update(tea.WindowSizeMsg{Width: 110, Height: 24})
	d.run(d.screen.Init())
	return d
}

// run runs a command as the program does: in a goroutine of its own.
func (d *terminal) run(c tea.Cmd) {
	if c == nil {
		return
	}
	go func() {
		msg := c()
		if batch, ok := msg.(tea.BatchMsg); ok { // runs also while the other terminal is looked at
			for _, c := range batch {
				d.run(c)
			}
			return
		}
		if msg == nil {
			return
		}
		select {
		case d.inbox <- msg:
		case <-d.ctx.Done():
		}
	}()
}

func (d *terminal) update(msg tea.Msg) {
	if _, ok := msg.(tea.QuitMsg); ok {
		d.quit = true
	}
	_, c := d.screen.Update(msg)
	d.run(c)
}

// until waits until a condition holds of what the screen shows.
func (d *terminal) until(what string, condition func(view string) bool) {
	d.t.Helper()
	for !condition(d.screen.View()) {
		select {
		case msg := <-d.inbox:
			d.update(msg)
		case <-d.ctx.Done():
			d.t.Fatalf("%s never saw: %s\n%s", d.screen.me, what, d.screen.View())
		}
	}
}

// sees waits until the screen shows texts, all at once.
func (d *terminal) sees(texts ...string) {
	d.t.Helper()
	d.until(strings.Join(texts, " + "), func(view string) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(view, text) })
	})
}

// seesNo waits until the screen shows a text no more.
func (d *terminal) seesNo(text string) {
	d.t.Helper()
	d.until("no "+text, func(view string) bool { return !strings.Contains(view, text) })
}

func (d *terminal) types(text string) {
	for _, r := range text {
		d.update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
	}
}

func (d *terminal) press(k tea.KeyType) { d.update(tea.KeyMsg{Type: k}) }

// says types a line and sends it.
func (d *terminal) says(text string) {
	d.types(text)
	d.press(tea.KeyEnter)
}
