package ablychat

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// Version is the version of this library, as it is told to Ably (CHA-IN1).
const Version = "0.1.0"

// agentName is the name that Ably attributes usage to (CHA-IN1b); Ably's common list has no Go name yet (CHA-IN1c).
const agentName = "chat-go"

// Agent is an option for the realtime client, so that Ably can attribute the usage of its requests to this library (CHA-IN1e). Room
// channels say the same by themselves.
func Agent() ably.ClientOption { return ably.WithAgents(map[string]string{agentName: Version}) }

// Rooms are the chat rooms of a [Client]: see [lifecycle.Rooms] for Get and Release.
type Rooms = lifecycle.Rooms[*Room]

// Client is a chat client on a realtime client (CHA-CL). Its methods may be called concurrently, and from within listeners.
type Client struct {
	realtime *ably.Realtime
	rooms    *Rooms
	log      *slog.Logger
	observe  func(lifecycle.RoomStep)
	off      func() // ends listening to the connection

	mu        sync.Mutex
	channels  map[*channel]struct{} // of rooms that hold one, to be told of the connection
	leftovers map[string]struct{}   // names of channels that could not be given back yet
	sweeping  sync.WaitGroup        // what runs in the background
	ctx       context.Context       // of it; ended under mu
	cancel    context.CancelFunc
}

// Option configures a [Client].
type Option func(*config)

type config struct {
	log          *slog.Logger
	observeRooms []lifecycle.RoomsOption
	observeRoom  func(lifecycle.RoomStep)
}

// WithLogger sets where the client and its rooms log: status changes at info, discontinuities at warn, panics of listeners at error.
// The default writes errors to [slog.Default].
func WithLogger(log *slog.Logger) Option { return func(c *config) { c.log = log } }

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

// inUse holds the realtime clients that have a chat client. It is the one global of the package, since a realtime client can't carry
// a mark: an entry lives from New to Dispose.
var inUse sync.Map // *ably.Realtime to *Client

// New makes a chat client on a realtime client, which stays the caller's: Dispose doesn't close it. It starts no goroutine.
//
// It returns an [*lifecycle.ErrorInfo] with the code [lifecycle.InvalidArgument] when client is nil, or has a chat client that is
// not disposed of: the rooms of one would detach the rooms of the other.
func New(client *ably.Realtime, options ...Option) (*Client, error) {
	if client == nil {
		return nil, lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to create chat client; the realtime client is nil", nil)
	}
	var cfg config
	for _, o := range options {
		o(&cfg)
	}
	c := &Client{realtime: client, log: cfg.log, observe: cfg.observeRoom, channels: map[*channel]struct{}{}, leftovers: map[string]struct{}{}}
	if _, taken := inUse.LoadOrStore(client, c); taken {
		return nil, lifecycle.NewErrorInfo(lifecycle.InvalidArgument,
			"unable to create chat client; the realtime client has a chat client already, which must be disposed of first", nil)
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	if cfg.log != nil {
		cfg.observeRooms = append(cfg.observeRooms, lifecycle.WithLogger(cfg.log))
	}
	c.rooms = lifecycle.NewRooms(backend{c}, cfg.observeRooms...)
	c.off = client.Connection.OnAll(c.connectionChanged)
	return c, nil
}

// Rooms returns the client's rooms. It is always the same value.
func (c *Client) Rooms() *Rooms { return c.rooms }

// Dispose releases all rooms and ends the client (CHA-CL1). The realtime client stays as it is, and may have a new chat client
// afterwards. Dispose may be called again and concurrently; every call has the same end.
//
// Errors: those of [lifecycle.Rooms.Dispose].
func (c *Client) Dispose(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err := c.rooms.Dispose(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return err // the disposal goes on, and a later call ends what is left
	}
	c.off()
	c.mu.Lock()
	c.cancel()
	c.mu.Unlock()
	c.sweeping.Wait()
	inUse.CompareAndDelete(c.realtime, c)
	return err
}

// connectionChanged passes a change of the connection on to the rooms' channels, and gives back what could not be given back before.
// It is the one listener for all rooms, so that they see one order.
func (c *Client) connectionChanged(change ably.ConnectionStateChange) {
	c.mu.Lock()
	channels := make([]*channel, 0, len(c.channels))
	for ch := range c.channels {
		channels = append(channels, ch)
	}
	sweep := change.Current == ably.ConnectionStateConnected && len(c.leftovers) > 0
	c.mu.Unlock()
	for _, ch := range channels {
		ch.connectionChanged(change)
	}
	if sweep {
		c.background(c.sweep)
	}
}

// background runs f in a goroutine that Dispose ends and waits for.
func (c *Client) background(f func(context.Context)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() == nil {
		c.sweeping.Go(func() { f(c.ctx) })
	}
}

// sweep gives back the channels that could not be given back before.
func (c *Client) sweep(ctx context.Context) {
	c.mu.Lock()
	names := make([]string, 0, len(c.leftovers))
	for name := range c.leftovers {
		names = append(names, name)
	}
	c.mu.Unlock()
	for _, name := range names {
		c.mu.Lock()
		_, still := c.leftovers[name]
		c.mu.Unlock()
		if still {
			c.discard(ctx, name)
		}
	}
}
