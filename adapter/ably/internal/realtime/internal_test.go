package realtime

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/fsm"
	"ablyrooms.example/internal/bubble"
	"ablyrooms.example/lifecycle"
)

// RTB1: the pauses grow by a third of the timeout up to twice the timeout, and are shortened by up
// to a fifth.
func TestRetryDelays(t *testing.T) { bubble.Test(t, limits, testRetryDelays) }

// limits are the limits of a test in a bubble.
var limits = bubble.Limits{Look: 300 * time.Millisecond, Patience: 15 * time.Second}

func testRetryDelays(t *testing.T) {
	c := &Client{}
	c.config.Store(&Config{RetryTimeout: 15 * time.Second})
	for retry, most := range map[uint8]time.Duration{1: 15, 2: 20, 3: 25, 4: 30, 5: 30} {
		most *= time.Second
		seen := map[time.Duration]bool{}
		for range 100 {
			d := c.retryDelay(retry)
			if d < most*4/5 || d > most {
				t.Errorf("retry %d after %v, want at most %v and a fifth less", retry, d, most)
			}
			seen[d] = true
		}
		if len(seen) < 50 {
			t.Errorf("retry %d is after one of %d pauses", retry, len(seen))
		}
	}
}

// RTN21, RTN24, RSA7b4: the client id is that of the last CONNECTED; a wildcard counts as no id.
func TestTheClientID(t *testing.T) { bubble.Test(t, limits, testTheClientID) }

func testTheClientID(t *testing.T) {
	c := &Client{lines: map[string]*line{}}
	c.config.Store(&closed)
	for _, e := range []struct {
		kind     transport.EventKind
		id, want string
	}{{transport.Connected, "ann", "ann"}, {transport.Updated, "bob", "bob"}, {transport.Connected, "*", ""}} {
		c.handle(transport.Event{Kind: e.kind, Connection: &transport.Connection{
			Details: wire.ConnectionDetails{ClientID: e.id}}})
		if got := c.ClientID(); got != e.want {
			t.Errorf("after %v with %q it is %q", e.kind, e.id, got)
		}
	}
}

// RTL4i: ably-go's CONNECTING ends a state in which nothing can be attached. It ends no connection:
// of a dial that is one too many it comes late.
func TestWhatCONNECTINGEnds(t *testing.T) { bubble.Test(t, limits, testWhatCONNECTINGEnds) }

func testWhatCONNECTINGEnds(t *testing.T) {
	for before, after := range map[fsm.ConnectionState]fsm.ConnectionState{
		fsm.ConnectionInitialized:  fsm.ConnectionConnecting,
		fsm.ConnectionConnecting:   fsm.ConnectionConnecting,
		fsm.ConnectionConnected:    fsm.ConnectionConnected,
		fsm.ConnectionDisconnected: fsm.ConnectionDisconnected,
		fsm.ConnectionSuspended:    fsm.ConnectionConnecting,
		fsm.ConnectionClosing:      fsm.ConnectionConnecting,
		fsm.ConnectionClosed:       fsm.ConnectionConnecting,
		fsm.ConnectionFailed:       fsm.ConnectionConnecting,
	} {
		c := &Client{lines: map[string]*line{}, connection: before}
		c.config.Store(&closed)
		c.handle(transport.Event{Kind: transport.Status,
			Change: &ably.ConnectionStateChange{Current: ably.ConnectionStateConnecting}})
		if c.connection != after {
			t.Errorf("%v becomes %v, want %v", before, c.connection, after)
		}
	}
}

// A line that has ended, and is about to be forgotten, is none for the next life of its name.
func TestALifeAfterALineThatEnded(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		c := &Client{lines: map[string]*line{}, open: true}
		ended := &line{client: c, name: "a", dead: true}
		c.lines["a"] = ended
		if ch := c.Channel("a", Options{}, nil); ch.line == ended || c.lines["a"] != ch.line || ch.line.channel != ch {
			t.Error("the line that has ended is used")
		}
		c.config.Store(&closed)
		ended.core = *fsm.NewChannel[*lifecycle.ErrorInfo](fsm.ConnectionConnected)
		if ended.frame(&wire.ProtocolMessage{Action: wire.ActionAttached, Channel: "a"}); ended.steps != 0 {
			t.Error("the line that has ended takes frames")
		}
	})
}

// Without a log of the user's, errors alone are logged, and those only if the standard log takes
// them.
func TestWhatIsLoggedWithoutALog(t *testing.T) {
	for least, want := range map[slog.Level]bool{slog.LevelDebug: true, slog.LevelError: true, slog.LevelError + 1: false} {
		log := errorsOnly{slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: least})}
		for level, logged := range map[slog.Level]bool{slog.LevelWarn: false, slog.LevelError: want} {
			if got := log.Enabled(t.Context(), level); got != logged {
				t.Errorf("where the standard log begins at %v, %v is logged: %t", least, level, got)
			}
		}
	}
}

// RTN14, RTL4b: an error for want of a connection says what the connection is, and for what reason,
// with the reason's code. What comes yet is no error, and CLOSED has no reason but itself.
func TestWhyThereIsNoConnection(t *testing.T) {
	cause := lifecycle.NewErrorInfo(1, "cause", nil)
	reason := &lifecycle.ErrorInfo{Code: 40400, StatusCode: 404, Message: "gone", Cause: cause}
	for state, want := range map[fsm.ConnectionState]struct {
		code lifecycle.ErrorCode // without a reason
		says string
	}{
		fsm.ConnectionSuspended: {80002, "the connection is suspended"},
		fsm.ConnectionClosing:   {80017, "the connection is closing"},
		fsm.ConnectionClosed:    {80017, "the connection is closed"},
		fsm.ConnectionFailed:    {80000, "the connection failed"},
	} {
		if e := unconnected(state, nil); e.Code != want.code || e.Message != want.says {
			t.Errorf("%v: %v", state, e)
		}
		e := unconnected(state, reason)
		if state == fsm.ConnectionClosed {
			if e.Code != want.code || e.Message != want.says || e.Cause != nil {
				t.Errorf("%v: %v", state, e)
			}
			continue
		}
		if e.Code != 40400 || e.StatusCode != 404 || e.Message != want.says+": gone" || e.Cause != cause {
			t.Errorf("%v: %v", state, e)
		}
	}
	for _, state := range []fsm.ConnectionState{fsm.ConnectionInitialized, fsm.ConnectionConnecting,
		fsm.ConnectionConnected, fsm.ConnectionDisconnected} {
		if unconnected(state, nil) != nil || unconnected(state, reason) != reason {
			t.Errorf("%v: %v", state, unconnected(state, reason))
		}
	}
}
