package chatrest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ably/ably-go/ably"
	"github.com/google/go-cmp/cmp"

	"ablyrooms.example/internal/jsonvalue"
)

// network answers requests, and records them.
type network struct {
	answer func(r *http.Request) (*http.Response, error)
	got    []string
	body   bool // whether headers and bodies are recorded, too
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	got := fmt.Sprintf("%s %s host=%q", r.Method, r.URL, r.Host)
	if n.body {
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			got += fmt.Sprintf("\n%s: %q", name, r.Header[name])
		}
		if r.Body != nil {
			b, err := io.ReadAll(r.Body)
			got += fmt.Sprintf("\n%d %q %v %v", r.ContentLength, b, err, r.GetBody != nil)
		}
	}
	n.got = append(n.got, got)
	return n.answer(r)
}

func answered(status int, body string) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body))}, nil
}

// pair returns two clients. The first makes first attempts without ably-go. The second never does,
// because its ably-go logs requests.
func pair(t *testing.T, options ...ably.ClientOption) (clients [2]*Client, networks [2]*network) {
	for i := range clients {
		n := &network{answer: func(*http.Request) (*http.Response, error) { return answered(200, "{}") }}
		level := ably.LogNone
		if i == 1 {
			level = ably.LogInfo
		}
		c, err := New(append([]ably.ClientOption{ably.WithKey("app.key:secret"), ably.WithClientID("ann"),
			ably.WithEndpoint("main.test"), ably.WithFallbackHosts([]string{"fallback.test"}),
			ably.WithHTTPClient(&http.Client{Transport: n}), ably.WithLogLevel(level), ably.WithLogHandler(silent{})},
			options...)...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close(context.Background()) })
		clients[i], networks[i] = c, n
	}
	return clients, networks
}

type silent struct{}

func (silent) Printf(ably.LogLevel, string, ...any) {}

// known reports whether a client would make the next attempt without ably-go.
func known(c *Client) bool { return c.below.known.Load() != nil }

// A request that is made without ably-go is equal in each part to one that ably-go makes.
func TestDirectRequestsAreTheSame(t *testing.T) {
	requests := []Request{
		// each map has one key, since the order of keys is random
		{Method: "POST", Path: []string{"rooms", "a b/ä", "messages"}, Body: map[string]any{
			"metadata": map[string]any{"l": []any{nil, true, 1.5, int64(7), strings.Repeat("hello ", 10)}}}},
		{Method: "GET", Path: []string{"rooms", "a", "messages"}, Query: url.Values{"limit": {"3"}, "a&b": {"=", "+"}}},
		{Method: "GET", Path: []string{"rooms", "a", "occupancy"}},
		{Method: "PUT", Path: []string{"rooms", "a", "messages", "s@1"}, Body: map[string]any{}},
		{Method: "DELETE", Path: []string{"rooms", "a", "messages", "s@1", "reactions"}, Query: url.Values{"type": {"x"}}},
	}
	for name, options := range map[string][]ably.ClientOption{
		"MessagePack": nil,
		"JSON":        {ably.WithUseBinaryProtocol(false)},
		"token":       {ably.WithKey(""), ably.WithToken("a.token")},
		"agents":      {ably.WithAgents(map[string]string{"bot": "1.2"}), ably.WithPort(8443), ably.WithTLSPort(8444)},
	} {
		t.Run(name, func(t *testing.T) {
			clients, networks := pair(t, options...)
			for _, n := range networks {
				n.body = true
			}
			for _, r := range append(requests[:1:1], requests...) {
				for _, c := range clients {
					if _, err := c.Do(t.Context(), r); err != nil {
						t.Fatal(err)
					}
				}
			}
			if !known(clients[0]) || known(clients[1]) {
				t.Error("want direct attempts by the first client only")
			}
			if diff := cmp.Diff(networks[1].got, networks[0].got); diff != "" {
				t.Errorf("through ably-go (-), directly (+):\n%s", diff)
			}
			if len(networks[0].got) != len(requests)+1 {
				t.Errorf("%d attempts", len(networks[0].got))
			}
		})
	}
}

// slow is the error of a network for a host that doesn't answer.
type slow struct{ error }

func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

