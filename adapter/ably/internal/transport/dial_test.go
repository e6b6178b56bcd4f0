package transport_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
)

// The transport sends the same Ably-Agent as ably-go itself (RSC7d).
func TestTheAgentIsAblyGos(t *testing.T) {
	server := newServer(t)
	relay := newRelay(t, server)
	agents := ably.WithAgents(map[string]string{"chat-go": "1.2.3"})
	w := newWorldOn(t, server, transport.Options{}, relay.options(), agents)
	w.connect()
	bare, err := ably.NewRealtime(server.ClientOptions(relay.options(), agents, ably.WithLogLevel(ably.LogNone),
		ably.WithAutoConnect(false))...)
	must(t, err)
	both := &world{t: t, client: bare}
	bare.Connect()
	both.state(ably.ConnectionStateConnected)
	bare.Close()
	both.state(ably.ConnectionStateClosed)
	got, want := relay.headers[0].Get("Ably-Agent"), relay.headers[1].Get("Ably-Agent")
	if got != want || !strings.Contains(got, "chat-go/1.2.3") {
		t.Errorf("agent %q, want %q", got, want)
	}
}

// A recovery key of ably-go's is not sent: its serials don't count the rooms' messages.
func TestRecoverIsNotAskedFor(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		server := newServer(t)
		relay := newRelay(t, server)
		before := newWorldOn(t, server, transport.Options{}, relay.options())
		before.connect()
		before.attach()
		before.succeeds(before.publish("before"))
		key := before.client.Connection.CreateRecoveryKey()
		w := newWorldOn(t, server, transport.Options{}, relay.options(), ably.WithRecover(key))
		w.connect()
		w.attach()
		w.succeeds(w.publish("after"))
		must(t, w.client.Channels.Get("own").Publish(soon(t), "m", nil))
		if q := relay.queries[1]; strings.Contains(q, "recover=") {
			t.Error("the dial asks for a recovery")
		}
		if got := len(server.Messages(room)); got != 2 {
			t.Errorf("%d messages, want 2", got)
		}
	})
}

// ably-go dials protocol 5, for which ATTACH has ATTACH_RESUME (T2), and requests HEARTBEAT frames
// (RTN23b). Before using a version of ably-go that does otherwise, review docs/channel.md.
func TestTheProtocolIs5(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		server := newServer(t)
		relay := newRelay(t, server)
		newWorldOn(t, server, transport.Options{}, relay.options()).connect()
		q, err := url.ParseQuery(relay.queries[0])
		if err != nil || q.Get("v") != "5" || q.Get("heartbeats") != "true" {
			t.Errorf("the dial asks for %v, %v", q, err)
		}
	})
}

// The WebSocket uses the proxy of the HTTP client in the transport's options, or else of the HTTP
// client in ably-go's options.
func TestAnHTTPClientAndItsProxy(t *testing.T) { bubbled(t, "", testAnHTTPClientAndItsProxy) }

func testAnHTTPClientAndItsProxy(t *testing.T) {
	server := newServer(t)
	var mu sync.Mutex
	var asked []string
	proxy := serve(t, &httputil.ReverseProxy{Transport: client.Transport, Rewrite: func(r *httputil.ProxyRequest) {
		mu.Lock()
		asked = append(asked, r.In.Host)
		mu.Unlock()
		r.SetURL(&url.URL{Scheme: "http", Host: server.Addr()})
		r.Out.URL.Path, r.Out.URL.RawQuery = r.In.URL.Path, r.In.URL.RawQuery
	}})
	address, err := url.Parse(proxy.URL)
	must(t, err)
	over := &http.Transport{Proxy: http.ProxyURL(address), DialContext: dialer}
	defer over.CloseIdleConnections()
	behind := &http.Client{Transport: over}
	there := []ably.ClientOption{ably.WithEndpoint("chat.example"), ably.WithPort(80)}
	for _, w := range []*world{
		newWorldOn(t, server, transport.Options{HTTPClient: behind}, there...),
		newWorldWith(t, server, transport.Options{}, append(there, ably.WithHTTPClient(behind))...),
	} {
		w.connect()
		w.attach()
		w.succeeds(w.publish("by proxy"))
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(asked, []string{"chat.example:80", "chat.example:80"}) {
		t.Errorf("the proxy was asked for %v", asked)
	}
}

// ably-go tries its fallback hosts after a 5xx at the handshake, and after a host that can't be
// reached in time.
func TestFallbackHosts(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
	}{{"a status of 503", 503}, {"no answer", 0}} {
		bubbled(t, c.name, func(t *testing.T) {
			server := newServer(t)
			bad := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.status) }))
			network := func(ctx context.Context, network, address string) (net.Conn, error) {
				host, _, _ := net.SplitHostPort(address)
				switch {
				case host == "up.example":
					address = server.Addr()
				case c.status == 0:
					return nil, timedOut{}
				default:
					address = strings.TrimPrefix(bad.URL, "http://")
				}
				return dialer(ctx, network, address)
			}
			// Before it tries another host, ably-go checks by HTTP whether there is an internet
			// connection.
			internet := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				rec := httptest.NewRecorder()
				fmt.Fprintln(rec, "yes")
				return rec.Result(), nil
			})}
			w := newWorldOn(t, server, transport.Options{DialContext: network}, ably.WithHTTPClient(internet),
				ably.WithEndpoint("down.example"), ably.WithFallbackHosts([]string{"up.example"}))
			w.connect()
			w.attach()
			w.succeeds(w.publish("by a fallback host"))
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type timedOut struct{}

func (timedOut) Error() string   { return "timed out" }
func (timedOut) Timeout() bool   { return true }
func (timedOut) Temporary() bool { return true }

// What ably-go logs and reports of a failed dial contains no key. Its log has no line about the
// read limit, which the transport sets itself.
func TestNoSecretsInWhatIsReported(t *testing.T) {
	var log memoryLog
	server := newServer(t)
	w := newWorldOn(t, server, transport.Options{}, ably.WithLogLevel(ably.LogWarning), ably.WithLogHandler(&log))
	w.connect()
	w.client.Close()
	w.state(ably.ConnectionStateClosed)
	if text := log.String(); text != "" {
		t.Errorf("logged %q", text)
	}
	down := newWorldOn(t, server, transport.Options{}, ably.WithLogLevel(ably.LogWarning), ably.WithLogHandler(&log),
		ably.WithPort(1), quickly())
	down.client.Connect()
	down.state(ably.ConnectionStateDisconnected)
	reason := down.client.Connection.ErrorReason().Error()
	if text := log.String() + reason; !strings.Contains(text, "127.0.0.1:1") || strings.Contains(text, "key=") ||
		strings.Contains(text, "secret") {
		t.Errorf("logged %q", text)
	}
}

type memoryLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *memoryLog) Printf(_ ably.LogLevel, format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(&l.text, format+"\n", v...)
}

func (l *memoryLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A frame above the read limit ends the socket; the connection is resumed on another.
func TestTheReadLimit(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		server := newServer(t, ablytest.WithMaxMessageSize(1<<20))
		w := newWorldOn(t, server, transport.Options{ReadLimit: 10_000}, quickly())
		w.connect()
		w.attach()
		if _, err := server.Publish(room, ablytest.Message{Data: strings.Repeat("x", 20_000)}); err != nil {
			t.Fatal(err)
		}
		w.await(transport.Disconnected)
		w.await(transport.Connected)
		w.succeeds(w.publish("after"))
	})
}
