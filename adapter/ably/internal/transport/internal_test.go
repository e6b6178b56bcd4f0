package transport

import (
	"context"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/internal/bubble"
)

// limits are the limits of a test in a bubble.
var limits = bubble.Limits{Look: 300 * time.Millisecond, Patience: 15 * time.Second, Virtual: time.Hour}

// Pending returns how many frames ably-go may send again, for tests outside the package.
func (t *Transport) Pending() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.pending)
}

// A dial waits until the listener has got all of ably-go's changes of state: changes of an earlier
// connection must not be taken for changes of the next one.
func TestADialWaitsForTheListener(t *testing.T) {
	client, tr, err := NewRealtime(Options{}, ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
	if err != nil {
		t.Fatal(err)
	}
	bubble.Test(t, limits, func(t *testing.T) {
		say := func(s ably.ConnectionState) {
			tr.mu.Lock()
			defer tr.mu.Unlock()
			tr.stateChanged = make(chan struct{})
			tr.setState(s)
		}
		say(ably.ConnectionStateFailed)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- tr.replace(ctx, client) }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("it went on: %v", err)
		default:
		}
		tr.mu.Lock()
		tr.setState(ably.ConnectionStateInitialized)
		tr.mu.Unlock()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// Frames that are sent again after a cut don't count for the limit of the queue. Otherwise a
// connection with many unanswered messages could never go on.
func TestResendsDoNotCountForTheBound(t *testing.T) {
	tr := newTransport(Options{QueueLimit: 2})
	s := newSocket(tr, nil, wire.JSON, 0)
	s.up, s.queue, s.resent = true, make([]*item, 5), 5
	for i, want := range []bool{false, false, true} {
		if s.queueItem(&item{}); s.ended != want {
			t.Errorf("frame %d: ended %v", i, s.ended)
		}
	}
}

// A version of ably-go whose frames have other fields is refused when the client is made.
func TestAnotherFrameType(t *testing.T) {
	type message struct{}
	type frame struct {
		Action    int
		Channel   string
		Error     *struct{}
		Messages  []*message
		Presence  []*message
		State     []*message
		MsgSerial int64
		Count     int
		Res       []*struct{ Serials []string }
		Auth      *struct{ AccessToken string }
	}
	type otherResults struct {
		Action                    int
		Channel                   string
		Error                     *struct{}
		Messages, Presence, State []*message
		MsgSerial                 int64
		Count                     int
		Res                       []*struct{ Serials []*string }
		Auth                      *struct{ AccessToken string }
	}
	type otherAuth struct {
		Action                    int
		Channel                   string
		Error                     *struct{}
		Messages, Presence, State []*message
		MsgSerial                 int64
		Count                     int
		Res                       []*struct{ Serials []string }
		Auth                      *struct{ Token string }
	}
	type older struct {
		Action, MsgSerial int
		Channel           string
	}
	if _, err := newNative(reflect.TypeFor[*frame]()); err != nil {
		t.Error(err)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[*otherResults](),
		reflect.TypeFor[*otherAuth](), reflect.TypeFor[*older](), reflect.TypeFor[frame](), reflect.TypeFor[*int]()} {
		if _, err := newNative(typ); err == nil {
			t.Errorf("%v was accepted", typ)
		}
	}
}
