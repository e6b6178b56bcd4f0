// Package realtime has the realtime channels and the presence of rooms, on the transport that they
// share with ably-go. Each channel name has a lock and a core, an [fsm.Channel], which decides; the
// package carries out the outputs of the core in their order. An idle channel has no goroutine and
// no timer.
//
// docs/channel.md and docs/presence.md state the rules.
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
	// RequestTimeout is how long a request waits for an answer, or an attach for a connection
	// (TO3l11).
	RequestTimeout time.Duration
	// RetryTimeout is the pause before a suspended channel attaches again (TO3l7), before backoff
	// and jitter (RTB1).
	RetryTimeout time.Duration
	// Log receives payloads that can't be decoded, modes that were not granted, and members that
	// could not be entered again. If it is nil, errors alone go to [slog.Default].
	Log *slog.Logger
	// Status is called with each change of ably-go's state, one at a time, after the channels have
	// handled the change (RTL3d1). reason is the reason of the change, or nil. It has the message,
	// also where ably-go has lost it. Status must not block. It may be nil.
	Status func(change ably.ConnectionStateChange, reason *lifecycle.ErrorInfo)
	// Observe is called with each step of each channel's core, in order and one at a time for each
	// name, before the effects of the step. It must not block. It may be nil.
	Observe func(Step)
}

// Sink receives the content of a channel's frames, in the order of the wire and one call at a time.
// Its methods must not block and must not call the channel. Payloads are decoded step by step, up
// to the first unknown encoding (RSL6); values are of the types that [encoding/json] returns.
type Sink interface {
	// Attached is called with each ATTACHED, before the change of state. The channel continues at
	// serial, a position in its history. resumed says that no message was lost.
	Attached(serial string, resumed bool)
	// Left is called when the channel is no longer attached.
	Left()
	// Messages is called with the messages of one frame. serial is the position after them in the
	// channel's history, or "" if the frame has none.
	Messages(messages []chat.WireMessage, serial string)
	// Annotations is called with the annotations of one frame. serial is as for Messages.
	Annotations(annotations []chat.WireAnnotation, serial string)
	// Presence is called with one event of presence.
	Presence(message chat.WirePresence)
}

// Client holds the channels of one transport; a transport has one Client. Its methods may be called
// concurrently.
type Client struct {
	transport *transport.Transport
	config    atomic.Pointer[Config]

	mu         sync.Mutex // not held while the lock of a line is taken
	lines      map[string]*line
	connection fsm.ConnectionState
	reason     *lifecycle.ErrorInfo // why the connection is in this state, or nil
	id         string               // the id of the present or the last connection
	socket     uint64               // the WebSocket of that connection
	clientID   string               // the client id on that connection
	open       bool
}

// New returns the channels of a transport, for one user until that user calls [Client.Close]. ok is
// false if there is a user already. A later user gets no state of an earlier one; but the Client
// makes sure that no answer to a channel of the earlier user reaches a channel of the later one
// (T20).
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
	t.Bind(c.handle) // the handler is never unbound
	return c, true
}

// closed is the configuration while no [Client] is in use. What no life wants is not tried again,
// but its requests have their time (TO3l11).
var closed = Config{RequestTimeout: 10 * time.Second, Log: slog.New(slog.DiscardHandler)}

// Status returns the last change of ably-go's state, with the arguments of [Config].Status.
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

// ClientID returns the client id of the last CONNECTED (RTN21). It is "" before the first one, for
// a client without an id, and for a client that may use any id (RSA7b4).
func (c *Client) ClientID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clientID == "*" {
		return ""
	}
	return c.clientID
}

// Close gives all channels back: their calls end with an error, and no timer keeps running.
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

// handle handles an event of the transport.
func (c *Client) handle(e transport.Event) {
	switch e.Kind {
	case transport.Message:
		c.mu.Lock()
		l := c.lines[e.Message.Channel]
		c.mu.Unlock()
		if l != nil { // without a line, no channel waits for the frame (T20)
			l.frame(e.Message)
		}
	case transport.Connected:
		c.identify(e.Connection)
		c.change(fsm.ConnectionConnected, e)
	case transport.Updated: // RTN24
		c.identify(e.Connection)
	case transport.Disconnected:
		if !c.is(fsm.ConnectionClosing) { // while closing, CLOSED follows, with the reason
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

// change passes a change of the connection to all channels. e is the event that reported it.
func (c *Client) change(to fsm.ConnectionState, e transport.Event) {
	in := input{Kind: fsm.ConnectionChange, Connection: to,
		Resumed: e.Connection != nil && e.Connection.Resumed,
		Err:     unconnected(to, fromWire(e.Reason))}
	c.mu.Lock()
	c.connection, c.reason = to, in.Err
	id, socket := c.id, c.socket
	lines := c.all() // lines that are made later begin with this connection
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

// forget removes a dead line.
func (c *Client) forget(l *line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lines[l.name] == l {
		delete(c.lines, l.name)
	}
}

// retryDelay returns the pause before a retry, with the number of the retry, from 1 (RTB1).
func (c *Client) retryDelay(retry uint8) time.Duration {
	backoff := min((float64(retry)+2)/3, 2)
	jitter := 1 - 0.2*rand.Float64()
	return time.Duration(float64(c.config.Load().RetryTimeout) * backoff * jitter)
}
