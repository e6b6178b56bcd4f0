package ablychat

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/internal/ctxerr"
	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// Version is the version of this library, as Ably gets it (CHA-IN1).
const Version = "0.1.0"

// agentName is the name that Ably attributes usage to (CHA-IN1b); Ably's common list has no Go name
// yet (CHA-IN1c).
const agentName = "chat-go"

// Client is a chat client (CHA-CL), made by [Connect], or by [New] on a realtime client that exists.
// Its methods may be called concurrently, and from within listeners.
//
// Channels whose names end in "::$chat" are the chat client's. They are on the realtime client's
// connection, and not among its Channels, which can't use such a name.
type Client struct {
	realtime   *ably.Realtime
	transport  *transport.Transport
	channels   *realtime.Client
	owned      bool // the realtime client is the chat client's
	below      *below
	rooms      Rooms
	connection Connection
	given      *slog.Logger // by WithLogger; nil for none
	log        *slog.Logger
	observe    func(lifecycle.RoomStep)
	idempotent bool
	timeout    time.Duration // of a request
	pending    int           // MaxPending, but in tests

	ending    atomic.Bool // disposal has begun
	disposing sync.Once
	disposed  chan struct{} // closed at the end of the disposal
	err       error         // of the disposal
	hangingUp sync.Once
}

// Option configures a [Client].
type Option func(*config)

type config struct {
	ably       []ably.ClientOption
	log        *slog.Logger
	observer   lifecycle.Observer
	channels   func(ChannelStep)
	idempotent bool
}

// Ably gives options of ably-go to [Connect]: the key, the client id, and so on. Given more than
// once, they add up. [New] refuses it, since its realtime client is made. ably.WithDial has no
// effect.
func Ably(options ...ably.ClientOption) Option {
	return func(c *config) { c.ably = append(c.ably, options...) }
}

// WithLogger sets where the client, its rooms and ably-go log: status changes at info,
// discontinuities, dropped events and warnings of ably-go at warn, panics of listeners and errors of
// ably-go at error; no key, token or message text. ably.WithLogLevel sets what ably-go logs at all,
// and ably.WithLogHandler takes its lines elsewhere. The default logs errors alone, to
// [slog.Default].
func WithLogger(log *slog.Logger) Option { return func(c *config) { c.log = log } }

// WithIdempotentPublishing makes an idempotency key for each call of Send, Update and Delete that has
// none, which is kept while ably-go tries further hosts: a message whose answer was lost on the way is
// not sent twice. See [WithIdempotencyKey] for a call that the program repeats.
func WithIdempotentPublishing() Option { return func(c *config) { c.idempotent = true } }

// ChannelStep is one step of the core of a room's channel: Seq counts the steps of the core Of, from
// 1, also those between two clients on a connection, which nobody observes; Name is the channel's name; Input came in, Outputs came out; Refused says
// that the input came too late and was dropped; Before and After are the core's states around the
// step.
type ChannelStep = realtime.Step

// WithChannelObserver sets a function that receives each step of the cores of rooms' channels,
// [fsm.Channel], in order and one at a time for each name of a channel. It is for traces and debug
// pages, as [WithObserver] is, but runs in the goroutine that reads the connection, mostly, and must
// not block; it may call the client's methods that don't wait. A panic in it is logged.
func WithChannelObserver(observe func(ChannelStep)) Option {
	return func(c *config) { c.channels = observe }
}

// WithObserver sets what receives each step of the state machines of the client's rooms, for traces
// and debug pages. In the steps of a room, Of is the [*Room].
func WithObserver(o lifecycle.Observer) Option { return func(c *config) { c.observer = o } }

// New makes a chat client on a realtime client of [NewRealtime], which stays the caller's: Dispose
// doesn't close it. It starts no goroutine.
//
// Errors: [ErrInvalidArgument] when the client is nil or was not made by NewRealtime, when it has a
// chat client that is not disposed of, and for the option [Ably].
func New(client *ably.Realtime, options ...Option) (*Client, error) {
	cfg := configured(options)
	if cfg.ably != nil {
		return nil, invalid("the options of ably-go are those of the realtime client, expected no ablychat.Ably")
	}
	// ably-go waits here while it gets a token.
	return newClient(client, cfg, func(*transport.Transport) ably.ConnectionStateChange {
		return ably.ConnectionStateChange{Current: client.Connection.State(), Reason: client.Connection.ErrorReason()}
	})
}

