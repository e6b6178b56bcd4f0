package ablychat_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/ablytest/memnet"
	"ablyrooms.example/internal/bubble"
)

// limits are the time limits of a test in a bubble. Such a test takes some milliseconds of real
// time.
var limits = bubble.Limits{Look: 300 * time.Millisecond, Patience: 20 * time.Second}

// inMemory runs a test in a bubble of virtual time, with a server on a network in memory.
func inMemory(t *testing.T, test func(t *testing.T, server *ablytest.Server)) {
	bubble.Test(t, limits, func(t *testing.T) {
		server, err := ablytest.Start(ablytest.WithListener(memnet.New().Listen()))
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		test(t, server)
	})
}

// connected returns a client that has a connection.
func connected(t *testing.T, server *ablytest.Server, options ...ably.ClientOption) *ablychat.Client {
	t.Helper()
	client, err := ablychat.Connect(ablychat.Ably(server.ClientOptions(
		append(options, ably.WithClientID("ann"), ably.WithLogLevel(ably.LogNone))...)...))
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Connection().WaitForStatus(t.Context(), ablychat.ConnectionConnected); err != nil {
		t.Fatal(err)
	}
	return client
}

// TestCloseOnADeadNetwork: on a network that delivers nothing, Close takes at most the time that it
// promises. It closes the connection, and ends the calls that wait.
func TestCloseOnADeadNetwork(t *testing.T) {
	const late = "the rooms were not released within 8s"
	for what, c := range map[string]struct {
		rooms int
		want  string
	}{"no room": {0, ""}, "rooms": {3, late}} {
		t.Run(what, func(t *testing.T) {
			inMemory(t, func(t *testing.T, server *ablytest.Server) {
				client := connected(t, server)
				for i := range c.rooms {
					room := must(client.Rooms().Get(t.Context(), string(rune('a'+i))))
					if err := room.Attach(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				server.Fault(ablytest.AnyFrame(), ablytest.Drop())
				begin := time.Now()
				got := ""
				if err := client.Close(); err != nil {
					got = err.Error()
				}
				if took := time.Since(begin); got != c.want || took > 10*time.Second {
					t.Errorf("Close returned %q after %v, expected %q", got, took, c.want)
				}
				synctest.Wait()
				if s := client.Realtime().Connection.State(); s != ably.ConnectionStateClosed {
					t.Errorf("the connection is %v", s)
				}
				// The rooms end with the connection.
				if err := client.Dispose(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestCloseWhileAnAuthCallbackHangs: Close takes at most the time that it promises while ably-go
// holds its lock during an auth callback that doesn't return. The callback's context ends.
func TestCloseWhileAnAuthCallbackHangs(t *testing.T) {
	for what, obeys := range map[string]bool{"obeys its context": true, "hangs": false} {
		t.Run(what, func(t *testing.T) {
			inMemory(t, func(t *testing.T, server *ablytest.Server) {
				asked, release := make(chan struct{}), make(chan struct{})
				var once sync.Once
				client, err := ablychat.Connect(ablychat.Ably(server.EndpointOptions(ably.WithLogLevel(ably.LogNone),
					ably.WithAuthCallback(func(ctx context.Context, _ ably.TokenParams) (ably.Tokener, error) {
						once.Do(func() { close(asked) })
						<-ctx.Done()
						if !obeys {
							<-release
						}
						return nil, context.Cause(ctx)
					}))...))
				if err != nil {
					t.Fatal(err)
				}
				<-asked
				begin := time.Now()
				err = client.Close()
				took := time.Since(begin)
				if err != nil || took > 10*time.Second || obeys && took != 0 {
					t.Errorf("Close returned %v after %v", err, took)
				}
				switch s := client.Realtime().Connection.State(); s {
				case ably.ConnectionStateClosed, ably.ConnectionStateFailed:
				default:
					t.Errorf("the connection is %v", s)
				}
				close(release)
			})
		})
	}
}

// TestConnectWhileAnAuthCallbackRuns: while ably-go holds its lock during an auth callback, neither
// Connect nor the calls on the client wait for it.
func TestConnectWhileAnAuthCallbackRuns(t *testing.T) {
	inMemory(t, func(t *testing.T, server *ablytest.Server) {
		asked, release := make(chan struct{}, 10), make(chan struct{})
		realtime := must(ablychat.NewRealtime(server.EndpointOptions(ably.WithLogLevel(ably.LogNone),
			ably.WithAuthCallback(func(context.Context, ably.TokenParams) (ably.Tokener, error) {
				asked <- struct{}{}
				<-release
				return nil, errors.New("late")
			}))...))
		<-asked
		begin := time.Now()
		client := must(ablychat.Own(realtime))
		if s := client.Connection().Status(); s != ablychat.ConnectionConnecting {
			t.Errorf("the connection is %v", s)
		}
		room := must(client.Rooms().Get(t.Context(), "lobby"))
		if err := room.Typing().Keystroke(t.Context()); !errors.Is(err, ablychat.ErrDisconnected) {
			t.Errorf("typing: %v", err)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("Connect and the calls took %v", took)
		}
		close(release)
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
}

// RSA4c: if a callback takes longer than the timeout of a request, it is called again with a new
// context. The connection doesn't fail.
func TestAnAuthCallbackThatIsSlow(t *testing.T) {
	inMemory(t, func(t *testing.T, server *ablytest.Server) {
		token := must(server.IssueToken(ablytest.TokenParams{ClientID: "ann"}))
		var asked atomic.Int32 // calls so far; the earlier ones still run
		release := make(chan struct{})
		defer close(release)
		client, err := ablychat.Connect(ablychat.Ably(server.EndpointOptions(ably.WithLogLevel(ably.LogNone),
			ably.WithRealtimeRequestTimeout(3*time.Second),
			ably.WithAuthCallback(func(context.Context, ably.TokenParams) (ably.Tokener, error) {
				if asked.Add(1) <= 2 {
					<-release
				}
				return ably.TokenString(token.Token), nil
			}))...))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if err := client.Connection().WaitForStatus(t.Context(), ablychat.ConnectionDisconnected); err != nil {
			t.Fatal(err)
		}
		const want = "unable to connect; the auth callback gave no token in 3s (code 50003, status 500)"
		if err := client.Connection().Error(); err == nil || err.Error() != want {
			t.Errorf("the connection's error is %v", err)
		}
		if err := client.Connection().WaitForStatus(t.Context(), ablychat.ConnectionConnected); err != nil {
			t.Error(err)
		}
	})
}

// TestDisposeOnADeadNetwork: on a network that delivers nothing, Dispose returns when its context
// ends.
func TestDisposeOnADeadNetwork(t *testing.T) {
	inMemory(t, func(t *testing.T, server *ablytest.Server) {
		client := connected(t, server)
		room := must(client.Rooms().Get(t.Context(), "lobby"))
		if err := room.Attach(t.Context()); err != nil {
			t.Fatal(err)
		}
		server.Fault(ablytest.AnyFrame(), ablytest.Drop())
		mine := errors.New("mine")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, mine)
		defer cancel()
		begin := time.Now()
		if err := client.Dispose(ctx); !errors.Is(err, mine) || time.Since(begin) != 3*time.Second {
			t.Errorf("Dispose returned %v after %v", err, time.Since(begin))
		}
		_ = client.Close()
	})
}

// TestDisposeWithAnEndedContext: with a context that has ended, Dispose returns its result if there
// is nothing to wait for, and otherwise the context's cause. It takes effect in both cases.
func TestDisposeWithAnEndedContext(t *testing.T) {
	mine := errors.New("mine")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(mine)
	for what, c := range map[string]struct {
		shared, connects, room bool
		want                   error
	}{
		"shared":                            {true, true, false, nil},
		"shared, unconnected":               {true, false, false, nil},
		"shared, with a room":               {true, true, true, mine},
		"its own":                           {false, true, false, mine},
		"its own, unconnected":              {false, false, false, nil},
		"its own, with a room":              {false, true, true, mine},
		"its own, unconnected, with a room": {false, false, true, mine},
	} {
		t.Run(what, func(t *testing.T) {
			inMemory(t, func(t *testing.T, server *ablytest.Server) {
				options := server.ClientOptions(ably.WithAutoConnect(c.connects), ably.WithLogLevel(ably.LogNone))
				var client *ablychat.Client
				if c.shared {
					realtime := must(ablychat.NewRealtime(options...))
					defer func() {
						ablychat.StayClosed(realtime)
						time.Sleep(time.Minute)
					}()
					client = must(ablychat.New(realtime))
				} else {
					client = must(ablychat.Connect(ablychat.Ably(options...)))
				}
				defer client.Close()
				if c.connects {
					err := client.Connection().WaitForStatus(t.Context(), ablychat.ConnectionConnected)
					if err != nil {
						t.Fatal(err)
					}
				}
				if c.room {
					room := must(client.Rooms().Get(t.Context(), "lobby"))
					if c.connects {
						if err := room.Attach(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
				}
				err := client.Dispose(ended)
				if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
					t.Errorf("Dispose: %v, expected %v", err, c.want)
				}
				if err := client.Dispose(t.Context()); err != nil {
					t.Errorf("Dispose with a context that has not ended: %v", err)
				}
				if err := client.Dispose(ended); err != nil {
					t.Errorf("Dispose after the end of the disposal: %v", err)
				}
				if s := client.Realtime().Connection.State(); c.connects && (s == ably.ConnectionStateClosed) == c.shared {
					t.Errorf("the connection is %v", s)
				}
			})
		})
	}
}
