package ablychat

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// Version is the version of this library, as it is told to Ably (CHA-IN1).
const Version = "0.1.0"

// agentName is the name that Ably attributes usage to (CHA-IN1b); Ably's common list has no Go name yet (CHA-IN1c).
const agentName = "chat-go"

// The times of Ably's specification that ably-go keeps to itself (TO3l11, TO3l7).
const (
	defaultRequestTimeout      = 10 * time.Second
	defaultChannelRetryTimeout = 15 * time.Second
)

// Agent is an option for the realtime client, so that Ably can attribute the usage of its requests to this library (CHA-IN1e). Room
// channels say the same by themselves.
func Agent() ably.ClientOption { return ably.WithAgents(map[string]string{agentName: Version}) }

// Rooms are the chat rooms of a [Client]: see [lifecycle.Rooms] for Get and Release.
type Rooms = lifecycle.Rooms[*Room]

// Client is a chat client on a realtime client (CHA-CL). Its methods may be called concurrently, and from within listeners.
//
// The realtime client's channels whose names end in "::$chat" are the chat client's: it detaches and releases those that belong to no
// room.
type Client struct {
	realtime       *ably.Realtime
	owned          bool // the realtime client is the chat client's
	rest           restAPI
	rooms          *Rooms
	connection     Connection
	annotations    annotations
	log            *slog.Logger
	level          slog.Leveler
	observe        func(lifecycle.RoomStep)
	requestTimeout time.Duration
	retryTimeout   time.Duration
	off            func() // ends listening to the connection

	ctx     context.Context // of what runs in the background; ended under mu
	cancel  context.CancelFunc
	working sync.WaitGroup // what runs in the background

	mu        sync.Mutex
	claims    map[string]*claim // the names of channels that somebody works with
	drops     int               // how many claims of rooms have ended since the last sweep
	epoch     uint64            // how many changes of the connection have been seen
	live      context.Context   // ends with the connection's present time of being connected; nil when it is not
	endLive   context.CancelFunc
	connected chan struct{} // closed when the connection is connected; nil while nobody waits

	disposing sync.Once
	disposed  chan struct{} // closed at the end of the disposal
	err       error         // of the disposal
}

// Option configures a [Client].
type Option func(*config)

type config struct {
	log            *slog.Logger
	level          slog.Leveler
	rest           *ably.REST
	observeRooms   []lifecycle.RoomsOption
	observeRoom    func(lifecycle.RoomStep)
	requestTimeout time.Duration
	retryTimeout   time.Duration
}

// WithLogger sets where the client and its rooms log: status changes at info, discontinuities at warn, panics of listeners at error.
// The default writes errors to [slog.Default].
func WithLogger(log *slog.Logger) Option { return func(c *config) { c.log = log } }

// WithStatusLevel sets the level at which status changes are logged, by the logger of [WithLogger]; default [slog.LevelInfo]. It is asked
// for each change, so that a [slog.LevelVar] may move it.
func WithStatusLevel(level slog.Leveler) Option { return func(c *config) { c.level = level } }

// WithRoomsObserver sets a function that is told each step of the client's Rooms; see [lifecycle.WithObserver].
func WithRoomsObserver(observe func(lifecycle.RoomsStep)) Option {
	return func(c *config) { c.observeRooms = append(c.observeRooms, lifecycle.WithObserver(observe)) }
}

// WithObservedStates adds the whole state of the Rooms to each step that the observer is told; see [lifecycle.WithObservedStates].
func WithObservedStates() Option {
	return func(c *config) { c.observeRooms = append(c.observeRooms, lifecycle.WithObservedStates()) }
}

// WithRoomObserver sets a function that is told each step of each room; see [lifecycle.RoomConfig].
func WithRoomObserver(observe func(lifecycle.RoomStep)) Option {
	return func(c *config) { c.observeRoom = observe }
}

// WithChannelRetryTimeout sets after how long a suspended room attaches again by itself (RTL13b, CHA-RS1f); more than 0, default 15 s.
// Give it what the realtime client has in [ably.WithChannelRetryTimeout], which can't be read from there.
func WithChannelRetryTimeout(d time.Duration) Option {
	return func(c *config) { c.retryTimeout = d }
}

// WithRequestTimeout sets for how long a room that attaches waits for a connection that has to come back first, where ably-go itself
// doesn't wait (RTL4f); more than 0, default 10 s. Give it what the realtime client has in [ably.WithRealtimeRequestTimeout].
func WithRequestTimeout(d time.Duration) Option {
	return func(c *config) { c.requestTimeout = d }
}

// New makes a chat client on a realtime client, which stays the caller's: Dispose doesn't close it. It starts no goroutine.
//
// It returns an [*lifecycle.ErrorInfo] with the code [lifecycle.InvalidArgument] when client is nil or was not made by
// [ably.NewRealtime], when an option's value can't be, or when the client's connection has a chat client that is not disposed of: the
// rooms of one would detach the rooms of the other.
func New(client *ably.Realtime, options ...Option) (*Client, error) {
	if client == nil || client.Connection == nil || client.Channels == nil {
		return nil, invalid("the realtime client is nil, or not made by ably.NewRealtime")
	}
	cfg := config{requestTimeout: defaultRequestTimeout, retryTimeout: defaultChannelRetryTimeout}
	for _, o := range options {
		if o != nil {
			o(&cfg)
		}
	}
	if cfg.requestTimeout <= 0 || cfg.retryTimeout <= 0 {
		return nil, invalid("a timeout is zero or less")
	}
	if !inUse.add(client.Connection) {
		return nil, invalid("the realtime client has a chat client already, which must be disposed of first")
	}
	c := &Client{
		realtime: client, log: cfg.log, level: cfg.level, observe: cfg.observeRoom, requestTimeout: cfg.requestTimeout, retryTimeout: cfg.retryTimeout,
		claims: map[string]*claim{}, disposed: make(chan struct{}),
	}
	c.rest.client = cfg.rest
	c.connection.client, c.annotations.client = c, c
	c.ctx, c.cancel = context.WithCancel(context.Background())
	if cfg.log != nil {
		cfg.observeRooms = append(cfg.observeRooms, lifecycle.WithLogger(cfg.log))
	}
	c.rooms = lifecycle.NewRooms(backend{c}, cfg.observeRooms...)
	c.listen()
	return c, nil
}

func invalid(reason string) error {
	return lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to create chat client; "+reason, nil)
}

// Rooms returns the client's rooms. It is always the same value.
func (c *Client) Rooms() *Rooms { return c.rooms }

// Dispose releases all rooms and ends the client (CHA-CL1). A realtime client that was given to [New] stays as it is, and may have a new
// chat client afterwards; that of [Connect] is closed. Dispose may be called again and concurrently; every call has the same end.
//
// Errors: those of [lifecycle.Rooms.Dispose]; the context's cause when ctx ends first: then the disposal goes on, unless ctx had ended
// before the call.
func (c *Client) Dispose(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
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
		return context.Cause(ctx)
	}
}

// end ends what the client has besides its rooms, which are gone.
func (c *Client) end() {
	c.sweep(true) // what late messages brought back
	c.off()
	c.mu.Lock()
	c.cancel()
	c.mu.Unlock()
	c.working.Wait()
	c.connection.listeners.Clear() // CHA-CL1b
	inUse.remove(c.realtime.Connection)
	if c.owned {
		c.hangUp()
	}
}

// background runs f in a goroutine that Dispose ends and waits for; it tells whether it did.
func (c *Client) background(f func(context.Context)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return false
	}
	c.working.Go(func() { f(c.ctx) })
	return true
}
