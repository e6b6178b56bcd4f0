package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/frames/judge"
	"ablyrooms.example/tests/frames/memnet"
)

// The times of ably-go and of the adapter are their defaults: in a bubble they cost nothing.
const (
	requestTimeout = 10 * time.Second // RTL4f
	retryTimeout   = 15 * time.Second // of a connection, and of a channel

	// settleBound is within what every call must settle, one fault or two: each of the four attempts to get rid of a left-over may wait for a
	// request, once the connection has been waited for.
	settleBound = 2*retryTimeout + 6*requestTimeout

	// mostFrames is more than any run sends that comes to an end.
	mostFrames = 2000

	// atRest is after how long without a fault nothing may be on its way any more: a connection that was lost for so long as to be
	// suspended is retried every 30 s, and what waits for it then takes a request's time and a retry's.
	atRest = 3 * time.Minute
)

// world is what a scenario plays in: an embedded server and its clients, in a bubble of virtual time.
type world struct {
	server *ablytest.Server
	begin  time.Time

	// Of the scenario's own goroutine.
	clients   []*client
	gates     []*ablytest.Gate
	published map[string]int // how many messages a room's channel had
	connects  bool           // the scenario closes connections
	lossy     bool           // a fault loses messages out of the middle of a transport, which no transport does
	astray    []string       // what is not as it is without a fault

	mu       sync.Mutex
	problems []string
	calls    []*call
	frames   []frame
}

// frame is a frame and when it crossed.
type frame struct {
	at time.Duration
	ablytest.Frame
}

// call is a call that a scenario made.
type call struct {
	what  string
	began time.Duration
	ended time.Duration
	done  chan struct{}
	err   error
}

// client is a chat client, and what was seen of it.
type client struct {
	w        *world
	id       string
	realtime *ably.Realtime
	chat     *ablychat.Client
	recorder *judge.Recorder
	mu       sync.Mutex
	held     []*held // the rooms it got, in order
}

// held is a room and what its listeners were told.
type held struct {
	room *ablychat.Room

	mu       sync.Mutex
	statuses []lifecycle.StatusChange
	losses   []*lifecycle.ErrorInfo
	messages []received
}

type received struct {
	at     time.Duration
	text   string
	serial string
}

func newWorld(network *memnet.Net) (*world, error) {
	server, err := ablytest.Start(ablytest.WithListener(network.Listen()), ablytest.WithLogf(func(string, ...any) {}))
	if err != nil {
		return nil, err
	}
	w := &world{server: server, begin: time.Now(), published: map[string]int{}}
	server.OnFrame(func(f ablytest.Frame) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.frames = append(w.frames, frame{w.now(), f}); len(w.frames) == mostFrames {
			w.problems = append(w.problems, fmt.Sprintf("client and server have sent %d frames, and go round", mostFrames))
			go server.Close()
		}
	})
	return w, nil
}

func (w *world) now() time.Duration { return time.Since(w.begin) }

