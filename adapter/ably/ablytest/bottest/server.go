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

// Server is an embedded Ably server for a test. All that an [ablytest.Server] can, it can too. Its
// methods may be called by any goroutine; those that fail the test, only by the test's own.
type Server struct {
	*ablytest.Server
	t   ablytest.TB
	log *slog.Logger
}

// NewServer starts a server on a network in memory, which ends with the test. It fails the test at
// once if the options can't work. In a bubble of testing/synctest the server lives in the bubble.
//
// With the option [ablytest.WithListener] the server listens there. [ablytest.WithAddr] has no
// effect.
func NewServer(t ablytest.TB, options ...ablytest.Option) *Server {
	t.Helper()
	if virtual() {
		// A loop of ably-go's that tries to connect may see only after its pause that it was
		// closed. A bubble's clock stands still from the end of the test on.
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

// Options returns what [ablychat.Connect] needs to make a client of this server: its address, its
// first key, and a log that goes to the test's. Options of ably-go follow and win; a token or a
// callback for tokens takes the place of the key.
//
//	client, err := ablychat.Connect(server.Options("bot")...)
func (s *Server) Options(clientID string, options ...ably.ClientOption) []ablychat.Option {
	options = append([]ably.ClientOption{ably.WithClientID(clientID)}, options...)
	return []ablychat.Option{ablychat.Ably(s.ClientOptions(options...)...), ablychat.WithLogger(s.log)}
}

// Client makes a client of this server, see [Server.Options], which the end of the test closes. It
// fails the test if the options can't work.
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

// Tokens has a client authenticate by tokens that live for ttl, in place of the key: the
// application gets one from the server whenever the client needs one.
// [ablytest.Server.ExpireTokens] and RevokeTokens end them before.
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

// User returns another user of the rooms.
func (s *Server) User(clientID string) *User {
	return &User{s: s, client: s.VirtualClient(clientID), id: clientID}
}

// Room returns the view of a room, also of one that no client uses yet.
func (s *Server) Room(name string) *Room { return &Room{s: s, name: name} }

// testLog writes lines to a test's log until the test ends: after that a test must not log.
type testLog struct {
	t     ablytest.TB
	mu    sync.Mutex // held while the test logs, so that it doesn't end meanwhile
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
