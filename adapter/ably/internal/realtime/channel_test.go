package realtime_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/lifecycle"
)

// Operations return after their events. They request the modes and parameters of the options (RTL4,
// RTL5, RTL4k, RTL4l).
func TestAttachAndDetach(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		c := w.channel()
		for range 20 {
			must(t, c.Attach(soon(t)))
			c.is("attaching", "at", "attached")
			c.empty()
			must(t, c.Attach(soon(t)))
			must(t, c.Detach(soon(t)))
			c.is("left", "detaching", "detached")
			must(t, c.Detach(soon(t)))
			c.empty()
		}
		c.end()
		for _, f := range w.server.Frames() {
			if f.Action != ablytest.ActionAttach {
				continue
			}
			if f.Message.Flags != ablytest.Flags(allModes) || f.Message.Params["agent"] != "test/1" || f.Message.ChannelSerial != "" {
				t.Errorf("%v: flags %v, params %v, serial %q", f, f.Message.Flags, f.Message.Params, f.Message.ChannelSerial)
			}
		}
		if len(w.transport.Dropped()) != 0 {
			t.Errorf("dropped %v", w.transport.Dropped())
		}
	})
}

// RTL13a, RTL12, RTL14: the server detaches, updates or fails the channel of its own accord.
func TestTheServerActs(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		w.server.DetachChannel(name, ablytest.NewError(90198, 400, "moved"))
		c.is("left", "attaching 90198", "at resumed", "attached resumed")
		w.server.UpdateChannel(name, true, nil)
		c.is("at resumed")
		w.server.UpdateChannel(name, false, ablytest.NewError(80000, 400, "lost"))
		c.is("at", "update 80000")
		w.server.FailChannel(name, ablytest.NewError(40160, 401, "no"))
		c.is("left", "failed 40160")
		fails(t, c.Detach(soon(t)), 90001)
		fails(t, c.Publish(soon(t), &wire.Message{Name: "m"}), 90001)
		must(t, c.Attach(soon(t)))
		c.is("attaching", "at", "attached")
		c.end()
		c.empty()
	})
}

// RTL13b, RTB1: a refused attach is tried again after a pause.
func TestARefusedAttachIsTriedAgain(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.channel()
		refuse := w.server.Fault(ablytest.ToServer(ablytest.ActionAttach).First(3),
			ablytest.DetachChannel(ablytest.NewError(50000, 500, "busy")))
		fails(t, c.Attach(soon(t)), 50000)
		c.is("attaching", "suspended 50000", "attaching", "suspended 50000", "attaching", "suspended 50000",
			"attaching", "at", "attached")
		if refuse.Hits() != 3 {
			t.Errorf("refused %d times", refuse.Hits())
		}
		c.end()
	})
}

// RTL4f, RTL5f: the service doesn't answer a request.
func TestRequestsWithoutAnswer(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		server := newServer(t)
		w := newWorld(t, server, realtime.Config{RequestTimeout: 50 * time.Millisecond, RetryTimeout: 20 * time.Millisecond})
		w.connect()
		c := w.channel()
		lost := server.Fault(ablytest.ToServer(ablytest.ActionAttach).Once(), ablytest.Drop())
		fails(t, c.Attach(soon(t)), 90007)
		c.is("attaching", "suspended 90007", "attaching", "at", "attached")
		if lost.Hits() != 1 {
			t.Error("nothing was lost")
		}
		server.Fault(ablytest.ToServer(ablytest.ActionDetach).Once(), ablytest.Drop())
		fails(t, c.Detach(soon(t)), 90007)
		c.is("left", "detaching", "at resumed", "attached 90007")
		must(t, c.Detach(soon(t)))
		c.end()
	})
}

