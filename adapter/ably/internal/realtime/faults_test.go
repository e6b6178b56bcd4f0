package realtime_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// The connection is cut, and the next one is cut after its first frames, while senders publish and
// enter. Each call succeeds. Each message comes once, and in the order of its sender. Clients that
// entered are present.
func TestDoubleCutsWithSenders(t *testing.T) {
	for _, senders := range []int{1, 4} {
		t.Run(fmt.Sprint(senders), func(t *testing.T) {
			eachFormat(t, func(t *testing.T, format ably.ClientOption) { doubleCuts(t, senders, format) })
		})
	}
}

// pace lets the bubble's clock advance: it stands still while any goroutine runs.
func pace() { time.Sleep(500 * time.Microsecond) }

func doubleCuts(t *testing.T, senders int, format ably.ClientOption) {
	w := connected(t, format)
	c := w.attached()
	var stop atomic.Bool
	var work sync.WaitGroup
	sent := make([]int, senders)
	for i := range senders {
		work.Go(func() {
			for n := &sent[i]; !stop.Load(); *n++ {
				pace()
				if err := c.Publish(soon(t), &wire.Message{Name: fmt.Sprintf("%d-%d", i, *n)}); err != nil {
					t.Errorf("publish: %v", err)
					return
				}
			}
		})
	}
	work.Go(func() {
		for n := 0; !stop.Load(); n++ {
			pace()
			if err := c.Update(soon(t), n); err != nil {
				t.Errorf("update: %v", err)
				return
			}
		}
	})
	for round := range 8 {
		before := w.server.State().WebSockets
		again := w.server.Fault(ablytest.ToServer(ablytest.ActionMessage).If(func(f ablytest.Frame) bool {
			return f.Connection > before
		}).Nth(1+round%4), ablytest.CutAfter())
		w.cut()
		must(t, again.Await(soon(t), 1))
		w.states.await("disconnected")
		again.Remove()
		w.states.await("connected")
	}
	stop.Store(true)
	work.Wait()
	must(t, c.Publish(soon(t), &wire.Message{Name: "last"}))
	next := make([]int, senders)
	for _, line := range c.await("message last") {
		var i, n int
		if _, err := fmt.Sscanf(line, "message %d-%d", &i, &n); err != nil {
			continue
		}
		if n != next[i] {
			t.Fatalf("sender %d: message %d after %d", i, n, next[i]-1)
		}
		next[i]++
	}
	for i := range senders {
		if next[i] != sent[i] {
			t.Errorf("sender %d: %d of %d messages came", i, next[i], sent[i])
		}
	}
	if members := c.present(); len(members) != 1 || !strings.HasPrefix(members[0], "ann ") {
		t.Errorf("present: %v", members)
	}
	c.end()
}

// An auth callback that doesn't return blocks ably-go, and no call of the rooms.
func TestAnAuthCallbackThatHangs(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		server := newServer(t)
		release, hangs := make(chan struct{}), make(chan struct{})
		var calls atomic.Int32
		w := newWorld(t, server, realtime.Config{}, ably.WithKey(""), ably.WithAuthCallback(
			func(context.Context, ably.TokenParams) (ably.Tokener, error) {
				if calls.Add(1) == 2 {
					close(hangs)
					<-release
				}
				details, err := server.IssueToken(ablytest.TokenParams{ClientID: "ann"})
				if err != nil {
					return nil, err
				}
				return ably.TokenString(details.Token), nil
			}))
		w.connect()
		c := w.attached()
		must(t, c.Enter(soon(t), nil))
		server.ExpireTokens()
		<-hangs
		mine := errors.New("mine")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond, mine)
		defer cancel()
		for what, call := range map[string]func() error{
			"publish": func() error { return c.Publish(ctx, &wire.Message{Name: "m"}) },
			"update":  func() error { return c.Update(ctx, nil) },
			"get":     func() error { _, err := c.Get(ctx); return err },
		} {
			if err := call(); err != nil && !errors.Is(err, mine) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if w.channels.ClientID() != "ann" {
			t.Errorf("the client is %q", w.channels.ClientID())
		}
		must(t, c.Detach(soon(t)))
		c.end()
		c = w.channel()
		if err := c.Attach(ctx); !errors.Is(err, mine) {
			t.Errorf("attach: %v", err)
		}
		close(release)
		w.states.await("connected")
		c.await("attached")
		c.end()
	})
}

