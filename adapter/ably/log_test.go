package ablychat_test

import (
	"bytes"
	"log"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// lines is a log that reports when something has been written to it.
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

// until waits until the log has a text.
func (l *lines) until(t *testing.T, text string) {
	t.Helper()
	ctx := soon(t)
	for !strings.Contains(l.String(), text) {
		select {
		case <-l.more:
		case <-ctx.Done():
			t.Fatalf("no %q is logged, but %q", text, l)
		}
	}
}

// standard takes what is written to package log, which slog's first default does too.
func standard(t *testing.T) *lines {
	l, before := newLines(), log.Writer()
	log.SetOutput(l)
	t.Cleanup(func() { log.SetOutput(before) })
	return l
}

// unreachable are options for a server that refuses connections, so that ably-go logs its address,
// which has the key in it.
func unreachable(t *testing.T) ablychat.Option {
	server := ablytest.NewServer(t)
	server.RefuseConnections(nil)
	return ablychat.Ably(server.ClientOptions(ably.WithClientID("ann"),
		ably.WithDisconnectedRetryTimeout(10*time.Millisecond))...)
}

// Without a logger errors alone are logged, to slog's default, without keys.
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

// With a logger nothing is written to package log, by ably-go neither; and no key, token or text of a
// message is logged at info.
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

// A realtime client that is shared logs where its chat client does, while it has one.
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
