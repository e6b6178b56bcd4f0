package ablytest_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/ably/ably-go/ably"
)

func TestWrongKeyIsRefused(t *testing.T) {
	srv := ablytest.NewServer(t)
	for key, code := range map[string]ably.ErrorCode{
		"app.key:hush-hush":    40101,
		"app.nobody:hush-hush": 40101,
		"nobody.key:hush-hush": 40101,
	} {
		client := newClient(t, srv, ably.WithKey(key))
		awaitConnection(t, client, ably.ConnectionStateFailed)
		reason := client.Connection.ErrorReason()
		if reason == nil || reason.Code != code {
			t.Errorf("%s: reason is %v, want code %d", key, reason, code)
		} else if strings.Contains(reason.Error(), "hush") {
			t.Errorf("the error contains the secret: %v", reason)
		}
		rest, err := ably.NewREST(srv.ClientOptions(quiet, ably.WithKey(key))...)
		if err != nil {
			t.Fatal(err)
		}
		err = rest.Channels.Get("a").Publish(testContext(t), "n", "d")
		var info *ably.ErrorInfo
		if !errors.As(err, &info) || info.Code != code {
			t.Errorf("%s: REST error is %v, want code %d", key, err, code)
		}
	}
}

// callbackOptions returns options with an authCallback that gets its tokens from the server.
func callbackOptions(srv *ablytest.Server, f func() (*ablytest.TokenDetails, error), extra ...ably.ClientOption) []ably.ClientOption {
	return srv.EndpointOptions(append(extra, quiet, ably.WithAuthCallback(
		func(context.Context, ably.TokenParams) (ably.Tokener, error) {
			d, err := f()
			if err != nil {
				return nil, err
			}
			return ably.TokenDetails{Token: d.Token, KeyName: d.KeyName, ClientID: d.ClientID,
				Issued: d.Issued, Expires: d.Expires, Capability: d.Capability}, nil
		}))...)
}

func TestTokenByAuthCallback(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		ctx := testContext(t)
		srv := ablytest.NewServer(t)
		client, err := ably.NewRealtime(callbackOptions(srv, func() (*ablytest.TokenDetails, error) {
			return srv.IssueToken(ablytest.TokenParams{ClientID: "alice", Capability: `{"a":["publish","subscribe","history"]}`})
		}, binary)...)
		if err != nil {
			t.Fatal(err)
		}
		defer closeClient(t, client)
		awaitConnection(t, client, ably.ConnectionStateConnected)
		if id := client.Auth.ClientID(); id != "alice" {
			t.Errorf("clientId is %q", id)
		}
		if err := client.Channels.Get("a").Publish(ctx, "n", "d"); err != nil {
			t.Fatal(err)
		}
		if ms := srv.Messages("a"); len(ms) != 1 || ms[0].ClientID != "alice" {
			t.Errorf("messages are %+v", ms)
		}
		err = client.Channels.Get("b").Attach(ctx)
		var info *ably.ErrorInfo
		if !errors.As(err, &info) || info.Code != 40160 {
			t.Errorf("attach to a channel that the token doesn't allow: %v", err)
		}
	})
}

func TestSignedTokenRequest(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		ctx := testContext(t)
		srv := ablytest.NewServer(t)
		owner, err := ably.NewREST(srv.ClientOptions(quiet, binary)...)
		if err != nil {
			t.Fatal(err)
		}
		request, err := owner.Auth.CreateTokenRequest(&ably.TokenParams{ClientID: "bob", TTL: 60_000})
		if err != nil {
			t.Fatal(err)
		}
		client, err := ably.NewRealtime(srv.EndpointOptions(quiet, binary, ably.WithAuthCallback(
			func(context.Context, ably.TokenParams) (ably.Tokener, error) { return request, nil }))...)
		if err != nil {
			t.Fatal(err)
		}
		defer closeClient(t, client)
		awaitConnection(t, client, ably.ConnectionStateConnected)
		if id := client.Auth.ClientID(); id != "bob" {
			t.Errorf("clientId is %q", id)
		}
		toks := srv.State().Tokens
		if len(toks) != 1 || toks[0].ClientID != "bob" || toks[0].Expires-toks[0].Issued != 60_000 {
			t.Errorf("tokens are %+v", toks)
		}

		// The same request twice is a replay, and a request that another key signed is a forgery.
		again := func(rq *ably.TokenRequest) error {
			rest, err := ably.NewREST(srv.EndpointOptions(quiet, binary, ably.WithAuthCallback(
				func(context.Context, ably.TokenParams) (ably.Tokener, error) { return rq, nil }))...)
			if err != nil {
				t.Fatal(err)
			}
			return rest.Channels.Get("a").Publish(ctx, "n", "d")
		}
		forged := *request
		forged.MAC = base64.StdEncoding.EncodeToString(make([]byte, sha256.Size))
		for want, rq := range map[ably.ErrorCode]*ably.TokenRequest{40105: request, 40101: &forged} {
			var info *ably.ErrorInfo
			if err := again(rq); !errors.As(err, &info) || info.Code != want {
				t.Errorf("error is %v, want code %d", err, want)
			}
		}
	})
}

