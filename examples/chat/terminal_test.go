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

// terminal runs a screen without a terminal. It runs the commands, and passes their results to the
// screen.
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
		// after a client is closed, a goroutine of ably-go remains for up to this time
		ably.WithChannelRetryTimeout(500*time.Millisecond))...))
	if err != nil {
		t.Fatal(err)
	}
	// With this throttle, typing doesn't expire during a test: only Stop ends it.
	session := newSession(client, time.Hour)
	// The timeout only keeps a failing test from hanging.
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

// run runs a command as the program does: in a separate goroutine.
func (d *terminal) run(c tea.Cmd) {
	if c == nil {
		return
	}
	go func() {
		msg := c()
		// the commands go on while the test waits for the other terminal
		if batch, ok := msg.(tea.BatchMsg); ok {
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

// until waits until condition returns true for the text on the screen.
func (d *terminal) until(what string, condition func(view string) bool) {
	d.t.Helper()
	for !condition(d.screen.View()) {
		select {
		case msg := <-d.inbox:
			d.update(msg)
		case <-d.ctx.Done():
			d.t.Fatalf("the screen of %s never showed: %s\n%s", d.screen.me, what, d.screen.View())
		}
	}
}

// sees waits until the screen shows all the texts at the same time.
func (d *terminal) sees(texts ...string) {
	d.t.Helper()
	d.until(strings.Join(texts, " + "), func(view string) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(view, text) })
	})
}

// seesNo waits until the screen no longer shows a text.
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
