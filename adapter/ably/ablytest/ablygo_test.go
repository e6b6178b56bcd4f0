package ablytest_test

import (
	"context"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/ably/ably-go/ably"
)

const patience = 10 * time.Second

// quiet keeps the errors that tests ask for out of the log.
var quiet = ably.WithLogLevel(ably.LogNone)

// testContext ends with the test, or when patience is at its end.
func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// eachFormat runs a test with both encodings of the wire.
func eachFormat(t *testing.T, f func(t *testing.T, binary ably.ClientOption)) {
	t.Run("json", func(t *testing.T) { f(t, ably.WithUseBinaryProtocol(false)) })
	t.Run("msgpack", func(t *testing.T) { f(t, ably.WithUseBinaryProtocol(true)) })
}

// connect makes a client and waits until it is connected.
func connect(t *testing.T, srv *ablytest.Server, opts ...ably.ClientOption) *ably.Realtime {
	t.Helper()
	client := newClient(t, srv, opts...)
	awaitConnection(t, client, ably.ConnectionStateConnected)
	return client
}

// newClient makes a client that connects. It doesn't connect of its own accord: ably-go
// sets the client's Connection only after it has begun to connect, and dereferences nil
// if a reconnect, as faults bring about, comes in between.
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

// failClient ends a client for which a DETACHED came that it had not asked for, or a
// second one, as happens when it detaches over a cut. ably-go then attaches again after
// its ChannelRetryTimeout, by a goroutine that a closed connection doesn't end, but a
// failed one does.
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
