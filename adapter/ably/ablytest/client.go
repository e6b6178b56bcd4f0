package ablytest

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/ably/ably-go/ably"
)

// dialer is implemented by a listener of a network in memory.
type dialer interface {
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

// ClientOptions returns the options that an ably-go client, realtime or REST, needs to use this
// server with its first key. The extra options come after them and take precedence. A token or an
// authCallback among the extra options replaces the key.
func (s *Server) ClientOptions(extra ...ably.ClientOption) []ably.ClientOption {
	return append(s.EndpointOptions(
		ably.WithKey(s.Key()),
		ably.WithInsecureAllowBasicAuthWithoutTLS(),
	), extra...)
}

// EndpointOptions returns ClientOptions without a key: only the address of the server. If the
// server's listener has a method DialContext, like the listeners of package memnet, the options
// contain an HTTP client that dials with it, for REST and for the WebSockets of ablychat.
func (s *Server) EndpointOptions(extra ...ably.ClientOption) []ably.ClientOption {
	options := []ably.ClientOption{
		ably.WithEndpoint(s.Host()),
		ably.WithPort(s.Port()),
		ably.WithTLS(false),
		ably.WithFallbackHosts([]string{}),
	}
	if network, ok := s.ln.(dialer); ok {
		options = append(options, ably.WithHTTPClient(&http.Client{Transport: &http.Transport{
			// Keep-alives are off, so that no idle connection keeps a goroutine. The client has no
			// timeout of its own: a timeout costs a goroutine where ably-go doesn't close the body.
			DialContext: network.DialContext, DisableKeepAlives: true,
			ResponseHeaderTimeout: 10 * time.Second,
		}}))
	}
	return append(options, extra...)
}
