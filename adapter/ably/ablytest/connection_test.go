package ablytest_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/ably/ably-go/ably"
)

// nextState waits for the next change to one of the given states and returns it.
func nextState(t *testing.T, changes <-chan ably.ConnectionStateChange, want ably.ConnectionState) ably.ConnectionStateChange {
	t.Helper()
	ctx := testContext(t)
	for {
		select {
		case c := <-changes:
			if c.Current == want {
				return c
			}
		case <-ctx.Done():
			t.Fatalf("the connection doesn't become %v", want)
		}
	}
}

func connectionChanges(t *testing.T, client *ably.Realtime) <-chan ably.ConnectionStateChange {
	changes := make(chan ably.ConnectionStateChange, 100)
	t.Cleanup(client.Connection.OnAll(func(c ably.ConnectionStateChange) { changes <- c }))
	return changes
}

// attachments returns a channel that receives the ATTACHED events of ch from now on. Call it before
// the first attach: ably-go may report the event only after Attach has returned.
func attachments(t *testing.T, ch *ably.RealtimeChannel) <-chan ably.ChannelStateChange {
	attached := make(chan ably.ChannelStateChange, 10)
	t.Cleanup(ch.On(ably.ChannelEventAttached, func(c ably.ChannelStateChange) { attached <- c }))
	return attached
}

func TestResumeKeepsConnectionAndDeliversWhatWasMissed(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		ctx := testContext(t)
		srv := ablytest.NewServer(t)
		client := connect(t, srv, binary)
		ch := client.Channels.Get("a")
		got := make(chan string, 10)
		attached := attachments(t, ch)
		if _, err := ch.SubscribeAll(ctx, func(m *ably.Message) { got <- m.Data.(string) }); err != nil {
			t.Fatal(err)
		}
		<-attached
		id := client.Connection.ID()
		changes := connectionChanges(t, client)

		// The client must not reconnect before the publish; otherwise it misses nothing.
		gate := srv.Hold(ablytest.ToServer(ablytest.ActionConnect))
		if err := srv.Cut(id); err != nil {
			t.Fatal(err)
		}
		nextState(t, changes, ably.ConnectionStateDisconnected)
		if _, err := srv.Publish("a", ablytest.Message{Name: "n", Data: "missed"}); err != nil {
			t.Fatal(err)
		}
		gate.Open()
		nextState(t, changes, ably.ConnectionStateConnected)
		select {
		case c := <-attached:
			if !c.Resumed {
				t.Error("the connection was not resumed")
			}
		case <-ctx.Done():
			t.Fatal("the channel was not attached again")
		}
		if now := client.Connection.ID(); now != id {
			t.Errorf("the connection's id changed from %s to %s", id, now)
		}
		if _, err := srv.Publish("a", ablytest.Message{Name: "n", Data: "after"}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"missed", "after"} {
			select {
			case m := <-got:
				if m != want {
					t.Errorf("got %q, want %q", m, want)
				}
			case <-ctx.Done():
				t.Fatalf("the message %q was not received", want)
			}
		}
	})
}

