package transport_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// Frames that would make ably-go panic or deadlock don't reach it: it keeps working, and so do the
// rooms.
func TestFramesThatWouldKillAblyGo(t *testing.T) {
	type frame = map[string]any
	const (
		nothing = "an acknowledgement without a waiting frame"
		null    = "a null entry"
		unknown = "a frame of an unknown kind"
		garbled = "a frame that can't be decoded"
	)
	entries := []any{nil, frame{"name": "m"}}
	for _, c := range []struct {
		name    string
		frame   frame
		dropped string
	}{
		{"an ACK of nothing", frame{"action": 1, "msgSerial": 0, "count": 1}, nothing},
		{"a NACK of nothing", frame{"action": 2, "msgSerial": 7, "count": 3}, nothing},
		{"an ACK without a serial", frame{"action": 1, "count": 1}, nothing},
		{"a null message", frame{"action": 15, "channel": "own", "messages": entries}, null},
		{"a null presence entry", frame{"action": 14, "channel": "own", "presence": []any{nil}}, null},
		{"a null entry of a sync", frame{"action": 16, "channel": "own", "presence": []any{nil}}, null},
		{"a null object", frame{"action": 19, "channel": "own", "state": []any{nil}}, null},
		{"a null message of a room", frame{"action": 15, "channel": room, "messages": entries}, null},
		{"no messages", frame{"action": 15, "channel": "own"}, "a MESSAGE without messages"},
		{"no channel", frame{"action": 15, "messages": []any{frame{"name": "m"}}}, unknown},
		{"an unknown action", frame{"action": 99, "channel": "own"}, unknown},
		{"an ATTACH by the server", frame{"action": 10, "channel": "own"}, unknown},
		{"a flag that is none", frame{"action": 15, "channel": "own", "flags": "x"}, garbled},
		{"a channel that is none", frame{"action": 15, "channel": 7}, garbled},
	} {
		for _, binary := range []bool{false, true} {
			bubbled(t, fmt.Sprintf("%s, binary %v", c.name, binary), func(t *testing.T) {
				server := newServer(t)
				relay := newRelay(t, server)
				w := newWorldOn(t, server, transport.Options{}, relay.options(),
					ably.WithUseBinaryProtocol(binary))
				w.connect()
				w.attach()
				own := w.client.Channels.Get("own")
				must(t, own.Attach(soon(t)))
				relay.inject(t, binary, c.frame)
				must(t, own.Publish(soon(t), "m", "after"))
				w.succeeds(w.publish("after"))
				if got := w.transport.Dropped(); len(got) != 1 || got[c.dropped] != 1 {
					t.Errorf("dropped %v, want one of %q", got, c.dropped)
				}
				if n := server.State().WebSockets; n != 1 {
					t.Errorf("%d WebSockets, want 1", n)
				}
			})
		}
	}
}

func TestAChannelErrorWithoutAnError(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := connected(t)
		own := w.client.Channels.Get("own")
		must(t, own.Attach(soon(t)))
		w.attach()
		for _, channel := range []string{"own", room} {
			frame := &ablytest.ProtocolMessage{Action: ablytest.ActionError, Channel: channel}
			must(t, w.server.Inject("", frame))
		}
		if m := w.message(wire.ActionError); m.Error == nil {
			t.Error("the room's ERROR has no error")
		}
		for own.State() != ably.ChannelStateFailed {
			time.Sleep(time.Millisecond)
		}
		if reason := own.ErrorReason().Error(); reason == "" { // panics if there is no message
			t.Error("no reason")
		}
	})
}

// An ERROR without an error fails the connection and the messages that wait. ably-go's reason can
// be read.
func TestAConnectionErrorWithoutAnError(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := connected(t)
		w.attach()
		w.server.Hold(ablytest.ToServer(ablytest.ActionMessage).OnConnection(1))
		own, r := make(chan error, 1), w.publish("lost")
		must(t, w.client.Channels.Get("own").PublishAsync("m", nil, func(err error) { own <- err }))
		must(t, w.server.Inject("", &ablytest.ProtocolMessage{Action: ablytest.ActionError}))
		w.fails(r, 80000)
		if err := <-own; err == nil {
			t.Error("ably-go's publish succeeded")
		}
		w.state(ably.ConnectionStateFailed)
		_ = w.client.Connection.ErrorReason().Error()
		if e := w.await(transport.Failed); e.Reason.Code != 80000 {
			t.Errorf("failed for %v", e.Reason)
		}
		w.fails(w.publish("too late"), 80000)
		// The client connects again when Connect is called (RTN11d), and counts from 0.
		w.connect()
		w.attach()
		w.succeeds(w.publish("again"))
		must(t, w.client.Channels.Get("other").Publish(soon(t), "m", "again"))
		equal(t, serialsOn(w.server, 2), room+" 0", "other 1")
	})
}

func TestADisconnectedWithoutAnError(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := connected(t, quickly())
		w.attach()
		must(t, w.server.Inject("", &ablytest.ProtocolMessage{Action: ablytest.ActionDisconnected}))
		if e := w.await(transport.Disconnected); e.Reason.Code != 80003 {
			t.Errorf("disconnected for %v", e.Reason)
		}
		w.await(transport.Connected)
		w.succeeds(w.publish("after"))
	})
}

