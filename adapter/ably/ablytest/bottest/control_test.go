package bottest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest/bottest"
)

// remote uses a kit through its control API.
type remote struct {
	t   *testing.T
	url string
}

func newRemote(t *testing.T, server *bottest.Server) *remote {
	listener := httptest.NewServer(server.Control())
	t.Cleanup(listener.Close)
	return &remote{t, listener.URL}
}

// do makes a request and returns the status and the decoded JSON of the answer.
func (r *remote) do(method, path, body string) (status int, answer any) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, strings.NewReader(body))
	succeeds(r.t, err)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return r.send(request)
}

func (r *remote) send(request *http.Request) (status int, answer any) {
	r.t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	succeeds(r.t, err)
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	succeeds(r.t, err)
	if err := json.Unmarshal(b, &answer); err != nil {
		r.t.Fatalf("%s %s: %q: %v", request.Method, request.URL.Path, b, err)
	}
	return response.StatusCode, answer
}

// at returns the value at a path in JSON. A path consists of names of fields and indices of lists.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			o, _ := v.(map[string]any)
			v = o[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

// ok makes a request that must succeed.
func (r *remote) ok(method, path, body string) any {
	r.t.Helper()
	status, answer := r.do(method, path, body)
	if status != http.StatusOK {
		r.t.Fatalf("%s %s %s: status %d, %v", method, path, body, status, answer)
	}
	return answer
}

// TestControl uses each endpoint over HTTP, and checks the effects over HTTP.
func TestControl(t *testing.T) {
	server := bottest.NewServer(t)
	r := newRemote(t, server)
	room := enter(t, server.Client("bot"))
	serial := at(r.ok("POST", "/users/eve/says", `{"room": "lobby", "text": "hello", "headers": {"a": 1}}`), "serial").(string)
	second := at(r.ok("POST", "/users/eve/says", `{"room": "lobby", "text": "spam"}`), "serial").(string)
	for path, body := range map[string]string{
		"/users/eve/edits":        `{"room": "lobby", "serial": "` + serial + `", "text": "hello!"}`,
		"/users/ann/deletes":      `{"room": "lobby", "serial": "` + second + `", "description": "spam"}`,
		"/users/eve/reacts":       `{"room": "lobby", "serial": "` + serial + `", "name": "👍"}`,
		"/users/eve/reactsToRoom": `{"room": "lobby", "name": "🎉", "metadata": {"n": 1}}`,
		"/users/eve/types":        `{"room": "lobby"}`,
		"/users/eve/enters":       `{"room": "lobby", "data": {"mood": "good"}}`,
	} {
		r.ok("POST", path, body)
	}
	lobby := r.ok("GET", "/rooms/lobby", "")
	for _, c := range []struct {
		want any
		path []any
	}{
		{"hello!", []any{"messages", 0, "text"}}, {"message.update", []any{"messages", 0, "action"}},
		{1.0, []any{"messages", 0, "reactions", "distinct", "👍", "total"}},
		{"message.delete", []any{"messages", 1, "action"}}, {"ann", []any{"messages", 1, "version", "clientId"}},
		{"spam", []any{"messages", 1, "version", "description"}}, {nil, []any{"messages", 2}},
		{"🎉", []any{"reactions", 0, "name"}}, {1.0, []any{"reactions", 0, "metadata", "n"}},
		{"eve", []any{"typing", 0}}, {"eve", []any{"members", 0, "clientId"}}, {"good", []any{"members", 0, "data", "mood"}},
	} {
		if got := at(lobby, c.path...); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v of the room is %v, expected %v", c.path, got, c.want)
		}
	}
	r.ok("POST", "/users/eve/unreacts", `{"room": "lobby", "serial": "`+serial+`", "name": "👍"}`)
	r.ok("POST", "/users/eve/stopsTyping", `{"room": "lobby"}`)
	r.ok("POST", "/users/eve/leaves", `{"room": "lobby"}`)
	if got := server.Room("lobby"); len(got.Typing())+len(got.Members())+len(got.Message(serial).Reactions.Distinct) != 0 {
		t.Error("eve still types, reacts or is present")
	}

	// A request can wait for what a client does.
	arrived := make(chan any, 1)
	go func() {
		arrived <- r.ok("POST", "/rooms/lobby/await",
			`{"contains": {"messages": [{"clientId": "bot", "text": "hello, eve"}]}, "timeout": "20s"}`)
	}()
	_, err := room.Messages().Send(t.Context(), ablychat.Text("hello, eve"))
	succeeds(t, err)
	if got := at(<-arrived, "messages", 2, "text"); got != "hello, eve" {
		t.Errorf("await returned a room whose last text is %v", got)
	}
	if status, answer := r.do("POST", "/rooms/lobby/await", `{"contains": {"typing": ["bot"]}, "timeout": "1ms"}`); status != 408 ||
		!strings.Contains(at(answer, "error", "message").(string), "hello!") {
		t.Errorf("await of a state that never comes: status %d, %v", status, answer)
	}
}

