package ablytest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/ably/ably-go/ably"
)

func TestOptionsThatCantWork(t *testing.T) {
	for name, o := range map[string]ablytest.Option{
		"any address":    ablytest.WithAddr(":0"),
		"public address": ablytest.WithAddr("0.0.0.0:0"),
		"host name":      ablytest.WithAddr("example.com:80"),
		"no port":        ablytest.WithAddr("127.0.0.1"),
		"no keys":        ablytest.WithKeys(),
		"bad key":        ablytest.WithKeys(ablytest.Key{Name: "app", Secret: "hush"}),
		"bad capability": ablytest.WithKeys(ablytest.Key{Name: "app.key", Secret: "hush", Capability: "all"}),
	} {
		srv, err := ablytest.Start(o)
		if err == nil {
			srv.Close()
			t.Errorf("%s: the server started, although an option is invalid", name)
		} else if strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the error contains the secret: %v", name, err)
		}
	}
	taken := ablytest.NewServer(t)
	if srv, err := ablytest.Start(ablytest.WithAddr(taken.Addr())); err == nil {
		srv.Close()
		t.Error("a second server started on the same address")
	}
	onIPv6, err := ablytest.Start(ablytest.WithAddr("[::1]:0"))
	if err != nil {
		t.Skipf("no IPv6 here: %v", err)
	}
	onIPv6.Close()
}

func TestCloseEndsWhatGoesOn(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	client := connect(t, srv)
	gate := srv.Hold(ablytest.ToClient(ablytest.ActionAttached))
	request := srv.Hold(ablytest.HTTPRequest("GET", "/time"))
	attach, cancel := context.WithCancel(ctx)
	defer cancel()
	var waiting sync.WaitGroup
	waiting.Go(func() { client.Channels.Get("a").Attach(attach) })
	waiting.Go(func() { client.Time(ctx) })
	for _, g := range []*ablytest.Gate{gate, request} {
		if err := g.Await(ctx, 1); err != nil {
			t.Fatal(err)
		}
	}
	waiter := make(chan error, 1)
	go func() { waiter <- srv.Await(ctx, func(ablytest.State) bool { return false }) }()
	changes := connectionChanges(t, client)
	srv.Close()
	srv.Close()
	if err := <-waiter; err == nil {
		t.Error("Await of a closed server returns no error")
	}
	if gate.Held() != 0 || request.Held() != 0 {
		t.Errorf("the gates still hold %d and %d frames", gate.Held(), request.Held())
	}
	if !srv.State().Closed {
		t.Error("the state doesn't report that the server is closed")
	}
	// ably-go ignores a Close while it dials, so let it notice first that there is no server.
	for c := nextState(t, changes, ably.ConnectionStateDisconnected); c.RetryIn == 0; {
		c = nextState(t, changes, ably.ConnectionStateDisconnected)
	}
	cancel()
	waiting.Wait()
	gate.Open()
}

func TestManyClientsAtOnce(t *testing.T) {
	srv := ablytest.NewServer(t)
	ctx := testContext(t)
	var all sync.WaitGroup
	for i := range 10 {
		client := newClient(t, srv)
		all.Go(func() {
			for _, name := range []string{"shared", fmt.Sprint("own ", i)} {
				ch := client.Channels.Get(name)
				if err := ch.Attach(ctx); err != nil {
					t.Error(err)
				}
				if err := ch.Publish(ctx, "n", "d"); err != nil {
					t.Error(err)
				}
				if err := ch.Detach(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := len(srv.Messages("shared")); n != 10 {
		t.Errorf("the channel has %d messages, want 10", n)
	}
	if names := srv.State().AttachedChannels(); len(names) != 0 {
		t.Errorf("still attached: %q", names)
	}
}

func TestForgetChannel(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	ch := connect(t, srv).Channels.Get("a")
	if err := ch.Attach(ctx); err != nil {
		t.Fatal(err)
	}
	if err := srv.ForgetChannel("a"); err == nil {
		t.Error("ForgetChannel forgot a channel to which a connection is attached")
	}
	if err := ch.Detach(ctx); err != nil {
		t.Fatal(err)
	}
	if err := srv.ForgetChannel("a"); err != nil || len(srv.State().Channels) != 0 {
		t.Errorf("ForgetChannel: %v; the server still has the channels %v", err, srv.State().Channels)
	}
}
