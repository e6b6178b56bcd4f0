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

// Version is the version of this library. The client reports it to Ably (CHA-IN1).
const Version = "0.2.0"

// agentName is the name under which Ably counts usage (CHA-IN1b). Ably's common list has no name
// for Go yet (CHA-IN1c).
const agentName = "chat-go"

// Client is a chat client (CHA-CL). [Connect] makes one with a connection of its own; [New] makes
// one on an existing realtime client. Its methods may be called concurrently, and from within
// listeners.
//
// Channels whose names end in "::$chat" belong to the chat client. They use the realtime client's
// connection, but they are not among its Channels: the realtime client can't use such a name.
type Client struct {
	realtime   *ably.Realtime
	transport  *transport.Transport
	channels   *realtime.Client
	owned      bool // whether the chat client made the realtime client, and closes it
	below      *below
	rooms      Rooms
	connection Connection
	given      *slog.Logger // set by WithLogger, or nil
	log        *slog.Logger
	observers  observers
	idempotent bool
	timeout    time.Duration // the timeout of a request
	pending    int           // MaxPending; tests set a smaller one

	ending    atomic.Bool // whether disposal has begun
	disposing sync.Once
	released  chan struct{} // closed when all rooms are released
	disposed  chan struct{} // closed at the end of the disposal
	err       error         // the result of the disposal; set before released is closed

	hangingUp sync.Once
	hungUp    chan struct{}      // closed when the connection has ended
	patience  context.Context    // limits the wait for the end of the connection
	hurry     context.CancelFunc // ends patience
}

// Option configures a [Client].
type Option func(*config)

type config struct {
	ably       []ably.ClientOption
	hasAbly    bool // whether the option Ably was used, even with no options of ably-go
	log        *slog.Logger
	observer   lifecycle.Observer
	channels   func(ChannelStep)
	idempotent bool
}

// Ably passes options of ably-go to [Connect]: the key, the client id, and so on. If it is given
// more than once, all the options apply. [New] refuses it, since New gets a realtime client that
// already has its options. ably.WithDial has no effect.
func Ably(options ...ably.ClientOption) Option {
	return func(c *config) {
		c.ably = append(c.ably, options...)
		c.hasAbly = true
	}
}

// WithLogger sets the logger for the client, its rooms and ably-go. These are logged:
//
//   - status changes, at level info
//   - discontinuities, dropped events, failed reads of missed messages, and warnings of ably-go, at
//     level warn
//   - panics of listeners, and errors of ably-go, at level error
//
// No key, token or message text is logged. ably.WithLogLevel sets the level from which ably-go
// logs, and ably.WithLogHandler sends ably-go's lines to another handler. Without WithLogger only
// errors are logged, to [slog.Default].
func WithLogger(log *slog.Logger) Option { return func(c *config) { c.log = log } }

// WithIdempotentPublishing gives an idempotency key to each call of Send, Update or Delete that has
// none. ably-go repeats a request to further hosts with the same key, so a message whose answer was
// lost is not sent twice. For a call that the program repeats, use [WithIdempotencyKey].
func WithIdempotentPublishing() Option { return func(c *config) { c.idempotent = true } }

// ChannelStep is one step of the core of a room's channel:
//
//   - Of is the core, and Name is the channel's name.
//   - Seq is the number of the step, from 1. If the connection had no chat client for a while, no
//     observer received the steps of that time, but their numbers were used.
//   - Input is the input of the step, and Outputs are its outputs. Refused reports whether the
//     input came too late and was dropped.
//   - Before and After are the states of the core before and after the step.
type ChannelStep = realtime.Step

// WithChannelObserver sets a function that receives each step of the cores of rooms' channels,
// [fsm.Channel]. It receives the steps of one channel name in order and one at a time. Like
// [WithObserver], it is for traces and debug pages. The function mostly runs in the goroutine that
// reads the connection: it must not block, and may call only those methods of the client that don't
// wait. A panic in it is logged.
func WithChannelObserver(observe func(ChannelStep)) Option {
	return func(c *config) { c.channels = observe }
}

