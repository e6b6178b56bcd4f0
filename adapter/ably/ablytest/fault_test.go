package ablytest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/ably/ably-go/ably"
)

// codeOf returns Ably's code of an error, or 0 if it has none.
func codeOf(err error) ably.ErrorCode {
	var info *ably.ErrorInfo
	if errors.As(err, &info) {
		return info.Code
	}
	return 0
}

var errNo = ablytest.NewError(40300, http.StatusForbidden, "no")

func TestHoldAndOpen(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	client := connect(t, srv)
	gate := srv.Hold(ablytest.ToClient(ablytest.ActionAttached).OnChannel("held"))
	done := make(chan error, 1)
	go func() { done <- client.Channels.Get("held").Attach(ctx) }()
	if err := gate.Await(ctx, 1); err != nil {
		t.Fatal(err)
	}
	// The gate doesn't hold another channel of the same connection.
	if err := client.Channels.Get("free").Attach(ctx); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		t.Fatalf("attached although the gate is closed: %v", err)
	default:
	}
	if s := client.Channels.Get("held").State(); s != ably.ChannelStateAttaching {
		t.Errorf("state is %v", s)
	}
	if !srv.State().Attached("held") {
		t.Error("the server must attach the client, although the gate holds the ATTACHED")
	}
	gate.Open()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestHeldFramesKeepTheOrderOfTheirChannel(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	client := connect(t, srv)
	ch := client.Channels.Get("a")
	got := make(chan string, 10)
	if _, err := ch.SubscribeAll(ctx, func(m *ably.Message) { got <- m.Name }); err != nil {
		t.Fatal(err)
	}
	gate := srv.Hold(ablytest.ToServer(ablytest.ActionMessage).OnChannel("a").Nth(1))
	var acked sync.WaitGroup
	publish := func(channel, name string) {
		acked.Add(1)
		if err := client.Channels.Get(channel).PublishAsync(name, "d", func(err error) {
			defer acked.Done()
			if err != nil {
				t.Errorf("publish of %s: %v", name, err)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	publish("a", "first")
	publish("a", "second")
	publish("b", "elsewhere")
	passed := srv.Fault(ablytest.ToServer(ablytest.ActionMessage).OnChannel("b"))
	if err := gate.Await(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := srv.Await(ctx, func(st ablytest.State) bool { return st.Channels["b"].Messages == 1 }); err != nil {
		t.Fatal(err)
	}
	if n := srv.State().Channels["a"].Messages; n != 0 {
		t.Errorf("%d messages passed the gate", n)
	}
	gate.Open()
	acked.Wait() // If an ACK skips a message, the client treats that as a NACK of the message.
	for _, want := range []string{"first", "second"} {
		if name := <-got; name != want {
			t.Errorf("got %q, want %q", name, want)
		}
	}
	passed.Remove()
}

func TestDelayOnTheServersClock(t *testing.T) {
	ctx := testContext(t)
	clock := ablytest.NewManualClock(time.Now())
	srv := ablytest.NewServer(t, ablytest.WithClock(clock))
	client := connect(t, srv)
	delayed := srv.Fault(ablytest.ToServer(ablytest.ActionAttach), ablytest.Delay(time.Second))
	done := make(chan error, 1)
	go func() { done <- client.Channels.Get("a").Attach(ctx) }()
	if err := delayed.Await(ctx, 1); err != nil {
		t.Fatal(err)
	}
	// The fault was applied to the frame, but perhaps its timer is not set yet. When a second frame
	// on the connection has passed, the timer is set.
	if err := client.Channels.Get("b").Publish(ctx, "n", "d"); err != nil {
		t.Fatal(err)
	}
	clock.Advance(999 * time.Millisecond)
	if srv.State().Attached("a") {
		t.Error("attached before the delay was over")
	}
	clock.Advance(time.Millisecond)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestDroppedAttachTimesOut(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	client := connect(t, srv, ably.WithRealtimeRequestTimeout(50*time.Millisecond))
	srv.Fault(ablytest.ToServer(ablytest.ActionAttach).Once(), ablytest.Drop())
	ch := client.Channels.Get("a")
	if err := ch.Attach(ctx); codeOf(err) != ably.ErrTimeoutError {
		t.Errorf("error is %v, want a timeout", err)
	}
	if s := ch.State(); s != ably.ChannelStateSuspended {
		t.Errorf("state is %v", s)
	}
	if err := ch.Attach(ctx); err != nil {
		t.Errorf("the next attach: %v", err)
	}
}

func TestDroppedPublishDoesNotHoldUpLaterOnes(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	client := connect(t, srv)
	srv.Fault(ablytest.ToServer(ablytest.ActionMessage).Once(), ablytest.Drop())
	ch := client.Channels.Get("a")
	lost := make(chan error, 1)
	if err := ch.PublishAsync("lost", "d", func(err error) { lost <- err }); err != nil {
		t.Fatal(err)
	}
	if err := ch.Publish(ctx, "kept", "d"); err != nil {
		t.Fatal(err)
	}
	// If an ACK skips a message, the client treats that as a NACK of the message.
	if err := <-lost; err == nil {
		t.Error("the lost message is acknowledged")
	}
}

func TestRefusals(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		ctx := testContext(t)
		srv := ablytest.NewServer(t)
		client := connect(t, srv, binary)

		refuse := func(m ablytest.Match, e ablytest.Effect) *ablytest.Fault { return srv.Fault(m.Once(), e) }
		refuse(ablytest.ToServer(ablytest.ActionAttach), ablytest.Refuse(errNo))
		ch := client.Channels.Get("refused")
		if err := ch.Attach(ctx); codeOf(err) != 40300 || ch.State() == ably.ChannelStateFailed {
			t.Errorf("attach when ATTACH is refused: %v, state %v", err, ch.State())
		}
		refuse(ablytest.ToServer(ablytest.ActionAttach), ablytest.FailChannel(errNo))
		ch = client.Channels.Get("failed")
		if err := ch.Attach(ctx); codeOf(err) != 40300 || ch.State() != ably.ChannelStateFailed {
			t.Errorf("attach when ATTACH is answered by ERROR: %v, state %v", err, ch.State())
		}
		refuse(ablytest.ToClient(ablytest.ActionAttached), ablytest.Refuse(errNo))
		ch = client.Channels.Get("refused late")
		if err := ch.Attach(ctx); codeOf(err) != 40300 {
			t.Errorf("attach when ATTACHED is refused: %v", err)
		}
		if srv.State().Attached("refused late") {
			t.Error("the client is still attached at the server after a DETACHED")
		}

		ch = client.Channels.Get("a")
		if err := ch.Attach(ctx); err != nil {
			t.Fatal(err)
		}
		for _, m := range []ablytest.Match{ablytest.ToServer(ablytest.ActionMessage), ablytest.ToClient(ablytest.ActionAck)} {
			refuse(m, ablytest.Refuse(errNo))
			if err := ch.Publish(ctx, "n", "d"); codeOf(err) != 40300 {
				t.Errorf("publish: %v", err)
			}
		}
		if err := ch.Publish(ctx, "n", "d"); err != nil {
			t.Errorf("publish after the refusals: %v", err)
		}
		refuse(ablytest.ToServer(ablytest.ActionDetach), ablytest.Refuse(errNo))
		if err := ch.Detach(ctx); codeOf(err) != 40300 || ch.State() != ably.ChannelStateFailed {
			t.Errorf("detach when DETACH is refused: %v, state %v", err, ch.State())
		}

		for _, m := range []ablytest.Match{ablytest.ToServer(ablytest.ActionConnect), ablytest.ToClient(ablytest.ActionConnected)} {
			refuse(m, ablytest.Refuse(errNo))
			other := newClient(t, srv, binary)
			awaitConnection(t, other, ably.ConnectionStateFailed)
			if r := other.Connection.ErrorReason(); r == nil || r.Code != 40300 {
				t.Errorf("the reason when CONNECT is refused: %v", r)
			}
		}
		if n := srv.State().Connected(); n != 1 {
			t.Errorf("%d connections, want only the first", n)
		}
		failClient(t, srv, client)
	})
}

func TestRefusedRequest(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		ctx := testContext(t)
		srv := ablytest.NewServer(t)
		rest, err := ably.NewREST(srv.ClientOptions(quiet, binary)...)
		if err != nil {
			t.Fatal(err)
		}
		ch := rest.Channels.Get("a")
		for _, m := range []ablytest.Match{
			ablytest.HTTPRequest("POST", "/channels/*"),
			ablytest.HTTPResponse("POST", "/channels/*"),
		} {
			srv.Fault(m.Once(), ablytest.Refuse(errNo))
			if err := ch.Publish(ctx, "n", "d"); codeOf(err) != 40300 {
				t.Errorf("publish: %v, want the code 40300", err)
			}
		}
		for _, e := range []ablytest.Effect{ablytest.CutBefore(), ablytest.CutAfter()} {
			srv.Fault(ablytest.HTTPRequest("POST", "").Once(), e)
			if err := ch.Publish(ctx, "n", "d"); err == nil {
				t.Errorf("publish succeeded, although the request got the fault %v", e)
			}
		}
		// Two requests took effect: the one whose response was refused, and the one with a cut
		// after it.
		if n := len(srv.Messages("a")); n != 2 {
			t.Errorf("the channel has %d messages, want 2", n)
		}
		gate := srv.Hold(ablytest.HTTPRequest("GET", "/time"))
		short, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() {
			_, err := rest.Time(short)
			done <- err
		}()
		if err := gate.Await(ctx, 1); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-done; err == nil {
			t.Error("no error for a request whose context ended")
		}
	})
}

func TestCuts(t *testing.T) {
	for _, effect := range []ablytest.Effect{ablytest.CutBefore(), ablytest.CutAfter()} {
		for _, m := range []ablytest.Match{
			ablytest.ToServer(ablytest.ActionConnect),
			ablytest.ToClient(ablytest.ActionConnected),
			ablytest.ToServer(ablytest.ActionAttach),
			ablytest.ToClient(ablytest.ActionAttached),
			ablytest.ToServer(ablytest.ActionMessage),
			ablytest.ToClient(ablytest.ActionAck),
			ablytest.ToServer(ablytest.ActionDetach),
			ablytest.ToClient(ablytest.ActionDetached),
		} {
			t.Run(fmt.Sprintf("%v/%v", effect, m), func(t *testing.T) {
				ctx := testContext(t)
				srv := ablytest.NewServer(t)
				fault := srv.Fault(m.Once(), effect)
				// The retry timeout is short, since a client whose first connect fails waits for
				// it.
				client := connect(t, srv, ably.WithDisconnectedRetryTimeout(time.Millisecond))
				ch := client.Channels.Get("a")
				if err := ch.Attach(ctx); err != nil {
					t.Errorf("attach: %v", err)
				}
				if err := ch.Publish(ctx, "n", "d"); err != nil {
					t.Errorf("publish: %v", err)
				}
				if err := ch.Detach(ctx); err != nil {
					t.Errorf("detach: %v", err)
				}
				if n := len(srv.Messages("a")); n != 1 {
					t.Errorf("the channel has %d messages, want 1", n)
				}
				if err := srv.Await(ctx, func(st ablytest.State) bool { return st.WebSockets == 2 && st.Connected() == 1 }); err != nil {
					t.Error(err)
				}
				if fault.Hits() != 1 {
					t.Errorf("the fault was applied %d times, want 1", fault.Hits())
				}
				failClient(t, srv, client)
			})
		}
	}
}

func TestServerEndsChannels(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	client := connect(t, srv)
	ch := client.Channels.Get("a")
	// Listen before the attach: ably-go may report the event only after Attach has returned.
	changes := make(chan ably.ChannelStateChange, 10)
	defer ch.OnAll(func(c ably.ChannelStateChange) { changes <- c })()
	if err := ch.Attach(ctx); err != nil {
		t.Fatal(err)
	}
	expect := func(want ably.ChannelState, event ably.ChannelEvent, code ably.ErrorCode) {
		t.Helper()
		select {
		case c := <-changes:
			var got ably.ErrorCode
			if c.Reason != nil {
				got = c.Reason.Code
			}
			if c.Current != want || c.Event != event || got != code {
				t.Errorf("got %v to %v, code %d; want %v to %v, code %d", c.Event, c.Current, got, event, want, code)
			}
		case <-ctx.Done():
			t.Fatalf("no change to %v", want)
		}
	}
	expect(ably.ChannelStateAttaching, ably.ChannelEventAttaching, 0)
	expect(ably.ChannelStateAttached, ably.ChannelEventAttached, 0)
	srv.UpdateChannel("a", true, errNo) // with continuity: no event
	srv.UpdateChannel("a", false, errNo)
	expect(ably.ChannelStateAttached, ably.ChannelEventUpdate, 40300)
	srv.DetachChannel("a", errNo)
	expect(ably.ChannelStateAttaching, ably.ChannelEventAttaching, 40300)
	expect(ably.ChannelStateAttached, ably.ChannelEventAttached, 0)
	srv.FailChannel("a", errNo)
	expect(ably.ChannelStateFailed, ably.ChannelEventFailed, 40300)
	if srv.State().Attached("a") {
		t.Error("after the channel failed, a connection is still attached")
	}
}

func TestReplyAndInject(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	client := connect(t, srv)
	srv.Fault(ablytest.ToServer(ablytest.ActionAttach).Once(), ablytest.Reply(
		&ablytest.ProtocolMessage{Action: ablytest.ActionAttached, Channel: "a", Flags: ablytest.ModePublish}))
	ch := client.Channels.Get("a")
	if err := ch.Attach(ctx); err != nil {
		t.Fatal(err)
	}
	if modes := ch.Modes(); !slices.Equal(modes, []ably.ChannelMode{ably.ChannelModePublish}) {
		t.Errorf("modes are %v", modes)
	}
	detached := make(chan ably.ChannelStateChange, 1)
	defer ch.Once(ably.ChannelEventFailed, func(c ably.ChannelStateChange) { detached <- c })()
	if err := srv.Inject(client.Connection.ID(), &ablytest.ProtocolMessage{
		Action: ablytest.ActionError, Channel: "a", Error: errNo}); err != nil {
		t.Fatal(err)
	}
	select {
	case c := <-detached:
		if c.Reason.Code != 40300 {
			t.Errorf("reason is %v", c.Reason)
		}
	case <-ctx.Done():
		t.Fatal("the injected ERROR has no effect")
	}
}
