package realtime_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// RTL4i: an attach that failed because the connection was closed waits when the client connects
// again.
func TestAttachWhileItConnectsAgain(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.channel()
		w.client.Close()
		w.states.await("closed")
		fails(t, c.Attach(soon(t)), 80017)
		w.server.RefuseConnections(nil)
		w.client.Connect()
		w.states.await("disconnected")
		attach := later(func() error { return c.Attach(soon(t)) })
		c.is("attaching")
		w.server.AcceptConnections()
		must(t, <-attach)
		c.is("at", "attached")
		c.end()
	})
}

// RTL4c1, T2: the ATTACH of a channel that was attached has a channelSerial and ATTACH_RESUME.
func TestAnAttachThatGoesOn(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		serial := w.server.State().Channels[name].Serial
		w.outage()()
		c.await("attached")
		c.end()
		var attaches []ablytest.Frame
		for _, f := range w.server.Frames() {
			if f.Direction == ablytest.ClientToServer && f.Action == ablytest.ActionAttach {
				attaches = append(attaches, f)
			}
		}
		const attachResume = 1 << 5
		if first := attaches[0].Message; first.Flags.Has(attachResume) || first.ChannelSerial != "" {
			t.Errorf("the first ATTACH has the flags %v and the serial %q", first.Flags, first.ChannelSerial)
		}
		if again := attaches[1].Message; !again.Flags.Has(attachResume) || again.ChannelSerial != serial {
			t.Errorf("the second has the flags %v and the serial %q, want %q", again.Flags, again.ChannelSerial, serial)
		}
	})
}

// If the DETACH of a detach is lost again and again, also during an outage, the channel is detached
// in the end. The room gets one event.
func TestADetachThatIsLostTwice(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		server := newServer(t)
		w := newWorld(t, server, realtime.Config{RequestTimeout: 100 * time.Millisecond})
		w.connect()
		c := w.attached()
		lost := server.Fault(ablytest.ToServer(ablytest.ActionDetach).First(2), ablytest.Drop())
		detach := later(func() error { return c.Detach(soon(t)) })
		must(t, lost.Await(soon(t), 1))
		over := w.outage()
		must(t, <-detach)
		over()
		must(t, server.Await(soon(t), func(s ablytest.State) bool { return !s.Attached(name) }))
		must(t, c.Detach(soon(t)))
		c.end()
		c.is("left", "detaching", "detached", "at resumed", "left")
		c.empty()
	})
}

// A frame that a channel sends for one connection is not sent on the next, if the channel doesn't
// know of the next connection yet.
func TestNothingIsSentOnALaterConnection(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		server := newServer(t)
		w := newWorld(t, server, realtime.Config{})
		blocked, release := make(chan struct{}), make(chan struct{})
		w.status = func(state string) {
			if state == "connected" && !closed(blocked) {
				close(blocked)
				<-release // holds the stream of events
			}
		}
		w.client.Connect()
		<-blocked
		must(t, server.Cut(""))
		must(t, server.Await(soon(t), func(s ablytest.State) bool {
			return s.WebSockets == 2 && len(s.Connections) == 1 && s.Connections[0].WebSocket == 2
		}))
		for w.client.Connection.State() != ably.ConnectionStateConnected {
			time.Sleep(time.Millisecond)
		}
		c := w.channel()
		attach := later(func() error { return c.Attach(soon(t)) })
		c.is("attaching") // an ATTACH for this connection was sent by now, or lost
		close(release)
		must(t, <-attach)
		c.is("at", "attached")
		equal(t, sent(server, ablytest.ActionAttach), "ATTACH")
		c.end()
	})
}

// RTL15b, RTL15c: the sink gets the serial of each ATTACHED and of each message.
func TestSerials(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		serials := make(chan string, 10)
		s := &serialSink{channel: &channel{t: t, log: newLog(t)}, serials: serials}
		s.Channel = w.channels.Channel(name, realtime.Options{Modes: allModes}, s)
		must(t, s.Attach(soon(t)))
		now := func() string { return w.server.State().Channels[name].Serial }
		next := func(want string) {
			t.Helper()
			if got := <-serials; got != want || got == "" {
				t.Errorf("got the serial %q, want %q", got, want)
			}
		}
		next(now())
		_, err := w.server.Publish(name, ablytest.Message{Name: "m"})
		must(t, err)
		next(now())
		must(t, w.server.Inject("", &ablytest.ProtocolMessage{Action: ablytest.ActionAttached, Channel: name, Flags: 4}))
		next(now()) // the ATTACHED has no serial of its own
		must(t, s.GiveBack(soon(t)))
	})
}

type serialSink struct {
	*channel
	serials chan string
}

