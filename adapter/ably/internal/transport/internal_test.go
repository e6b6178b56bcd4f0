package transport

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/transport/sequence"
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

// ends closes a transport, whose goroutines end at once.
func ends(t *testing.T, tr *Transport) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := tr.Close(ctx); err != nil {
		t.Error(err)
	}
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
	bubble.Test(t, limits, testResendsDoNotCountForTheBound)
}

func testResendsDoNotCountForTheBound(t *testing.T) {
	tr := newTransport(Options{QueueLimit: 2})
	s := newSocket(tr, nil, wire.JSON, 0)
	s.up, s.queue, s.resent = true, make([]*item, 5), 5
	for i, want := range []bool{false, false, true} {
		if s.queueItem(&item{}); s.ended != want {
			t.Errorf("frame %d: ended %v", i, s.ended)
		}
	}
	if n := tr.Dropped()["a socket whose queue is full"]; n != 1 {
		t.Errorf("%d sockets had a full queue", n)
	}
}

// RTN19a: what is unanswered on a connection is sent again on the next, and doesn't count there.
func TestWhatIsSentAgainDoesNotCountForTheBound(t *testing.T) {
	bubble.Test(t, limits, testWhatIsSentAgainDoesNotCountForTheBound)
}

func testWhatIsSentAgainDoesNotCountForTheBound(t *testing.T) {
	_, tr, err := NewRealtime(Options{QueueLimit: 2},
		ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
	if err != nil {
		t.Fatal(err)
	}
	message := &wire.ProtocolMessage{Action: wire.ActionMessage, Channel: "a::$chat",
		Messages: []*wire.Message{{Name: "m"}}}
	for range 3 {
		it := &item{ours: message}
		it.frame = tr.seq.Push(sequence.Rooms, it)
	}
	s := newSocket(tr, nil, wire.JSON, time.Second)
	tr.sock = s
	s.take(wire.JSON, []byte(`{"action":4,"connectionId":"c"}`))
	for i, want := range []bool{false, false, true} {
		if tr.Send(message, nil); s.ended != want {
			t.Errorf("message %d: ended %v", i, s.ended)
		}
	}
	ends(t, tr)
}

// What was sent again counts no more for the bound.
func TestWhatWasSentAgainFreesTheQueue(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		tr := newTransport(Options{QueueLimit: 2})
		s := flooded(t, tr, 0, "")
		frame := &item{ours: &wire.ProtocolMessage{Action: wire.ActionAttach, Channel: "a::$chat"}}
		tr.mu.Lock()
		s.queue, s.resent = []*item{frame, frame, frame}, 3
		notify(s.wake)
		tr.mu.Unlock()
		synctest.Wait()
		tr.mu.Lock() // and nothing is written
		for i, want := range []bool{false, false, true} {
			if s.queueItem(frame); s.ended != want {
				t.Errorf("frame %d: ended %v", i, s.ended)
			}
		}
		tr.unlock()
		ends(t, tr)
	})
}

// When ably-go has read all that came, the end of the socket comes next; else a HEARTBEAT, which
// makes its last frame as young as the connection's (RTN15g).
func TestAHeartbeatBeforeTheEnd(t *testing.T) { bubble.Test(t, limits, testAHeartbeatBeforeTheEnd) }

