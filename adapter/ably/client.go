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
const Version = "0.2.0"

// agentName is the name that Ably attributes usage to (CHA-IN1b); Ably's common list has no Go name
// yet (CHA-IN1c).
const agentName = "chat-go"

// Client is a chat client (CHA-CL), made by [Connect], or by [New] on a realtime client that
// exists. Its methods may be called concurrently, and from within listeners.
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
	observers  observers
	idempotent bool
	timeout    time.Duration // of a request
	pending    int           // MaxPending, but in tests

	ending    atomic.Bool // disposal has begun
	disposing sync.Once
	released  chan struct{} // closed when all rooms are released
	disposed  chan struct{} // closed at the end of the disposal
	err       error         // of the disposal; set before released is closed

	hangingUp sync.Once
	hungUp    chan struct{}      // closed at the end of the connection
	patience  context.Context    // to wait for the end of the connection
	hurry     context.CancelFunc // ends patience
}

// Option configures a [Client].
type Option func(*config)

type config struct {
	ably       []ably.ClientOption
	hasAbly    bool // the option Ably was given, perhaps with none
	log        *slog.Logger
	observer   lifecycle.Observer
	channels   func(ChannelStep)
	idempotent bool
}

// Ably gives options of ably-go to [Connect]: the key, the client id, and so on. Given more than
// once, they add up. [New] refuses it, since its realtime client is made. ably.WithDial has no
// effect.
func Ably(options ...ably.ClientOption) Option {
	return func(c *config) {
		c.ably = append(c.ably, options...)
		c.hasAbly = true
	}
}

// WithLogger sets where the client, its rooms and ably-go log: status changes at info;
// discontinuities, dropped events, reads of missed messages that are tried again, and warnings of
// ably-go at warn; panics of listeners and errors of ably-go at error; no key, token or message
// text. ably.WithLogLevel sets what ably-go logs at all, and ably.WithLogHandler takes its lines
// elsewhere. The default logs errors alone, to [slog.Default].
func WithLogger(log *slog.Logger) Option { return func(c *config) { c.log = log } }

// WithIdempotentPublishing makes an idempotency key for each call of Send, Update and Delete that
// has none, which is kept while ably-go tries further hosts: a message whose answer was lost on the
// way is not sent twice. See [WithIdempotencyKey] for a call that the program repeats.
func WithIdempotentPublishing() Option { return func(c *config) { c.idempotent = true } }

// ChannelStep is one step of the core of a room's channel: Seq counts the steps of the core Of,
// from 1, also those between two clients on a connection, which nobody observes; Name is the
// channel's name; Input came in, Outputs came out; Refused says that the input came too late and
// was dropped; Before and After are the core's states around the step.
type ChannelStep = realtime.Step

// WithChannelObserver sets a function that receives each step of the cores of rooms' channels,
// [fsm.Channel], in order and one at a time for each name of a channel. It is for traces and debug
// pages, as [WithObserver] is, but runs in the goroutine that reads the connection, mostly, and
// must not block; it may call the client's methods that don't wait. A panic in it is logged.
func WithChannelObserver(observe func(ChannelStep)) Option {
	return func(c *config) { c.channels = observe }
}

// WithObserver sets what receives each step of the state machines of the client's rooms, for traces
// and debug pages. In the steps of a room, Of is the [*Room].
func WithObserver(o lifecycle.Observer) Option { return func(c *config) { c.observer = o } }

// New makes a chat client on a realtime client of [NewRealtime], which stays the caller's: Dispose
// doesn't close it. It starts no goroutine. While the auth callback of the realtime client runs,
// New waits for that, at most for the time of a request.
//
// Errors: [ErrInvalidArgument] when the client is nil or was not made by NewRealtime, when it has a
// chat client that is not disposed of, and for the option [Ably].
func New(client *ably.Realtime, options ...Option) (*Client, error) {
	cfg := configured(options)
	if cfg.hasAbly {
		return nil, invalid(
			"the options of ably-go are those of the realtime client, expected no ablychat.Ably")
	}
	return newClient(client, cfg, false)
}

func configured(options []Option) (c config) {
	for _, o := range options {
		if o != nil {
			o(&c)
		}
	}
	return c
}