func TestExpiredTokenIsRenewedAndTheConnectionResumed(t *testing.T) {
	srv := ablytest.NewServer(t)
	var issued atomic.Int64
	client, err := ably.NewRealtime(callbackOptions(srv, func() (*ablytest.TokenDetails, error) {
		issued.Add(1)
		return srv.IssueToken(ablytest.TokenParams{})
	})...)
	if err != nil {
		t.Fatal(err)
	}
	defer closeClient(t, client)
	awaitConnection(t, client, ably.ConnectionStateConnected)
	id := client.Connection.ID()
	changes := connectionChanges(t, client)
	srv.ExpireTokens()
	if c := nextState(t, changes, ably.ConnectionStateDisconnected); c.Reason == nil || c.Reason.Code != 40142 {
		t.Errorf("reason is %v, want code 40142", c.Reason)
	}
	nextState(t, changes, ably.ConnectionStateConnected)
	if client.Connection.ID() != id || issued.Load() != 2 {
		t.Errorf("the connection's id changed from %s to %s; %d tokens were issued", id, client.Connection.ID(), issued.Load())
	}
}

func TestTokenRunsDownOnTheServersClock(t *testing.T) {
	clock := ablytest.NewManualClock(time.Now())
	srv := ablytest.NewServer(t, ablytest.WithClock(clock), ablytest.WithAuthNotice(0), ablytest.WithMaxIdleInterval(0))
	d, err := srv.IssueToken(ablytest.TokenParams{TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	client, err := ably.NewRealtime(srv.EndpointOptions(quiet, ably.WithToken(d.Token))...)
	if err != nil {
		t.Fatal(err)
	}
	defer closeClient(t, client)
	awaitConnection(t, client, ably.ConnectionStateConnected)
	clock.Advance(time.Minute)
	// The client has only a token, and no way to get a new one (RTN15h1).
	awaitConnection(t, client, ably.ConnectionStateFailed)
	if r := client.Connection.ErrorReason(); r == nil || r.Code != 40142 {
		t.Errorf("reason is %v, want code 40142", r)
	}
}

func TestReauthenticationInBand(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	capability := `{"*":["*"]}`
	client, err := ably.NewRealtime(callbackOptions(srv, func() (*ablytest.TokenDetails, error) {
		return srv.IssueToken(ablytest.TokenParams{ClientID: "alice", Capability: capability})
	})...)
	if err != nil {
		t.Fatal(err)
	}
	defer closeClient(t, client)
	awaitConnection(t, client, ably.ConnectionStateConnected)
	id := client.Connection.ID()
	ch := client.Channels.Get("a")
	if err := ch.Attach(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Auth.Authorize(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if client.Connection.ID() != id || ch.State() != ably.ChannelStateAttached {
		t.Errorf("the connection is %s, and the channel %v", client.Connection.ID(), ch.State())
	}

	// A new token fails the channels that it doesn't allow (RTC8a1).
	failed := make(chan ably.ChannelStateChange, 1)
	defer ch.Once(ably.ChannelEventFailed, func(c ably.ChannelStateChange) { failed <- c })()
	capability = `{"b":["*"]}`
	if _, err := client.Auth.Authorize(ctx, nil); err != nil {
		t.Fatal(err)
	}
	select {
	case c := <-failed:
		if c.Reason == nil || c.Reason.Code != 40160 {
			t.Errorf("reason is %v, want code 40160", c.Reason)
		}
	case <-ctx.Done():
		t.Fatal("the channel doesn't fail")
	}
}

func TestServerAsksForAuthentication(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	client, err := ably.NewRealtime(callbackOptions(srv, func() (*ablytest.TokenDetails, error) {
		return srv.IssueToken(ablytest.TokenParams{})
	})...)
	if err != nil {
		t.Fatal(err)
	}
	defer closeClient(t, client)
	awaitConnection(t, client, ably.ConnectionStateConnected)
	auth := srv.Fault(ablytest.ToServer(ablytest.ActionAuth)) // counts AUTH frames
	again := srv.Fault(ablytest.ToClient(ablytest.ActionConnected))
	if err := srv.RequestAuth(client.Connection.ID()); err != nil {
		t.Fatal(err)
	}
	if err := auth.Await(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := again.Await(ctx, 1); err != nil {
		t.Fatal(err)
	}
}

func TestIncompatibleClientID(t *testing.T) {
	srv := ablytest.NewServer(t)
	d, err := srv.IssueToken(ablytest.TokenParams{ClientID: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	rest, err := ably.NewREST(srv.EndpointOptions(quiet, ably.WithToken(d.Token))...)
	if err != nil {
		t.Fatal(err)
	}
	err = rest.Channels.Get("a").PublishMultiple(testContext(t), []*ably.Message{{Name: "n", ClientID: "bob"}})
	var info *ably.ErrorInfo
	if !errors.As(err, &info) || info.Code != 40012 {
		t.Errorf("error is %v, want code 40012", err)
	}
	// ably-go sends no clientId with a token. This transport param makes it send one, as other
	// clients do.
	client, err := ably.NewRealtime(srv.EndpointOptions(quiet, ably.WithToken(d.Token),
		ably.WithTransportParams(map[string][]string{"clientId": {"bob"}}))...)
	if err != nil {
		t.Fatal(err)
	}
	defer closeClient(t, client)
	awaitConnection(t, client, ably.ConnectionStateFailed)
	if r := client.Connection.ErrorReason(); r == nil || r.Code != 40102 {
		t.Errorf("reason is %v, want code 40102", r)
	}
}

func TestKeysPrintWithoutTheirSecret(t *testing.T) {
	key, err := ablytest.ParseKey("app.id:hush")
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(key); strings.Contains(s, "hush") {
		t.Error(s)
	}
	for _, bad := range []string{"", "app.id", "app:hush", ".id:hush", "app.:hush", "app.id:"} {
		if _, err := ablytest.ParseKey(bad); err == nil {
			t.Errorf("%q was accepted as a key", bad)
		} else if strings.Contains(err.Error(), "hush") {
			t.Errorf("the error contains the secret: %v", err)
		}
	}
}
