package realtime_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// lostDetach detaches a channel, and loses both the DETACH and the connection. The room is notified
// that the channel is detached. over lets the client connect again.
func (w *world) lostDetach(c *channel) (over func()) {
	w.t.Helper()
	lost := w.server.Fault(ablytest.ToServer(ablytest.ActionDetach).Once(), ablytest.Drop())
	detach := later(func() error { return c.Detach(soon(w.t)) })
	must(w.t, lost.Await(soon(w.t), 1))
	over = w.outage()
	must(w.t, <-detach)
	c.is("left", "detaching", "detached")
	return over
}

// A room that was already notified of the detach doesn't wait for the DETACH that is sent again.
func TestADetachThatIsDoneForTheRoom(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		over := w.lostDetach(c)
		gate := w.server.Hold(ablytest.ToServer(ablytest.ActionDetach))
		over()
		must(t, gate.Await(soon(t), 1))
		must(t, c.Detach(soon(t)))
		gate.Open()
		synctest.Wait()
		c.empty()
		c.end()
	})
}

// An attach after such a detach wins: if the channel can't be detached, it stays attached (C41).
func TestAnAttachAfterALostDetach(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := newWorld(t, newServer(t), realtime.Config{RequestTimeout: time.Second})
		w.connect()
		c := w.attached()
		over := w.lostDetach(c)
		attach := later(func() error { return c.Attach(soon(t)) })
		synctest.Wait()
		lost := w.server.Fault(ablytest.ToServer(ablytest.ActionDetach).Once(), ablytest.Drop())
		over()
		must(t, lost.Await(soon(t), 1))
		must(t, <-attach)
		time.Sleep(5 * time.Second)
		if !w.server.State().Attached(name) {
			t.Error("the channel was detached")
		}
		c.await("attached")
		c.empty()
		c.end()
	})
}

// An attach that begins just as the channel is back in attached, and before the room could have it
// detached once more, is the room's last word: the room hears that it is attached, and it stays so.
func TestAnAttachBeforeTheNextDetach(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := newWorld(t, newServer(t), realtime.Config{RequestTimeout: time.Second})
		w.connect()
		c := w.attached()
		hears, goOn := make(chan struct{}), make(chan struct{})
		c.at = func(bool) {
			close(hears)
			<-goOn
		}
		over := w.lostDetach(c)
		w.server.Fault(ablytest.ToServer(ablytest.ActionDetach).Once(), ablytest.Drop())
		over()
		<-hears // of the channel that could not be detached
		attach := later(func() error { return c.Attach(soon(t)) })
		synctest.Wait()
		close(goOn)
		must(t, <-attach)
		c.is("at resumed", "attached resumed")
		time.Sleep(5 * time.Second)
		if !w.server.State().Attached(name) {
			t.Error("it was detached all the same")
		}
		c.empty()
		c.end()
	})
}

// RTL14, RTL5b: if the server fails the channel instead, the room is notified of the failure.
func TestALostDetachOfAChannelThatFails(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		over := w.lostDetach(c)
		w.server.Fault(ablytest.ToServer(ablytest.ActionDetach).Once(),
			ablytest.FailChannel(ablytest.NewError(40160, 401, "no")))
		over()
		c.await("failed 40160")
		fails(t, c.Detach(soon(t)), 90001)
		c.end()
	})
}

// RTL5f: a channel that can't be detached is attached again, with its members. Its own members are
// not entered again.
func TestPresenceAfterADetachWithoutAnAnswer(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := newWorld(t, newServer(t), realtime.Config{RequestTimeout: time.Second})
		w.connect()
		bob := newWorld(t, w.server, realtime.Config{}, ably.WithClientID("bob"))
		bob.connect()
		his := bob.attached()
		must(t, his.Enter(soon(t), "hi"))
		c := w.attached()
		must(t, c.Enter(soon(t), nil))
		c.await("enter ann")
		before := len(sent(w.server, ablytest.ActionPresence))
		w.server.Fault(ablytest.ToServer(ablytest.ActionDetach).Once(), ablytest.Drop())
		fails(t, c.Detach(soon(t)), 90007)
		c.is("left", "detaching", "at resumed", "attached 90007")
		equal(t, c.present(), "ann <nil>", "bob hi")
		must(t, c.Update(soon(t), "still here"))
		c.is("update ann still here")
		if n := len(sent(w.server, ablytest.ActionPresence)) - before; n != 1 {
			t.Errorf("%d PRESENCE frames, want 1", n)
		}
		must(t, c.Publish(soon(t), &wire.Message{Name: "m"}))
		c.await("message m")
		c.end()
		his.end()
	})
}
