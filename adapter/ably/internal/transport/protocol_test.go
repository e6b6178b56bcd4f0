package transport_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"
	"github.com/coder/websocket"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// The client connects by itself unless AutoConnect is off (TO3e). The timeouts of the channels are
// those of its options, or Ably's defaults (TO3l7, TO3l11).
func TestOptionsOfTheClient(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		server := newServer(t)
		for _, connects := range []bool{false, true} {
			options := server.ClientOptions(ably.WithAutoConnect(connects), ably.WithLogLevel(ably.LogNone))
			c, tr, err := transport.NewRealtime(transport.Options{DialContext: dialer}, options...)
			must(t, err)
			w := &world{t: t, server: server, client: c, transport: tr}
			time.Sleep(time.Minute)
			if up := c.Connection.State() == ably.ConnectionStateConnected; up != connects {
				t.Errorf("with AutoConnect %t it is %v", connects, c.Connection.State())
			}
			if got := tr.Timeouts(); got != (transport.Timeouts{Request: 10 * time.Second, ChannelRetry: 15 * time.Second}) {
				t.Errorf("times %+v", got)
			}
			w.close()
		}
		_, tr, err := transport.NewRealtime(transport.Options{}, server.ClientOptions(ably.WithAutoConnect(false),
			ably.WithRealtimeRequestTimeout(3*time.Second), ably.WithChannelRetryTimeout(4*time.Second))...)
		must(t, err)
		if got := tr.Timeouts(); got != (transport.Timeouts{Request: 3 * time.Second, ChannelRetry: 4 * time.Second}) {
			t.Errorf("times %+v", got)
		}
		_, tr, err = transport.NewRealtime(transport.Options{}, server.ClientOptions(ably.WithAutoConnect(false),
			ably.WithRealtimeRequestTimeout(0), ably.WithChannelRetryTimeout(0))...)
		must(t, err)
		if got := tr.Timeouts(); got != (transport.Timeouts{Request: 10 * time.Second, ChannelRetry: 15 * time.Second}) {
			t.Errorf("times %+v", got)
		}
		if _, _, err := transport.NewRealtime(transport.Options{}, ably.WithKey("")); err == nil {
			t.Error("a client without a key was made")
		}
	})
}

// Connected describes the connection with the same id and key that ably-go has.
func TestWhatConnectedSays(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := newWorld(t, quickly(), ably.WithClientID("ann"))
		for n := uint64(1); n <= 3; n++ {
			if n == 1 {
				w.client.Connect()
			} else {
				must(t, w.server.Cut(""))
			}
			e := w.await(transport.Connected)
			w.state(ably.ConnectionStateConnected)
			c := e.Connection
			if c.Socket != n || c.Resumed != (n > 1) || c.ID != w.client.Connection.ID() || c.Key != w.client.Connection.Key() ||
				c.Key == "" || c.Details.ClientID != "ann" || e.Reason != nil {
				t.Errorf("connection %d is %+v, %v", n, c, e.Reason)
			}
		}
	})
}

// Frames of channels that come before CONNECTED are dropped.
func TestFramesBeforeConnected(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := newWorldOn(t, newServer(t), transport.Options{}, script(t, []string{
			`{"action":15,"channel":"` + room + `","messages":[{"name":"early"}]}`,
			`{"action":15,"channel":"own","messages":[{"name":"early"}]}`,
			`{"action":0}`, connectedFrame,
			`{"action":15,"channel":"` + room + `","messages":[{"name":"late"}]}`,
		}))
		w.connect()
		if m := w.message(wire.ActionMessage); m.Messages[0].Name != "late" {
			t.Errorf("got %+v", m.Messages[0])
		}
		if got := w.transport.Dropped(); len(got) != 1 || got["a frame of a channel before CONNECTED"] != 2 {
			t.Errorf("dropped %v", got)
		}
		w.closing()
	})
}

// closing closes a client whose server answers nothing.
func (w *world) closing() {
	w.t.Helper()
	w.client.Close()
	w.state(ably.ConnectionStateClosed)
}

// HEARTBEATs keep the connection alive, and are not counted as dropped (RTN23a).
func TestHeartbeats(t *testing.T) {
	options := []ablytest.Option{ablytest.WithMaxIdleInterval(15 * time.Second)}
	inBubble(t, options, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Minute)
		if got := w.transport.Dropped(); len(got) != 0 || w.server.State().WebSockets != 1 {
			t.Errorf("dropped %v, on %d WebSockets", got, w.server.State().WebSockets)
		}
		must(t, w.client.Channels.Get("own").Publish(soon(t), "m", nil))
	})
}