func TestControlOfDisruptions(t *testing.T) {
	server := bottest.NewServer(t)
	r := newRemote(t, server)
	room := enter(t, server.Client("bot"))
	ctx := t.Context()
	for path, c := range map[string]struct {
		body string
		code int
	}{
		"rateLimit": {`{"limit": 0, "window": "1s"}`, 42910},
		"deny":      {`{"room": "lobby", "operations": ["publish"]}`, 40160},
		"reject":    {`{"texts": ["hi"], "code": 42211, "detail": {"rule": "one"}}`, 42211},
		"outage":    {``, 80000},
	} {
		id := at(r.ok("POST", "/disruptions/"+path, c.body), "id").(string)
		_, err := room.Messages().Send(ctx, ablychat.Text("hi"))
		if code := code(err); code != c.code {
			t.Errorf("send during %s: %v", path, err)
		}
		r.ok("DELETE", "/disruptions/"+id, "")
		if _, err := room.Messages().Send(ctx, ablychat.Text("hi")); err != nil {
			t.Errorf("send after %s: %v", path, err)
		}
		if status, _ := r.do("DELETE", "/disruptions/"+id, ""); status != 404 {
			t.Errorf("a second end of %s: status %d, want 404", path, status)
		}
	}
	r.ok("DELETE", "/disruptions/"+at(r.ok("POST", "/disruptions/slow", `{"latency": "1ms"}`), "id").(string), "")
	for _, path := range []string{"/loseState", "/expireTokens"} {
		r.ok("POST", path, "")
	}
	r.ok("POST", "/revokeTokens", `{"clientId": "eve"}`)
	r.ok("POST", "/loseHistory", `{"room": "lobby"}`)
	if got := server.Room("lobby").Messages(); len(got) != 0 {
		t.Errorf("the room has the messages %+v", got)
	}
	if token := r.ok("POST", "/token", `{"clientId": "eve", "ttl": "1h"}`); at(token, "clientId") != "eve" || at(token, "token") == "" {
		t.Errorf("the token is %v", token)
	}
	frames := r.ok("GET", "/frames?action=CONNECT", "")
	if at(frames, 0, "query", "clientId") != "bot" || at(frames, 0, "query", "key") != nil ||
		!strings.Contains(at(frames, 0, "headers", "Ably-Agent").(string), "chat-go/") {
		t.Errorf("the CONNECT frames are %v", frames)
	}
	if frames := r.ok("GET", "/frames?action=ATTACH&channel=lobby::$chat", ""); at(frames, 0, "message", "params", "agent") == nil {
		t.Errorf("the ATTACH frames are %v", frames)
	}
}

func code(err error) int {
	var info *ablychat.ErrorInfo
	if errors.As(err, &info) {
		return int(info.Code)
	}
	return 0
}

// A request that can't be carried out gets an error in Ably's form, with Ably's code if Ably has
// one.
func TestControlRefuses(t *testing.T) {
	r := newRemote(t, bottest.NewServer(t))
	for _, c := range []struct {
		method, path, body string
		status, code       float64
	}{
		{"POST", "/users/eve/edits", `{"room": "lobby", "serial": "none", "text": "x"}`, 404, 40400},
		{"POST", "/users/eve/reacts", `{"room": "lobby", "serial": "none", "name": "x"}`, 404, 40400},
		{"POST", "/users/eve/enters", `{"room": "a\nb"}`, 400, 40010},
		{"POST", "/users/eve/flies", `{"room": "lobby"}`, 404, 40400},
		{"GET", "/users/eve/says", ``, 404, 40400},
		{"POST", "/users/eve/says", `{"room": "lobby", "txt": "hi"}`, 400, 40000},
		{"POST", "/users/eve/says", `[`, 400, 40000},
		{"POST", "/disruptions/deny", `{"room": "lobby", "operations": ["fly"]}`, 400, 40000},
		{"POST", "/disruptions/reject", `{"texts": ["x"], "code": 1}`, 400, 40000},
		{"POST", "/disruptions/slow", `{"latency": 5}`, 400, 40000},
		{"GET", "/", ``, 404, 40400},
	} {
		status, answer := r.do(c.method, c.path, c.body)
		if float64(status) != c.status || at(answer, "error", "code") != c.code {
			t.Errorf("%s %s %s: %d %v", c.method, c.path, c.body, status, answer)
		}
	}
}

// A web page can't use the control API: not from another origin, not by a name that resolves to
// loopback, and not with a form.
func TestControlIsNotForWebPages(t *testing.T) {
	server := bottest.NewServer(t)
	r := newRemote(t, server)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(r.url, "http://"))
	succeeds(t, err)
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"a program":        {func(*http.Request) {}, 200},
		"by localhost":     {func(r *http.Request) { r.Host = "localhost:" + port }, 200},
		"by IPv6":          {func(r *http.Request) { r.Host = "[::1]:" + port }, 200},
		"another origin":   {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
		"a local page":     {func(r *http.Request) { r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host) }, 403},
		"a sandboxed page": {func(r *http.Request) { r.Header.Set("Origin", "null") }, 403},
		"another site":     {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"a rebound name":   {func(r *http.Request) { r.Host = "evil.example:" + port }, 403},
		"a rebound name that begins with an address": {func(r *http.Request) { r.Host = "127.0.0.1.evil.example" }, 403},
		"a form":          {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
		"no content type": {func(r *http.Request) { r.Header.Del("Content-Type") }, 415},
	} {
		request, err := http.NewRequestWithContext(context.Background(), "POST", r.url+"/users/eve/says",
			strings.NewReader(`{"room": "lobby", "text": "hi"}`))
		succeeds(t, err)
		request.Header.Set("Content-Type", "application/json")
		c.change(request)
		before := len(server.Room("lobby").Messages())
		status, _ := r.send(request)
		if took := len(server.Room("lobby").Messages()) > before; status != c.status || took != (status == 200) {
			t.Errorf("%s: status %d, message sent: %v", name, status, took)
		}
	}
}
