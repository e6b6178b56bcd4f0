package ablychat

import (
	"context"
	"log/slog"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/chatrest"
	"ablyrooms.example/adapter/ably/internal/transport"
)

// below is what the chat clients on one realtime client share: what was made with it.
type below struct {
	rest *chatrest.Client
	log  logTarget
	life context.Context // of calls of the auth callback, which ends with the connection
	end  context.CancelFunc
}

// NewRealtime makes a realtime client that a chat client and other code can share: give it to [New].
// It is a client of ably-go's in every way, made with the options of [ably.NewRealtime]; below it
// is a transport that rooms use too. It logs where its chat client does, see [WithLogger], unless
// the options name a log handler. ably.WithDial has no effect. If the client of ably.WithHTTPClient
// has an [http.Transport], the WebSocket is opened by a copy of it: its dialer, proxy and TLS
// configuration hold for both.
//
// With ably.WithQueueMessages(false) presence of rooms fails at once without a connection (TO3g).
//
// The caller closes it. Until the connection has ended its transport has goroutines.
//
// Errors: ably-go's, for options that are invalid.
func NewRealtime(options ...ably.ClientOption) (*ably.Realtime, error) {
	return newRealtime("create realtime client", nil, options)
}

func newRealtime(operation string, log *slog.Logger, options []ably.ClientOption) (*ably.Realtime, error) {
	b := &below{}
	b.life, b.end = context.WithCancel(context.Background())
	b.log.set(log)
	options = b.ourOptions(options)
	var err error
	if b.rest, err = chatrest.New(options...); err != nil {
		return nil, fromAbly(operation, err)
	}
	client, _, err := transport.NewRealtime(
		transport.Options{User: b, Logger: slog.New(redirected{target: &b.log})}, options...)
	if err != nil {
		return nil, fromAbly(operation, err)
	}
	return client, nil
}

// ourOptions puts ours before those of the caller's, which count, and a guard before their callback.
func (b *below) ourOptions(options []ably.ClientOption) []ably.ClientOption {
	ours := append([]ably.ClientOption{
		ably.WithAgents(map[string]string{agentName: Version}), // CHA-IN1e
		ably.WithLogHandler(&b.log),
	}, options...)
	return append(ours, guardedCallback(b.life))
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
	client, err := newClient(realtime, cfg, (*transport.Transport).Status)
	if err != nil {
		realtime.Close()
		return nil, err
	}
	client.owned = true
	return client, nil
}

// hangUp closes the connection and waits for the end of that, and of the transport's goroutines,
// for as long as a request may take.
func (c *Client) hangUp() { c.hangingUp.Do(c.hangUpOnce) }

func (c *Client) hangUpOnce() {
	changed := make(chan struct{}, 1)
	defer c.realtime.Connection.OnAll(func(ably.ConnectionStateChange) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})()
	timeout := time.NewTimer(c.timeout)
	defer timeout.Stop()
	c.transport.EndRequests()
	c.below.end()
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
	c.below.rest.Close(ctx)
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