// Cancelling a call's context stops the wait, not the operation.
func TestContextsEndWaits(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.channel()
		mine := errors.New("mine")
		gate := w.server.Hold(ablytest.ToServer(ablytest.ActionAttach, ablytest.ActionMessage, ablytest.ActionPresence, ablytest.ActionDetach))
		arrived := 0
		for _, call := range []func(context.Context) error{
			c.Attach,
			func(ctx context.Context) error { return c.Publish(ctx, &wire.Message{Name: "m", Data: "x"}) },
			func(ctx context.Context) error { return c.Enter(ctx, nil) },
			c.Detach,
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			done := later(func() error { return call(ctx) })
			arrived++
			must(t, gate.Await(soon(t), arrived))
			cancel(mine)
			if err := <-done; !errors.Is(err, mine) {
				t.Errorf("call %d: %v", arrived, err)
			}
			gate.Pass(1)
			if arrived == 1 {
				c.await("attached")
			}
		}
		c.await("detached")
		c.end()
	})
}

// RTL4i: an attach waits for a connection, and then sends one ATTACH. RTL4b: it doesn't wait if
// there can be no connection.
func TestAttachWithoutAConnection(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		server := newServer(t)
		w := newWorld(t, server, realtime.Config{})
		c := w.channel()
		done := later(func() error { return c.Attach(soon(t)) })
		c.is("attaching")
		w.client.Connect()
		must(t, <-done)
		c.is("at", "attached")
		equal(t, sent(server, ablytest.ActionAttach), "ATTACH")
		w.client.Close()
		c.is("left", "detached 80017")
		w.states.await("closed")
		fails(t, c.Attach(soon(t)), 80017)
		w.client.Connect()
		c.is("initialized")
		must(t, c.Attach(soon(t)))
		c.is("attaching", "at", "attached")
		c.end()
	})
}

// An attach waits for a connection until the request timeout. The channel attaches when there is a
// connection.
func TestAttachIsBounded(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		server := newServer(t)
		w := newWorld(t, server, realtime.Config{RequestTimeout: 30 * time.Millisecond})
		c := w.channel()
		fails(t, c.Attach(soon(t)), 90007)
		c.is("attaching", "suspended 90007")
		fails(t, c.Attach(soon(t)), 90007)
		c.empty()
		w.client.Connect()
		c.is("at", "attached")
		c.end()
		// A channel that is detached in the meantime stays detached.
		over := w.outage()
		c = w.channel()
		fails(t, c.Attach(soon(t)), 90007)
		must(t, c.Detach(soon(t)))
		c.await("detached")
		over()
		must(t, c.Detach(soon(t)))
		c.empty()
		c.end()
	})
}

// RTL5l: a detach doesn't wait for a connection. If the server has the channel attached, it is
// detached on the next connection.
func TestDetachWithoutAConnection(t *testing.T) {
	for _, during := range []bool{false, true} {
		inBubble(t, map[bool]string{false: "begun without", true: "lost meanwhile"}[during], func(t *testing.T) {
			w := connected(t)
			c := w.attached()
			done := make(chan error, 1)
			var over func()
			if during {
				lost := w.server.Fault(ablytest.ToServer(ablytest.ActionDetach).Once(), ablytest.Drop())
				done = later(func() error { return c.Detach(soon(t)) })
				must(t, lost.Await(soon(t), 1))
				over = w.outage()
			} else {
				over = w.outage()
				done <- c.Detach(soon(t))
			}
			must(t, <-done)
			c.await("detached")
			over()
			must(t, w.server.Await(soon(t), func(s ablytest.State) bool { return !s.Attached(name) }))
			c.empty()
			must(t, c.Attach(soon(t)))
			c.await("attached")
			c.end()
		})
	}
}

// RTL3c, RTL3d: a suspended connection suspends its channels; the next connection attaches them.
func TestASuspendedConnection(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		server := newServer(t, ablytest.WithConnectionStateTTL(30*time.Millisecond))
		w := newWorld(t, server, realtime.Config{})
		w.connect()
		c := w.attached()
		over := w.outage()
		c.is("left", "suspended 80002")
		over()
		c.await("attached")
		c.end()
	})
}