func testAHeartbeatBeforeTheEnd(t *testing.T) {
	_, tr, err := NewRealtime(Options{},
		ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
	if err != nil {
		t.Fatal(err)
	}
	for channel, want := range map[string][]wire.Action{
		"own": {wire.ActionDetached}, "a::$chat": {wire.ActionHeartbeat}} {
		s := newSocket(tr, nil, wire.JSON, time.Second)
		s.up = true
		s.take(wire.JSON, []byte(`{"action":13,"channel":"`+channel+`"}`))
		if channel == "own" { // and no heartbeat comes of an older frame
			s.ended, s.err = true, errReplaced
		} else {
			s.end(errReplaced)
		}
		for _, action := range want {
			v, err := s.receive(time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := tr.native.header(v); got != action {
				t.Errorf("%s: ably-go gets %v, want %v", channel, got, action)
			}
		}
		if v, err := s.receive(time.Time{}); err != errReplaced {
			t.Errorf("%s: ably-go gets %v, %v, want the end", channel, v, err)
		}
	}
}

// ably-go's first frame is held back to a moment, and not a moment longer.
func TestTheFirstFrameIsHeldBack(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		tr := newTransport(Options{})
		s := newSocket(tr, nil, wire.JSON, time.Second)
		for _, wait := range []time.Duration{time.Nanosecond, time.Second, 0, -time.Second} {
			s.inbox, s.goAhead = []received{{v: "frame"}}, time.Now().Add(wait)
			var v any
			var err error
			d := took(func() { v, err = s.receive(time.Time{}) })
			if d != max(wait, 0) || v != "frame" || err != nil {
				t.Errorf("until %v: got %v after %v: %v", wait, v, d, err)
			}
			<-s.space
		}
		s.goAhead = time.Now() // and no frame is there yet
		time.AfterFunc(time.Second, func() {
			tr.mu.Lock()
			defer tr.mu.Unlock()
			s.give("late")
		})
		if d := took(func() { _, _ = s.receive(time.Time{}) }); d != time.Second {
			t.Errorf("a frame that came after a second was there after %v", d)
		}
	})
}

// A token that is refused a second time is not renewed again by ably-go, which gets no frame that
// says so: it locks up (RTN14b). After a CONNECTED the next refusal is a first one.
func TestASecondRefusalOfAToken(t *testing.T) { bubble.Test(t, limits, testASecondRefusalOfAToken) }

func testASecondRefusalOfAToken(t *testing.T) {
	_, tr, err := NewRealtime(Options{},
		ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
	if err != nil {
		t.Fatal(err)
	}
	const refusal = `{"action":9,"error":{"code":40142,"statusCode":401}}`
	const connected = `{"action":4,"connectionId":"c"}`
	for i, frames := range [][]string{{refusal}, {refusal}, {connected, refusal}, {refusal}, {refusal}} {
		s := newSocket(tr, nil, wire.JSON, time.Second)
		for _, frame := range frames {
			s.take(wire.JSON, []byte(frame))
		}
		renews := i == 0 || i == 2 || i == 3
		given := len(s.inbox) == len(frames)
		if given != renews || (s.refused == nil) != renews || !s.ended {
			t.Errorf("refusal %d: ably-go gets it: %t, the dial has %v", i+1, given, s.refused)
		}
	}
	ends(t, tr)
}

// How many events may wait for the handler before the reader waits.
func TestTheBoundOfTheStream(t *testing.T) { bubble.Test(t, limits, testTheBoundOfTheStream) }

func testTheBoundOfTheStream(t *testing.T) {
	tr := newTransport(Options{})
	s := newSocket(tr, nil, wire.JSON, time.Second)
	s.up = true
	tr.stream.draining = true // by somebody who is behind
	tr.stream.queue = make([]entry, streamLimit-1)
	for n := streamLimit; n <= streamLimit+1; n++ {
		_, full := s.take(wire.JSON, []byte(`{"action":13,"channel":"a::$chat"}`))
		if len(tr.stream.queue) != n || (full != nil) != (n > streamLimit) {
			t.Errorf("with %d events it waits: %t", n, full != nil)
		}
	}
}

// The room of a short queue is used again, and that of a long one is not kept.
func TestTheRoomOfAQueue(t *testing.T) { bubble.Test(t, limits, testTheRoomOfAQueue) }

func testTheRoomOfAQueue(t *testing.T) {
	tr := newTransport(Options{})
	for n, kept := range map[int]bool{spareLimit: true, spareLimit + 1: false} {
		tr.stream.queue, tr.stream.spare = make([]entry, n), nil
		tr.drain()
		if got := cap(tr.stream.spare) > 0; got != kept || len(tr.stream.queue) != 0 {
			t.Errorf("the room for %d events is kept: %t", n, got)
		}
	}
}

// What was not given is the default that the options name. A client for HTTP goes before a function
// that dials.
func TestDefaultsOfTheOptions(t *testing.T) {
	client, logger := &http.Client{}, slog.New(slog.DiscardHandler)
	dial := func(context.Context, string, string) (net.Conn, error) { return nil, errSpare }
	if tr := newTransport(Options{}); tr.log != slog.Default() || tr.options.HTTPClient != nil {
		t.Errorf("without options the log is %v, the client %v", tr.log, tr.options.HTTPClient)
	}
	tr := newTransport(Options{HTTPClient: client, DialContext: dial, Logger: logger})
	if tr.options.HTTPClient != client || tr.log != logger {
		t.Errorf("the log is %v, the client %v", tr.log, tr.options.HTTPClient)
	}
	if tr := newTransport(Options{DialContext: dial}); tr.options.HTTPClient == nil {
		t.Error("the function that dials is not used")
	}
}

// ably-go answers an AUTH until it reads on, on that socket.
func TestWhenAnAUTHIsAnswered(t *testing.T) { bubble.Test(t, limits, testWhenAnAUTHIsAnswered) }

func testWhenAnAUTHIsAnswered(t *testing.T) {
	tr := newTransport(Options{})
	s, other := newSocket(tr, nil, wire.JSON, time.Second), newSocket(tr, nil, wire.JSON, time.Second)
	s.giveAll(received{v: "AUTH", asks: true}, received{v: "a frame"})
	other.giveAll(received{v: "another"})
	for i, c := range []struct{ reads, asking *socket }{{s, s}, {other, s}, {s, nil}} {
		if _, err := c.reads.receive(time.Time{}); err != nil || tr.asking != c.asking {
			t.Errorf("frame %d: it is answered on %p, want %p: %v", i+1, tr.asking, c.asking, err)
		}
	}
}

// Close waits for what runs, or until its context ends.
func TestCloseWaits(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		tr := newTransport(Options{})
		release := make(chan struct{})
		tr.mu.Lock()
		tr.run(func() { <-release })
		tr.mu.Unlock()
		mine := errors.New("mine")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, mine)
		defer cancel()
		var err error
		if d := took(func() { err = tr.Close(ctx) }); d != time.Second || err != mine {
			t.Errorf("it ended after %v: %v", d, err)
		}
		time.AfterFunc(time.Second, func() { close(release) })
		if d := took(func() { ends(t, tr) }); d != time.Second {
			t.Errorf("it ended after %v", d)
		}
	})
}

