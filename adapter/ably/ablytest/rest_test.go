package ablytest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/ably/ably-go/ably"
)

func newREST(t *testing.T, srv *ablytest.Server, opts ...ably.ClientOption) *ably.REST {
	t.Helper()
	rest, err := ably.NewREST(srv.ClientOptions(append(opts, quiet)...)...)
	if err != nil {
		t.Fatal(err)
	}
	return rest
}

func TestTime(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		// The times are whole seconds: ably-go treats the milliseconds of a time as nanoseconds.
		at := time.UnixMilli(1_700_000_000_000)
		srv := ablytest.NewServer(t, ablytest.WithClock(ablytest.NewManualClock(at)))
		now, err := newREST(t, srv, binary).Time(testContext(t))
		if err != nil || !now.Equal(at) {
			t.Errorf("time is %v, %v", now, err)
		}
	})
}

func TestHistoryPages(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		ctx := testContext(t)
		clock := ablytest.NewManualClock(time.UnixMilli(1_000))
		srv := ablytest.NewServer(t, ablytest.WithClock(clock))
		const name = "a::$chat"
		for i := 1; i <= 7; i++ {
			if _, err := srv.Publish(name, ablytest.Message{Name: "n", Data: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
			clock.Advance(time.Second)
		}
		ch := newREST(t, srv, binary).Channels.Get(name)
		for _, c := range []struct {
			options []ably.HistoryOption
			want    []string
		}{
			{nil, []string{"7654321"}},
			{[]ably.HistoryOption{ably.HistoryWithLimit(3)}, []string{"765", "432", "1"}},
			{[]ably.HistoryOption{ably.HistoryWithLimit(7)}, []string{"7654321"}},
			{[]ably.HistoryOption{ably.HistoryWithLimit(4), ably.HistoryWithDirection(ably.Forwards)}, []string{"1234", "567"}},
			{[]ably.HistoryOption{ably.HistoryWithStart(time.UnixMilli(3_000)), ably.HistoryWithEnd(time.UnixMilli(5_000)),
				ably.HistoryWithLimit(2)}, []string{"54", "3"}},
			{[]ably.HistoryOption{ably.HistoryWithStart(time.UnixMilli(99_000))}, []string{""}},
		} {
			pages, err := ch.History(c.options...).Pages(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for pages.Next(ctx) {
				page := ""
				for _, m := range pages.Items() {
					page += m.Data.(string)
				}
				got = append(got, page)
			}
			if err := pages.Err(); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("pages are %q, want %q; error %v", got, c.want, err)
			}
		}
	})
}

func TestHistoryUntilAttach(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	if _, err := srv.Publish("a", ablytest.Message{Name: "before"}); err != nil {
		t.Fatal(err)
	}
	ch := connect(t, srv).Channels.Get("a")
	if err := ch.Attach(ctx); err != nil {
		t.Fatal(err)
	}
	if err := ch.Publish(ctx, "after", "d"); err != nil {
		t.Fatal(err)
	}
	rq, err := ch.HistoryUntilAttach()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := rq.Pages(ctx)
	if err != nil || !pages.Next(ctx) {
		t.Fatal(err, pages.Err())
	}
	if ms := pages.Items(); len(ms) != 1 || ms[0].Name != "before" {
		t.Errorf("history is %v", ms)
	}
}

