package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
)

// RTN22, RTC8a: the client answers the server's AUTH with a token, for each way in which a client
// can get tokens.
func TestAuthIsAnswered(t *testing.T) {
	server := ablytest.NewServer(t)
	issue := func() *ablytest.TokenDetails {
		token, err := server.IssueToken(ablytest.TokenParams{ClientID: "ann"})
		must(t, err)
		return token
	}
	url := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(ably.TokenDetails{Token: issue().Token})
	}))
	defer url.Close()
	request := func(_ context.Context, p ably.TokenParams) (ably.Tokener, error) {
		key, err := ably.NewREST(server.ClientOptions()...)
		must(t, err)
		r, err := key.Auth.CreateTokenRequest(&p)
		return *r, err
	}
	details := func(context.Context, ably.TokenParams) (ably.Tokener, error) {
		return ably.TokenDetails{Token: issue().Token}, nil
	}
	with := func(options ...ably.ClientOption) []ably.ClientOption { return options }
	for name, options := range map[string][]ably.ClientOption{
		"a key":                      with(ably.WithClientID("ann")),
		"a token got by the key":     with(ably.WithUseTokenAuth(true)),
		"a callback's token":         with(ably.WithKey(""), ably.WithAuthCallback(details)),
		"a callback's token request": with(ably.WithKey(""), ably.WithAuthCallback(request)),
		"a URL":                      with(ably.WithKey(""), ably.WithAuthURL(url.URL)),
		"a client for HTTP":          with(ably.WithHTTPClient(&http.Client{})),
		"a transport for HTTP": with(ably.WithHTTPClient(
			&http.Client{Transport: http.DefaultTransport})),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorldOn(t, server, transport.Options{}, options...)
			w.connect()
			w.attach()
			sockets := server.State().WebSockets
			asked := server.Fault(ablytest.ToServer(ablytest.ActionAuth)) // counts the AUTH frames
			must(t, server.RequestAuth(w.client.Connection.ID()))
			must(t, asked.Await(soon(t), 1))
			w.await(transport.Updated)
			w.succeeds(w.publish("on the same socket"))
			if n := server.State().WebSockets; n != sockets {
				t.Errorf("%d WebSockets, want %d", n, sockets)
			}
		})
	}
}

// A client can close while it waits for a token: the request for the token ends with the socket.
// Other requests end with their contexts.
func TestARequestForATokenEndsWithTheSocket(t *testing.T) {
	bubbled(t, "", testARequestForATokenEndsWithTheSocket)
}

func testARequestForATokenEndsWithTheSocket(t *testing.T) {
	w := connected(t, ably.WithUseTokenAuth(true), ably.WithRealtimeRequestTimeout(time.Hour))
	held := w.server.Hold(ablytest.HTTPRequest("POST", "/keys/*"))
	must(t, w.server.RequestAuth(""))
	must(t, held.Await(soon(t), 1))
	w.client.Close()
	w.state(ably.ConnectionStateClosed)
	held.Open()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.client.Auth.RequestToken(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("RequestToken returned the error %v", err)
	}
}