// Frames that no request asked for do no harm.
func TestKillerFrames(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		c := w.attached()
		serial := func(n int64) *int64 { return &n }
		inject := func(frames ...*ablytest.ProtocolMessage) { t.Helper(); must(t, w.server.Inject("", frames...)) }
		for _, channel := range []string{name, "unknown::$chat"} {
			for _, action := range []ablytest.Action{
				ablytest.ActionMessage, ablytest.ActionPresence, ablytest.ActionSync, ablytest.ActionAnnotation,
				ablytest.ActionObject, ablytest.ActionAttach, 99,
			} {
				inject(&ablytest.ProtocolMessage{Action: action, Channel: channel})
			}
		}
		inject(&ablytest.ProtocolMessage{Action: ablytest.ActionPresence, Channel: name, Presence: []map[string]any{
			{"action": 258, "clientId": "x"}, {"action": -254, "clientId": "y"}, {"action": 0, "clientId": "z"},
		}})
		for n := range int64(3) {
			inject(&ablytest.ProtocolMessage{Action: ablytest.ActionAck, MsgSerial: serial(n), Count: 5},
				&ablytest.ProtocolMessage{Action: ablytest.ActionNack, MsgSerial: serial(n), Count: 1})
		}
		for _, action := range []ablytest.Action{ablytest.ActionAttached, ablytest.ActionDetached, ablytest.ActionError} {
			inject(&ablytest.ProtocolMessage{Action: action, Channel: "unknown::$chat"})
		}
		must(t, c.Publish(soon(t), &wire.Message{Name: "m"}))
		c.is(`message m <nil> ""`)
		if members := c.present(); len(members) != 0 {
			t.Errorf("present: %v", members)
		}
		// These frames do have an effect.
		inject(&ablytest.ProtocolMessage{Action: ablytest.ActionError, Channel: name})
		c.is("left", "failed 50000")
		// the client answers this ATTACHED with a DETACH
		inject(&ablytest.ProtocolMessage{Action: ablytest.ActionAttached, Channel: name})
		must(t, c.Attach(soon(t)))
		c.is("attaching", "at", "attached")
		c.end()
	})
}

// A channel that is given back without a connection doesn't disturb the next one of its name.
func TestGiveBackDuringAnOutage(t *testing.T) {
	for _, lost := range []bool{false, true} {
		inBubble(t, map[bool]string{false: "resumed", true: "lost"}[lost], func(t *testing.T) {
			w := connected(t)
			first := w.attached()
			must(t, first.Enter(soon(t), nil))
			first.await("enter")
			over := w.outage()
			if lost {
				must(t, w.server.Forget(""))
			}
			must(t, first.Detach(soon(t)))
			first.is("left", "detached")
			first.end()
			second := w.channel()
			done := later(func() error { return second.Attach(soon(t)) })
			second.is("attaching")
			over()
			must(t, <-done)
			second.is("at", "attached")
			must(t, second.Publish(soon(t), &wire.Message{Name: "m"}))
			second.await("message m")
			if members := second.present(); len(members) != 0 {
				t.Errorf("present: %v", members)
			}
			second.end()
			first.empty()
		})
	}
}

// After a lost DETACH, an outage and an attach, the channel is attached, once.
func TestALostDetachAnOutageAndAnAttach(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		lost := w.server.Fault(ablytest.ToServer(ablytest.ActionDetach).Once(), ablytest.Drop())
		detach := later(func() error { return c.Detach(soon(t)) })
		must(t, lost.Await(soon(t), 1))
		over := w.outage()
		must(t, <-detach)
		attach := later(func() error { return c.Attach(soon(t)) })
		over()
		must(t, <-attach)
		c.is("left", "detaching", "detached", "attaching", "at", "attached")
		if !w.server.State().Attached(name) {
			t.Error("the channel is not attached at the server")
		}
		must(t, c.Publish(soon(t), &wire.Message{Name: "m"}))
		c.is(`message m <nil> ""`)
		c.end()
	})
}

