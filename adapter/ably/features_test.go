package ablychat_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// eachFormat runs a test with JSON and with MessagePack.
func eachFormat(t *testing.T, f func(t *testing.T, binary ably.ClientOption)) {
	t.Run("json", func(t *testing.T) { f(t, ably.WithUseBinaryProtocol(false)) })
	t.Run("msgpack", func(t *testing.T) { f(t, ably.WithUseBinaryProtocol(true)) })
}

// person is a connected chat client with an id.
type person struct {
	t    *testing.T
	chat *ablychat.Client
}

func newPerson(t *testing.T, server *ablytest.Server, id string, options ...ably.ClientOption) *person {
	t.Helper()
	// After a client is closed, a goroutine of ably-go remains for up to this time.
	options = append(options, ably.WithClientID(id), ably.WithChannelRetryTimeout(500*time.Millisecond))
	client, err := ablychat.Connect(ablychat.Ably(server.ClientOptions(options...)...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Dispose(soon(t)); err != nil {
			t.Errorf("dispose: %v", err)
		}
		closeClient(client.Realtime())
	})
	return &person{t, client}
}

// room returns an attached room.
func (p *person) room(name string, options ...lifecycle.RoomOption) *ablychat.Room {
	p.t.Helper()
	room := p.unattached(name, options...)
	if err := room.Attach(soon(p.t)); err != nil {
		p.t.Fatal(err)
	}
	return room
}

func (p *person) unattached(name string, options ...lifecycle.RoomOption) *ablychat.Room {
	p.t.Helper()
	room, err := p.chat.Rooms().Get(soon(p.t), name, options...)
	if err != nil {
		p.t.Fatal(err)
	}
	return room
}

// inbox collects events.
type inbox[T any] struct {
	t      *testing.T
	events chan T
}

func newInbox[T any](t *testing.T) *inbox[T] { return &inbox[T]{t, make(chan T, 10_000)} }

func (i *inbox[T]) put(event T) { i.events <- event }

func (i *inbox[T]) next() T {
	i.t.Helper()
	select {
	case e := <-i.events:
		return e
	case <-soon(i.t).Done():
		i.t.Fatal("no event came")
		panic("unreachable")
	}
}

func (i *inbox[T]) empty() {
	i.t.Helper()
	select {
	case e := <-i.events:
		i.t.Errorf("an unexpected event came: %+v", e)
	default:
	}
}

// CHA-ER2, CHA-ER3, CHA-ER4
func TestRoomReactions(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t)
		ann, bob := newPerson(t, server, "ann", binary), newPerson(t, server, "bob", binary)
		to, from := bob.room("lobby"), ann.room("lobby")
		got, own := newInbox[chat.RoomReaction](t), newInbox[chat.RoomReaction](t)
		off := must(to.Reactions().Subscribe(got.put)).Unsubscribe
		from.Reactions().Subscribe(own.put)
		send := ablychat.ReactionContent{Name: "🎉", Metadata: map[string]any{"n": 1.0, "deep": map[string]any{"list": []any{"x"}}}, Headers: map[string]any{"h": 2.0}}
		if err := from.Reactions().Send(soon(t), send); err != nil {
			t.Fatal(err)
		}
		r := got.next()
		if r.Name != "🎉" || r.ClientID != "ann" || r.IsSelf || r.Metadata["n"] != 1.0 || r.Headers["h"] != 2.0 || r.CreatedAt.IsZero() {
			t.Errorf("bob received the reaction %+v", r)
		}
		if o := own.next(); !o.IsSelf {
			t.Errorf("ann received her own reaction as %+v", o)
		}
		off()
		if err := from.Reactions().Send(soon(t), ablychat.ReactionContent{Name: "again"}); err != nil {
			t.Fatal(err)
		}
		own.next()
		got.empty()
		if len(server.Messages(ablychat.ChannelName("lobby"))) != 0 {
			t.Error("a reaction is in the history")
		}
		if err := from.Reactions().Send(soon(t), ablychat.ReactionContent{}); !errors.Is(err, lifecycle.ErrInvalidArgument) {
			t.Errorf("send without a name: %v", err)
		}
		if err := from.Reactions().Send(soon(t), ablychat.ReactionContent{Name: "x", Metadata: map[string]any{"f": func() {}}}); !errors.Is(err, lifecycle.ErrInvalidArgument) {
			t.Errorf("send with a value without a JSON form: %v", err)
		}
	})
}