func configured(options []Option) (c config) {
	for _, o := range options {
		if o != nil {
			o(&c)
		}
	}
	return c
}

func newClient(
	client *ably.Realtime, cfg config, status func(*transport.Transport) ably.ConnectionStateChange,
) (*Client, error) {
	t, ok := transport.Of(client)
	if !ok {
		return nil, invalid("the realtime client is nil, or was not made by ablychat.NewRealtime")
	}
	timeouts := t.Timeouts()
	c := &Client{realtime: client, transport: t, below: t.User().(*below), given: cfg.log, log: cfg.log,
		observe: cfg.observer.Room, idempotent: cfg.idempotent, timeout: timeouts.Request,
		pending: MaxPending, disposed: make(chan struct{})}
	if c.log == nil {
		c.log = listen.ErrorsToDefault()
	}
	c.connection.client = c
	var options []lifecycle.RoomsOption
	if cfg.log != nil {
		options = append(options, lifecycle.WithLogger(cfg.log))
	}
	if cfg.observer.Rooms != nil {
		options = append(options, lifecycle.WithObserver(cfg.observer.Rooms))
	}
	if cfg.observer.States {
		options = append(options, lifecycle.WithObservedStates())
	}
	c.rooms.rooms = lifecycle.NewRooms(backend{c}, options...)
	c.channels, ok = realtime.New(t, realtime.Config{RequestTimeout: timeouts.Request,
		RetryTimeout: timeouts.ChannelRetry, Log: c.log, Status: c.connection.changed,
		Observe: cfg.channels})
	if !ok {
		return nil, invalid("the realtime client has a chat client already, which must be disposed of first")
	}
	c.below.log.set(cfg.log)
	c.connection.begin(status(t))
	return c, nil
}

func invalid(reason string) error {
	return lifecycle.NewErrorInfo(ErrInvalidArgument, "unable to create chat client; "+reason, nil)
}

// Rooms returns the client's rooms. It is always the same value.
func (c *Client) Rooms() *Rooms { return &c.rooms }

// Realtime returns the realtime client that the chat client is on.
func (c *Client) Realtime() *ably.Realtime { return c.realtime }

// ClientID returns the id of the client as Ably knows it; empty when it has none, or has not
// connected yet (CHA-CL).
func (c *Client) ClientID() string { return c.channels.ClientID() }

// Dispose releases all rooms and ends the client (CHA-CL1). From its begin on, everything fails with
// [ErrResourceDisposed]. A realtime client that was given to [New] stays as it is, and may have a new
// chat client afterwards; the connection of [Connect] is closed. Dispose may be called again and
// concurrently; every call has the same end.
//
// A context that ends, also before the call, stops the wait and not the disposal, so that a program
// can shut down with the context that was interrupted.
//
// Errors: those of all releases that failed, joined; the context's.
func (c *Client) Dispose(ctx context.Context) error {
	c.disposing.Do(func() {
		c.ending.Store(true)
		if ctx.Err() != nil {
			_ = c.rooms.Dispose(ctx) // the releases begin before Dispose returns, which won't wait
		}
		// A goroutine of its own, since the disposal doesn't end with the call that began it.
		go func() {
			defer close(c.disposed)
			c.err = c.rooms.Dispose(context.Background())
			c.end()
		}()
	})
	select {
	case <-c.disposed:
		return c.err
	case <-ctx.Done():
	}
	select {
	case <-c.disposed: // it was over when the context ended, or before
		return c.err
	default:
		return ctxerr.Of(ctx)
	}
}

// closeTimeout is how long Close waits for the disposal.
const closeTimeout = 10 * time.Second

var errCloseTimeout = errors.New("the rooms were not released in time")

// Close disposes of the client, see [Client.Dispose], and waits for that for at most 10 s. Then it
// closes the connection, if that is the client's own, whatever the rooms do. It is for defer.
//
// Errors: those of Dispose; an error that says so after 10 s.
func (c *Client) Close() error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), closeTimeout, errCloseTimeout)
	defer cancel()
	err := c.Dispose(ctx)
	if errors.Is(err, errCloseTimeout) && c.owned {
		c.hangUp()
	}
	return err
}

// end ends what the client has beside its rooms, which are gone.
func (c *Client) end() {
	c.channels.Close()
	end(c, &c.connection.listeners, connectionEvents) // CHA-CL1b
	if c.owned {
		c.hangUp()
	}
	c.below.log.set(nil)
}