// A direct attempt that fails counts as ably-go's first: the same hosts are tried, equally often,
// with the same result. This holds for later requests too (RSC15).
func TestDirectAttemptsThatFail(t *testing.T) {
	outcome := map[string]func() (*http.Response, error){
		"ok":      func() (*http.Response, error) { return answered(201, `{"serial":"s"}`) },
		"down":    func() (*http.Response, error) { return answered(503, `{"error":{"code":50300,"message":"down"}}`) },
		"refused": func() (*http.Response, error) { return answered(400, `{"error":{"code":40000,"message":"bad"}}`) },
		"token":   func() (*http.Response, error) { return answered(401, `{"error":{"code":40142,"message":"expired"}}`) },
		"slow":    func() (*http.Response, error) { return nil, slow{errors.New("slow")} },
		"cut":     func() (*http.Response, error) { return nil, errors.New("cut") },
		"front": func() (*http.Response, error) {
			r, err := answered(404, "<html>")
			r.Header.Set("Server", "CloudFront")
			return r, err
		},
	}
	fails := []string{"down", "refused", "token", "slow", "cut", "front"}
	for _, main := range fails {
		for _, fallback := range append([]string{"ok"}, fails...) {
			t.Run(main+", then "+fallback, func(t *testing.T) {
				clients, networks := pair(t)
				var results [2][]string
				for i, c := range clients {
					do := func(main, fallback string) {
						networks[i].answer = func(r *http.Request) (*http.Response, error) {
							if strings.HasPrefix(r.URL.Host, "main") {
								return outcome[main]()
							}
							return outcome[fallback]()
						}
						a, err := c.Do(t.Context(), Request{Method: "POST", Path: []string{"x"}, Body: map[string]any{"text": "x"}})
						results[i] = append(results[i], fmt.Sprint(a != nil, err))
					}
					do("ok", "ok")
					if direct := i == 0; known(c) != direct {
						t.Fatalf("client %d makes direct attempts: %v", i, !direct)
					}
					do(main, fallback)
					do("ok", "ok")
					do(main, fallback)
				}
				if diff := cmp.Diff(networks[1].got, networks[0].got); diff != "" {
					t.Errorf("hosts through ably-go (-), directly (+):\n%s", diff)
				}
				if diff := cmp.Diff(results[1], results[0]); diff != "" {
					t.Errorf("results through ably-go (-), directly (+):\n%s", diff)
				}
			})
		}
	}
}

// All requests go through ably-go while it prefers a fallback host. They also do if ably-go or the
// program must see each request.
func TestWhenNoAttemptIsDirect(t *testing.T) {
	do := func(c *Client) {
		if _, err := c.Do(t.Context(), Request{Method: "GET", Path: []string{"x"}}); err != nil {
			t.Error(err)
		}
	}
	t.Run("fallback", func(t *testing.T) {
		clients, networks := pair(t)
		networks[0].answer = func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "fallback.test" {
				return answered(200, "{}")
			}
			return answered(503, "")
		}
		for range 3 {
			if do(clients[0]); known(clients[0]) {
				t.Error("a direct attempt would be made")
			}
		}
		if len(networks[0].got) != 4 { // the first request tries both hosts
			t.Errorf("attempts: %q", networks[0].got)
		}
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("cookies", func(t *testing.T) {
		n := &network{answer: func(*http.Request) (*http.Response, error) { return answered(200, "{}") }}
		clients, _ := pair(t, ably.WithHTTPClient(&http.Client{Jar: jar, Transport: n}))
		if do(clients[0]); known(clients[0]) {
			t.Error("a direct attempt would be made")
		}
	})
}

// An answer in MessagePack has the same value as the answer in JSON.
func TestMessagePackReadsAsJSON(t *testing.T) {
	for _, text := range []string{
		`{"serial":"s","version":{"n":3,"f":-1.5},"l":[null,true,false,[],{}]}`,
		`[9007199254740993,18446744073709551615,-9223372036854775808,-1,0.1,1e300]`,
		`"` + strings.Repeat("ä", 300) + `"`, `null`, `true`, `7`, `[` + strings.Repeat(`{"k":1},`, 20) + `{}]`,
	} {
		asJSON, err := jsonvalue.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		packed, err := encode("application/x-msgpack", sent(asJSON))
		if err != nil {
			t.Fatal(err)
		}
		x := &exchange{status: 200, body: packed, header: http.Header{"Content-Type": {"application/x-msgpack"}}}
		a, failure := x.read()
		if failure != nil {
			t.Errorf("%s: %v", text, failure)
			continue
		}
		if diff := cmp.Diff(asJSON, a.Body); diff != "" {
			t.Errorf("JSON (-), MessagePack (+): %s", diff)
		}
	}
}

// sent converts the numbers of a received value to types that MessagePack can encode.
func sent(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return n
		}
		n, _ := strconv.ParseUint(string(v), 10, 64)
		return n
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = sent(v[i])
		}
		return all
	case map[string]any:
		all := map[string]any{}
		for k := range v {
			all[k] = sent(v[k])
		}
		return all
	}
	return v
}
