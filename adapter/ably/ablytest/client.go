package ablytest

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/ably/ably-go/ably"
)

// dialer is what the listener of a network that is not the machine's has.
type dialer interface {
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

// ClientOptions returns what an ably-go client, realtime or REST, needs to use this
// server with its first key; extra options follow and win. A token or an authCallback
// among them takes the place of the key.
func (s *Server) ClientOptions(extra ...ably.ClientOption) []ably.ClientOption {
	return append(s.EndpointOptions(
		ably.WithKey(s.Key()),
		ably.WithInsecureAllowBasicAuthWithoutTLS(),
	), extra...)
}

// EndpointOptions is ClientOptions without a key: the address alone. If the server's listener has a
// method DialContext, as those of package memnet have, there is an HTTP client among them that
// dials by it, for REST and for the WebSockets of ablychat.
func (s *Server) EndpointOptions(extra ...ably.ClientOption) []ably.ClientOption {
	options := []ably.ClientOption{
		ably.WithEndpoint(s.Host()),
		ably.WithPort(s.Port()),
		ably.WithTLS(false),
		ably.WithFallbackHosts([]string{}),
	}
	if network, ok := s.ln.(dialer); ok {
		options = append(options, ably.WithHTTPClient(&http.Client{Transport: &http.Transport{
			// No connection waits for further requests, and no goroutine with it. The client has no
			// timeout of its own, which costs a goroutine where ably-go doesn't close the body.
			DialContext: network.DialContext, DisableKeepAlives: true,
			ResponseHeaderTimeout: 10 * time.Second,
		}}))
	}
	return append(options, extra...)
}