// CHA-GP2: neither subscribing nor sending attaches a room. CHA-RC1g6: a release ends the
// subscriptions of its features.
func TestNothingAttachesARoomButAttach(t *testing.T) {
	server := ablytest.NewServer(t)
	ann := newPerson(t, server, "ann")
	room := ann.unattached("lobby", lifecycle.WithOccupancyEvents(true))
	got := newInbox[chat.RoomReaction](t)
	room.Reactions().Subscribe(got.put)
	sub := must(room.Messages().Subscribe(func(chat.MessageEvent) {}))
	room.Typing().Subscribe(func(chat.TypingEvent) {})
	for _, err := range []error{
		second(room.Presence().Subscribe(func(chat.PresenceEvent) {})),
		second(room.Occupancy().Subscribe(func(chat.OccupancyData) {})),
		online(t, ann),
		room.Reactions().Send(soon(t), ablychat.ReactionContent{Name: "wave"}),
		room.Typing().Keystroke(soon(t)),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if server.State().Attached(ablychat.ChannelName("lobby")) || room.Status() != lifecycle.RoomInitialized {
		t.Errorf("the room is %v; at the server attached: %t", room.Status(), server.State().Attached(ablychat.ChannelName("lobby")))
	}
	if err := ann.chat.Rooms().Release(soon(t), "lobby"); err != nil {
		t.Fatal(err)
	}
	if err := room.Reactions().Send(soon(t), ablychat.ReactionContent{Name: "wave"}); !errors.Is(err, lifecycle.ErrRoomInInvalidState) {
		t.Errorf("send in a released room: %v", err)
	}
	if _, err := sub.HistoryBeforeSubscribe(soon(t), ablychat.HistoryQuery{}); !errors.Is(err, lifecycle.ErrRoomInInvalidState) {
		t.Errorf("history before a subscription in a room that never attached: %v", err)
	}
	got.empty()
}

// must returns v, and panics if there is an error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func second[T any](_ T, err error) error { return err }

// online waits until a person's client is connected.
func online(t *testing.T, p *person) error {
	ready := newInbox[ablychat.ConnectionStatusChange](t)
	defer must(p.chat.Connection().Subscribe(ready.put)).Unsubscribe()
	for p.chat.Connection().Status() != ablychat.ConnectionConnected {
		ready.next()
	}
	return nil
}

// CHA-CS2, CHA-CS4, CHA-CS5
func TestConnectionStatus(t *testing.T) {
	server := ablytest.NewServer(t)
	client, err := ablychat.Connect(ablychat.Ably(server.ClientOptions(ably.WithAutoConnect(false), ably.WithClientID("ann"))...))
	if err != nil {
		t.Fatal(err)
	}
	c := client.Connection()
	if c.Status() != ablychat.ConnectionInitialized || c.Error() != nil {
		t.Errorf("before Connect, the status is %v and the error %v", c.Status(), c.Error())
	}
	got, removed := newInbox[ablychat.ConnectionStatusChange](t), newInbox[ablychat.ConnectionStatusChange](t)
	must(c.Subscribe(got.put))
	must(c.Subscribe(removed.put)).Unsubscribe()
	changes := c.Events(t.Context())
	client.Realtime().Connect()
	if e := got.next(); e.Current != ablychat.ConnectionConnecting || e.Previous != ablychat.ConnectionInitialized {
		t.Errorf("the first change is %+v", e)
	}
	if e := got.next(); e.Current != ablychat.ConnectionConnected || e.Previous != ablychat.ConnectionConnecting || e.Error != nil {
		t.Errorf("the second change is %+v", e)
	}
	if client.ClientID() != "ann" {
		t.Errorf("the client's id is %q, expected ann", client.ClientID())
	}
	if err := server.FailConnection(server.State().Connections[0].ID, ablytest.NewError(40400, 404, "gone")); err != nil {
		t.Fatal(err)
	}
	e := got.next()
	if e.Current != ablychat.ConnectionFailed || e.Error == nil || lifecycle.AsErrorInfo(e.Error).Code != 40400 || c.Error() == nil {
		t.Errorf("the change to failed is %+v; the connection's error is %v", e, c.Error())
	}
	if err := client.Dispose(soon(t)); err != nil {
		t.Fatal(err)
	}
	var seen []ablychat.ConnectionStatus
	var last error
	for e, err := range changes { // the loop ends when the client is disposed of
		if last = err; err == nil {
			seen = append(seen, e.Current)
		}
	}
	want := []ablychat.ConnectionStatus{ablychat.ConnectionConnecting, ablychat.ConnectionConnected, ablychat.ConnectionFailed}
	if !slices.Equal(seen, want) || !errors.Is(last, ablychat.ErrResourceDisposed) {
		t.Errorf("the loop yielded %v and ended with %v; expected %v and ErrResourceDisposed", seen, last, want)
	}
	removed.empty()
}

// CHA-PR3, CHA-PR4, CHA-PR5, CHA-PR6, CHA-PR7, CHA-PR10
func TestPresence(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t)
		ann, bob := newPerson(t, server, "ann", binary), newPerson(t, server, "bob", binary)
		hers := ann.room("lobby")
		if err := hers.Presence().Enter(soon(t), map[string]any{"mood": "ok", "n": []any{1.0}}); err != nil {
			t.Fatal(err)
		}
		his := bob.unattached("lobby")
		got := newInbox[chat.PresenceEvent](t)
		if _, err := his.Presence().Subscribe(got.put); err != nil {
			t.Fatal(err)
		}
		// CHA-PR3h
		if err := his.Presence().Enter(soon(t), nil); !errors.Is(err, lifecycle.ErrRoomInInvalidState) {
			t.Errorf("enter a room that is not attached: %v", err)
		}
		if err := his.Attach(soon(t)); err != nil {
			t.Fatal(err)
		}
		e := got.next()
		data, _ := e.Member.Data.(map[string]any)
		if e.Type != chat.PresencePresent && e.Type != chat.PresenceEnter || e.Member.ClientID != "ann" || data["mood"] != "ok" || e.Member.UpdatedAt.IsZero() {
			t.Errorf("the first presence event is %+v, expected ann as present", e)
		}
		for _, step := range []struct {
			do   func(context.Context, any) error
			want chat.PresenceEventType
		}{{his.Presence().Enter, chat.PresenceEnter}, {his.Presence().Update, chat.PresenceUpdate}, {his.Presence().Leave, chat.PresenceLeave}} {
			if err := step.do(soon(t), "a word"); err != nil {
				t.Fatal(err)
			}
			if e := got.next(); e.Type != step.want || e.Member.ClientID != "bob" || e.Member.Data != "a word" {
				t.Errorf("expected %v of bob, received %+v", step.want, e)
			}
			members, err := his.Presence().Get(soon(t))
			want := map[chat.PresenceEventType]int{chat.PresenceLeave: 1}[step.want]
			if want == 0 {
				want = 2
			}
			if err != nil || len(members) != want {
				t.Errorf("members after %v: %v, %v", step.want, members, err)
			}
		}
		for id, want := range map[string]bool{"ann": true, "bob": false} {
			if present, err := his.Presence().IsUserPresent(soon(t), id); err != nil || present != want {
				t.Errorf("IsUserPresent(%s): %t, %v", id, present, err)
			}
		}
		if err := ann.chat.Rooms().Release(soon(t), "lobby"); err != nil {
			t.Fatal(err)
		}
		if e := got.next(); e.Type != chat.PresenceLeave || e.Member.ClientID != "ann" {
			t.Errorf("after the release, received %+v, expected a leave of ann", e)
		}
	})
}

