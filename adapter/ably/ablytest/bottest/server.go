package bottest

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/ablytest/memnet"
)

// Server is an embedded Ably server for a test. It has all methods of [ablytest.Server]. Its
// methods may be called by any goroutine. Those that fail the test may be called only by the test's
// own goroutine.
type Server struct {
	*ablytest.Server
	t   ablytest.TB
	log *slog.Logger
}

// NewServer starts a server on a network in memory. The server ends with the test. NewServer fails
// the test at once if the options can't work. Called in a bubble of testing/synctest, it runs the
// server in that bubble.
//
// With the option [ablytest.WithListener], the server listens there instead. [ablytest.WithAddr]
// has no effect.
func NewServer(t ablytest.TB, options ...ablytest.Option) *Server {
	t.Helper()
	if virtual() {
		// When a client is closed while ably-go retries to connect, ably-go may notice only after
		// its pause. After the end of the test, a bubble's clock doesn't move, so the cleanup
		// waits until the pause is over.
		t.Cleanup(func() { time.Sleep(time.Minute) })
	}
	options = append([]ablytest.Option{ablytest.WithListener(memnet.New().Listen())}, options...)
	s := &Server{Server: ablytest.NewServer(t, options...), t: t}
	lines := &testLog{t: t}
	t.Cleanup(lines.end)
	s.log = slog.New(slog.NewTextHandler(lines,
		&slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: withoutTime}))
	return s
}

// virtual reports whether the caller is in a bubble, whose clock begins in 2000.
func virtual() bool { return time.Now().Year() == 2000 }

// Options returns the options that [ablychat.Connect] needs to make a client of this server: the
// server's address, its first key, and a logger that writes to the test's log. The options of
// ably-go come after them and take precedence. A token or a callback for tokens replaces the key.
//
//	client, err := ablychat.Connect(server.Options("bot")...)
func (s *Server) Options(clientID string, options ...ably.ClientOption) []ablychat.Option {
	options = append([]ably.ClientOption{ably.WithClientID(clientID)}, options...)
	return []ablychat.Option{ablychat.Ably(s.ClientOptions(options...)...), ablychat.WithLogger(s.log)}
}

// Client returns a client of this server, made with [Server.Options]. The test's cleanup closes it.
// Client fails the test if the options can't work.
func (s *Server) Client(clientID string, options ...ably.ClientOption) *ablychat.Client {
	s.t.Helper()
	client, err := ablychat.Connect(s.Options(clientID, options...)...)
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	s.t.Cleanup(func() {
		if err := client.Close(); err != nil {
			s.t.Logf("bottest: close the client %q: %v", clientID, err)
		}
	})
	return client
}

// Tokens returns an option that makes a client authenticate with tokens instead of the key.
// Whenever the client needs a token, the option's callback gets one from the server, with a
// lifetime of ttl. [ablytest.Server.ExpireTokens] and RevokeTokens end tokens earlier.
//
//	server.Options("bot", server.Tokens("bot", time.Hour))
func (s *Server) Tokens(clientID string, ttl time.Duration) ably.ClientOption {
	return ably.WithAuthCallback(func(context.Context, ably.TokenParams) (ably.Tokener, error) {
		token, err := s.IssueToken(ablytest.TokenParams{ClientID: clientID, TTL: ttl})
		if err != nil {
			return nil, err
		}
		return ably.TokenString(token.Token), nil
	})
}

// User returns a user of the server's rooms with this clientId.
func (s *Server) User(clientID string) *User {
	return &User{s: s, client: s.VirtualClient(clientID), id: clientID}
}

// Room returns a view of the room with this name. No client needs to have used it yet.
func (s *Server) Room(name string) *Room { return &Room{s: s, name: name} }

// testLog writes lines to a test's log until the test ends. After its end a test must not log.
type testLog struct {
	t     ablytest.TB
	mu    sync.Mutex // held while a line is logged, so that the test doesn't end in the meantime
	ended bool
}

func (l *testLog) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
}

func (l *testLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ended {
		l.t.Logf("%s", strings.TrimSuffix(string(line), "\n"))
	}
	return len(line), nil
}

func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
