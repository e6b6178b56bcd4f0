package world

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/wire/judge"
)

// client is a chat client, with the observations of its rooms.
type client struct {
	w        *World
	id       string
	realtime *ably.Realtime
	chat     *ablychat.Client
	recorder *judge.Recorder // records all chat clients that were made on the connection
	mu       sync.Mutex
	// the rooms that the client got, with listeners, in the order of the gets
	held  []*held
	named map[string]bool // the names of all rooms that the client got
}

// held is a room that a client got, with the events that its listeners received.
type held struct {
	room *ablychat.Room

	mu       sync.Mutex
	statuses []lifecycle.RoomStatus
	losses   int
	messages []received
}

type received struct {
	at     time.Duration
	text   string
	serial string
}

// connect returns a client. It waits until the client is connected, at most for w.settle.
func (w *World) connect(id string, options ...ably.ClientOption) *client {
	c := w.connectLater(id, options...)
	w.reach(c, ably.ConnectionStateConnected)
	return c
}

// connectLater returns a client without waiting for its connection.
func (w *World) connectLater(id string, options ...ably.ClientOption) *client {
	c := &client{w: w, id: id, named: map[string]bool{}, recorder: judge.NewRecorder(w.begin)}
	options = append(options, ably.WithClientID(id), ably.WithLogLevel(ably.LogNone), ably.WithRealtimeRequestTimeout(w.request),
		ably.WithDisconnectedRetryTimeout(w.retry), ably.WithSuspendedRetryTimeout(w.suspended), ably.WithChannelRetryTimeout(w.retry))
	var err error
	if c.realtime, err = ablychat.NewRealtime(w.server.ClientOptions(options...)...); err != nil {
		panic(err) // can't happen with these options
	}
	c.open()
	w.clients = append(w.clients, c)
	w.pause()
	return c
}

// open makes a chat client on the realtime client.
func (c *client) open() {
	observer := lifecycle.Observer{Room: c.recorder.Observe}
	if c.w.bubble {
		observer.Rooms, observer.States = c.recorder.Rooms(), true
	}
	var err error
	if c.chat, err = ablychat.New(c.realtime, ablychat.WithObserver(observer),
		ablychat.WithChannelObserver(c.recorder.Cores())); err != nil {
		c.w.problem("%s can't make a chat client: %v", c.id, err)
	}
}

// reach waits until a client's connection is in a state, at most for w.settle, and reports whether
// it is.
func (w *World) reach(c *client, state ably.ConnectionState) bool {
	return w.until(w.settle, func() bool { return c.realtime.Connection.State() == state })
}

// close closes a client's connection, and waits until it is closed. If the CLOSED is lost, ably-go
// waits without a limit while there are heartbeats (RTN12b); then cutting the transport ends the
// wait. If the client receives a DISCONNECTED instead, ably-go opens the connection again, so close
// tries again.
func (w *World) close(c *client) {
	w.closes = true
	ended := func() bool {
		s := c.realtime.Connection.State()
		return s == ably.ConnectionStateClosed || s == ably.ConnectionStateFailed
	}
	for range 3 {
		c.realtime.Close()
		if w.until(w.settle/2, ended) {
			return
		}
		if c.realtime.Connection.State() == ably.ConnectionStateClosing {
			w.cut()
		}
	}
	if !w.until(w.settle, ended) {
		w.problem("%s's connection is %v after it was closed", c.id, c.realtime.Connection.State())
	}
}

// get gets a room, and adds listeners if the room is new. It returns nil if that failed.
func (c *client) get(name string, options ...lifecycle.RoomOption) (h *held) {
	c.w.do(c.id+" gets "+name, func(ctx context.Context) error {
		room, err := c.chat.Rooms().Get(ctx, name, options...)
		if err == nil {
			h = c.watch(room)
		}
		return err
	})
	return h
}

func (c *client) watch(room *ablychat.Room) *held {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.held {
		if h.room == room {
			return h
		}
	}
	h := &held{room: room}
	c.named[room.Name()] = true
	c.held = append(c.held, h)
	note := func(f func()) {
		h.mu.Lock()
		defer h.mu.Unlock()
		f()
	}
	_, err1 := room.SubscribeStatus(func(change lifecycle.RoomStatusChange) {
		note(func() { h.statuses = append(h.statuses, change.Current) })
	})
	_, err2 := room.SubscribeDiscontinuities(func(lifecycle.Discontinuity) { note(func() { h.losses++ }) })
	_, err3 := room.Messages().Subscribe(func(event chat.MessageEvent) {
		note(func() { h.messages = append(h.messages, received{c.w.now(), event.Message.Text, event.Message.Serial}) })
	})
	if err := errors.Join(err1, err2, err3); err != nil && !errors.Is(err, lifecycle.ErrResourceDisposed) &&
		!errors.Is(err, lifecycle.ErrRoomInInvalidState) {
		c.w.problem("%s can't listen to %s: %v", c.id, room.Name(), err)
	}
	return h
}

// rooms returns the rooms that the client got.
func (c *client) rooms() []*held {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*held(nil), c.held...)
}

// present returns the rooms that are not released.
func (c *client) present() (all []*held) {
	for _, h := range c.rooms() {
		if h.room.Status() != lifecycle.RoomReleased {
			all = append(all, h)
		}
	}
	return all
}

// last returns the text of the last message that the room received.
func (h *held) last() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.messages) == 0 {
		return ""
	}
	return h.messages[len(h.messages)-1].text
}

func (c *client) attach(h *held) {
	if h != nil {
		c.w.do(c.id+" attaches "+h.room.Name(), h.room.Attach)
	}
}

func (c *client) detach(h *held) {
	if h != nil {
		c.w.do(c.id+" detaches "+h.room.Name(), h.room.Detach)
	}
}

// releasing returns a function that releases a name.
func (c *client) releasing(name string) func(context.Context) error {
	return func(ctx context.Context) error { return c.chat.Rooms().Release(ctx, name) }
}

func (c *client) release(name string) { c.w.do(c.id+" releases "+name, c.releasing(name)) }

// react sends a reaction to the room. The call waits for an ACK until its context ends.
func (c *client) react(h *held) {
	if h == nil {
		return
	}
	c.w.do(c.id+" reacts in "+h.room.Name(), func(ctx context.Context) error {
		ctx, cancel := context.WithTimeoutCause(ctx, c.w.settle/2, errGaveUp)
		defer cancel()
		return h.room.Reactions().Send(ctx, ablychat.ReactionContent{Name: "heart"})
	})
}
