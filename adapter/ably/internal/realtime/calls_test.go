package realtime_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/lifecycle"
)

// Errors say which operation of which room failed, and have the code and status of the cause.
func TestWhatErrorsSay(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.channel()
		says := func(err error, code lifecycle.ErrorCode, status int, message string) {
			t.Helper()
			var info *lifecycle.ErrorInfo
			if !errors.As(err, &info) || info.Code != code || info.StatusCode != status || info.Message != message {
				t.Errorf("got %#v, want %d, %d, %q", err, code, status, message)
			}
		}
		w.server.Fault(ablytest.ToServer(ablytest.ActionAttach).Once(),
			ablytest.FailChannel(ablytest.NewError(40160, 401, "not for you")))
		says(c.Attach(soon(t)), 40160, 401, "unable to attach room lounge; not for you")
		says(c.Detach(soon(t)), 90001, 400, "unable to detach room lounge; the channel is failed")
		c.end()
		says(c.Attach(soon(t)), lifecycle.ErrRoomInInvalidState, 400, "unable to attach room lounge; the room is released")
		says(c.Detach(soon(t)), lifecycle.ErrRoomInInvalidState, 400, "unable to detach room lounge; the room is released")
	})
}

// RTL4h, RTL5i: a detach replaces an attach that waits, and an attach replaces a detach that waits.
func TestACallThatIsOvertaken(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.channel()
		gate := w.server.Hold(ablytest.ToServer(ablytest.ActionAttach, ablytest.ActionDetach))
		attach := later(func() error { return c.Attach(soon(t)) })
		must(t, gate.Await(soon(t), 1))
		detach := later(func() error { return c.Detach(soon(t)) })
		synctest.Wait()
		gate.Pass(1)
		must(t, gate.Await(soon(t), 2))
		again := later(func() error { return c.Attach(soon(t)) })
		synctest.Wait()
		gate.Open()
		<-attach // nil or an error: ATTACHED came before the DETACH was sent
		must(t, <-detach)
		must(t, <-again)
		if !w.server.State().Attached(name) {
			t.Error("the channel is not attached at the server")
		}
		c.end()
	})
	inBubble(t, "without a connection", func(t *testing.T) {
		w := newWorld(t, newServer(t), realtime.Config{})
		c := w.channel()
		attach := later(func() error { return c.Attach(soon(t)) })
		c.is("attaching")
		must(t, c.Detach(soon(t)))
		fails(t, <-attach, lifecycle.ErrChannelOperationFailed)
		c.is("detached")
		c.end()
	})
}

// GiveBack returns after the room has handled all earlier events.
func TestGiveBackWaitsForListeners(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.channel()
		hears, goOn := make(chan struct{}), make(chan struct{})
		c.OnStateChange(func(e lifecycle.ChannelStateChange) {
			if e.Current == lifecycle.ChannelAttached {
				close(hears)
				<-goOn
			}
		})
		attach := later(func() error { return c.Attach(soon(t)) })
		<-hears
		back := later(func() error { return c.GiveBack(soon(t)) })
		synctest.Wait()
		select {
		case <-back:
			t.Error("it did not wait")
		default:
		}
		close(goOn)
		must(t, <-back)
		<-attach
	})
}

// When the channel is given back, the calls that wait end, also those of presence, and no timer
// runs, though the server may still have the channel attached.
func TestGiveBackWhileAnAttachWaits(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := newWorld(t, newServer(t), realtime.Config{RequestTimeout: time.Hour})
		w.connect()
		c := w.attached()
		over := w.outage()
		must(t, c.Detach(soon(t)))
		attach := later(func() error { return c.Attach(soon(t)) })
		synctest.Wait()
		enter := later(func() error { return c.Enter(soon(t), nil) })
		get := later(func() error { _, err := c.Get(soon(t)); return err })
		synctest.Wait()
		c.end()
		for _, call := range []chan error{attach, enter, get} {
			fails(t, <-call, lifecycle.ErrRoomInInvalidState)
		}
		if timers, lines := w.channels.Running(); timers != 0 || lines != 1 {
			t.Errorf("%d timers run, of %d channels", timers, lines)
		}
		over()
		must(t, w.server.Await(soon(t), func(s ablytest.State) bool { return !s.Attached(name) }))
		must(t, w.client.Channels.Get("other").Publish(soon(t), "m", nil)) // sent after DETACHED
		if _, lines := w.channels.Running(); lines != 0 {
			t.Errorf("%d channels are left", lines)
		}
	})
}

// When the client is closed, the calls of its user end with an error that says so.
func TestCloseEndsCalls(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.channel()
		w.server.Hold(ablytest.ToServer(ablytest.ActionAttach))
		attach := later(func() error { return c.Attach(soon(t)) })
		c.is("attaching")
		enter := later(func() error { return c.Enter(soon(t), nil) })
		synctest.Wait()
		w.channels.Close()
		fails(t, <-attach, lifecycle.ErrResourceDisposed)
		fails(t, <-enter, lifecycle.ErrResourceDisposed)
		c.empty()
	})
}

// A second channel of a name can't begin until the first is given back.
func TestTwoLivesAtATime(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.channel()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a second channel of the name began")
				}
			}()
			w.channel()
		}()
		must(t, c.Attach(soon(t))) // the panic left no lock held
		c.end()
		w.channel().end()
	})
}

// RTN2d, RTN21: the client's id is the one that CONNECTED contains.
func TestConnectedAndTheClientsID(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := newWorld(t, newServer(t), realtime.Config{}, ably.WithClientID("ann"))
		if w.channels.Connected() || w.channels.ClientID() != "" {
			t.Errorf("before it connects: %t, %q", w.channels.Connected(), w.channels.ClientID())
		}
		w.connect()
		if !w.channels.Connected() || w.channels.ClientID() != "ann" {
			t.Errorf("connected: %t, %q", w.channels.Connected(), w.channels.ClientID())
		}
		over := w.outage()
		if w.channels.Connected() || w.channels.ClientID() != "ann" {
			t.Errorf("disconnected: %t, %q", w.channels.Connected(), w.channels.ClientID())
		}
		over()
	})
}