// RTL3a: a failed connection fails its channels.
func TestAFailedConnection(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		must(t, w.server.FailConnection("", ablytest.NewError(40400, 404, "gone")))
		c.is("left", "failed 40400")
		fails(t, c.Publish(soon(t), &wire.Message{Name: "m"}), 90001)
		c.end()
	})
}

// RTN15c6, RTN15c7: the channel's ATTACHED says whether the channel was resumed, whatever CONNECTED
// says about the connection.
func TestAConnectionThatIsBack(t *testing.T) {
	for _, lost := range []bool{false, true} {
		inBubble(t, map[bool]string{false: "resumed", true: "lost"}[lost], func(t *testing.T) {
			w := connected(t)
			c := w.attached()
			over := w.outage()
			if lost {
				must(t, w.server.Forget(""))
				w.server.LoseContinuity(name)
			}
			over()
			if lost {
				c.is("left", "attaching", "at", "attached")
			} else {
				c.is("left", "attaching", "at resumed", "attached resumed")
			}
			c.end()
		})
	}
}

// After a channel is given back, it reports nothing, and its calls end.
func TestGiveBackEndsCalls(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.channel()
		gate := w.server.Hold(ablytest.ToServer(ablytest.ActionAttach))
		attach := later(func() error { return c.Attach(soon(t)) })
		must(t, gate.Await(soon(t), 1))
		enter := later(func() error { return c.Enter(soon(t), nil) })
		c.is("attaching")
		c.end()
		fails(t, <-attach, lifecycle.ErrRoomInInvalidState)
		fails(t, <-enter, lifecycle.ErrRoomInInvalidState)
		fails(t, c.Attach(soon(t)), lifecycle.ErrRoomInInvalidState)
		fails(t, c.Publish(soon(t)), lifecycle.ErrRoomInInvalidState)
		gate.Open()
		must(t, w.server.Await(soon(t), func(s ablytest.State) bool { return !s.Attached(name) }))
		c.empty()
	})
}

// T23: an ATTACH that was overtaken by another request is sent again.
func TestAnOvertakenRequest(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.channel()
		lost := w.server.Fault(ablytest.ToServer(ablytest.ActionAttach).Once(), ablytest.Drop())
		attach := later(func() error { return c.Attach(soon(t)) })
		must(t, lost.Await(soon(t), 1))
		must(t, w.server.Inject("", &ablytest.ProtocolMessage{
			Action: ablytest.ActionError, Channel: name, Error: ablytest.NewError(80016, 400, "overtaken"),
		}))
		must(t, <-attach)
		c.is("attaching", "at", "attached")
		c.end()
	})
}

// T2: on protocol 5, the ATTACH of a channel that was attached has ATTACH_RESUME and a
// channelSerial. The ATTACH of a new or a detached channel has neither.
func TestAttachResume(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		w.outage()()
		c.await("attached resumed")
		must(t, c.Detach(soon(t)))
		must(t, c.Attach(soon(t)))
		var got []string
		for _, f := range w.server.Frames() {
			if f.Action == ablytest.ActionAttach {
				got = append(got, fmt.Sprint(f.Message.Flags.Has(ablytest.FlagAttachResume), f.Message.ChannelSerial != ""))
			}
		}
		equal(t, got, "false false", "true true", "false false")
		c.end()
	})
}

// RTN24: a CONNECTED on the same transport changes no channel.
func TestReauthenticationInBand(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t, ably.WithUseTokenAuth(true))
		c := w.attached()
		_, err := w.client.Auth.Authorize(soon(t), nil)
		must(t, err)
		must(t, c.Publish(soon(t), &wire.Message{Name: "m"}))
		c.is(`message m <nil> ""`)
		equal(t, sent(w.server, ablytest.ActionAttach), "ATTACH")
		c.end()
		c.empty()
	})
}
