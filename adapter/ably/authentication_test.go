package ablychat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// application is a server of the program's own, which issues tokens.
type application struct {
	t      *testing.T
	server *ablytest.Server
	owner  *ably.REST // a client with the key
	web    *httptest.Server
	params ablytest.TokenParams
	given  atomic.Int32 // the number of tokens and token requests that it issued
	down   atomic.Bool  // whether it cuts the connection of each request
}

func newApplication(t *testing.T, server *ablytest.Server, binary ably.ClientOption) *application {
	owner, err := ably.NewREST(server.ClientOptions(binary)...)
	if err != nil {
		t.Fatal(err)
	}
	a := &application{t: t, server: server, owner: owner, params: ablytest.TokenParams{ClientID: "ann"}}
	a.web = httptest.NewServer(a)
	t.Cleanup(a.web.Close)
	return a
}

func (a *application) details() *ably.TokenDetails {
	d, err := a.server.IssueToken(a.params)
	if err != nil {
		a.t.Error(err)
		return nil
	}
	return &ably.TokenDetails{Token: d.Token, KeyName: d.KeyName, Issued: d.Issued, Expires: d.Expires,
		ClientID: d.ClientID, Capability: d.Capability}
}

func (a *application) request() *ably.TokenRequest {
	r, err := a.owner.Auth.CreateTokenRequest(&ably.TokenParams{ClientID: a.params.ClientID})
	if err != nil {
		a.t.Error(err)
	}
	return r
}

func (a *application) jwt() string {
	token, err := a.server.IssueJWT(a.params)
	if err != nil {
		a.t.Error(err)
	}
	return token
}