// CHA-PR7e, CHA-PR9c, CHA-O4h, CHA-O7d, CHA-RC3d1
func TestWhatTheOptionsLeaveOut(t *testing.T) {
	server := ablytest.NewServer(t)
	ann, bob := newPerson(t, server, "ann"), newPerson(t, server, "bob")
	room := ann.room("lobby", lifecycle.WithPresenceEvents(false))
	if _, err := room.Presence().Subscribe(func(chat.PresenceEvent) {}); !errors.Is(err, lifecycle.ErrFeatureNotEnabledInRoom) {
		t.Errorf("subscribe to presence: %v", err)
	}
	for _, err := range room.Presence().Events(t.Context()) {
		if !errors.Is(err, lifecycle.ErrFeatureNotEnabledInRoom) {
			t.Errorf("loop over presence: %v", err)
		}
	}
	if _, err := room.Occupancy().Subscribe(func(chat.OccupancyData) {}); !errors.Is(err, lifecycle.ErrFeatureNotEnabledInRoom) {
		t.Errorf("subscribe to occupancy: %v", err)
	}
	if _, _, err := room.Occupancy().Current(); !errors.Is(err, lifecycle.ErrFeatureNotEnabledInRoom) {
		t.Errorf("current occupancy: %v", err)
	}
	// The client can still enter, and others see it.
	got := newInbox[chat.PresenceEvent](t)
	if _, err := bob.room("lobby").Presence().Subscribe(got.put); err != nil {
		t.Fatal(err)
	}
	if err := room.Presence().Enter(soon(t), nil); err != nil {
		t.Fatal(err)
	}
	if e := got.next(); e.Member.ClientID != "ann" {
		t.Errorf("received %+v, expected ann", e)
	}
}

