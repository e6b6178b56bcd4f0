package ablytest

import "github.com/ably/ably-go/ably"

// ClientOptions returns what an ably-go client, realtime or REST, needs to use this
// server with its first key; extra options follow and win. A token or an authCallback
// among them takes the place of the key.
func (s *Server) ClientOptions(extra ...ably.ClientOption) []ably.ClientOption {
	return append(s.EndpointOptions(
		ably.WithKey(s.Key()),
		ably.WithInsecureAllowBasicAuthWithoutTLS(),
	), extra...)
}

// EndpointOptions is ClientOptions without a key: the address alone.
func (s *Server) EndpointOptions(extra ...ably.ClientOption) []ably.ClientOption {
	return append([]ably.ClientOption{
		ably.WithEndpoint(s.Host()),
		ably.WithPort(s.Port()),
		ably.WithTLS(false),
		ably.WithFallbackHosts([]string{}),
	}, extra...)
}
