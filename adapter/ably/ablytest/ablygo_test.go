package ablytest_test

import (
	"context"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/ably/ably-go/ably"
)

const patience = 10 * time.Second

// quiet keeps the errors that tests provoke out of the log.
var quiet = ably.WithLogLevel(ably.LogNone)

// testContext returns a context that ends with the test, or when the time for the test is over.
func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// eachFormat runs a test with each of the two formats of the wire.
func eachFormat(t *testing.T, f func(t *testing.T, binary ably.ClientOption)) {
	t.Run("json", func(t *testing.T) { f(t, ably.WithUseBinaryProtocol(false)) })
	t.Run("msgpack", func(t *testing.T) { f(t, ably.WithUseBinaryProtocol(true)) })
}

// connect returns a client that is connected.
func connect(t *testing.T, srv *ablytest.Server, opts ...ably.ClientOption) *ably.Realtime {
	t.Helper()
	client := newClient(t, srv, opts...)
	awaitConnection(t, client, ably.ConnectionStateConnected)
	return client
}

// newClient returns a client that connects. The client doesn't connect automatically, since ably-go
// sets the client's Connection only after it has begun to connect. If a fault makes it reconnect
// before that, ably-go dereferences nil.
func newClient(t *testing.T, srv *ablytest.Server, opts ...ably.ClientOption) *ably.Realtime {
	t.Helper()
	client, err := ably.NewRealtime(srv.ClientOptions(append(opts, quiet, ably.WithAutoConnect(false))...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeClient(t, client) })
	client.Connect()
	return client
}

// closeClient closes the client and waits until it is closed.
func closeClient(t *testing.T, client *ably.Realtime) {
	client.Close()
	awaitConnection(t, client, ably.ConnectionStateClosed, ably.ConnectionStateFailed)
}

// failClient fails the connection of a client. Use it after an unsolicited or a second DETACHED,
// for example after a detach during a cut. After such a DETACHED, a goroutine of ably-go attaches
// again after the ChannelRetryTimeout. It ends when the connection fails, but not when the
// connection is closed.
func failClient(t *testing.T, srv *ablytest.Server, client *ably.Realtime) {
	if err := srv.FailConnection(client.Connection.ID(), errNo); err != nil {
		t.Fatal(err)
	}
	awaitConnection(t, client, ably.ConnectionStateFailed)
}

func awaitConnection(t *testing.T, client *ably.Realtime, states ...ably.ConnectionState) {
	t.Helper()
	changed := make(chan struct{}, 1)
	off := client.Connection.OnAll(func(ably.ConnectionStateChange) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer off()
	ctx := testContext(t)
	for {
		now := client.Connection.State()
		for _, s := range states {
			if now == s {
				return
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("connection is %v, not %v: %v", now, states, client.Connection.ErrorReason())
		}
	}
}

func TestAttachPublishReceiveDetach(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		ctx := testContext(t)
		srv := ablytest.NewServer(t)
		client := connect(t, srv, binary)
		ch := client.Channels.Get("room one::$chat", ably.ChannelWithModes(ably.ChannelModePublish, ably.ChannelModeSubscribe))
		got := make(chan *ably.Message, 1)
		if _, err := ch.Subscribe(ctx, "greeting", func(m *ably.Message) { got <- m }); err != nil {
			t.Fatal(err)
		}
		if err := ch.Publish(ctx, "greeting", "hello"); err != nil {
			t.Fatal(err)
		}
		select {
		case m := <-got:
			if m.Data != "hello" || m.ID == "" || m.Serial == "" || m.Timestamp == 0 || m.ConnectionID != client.Connection.ID() {
				t.Errorf("got %+v", m)
			}
		case <-ctx.Done():
			t.Fatal("no echo")
		}
		if err := ch.Detach(ctx); err != nil {
			t.Fatal(err)
		}
		if s := ch.State(); s != ably.ChannelStateDetached {
			t.Errorf("state is %v", s)
		}
	})
}
