package realtime

import (
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/internal/bubble"
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
