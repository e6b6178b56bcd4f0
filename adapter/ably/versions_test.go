package ablychat_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// TestVersions: the versions of a message are the message as it was created, its updates and its
// deletion, oldest first.
func TestVersions(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		m := newPerson(t, ablytest.NewServer(t), "ann", binary).unattached("a/b ☃").Messages()
		sent := must(m.Send(soon(t), ablychat.Text("one")))
		updated := must(m.Update(soon(t), sent.Serial, ablychat.Text("two"), ablychat.WithDescription("typo")))
		deleted := must(m.Delete(soon(t), sent.Serial))
		var versions []ablychat.Message
		for v, err := range must(m.Versions(soon(t), sent.Serial)).All(soon(t)) {
			if err != nil {
				t.Fatal(err)
			}
			versions = append(versions, v)
		}
		if len(versions) != 3 || !versions[0].SameVersion(sent) || versions[0].Text != "one" ||
			!versions[1].SameVersion(updated) || versions[1].Version.Description != "typo" ||
			!versions[2].SameVersion(deleted) || versions[2].DeletedBy() != "ann" {
			t.Errorf("the versions are %+v", versions)
		}
		if _, err := m.Versions(soon(t), "none"); ablyStatus(err) != 404 {
			t.Errorf("versions of a message that doesn't exist: %v", err)
		}
		if _, err := m.Versions(soon(t), ""); !errors.Is(err, ablychat.ErrInvalidArgument) {
			t.Errorf("versions without a serial: %v", err)
		}
	})
}

func ablyStatus(err error) int {
	info, ok := errors.AsType[*ablychat.ErrorInfo](err)
	if !ok {
		return 0
	}
	return info.StatusCode
}

// TestIdempotency: a call that is repeated with the same key has no second effect.
func TestIdempotency(t *testing.T) {
	server, wire := ablytest.NewServer(t), &recorder{}
	client := must(ablychat.Connect(ablychat.WithIdempotentPublishing(),
		ablychat.Ably(server.ClientOptions(ably.WithClientID("ann"),
			ably.WithUseBinaryProtocol(false), ably.WithHTTPClient(&http.Client{Transport: wire}))...)))
	defer client.Close()
	m := must(client.Rooms().Get(soon(t), "lobby")).Messages()
	var first ablychat.Message
	for i := range 2 {
		key := ablychat.WithIdempotencyKey("my key")
		sent := must(m.Send(soon(t), ablychat.Text("once"), key))
		if i == 0 {
			first = sent
		}
		must(m.Update(soon(t), first.Serial, ablychat.Text("twice"), ablychat.WithIdempotencyKey("my update")))
		must(m.Delete(soon(t), first.Serial, ablychat.WithIdempotencyKey("my deletion")))
		if !sent.Same(first) {
			t.Errorf("two sends with one key made the messages %s and %s", first.Serial, sent.Serial)
		}
	}
	if n := len(must(m.Versions(soon(t), first.Serial)).Items); n != 3 {
		t.Errorf("%d versions, expected 3", n)
	}
	keys := map[string]bool{}
	for _, call := range []func() error{ // keys that the client makes differ
		func() error { return second(m.Send(soon(t), ablychat.Text("again"))) },
		func() error { return second(m.Send(soon(t), ablychat.Text("again"))) },
		func() error { return second(m.Update(soon(t), first.Serial, ablychat.Text("again"))) },
		func() error { return second(m.Delete(soon(t), first.Serial)) },
	} {
		if err := call(); err != nil {
			t.Fatal(err)
		}
		keys[wire.last(t).query.Get("idempotencyKey")] = true
	}
	if len(keys) != 4 || keys[""] {
		t.Errorf("the client made the keys %v, expected 4 different ones", keys)
	}
	if n := len(must(m.History(soon(t), ablychat.HistoryQuery{})).Items); n != 3 {
		t.Errorf("%d messages, expected 3", n)
	}
	for _, option := range []ablychat.OperationOption{ablychat.WithDescription("why"),
		ablychat.WithOperationMetadata(map[string]string{"by": "me"})} {
		if _, err := m.Send(soon(t), ablychat.Text("x"), option); !errors.Is(err, ablychat.ErrInvalidArgument) {
			t.Errorf("a send with a description or metadata of the operation: %v", err)
		}
	}
}

// lossy is an HTTP transport that sends requests for any host to one server, and loses some
// answers.
type lossy struct {
	addr string

	mu    sync.Mutex
	lose  int      // how many of the next answers to lose
	hosts []string // the hosts of the requests
}

type lostAnswer struct{}

