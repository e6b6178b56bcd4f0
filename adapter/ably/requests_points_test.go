package ablychat_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/ably/ably-go/ably"
	"github.com/google/go-cmp/cmp"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// recorder is an HTTP transport that records the requests to the Chat REST API.
type recorder struct {
	mu   sync.Mutex
	seen []recorded
}

type recorded struct {
	what    string // method and escaped path
	query   url.Values
	body    any
	headers http.Header
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	if path, ok := strings.CutPrefix(request.URL.EscapedPath(), "/chat/"); ok {
		one := recorded{what: request.Method + " " + path, query: request.URL.Query(), headers: request.Header.Clone()}
		if request.Body != nil {
			text, err := io.ReadAll(request.Body)
			if err != nil {
				return nil, err
			}
			request.Body = io.NopCloser(bytes.NewReader(text))
			_ = json.Unmarshal(text, &one.body)
		}
		r.mu.Lock()
		r.seen = append(r.seen, one)
		r.mu.Unlock()
	}
	return http.DefaultTransport.RoundTrip(request)
}

func (r *recorder) last(t *testing.T) recorded {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.seen) == 0 {
		t.Fatal("no request was made")
	}
	return r.seen[len(r.seen)-1]
}

// CHA-RST1, CHA-RST2, CHA-RST6, CHA-M3b, CHA-M3f, CHA-M8a, CHA-M8c, CHA-M9a, CHA-M13a, CHA-M6a,
// CHA-M5f, CHA-M5g, CHA-MR4, CHA-MR4b2, CHA-MR4b3, CHA-MR11, CHA-MR11b2, CHA-MR13b, CHA-MR13b1,
// CHA-O3, CHA-IN1b, CHA-IN1e: the request of each operation to the REST API, with every field.
func TestRequests(t *testing.T) {
	server, wire := ablytest.NewServer(t), &recorder{}
	ann := newPerson(t, server, "ann", ably.WithUseBinaryProtocol(false), ably.WithHTTPClient(&http.Client{Transport: wire}))
	room := ann.room("a/b ☃", lifecycle.WithDefaultMessageReactionType(lifecycle.MessageReactionTypeMultiple))
	m := room.Messages()
	sent, err := m.Send(soon(t), ablychat.MessageContent{Text: "hi"})
	if err != nil {
		t.Fatal(err)
	}
	sub := must(m.Subscribe(func(chat.MessageEvent) {}))
	const messages = "v4/rooms/a%2Fb%20%E2%98%83/messages"
	one := messages + "/" + url.PathEscape(sent.Serial)
	reaction := func(r ablychat.MessageReaction) func() error {
		return func() error { return m.Reactions().Send(soon(t), sent.Serial, r) }
	}
	type object = map[string]any
	for _, c := range []struct {
		do    func() error
		what  string
		query url.Values
		body  any
	}{
		{func() error { return second(m.Send(soon(t), ablychat.MessageContent{Text: "x"})) }, "POST " + messages, nil, object{"text": "x"}},
		{func() error {
			return second(m.Send(soon(t), ablychat.MessageContent{Text: "x", Metadata: object{"m": 1.0}, Headers: object{"h": "v"}}))
		}, "POST " + messages, nil, object{"text": "x", "metadata": object{"m": 1.0}, "headers": object{"h": "v"}}},
		{func() error {
			return second(m.Update(soon(t), sent.Serial, ablychat.MessageContent{Text: "y"}))
		}, "PUT " + one, nil, object{"message": object{"text": "y"}}},
		{func() error {
			return second(m.Update(soon(t), sent.Serial, ablychat.MessageContent{Text: "z", Headers: object{"h": true}},
				ablychat.WithDescription("why"), ablychat.WithOperationMetadata(map[string]string{"by": "me"})))
		}, "PUT " + one, nil, object{"message": object{"text": "z", "headers": object{"h": true}}, "description": "why", "metadata": object{"by": "me"}}},
		{func() error { return second(m.Get(soon(t), sent.Serial)) }, "GET " + one, nil, nil},
		{func() error {
			return second(m.History(soon(t), ablychat.HistoryQuery{Limit: 7, Order: ablychat.OldestFirst}))
		}, "GET " + messages, url.Values{"limit": {"7"}, "direction": {"forwards"}}, nil},
		{func() error {
			return second(sub.HistoryBeforeSubscribe(soon(t), ablychat.HistoryQuery{Limit: 7, Order: ablychat.OldestFirst}))
		}, "GET " + messages, url.Values{"limit": {"7"}, "direction": {"backwards"}, "fromSerial": {"any"}}, nil},
		{reaction(ablychat.MessageReaction{Name: "👍"}), "POST " + one + "/reactions", nil, object{"type": "multiple", "name": "👍", "count": 1.0}},
		{reaction(ablychat.MessageReaction{Name: "👍", Count: 4}), "POST " + one + "/reactions", nil, object{"type": "multiple", "name": "👍", "count": 4.0}},
		{reaction(ablychat.MessageReaction{Name: "👍", Type: lifecycle.MessageReactionTypeUnique}), "POST " + one + "/reactions", nil, object{"type": "unique", "name": "👍"}},
		{func() error {
			return m.Reactions().Delete(soon(t), sent.Serial, ablychat.MessageReaction{Name: "👍"})
		},
			"DELETE " + one + "/reactions", url.Values{"type": {"multiple"}, "name": {"👍"}}, nil},
		{func() error {
			return m.Reactions().Delete(soon(t), sent.Serial, ablychat.MessageReaction{Type: lifecycle.MessageReactionTypeUnique})
		}, "DELETE " + one + "/reactions", url.Values{"type": {"unique"}}, nil},
		{func() error { return second(m.Reactions().ClientReactions(soon(t), sent.Serial, "")) }, "GET " + one + "/client-reactions", nil, nil},
		{func() error { return second(m.Reactions().ClientReactions(soon(t), sent.Serial, "bob")) }, "GET " + one + "/client-reactions",
			url.Values{"forClientId": {"bob"}}, nil},
		{func() error { return second(room.Occupancy().Get(soon(t))) }, "GET v4/rooms/a%2Fb%20%E2%98%83/occupancy", nil, nil},
		{func() error {
			return second(m.Delete(soon(t), sent.Serial, ablychat.WithDescription("rude")))
		}, "POST " + one + "/delete", nil, object{"description": "rude"}},
	} {
		if err := c.do(); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		got := wire.last(t)
		if from := got.query.Get("fromSerial"); c.query.Has("fromSerial") && from != "" {
			got.query.Set("fromSerial", "any")
		}
		if c.query == nil {
			c.query = url.Values{}
		}
		if !sameEscaped(got.what, c.what) || !cmp.Equal(got.query, c.query) || !cmp.Equal(got.body, c.body) {
			t.Errorf("the request is %s %v %v,\nexpected %s %v %v", got.what, got.query, got.body, c.what, c.query, c.body)
		}
		if agent := got.headers.Get("Ably-Agent"); !strings.Contains(agent, "chat-go/"+ablychat.Version) || got.headers.Get("X-Ably-Version") == "" {
			t.Errorf("%s: the headers are %v", c.what, got.headers)
		}
	}
}

