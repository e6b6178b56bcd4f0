package ablychat

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ablyrooms.example/chat"
	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// fakeWire receives the messages that typing sends. It accepts each message at once, or waits until
// the test lets it.
type fakeWire struct {
	mu   sync.Mutex
	sent []string
	at   []time.Duration
	from time.Time
	gate chan struct{} // each message waits for a value of gate; nil accepts all at once
	fail error
	off  error
}

func (w *fakeWire) gone(string) error { return nil }

func (w *fakeWire) online(string) error { return w.off }

func (w *fakeWire) identified(string) error { return nil }

func (w *fakeWire) publish(_ context.Context, _, name string, _, _ map[string]any) error {
	if w.gate != nil {
		<-w.gate
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return w.fail
	}
	w.sent, w.at = append(w.sent, name), append(w.at, time.Since(w.from))
	return nil
}

func newTestTyping(interval time.Duration) (*Typing, *fakeWire) {
	w := &fakeWire{from: time.Now()}
	client := &Client{log: slog.New(slog.DiscardHandler)}
	client.ending.Store(true) // so that listeners end with an error although there is no room
	return &Typing{wire: w, interval: interval, began: time.Now(), room: &Room{client: client}}, w
}

// CHA-T4a, CHA-T4c, CHA-T10: the first keystroke is sent at once, and the next one only when the
// interval is over. The interval is exact to the millisecond.
func TestHeartbeatsToTheMillisecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		typing, wire := newTestTyping(10 * time.Second)
		for range 25_001 { // a keystroke each millisecond
			if err := typing.Keystroke(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond) // virtual time
		}
		if want := []time.Duration{0, 10 * time.Second, 20 * time.Second}; !slices.Equal(wire.at, want) {
			t.Errorf("heartbeats were sent at %v, expected %v", wire.at, want)
		}
		if err := typing.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := typing.Stop(t.Context()); err != nil { // CHA-T5a
			t.Fatal(err)
		}
		// sent at once, since stop resets the interval (CHA-T5e)
		if err := typing.Keystroke(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []string{"typing.started", "typing.started", "typing.started", "typing.stopped", "typing.started"}; !slices.Equal(wire.sent, want) {
			t.Errorf("sent %v, expected %v", wire.sent, want)
		}
		time.Sleep(10 * time.Second)
		if err := typing.Stop(t.Context()); err != nil || len(wire.sent) != 5 { // expired (CHA-T5a)
			t.Errorf("Stop after the heartbeat expired: %v; sent %v", err, wire.sent)
		}
	})
}

// CHA-T4a5, CHA-T4f, CHA-T5d1: if a keystroke fails, its caller gets the error, and no interval
// begins.
func TestAKeystrokeThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		typing, wire := newTestTyping(time.Second)
		wire.fail = errors.New("refused")
		if err := typing.Keystroke(t.Context()); err != wire.fail {
			t.Errorf("a keystroke that the wire refuses: %v", err)
		}
		wire.fail = nil
		if err := typing.Keystroke(t.Context()); err != nil || len(wire.sent) != 1 {
			t.Errorf("the keystroke after a refused one: %v; sent %v", err, wire.sent)
		}
		wire.off = lifecycle.NewErrorInfo(lifecycle.ErrDisconnected, "off", nil)
		for _, do := range []func(context.Context) error{typing.Keystroke, typing.Stop} {
			if err := do(t.Context()); !errors.Is(err, lifecycle.ErrDisconnected) {
				t.Errorf("a call without a connection: %v", err)
			}
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		mine := errors.New("mine")
		cancel(mine)
		if err := typing.Keystroke(ctx); !errors.Is(err, mine) {
			t.Errorf("a keystroke with an ended context: %v", err)
		}
	})
}

// CHA-T14: of the calls that wait, only the newest runs; the others return without effect.
func TestConcurrentKeystrokesAndStopsConverge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		typing, wire := newTestTyping(time.Hour)
		wire.gate = make(chan struct{})
		results := make(chan string, 10)
		call := func(name string, do func(context.Context) error) {
			go func() {
				if err := do(t.Context()); err != nil {
					name += ": " + err.Error()
				}
				results <- name
			}()
			synctest.Wait()
		}
		call("first", typing.Keystroke) // has the turn, and waits for wire.gate
		call("second", typing.Stop)     // waits for its turn
		call("third", typing.Keystroke) // makes the second call return
		if r := <-results; r != "second" {
			t.Errorf("the call %q returned first, expected the call \"second\"", r)
		}
		call("fourth", typing.Stop) // makes the third call return
		if r := <-results; r != "third" {
			t.Errorf("the call %q returned next, expected the call \"third\"", r)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		mine := errors.New("mine")
		gaveUp := make(chan error, 1)
		go func() { gaveUp <- typing.Stop(ctx) }() // makes the fourth call return
		synctest.Wait()
		<-results
		cancel(mine)
		if err := <-gaveUp; !errors.Is(err, mine) {
			t.Errorf("the waiting call whose context ended: %v", err)
		}
		call("last", typing.Stop)
		close(wire.gate)
		<-results
		<-results
		if !slices.Equal(wire.sent, []string{"typing.started", "typing.stopped"}) {
			t.Errorf("sent %v", wire.sent)
		}
	})
}

// CHA-T13b: a typer that is silent for the interval and the grace period is removed, at exactly
// that millisecond.
func TestWhoIsSilentIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		typing, _ := newTestTyping(10 * time.Second)
		type told struct {
			at time.Duration
			chat.TypingEvent
		}
		var events []told
		typing.listeners.Add(typing.telling(func(e chat.TypingEvent) { events = append(events, told{time.Since(typing.began), e}) }), listen.Config{})
		heartbeat := func(who string) {
			typing.receive(chat.WireMessage{Name: "typing.started", ClientID: who})
			synctest.Wait()
		}
		heartbeat("ann")
		time.Sleep(time.Second)
		heartbeat("bob")
		time.Sleep(9 * time.Second)
		heartbeat("ann") // goes on (CHA-T13b2)
		time.Sleep(3*time.Second - time.Millisecond)
		synctest.Wait()
		if len(events) != 2 || len(typing.CurrentTypers()) != 2 {
			t.Fatalf("events before bob's heartbeat expired: %v", events)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []struct {
			at   time.Duration
			kind chat.TypingEventType
			who  string
			left int
		}{{0, chat.TypingStarted, "ann", 1}, {time.Second, chat.TypingStarted, "bob", 2}, {13 * time.Second, chat.TypingStopped, "bob", 1}, {22 * time.Second, chat.TypingStopped, "ann", 0}}
		if len(events) != len(want) {
			t.Fatalf("unexpected number of events: %v", events)
		}
		for i, w := range want {
			if e := events[i]; e.at != w.at || e.Change.Type != w.kind || e.Change.ClientID != w.who || len(e.CurrentTypers) != w.left {
				t.Errorf("event %d is %+v, expected %+v", i, e, w)
			}
		}
		heartbeat("eve")
		typing.dispose() // CHA-T17: stops the timer; otherwise the bubble would not end
		typing.receive(chat.WireMessage{Name: "typing.started", ClientID: "late"})
		if c := typing.CurrentTypers(); c != nil {
			t.Errorf("after the release, the typers are %v", c)
		}
	})
}