func (lostAnswer) Error() string   { return "the answer is lost" }
func (lostAnswer) Timeout() bool   { return true }
func (lostAnswer) Temporary() bool { return true }

func (l *lossy) RoundTrip(request *http.Request) (*http.Response, error) {
	there := request.Clone(request.Context())
	there.URL.Host, there.Host = l.addr, l.addr
	response, err := http.DefaultTransport.RoundTrip(there)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hosts = append(l.hosts, request.URL.Hostname())
	if err != nil || l.lose == 0 {
		return response, err
	}
	l.lose--
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return nil, lostAnswer{}
}

// losing makes the transport lose the next n answers, and clears its list of hosts.
func (l *lossy) losing(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lose, l.hosts = n, nil
}

func (l *lossy) asked() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.hosts)
}

// changing returns the calls that change a message, in their order.
func changing(m *ablychat.Messages, serial string, options ...ablychat.OperationOption) []func() error {
	return []func() error{
		func() error { return second(m.Update(context.Background(), serial, ablychat.Text("y"), options...)) },
		func() error { return second(m.Delete(context.Background(), serial, options...)) },
	}
}

// TestALostAnswerDoesNotDuplicate: after a lost answer, ably-go tries a fallback host with a key
// that the client made, or the program repeats the call with its own key. Neither has a second
// effect. Without a key, the second request has an effect too.
func TestALostAnswerDoesNotDuplicate(t *testing.T) {
	server := ablytest.NewServer(t)
	wire := &lossy{addr: server.Addr()}
	connect := func(fallbacks []string, options ...ablychat.Option) *ablychat.Messages {
		client := must(ablychat.Connect(append(options, ablychat.Ably(server.ClientOptions(ably.WithClientID("ann"),
			ably.WithAutoConnect(false), ably.WithFallbackHosts(fallbacks), ably.WithLogLevel(ably.LogNone),
			ably.WithHTTPClient(&http.Client{Transport: wire}))...))...))
		t.Cleanup(func() { client.Close() })
		return must(client.Rooms().Get(soon(t), "lobby")).Messages()
	}
	count := func(m *ablychat.Messages, serial string) (messages, versions int) {
		t.Helper()
		wire.losing(0)
		if serial != "" {
			versions = len(must(m.Versions(soon(t), serial)).Items)
		}
		return len(must(m.History(soon(t), ablychat.HistoryQuery{})).Items), versions
	}

	keyed := connect([]string{"fallback.test"}, ablychat.WithIdempotentPublishing())
	wire.losing(1)
	sent := must(keyed.Send(soon(t), ablychat.Text("once")))
	if hosts := wire.asked(); len(hosts) != 2 || hosts[1] != "fallback.test" {
		t.Errorf("the requests went to %q, expected two hosts", hosts)
	}
	if n, _ := count(keyed, ""); n != 1 {
		t.Errorf("with a key that the client made there are %d messages, expected 1", n)
	}
	for i, call := range changing(keyed, sent.Serial) {
		wire.losing(1)
		if err := call(); err != nil {
			t.Error(err)
		}
		if _, n := count(keyed, sent.Serial); n != i+2 {
			t.Errorf("after change %d the message has %d versions", i, n)
		}
	}

	alone := connect([]string{})
	key := func(of string) ablychat.OperationOption { return ablychat.WithIdempotencyKey("my " + of) }
	lost := func(err error) {
		t.Helper()
		if !errors.Is(err, ablychat.ErrorCode(50003)) {
			t.Errorf("the call whose answer is lost: %v", err)
		}
	}
	wire.losing(1)
	lost(second(alone.Send(soon(t), ablychat.Text("mine"), key("send"))))
	sent = must(alone.Send(soon(t), ablychat.Text("mine"), key("send")))
	if n, _ := count(alone, ""); n != 2 || sent.Text != "mine" {
		t.Errorf("with a key that the program gave there are %d messages, expected 2; the last is %q", n, sent.Text)
	}
	for i := range 2 {
		call := changing(alone, sent.Serial, key([]string{"update", "deletion"}[i]))[i]
		wire.losing(1)
		lost(call())
		if err := call(); err != nil {
			t.Error(err)
		}
		if _, n := count(alone, sent.Serial); n != i+2 {
			t.Errorf("after change %d the message has %d versions", i, n)
		}
	}

	wire.losing(1)
	lost(second(alone.Send(soon(t), ablychat.Text("twice"))))
	must(alone.Send(soon(t), ablychat.Text("twice")))
	if n, _ := count(alone, ""); n != 4 {
		t.Errorf("without a key there are %d messages, expected 4", n)
	}
}