// newClient makes a chat client, whose own the realtime client is or isn't.
func newClient(client *ably.Realtime, cfg config, owned bool) (*Client, error) {
	t, ok := transport.Of(client)
	if !ok {
		return nil, invalid("the realtime client is nil, or was not made by ablychat.NewRealtime")
	}
	timeouts := t.Timeouts()
	c := &Client{realtime: client, owned: owned, transport: t, below: t.User().(*below),
		given: cfg.log, log: cfg.log, idempotent: cfg.idempotent, timeout: timeouts.Request,
		pending: MaxPending, released: make(chan struct{}), disposed: make(chan struct{}),
		hungUp: make(chan struct{})}
	c.patience, c.hurry = context.WithCancel(context.Background())
	if c.log == nil {
		c.log = listen.ErrorsToDefault()
	}
	c.connection.client = c
	if cfg.observer.Room != nil {
		c.observers.add(cfg.observer.Room)
	}
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
		return nil, invalid(
			"the realtime client has a chat client already, which must be disposed of first")
	}
	c.below.log.set(cfg.log)
	change, reason := c.channels.Status()
	if !owned { // a change may be on its way that another user of the connection knows
		state := client.Connection.State() // waits for an auth callback that runs
		if why := client.Connection.ErrorReason(); state != change.Current {
			change, reason = ably.ConnectionStateChange{Current: state, Reason: why}, nil
		}
	}
	c.connection.begin(change, reason)
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

// Dispose releases all rooms and ends the client (CHA-CL1). From its begin on, everything fails
// with [ErrResourceDisposed]. A realtime client that was given to [New] stays as it is, and may
// have a new chat client afterwards; the connection of [Connect] is closed. Dispose may be called
// again and concurrently; every call has the same end.
//
// A context that ends, also before the call, stops the wait and not the disposal, so that a program
// can shut down with the context that was interrupted. With a context that has ended, Dispose
// returns its outcome if there is nothing to wait for: no room, and no connection to be closed.
//
// Errors: those of all releases that failed, joined; the context's.
func (c *Client) Dispose(ctx context.Context) error {
	c.disposing.Do(func() { c.dispose(ctx) })
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

// dispose begins the disposal. It waits for nothing.
func (c *Client) dispose(ctx context.Context) {
	c.ending.Store(true)
	if ctx.Err() != nil { // the releases begin before Dispose returns, which won't wait
		err := c.rooms.Dispose(ctx)
		if (err == nil || !errors.Is(err, ctx.Err())) && (!c.owned || c.connection.Status().over()) {
			c.hurry()
			c.end(err)
			return
		}
	}
	// A goroutine of its own, since the disposal doesn't end with the call that began it.
	go func() { c.end(c.rooms.Dispose(context.Background())) }()
}

// end ends what the client has beside its rooms, which are gone; err is the disposal's.
func (c *Client) end(err error) {
	defer close(c.disposed)
	c.err = err
	close(c.released)
	c.channels.Close()
	end(c, &c.connection.listeners, connectionEvents) // CHA-CL1b
	if c.owned {
		<-c.hangUp()
	} else {
		c.below.log.set(nil)
	}
}

// The time that Close takes at most, and parts of it.
const (
	closeTimeout   = 10 * time.Second
	releaseTimeout = 8 * time.Second // for the rooms
	hangUpTimeout  = 9 * time.Second // for the rooms and for the service to answer that it closes
)

var errCloseTimeout = errors.New("the rooms were not released in time")

// Close disposes of the client, see [Client.Dispose], and returns after at most 10 s, however the
// network is: the connection of [Connect] is closed by then, if need be without the service's
// answer and while rooms are being released. It is for defer.
//
// Errors: those of Dispose; one that says so when rooms were not released in time.
func (c *Client) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	rooms, cancel := context.WithTimeoutCause(ctx, releaseTimeout, errCloseTimeout)
	defer cancel()
	err := c.Dispose(rooms)
	if !errors.Is(err, errCloseTimeout) {
		return err
	}
	select {
	case <-c.released:
		err = c.err
	default:
	}
	if c.owned {
		defer time.AfterFunc(hangUpTimeout-releaseTimeout, c.hurry).Stop()
		select {
		case <-c.hangUp():
		case <-ctx.Done(): // ably-go holds its lock
		}
	}
	return err
}