// A refusal as the first frame makes the dial fail: while it resumes, ably-go would deadlock on it.
func TestARefusalAsTheFirstFrame(t *testing.T) {
	bubbled(t, "at first", func(t *testing.T) {
		w := newWorld(t)
		w.server.RefuseConnections(ablytest.NewError(40101, 401, "not you"))
		w.client.Connect()
		w.refused(40101, "not you")
	})
	bubbled(t, "at a resume, with channels and messages", func(t *testing.T) {
		w := connected(t)
		w.attach()
		must(t, w.client.Channels.Get("own").Attach(soon(t)))
		w.server.Hold(ablytest.ToServer(ablytest.ActionMessage).OnConnection(1))
		own, r := make(chan error, 1), w.publish("lost")
		must(t, w.client.Channels.Get("own").PublishAsync("m", nil, func(err error) { own <- err }))
		w.server.RefuseConnections(ablytest.NewError(40101, 401, "not you"))
		must(t, w.server.Cut(""))
		w.fails(r, 40101)
		w.refused(40101, "not you")
		w.server.AcceptConnections()
		w.connect()
		if err := <-own; err == nil {
			t.Error("ably-go's publish succeeded")
		}
	})
	bubbled(t, "without an error", func(t *testing.T) {
		w := newWorldOn(t, newServer(t), transport.Options{}, quickly(),
			ably.WithUseBinaryProtocol(false), refuser(t, `{"action":9}`))
		w.client.Connect()
		w.state(ably.ConnectionStateDisconnected)
		_ = w.client.Connection.ErrorReason().Error()
		w.client.Close()
	})
	bubbled(t, "a token that can't be renewed", func(t *testing.T) {
		server := newServer(t)
		token, err := server.IssueToken(ablytest.TokenParams{})
		must(t, err)
		server.ExpireTokens()
		w := newWorldOn(t, server, transport.Options{},
			ably.WithKey(""), ably.WithToken(token.Token))
		w.client.Connect()
		w.refused(40142, "")
	})
}

// refused waits for FAILED, and checks its reason.
func (w *world) refused(code int, message string) {
	w.t.Helper()
	w.state(ably.ConnectionStateFailed)
	if got := w.client.Connection.ErrorReason(); int(got.Code) != code {
		w.t.Errorf("ably-go's reason has code %d, want %d", got.Code, code)
	}
	if e := w.await(transport.Failed); e.Reason.Code != code || message != "" && e.Reason.Message != message {
		w.t.Errorf("failed for %v, want %d, %q", e.Reason, code, message)
	}
}

// ably-go renews a token that is refused in the first frame or later.
func TestTokensAreRenewed(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format, quickly(), ably.WithUseTokenAuth(true))
		w.attach()
		w.server.ExpireTokens()
		if e := w.await(transport.Disconnected); e.Reason.Code != 40142 {
			t.Errorf("disconnected for %v", e.Reason)
		}
		w.await(transport.Connected)
		w.succeeds(w.publish("renewed"))
		w.server.RefuseConnections(nil)
		must(t, w.server.Cut(""))
		w.server.ExpireTokens() // the first frame on the next socket is a refusal
		w.server.AcceptConnections()
		w.await(transport.Connected)
		w.succeeds(w.publish("renewed again"))
		// A renewal in band (RTC8a) uses the same socket, and leads to an Updated event.
		sockets := w.server.State().WebSockets
		w.state(ably.ConnectionStateConnected)
		if _, err := w.client.Auth.Authorize(soon(t), nil); err != nil {
			t.Fatal(err)
		}
		w.await(transport.Updated)
		w.succeeds(w.publish("on the same socket"))
		if n := w.server.State().WebSockets; n != sockets {
			t.Errorf("%d WebSockets, want %d", n, sockets)
		}
	})
}

// A program can't use a channel of the rooms through ably-go: it gets an error, and no call hangs.
func TestAblyGoCannotUseARoomsChannel(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		mine := w.client.Channels.Get(room)
		if err := mine.Attach(soon(t)); err == nil || mine.State() != ably.ChannelStateFailed {
			t.Errorf("attach: %v, state %v", err, mine.State())
		}
		gate := w.server.Hold(ablytest.ToServer(ablytest.ActionMessage).OnConnection(1))
		own := make(chan error, 1)
		must(t, w.client.Channels.Get("own").PublishAsync("m", nil, func(err error) { own <- err }))
		other := w.client.Channels.Get("other" + transport.RoomSuffix)
		refused := make(chan error, 1)
		must(t, other.PublishAsync("m", nil, func(err error) { refused <- err }))
		gate.Open()
		must(t, <-own)
		if err := <-refused; err == nil {
			t.Error("the publish succeeded")
		}
		w.attach()
		w.succeeds(w.publish("the room's"))
		for _, f := range w.server.Frames() {
			byAblyGo := f.Action == ablytest.ActionAttach && f.Message.MsgSerial != nil
			if f.Channel == other.Name || f.Channel == room && byAblyGo {
				t.Errorf("the server got %v", f)
			}
		}
	})
}
