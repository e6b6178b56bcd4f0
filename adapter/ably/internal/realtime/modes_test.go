package realtime_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/lifecycle"
)

// logTo is a log handler that adds the level and the code of each record to a log.
type logTo struct{ *log }

func (h logTo) Enabled(context.Context, slog.Level) bool { return true }
func (h logTo) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h logTo) WithGroup(string) slog.Handler            { return h }

func (h logTo) Handle(_ context.Context, r slog.Record) error {
	code := lifecycle.ErrorCode(0)
	r.Attrs(func(a slog.Attr) bool {
		if info, ok := a.Value.Any().(*lifecycle.ErrorInfo); ok {
			code = info.Code
		}
		return true
	})
	h.add("%s %d", r.Level, code)
	return nil
}

// RTL4m, RTL7i2, RTP11f2, RTAN4e: the channel has the modes that ATTACHED grants. A mode that was
// requested and not granted is logged once, until it is granted.
func TestModesThatAreGranted(t *testing.T) { inBubble(t, "", testModesThatAreGranted) }

func testModesThatAreGranted(t *testing.T) {
	server := newServer(t)
	lines := newLog(t)
	w := newWorld(t, server, realtime.Config{Log: slog.New(logTo{lines})})
	w.connect()
	c := w.attached()
	if c.Modes() != allModes {
		t.Errorf("modes are %b", c.Modes())
	}
	again := func(modes wire.Flags) {
		must(t, server.Inject("", &ablytest.ProtocolMessage{Action: ablytest.ActionAttached, Channel: name,
			Flags: ablytest.Flags(modes | wire.FlagResumed | wire.FlagHasPresence)}))
		c.is("at resumed")
		if c.Modes() != modes {
			t.Errorf("modes are %b", c.Modes())
		}
	}
	_ = c.present()
	lines.empty()
	again(wire.ModePublish | wire.ModeSubscribe)
	lines.is("ERROR 91008", "WARN 93001")
	again(0) // no mode of an earlier ATTACHED remains (T25)
	lines.is("ERROR 90009")
	again(allModes)
	again(allModes &^ wire.ModeAnnotationSubscribe)
	lines.is("WARN 93001")
	c.end()
	lines.empty()
}

// P21 (RTP1, RTP11f): to a channel without the mode presence_subscribe no SYNC comes, whatever
// HAS_PRESENCE says, and none is waited for; with the mode it is.
func TestNoSyncComesWithoutPresenceSubscribe(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		attached := func(modes wire.Flags) {
			t.Helper()
			must(t, w.server.Inject("", &ablytest.ProtocolMessage{Action: ablytest.ActionAttached,
				Channel: name, Flags: ablytest.Flags(modes | wire.FlagHasPresence)}))
			c.is("at", "update")
		}
		attached(allModes &^ wire.ModePresenceSubscribe)
		equal(t, c.present())
		attached(wire.ModePresenceSubscribe)
		get := later(func() error { _, err := c.Get(soon(t)); return err })
		synctest.Wait()
		select {
		case <-get:
			t.Error("it did not wait for the SYNC")
		default:
		}
		must(t, w.server.Inject("", &ablytest.ProtocolMessage{
			Action: ablytest.ActionSync, Channel: name}))
		must(t, <-get)
		c.end()
	})
}

// RTP11f2: without the mode presence_subscribe, Get returns an empty list and logs an error, the
// first time.
func TestGetWithoutPresenceSubscribe(t *testing.T) {
	for _, asked := range []bool{true, false} {
		inBubble(t, fmt.Sprint("asked ", asked), func(t *testing.T) {
			server := newServer(t)
			ann := newWorld(t, server, realtime.Config{})
			ann.connect()
			hers := ann.attached()
			must(t, hers.Enter(soon(t), nil))
			token, err := server.IssueToken(ablytest.TokenParams{
				ClientID: "bob", Capability: `{"*":["publish","presence"]}`})
			must(t, err)
			lines := newLog(t)
			bob := newWorld(t, server, realtime.Config{Log: slog.New(logTo{lines})},
				ably.WithClientID(""), ably.WithKey(""), ably.WithToken(token.Token))
			bob.connect()
			modes := wire.ModePublish | wire.ModePresence
			if asked {
				modes |= wire.ModePresenceSubscribe
			}
			his := &channel{t: t, log: newLog(t)}
			his.Channel = bob.channels.Channel(name, realtime.Options{Room: "lounge", Modes: modes}, his)
			must(t, his.Attach(soon(t)))
			if asked {
				lines.is("ERROR 91008")
			}
			equal(t, his.present())
			if !asked {
				lines.is("ERROR 91008")
			}
			equal(t, his.present())
			must(t, his.Enter(soon(t), nil)) // the mode presence is granted
			lines.empty()
			his.end()
			hers.end()
		})
	}
}
