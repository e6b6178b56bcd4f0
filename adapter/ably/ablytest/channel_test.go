package ablytest_test

import (
	"slices"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/ably/ably-go/ably"
)

func TestModesAndParams(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		ctx := testContext(t)
		srv := ablytest.NewServer(t)
		client := connect(t, srv, binary)
		ch := client.Channels.Get("a",
			ably.ChannelWithModes(ably.ChannelModeSubscribe, ably.ChannelModePresenceSubscribe),
			ably.ChannelWithParams("rewind", "1"), ably.ChannelWithParams("agent", "x/1"), ably.ChannelWithParams("unknown", "y"))
		if err := ch.Attach(ctx); err != nil {
			t.Fatal(err)
		}
		if got := ch.Modes(); !slices.Equal(got, []ably.ChannelMode{ably.ChannelModeSubscribe, ably.ChannelModePresenceSubscribe}) {
			t.Errorf("modes are %v", got)
		}
		if got := ch.Params(); len(got) != 1 || got["rewind"] != "1" {
			t.Errorf("params are %v", got)
		}
		a := srv.State().Channels["a"].Attached[client.Connection.ID()]
		if a.Modes != ablytest.ModeSubscribe|ablytest.ModePresenceSubscribe || !a.Live {
			t.Errorf("attachment is %+v", a)
		}
		if err := ch.Publish(ctx, "n", "d"); codeOf(err) != 40160 {
			t.Errorf("publish without the mode: %v", err)
		}
		// A client that attaches without the SUBSCRIBE mode receives no messages.
		deaf := client.Channels.Get("b", ably.ChannelWithModes(ably.ChannelModePublish))
		if err := deaf.Attach(ctx); err != nil {
			t.Fatal(err)
		}
		messages := srv.Fault(ablytest.ToClient(ablytest.ActionMessage))
		if err := deaf.Publish(ctx, "n", "d"); err != nil {
			t.Fatal(err)
		}
		if messages.Hits() != 0 {
			t.Error("a message was delivered without the SUBSCRIBE mode")
		}
		bad := client.Channels.Get("c", ably.ChannelWithParams("rewind", "soon"))
		if err := bad.Attach(ctx); codeOf(err) != 40003 {
			t.Errorf("attach with a bad rewind: %v", err)
		}
	})
}

func TestEchoOff(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	ch := connect(t, srv, ably.WithEchoMessages(false)).Channels.Get("a")
	got := make(chan string, 2)
	if _, err := ch.SubscribeAll(ctx, func(m *ably.Message) { got <- m.Name }); err != nil {
		t.Fatal(err)
	}
	if err := ch.Publish(ctx, "own", "d"); err != nil {
		t.Fatal(err)
	}
	if _, err := srv.Publish("a", ablytest.Message{Name: "other"}); err != nil {
		t.Fatal(err)
	}
	if name := <-got; name != "other" {
		t.Errorf("received the message %q, want other", name)
	}
}

func TestRewind(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	for _, name := range []string{"1", "2", "3"} {
		if _, err := srv.Publish("a", ablytest.Message{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	ch := connect(t, srv).Channels.Get("a", ably.ChannelWithParams("rewind", "2"))
	got := make(chan string, 3)
	if _, err := ch.SubscribeAll(ctx, func(m *ably.Message) { got <- m.Name }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2", "3"} {
		if name := <-got; name != want {
			t.Errorf("got %q, want %q", name, want)
		}
	}
}

// A channel continues from the serial in the client's ATTACH, or the ATTACHED says that it can't.
func TestContinuity(t *testing.T) {
	ctx := testContext(t)
	clock := ablytest.NewManualClock(time.Now())
	srv := ablytest.NewServer(t, ablytest.WithClock(clock), ablytest.WithConnectionStateTTL(time.Minute),
		ablytest.WithMaxIdleInterval(0), ablytest.WithMessageLimit(2))
	client := connect(t, srv)
	ch := client.Channels.Get("a")
	attached := attachments(t, ch)
	resumed := func() bool {
		t.Helper()
		if err := ch.Attach(ctx); err != nil {
			t.Fatal(err)
		}
		return (<-attached).Resumed
	}
	publish := func() {
		if _, err := srv.Publish("a", ablytest.Message{Name: "n"}); err != nil {
			t.Fatal(err)
		}
	}
	detach := func() {
		if err := ch.Detach(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if resumed() {
		t.Error("the first ATTACHED has RESUMED")
	}
	detach() // ably-go keeps the serial when it detaches
	publish()
	if !resumed() {
		t.Error("ATTACHED lacks RESUMED, although all messages are still kept")
	}
	detach()
	publish()
	publish()
	publish()
	if resumed() {
		t.Error("ATTACHED has RESUMED, although a message was dropped")
	}
	detach()
	clock.Advance(time.Minute + time.Millisecond)
	if resumed() {
		t.Error("ATTACHED has RESUMED, although the client was away for too long")
	}
	publish() // moves the client's serial to the present
	detach()
	srv.LoseContinuity("a")
	if resumed() {
		t.Error("ATTACHED has RESUMED, although continuity was lost")
	}
}

func TestUnservedIsRefused(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		ctx := testContext(t)
		srv := ablytest.NewServer(t)
		client := connect(t, srv, binary, ably.WithClientID("me"))
		ch := client.Channels.Get("a")
		if err := ch.Attach(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := ch.UpdateMessage(ctx, &ably.Message{Serial: "x", Data: "y"}); codeOf(err) != 40400 {
			t.Errorf("update of a message that doesn't exist: %v", err)
		}
		if err := ch.Publish(ctx, "n", "d"); err != nil {
			t.Errorf("publish after the refusals: %v", err)
		}
	})
}
