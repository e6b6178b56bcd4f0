package ablychat_test

import (
	"bytes"
	"encoding/base64"
	"log"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// lines is a log that signals each write.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newLines() *lines { return &lines{more: make(chan struct{}, 1)} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// until waits until the log contains a text.
func (l *lines) until(t *testing.T, text string) {
	t.Helper()
	ctx := soon(t)
	for !strings.Contains(l.String(), text) {
		select {
		case <-l.more:
		case <-ctx.Done():
			t.Fatalf("%q is not logged; the log has %q", text, l)
		}
	}
}

// standard captures the output of package log, which slog's first default logger uses too.
func standard(t *testing.T) *lines {
	l, before := newLines(), log.Writer()
	log.SetOutput(l)
	t.Cleanup(func() { log.SetOutput(before) })
	return l
}

// unreachable returns options for a server that refuses connections. ably-go then logs the server's
// address, which contains the key.
func unreachable(t *testing.T) ablychat.Option {
	server := ablytest.NewServer(t)
	server.RefuseConnections(nil)
	return ablychat.Ably(server.ClientOptions(ably.WithClientID("ann"),
		ably.WithDisconnectedRetryTimeout(10*time.Millisecond))...)
}

// TestNoKeyIsLogged: without a logger, only errors are logged, to slog's default, and without keys.
func TestNoKeyIsLogged(t *testing.T) {
	l := standard(t)
	client := must(ablychat.Connect(unreachable(t)))
	defer client.Dispose(soon(t))
	l.until(t, "ERROR")
	if text := l.String(); strings.Contains(text, "secret") || !strings.Contains(text, "connect to ") ||
		strings.Contains(text, "WARN") || strings.Contains(text, "INFO") {
		t.Errorf("logged: %s", text)
	}
}

// TestOneLogger: with a logger, neither this package nor ably-go writes to package log. At level
// info, no key, token or message text is logged.
func TestOneLogger(t *testing.T) {
	aside, l := standard(t), newLines()
	logger := ablychat.WithLogger(slog.New(slog.NewTextHandler(l, nil)))
	client := must(ablychat.Connect(logger, unreachable(t)))
	l.until(t, "level=ERROR msg=ably-go")
	l.until(t, "connect to ")
	if err := client.Dispose(soon(t)); err != nil {
		t.Error(err)
	}

	server := ablytest.NewServer(t)
	ann := must(ablychat.Connect(logger, ablychat.Ably(server.ClientOptions(ably.WithClientID("ann"))...)))
	room := must(ann.Rooms().Get(soon(t), "lobby"))
	if err := room.Attach(soon(t)); err != nil {
		t.Fatal(err)
	}
	must(room.Messages().Send(soon(t), ablychat.Text("between us")))
	l.until(t, "current=attached")
	if err := ann.Dispose(soon(t)); err != nil {
		t.Error(err)
	}
	if text := l.String(); strings.Contains(text, "secret") || strings.Contains(text, "between us") {
		t.Errorf("logged: %s", text)
	}
	if text := aside.String(); text != "" {
		t.Errorf("written to package log: %s", text)
	}
}

// TestASharedClientLogsWhereItsChatClientDoes: a shared realtime client logs to the logger of its
// chat client, while it has one.
func TestASharedClientLogsWhereItsChatClientDoes(t *testing.T) {
	aside, l := standard(t), newLines()
	server := ablytest.NewServer(t)
	realtime := must(ablychat.NewRealtime(server.ClientOptions(ably.WithAutoConnect(false),
		ably.WithDisconnectedRetryTimeout(10*time.Millisecond))...))
	defer closeClient(realtime)
	chat := must(ablychat.New(realtime, ablychat.WithLogger(slog.New(slog.NewTextHandler(l, nil)))))
	server.RefuseConnections(nil)
	realtime.Connect()
	l.until(t, "level=ERROR msg=ably-go")
	if text := aside.String(); text != "" {
		t.Errorf("written to package log: %s", text)
	}
	if err := chat.Dispose(soon(t)); err != nil {
		t.Error(err)
	}
}

// TestTheLoggerOutlastsTheRooms: if the client owns its connection, lines that ably-go logs while
// the connection ends go to the client's logger. A shared realtime client has no logger after its
// chat client is disposed of.
func TestTheLoggerOutlastsTheRooms(t *testing.T) {
	aside, l := standard(t), newLines()
	logger := ablychat.WithLogger(slog.New(slog.NewTextHandler(l, nil)))
	options := ablytest.NewServer(t).ClientOptions(ably.WithAutoConnect(false))
	owner := must(ablychat.Connect(logger, ablychat.Ably(options...)))
	shared := must(ablychat.NewRealtime(options...))
	defer closeClient(shared)
	guest := must(ablychat.New(shared, logger))
	for _, client := range []*ablychat.Client{owner, guest} {
		if err := client.Dispose(soon(t)); err != nil {
			t.Error(err)
		}
	}
	ablychat.Log(owner, "the owner's last line")
	ablychat.Log(guest, "the guest's last line")
	if text := l.String(); !strings.Contains(text, "the owner's last line") || strings.Contains(text, "the guest's") {
		t.Errorf("logged: %s", text)
	}
	if text := aside.String(); !strings.Contains(text, "the guest's last line") || strings.Contains(text, "the owner's") {
		t.Errorf("written to package log: %s", text)
	}
}

// TestNoTokenIsLogged: no token, and no param for an auth URL, is logged. It is tried without a
// logger and with one for all levels, while the service or the auth URL can't be reached, and while
// tokens are renewed.
func TestNoTokenIsLogged(t *testing.T) {
	for _, name := range []string{"token", "token details", "JWT", "callback: token", "callback: JWT",
		"callback: token request", "auth URL, GET: token", "auth URL, POST: JWT"} {
		t.Run(name, func(t *testing.T) {
			l := standard(t)
			server := ablytest.NewServer(t)
			a := newApplication(t, server, ably.WithUseBinaryProtocol(true))
			var given tokens
			options := append(ways[name].options(a), given.option(), ably.WithLogLevel(ably.LogDebug),
				ably.WithDisconnectedRetryTimeout(10*time.Millisecond))
			for _, logger := range []*slog.Logger{nil,
				slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))} {
				client := must(ablychat.Connect(ablychat.WithLogger(logger), ablychat.Ably(server.EndpointOptions(options...)...)))
				if err := client.Connection().WaitForStatus(soon(t), ablychat.ConnectionConnected); err != nil {
					t.Fatal(err)
				}
				room := must(client.Rooms().Get(soon(t), "lobby"))
				if err := second(room.Messages().Send(soon(t), ablychat.Text("x"))); err != nil {
					t.Error(err)
				}
				server.RefuseConnections(nil)
				if err := server.Cut(""); err != nil {
					t.Fatal(err)
				}
				l.until(t, "connect to ")
				if ways[name].renewable {
					server.ExpireTokens()
					a.down.Store(true)
					_ = second(room.Messages().Send(soon(t), ablychat.Text("x")))
					a.down.Store(false)
				}
				if err := client.Dispose(soon(t)); err != nil {
					t.Error(err)
				}
				server.AcceptConnections()
			}
			if got := given.all(); len(got) == 0 {
				t.Error("the test saw no token, so it can't look for one in the log")
			} else if text := l.String(); strings.Contains(text, "who=me") || slices.ContainsFunc(got, func(token string) bool {
				return strings.Contains(text, token)
			}) {
				t.Errorf("a token of %q is logged: %s", got, text)
			}
		})
	}
}

// tokens collects the tokens that were sent to the service by HTTP.
type tokens struct {
	mu    sync.Mutex
	known []string
}

func (k *tokens) option() ably.ClientOption {
	return ably.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if encoded, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			token, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				return nil, err
			}
			k.mu.Lock()
			k.known = append(k.known, string(token))
			k.mu.Unlock()
		}
		return http.DefaultTransport.RoundTrip(r)
	})})
}

func (k *tokens) all() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.known)
}