// ServeHTTP is the auth URL. The path of a request selects the form of the token.
func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.down.Load() {
		panic(http.ErrAbortHandler)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil { // the client cancelled the request before it had sent all of it
		panic(http.ErrAbortHandler)
	}
	sent, bad := url.ParseQuery(string(body))
	if r.Method == http.MethodGet {
		sent = r.URL.Query()
	}
	if bad != nil || sent.Get("who") != "me" || r.Header.Get("X-Proof") != "yes" || r.Header.Get("Authorization") != "" {
		a.t.Errorf("unexpected request to the auth URL: %s %s, headers %v, body %q", r.Method, r.URL, r.Header, body)
	}
	a.given.Add(1)
	var answer any
	switch r.URL.Path {
	case "/text":
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, a.details().Token)
		return
	case "/jwt":
		w.Header().Set("Content-Type", "application/jwt")
		_, _ = io.WriteString(w, a.jwt())
		return
	case "/details":
		answer = a.details()
	case "/request":
		answer = a.request()
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func (a *application) callback(give func() ably.Tokener) ably.ClientOption {
	return ably.WithAuthCallback(func(context.Context, ably.TokenParams) (ably.Tokener, error) {
		a.given.Add(1)
		return give(), nil
	})
}

func (a *application) url(form, method string) []ably.ClientOption {
	return []ably.ClientOption{ably.WithAuthURL(a.web.URL + "/" + form), ably.WithAuthMethod(method),
		ably.WithAuthParams(url.Values{"who": {"me"}}), ably.WithAuthHeaders(http.Header{"X-Proof": {"yes"}})}
}

// way is one way to authenticate.
type way struct {
	options   func(*application) []ably.ClientOption
	renewable bool // whether the client can get a new token, or needs none
}

func one(o ably.ClientOption) []ably.ClientOption { return []ably.ClientOption{o} }

// ways has all ways to authenticate that ably-go has (RSA4, RSA8).
var ways = map[string]way{
	"key": {func(a *application) []ably.ClientOption {
		return []ably.ClientOption{ably.WithKey(a.server.Key()), ably.WithInsecureAllowBasicAuthWithoutTLS(), ably.WithClientID("ann")}
	}, true},
	"key, for tokens": {func(a *application) []ably.ClientOption {
		return []ably.ClientOption{ably.WithKey(a.server.Key()), ably.WithUseTokenAuth(true), ably.WithClientID("ann")}
	}, true},
	"token": {func(a *application) []ably.ClientOption { return one(ably.WithToken(a.details().Token)) }, false},
	"token details": {func(a *application) []ably.ClientOption {
		return one(ably.WithTokenDetails(a.details()))
	}, false},
	"token, and a key": {func(a *application) []ably.ClientOption {
		return []ably.ClientOption{ably.WithToken(a.details().Token), ably.WithKey(a.server.Key()), ably.WithClientID("ann")}
	}, true},
	"JWT": {func(a *application) []ably.ClientOption { return one(ably.WithToken(a.jwt())) }, false},
	"callback: token": {func(a *application) []ably.ClientOption {
		return one(a.callback(func() ably.Tokener { return ably.TokenString(a.details().Token) }))
	}, true},
	"callback: token details": {func(a *application) []ably.ClientOption {
		return one(a.callback(func() ably.Tokener { return a.details() }))
	}, true},
	"callback: token request": {func(a *application) []ably.ClientOption {
		return one(a.callback(func() ably.Tokener { return a.request() }))
	}, true},
	"callback: JWT": {func(a *application) []ably.ClientOption {
		return one(a.callback(func() ably.Tokener { return ably.TokenString(a.jwt()) }))
	}, true},
	"auth URL, GET: token":          {func(a *application) []ably.ClientOption { return a.url("text", "GET") }, true},
	"auth URL, GET: token details":  {func(a *application) []ably.ClientOption { return a.url("details", "GET") }, true},
	"auth URL, GET: token request":  {func(a *application) []ably.ClientOption { return a.url("request", "GET") }, true},
	"auth URL, GET: JWT":            {func(a *application) []ably.ClientOption { return a.url("jwt", "GET") }, true},
	"auth URL, POST: token":         {func(a *application) []ably.ClientOption { return a.url("text", "POST") }, true},
	"auth URL, POST: token details": {func(a *application) []ably.ClientOption { return a.url("details", "POST") }, true},
	"auth URL, POST: token request": {func(a *application) []ably.ClientOption { return a.url("request", "POST") }, true},
	"auth URL, POST: JWT":           {func(a *application) []ably.ClientOption { return a.url("jwt", "POST") }, true},
}

// RSA4, RSA8, RSC10, RSA4a2: every REST call works with every way to authenticate, when its token
// is fresh, expired or revoked. If a token can't be renewed, the error says so.
func TestAuthenticationOfREST(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
				server := ablytest.NewServer(t)
				serial := sentBy(t, server)
				a := newApplication(t, server, binary)
				for state, end := range map[string]func(){
					"expired": server.ExpireTokens,
					"revoked": func() { server.RevokeTokens("") },
				} {
					room := connectWith(t, server.EndpointOptions(append(way.options(a), binary, ably.WithAutoConnect(false))...))
					for call, do := range restCalls(t, room, serial) {
						if err := do(); err != nil {
							t.Errorf("with a fresh token, %s: %v", call, err)
						}
					}
					for call, do := range restCalls(t, room, serial) {
						end()
						err := do()
						want := map[string]lifecycle.ErrorCode{"expired": 40142, "revoked": 40141}[state]
						switch {
						case way.renewable:
							if err != nil {
								t.Errorf("with a token that is %s, %s: %v", state, call, err)
							}
						case !errors.Is(err, lifecycle.ErrorCode(40171)) || !errors.Is(err, want):
							t.Errorf("%s, %s: %v, expected the codes 40171 and %d", state, call, err, want)
						}
					}
				}
			})
		})
	}
}

// RSA4, RSA8, RTN15h: a room works with every way to authenticate, also after its token has expired
// or was revoked. If a token can't be renewed, the error says so.
func TestAuthenticationOfRealtime(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
				server := ablytest.NewServer(t)
				a := newApplication(t, server, binary)
				for state, end := range map[string]func(){
					"expired": server.ExpireTokens,
					"revoked": func() { server.RevokeTokens("") },
				} {
					room := connectWith(t, server.EndpointOptions(append(way.options(a), binary)...))
					if err := room.Attach(soon(t)); err != nil {
						t.Fatalf("fresh: %v", err)
					}
					seen := newWatch(t, room)
					end()
					if !way.renewable {
						change := seen.until(lifecycle.RoomFailed)
						want := map[string]lifecycle.ErrorCode{"expired": 40142, "revoked": 40141}[state]
						if !errors.Is(change.Error, want) {
							t.Errorf("%s: %v, expected the code %d", state, change, want)
						}
						if err := room.Attach(soon(t)); !errors.Is(err, want) {
							t.Errorf("%s, attach: %v, expected the code %d", state, err, want)
						}
						continue
					}
					if err := room.Detach(soon(t)); err != nil {
						t.Fatalf("detach with a token that is %s: %v", state, err)
					}
					if err := room.Attach(soon(t)); err != nil {
						t.Errorf("attach with a token that is %s: %v", state, err)
					}
					if err := second(room.Messages().Send(soon(t), ablychat.MessageContent{Text: "x"})); err != nil {
						t.Errorf("send with a token that is %s: %v", state, err)
					}
				}
			})
		})
	}
}

