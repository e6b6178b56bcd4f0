package ablychat

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ably/ably-go/ably"
)

// rest answers the REST requests of a client without a network.
type rest func(*http.Request) (status int, body string, err error)

func (r rest) RoundTrip(request *http.Request) (*http.Response, error) {
	status, body, err := r(request)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body))}, nil
}

// offline returns a client that never connects, and a room of it.
func offline(t *testing.T, answer rest, options ...Option) (*Client, *Room) {
	t.Helper()
	client, err := Connect(append([]Option{Ably(ably.WithAutoConnect(false), ably.WithTLS(false),
		ably.WithInsecureAllowBasicAuthWithoutTLS(), ably.WithFallbackHosts([]string{}),
		ably.WithHTTPClient(&http.Client{Transport: answer}))}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	room, err := client.Rooms().Get(t.Context(), "lobby")
	if err != nil {
		t.Fatal(err)
	}
	return client, room
}

var withKey = Ably(ably.WithKey("app.key:secret"))

// TestTheOrderOfErrors: if several errors apply, they come in this order: invalid arguments, the
// end of the room, the context, the connection, the room's status.
func TestTheOrderOfErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, room := offline(t, nil, withKey, Ably(ably.WithQueueMessages(false)))
		attached := make(chan error, 1)
		go func() { attached <- room.Attach(t.Context()) }()
		synctest.Wait() // the attach waits for the connection
		mine := errors.New("mine")
		ended, cancel := context.WithCancelCause(t.Context())
		cancel(mine)
		p := room.Presence()
		calls := map[string]func(context.Context, any) error{
			"enter": p.Enter, "update": p.Update, "leave": p.Leave,
			"reaction": func(ctx context.Context, v any) error {
				return room.Reactions().Send(ctx, ReactionContent{Name: "x", Metadata: map[string]any{"v": v}})
			},
		}
		expect := func(ctx context.Context, data any, want error) {
			t.Helper()
			for name, call := range calls {
				if name == "reaction" && want == ErrInvalidArgument {
					continue // a reaction's values are checked after the connection
				}
				if err := call(ctx, data); !errors.Is(err, want) {
					t.Errorf("%s: %v, expected %v", name, err, want)
				}
			}
		}
		expect(t.Context(), nil, ErrDisconnected)
		expect(ended, nil, mine)
		client.ending.Store(true) // as during a disposal
		expect(t.Context(), nil, ErrResourceDisposed)
		expect(ended, nil, ErrResourceDisposed)
		expect(ended, func() {}, ErrInvalidArgument)
		<-attached
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestErrorsHoldNoSecret: the text of an error contains no secret, in whichever part of the
// service's error it was.
func TestErrorsHoldNoSecret(t *testing.T) {
	const address = "https://mine.test/token?password=hush"
	refusal := `{"error":{"code":42211,"statusCode":422,"message":"see ` + address + `","href":"` + address +
		`","detail":{"by":"` + address + `"}}}`
	for what, c := range map[string]struct {
		status int
		body   string
		ably   []ably.ClientOption
	}{
		"a refusal": {422, refusal, []ably.ClientOption{ably.WithKey("app.key:secret")}},
		"a token that can't be renewed": {401,
			`{"error":{"code":40142,"statusCode":401,"message":"expired, see ` + address + `"}}`,
			[]ably.ClientOption{ably.WithToken("token")}},
		"a callback": {200, "", []ably.ClientOption{ably.WithAuthCallback(
			func(context.Context, ably.TokenParams) (ably.Tokener, error) {
				return nil, errors.New("see " + address)
			})}},
	} {
		t.Run(what, func(t *testing.T) {
			client, room := offline(t, func(*http.Request) (int, string, error) { return c.status, c.body, nil },
				Ably(append(c.ably, ably.WithLogLevel(ably.LogNone))...))
			defer client.Close()
			_, err := room.Messages().Send(t.Context(), Text("x"))
			if err == nil {
				t.Fatal("there is no error")
			}
			for ; err != nil; err = errors.Unwrap(err) {
				if text := err.Error(); strings.Contains(text, "hush") || !strings.Contains(text, "mine.test") &&
					!strings.Contains(text, "get a new token") {
					t.Errorf("%T: %s", err, text)
				}
			}
		})
	}
}
