package ablychat_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// byHosts returns a room of a client without a connection. Functions answer for its hosts.
func byHosts(
	t *testing.T, hosts map[string]func(*http.Request) (*http.Response, error), options ...ably.ClientOption,
) *ablychat.Room {
	t.Helper()
	room, _ := connectedWith(t, append([]ably.ClientOption{ably.WithTLS(false), ably.WithAutoConnect(false),
		ably.WithInsecureAllowBasicAuthWithoutTLS(), ably.WithEndpoint("main.test"),
		ably.WithFallbackHosts([]string{"fallback.test"}),
		ably.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return hosts[r.URL.Hostname()](r)
		})})}, options...))
	return room
}

func answer(status int, body string) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body))}, nil
}

// TestAFallbackHostThatDoesNotAnswer: the result of a call depends on the last host that was tried.
// If that host doesn't answer, or the call's context ends, the answer of an earlier host is not
// returned.
func TestAFallbackHostThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := map[string]func(*http.Request) (*http.Response, error){
			"main.test": func(*http.Request) (*http.Response, error) { return answer(503, "down") },
		}
		room := byHosts(t, hosts, ably.WithKey("app.key:secret"))
		mine := errors.New("mine")
		ctx, cancel := context.WithCancelCause(t.Context())
		hosts["fallback.test"] = func(r *http.Request) (*http.Response, error) {
			cancel(mine)
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		if err := second(room.Messages().Send(ctx, ablychat.Text("x"))); !errors.Is(err, mine) || !errors.Is(err, context.Canceled) {
			t.Errorf("send whose context ends: %v", err)
		}
		hosts["fallback.test"] = func(r *http.Request) (*http.Response, error) { return nil, errors.New("cut") }
		const want = "unable to send message; the service can't be reached: cut (code 80000, status 500)"
		if err := second(room.Messages().Send(t.Context(), ablychat.Text("x"))); err == nil || err.Error() != want {
			t.Errorf("cut: %v", err)
		}
		hosts["fallback.test"] = func(*http.Request) (*http.Response, error) { return answer(201, `{"serial":"s"}`) }
		if err := second(room.Messages().Send(t.Context(), ablychat.Text("x"))); err != nil {
			t.Error(err)
		}
	})
}

// TestARequestForATokenThatHangs: a request for a token, which one call made, hangs. Each waiting
// call ends with its own context, and all end at the time limit of the request, also later ones.
// Then a new request is made.
func TestARequestForATokenThatHangs(t *testing.T) {
	hangs := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	for what, options := range map[string]func(hang *bool, release chan struct{}) []ably.ClientOption{
		"callback": func(hang *bool, release chan struct{}) []ably.ClientOption {
			return one(ably.WithAuthCallback(func(context.Context, ably.TokenParams) (ably.Tokener, error) {
				if *hang {
					<-release
				}
				return ably.TokenString("token"), nil
			}))
		},
		"auth URL": func(*bool, chan struct{}) []ably.ClientOption {
			return one(ably.WithAuthURL("http://mine.test/token"))
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hang, release := true, make(chan struct{})
				defer close(release)
				room := byHosts(t, map[string]func(*http.Request) (*http.Response, error){
					"main.test": func(r *http.Request) (*http.Response, error) { return answer(201, `{"serial":"s"}`) },
					"mine.test": func(r *http.Request) (*http.Response, error) {
						if hang {
							return hangs(r)
						}
						response, _ := answer(200, "token")
						response.Header.Set("Content-Type", "text/plain")
						return response, nil
					},
				}, append(options(&hang, release), ably.WithRealtimeRequestTimeout(7*time.Second))...)
				begin := time.Now()
				var calls sync.WaitGroup
				call := func(limit, want time.Duration) {
					ctx, cancel := context.WithTimeout(t.Context(), limit)
					defer cancel()
					err := second(room.Messages().Send(ctx, ablychat.Text("x")))
					const text = "unable to send message; no token for the request: " +
						"none came in 7s (code 40170, status 401)"
					switch took := time.Since(begin); {
					case took != want:
						t.Errorf("a call ended after %v, expected %v", took, want)
					case limit == want && !errors.Is(err, context.DeadlineExceeded),
						limit != want && (err == nil || err.Error() != text):
						t.Errorf("the call ended after %v with the error %v", took, err)
					}
				}
				calls.Go(func() { call(3*time.Second, 3*time.Second) })
				calls.Go(func() { call(time.Hour, 7*time.Second) })
				time.Sleep(5 * time.Second)
				call(time.Hour, 7*time.Second)
				calls.Wait()
				synctest.Wait()
				hang = false
				if err := second(room.Messages().Send(t.Context(), ablychat.Text("x"))); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// RSA10a: the rooms' REST calls use the token that Authorize of the realtime client gets, whatever
// they used before. They renew it with the options of the client.
func TestRESTUsesTheNewestToken(t *testing.T) {
	server := ablytest.NewServer(t)
	var mu sync.Mutex
	sent := "" // the credentials of the last call
	recording := ably.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/chat/") {
			mu.Lock()
			sent = r.Header.Get("Authorization")
			mu.Unlock()
		}
		return http.DefaultTransport.RoundTrip(r)
	})})
	for _, name := range []string{"key", "key, for tokens", "callback: token", "callback: token request"} {
		t.Run(name, func(t *testing.T) {
			a := newApplication(t, server, ably.WithUseBinaryProtocol(true))
			room, client := connectedWith(t, server.EndpointOptions(append(ways[name].options(a), recording)...))
			awaitConnection(t, client, ablychat.ConnectionConnected)
			with := func() string {
				t.Helper()
				if err := send(room); err != nil {
					t.Fatal(err)
				}
				mu.Lock()
				defer mu.Unlock()
				return sent
			}
			before := with()
			if strings.HasPrefix(before, "Basic ") != (name == "key") {
				t.Errorf("before Authorize, a call sends the header %s", before)
			}
			details, err := client.Realtime().Auth.Authorize(soon(t), &ably.TokenParams{ClientID: "ann"})
			if err != nil {
				t.Fatal(err)
			}
			want := "Bearer " + base64.StdEncoding.EncodeToString([]byte(details.Token))
			if got := with(); got != want || got == before {
				t.Errorf("after Authorize, a call sends %s, expected %s", got, want)
			}
			if got := with(); got != want {
				t.Errorf("after Authorize, the second call sends %s", got)
			}
		})
	}
}