// Own members are entered again while others come and go and messages are sent.
func TestReentryUnderLoad(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		other := newWorld(t, w.server, realtime.Config{}, format, ably.WithClientID("bob"))
		other.connect()
		c, his := w.attached(), other.attached()
		must(t, c.Enter(soon(t), "here"))
		var stop atomic.Bool
		var work sync.WaitGroup
		work.Go(func() {
			for n := 0; !stop.Load(); n++ {
				pace()
				if err := his.Enter(soon(t), n); err != nil {
					t.Errorf("enter: %v", err)
					return
				}
				if err := his.Leave(soon(t), nil); err != nil {
					t.Errorf("leave: %v", err)
					return
				}
			}
		})
		work.Go(func() {
			for !stop.Load() {
				pace()
				if err := c.Publish(soon(t), &wire.Message{Name: "m"}); err != nil {
					t.Errorf("publish: %v", err)
					return
				}
			}
		})
		ann := func() string {
			for _, a := range w.server.State().Connections {
				if a.ClientID == "ann" && a.WebSocket != 0 {
					return a.ID
				}
			}
			t.Fatal("ann is not connected")
			return ""
		}
		for i := range 10 {
			id := ann()
			if i%2 == 1 {
				w.server.RefuseConnections(nil)
			}
			must(t, w.server.Cut(id))
			w.states.await("disconnected")
			if i%2 == 1 {
				must(t, w.server.Forget(id))
				w.server.AcceptConnections()
			}
			w.states.await("connected")
			c.await("attached")
		}
		stop.Store(true)
		work.Wait()
		must(t, w.server.Await(soon(t), func(s ablytest.State) bool {
			return fmt.Sprint(s.Channels[name].Members) == "[ann]"
		}))
		// this message comes after all earlier ones
		_, err := w.server.Publish(name, ablytest.Message{Name: "last"})
		must(t, err)
		c.await("message last")
		his.await("message last")
		equal(t, c.present(), "ann here")
		equal(t, his.present(), "ann here")
		c.end()
		his.end()
	})
}

// No timer runs for an idle channel, and none after Close, whatever the channel waited for.
func TestNoTimerIsLeft(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		server := newServer(t)
		w := newWorld(t, server, realtime.Config{RequestTimeout: time.Hour, RetryTimeout: time.Hour})
		none := func(want int) {
			t.Helper()
			if n, _ := w.channels.Running(); n != want {
				t.Errorf("%d timers run, want %d", n, want)
			}
		}
		c := w.channel()
		attach := later(func() error { return c.Attach(t.Context()) }) // waits for the connection
		c.is("attaching")
		none(1)
		w.connect()
		must(t, <-attach)
		none(0)
		server.Fault(ablytest.ToServer(ablytest.ActionAttach), ablytest.DetachChannel(ablytest.NewError(50000, 500, "busy")))
		w.server.DetachChannel(name, ablytest.NewError(90198, 400, "moved"))
		c.await("suspended")
		none(1) // the timer until the next attempt
		c.end()
		if n, lines := w.channels.Running(); n != 0 || lines != 0 {
			t.Errorf("after all was given back %d timers run, of %d channels", n, lines)
		}
		c = w.channel()
		server.ClearFaults()
		gate := server.Hold(ablytest.ToServer(ablytest.ActionAttach))
		attach = later(func() error { return c.Attach(t.Context()) })
		must(t, gate.Await(soon(t), 1))
		none(1)
		w.channels.Close()
		if err := <-attach; err == nil {
			t.Error("an attach succeeded")
		}
		none(0)
		gate.Open()
	})
}