// Frames are binary in MessagePack and text in JSON, for ably-go's channels and for rooms.
func TestKindsOfFrames(t *testing.T) {
	for name, c := range map[string]struct {
		binary bool
		want   websocket.MessageType
	}{"json": {false, websocket.MessageText}, "msgpack": {true, websocket.MessageBinary}} {
		bubbled(t, name, func(t *testing.T) {
			server := newServer(t)
			relay := newRelay(t, server)
			w := newWorldOn(t, server, transport.Options{}, relay.options(), ably.WithUseBinaryProtocol(c.binary))
			w.connect()
			w.attach()
			w.succeeds(w.publish("m"))
			must(t, w.client.Channels.Get("own").Publish(soon(t), "m", nil))
			relay.mu.Lock()
			defer relay.mu.Unlock()
			for _, kind := range relay.kinds {
				if kind != c.want {
					t.Errorf("a frame of kind %v", kind)
				}
			}
			if len(relay.kinds) < 3 {
				t.Errorf("%d frames", len(relay.kinds))
			}
		})
	}
}

// An ERROR of a room's channel keeps its reason, and other frames get none.
func TestReasonsOfRoomsFrames(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		if m := w.attach(); m.Error != nil {
			t.Errorf("the ATTACHED has the error %v", m.Error)
		}
		w.server.FailChannel(room, ablytest.NewError(40160, 401, "no"))
		if m := w.message(wire.ActionError); m.Error.Code != 40160 || m.Error.StatusCode != 401 {
			t.Errorf("the ERROR has the error %v", m.Error)
		}
	})
}

func (w *world) inject(frames ...*ablytest.ProtocolMessage) {
	w.t.Helper()
	must(w.t, w.server.Inject("", frames...))
}

// The transport fills in what a server leaves out of DISCONNECTED and ERROR, and counts it.
func TestReasonsThatAreMadeUp(t *testing.T) {
	for name, c := range map[string]struct {
		action  ablytest.Action
		kind    transport.EventKind
		code    int
		dropped string
	}{
		"DISCONNECTED": {ablytest.ActionDisconnected, transport.Disconnected, 80003, "a DISCONNECTED without an error"},
		"ERROR":        {ablytest.ActionError, transport.Failed, 80000, "an ERROR without an error"},
	} {
		inBubbleNamed(t, name, func(t *testing.T, w *world) {
			w.inject(&ablytest.ProtocolMessage{Action: c.action})
			if e := w.await(c.kind); e.Reason.Code != c.code || e.Reason.StatusCode != 400 || e.Reason.Message == "" {
				t.Errorf("reason %+v", e.Reason)
			}
			if got := w.transport.Dropped(); len(got) != 1 || got[c.dropped] != 1 {
				t.Errorf("dropped %v", got)
			}
		})
	}
}

func inBubbleNamed(t *testing.T, name string, f func(*testing.T, *world)) {
	bubbled(t, name, func(t *testing.T) {
		w := connected(t)
		f(t, w)
	})
}

// A NACK without an error also fails the frames that it answers.
func TestANackWithoutAnError(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := connected(t)
		w.attach()
		w.server.Hold(ablytest.ToServer(ablytest.ActionMessage))
		first, second := w.publish(1), make(chan error, 1)
		must(t, w.client.Channels.Get("own").PublishAsync("m", nil, func(err error) { second <- err }))
		zero := int64(0)
		synctest.Wait()
		w.inject(&ablytest.ProtocolMessage{Action: ablytest.ActionNack, MsgSerial: &zero, Count: 2})
		w.fails(first, 50000)
		var e *ably.ErrorInfo
		if err := <-second; !errors.As(err, &e) || e.Code != 50000 {
			t.Errorf("ably-go's: %v", err)
		}
	})
}

// RTN11b: Connect while CLOSE waits for its answer connects at once, without a pause.
func TestConnectWhileClosingDoesNotPause(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		w.server.Fault(ablytest.ToServer(ablytest.ActionClose).Once(), ablytest.Drop())
		w.client.Close()
		w.await(transport.Closing)
		began := time.Now()
		w.client.Connect()
		w.await(transport.Connected)
		if d := time.Since(began); d > time.Second {
			t.Errorf("connected after %v", d)
		}
	})
}

// A serial that the caller sets is not sent: the transport sets the serials (RTN7b).
func TestSerialsAreTheTransports(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := connected(t)
		odd := int64(77)
		w.transport.Send(&wire.ProtocolMessage{Action: wire.ActionAttach, Channel: room, MsgSerial: &odd}, nil)
		w.message(wire.ActionAttached)
		for _, f := range w.server.Frames() {
			if f.Action == ablytest.ActionAttach && f.Message.MsgSerial != nil {
				t.Errorf("ATTACH has the serial %d", *f.Message.MsgSerial)
			}
		}
		w.succeeds(w.send(&wire.ProtocolMessage{Action: wire.ActionMessage, Channel: room, MsgSerial: &odd,
			Messages: []*wire.Message{{Name: "m"}}}))
		equal(t, serialsOn(w.server, 1), room+" 0")
	})
}

// RTN14b, RSA4: each time a token is refused, the client gets a new one.
func TestTokensAreRenewedAgainAndAgain(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := connected(t, quickly(), ably.WithUseTokenAuth(true))
		for range 3 {
			w.server.RefuseConnections(nil)
			must(t, w.server.Cut(""))
			w.await(transport.Disconnected)
			w.server.ExpireTokens()
			w.server.AcceptConnections()
			w.await(transport.Connected)
			w.attach()
			w.succeeds(w.publish("renewed"))
		}
	})
}