// sameEscaped reports whether two paths have the same segments after unescaping. An escaped slash
// doesn't separate segments.
func sameEscaped(a, b string) bool {
	one, two := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range one {
		if len(one) != len(two) {
			return false
		}
		x, err1 := url.PathUnescape(one[i])
		y, err2 := url.PathUnescape(two[i])
		if err1 != nil || err2 != nil || x != y {
			return false
		}
	}
	return true
}

// CHA-M3e, CHA-M8d, CHA-M9c, CHA-M13b, CHA-M6b, CHA-M5i, CHA-MR4, CHA-MR11, CHA-MR13c, CHA-O3: if
// the service returns an error, the call returns it with its code, status and message.
func TestEveryCallHasTheServicesError(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t)
		room := newPerson(t, server, "ann", binary).room("lobby")
		m := room.Messages()
		sub := must(m.Subscribe(func(chat.MessageEvent) {}))
		server.Fault(ablytest.HTTPRequest("", "/chat/v4/*"), ablytest.Refuse(ablytest.NewError(42211, 422, "a rule says no")))
		for operation, do := range map[string]func() error{
			"send message": func() error { return second(m.Send(soon(t), ablychat.MessageContent{Text: "x"})) },
			"update message": func() error {
				return second(m.Update(soon(t), "s", ablychat.MessageContent{}))
			},
			"delete message": func() error { return second(m.Delete(soon(t), "s")) },
			"get message":    func() error { return second(m.Get(soon(t), "s")) },
			"get history":    func() error { return second(m.History(soon(t), ablychat.HistoryQuery{})) },
			"get history of": func() error { return second(sub.HistoryBeforeSubscribe(soon(t), ablychat.HistoryQuery{})) },
			"send message reaction": func() error {
				return m.Reactions().Send(soon(t), "s", ablychat.MessageReaction{Name: "x"})
			},
			"delete message reaction": func() error {
				return m.Reactions().Delete(soon(t), "s", ablychat.MessageReaction{Name: "x"})
			},
			"get client reactions": func() error { return second(m.Reactions().ClientReactions(soon(t), "s", "")) },
			"get occupancy":        func() error { return second(room.Occupancy().Get(soon(t))) },
		} {
			info := lifecycle.AsErrorInfo(do())
			want := "unable to " + strings.TrimSuffix(operation, " of") + "; a rule says no"
			if info == nil || info.Code != 42211 || info.StatusCode != 422 || info.Message != want {
				t.Errorf("%s: %+v", operation, info)
			}
		}
	})
}