func TestResumeOfForgottenConnection(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	client := connect(t, srv)
	ch := client.Channels.Get("a")
	attached := attachments(t, ch)
	if err := ch.Attach(ctx); err != nil {
		t.Fatal(err)
	}
	<-attached
	id := client.Connection.ID()
	changes := connectionChanges(t, client)

	gate := srv.Hold(ablytest.ToServer(ablytest.ActionConnect))
	if err := srv.Cut(id); err != nil {
		t.Fatal(err)
	}
	if err := gate.Await(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := srv.Forget(id); err != nil {
		t.Fatal(err)
	}
	srv.LoseContinuity("a")
	gate.Open()
	c := nextState(t, changes, ably.ConnectionStateConnected)
	if c.Reason == nil || c.Reason.Code != 80018 {
		t.Errorf("reason is %v, want code 80018", c.Reason)
	}
	if client.Connection.ID() == id {
		t.Error("the connection has the old id")
	}
	select {
	case c := <-attached:
		if c.Resumed {
			t.Error("ATTACHED reports that the channel was resumed")
		}
	case <-ctx.Done():
		t.Fatal("the channel was not attached again")
	}
}

func TestStateOfLostConnectionLapses(t *testing.T) {
	clock := ablytest.NewManualClock(time.Now())
	srv := ablytest.NewServer(t, ablytest.WithClock(clock), ablytest.WithConnectionStateTTL(time.Minute), ablytest.WithMaxIdleInterval(0))
	ctx := testContext(t)
	client := connect(t, srv, ably.WithDisconnectedRetryTimeout(time.Millisecond))
	if err := client.Channels.Get("a").Attach(ctx); err != nil {
		t.Fatal(err)
	}
	srv.RefuseConnections(nil)
	if err := srv.Cut(""); err != nil {
		t.Fatal(err)
	}
	clock.Advance(59 * time.Second)
	if st := srv.State(); len(st.Connections) != 1 || st.Connections[0].WebSocket != 0 || !st.Attached("a") {
		t.Errorf("the state before the connection's time to live is over: %+v", st)
	}
	clock.Advance(time.Second)
	if st := srv.State(); len(st.Connections) != 0 || st.Attached("a") {
		t.Errorf("the state after the connection's time to live is over: %+v", st)
	}
	// ably-go ignores a Close while it dials, so let it connect first.
	srv.AcceptConnections()
	awaitConnection(t, client, ably.ConnectionStateConnected)
}

func TestRefusedConnections(t *testing.T) {
	srv := ablytest.NewServer(t)
	srv.RefuseConnections(ablytest.NewError(40300, http.StatusForbidden, "closed today"))
	client := newClient(t, srv)
	awaitConnection(t, client, ably.ConnectionStateFailed)
	if err := client.Connection.ErrorReason(); err == nil || err.Code != 40300 || err.Message() != "closed today" {
		t.Errorf("reason is %v", err)
	}
}

func TestDisconnectCloseAndFailFromTheServer(t *testing.T) {
	srv := ablytest.NewServer(t)
	client := connect(t, srv)
	changes := connectionChanges(t, client)
	id := client.Connection.ID()
	if err := srv.Disconnect(id, ablytest.NewError(80003, 400, "moving")); err != nil {
		t.Fatal(err)
	}
	if c := nextState(t, changes, ably.ConnectionStateDisconnected); c.Reason == nil || c.Reason.Code != 80003 {
		t.Errorf("reason of DISCONNECTED is %v", c.Reason)
	}
	nextState(t, changes, ably.ConnectionStateConnected)
	if client.Connection.ID() != id {
		t.Error("the connection was not resumed after DISCONNECTED")
	}
	if err := srv.FailConnection(id, ablytest.NewError(40300, 403, "out")); err != nil {
		t.Fatal(err)
	}
	if c := nextState(t, changes, ably.ConnectionStateFailed); c.Reason == nil || c.Reason.Code != 40300 {
		t.Errorf("reason of FAILED is %v", c.Reason)
	}
	if st := srv.State(); len(st.Connections) != 0 {
		t.Errorf("the server still has the connections %+v", st.Connections)
	}
	if err := srv.Cut(id); err == nil {
		t.Error("Cut returned no error for an unknown connection")
	}

	other := connect(t, srv)
	changes = connectionChanges(t, other)
	if err := srv.CloseConnection(other.Connection.ID()); err != nil {
		t.Fatal(err)
	}
	nextState(t, changes, ably.ConnectionStateClosed)
}

func TestHeartbeatsKeepAnIdleConnection(t *testing.T) {
	clock := ablytest.NewManualClock(time.Now())
	srv := ablytest.NewServer(t, ablytest.WithClock(clock), ablytest.WithMaxIdleInterval(10*time.Second))
	connect(t, srv)
	beats := make(chan ablytest.Frame, 10)
	defer srv.OnFrame(func(f ablytest.Frame) {
		if f.Action == ablytest.ActionHeartbeat {
			beats <- f
		}
	})()
	ctx := testContext(t)
	for range 3 {
		clock.Advance(10 * time.Second)
		select {
		case f := <-beats:
			if f.Index != 0 || f.Direction != ablytest.ServerToClient {
				t.Errorf("heartbeat is %+v", f)
			}
		case <-ctx.Done():
			t.Fatal("no heartbeat")
		}
	}
}

func TestAwait(t *testing.T) {
	srv := ablytest.NewServer(t)
	ctx := testContext(t)
	done := make(chan error, 1)
	go func() {
		done <- srv.Await(ctx, func(st ablytest.State) bool { return st.Attached("a") && st.Connected() == 1 })
	}()
	client := connect(t, srv)
	if err := client.Channels.Get("a").Attach(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := srv.Await(ended, func(ablytest.State) bool { return false }); err == nil {
		t.Error("Await of an ended context returns no error")
	}
}
