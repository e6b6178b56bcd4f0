package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/transport/sequence"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/internal/bubble"
)

// Known returns how many clients the registry has, for tests outside the package.
func Known() int {
	known.mu.Lock()
	defer known.mu.Unlock()
	return len(known.transports)
}

// ably-go gets the frames that are about the connection itself. Some of them are the last frame of
// a socket (RTN22, RTN23a, RTN12a, RTN15h, RTN15i).
func TestFramesOfTheConnection(t *testing.T) { bubble.Test(t, limits, testFramesOfTheConnection) }

func testFramesOfTheConnection(t *testing.T) {
	_, tr, err := NewRealtime(Options{}, ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
	if err != nil {
		t.Fatal(err)
	}
	for frame, want := range map[string]struct {
		action wire.Action
		last   bool
	}{
		`{"action":0}`:  {wire.ActionHeartbeat, false},
		`{"action":17}`: {wire.ActionAuth, false},
		`{"action":8}`:  {wire.ActionClosed, true},
		`{"action":6,"error":{"code":80003,"statusCode":400}}`: {wire.ActionDisconnected, true},
		`{"action":9,"error":{"code":40160,"statusCode":401}}`: {wire.ActionError, true},
	} {
		s := newSocket(tr, nil, wire.JSON, time.Second)
		s.up = true
		if last, full := s.take(wire.JSON, []byte(frame)); last != want.last || full != nil {
			t.Errorf("%s is the last: %t, full %v", frame, last, full)
		}
		tr.mu.Lock()
		if len(s.inbox) != 1 || s.ended != want.last {
			t.Errorf("%s: %d frames for ably-go, ended %t", frame, len(s.inbox), s.ended)
		} else if action, _ := tr.native.header(s.inbox[0].v); action != want.action {
			t.Errorf("%s: ably-go gets %v", frame, action)
		}
		tr.mu.Unlock()
		if last, _ := s.take(wire.JSON, []byte(frame)); want.last && (last || len(s.inbox) != 1) {
			t.Errorf("%s is taken by a socket that has ended", frame)
		}
	}
	if got := tr.Dropped(); len(got) != 0 {
		t.Errorf("dropped %v", got)
	}
	ends(t, tr)
}

// RTN17f: ably-go may try another host after some errors of a dial.
func TestErrorsThatFallBack(t *testing.T) {
	for err, want := range map[error]bool{
		timeoutError{io.EOF}: true, fmt.Errorf("dial: %w", timeoutError{io.EOF}): true, &net.DNSError{Err: "no such host"}: true,
		fmt.Errorf("dial: %w", &net.DNSError{}): true, context.DeadlineExceeded: true,
		io.EOF: false, errSpare: false, &net.OpError{Op: "dial", Err: errors.New("refused")}: false,
	} {
		if fallsBack(err) != want {
			t.Errorf("%v falls back: %t", err, !want)
		}
	}
}

// A dial fails if its client was collected.
func TestADialForNoClient(t *testing.T) {
	if s, err := newTransport(Options{}).dial("application/json", &url.URL{}, time.Second); s != nil || err == nil {
		t.Errorf("got %v, %v", s, err)
	}
}

// The limits are those of the options, or the documented defaults.
func TestDefaultLimits(t *testing.T) {
	for _, n := range []int{0, -1} {
		if o := newTransport(Options{ReadLimit: int64(n), QueueLimit: n}).options; o.ReadLimit != 2<<20 || o.QueueLimit != 16384 {
			t.Errorf("%d gives %d and %d", n, o.ReadLimit, o.QueueLimit)
		}
	}
	if o := newTransport(Options{ReadLimit: 1, QueueLimit: 1}).options; o.ReadLimit != 1 || o.QueueLimit != 1 {
		t.Errorf("got %d and %d", o.ReadLimit, o.QueueLimit)
	}
}

// One line of ably-go's log is removed, and no other.
func TestTheLineThatIsLeftOut(t *testing.T) {
	var log lines
	l := withoutReadLimit{&log}
	l.Printf(ably.LogError, "can't set it: using default readlimit")
	l.Printf(ably.LogError, "%d is odd", 7)
	if !slices.Equal(log, lines{"7 is odd"}) {
		t.Errorf("logged %q", log)
	}
}

type lines []string

func (l *lines) Printf(_ ably.LogLevel, format string, v ...any) {
	*l = append(*l, fmt.Sprintf(format, v...))
}

// A frame that is answered while it waits to be sent again is not sent. The frame after it is sent.
func TestAFrameThatIsAnsweredBeforeItsTurn(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		tr := newTransport(Options{})
		s := flooded(t, tr, 0, "")
		message := &wire.ProtocolMessage{Action: wire.ActionMessage, Channel: "a::$chat", Messages: []*wire.Message{{Name: "m"}}}
		it := &item{ours: message}
		tr.mu.Lock()
		it.frame = tr.seq.Push(sequence.Rooms, it)
		tr.seq.Write(it.frame)
		_, ok := tr.seq.Acknowledge(0, 1, func(int) answer { return answer{} }, answer{})
		s.queueItem(it)
		tr.mu.Unlock()
		if !ok {
			t.Fatal("it was not answered")
		}
		tr.Send(message, nil)
		synctest.Wait()
		tr.mu.Lock()
		if open := tr.seq.Open(); len(s.queue) != 0 || len(open) != 1 || !open[0].Written() {
			t.Errorf("%d frames are queued, %d open", len(s.queue), len(open))
		}
		tr.mu.Unlock()
		ends(t, tr)
	})
}