func (s *serialSink) Attached(serial string, _ bool)               { s.serials <- serial }
func (s *serialSink) Messages(_ []chat.WireMessage, serial string) { s.serials <- serial }

// RTL4b, RTN12: while the connection is closing no channel can be attached. Attached channels are
// detached when the connection is closed, with that reason, also if the WebSocket ends first.
func TestAConnectionThatIsClosing(t *testing.T) {
	for _, cut := range []bool{false, true} {
		inBubble(t, map[bool]string{false: "no answer", true: "cut"}[cut], func(t *testing.T) {
			w := connected(t)
			c := w.attached()
			must(t, c.Publish(soon(t), &wire.Message{Name: "m"}))
			c.await("message m")
			w.server.Fault(ablytest.ToServer(ablytest.ActionClose), ablytest.Drop())
			w.client.Close()
			w.states.await("closing")
			if w.channels.Connected() {
				t.Error("it is connected")
			}
			other := w.channels.Channel("other::$chat", realtime.Options{}, &channel{t: t, log: newLog(t)})
			fails(t, other.Attach(soon(t)), 80017)
			must(t, other.GiveBack(soon(t)))
			if cut {
				must(t, w.server.Cut(""))
			}
			w.states.await("closed")
			c.is("left", "detached 80017")
			c.end()
			c.empty()
		})
	}
}

// RTL4i: while the client connects, an attach waits for the connection.
func TestAConnectionThatComes(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		w.client.Close()
		w.states.await("closed")
		gate := w.server.Hold(ablytest.ToClient(ablytest.ActionConnected))
		w.client.Connect()
		must(t, gate.Await(soon(t), 1))
		if w.channels.Connected() {
			t.Error("it is connected")
		}
		c := w.channel()
		attach := later(func() error { return c.Attach(soon(t)) })
		c.is("attaching")
		synctest.Wait()
		c.empty()
		gate.Open()
		must(t, <-attach)
		c.is("at", "attached")
		c.end()
	})
}

// After Close the user gets no more changes of the connection.
func TestCloseEndsTheUsersStatus(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		w.channels.Close()
		must(t, w.server.Cut(""))
		must(t, w.server.Await(soon(t), func(s ablytest.State) bool { return s.WebSockets == 2 }))
		time.Sleep(time.Second)
		w.states.empty()
		if !w.channels.Connected() {
			t.Error("without a user, the state of the connection is not updated")
		}
	})
}

// If the connection is over, the error of an attach has the reason of its last state, not an older
// one.
func TestWhyNothingCanBeAttached(t *testing.T) {
	inBubble(t, "closed", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		w.server.RefuseConnections(nil)
		w.cut() // the cut has a reason of its own
		w.client.Close()
		c.await("detached 80017")
		fails(t, c.Attach(soon(t)), 80017)
		c.end()
	})
	inBubble(t, "failed", func(t *testing.T) {
		w := connected(t)
		c := w.channel()
		must(t, w.server.FailConnection("", ablytest.NewError(40400, 404, "gone")))
		w.states.await("failed")
		fails(t, c.Attach(soon(t)), 40400)
		c.end()
	})
	inBubble(t, "no reason", func(t *testing.T) {
		w := connected(t)
		c := w.channel()
		gate := w.server.Hold(ablytest.ToServer(ablytest.ActionAttach))
		attach := later(func() error { return c.Attach(soon(t)) })
		must(t, gate.Await(soon(t), 1))
		must(t, w.server.Inject("", &ablytest.ProtocolMessage{Action: ablytest.ActionDetached, Channel: name}))
		fails(t, <-attach, lifecycle.ErrChannelOperationFailed)
		c.end()
		gate.Open()
	})
}

// C40: a channel was given back while its attach had no answer, and its DETACH was lost on a
// connection that stays. The server doesn't keep the channel attached.
func TestALostDetachOfAnAttachWithoutAnswer(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		server := newServer(t)
		w := newWorld(t, server, realtime.Config{RequestTimeout: 100 * time.Millisecond, RetryTimeout: time.Hour})
		w.connect()
		c := w.channel()
		server.Fault(ablytest.ToClient(ablytest.ActionAttached).Once(), ablytest.Drop())
		lost := server.Fault(ablytest.ToServer(ablytest.ActionDetach).First(2), ablytest.Drop())
		fails(t, c.Attach(soon(t)), 90007)
		if !server.State().Attached(name) {
			t.Fatal("the channel is not attached at the server")
		}
		c.end()
		must(t, lost.Await(soon(t), 2))
		must(t, server.Await(soon(t), func(s ablytest.State) bool { return !s.Attached(name) }))
		again := w.attached() // the next life doesn't wait for the lost answer
		again.end()
	})
}