// RTL3d1: when Status reports that the connection is connected or over, the channels have changed
// already.
func TestTheConnectionIsToldLast(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		server := newServer(t, ablytest.WithConnectionStateTTL(30*time.Millisecond))
		w := newWorld(t, server, realtime.Config{})
		w.connect()
		c := w.channelTo(w.states)
		must(t, c.Attach(soon(t)))
		c.await("attached")
		server.RefuseConnections(nil)
		must(t, server.Cut(""))
		for _, line := range c.await("suspended 80002") {
			if line == "suspended" {
				t.Error("Status was called before the channel had changed")
			}
		}
		c.await("suspended")
		server.AcceptConnections()
		if before := c.await("connected"); !slices.Contains(before, "attaching") {
			t.Errorf("connected was reported before the channel was attaching: %q", before)
		}
		must(t, c.Attach(soon(t)))
		c.end()
	})
}

// Answers to an earlier life of a name don't reach a later one (T20).
func TestEarlierLives(t *testing.T) {
	for what, held := range map[string]ablytest.Match{
		"ATTACH":   ablytest.ToServer(ablytest.ActionAttach).Once(),
		"ATTACHED": ablytest.ToClient(ablytest.ActionAttached).Once(),
		"DETACH":   ablytest.ToServer(ablytest.ActionDetach).Once(),
		"DETACHED": ablytest.ToClient(ablytest.ActionDetached).Once(),
	} {
		inBubble(t, what, func(t *testing.T) {
			w := connected(t)
			first := w.channel()
			gate := w.server.Hold(held)
			attach := later(func() error { return first.Attach(soon(t)) })
			if strings.HasPrefix(what, "DETACH") {
				must(t, <-attach)
				attach = later(func() error { return first.Detach(soon(t)) })
			}
			must(t, gate.Await(soon(t), 1))
			first.end()
			if err := <-attach; err == nil {
				t.Error("a call succeeded")
			}
			second := w.channel()
			done := later(func() error { return second.Attach(soon(t)) })
			second.is("attaching")
			second.empty()
			gate.Open()
			must(t, <-done)
			second.is("at", "attached")
			must(t, second.Publish(soon(t), &wire.Message{Name: "m"}))
			second.is(`message m <nil> ""`)
			must(t, second.Detach(soon(t)))
			second.is("left", "detaching", "detached")
			second.end()
			if n, lines := w.channels.Running(); n != 0 || lines != 0 {
				t.Errorf("%d timers run, of %d channels", n, lines)
			}
		})
	}
}

// The next user of a connection gets no answer to a channel of the previous user (T20).
func TestTheNextUserOfAConnection(t *testing.T) {
	for what, held := range map[string]ablytest.Match{
		"ATTACHED": ablytest.ToClient(ablytest.ActionAttached).Once(),
		"DETACHED": ablytest.ToClient(ablytest.ActionDetached).Once(),
	} {
		inBubble(t, what, func(t *testing.T) {
			w := connected(t)
			config := realtime.Config{RequestTimeout: 10 * time.Second, RetryTimeout: time.Second}
			if _, ok := realtime.New(w.transport, config); ok {
				t.Error("a second user was accepted")
			}
			first := w.channel()
			gate := w.server.Hold(held)
			call := later(func() error { return first.Attach(soon(t)) })
			if what == "DETACHED" {
				must(t, <-call)
				call = later(func() error { return first.Detach(soon(t)) })
			}
			must(t, gate.Await(soon(t), 1))
			w.channels.Close()
			if err := <-call; err == nil {
				t.Error("a call succeeded")
			}
			if n, _ := w.channels.Running(); n != 0 {
				t.Errorf("%d timers run", n)
			}
			var ok bool
			if w.channels, ok = realtime.New(w.transport, config); !ok {
				t.Fatal("the connection still has a user")
			}
			second := w.channel()
			attach := later(func() error { return second.Attach(soon(t)) })
			second.is("attaching")
			gate.Open()
			must(t, <-attach)
			second.is("at", "attached")
			must(t, second.Publish(soon(t), &wire.Message{Name: "m"}))
			second.is(`message m <nil> ""`)
			second.end()
		})
	}
}