// problem notes what is wrong with the run.
func (w *world) problem(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

// pause lets what can happen at once happen, and a moment pass, so that what comes next comes next on the wire too.
func (w *world) pause() {
	synctest.Wait()
	time.Sleep(10 * time.Millisecond)
	synctest.Wait()
}

// start begins a call.
func (w *world) start(what string, f func(context.Context) error) *call {
	return w.startWith(context.Background(), what, f)
}

func (w *world) startWith(ctx context.Context, what string, f func(context.Context) error) *call {
	c := &call{what: what, began: w.now(), done: make(chan struct{})}
	w.mu.Lock()
	w.calls = append(w.calls, c)
	w.mu.Unlock()
	go func() {
		defer close(c.done)
		c.err = f(ctx)
		c.ended = w.now()
		if own := (*lifecycle.ErrorInfo)(nil); c.err != nil && !errors.Is(c.err, errGaveUp) && (!errors.As(c.err, &own) || own.Code == 0) {
			w.problem("%s returned an error without a code: %v", what, c.err)
		}
	}()
	w.pause()
	return c
}

var (
	errStuck  = errors.New("the call did not settle")
	errGaveUp = errors.New("the caller gave up")
)

// wait waits until a call has settled, and notes a problem when it doesn't.
func (w *world) wait(c *call) error {
	select {
	case <-c.done:
		w.pause()
		return c.err
	case <-time.After(time.Until(w.begin.Add(c.began + settleBound))):
	}
	w.problem("%s did not settle within %v", c.what, settleBound)
	return errStuck
}

// do makes a call and waits for it.
func (w *world) do(what string, f func(context.Context) error) error { return w.wait(w.start(what, f)) }

// must is do for a call that has to succeed.
func (w *world) must(what string, f func(context.Context) error) bool {
	err := w.do(what, f)
	if err != nil && !errors.Is(err, errStuck) {
		w.problem("%s: %v", what, err)
	}
	return err == nil
}

// publish has another client publish the next message to a room's channel.
func (w *world) publish(room string) string {
	w.published[room]++
	text := fmt.Sprintf("%d", w.published[room])
	_, err := w.server.Publish(ablychat.ChannelName(room), ablytest.Message{Name: chat.NameMessage, ClientID: "other",
		Data: `{"text":"` + text + `"}`, Encoding: "json"})
	if err != nil {
		w.problem("publish: %v", err)
	}
	w.pause()
	return text
}

// hold holds the frames that match until the end of the scenario, or until the gate is opened.
func (w *world) hold(m ablytest.Match) *ablytest.Gate {
	gate := w.server.Hold(m)
	w.gates = append(w.gates, gate)
	return gate
}

// connect makes a client and waits until it is connected, as long as that may take.
func (w *world) connect(id string, options ...ably.ClientOption) *client {
	c := w.make(id, options...)
	w.reach(c, ably.ConnectionStateConnected)
	return c
}

func (w *world) make(id string, options ...ably.ClientOption) *client {
	c := &client{w: w, id: id, recorder: judge.NewRecorder(w.begin)}
	var err error
	c.realtime, err = ably.NewRealtime(w.server.ClientOptions(append(options, ably.WithClientID(id), ably.WithLogLevel(ably.LogNone))...)...)
	if err != nil {
		panic(err) // the options are ours
	}
	c.open()
	w.clients = append(w.clients, c)
	return c
}

// open makes a chat client on the realtime client.
func (c *client) open() {
	var err error
	if c.chat, err = ablychat.New(c.realtime, ablychat.WithRoomObserver(c.recorder.Observe)); err != nil {
		c.w.problem("%s gets no chat client: %v", c.id, err)
	}
}

// reach waits until a client's connection is in a state, for as long as that may take, and tells whether it is.
func (w *world) reach(c *client, state ably.ConnectionState) bool {
	for end := w.now() + settleBound; w.now() < end && c.realtime.Connection.State() != state; {
		time.Sleep(time.Second)
		synctest.Wait()
	}
	w.pause()
	return c.realtime.Connection.State() == state
}

// close closes a client's connection, and waits until it is. In ably-go the wait for CLOSED has no end of its own as long as there are
// heartbeats (RTN12b): when it is lost, the end of the transport ends it. And a DISCONNECTED in its place opens the connection again.
func (w *world) close(c *client) {
	w.connects = true
	for range 3 {
		c.realtime.Close()
		if w.reach(c, ably.ConnectionStateClosed) || c.realtime.Connection.State() == ably.ConnectionStateFailed {
			return
		}
		if c.realtime.Connection.State() == ably.ConnectionStateClosing {
			w.cut()
		}
	}
	if !w.reach(c, ably.ConnectionStateClosed) {
		w.problem("%s's connection is %v after it was closed", c.id, c.realtime.Connection.State())
	}
}

// get gets a room, and watches it when it is new; nil when that failed.
func (c *client) get(name string, options ...lifecycle.RoomOption) *held {
	var h *held
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
	c.held = append(c.held, h)
	room.OnStatusChange(func(change lifecycle.StatusChange) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.statuses = append(h.statuses, change)
	})
	room.OnDiscontinuity(func(err *lifecycle.ErrorInfo) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.losses = append(h.losses, err)
	})
	room.Messages().Subscribe(func(event chat.MessageEvent) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.messages = append(h.messages, received{c.w.now(), event.Message.Text, event.Message.Serial})
	})
	return h
}

// rooms returns the rooms that the client got.
func (c *client) rooms() []*held {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*held(nil), c.held...)
}

// last returns the text of the message that the room got last.
func (h *held) last() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.messages) == 0 {
		return ""
	}
	return h.messages[len(h.messages)-1].text
}

func (c *client) attach(h *held) error {
	if h == nil {
		return errStuck
	}
	return c.w.do(c.id+" attaches "+h.room.Name(), h.room.Attach)
}

func (c *client) detach(h *held) error {
	if h == nil {
		return errStuck
	}
	return c.w.do(c.id+" detaches "+h.room.Name(), h.room.Detach)
}

func (c *client) release(name string) error {
	return c.w.do(c.id+" releases "+name, func(ctx context.Context) error { return c.chat.Rooms().Release(ctx, name) })
}

// react sends a reaction to the room, which waits for an ACK.
func (c *client) react(h *held) error {
	if h == nil {
		return errStuck
	}
	return c.w.do(c.id+" reacts in "+h.room.Name(), func(ctx context.Context) error {
		ctx, cancel := context.WithTimeoutCause(ctx, settleBound/2, errGaveUp) // it waits for the service's answer as long as its context lets it
		defer cancel()
		return h.room.Reactions().Send(ctx, ablychat.SendReaction{Name: "heart"})
	})
}

// connectLater makes a client and doesn't wait for its connection.
func (w *world) connectLater(id string, options ...ably.ClientOption) *client {
	c := w.make(id, options...)
	w.pause()
	return c
}

// attachNow attaches a room that may be missing.
func (c *client) attachNow(ctx context.Context, h *held) error {
	if h == nil {
		return errGaveUp
	}
	return h.room.Attach(ctx)
}

// present returns the rooms that are not released.
func (c *client) present() (all []*held) {
	for _, h := range c.rooms() {
		if h.room.Status() != lifecycle.StatusReleased {
			all = append(all, h)
		}
	}
	return all
}

// cut cuts all connections.
func (w *world) cut() {
	_ = w.server.Cut("")
	w.pause()
}

// settleFor lets time pass.
func (w *world) settleFor(d time.Duration) {
	time.Sleep(d)
	w.pause()
}

func (w *world) waitAll(calls []*call) {
	for _, c := range calls {
		w.wait(c)
	}
}

// noteStatuses notes which of the rooms are in the status that they are named for: without a fault all are.
func (w *world) noteStatuses(rooms map[lifecycle.Status]*held) {
	for status, h := range rooms {
		if h.room.Status() != status {
			w.astray = append(w.astray, fmt.Sprintf("the room %v is %v", status, h.room.Status()))
		}
	}
}