// sentBy sends a message and returns its serial.
func sentBy(t *testing.T, server *ablytest.Server) string {
	t.Helper()
	room := connectWith(t, server.ClientOptions(ably.WithClientID("ann"), ably.WithAutoConnect(false)))
	m, err := room.Messages().Send(soon(t), ablychat.MessageContent{Text: "first"})
	if err != nil {
		t.Fatal(err)
	}
	return m.Serial
}

// connectWith returns a room of a new client, which the test disposes of at its end.
func connectWith(t *testing.T, options []ably.ClientOption) *ablychat.Room {
	t.Helper()
	room, _ := connectedWith(t, options)
	return room
}

func connectedWith(t *testing.T, options []ably.ClientOption) (*ablychat.Room, *ablychat.Client) {
	t.Helper()
	client, err := ablychat.Connect(ablychat.Ably(append(options, ably.WithLogLevel(ably.LogNone))...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Dispose(soon(t)); err != nil {
			t.Errorf("dispose: %v", err)
		}
	})
	room, err := client.Rooms().Get(soon(t), "lobby")
	if err != nil {
		t.Fatal(err)
	}
	return room, client
}

// RSC10: if several calls need a new token at the same time, one request gets it for all.
func TestOneTokenServesAllCallsThatNeedOne(t *testing.T) {
	server := ablytest.NewServer(t)
	a := newApplication(t, server, ably.WithUseBinaryProtocol(true))
	enough, hold := make(chan struct{}), make(chan struct{})
	// This fault has no effect: it counts the answers.
	refused := server.Fault(ablytest.HTTPResponse("POST", "/chat/*"))
	room := connectWith(t, server.EndpointOptions(ably.WithAutoConnect(false), a.callback(func() ably.Tokener {
		if a.given.Load() == 2 {
			close(enough)
			<-hold
		}
		return a.details()
	})))
	send := func() error { return second(room.Messages().Send(soon(t), ablychat.MessageContent{Text: "x"})) }
	if err := send(); err != nil {
		t.Fatal(err)
	}
	server.ExpireTokens()
	var calls sync.WaitGroup
	const n = 20
	for range n {
		calls.Go(func() {
			if err := send(); err != nil {
				t.Error(err)
			}
		})
	}
	<-enough
	if err := refused.Await(soon(t), 1+n); err != nil {
		t.Error(err)
	}
	close(hold)
	calls.Wait()
	if got := a.given.Load(); got != 2 {
		t.Errorf("%d tokens were requested, expected 2", got)
	}
}

// TestAnAuthCallbackThatGivesNoToken: if a callback hangs, panics, fails or returns nothing, the
// call fails with that reason, and nothing else is affected.
func TestAnAuthCallbackThatGivesNoToken(t *testing.T) {
	server := ablytest.NewServer(t)
	var give func() (ably.Tokener, error)
	room := connectWith(t, server.EndpointOptions(ably.WithAutoConnect(false), ably.WithAuthCallback(
		func(context.Context, ably.TokenParams) (ably.Tokener, error) { return give() })))
	send := func(ctx context.Context) error {
		return second(room.Messages().Send(ctx, ablychat.MessageContent{Text: "x"}))
	}
	for reason, f := range map[string]func() (ably.Tokener, error){
		"the auth callback panicked: ouch":     func() (ably.Tokener, error) { panic("ouch") },
		"the auth callback returned no token":  func() (ably.Tokener, error) { return (*ably.TokenDetails)(nil), nil },
		"the application's server is down":     func() (ably.Tokener, error) { return nil, errors.New("the application's server is down") },
		"the token is empty":                   func() (ably.Tokener, error) { return ably.TokenString(""), nil },
		"the auth callback returned no token ": func() (ably.Tokener, error) { return nil, nil },
	} {
		give = f
		want := "unable to send message; no token for the request: " + strings.TrimSpace(reason)
		if err := send(soon(t)); lifecycle.AsErrorInfo(err).Message != want || !errors.Is(err, lifecycle.ErrorCode(40170)) {
			t.Errorf("send: %v, expected %s", err, want)
		}
	}
	hangs, release := make(chan struct{}), make(chan struct{})
	give = func() (ably.Tokener, error) {
		close(hangs)
		<-release
		return nil, errors.New("late")
	}
	mine := errors.New("mine")
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- send(ctx) }()
	<-hangs
	cancel(mine)
	if err := <-ended; !errors.Is(err, mine) {
		t.Errorf("the call whose context ended: %v", err)
	}
	close(release)
}

