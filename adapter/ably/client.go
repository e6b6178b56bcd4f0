package ablychat

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/lifecycle"
)

// Version is the version of this library, as Ably gets it (CHA-IN1).
const Version = "0.1.0"

// agentName is the name that Ably attributes usage to (CHA-IN1b); Ably's common list has no Go name
// yet (CHA-IN1c).
const agentName = "chat-go"

// Agent is an option for the realtime client, so that Ably can attribute the usage of its requests
// to this library (CHA-IN1e). Room channels say the same by themselves.
func Agent() ably.ClientOption { return ably.WithAgents(map[string]string{agentName: Version}) }

// Rooms are the chat rooms of a [Client]: see [lifecycle.Rooms] for Get and Release.
type Rooms = lifecycle.Rooms[*Room]

// Client is a chat client on a realtime client (CHA-CL). Its methods may be called concurrently,
// and from within listeners.
//
// Channels whose names end in "::$chat" are the chat client's. They are on the realtime client's
// connection, and not among its Channels, which can't use such a name.
type Client struct {
	realtime   *ably.Realtime
	transport  *transport.Transport
	channels   *realtime.Client
	owned      bool // the realtime client is the chat client's
	rest       restAPI
	rooms      *Rooms
	connection Connection
	log        *slog.Logger
	level      slog.Leveler
	observe    func(lifecycle.RoomStep)
	timeout    time.Duration // of a request

	disposing sync.Once
	disposed  chan struct{} // closed at the end of the disposal
	err       error         // of the disposal
}

// Option configures a [Client].
type Option func(*config)

type config struct {
	log          *slog.Logger
	level        slog.Leveler
	rest         *ably.REST
	observeRooms []lifecycle.RoomsOption
	observeRoom  func(lifecycle.RoomStep)
	observeChan  func(ChannelStep)
	timeouts     transport.Timeouts
}

// WithLogger sets where the client and its rooms log: status changes at info, discontinuities at
// warn, panics of listeners at error. The default writes errors to [slog.Default].
func WithLogger(log *slog.Logger) Option { return func(c *config) { c.log = log } }

// WithStatusLevel sets the level at which status changes are logged, by the logger of [WithLogger];
// default [slog.LevelInfo]. It is asked for each change, so that a [slog.LevelVar] may move it.
func WithStatusLevel(level slog.Leveler) Option { return func(c *config) { c.level = level } }

// WithRoomsObserver sets a function that receives each step of the client's Rooms; see
// [lifecycle.WithObserver].
func WithRoomsObserver(observe func(lifecycle.RoomsStep)) Option {
	return func(c *config) { c.observeRooms = append(c.observeRooms, lifecycle.WithObserver(observe)) }
}

// WithObservedStates adds the whole state of the Rooms to each step that the observer receives; see
// [lifecycle.WithObservedStates].
func WithObservedStates() Option {
	return func(c *config) { c.observeRooms = append(c.observeRooms, lifecycle.WithObservedStates()) }
}

// WithRoomObserver sets a function that receives each step of each room; see
// [lifecycle.RoomConfig].
func WithRoomObserver(observe func(lifecycle.RoomStep)) Option {
	return func(c *config) { c.observeRoom = observe }
}

// ChannelStep is one step of the core of a room's channel: Seq counts the steps of the core Of that
// were observed, from 1; Name is the channel's name; Input came in, Outputs came out; Refused says
// that the input came too late and was dropped; Before and After are the core's states around the
// step.
type ChannelStep = realtime.Step

// WithChannelObserver sets a function that receives each step of the cores of rooms' channels,
// [fsm.Channel], in order and one at a time for each name of a channel. It runs in the goroutine
// that reads the connection, mostly, and must not block; it may call the client's methods that
// don't wait. A panic in it is logged.
func WithChannelObserver(observe func(ChannelStep)) Option {
	return func(c *config) { c.observeChan = observe }
}

// WithChannelRetryTimeout sets after how long a suspended room attaches again by itself, before
// backoff and jitter (RTL13b, RTB1, CHA-RS1f); more than 0. The default is that of the realtime
// client, see [ably.WithChannelRetryTimeout].
func WithChannelRetryTimeout(d time.Duration) Option {
	return func(c *config) { c.timeouts.ChannelRetry = d }
}

// WithRequestTimeout sets for how long a room waits for the answer to an attach or a detach, or for
// a connection to attach on (RTL4f, RTL5f); more than 0. The default is that of the realtime client,
// see [ably.WithRealtimeRequestTimeout].
func WithRequestTimeout(d time.Duration) Option {
	return func(c *config) { c.timeouts.Request = d }
}

// New makes a chat client on a realtime client, which stays the caller's: Dispose doesn't close it.
// It starts no goroutine.
//
// It returns an [*lifecycle.ErrorInfo] with the code [lifecycle.InvalidArgument] when client is nil
// or was not made by [NewRealtime], when an option's value is invalid, or when client has a chat
// client that is not disposed of.
func New(client *ably.Realtime, options ...Option) (*Client, error) {
	t, ok := transport.Of(client)
	if !ok {
		return nil, invalid("the realtime client is nil, or was not made by ablychat.NewRealtime")
	}
	cfg := config{timeouts: t.Timeouts()}
	for _, o := range options {
		if o != nil {
			o(&cfg)
		}
	}
	if cfg.timeouts.Request <= 0 || cfg.timeouts.ChannelRetry <= 0 {
		return nil, invalid("a timeout is zero or less")
	}
	c := &Client{realtime: client, transport: t, log: cfg.log, level: cfg.level,
		observe: cfg.observeRoom, timeout: cfg.timeouts.Request, disposed: make(chan struct{})}
	c.rest.given = cfg.rest
	c.connection.client = c
	c.channels, ok = realtime.New(t, realtime.Config{RequestTimeout: cfg.timeouts.Request,
		RetryTimeout: cfg.timeouts.ChannelRetry, Log: cfg.log, Status: c.connection.changed,
		Observe: cfg.observeChan})
	if !ok {
		return nil, invalid("the realtime client has a chat client already, which must be disposed of first")
	}
	c.connection.begin(client.Connection.State(), client.Connection.ErrorReason())
	if cfg.log != nil {
		cfg.observeRooms = append(cfg.observeRooms, lifecycle.WithLogger(cfg.log))
	}
	c.rooms = lifecycle.NewRooms(backend{c}, cfg.observeRooms...)
	return c, nil
}

func invalid(reason string) error {
	return lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to create chat client; "+reason, nil)
}

// Rooms returns the client's rooms. It is always the same value.
func (c *Client) Rooms() *Rooms { return c.rooms }

// Dispose releases all rooms and ends the client (CHA-CL1). A realtime client that was given to
// [New] stays as it is, and may have a new chat client afterwards; that of [Connect] is closed.
// Dispose may be called again and concurrently; every call has the same end.
//
// Errors: those of [lifecycle.Rooms.Dispose]; the context's cause when ctx ends first: then the
// disposal goes on. A context that has ended before the call doesn't stop the disposal, only the
// wait for it.
func (c *Client) Dispose(ctx context.Context) error {
	if ctx.Err() != nil {
		_ = c.rooms.Dispose(ctx) // begins before Dispose returns, which won't wait; it ends below
	}
	c.disposing.Do(func() {
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
		return context.Cause(ctx)
	}
}

// end ends what the client has beside its rooms, which are gone.
func (c *Client) end() {
	c.channels.Close()
	c.connection.listeners.Clear() // CHA-CL1b
	if c.owned {
		c.hangUp()
	}
}
