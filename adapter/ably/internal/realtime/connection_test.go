package realtime_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/chat"
)

// RTL4i: what was refused on a connection that is over waits once it is tried again.
func TestAttachWhileItConnectsAgain(t *testing.T) {
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
}

// RTL4c1, T2: a channel that goes on says from where, and that it is one that goes on.
func TestAnAttachThatGoesOn(t *testing.T) {
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
}

// A detach whose DETACH is lost again and again, over an outage too, is made in the end, and the
// room hears of it once.
func TestADetachThatIsLostTwice(t *testing.T) {
	server := ablytest.NewServer(t)
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
}

// What was decided on one connection is not sent on the next, of which the channel has yet to hear.
func TestNothingIsSentOnALaterConnection(t *testing.T) {
	server := ablytest.NewServer(t)
	w := newWorld(t, server, realtime.Config{})
	blocked, release := make(chan struct{}), make(chan struct{})
	w.status = func(state string) {
		if state == "connected" && !closed(blocked) {
			close(blocked)
			<-release // and the stream stands still
		}
	}
	w.client.Connect()
	<-blocked
	must(t, server.Cut(""))
	must(t, server.Await(soon(t), func(s ablytest.State) bool {
		return s.WebSockets == 2 && len(s.Connections) == 1 && s.Connections[0].WebSocket == 2
	}))
	for w.client.Connection.State() != ably.ConnectionStateConnected {
		runtime.Gosched()
	}
	c := w.channel()
	attach := later(func() error { return c.Attach(soon(t)) })
	c.is("attaching") // what is sent then has been sent, or not
	close(release)
	must(t, <-attach)
	c.is("at", "attached")
	equal(t, sent(server, ablytest.ActionAttach), "ATTACH")
	c.end()
}

// RTL15b, RTL15c: the sink gets the place of each ATTACHED and each message.
func TestSerials(t *testing.T) {
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
	next(now()) // it has none of its own
	must(t, s.GiveBack(soon(t)))
}

type serialSink struct {
	*channel
	serials chan string
}

func (s *serialSink) Attached(serial string, _ bool)               { s.serials <- serial }
func (s *serialSink) Messages(_ []chat.WireMessage, serial string) { s.serials <- serial }

// C40: a channel that was given back while its attach had no answer is not left attached at the
// server, though its DETACH is lost on a connection that goes on.
func TestALostDetachOfAnAttachWithoutAnswer(t *testing.T) {
	server := ablytest.NewServer(t)
	w := newWorld(t, server, realtime.Config{RequestTimeout: 100 * time.Millisecond, RetryTimeout: time.Hour})
	w.connect()
	c := w.channel()
	server.Fault(ablytest.ToClient(ablytest.ActionAttached).Once(), ablytest.Drop())
	lost := server.Fault(ablytest.ToServer(ablytest.ActionDetach).First(2), ablytest.Drop())
	fails(t, c.Attach(soon(t)), 90007)
	if !server.State().Attached(name) {
		t.Fatal("the server has nothing attached")
	}
	c.end()
	must(t, lost.Await(soon(t), 2))
	must(t, server.Await(soon(t), func(s ablytest.State) bool { return !s.Attached(name) }))
	again := w.attached() // and the next life waits for no answer that was lost
	again.end()
}
