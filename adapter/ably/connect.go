package ablychat

import (
	"context"
	"log/slog"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/chatrest"
	"ablyrooms.example/adapter/ably/internal/transport"
)

// below has the parts that NewRealtime made together with a realtime client. All chat clients on
// that realtime client share them.
type below struct {
	rest      *chatrest.Client
	callbacks *callbacks
	log       logTarget
}

// NewRealtime makes a realtime client that a chat client and other code can share: give it to
// [New]. It takes the options of [ably.NewRealtime], and returns an ordinary client of ably-go. The
// WebSocket below it is made by this module, and rooms use it too. The caller must close the
// realtime client. Its transport has goroutines until the connection has ended.
//
// Some options have a special meaning:
//
//   - ably.WithLogHandler: without it, the realtime client logs to the logger of its chat client;
//     see [WithLogger].
//   - ably.WithDial has no effect.
//   - ably.WithHTTPClient: if the HTTP client has an [http.Transport], a copy of that opens the
//     WebSocket. So its dialer, proxy and TLS configuration apply to both.
//   - ably.WithQueueMessages(false): without a connection, calls of [Presence] fail at once (TO3g).
//   - ably.WithAuthCallback: the callback must return within the timeout of a request
//     (ably.WithRealtimeRequestTimeout, 10 s by default). After that its context ends, and the
//     client tries again (RSA4c), even if the callback ignores its context and goes on.
//
// REST calls of rooms use the newest token of the realtime client, also after its Auth.Authorize.
// If the service refuses that token, they request a new one with the options given here.
//
// Errors: those of ably-go, for invalid options.
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

// ourOptions returns the caller's options, with defaults of this package before them and a guard of
// the auth callback after them. The caller's options override the defaults.
func (b *below) ourOptions(options []ably.ClientOption) []ably.ClientOption {
	ours := append([]ably.ClientOption{
		ably.WithAgents(map[string]string{agentName: Version}), // CHA-IN1e
		ably.WithLogHandler(&b.log),
	}, options...)
	return append(ours, b.callbacks.option())
}

// Connect makes a chat client with a connection of its own, which [Client.Close] and
// [Client.Dispose] close. It starts to connect in the background, unless
// ably.WithAutoConnect(false) is given. Pass the options of ably-go, such as the key, with [Ably].
//
//	client, err := ablychat.Connect(ablychat.Ably(ably.WithKey(key), ably.WithClientID("ada")))
//
// Errors: those of ably-go, for invalid options.
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

// hangUp starts to close the connection, unless an earlier call did. It returns a channel that is
// closed when the connection has ended.
func (c *Client) hangUp() <-chan struct{} {
	c.hangingUp.Do(func() {
		go func() {
			defer close(c.hungUp)
			c.closeConnection()
		}()
	})
	return c.hungUp
}

// closeConnection closes the connection. It waits until the connection is closed, and then until
// the transport's goroutines have ended: each time at most for the timeout of a request, and only
// while c.patience lasts.
func (c *Client) closeConnection() {
	changed := make(chan struct{}, 1)
	c.below.callbacks.close() // ably-go holds its lock during callbacks and requests for a token
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
	_ = c.transport.Close(ending) // Close closes the socket even if ending ends first
	c.below.rest.Close(ending)
	c.below.callbacks.wait(ending)
}

// closed reports whether a realtime client has no connection and does not try to connect.
func closed(client *ably.Realtime) bool {
	switch client.Connection.State() {
	case ably.ConnectionStateInitialized, ably.ConnectionStateClosed, ably.ConnectionStateFailed:
		return true
	}
	return false
}

// stayClosed closes the connection, and closes it again whenever it comes back. ably-go loses a
// close that comes just as its loop goes from waiting to dialling.
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
