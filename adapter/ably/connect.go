package ablychat

import (
	"context"
	"log/slog"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/chatrest"
	"ablyrooms.example/adapter/ably/internal/transport"
)

// below is what the chat clients on one realtime client share: what was made with it.
type below struct {
	rest      *chatrest.Client
	callbacks *callbacks
	log       logTarget
}

// NewRealtime makes a realtime client that a chat client and other code can share: give it to
// [New]. It is a client of ably-go's in every way, made with the options of [ably.NewRealtime];
// below it is a transport that rooms use too. It logs where its chat client does, see [WithLogger],
// unless the options name a log handler. ably.WithDial has no effect. If the client of
// ably.WithHTTPClient has an [http.Transport], the WebSocket is opened by a copy of it: its dialer,
// proxy and TLS configuration hold for both.
//
// With ably.WithQueueMessages(false) presence of rooms fails at once without a connection (TO3g).
//
// The program's auth callback is given the time of a request (ably.WithRealtimeRequestTimeout, 10 s
// by default). Then its context ends and the client tries again (RSA4c), also while a call that
// ignores its context goes on.
//
// REST calls of rooms use the newest token of the realtime client, also after its Auth.Authorize.
// When that is refused they ask for one by the options given here.
//
// The caller closes it. Until the connection has ended its transport has goroutines.
//
// Errors: ably-go's, for options that are invalid.
func NewRealtime(options ...ably.ClientOption) (*ably.Realtime, error) {
	return newRealtime("create realtime client", nil, options)
}

func newRealtime(
	operation string, log *slog.Logger, options []ably.ClientOption,
) (*ably.Realtime, error) {
	b := &below{callbacks: newCallbacks()}
	b.log.set(log)
	options = b.ourOptions(options)
	var err error
	if b.rest, err = chatrest.New(options...); err != nil {
		return nil, fromAbly(operation, err)
	}
	client, _, err := transport.NewRealtime(
		transport.Options{User: b, Logger: slog.New(redirected{target: &b.log}), Token: b.rest.Use},
		options...)
	if err != nil {
		return nil, fromAbly(operation, err)
	}
	return client, nil
}

// ourOptions puts ours before those of the caller's, which count, and a guard before their
// callback.
func (b *below) ourOptions(options []ably.ClientOption) []ably.ClientOption {
	ours := append([]ably.ClientOption{
		ably.WithAgents(map[string]string{agentName: Version}), // CHA-IN1e
		ably.WithLogHandler(&b.log),
	}, options...)
	return append(ours, b.callbacks.option())
}

// Connect makes a chat client with a connection of its own, which [Client.Close] and
// [Client.Dispose] close. It connects in the background at once, unless the options say otherwise.
// The options of ably-go, such as the key, are given by [Ably].
//
//	client, err := ablychat.Connect(ablychat.Ably(ably.WithKey(key), ably.WithClientID("ada")))
//
// Errors: ably-go's, for options that are invalid.
func Connect(options ...Option) (*Client, error) {
	cfg := configured(options)
	realtime, err := newRealtime("create chat client", cfg.log, cfg.ably)
	if err != nil {
		return nil, err
	}
	client, err := newClient(realtime, cfg, true)
	if err != nil {
		realtime.Close()
		return nil, err
	}
	return client, nil
}

// hangUp begins to close the connection, if that was not begun before, and returns a channel that
// is closed at the end of it.
func (c *Client) hangUp() <-chan struct{} {
	c.hangingUp.Do(func() {
		go func() {
			defer close(c.hungUp)
			c.closeConnection()
		}()
	})
	return c.hungUp
}

// closeConnection closes the connection and waits until it is closed and the transport's goroutines
// have ended: for each of these at most for the time of a request, and only while c.patience lasts.
func (c *Client) closeConnection() {
	changed := make(chan struct{}, 1)
	c.below.callbacks.close() // ably-go holds its lock over them, and over its requests for a token
	c.transport.EndRequests()
	defer c.realtime.Connection.OnAll(func(ably.ConnectionStateChange) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})()
	closing, cancel := context.WithTimeout(c.patience, c.timeout)
	defer cancel()
	stayClosed(c.realtime)
	for !closed(c.realtime) && closing.Err() == nil {
		select {
		case <-changed:
		case <-closing.Done():
		}
	}
	ending, cancel := context.WithTimeout(c.patience, c.timeout)
	defer cancel()
	_ = c.transport.Close(ending) // the socket is closed in any case
	c.below.rest.Close(ending)
	c.below.callbacks.wait(ending)
}

// closed reports whether a realtime client has no connection and tries for none.
func closed(client *ably.Realtime) bool {
	switch client.Connection.State() {
	case ably.ConnectionStateInitialized, ably.ConnectionStateClosed, ably.ConnectionStateFailed:
		return true
	}
	return false
}

// stayClosed closes the connection, and again whenever it comes back to life: ably-go loses a close
// that comes just as its loop goes from waiting to dialling.
func stayClosed(client *ably.Realtime) {
	client.Connection.OnAll(func(change ably.ConnectionStateChange) {
		switch change.Current {
		case ably.ConnectionStateConnecting, ably.ConnectionStateDisconnected,
			ably.ConnectionStateSuspended:
			client.Close()
		}
	})
	client.Close()
}