// TestAnAuthCallbackThatGivesNoTokenToConnect: the same callbacks don't crash the program when the
// realtime client calls them.
func TestAnAuthCallbackThatGivesNoTokenToConnect(t *testing.T) {
	server := ablytest.NewServer(t)
	for reason, give := range map[string]func() ably.Tokener{
		"the auth callback panicked: ouch":    func() ably.Tokener { panic("ouch") },
		"the auth callback returned no token": func() ably.Tokener { return nil },
	} {
		room, client := connectedWith(t, server.EndpointOptions(ably.WithAuthCallback(
			func(context.Context, ably.TokenParams) (ably.Tokener, error) { return give(), nil })))
		awaitConnection(t, client, ablychat.ConnectionFailed)
		want := "unable to attach room lobby; the connection failed: " + reason
		if err := room.Attach(soon(t)); lifecycle.AsErrorInfo(err).Message != want {
			t.Errorf("%v, expected %s", err, want)
		}
	}
}

// TestAnAuthURLThatCantBeReached: the params for the auth URL may contain a secret, so errors must
// not contain them.
func TestAnAuthURLThatCantBeReached(t *testing.T) {
	server := ablytest.NewServer(t)
	web := httptest.NewServer(http.NotFoundHandler())
	web.Close()
	for _, method := range []string{"GET", "POST"} {
		room := connectWith(t, server.EndpointOptions(ably.WithAutoConnect(false), ably.WithAuthURL(web.URL+"/token"),
			ably.WithAuthMethod(method), ably.WithAuthParams(url.Values{"password": {"hush"}})))
		_, err := room.Messages().Send(soon(t), ablychat.MessageContent{Text: "x"})
		if !errors.Is(err, lifecycle.ErrorCode(40170)) || strings.Contains(fmt.Sprintf("%+v %v", err, errors.Unwrap(err)), "hush") ||
			!strings.Contains(err.Error(), "connection refused") {
			t.Errorf("send with an auth URL by %s: %v", method, err)
		}
	}
}

// RSC15: if a host fails or doesn't answer, a fallback host is used, and is used first for later
// calls.
func TestFallbackHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		answer := func(status int, body string) *http.Response {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		}
		client, err := ablychat.Connect(ablychat.Ably(ably.WithKey("app.key:secret"), ably.WithTLS(false), ably.WithInsecureAllowBasicAuthWithoutTLS(),
			ably.WithAutoConnect(false), ably.WithLogLevel(ably.LogNone), ably.WithEndpoint("main.test"),
			ably.WithFallbackHosts([]string{"silent.test", "good.test"}),
			ably.WithHTTPClient(&http.Client{Timeout: time.Minute, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				asked = append(asked, r.URL.Host)
				if user, secret, ok := r.BasicAuth(); user != "app.key" || secret != "secret" || !ok {
					t.Errorf("a request to %s lacks the key; its headers are %v", r.URL, r.Header)
				}
				switch {
				case strings.HasPrefix(r.URL.Host, "main."):
					return answer(503, "down"), nil
				case strings.HasPrefix(r.URL.Host, "silent."):
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				return answer(201, `{"serial":"s"}`), nil
			})})))
		if err != nil {
			t.Fatal(err)
		}
		room, err := client.Rooms().Get(t.Context(), "lobby")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := room.Messages().Send(t.Context(), ablychat.MessageContent{Text: "x"}); err != nil {
				t.Errorf("send: %v, after requests to %v", err, asked)
			}
		}
		if n := len(asked); asked[0] != "main.test:80" || asked[n-2] != "good.test" || asked[n-1] != "good.test" || slices.Index(asked[1:], "main.test:80") >= 0 {
			t.Errorf("the requests went to %v, expected the main host first and good.test last", asked)
		}
		if err := client.Dispose(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
