package realtime_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/realtime"
)

// nextUser gives the connection to the next user.
func (w *world) nextUser(config realtime.Config) {
	w.t.Helper()
	w.channels.Close()
	var ok bool
	if w.channels, ok = realtime.New(w.transport, config); !ok {
		w.t.Fatal("the connection is not free")
	}
}

// T20: a request of the previous user is still unanswered. The next user's attach waits until the
// time of that request is over.
func TestARequestOfTheUserBefore(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := newWorld(t, newServer(t), realtime.Config{RequestTimeout: time.Second})
		w.connect()
		c := w.attached()
		w.server.Fault(ablytest.ToServer(ablytest.ActionDetach).Once(), ablytest.Drop())
		c.end() // its DETACH is lost
		w.channels.Close()
		if n, lines := w.channels.Running(); n != 0 || lines != 1 {
			t.Errorf("%d timers run, of %d channels", n, lines)
		}
		time.Sleep(30 * time.Second)
		var ok bool
		if w.channels, ok = realtime.New(w.transport, realtime.Config{RequestTimeout: time.Second}); !ok {
			t.Fatal("the connection still has a user")
		}
		second := w.channel()
		began := time.Now()
		must(t, second.Attach(soon(t)))
		if d := time.Since(began); d != time.Second {
			t.Errorf("attached after %v", d)
		}
		second.is("attaching", "at", "attached")
		second.end()
		w.close()
		if n, _ := w.channels.Running(); n != 0 {
			t.Errorf("%d timers run", n)
		}
	})
}

// T20: the rest of that time is not given again to each life that waits for it.
func TestTheRestOfARequestsTime(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		config := realtime.Config{RequestTimeout: time.Second}
		w := newWorld(t, newServer(t), config)
		w.connect()
		c := w.attached()
		w.server.Fault(ablytest.ToServer(ablytest.ActionDetach).Once(), ablytest.Drop())
		c.end()
		w.nextUser(config)
		began := time.Now()
		w.channel().end()
		time.Sleep(600 * time.Millisecond)
		c = w.channel()
		must(t, c.Attach(soon(t)))
		if d := time.Since(began); d != time.Second {
			t.Errorf("attached after %v", d)
		}
		c.end()
	})
}

// C43: a request whose connection was lost has no time, so that no timer runs for the next life.
func TestARequestThatWasLostWithItsConnection(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		config := realtime.Config{RequestTimeout: time.Second}
		w := newWorld(t, newServer(t), config)
		w.connect()
		c := w.attached()
		w.server.Fault(ablytest.ToServer(ablytest.ActionDetach).Once(), ablytest.Drop())
		c.end()
		w.channels.Close()
		w.server.RefuseConnections(nil)
		must(t, w.server.Cut(""))
		synctest.Wait()
		w.nextUser(config)
		c = w.channel()
		if n, lines := w.channels.Running(); n != 0 || lines != 1 {
			t.Errorf("%d timers run, of %d channels", n, lines)
		}
		attach := later(func() error { return c.Attach(soon(t)) })
		c.is("attaching")
		w.server.AcceptConnections()
		must(t, <-attach)
		c.end()
	})
}

// C40, TO3l11: what a user left behind without an answer is asked for again while there is no user,
// after ten seconds.
func TestADetachWithoutAnAnswerAndAUser(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		w.lostDetach(c)
		w.channels.Close()
		lost := w.server.Fault(ablytest.ToServer(ablytest.ActionDetach).Once(), ablytest.Drop())
		w.server.AcceptConnections()
		must(t, lost.Await(soon(t), 1))
		began := time.Now()
		must(t, w.server.Await(soon(t), func(s ablytest.State) bool { return !s.Attached(name) }))
		if d := time.Since(began); d != 10*time.Second {
			t.Errorf("asked for again after %v", d)
		}
		time.Sleep(20 * time.Second)
		if n, _ := w.channels.Running(); n != 0 {
			t.Errorf("%d timers run", n)
		}
	})
}

// RTL13b: a suspended channel that the program attaches or detaches is not retried.
func TestARetryThatIsOvertaken(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := newWorld(t, newServer(t), realtime.Config{RetryTimeout: time.Minute})
		w.connect()
		c := w.channel()
		w.server.Fault(ablytest.ToServer(ablytest.ActionAttach).Once(),
			ablytest.DetachChannel(ablytest.NewError(50000, 500, "busy")))
		fails(t, c.Attach(soon(t)), 50000)
		if n, _ := w.channels.Running(); n != 1 {
			t.Errorf("%d timers run, want 1", n)
		}
		must(t, c.Detach(soon(t)))
		if n, _ := w.channels.Running(); n != 0 {
			t.Errorf("%d timers run", n)
		}
		time.Sleep(30 * time.Second)
		c.is("attaching", "suspended 50000", "detached")
		synctest.Wait()
		c.empty()
		c.end()
	})
}

// RSL6b, RTP17e: payloads that can't be decoded and members that can't be entered again are logged.
func TestWhatIsLogged(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		var text bytes.Buffer
		w := newWorld(t, newServer(t), realtime.Config{Log: slog.New(slog.NewTextHandler(&text, nil))})
		w.connect()
		c := w.attached()
		_, err := w.server.Publish(name, ablytest.Message{Name: "good", Data: "{}", Encoding: "json"})
		must(t, err)
		c.await("message good")
		if text.Len() > 0 {
			t.Errorf("logged %q", text.String())
		}
		_, err = w.server.Publish(name, ablytest.Message{Name: "bad", Data: "{", Encoding: "json"})
		must(t, err)
		c.await("message bad")
		if !strings.Contains(text.String(), "a payload can't be decoded") {
			t.Errorf("logged %q", text.String())
		}
		must(t, c.Enter(soon(t), nil))
		over := w.outage()
		w.server.Fault(ablytest.ToServer(ablytest.ActionPresence), ablytest.Refuse(ablytest.NewError(40160, 401, "no")))
		over()
		c.await("update resumed 91004")
		if !strings.Contains(text.String(), "presence could not be entered again") || !strings.Contains(text.String(), "lounge") {
			t.Errorf("logged %q", text.String())
		}
		c.end()
	})
}