// A CLOSED for a socket that has ended is nothing for ably-go.
func TestASocketClosesOnce(t *testing.T) {
	_, tr, err := NewRealtime(Options{},
		ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
	if err != nil {
		t.Fatal(err)
	}
	s := newSocket(tr, nil, wire.JSON, time.Second)
	for range 2 {
		s.closedLocked()
		if len(s.inbox) != 1 || !s.inbox[0].closes || !s.ended {
			t.Errorf("ably-go gets %v", s.inbox)
		}
	}
}

// What the rooms' side keeps with the transport is made once.
func TestKeep(t *testing.T) { bubble.Test(t, limits, testKeep) }

func testKeep(t *testing.T) {
	tr, made := newTransport(Options{}), 0
	for range 3 {
		if kept := tr.Keep(func() any { made++; return made }); kept != 1 || made != 1 {
			t.Errorf("kept %v, made %d times", kept, made)
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
	type noResults struct {
		Action                    int
		Channel                   string
		Error                     *struct{}
		Messages, Presence, State []*message
		MsgSerial                 int64
		Count                     int
		Res                       []int
		Auth                      *struct{ AccessToken string }
	}
	type older struct {
		Action, MsgSerial int
		Channel           string
	}
	if _, err := newNative(reflect.TypeFor[*frame]()); err != nil {
		t.Error(err)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[*otherResults](), reflect.TypeFor[*noResults](),
		reflect.TypeFor[*otherAuth](), reflect.TypeFor[*older](), reflect.TypeFor[frame](), reflect.TypeFor[*int]()} {
		if _, err := newNative(typ); err == nil {
			t.Errorf("%v was accepted", typ)
		}
	}
}
