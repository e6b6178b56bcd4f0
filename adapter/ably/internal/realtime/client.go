// Package realtime holds the realtime channels and the presence of rooms, on the transport that
// they share with ably-go. Each name of a channel has one [fsm.Channel], which decides, and a lock;
// what the core puts out is carried out in its order. An idle channel costs no goroutine and no
// timer.
//
// docs/channel.md and docs/presence.md have the rules.
package realtime

import (
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/chat"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// Config configures a [Client].
type Config struct {
	// RequestTimeout is how long an answer, or a connection to ask on, is waited for (TO3l11).
	RequestTimeout time.Duration
	// RetryTimeout is the pause before a suspended channel attaches again (TO3l7), before backoff
	// and jitter (RTB1).
	RetryTimeout time.Duration
	// Log receives what can't be decoded, which modes were not granted, and which members could
	// not be entered again. nil is for [slog.Default] and errors alone.
	Log *slog.Logger
	// Status is called with each change of ably-go's state, one at a time, after the channels have
	// taken what it is for them (RTL3d1). reason is that of the change, or nil, with the message
	// that ably-go may have lost. It must not block. nil is for no listener.
	Status func(change ably.ConnectionStateChange, reason *lifecycle.ErrorInfo)
	// Observe is called with each step of each channel's core, in order and one at a time for each
	// name, before what comes of it. It must not block. nil is for no observer.
	Observe func(Step)
}

// Sink receives what comes through a channel, in the order of the wire and one call at a time. Its
// methods must not block and must not call the channel. Payloads are decoded as far as their
// encodings are known (RSL6); values are those that [encoding/json] makes.
type Sink interface {
	// Attached says that the channel is attached, or attached once more, before its state does.
	// serial is the place in the channel's history where it goes on, resumed that nothing was lost.
	Attached(serial string, resumed bool)
	// Left says that the channel is attached no longer.
	Left()
	// Messages are the messages of one frame; serial is the place behind them, "" for no news.
	Messages(messages []chat.WireMessage, serial string)
	// Annotations are the annotations of one frame; serial is as for Messages.
	Annotations(annotations []chat.WireAnnotation, serial string)
	// Presence is one event of presence.
	Presence(message chat.WirePresence)
}

// Client is the channels of one transport, of which there is one value. Its methods may be called
// concurrently.
type Client struct {
	transport *transport.Transport
	config    atomic.Pointer[Config]

	mu         sync.Mutex // is not held while a line's is taken
	lines      map[string]*line
	connection fsm.ConnectionState
	reason     *lifecycle.ErrorInfo // why the connection is as it is, or nil
	id         string               // of the present connection or the last
	socket     uint64               // its WebSocket
	clientID   string               // of the present connection or the last
	open       bool
}

// New returns the channels of a transport, for one user until it calls [Client.Close]. ok is false
// if there is a user already. A later user has nothing of an earlier one's, but that no answer to a
// channel of the one reaches a channel of the other (T20).
func New(t *transport.Transport, config Config) (c *Client, ok bool) {
	if config.Log == nil {
		config.Log = slog.New(errorsOnly{slog.Default().Handler()})
	}
	c = t.Keep(func() any {
		c := &Client{transport: t, lines: map[string]*line{}}
		return c
	}).(*Client)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open {
		return nil, false
	}
	c.open = true
	c.config.Store(&config)
	t.Bind(c.handle) // once and for all
	return c, true
}

// closed is the configuration while no [Client] is in use. What no life wants is not tried again,
// but its requests have their time (TO3l11).
var closed = Config{RequestTimeout: 10 * time.Second, Log: slog.New(slog.DiscardHandler)}

// Status returns the last change of ably-go's state, as [Config] has it.
func (c *Client) Status() (change ably.ConnectionStateChange, reason *lifecycle.ErrorInfo) {
	last := c.transport.Status()
	return *last.Change, fromWire(last.Reason)
}

// Connected reports whether there is a connection.
func (c *Client) Connected() bool { return c.is(fsm.ConnectionConnected) }

func (c *Client) is(state fsm.ConnectionState) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connection == state
}

// ClientID returns the client's id by the word of the last CONNECTED (RTN21); "" before it, and for
// a client that has none or any (RSA7b4).
func (c *Client) ClientID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clientID == "*" {
		return ""
	}
	return c.clientID
}

// Close gives all channels back: their calls end with an error, and no timer stays.
func (c *Client) Close() {
	c.mu.Lock()
	c.open = false
	c.config.Store(&closed)
	lines := c.all()
	c.mu.Unlock()
	for _, l := range lines {
		l.close()
	}
}

// handle takes the events of the transport.
func (c *Client) handle(e transport.Event) {
	switch e.Kind {
	case transport.Message:
		c.mu.Lock()
		l := c.lines[e.Message.Channel]
		c.mu.Unlock()
		if l != nil { // else no channel waits for it (T20)
			l.frame(e.Message)
		}
	case transport.Connected:
		c.identify(e.Connection)
		c.change(fsm.ConnectionConnected, e)
	case transport.Updated: // RTN24
		c.identify(e.Connection)
	case transport.Disconnected:
		if !c.is(fsm.ConnectionClosing) { // else CLOSED follows, which says why
			c.change(fsm.ConnectionDisconnected, e)
		}
	case transport.Suspended:
		c.change(fsm.ConnectionSuspended, e)
	case transport.Closing:
		c.change(fsm.ConnectionClosing, e)
	case transport.Closed:
		c.change(fsm.ConnectionClosed, e)
	case transport.Failed:
		c.change(fsm.ConnectionFailed, e)
	case transport.Status:
		if e.Change.Current == ably.ConnectionStateConnecting {
			switch {
			case c.is(fsm.ConnectionConnected), c.is(fsm.ConnectionDisconnected):
			default: // an attach waits for it (RTL4i)
				c.change(fsm.ConnectionConnecting, transport.Event{})
			}
		}
		if status := c.config.Load().Status; status != nil {
			status(*e.Change, fromWire(e.Reason))
		}
	}
}

func (c *Client) identify(now *transport.Connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id, c.socket, c.clientID = now.ID, now.Socket, now.Details.ClientID
}

// change has all channels take a change of the connection, by the event that says it.
func (c *Client) change(to fsm.ConnectionState, e transport.Event) {
	in := input{Kind: fsm.ConnectionChange, Connection: to,
		Resumed: e.Connection != nil && e.Connection.Resumed,
		Err:     unconnected(to, fromWire(e.Reason))}
	c.mu.Lock()
	c.connection, c.reason = to, in.Err
	id, socket := c.id, c.socket
	lines := c.all() // what is made from now on begins with this connection
	c.mu.Unlock()
	for _, l := range lines {
		l.connectionChanged(in, id, socket)
	}
}

// all returns all lines. The lock is held.
func (c *Client) all() []*line {
	all := make([]*line, 0, len(c.lines))
	for _, l := range c.lines {
		all = append(all, l)
	}
	return all
}

// forget drops a line that is dead.
func (c *Client) forget(l *line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lines[l.name] == l {
		delete(c.lines, l.name)
	}
}

// retryDelay is RTB1: the pause before the retry of the given number, from 1.
func (c *Client) retryDelay(retry uint8) time.Duration {
	backoff := min((float64(retry)+2)/3, 2)
	jitter := 1 - 0.2*rand.Float64()
	return time.Duration(float64(c.config.Load().RetryTimeout) * backoff * jitter)
}
