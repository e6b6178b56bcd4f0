package ablychat_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// presenceCalls returns all calls that need an attached room.
func presenceCalls(p *ablychat.Presence, ctx context.Context) map[string]func() error {
	return map[string]func() error{
		"enter":   func() error { return p.Enter(ctx, nil) },
		"update":  func() error { return p.Update(ctx, map[string]any{"mood": "new"}) },
		"leave":   func() error { return p.Leave(ctx, nil) },
		"get":     func() error { return second(p.Get(ctx)) },
		"present": func() error { return second(p.IsUserPresent(ctx, "ann")) },
	}
}

// CHA-PR3d, CHA-PR10d, CHA-PR6c, CHA-PR4: while the room attaches, every call of presence waits for
// the end of the attach. If the attach fails, the call fails, with the attach's error as its cause.
func TestEveryPresenceCallWaitsForTheAttach(t *testing.T) {
	for _, refused := range []bool{false, true} {
		server := ablytest.NewServer(t)
		ann := newPerson(t, server, "ann")
		try := func(what string) {
			room := ann.unattached("room to " + what)
			statuses := newInbox[lifecycle.RoomStatusChange](t)
			room.SubscribeStatus(statuses.put)
			gate := server.Hold(ablytest.ToServer(ablytest.ActionAttach))
			attached, done := make(chan error, 1), make(chan error, 1)
			go func() { attached <- room.Attach(soon(t)) }()
			if s := statuses.next(); s.Current != lifecycle.RoomAttaching {
				t.Fatalf("the first status change is %+v, expected attaching", s)
			}
			if err := gate.Await(soon(t), 1); err != nil {
				t.Fatal(err)
			}
			waits := &waiting{Context: soon(t), begun: make(chan struct{})}
			go func() { done <- presenceCalls(room.Presence(), waits)[what]() }()
			select {
			case <-waits.begun:
			case err := <-done:
				t.Fatalf("%s did not wait for the attach: %v", what, err)
			}
			// Refuse every ATTACH: it may have been sent twice, if the connection came just then.
			if refused {
				fault := server.Fault(ablytest.ToClient(ablytest.ActionAttached), ablytest.FailChannel(ablytest.NewError(40160, 401, "no")))
				defer fault.Remove()
			}
			gate.Open()
			<-attached
			err := <-done
			if !refused && err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if refused && (!errors.Is(err, lifecycle.ErrRoomInInvalidState) || !causedBy(err, 40160)) {
				t.Errorf("%s in a room that can't be attached: %v", what, err)
			}
		}
		for what := range presenceCalls(nil, nil) {
			try(what)
		}
	}
}

// waiting is a context that signals when a call begins to wait with it.
type waiting struct {
	context.Context
	once  sync.Once
	begun chan struct{}
}

func (w *waiting) Done() <-chan struct{} {
	w.once.Do(func() { close(w.begun) })
	return w.Context.Done()
}

func causedBy(err error, code lifecycle.ErrorCode) bool {
	info := lifecycle.AsErrorInfo(err)
	if info == nil || info.Cause == nil {
		return false
	}
	cause := lifecycle.AsErrorInfo(info.Cause)
	return cause != nil && cause.Code == code
}

// CHA-PR3h, CHA-PR10h, CHA-PR6h: in a room that is neither attached nor attaching, each call is
// refused with an error that says what to do, and doesn't attach the room.
func TestEveryPresenceCallNeedsAnAttachedRoom(t *testing.T) {
	server := ablytest.NewServer(t)
	ann := newPerson(t, server, "ann")
	detached := ann.room("detached")
	if err := detached.Detach(soon(t)); err != nil {
		t.Fatal(err)
	}
	for _, room := range []*ablychat.Room{ann.unattached("initialized"), detached} {
		status := room.Status()
		for what, do := range presenceCalls(room.Presence(), soon(t)) {
			err := do()
			want := map[string]string{"present": "get"}[what]
			if want == "" {
				want = what
			}
			want = "unable to " + want + " presence; room \"" + room.Name() + "\" is " + status.String() + " and must be attached first"
			if info := lifecycle.AsErrorInfo(err); !errors.Is(err, lifecycle.ErrRoomInInvalidState) || info.Message != want || info.StatusCode != 400 {
				t.Errorf("%s: %v, expected %q", what, err, want)
			}
		}
		if room.Status() != status || server.State().Attached(ablychat.ChannelName(room.Name())) {
			t.Errorf("the room is %v, or the server has its channel attached", room.Status())
		}
	}
}

// CHA-PR3a, CHA-PR10a, CHA-PR4a, CHA-PR7a: data is optional. Others receive it as it was sent, with
// any type of JSON.
func TestPresenceDataOfAllKinds(t *testing.T) {
	server := ablytest.NewServer(t)
	ann, bob := newPerson(t, server, "ann"), newPerson(t, server, "bob")
	got := newInbox[chat.PresenceEvent](t)
	his := bob.unattached("lobby")
	if _, err := his.Presence().Subscribe(got.put); err != nil {
		t.Fatal(err)
	}
	if err := his.Attach(soon(t)); err != nil {
		t.Fatal(err)
	}
	hers := ann.room("lobby").Presence()
	for _, c := range []struct {
		do   func(context.Context, any) error
		kind chat.PresenceEventType
		data any
	}{{hers.Enter, chat.PresenceEnter, nil}, {hers.Update, chat.PresenceUpdate, map[string]any{"mood": "ok"}}, {hers.Update, chat.PresenceUpdate, nil},
		{hers.Leave, chat.PresenceLeave, map[string]any{"why": "late"}}} {
		if err := c.do(soon(t), c.data); err != nil {
			t.Fatal(err)
		}
		e := got.next()
		want, _ := c.data.(map[string]any)
		data, _ := e.Member.Data.(map[string]any)
		if e.Type != c.kind || e.Member.ClientID != "ann" || len(data) != len(want) || (c.data == nil) != (e.Member.Data == nil) {
			t.Errorf("%v with the data %v was received as %+v", c.kind, c.data, e)
		}
		for key := range want {
			if data[key] != want[key] {
				t.Errorf("%v with the data %v was received as %+v", c.kind, c.data, e)
			}
		}
	}
}