// CHA-RL9: an operation that needs an attached room waits for a running attach.
func TestPresenceWaitsForTheAttach(t *testing.T) {
	server := ablytest.NewServer(t)
	ann := newPerson(t, server, "ann")
	for what, c := range map[string]struct {
		effect func()
		want   error
	}{
		"attached (CHA-RL9b)": {nil, nil},
		"refused (CHA-RL9c)": {func() {
			server.Fault(ablytest.ToServer(ablytest.ActionAttach).Once(), ablytest.FailChannel(ablytest.NewError(40160, 401, "no")))
		}, lifecycle.ErrRoomInInvalidState},
	} {
		t.Run(what, func(t *testing.T) {
			room := ann.unattached("lobby " + what)
			if c.effect != nil {
				c.effect()
			}
			gate := server.Hold(ablytest.ToClient(ablytest.ActionAttached))
			statuses := newInbox[lifecycle.RoomStatusChange](t)
			room.SubscribeStatus(statuses.put)
			attached, entered := make(chan error, 1), make(chan error, 1)
			if c.effect != nil {
				// the server refuses with an ERROR, which the gate for ATTACHED doesn't hold
				gate.Open()
			}
			go func() { attached <- room.Attach(soon(t)) }()
			if s := statuses.next(); s.Current != lifecycle.RoomAttaching {
				t.Fatalf("the first status change is %+v, expected attaching", s)
			}
			go func() { entered <- room.Presence().Enter(soon(t), nil) }()
			if c.effect == nil {
				if err := gate.Await(soon(t), 1); err != nil {
					t.Fatal(err)
				}
				gate.Open()
			}
			<-attached
			if err := <-entered; !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("enter: %v", err)
			}
		})
	}
}

// CHA-O3, CHA-O4, CHA-O6, CHA-O7
func TestOccupancy(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t)
		ann, bob := newPerson(t, server, "ann", binary), newPerson(t, server, "bob", binary)
		room := ann.unattached("lobby / ä?", lifecycle.WithOccupancyEvents(true))
		if _, known, err := room.Occupancy().Current(); known || err != nil { // CHA-O7b
			t.Errorf("Current before the first occupancy event: known %t, %v", known, err)
		}
		got := newInbox[chat.OccupancyData](t)
		if _, err := room.Occupancy().Subscribe(got.put); err != nil {
			t.Fatal(err)
		}
		if err := room.Attach(soon(t)); err != nil {
			t.Fatal(err)
		}
		until := func(want chat.OccupancyData) {
			t.Helper()
			for { // if the attach was sent twice, there are further events
				event := got.next()
				now, known, err := room.Occupancy().Current()
				if !known || err != nil {
					t.Fatalf("current: %+v, %t, %v", now, known, err)
				}
				if event == want && now == want {
					return
				}
			}
		}
		until(chat.OccupancyData{Connections: 1})
		other := bob.room("lobby / ä?")
		until(chat.OccupancyData{Connections: 2})
		if err := other.Presence().Enter(soon(t), nil); err != nil {
			t.Fatal(err)
		}
		until(chat.OccupancyData{Connections: 2, PresenceMembers: 1})
		if now, err := other.Occupancy().Get(soon(t)); err != nil || now != (chat.OccupancyData{Connections: 2, PresenceMembers: 1}) {
			t.Errorf("get: %+v, %v", now, err)
		}
		if err := bob.chat.Rooms().Release(soon(t), "lobby / ä?"); err != nil {
			t.Fatal(err)
		}
		until(chat.OccupancyData{Connections: 1})
	})
}