// WithObserver sets an observer that receives each step of the state machines of the client's
// rooms, for traces, debug pages and metrics. In a [lifecycle.RoomStep], Of is the [*Room].
func WithObserver(o lifecycle.Observer) Option { return func(c *config) { c.observer = o } }

// New makes a chat client on a realtime client that [NewRealtime] made. The caller keeps the
// realtime client: Dispose doesn't close it. New starts no goroutine. If the auth callback of the
// realtime client is running, New waits for its end, at most for the timeout of a request.
//
// Errors: [ErrInvalidArgument] if client is nil or was not made by NewRealtime, if it has another
// chat client that is not disposed of, or if the option [Ably] is given.
func New(client *ably.Realtime, options ...Option) (*Client, error) {
	cfg := configured(options)
	if cfg.hasAbly {
		return nil, invalid(
			"the option ablychat.Ably is only for Connect: pass the options of ably-go to NewRealtime")
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

// newClient makes a chat client. owned reports whether the chat client closes the realtime client.
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
			"the realtime client has another chat client, which must be disposed of first")
	}
	c.below.log.set(cfg.log)
	change, reason := c.channels.Status()
	// another user of the connection may have seen a change that is not handled here yet
	if !owned {
		state := client.Connection.State() // State waits for a running auth callback
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

// Realtime returns the realtime client whose connection the chat client uses.
func (c *Client) Realtime() *ably.Realtime { return c.realtime }

// ClientID returns the client's id (CHA-CL), as reported by Ably. It is empty if the client has no
// id or has not connected yet.
func (c *Client) ClientID() string { return c.channels.ClientID() }

// Dispose releases all rooms and ends the client (CHA-CL1). Once it has begun, every other call on
// the client or on a room fails with [ErrResourceDisposed]. It closes a connection that [Connect]
// made. A realtime client that was given to [New] stays open, and may get a new chat client
// afterwards. Dispose may be called again and concurrently; every call returns the same result.
//
// If ctx ends, or has ended before the call, only the wait stops: the disposal goes on. So a
// program can shut down with the context that was interrupted. With a context that has ended,
// Dispose still returns the result of the disposal if there was nothing to wait for: no room, and
// no connection to close.
//
// Errors: the errors of all releases that failed, joined; the context's error.
func (c *Client) Dispose(ctx context.Context) error {
	c.disposing.Do(func() { c.dispose(ctx) })
	select {
	case <-c.disposed:
		return c.err
	case <-ctx.Done():
	}
	select {
	case <-c.disposed: // the disposal ended before the context, or at the same time
		return c.err
	default:
		return ctxerr.Of(ctx)
	}
}

// dispose starts the disposal. It waits for nothing.
func (c *Client) dispose(ctx context.Context) {
	c.ending.Store(true)
	if ctx.Err() != nil { // Dispose won't wait, so start the releases before it returns
		err := c.rooms.Dispose(ctx)
		if (err == nil || !errors.Is(err, ctx.Err())) && (!c.owned || c.connection.Status().over()) {
			c.hurry()
			c.end(err)
			return
		}
	}
	// The disposal may outlast the call that began it, so it has its own goroutine.
	go func() { c.end(c.rooms.Dispose(context.Background())) }()
}

// end ends the rest of the client, when its rooms are gone. err is the result of their disposal.
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

// Timeouts of Close, each counted from its start.
const (
	closeTimeout   = 10 * time.Second // for all of Close
	releaseTimeout = 8 * time.Second  // until the rooms are released
	hangUpTimeout  = 9 * time.Second  // until the service has confirmed the end of the connection
)

var errCloseTimeout = errors.New("the rooms were not released within " + releaseTimeout.String())

// Close disposes of the client like [Client.Dispose], but returns after at most 10 s, whatever the
// state of the network. By then the connection that [Connect] made is closed, even if the service
// did not confirm it or rooms are still being released. Close is meant for defer.
//
// Errors: those of Dispose; another error if the rooms were not released within 8 s.
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
		case <-ctx.Done(): // hangUp can take longer while ably-go holds its lock
		}
	}
	return err
}
