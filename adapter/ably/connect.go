package ablychat

import (
	"reflect"
	"slices"
	"time"

	"github.com/ably/ably-go/ably"
)

// WithREST gives the chat client a REST client, for all that goes by REST: sending, updating and deleting messages, the history, reactions to
// messages, and how many are in a room. It stays the caller's. Rooms and messages whose names have a slash can't be reached with it; see
// [Connect], which has no such limit.
func WithREST(rest *ably.REST) Option { return func(c *config) { c.rest = rest } }

// Connect makes a realtime client and a REST client from the same options, and a chat client on them, which owns both: [Client.Dispose] closes
// the connection. The realtime client connects at once, unless the options say otherwise. What ably-go logs is written without keys and tokens,
// unless the options name a log handler of their own.
//
// Errors: ably-go's, for options that can't be.
func Connect(options ...ably.ClientOption) (*Client, error) { return ConnectWith(nil, options...) }

// ConnectWith is [Connect] with options of the chat client too: [WithLogger] and the like. What [WithREST] gives is not used.
//
// Errors: those of [Connect] and [New].
func ConnectWith(chat []Option, options ...ably.ClientOption) (*Client, error) {
	var api restAPI
	options = append([]ably.ClientOption{Agent(), ably.WithLogHandler(cleanLog{})}, options...)
	rest, err := ably.NewREST(append(slices.Clone(options), throughTransport(&api))...)
	if err != nil {
		return nil, fromAbly("create chat client", err)
	}
	connects := true
	realtime, err := ably.NewRealtime(append(options, connectLater(&connects))...)
	if err != nil {
		return nil, fromAbly("create chat client", err)
	}
	client, err := New(realtime, append(slices.Clone(chat), WithREST(rest))...)
	if err != nil {
		realtime.Close()
		return nil, err
	}
	api.client = rest
	client.rest, client.owned = api, true
	if connects {
		realtime.Connect()
	}
	return client, nil
}

// connectLater is an option for a realtime client not to connect before it is whole, and the chat client listens: ably-go may meet a
// nil pointer of its own otherwise. It tells whether the options before it would have it connect.
func connectLater(connects *bool) ably.ClientOption {
	return changing(ably.WithAutoConnect(false), func(options reflect.Value) {
		no := options.FieldByName("NoConnect")
		*connects = !no.Bool()
		no.SetBool(true)
	})
}

// hangUp closes the connection and waits for the end of that, for as long as a request may take. ably-go forgets a close that is asked for
// while it is dialling, so the end of that is waited for first.
func (c *Client) hangUp() {
	connection := c.realtime.Connection
	changed := make(chan struct{}, 1)
	off := connection.OnAll(func(ably.ConnectionStateChange) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer off()
	timeout := time.NewTimer(c.requestTimeout)
	defer timeout.Stop()
	for {
		switch connection.State() {
		case ably.ConnectionStateInitialized, ably.ConnectionStateClosed, ably.ConnectionStateFailed:
			return
		case ably.ConnectionStateClosing, ably.ConnectionStateConnecting:
		default:
			c.realtime.Close()
		}
		select {
		case <-changed:
		case <-timeout.C:
			c.realtime.Close()
			return
		}
	}
}

// Realtime returns the realtime client that the chat client is on.
func (c *Client) Realtime() *ably.Realtime { return c.realtime }

// ClientID returns the id of the client as Ably knows it; empty when it has none, or has not connected yet (CHA-CL).
func (c *Client) ClientID() string { return c.realtime.Auth.ClientID() }