// CHA-T4, CHA-T5, CHA-T6, CHA-T13 over the wire. Other tests check the times, on a virtual clock.
func TestTypingOverTheWire(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t)
		ann, bob := newPerson(t, server, "ann", binary), newPerson(t, server, "bob", binary)
		hers, his := ann.room("lobby", lifecycle.WithTypingHeartbeatThrottle(time.Hour)), bob.room("lobby")
		got := newInbox[chat.TypingEvent](t)
		his.Typing().Subscribe(got.put)
		for range 10 {
			if err := hers.Typing().Keystroke(soon(t)); err != nil {
				t.Fatal(err)
			}
		}
		if e := got.next(); e.Change.Type != chat.TypingStarted || e.Change.ClientID != "ann" || len(e.CurrentTypers) != 1 {
			t.Errorf("received %+v, expected that ann started typing", e)
		}
		if c := his.Typing().CurrentTypers(); len(c) != 1 || c[0].ClientID != "ann" {
			t.Errorf("the typers are %v, expected ann", c)
		}
		for range 3 {
			if err := hers.Typing().Stop(soon(t)); err != nil {
				t.Fatal(err)
			}
		}
		if e := got.next(); e.Change.Type != chat.TypingStopped || len(e.CurrentTypers) != 0 {
			t.Errorf("received %+v, expected that ann stopped typing", e)
		}
		// This is sent at once, since stop resets the interval.
		if err := hers.Typing().Keystroke(soon(t)); err != nil {
			t.Fatal(err)
		}
		if e := got.next(); e.Change.Type != chat.TypingStarted {
			t.Errorf("received %+v, expected that ann started typing again", e)
		}
		got.empty()
		sent := 0
		for _, f := range server.Frames() {
			if f.Direction == ablytest.ClientToServer && f.Action == ablytest.ActionMessage {
				sent++
			}
		}
		if sent != 3 {
			t.Errorf("%d messages were sent, expected 3", sent)
		}
		ann.chat.Realtime().Close()
		closeClient(ann.chat.Realtime())
		// The rooms have received this status then.
		awaitConnection(t, ann.chat, ablychat.ConnectionClosed)
		// CHA-T4f
		if err := hers.Typing().Keystroke(soon(t)); !errors.Is(err, lifecycle.ErrDisconnected) {
			t.Errorf("keystroke without a connection: %v", err)
		}
		// CHA-ER3g
		if err := hers.Reactions().Send(soon(t), ablychat.ReactionContent{Name: "x"}); !errors.Is(err, lifecycle.ErrDisconnected) {
			t.Errorf("room reaction without a connection: %v", err)
		}
	})
}

// TestConnectWithALogger: a client that owns its connection can have a logger, like any other.
func TestConnectWithALogger(t *testing.T) {
	server := ablytest.NewServer(t)
	var log lockedBuffer
	client, err := ablychat.Connect(ablychat.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
		ablychat.Ably(server.ClientOptions(ably.WithClientID("ann"))...))
	if err != nil {
		t.Fatal(err)
	}
	ann := &person{t, client}
	ann.room("lobby")
	server.FailChannel(ablychat.ChannelName("lobby"), ablytest.NewError(40160, 401, "not any more"))
	for {
		written := log.written()
		if strings.Contains(log.String(), "not any more") {
			break
		}
		select {
		case <-written:
		case <-soon(t).Done():
			t.Fatalf("logged:\n%s", log.String())
		}
	}
	if err := client.Dispose(soon(t)); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "room status changed") {
		t.Errorf("logged:\n%s", log.String())
	}
}

// lockedBuffer is a buffer that signals each write.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
	news chan struct{}
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.news != nil {
		close(b.news)
		b.news = nil
	}
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *lockedBuffer) written() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.news == nil {
		b.news = make(chan struct{})
	}
	return b.news
}