func TestDataSurvivesBothFormats(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	for _, from := range []bool{true, false} {
		name := fmt.Sprintf("published in binary %v", from)
		err := newREST(t, srv, ably.WithUseBinaryProtocol(from)).Channels.Get(name).PublishMultiple(ctx, []*ably.Message{
			{Name: "text", Data: "hällo"},
			{Name: "bytes", Data: []byte{0, 1, 254, 255}},
			{Name: "object", Data: map[string]any{"a": []any{"b"}}, Extras: map[string]any{"headers": map[string]any{"h": "v"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []bool{true, false} {
			items, err := newREST(t, srv, ably.WithUseBinaryProtocol(to)).Channels.Get(name).
				History(ably.HistoryWithDirection(ably.Forwards)).Items(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for items.Next(ctx) {
				m := items.Item()
				got = append(got, fmt.Sprintf("%s %v %v", m.Name, text(m.Data), m.Extras))
			}
			want := []string{"text hällo map[]", "bytes \x00\x01\xfe\xff map[]", "object map[a:[b]] map[headers:map[h:v]]"}
			if !slices.Equal(got, want) {
				t.Errorf("from binary %v to binary %v: got %q, want %q", from, to, got, want)
			}
		}
	}
}

// text returns data as a string. With the binary format, ably-go returns bytes that were published
// as a string.
func text(data any) any {
	if b, ok := data.([]byte); ok {
		return string(b)
	}
	return data
}

func TestPublishFromGoTypesThatTheEncoderCantTake(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	ch := connect(t, srv).Channels.Get("a")
	got := make(chan *ably.Message, 1)
	if _, err := ch.SubscribeAll(ctx, func(m *ably.Message) { got <- m }); err != nil {
		t.Fatal(err)
	}
	if _, err := srv.Publish("a", ablytest.Message{
		Data:   map[string][]string{"a": {"b"}},
		Extras: map[string]any{"headers": map[string]map[string]int{"h": {"x": 1}}},
	}); err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint((<-got).Data); s != "map[a:[b]]" {
		t.Errorf("data is %s", s)
	}
}

// get sends a request with the server's key and returns the response and its body.
func get(t *testing.T, srv *ablytest.Server, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	rq, err := http.NewRequestWithContext(testContext(t), method, srv.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	name, secret, _ := strings.Cut(srv.Key(), ":")
	rq.SetBasicAuth(name, secret)
	for i := 0; i < len(header); i += 2 {
		rq.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	rs, err := client.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer rs.Body.Close()
	b, err := io.ReadAll(rs.Body)
	if err != nil {
		t.Fatal(err)
	}
	return rs, string(b)
}

func TestErrorForm(t *testing.T) {
	srv := ablytest.NewServer(t, ablytest.WithMaxMessageSize(100))
	for _, c := range []struct {
		method, path, body string
		status, code       int
	}{
		{"GET", "/nothing/here", "", 404, 40400},
		{"DELETE", "/channels/a/messages", "", 405, 40500},
		{"GET", "/channels/a/messages?limit=1001", "", 400, 40003},
		{"GET", "/channels/a/messages?direction=up", "", 400, 40003},
		{"GET", "/channels/a/messages?start=2&end=1", "", 400, 40003},
		{"GET", "/channels/a/messages/none", "", 404, 40400},
		{"POST", "/channels/a/messages", "{", 400, 40000},
		{"POST", "/channels/a/messages", "[]", 400, 40000},
		{"POST", "/channels/a/messages", "[null]", 400, 40000},
		{"POST", "/channels/a/messages", `{"action":1,"serial":"x"}`, 400, 40000},
		{"POST", "/channels/a/messages", `{"data":"` + strings.Repeat("x", 101) + `"}`, 400, 40009},
		{"POST", "/channels/a/messages", `{"data":"%","encoding":"base64"}`, 400, 40000},
		{"POST", "/channels/:a/messages", `{"data":"x"}`, 400, 40010},
		{"POST", "/keys/app.other/requestToken", `{}`, 401, 40101},
		{"POST", "/keys/app.key/requestToken", `{"ttl":-1}`, 400, 40003},
		{"POST", "/keys/app.key/requestToken", `{"ttl":86400001}`, 400, 40003},
		{"POST", "/keys/app.key/requestToken", `{"capability":"all"}`, 400, 40003},
		{"POST", "/keys/app.key/requestToken", `{"clientId":""}`, 400, 40012},
		{"POST", "/keys/app.key/requestToken", `{"keyName":"app.other"}`, 401, 40102},
	} {
		rs, body := get(t, srv, c.method, c.path, c.body)
		var form struct {
			Error struct {
				Code, StatusCode int
				Message, Href    string
			}
		}
		if err := json.Unmarshal([]byte(body), &form); err != nil {
			t.Errorf("%s %s: body %q: %v", c.method, c.path, body, err)
		}
		e := form.Error
		if rs.StatusCode != c.status || e.Code != c.code || e.StatusCode != c.status || e.Message == "" || e.Href == "" {
			t.Errorf("%s %s: status %d, error %+v; want %d, %d", c.method, c.path, rs.StatusCode, e, c.status, c.code)
		}
		if rs.Header.Get("X-Ably-Errorcode") != fmt.Sprint(c.code) || rs.Header.Get("X-Ably-Errormessage") != e.Message {
			t.Errorf("%s %s: headers %v", c.method, c.path, rs.Header)
		}
	}
}

func TestChannelNamesInPaths(t *testing.T) {
	srv := ablytest.NewServer(t)
	for _, name := range []string{"a::$chat", "a/b", "a b", "100%", "a%2Fb", "a?b#c", "ünï🐟", "a+b"} {
		path := "/channels/" + url.PathEscape(name) + "/messages"
		if rs, body := get(t, srv, "POST", path, `{"data":"x"}`, "Content-Type", "application/json"); rs.StatusCode != 201 {
			t.Errorf("publish on %q: status %d, %s", name, rs.StatusCode, body)
		}
		ms := srv.Messages(name)
		if len(ms) != 1 {
			t.Errorf("the channel %q has %d messages, want 1", name, len(ms))
			continue
		}
		if rs, body := get(t, srv, "GET", path+"/"+url.PathEscape(ms[0].Serial), ""); rs.StatusCode != 200 || !strings.Contains(body, ms[0].Serial) {
			t.Errorf("the message of %q: status %d, %s", name, rs.StatusCode, body)
		}
	}
}

func TestIdempotentPublish(t *testing.T) {
	srv := ablytest.NewServer(t)
	var serials []string
	for range 2 {
		s, err := srv.Publish("a", ablytest.Message{ID: "once:0", Data: "x"})
		if err != nil {
			t.Fatal(err)
		}
		serials = append(serials, s...)
	}
	if len(srv.Messages("a")) != 1 || serials[0] != serials[1] {
		t.Errorf("two publishes with one id made %d messages, with the serials %q", len(srv.Messages("a")), serials)
	}
}

func TestEphemeralMessagesAreDeliveredButNotKept(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	ch := connect(t, srv).Channels.Get("a")
	got := make(chan string, 2)
	if _, err := ch.SubscribeAll(ctx, func(m *ably.Message) { got <- m.Name }); err != nil {
		t.Fatal(err)
	}
	if _, err := srv.Publish("a", ablytest.Message{Name: "typing", Extras: map[string]any{"ephemeral": true}}); err != nil {
		t.Fatal(err)
	}
	if name := <-got; name != "typing" {
		t.Errorf("got %q", name)
	}
	if ms := srv.Messages("a"); len(ms) != 0 || srv.State().Channels["a"].Messages != 0 {
		t.Errorf("the history has the ephemeral messages %v", ms)
	}
}
