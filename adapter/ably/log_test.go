package ablychat_test

import (
	"bytes"
	"log"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// lines is a log that tells when something has been written to it.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

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

// ably-go logs the address of a connection that can't be opened, with the key in it. A client that is made here doesn't.
func TestNoKeyIsLogged(t *testing.T) {
	server := ablytest.NewServer(t)
	server.RefuseConnections(nil)
	l := &lines{more: make(chan struct{}, 1)}
	before := log.Writer()
	log.SetOutput(l)
	defer log.SetOutput(before)
	client, err := ablychat.Connect(ablychat.Ably(server.ClientOptions(ably.WithClientID("ann"), ably.WithDisconnectedRetryTimeout(10*time.Millisecond))...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Dispose(soon(t))
	for !strings.Contains(l.String(), "ERROR") {
		select {
		case <-l.more:
		case <-soon(t).Done():
			t.Fatalf("nothing was logged but %q", l)
		}
	}
	if text := l.String(); strings.Contains(text, "secret") || !strings.Contains(text, "connect to ") {
		t.Errorf("logged: %s", text)
	}
}
