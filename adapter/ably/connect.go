package ablychat

import (
	"context"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/chatrest"
	"ablyrooms.example/adapter/ably/internal/transport"
)

// WithREST gives the chat client a REST client, for all that goes by REST: sending, updating and
// deleting messages, the history, reactions to messages, and how many are in a room. It stays the
// caller's. Rooms and messages whose names have a slash can't be reached with it; see [Connect],
// which has no such limit.
func WithREST(rest *ably.REST) Option { return func(c *config) { c.rest = rest } }

// NewRealtime makes a realtime client that a chat client and other code can share: give it to [New].
// It is a client of ably-go's in every way, made with the options of [ably.NewRealtime]; below it
// is a transport that rooms use too. What it logs is written without keys and tokens, unless the
// options name a log handler. [ably.WithDial] has no effect.
//
// With ably.WithQueueMessages(false) presence of rooms fails at once without a connection (TO3g).
//
// The caller closes it. Until the connection has ended its transport has goroutines.
//
// Errors: ably-go's, for options that are invalid.
func NewRealtime(options ...ably.ClientOption) (*ably.Realtime, error) {
	client, _, err := transport.NewRealtime(transport.Options{}, ourOptions(options)...)
	if err != nil {
		return nil, fromAbly("create realtime client", err)
	}
	return client, nil
}

// ourOptions puts ours before those of the caller's, which count, and a guard before their callback.
func ourOptions(options []ably.ClientOption) []ably.ClientOption {
	ours := append([]ably.ClientOption{Agent(), ably.WithLogHandler(cleanLog{})}, options...)
	return append(ours, guardedCallback())
}

// Connect makes a realtime client and a REST client from the same options, and a chat client on
// them, which owns both: [Client.Dispose] closes the connection. The realtime client connects at
// once, unless the options say otherwise. What ably-go logs is written without keys and tokens,
// unless the options name a log handler.
//
// Errors: ably-go's, for options that are invalid.
func Connect(options ...ably.ClientOption) (*Client, error) { return ConnectWith(nil, options...) }

// ConnectWith is [Connect] with options of the chat client too: [WithLogger] and the like. What
// [WithREST] gives is not used.
//
// Errors: those of [Connect] and [New].
func ConnectWith(chat []Option, options ...ably.ClientOption) (*Client, error) {
	rest, err := chatrest.New(ourOptions(options)...)
	if err != nil {
		return nil, fromAbly("create chat client", err)
	}
	realtime, err := NewRealtime(options...)
	if err != nil {
		return nil, err
	}
	client, err := New(realtime, chat...)
	if err != nil {
		realtime.Close()
		return nil, err
	}
	client.rest, client.owned = restAPI{own: rest}, true
	return client, nil
}

// hangUp closes the connection and waits for the end of that, and of the transport's goroutines,
// for as long as a request may take.
func (c *Client) hangUp() {
	changed := make(chan struct{}, 1)
	defer c.realtime.Connection.OnAll(func(ably.ConnectionStateChange) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})()
	timeout := time.NewTimer(c.timeout)
	defer timeout.Stop()
	stayClosed(c.realtime)
	for over := false; !over; {
		switch c.realtime.Connection.State() {
		case ably.ConnectionStateInitialized, ably.ConnectionStateClosed, ably.ConnectionStateFailed:
			over = true
			continue
		}
		select {
		case <-changed:
		case <-timeout.C:
			over = true
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	_ = c.transport.Close(ctx) // the socket is closed in any case
	c.rest.own.Close(ctx)
}

// stayClosed closes the connection, and again whenever it comes back to life: ably-go loses a close
// that comes just as its loop goes from waiting to dialling.
func stayClosed(client *ably.Realtime) {
	client.Connection.OnAll(func(change ably.ConnectionStateChange) {
		switch change.Current {
		case ably.ConnectionStateConnecting, ably.ConnectionStateDisconnected, ably.ConnectionStateSuspended:
			client.Close()
		}
	})
	client.Close()
}

// Realtime returns the realtime client that the chat client is on.
func (c *Client) Realtime() *ably.Realtime { return c.realtime }

// ClientID returns the id of the client as Ably knows it; empty when it has none, or has not
// connected yet (CHA-CL).
func (c *Client) ClientID() string { return c.channels.ClientID() }
