package ablychat_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// answering is a room whose REST calls all get the same answer, which the test sets.
type answering struct {
	room   *ablychat.Room
	status int
	header http.Header
	body   string
}

func newAnswering(t *testing.T) *answering {
	a := &answering{}
	server := ablytest.NewServer(t)
	a.room = connectWith(t, server.ClientOptions(ably.WithClientID("ann"), ably.WithAutoConnect(false),
		ably.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host != server.Addr() {
				t.Errorf("unexpected request to %s", r.URL)
			}
			return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body))}, nil
		})})))
	return a
}

func (a *answering) set(status int, kind, body string, headers ...string) {
	a.status, a.body, a.header = status, body, http.Header{"Content-Type": {kind}}
	for i := 0; i < len(headers); i += 2 {
		a.header.Add(headers[i], headers[i+1])
	}
}

// The calls, by the sort of answer that they need.
var (
	lists     = []string{"history", "next page", "history before", "since", "versions"}
	unlooked  = []string{"react", "take back"} // these accept an object or an empty body
	reactions = append([]string{"client reactions"}, unlooked...)
)

// TestAnswersThatAreNone: an invalid answer is never a success, whatever its status is. The error
// describes the answer.
func TestAnswersThatAreNone(t *testing.T) {
	const json, html, msgpack = "application/json", "text/html; charset=utf-8", "application/x-msgpack"
	message := `{"serial":"s","text":"x","clientId":"ann","timestamp":1}`
	a := newAnswering(t)
	for what, c := range map[string]struct {
		kind, body string
		came       string
		but        []string // calls for which the answer is valid
	}{
		"an HTML page":                     {html, "<html>Please log in</html>", `200 OK with 26 bytes of text/html: "<html>Please log in</html>", expected`, nil},
		"an empty body":                    {json, "", "200 OK with an empty body, expected", unlooked},
		"empty MessagePack":                {msgpack, "", "200 OK with an empty body, expected", unlooked},
		"truncated JSON":                   {json, message[:20], "200 OK with 20 bytes of application/json", nil},
		"truncated MessagePack":            {msgpack, "\x82\xa6serial\xa1s\xa4te", "200 OK with 13 bytes of application/x-msgpack", nil},
		"two values":                       {json, message + message, "200 OK with 112 bytes", nil},
		"bytes after MessagePack":          {msgpack, "\x81\xa6serial\xa1s\xc0", "200 OK with 11 bytes", nil},
		"hostile MessagePack":              {msgpack, "\xdf\xff\xff\xff\xff", "200 OK with 5 bytes", nil},
		"null":                             {json, "null", `200 OK with 4 bytes of application/json: "null", expected`, unlooked},
		"text":                             {json, `"ok"`, "200 OK with 4 bytes", nil},
		"a number":                         {json, `1`, "200 OK with 1 bytes", nil},
		"true":                             {msgpack, "\xc3", `"\xc3", expected`, nil},
		"an object":                        {json, `{"ok":true}`, "200 OK with 11 bytes", unlooked},
		"an empty object":                  {json, `{}`, "200 OK with 2 bytes", reactions},
		"an empty list":                    {json, `[]`, "200 OK with 2 bytes", lists},
		"a list of text":                   {json, `["s"]`, "200 OK with 5 bytes", nil},
		"a list in a list":                 {json, "[[" + message + "]]", "200 OK with 60 bytes", nil},
		"an empty serial":                  {json, `{"serial":""}`, "200 OK with 13 bytes", unlooked},
		"a serial that is a number":        {json, `{"serial":7}`, "200 OK with 12 bytes", unlooked},
		"an object without a serial":       {json, "[" + message + `,{"text":"x"}]`, "200 OK with 71 bytes", nil},
		"an error":                         {json, `{"error":{"code":40000,"message":"no"}}`, "200 OK with 39 bytes", nil},
		"text in place of numbers":         {json, `{"connections":"2","presenceMembers":"1"}`, "200 OK with 41 bytes", unlooked},
		"an occupancy without its members": {json, `{"connections":2}`, "200 OK with 17 bytes", unlooked},
		"a negative occupancy":             {json, `{"connections":-2,"presenceMembers":0}`, "200 OK with 38 bytes", unlooked},
	} {
		a.set(200, c.kind, c.body)
		for call, do := range restCalls(t, a.room, "s") {
			err := do()
			info := lifecycle.AsErrorInfo(err)
			switch {
			case slices.Contains(c.but, call):
				if err != nil {
					t.Errorf("%s, %s: %v", what, call, err)
				}
			case info == nil || info.Code != 80013 || info.StatusCode != 500 || !strings.Contains(info.Message, c.came) ||
				!strings.HasPrefix(info.Message, "unable to "+operations[call]+"; the answer is 200 OK with "):
				t.Errorf("%s, %s: %v", what, call, err)
			}
		}
		if m, err := a.room.Messages().Send(soon(t), ablychat.MessageContent{Text: "x"}); err == nil || m.Serial != "" {
			t.Errorf("after the answer %s, Send returned %+v, %v", what, m, err)
		}
	}
}

// TestHistoryDoesNotEndEarly: a page of the history is the last one only if the service sends no
// link to a next one.
func TestHistoryDoesNotEndEarly(t *testing.T) {
	a := newAnswering(t)
	const page = `[{"serial":"s","text":"x"}]`
	for link, want := range map[string]struct {
		next bool
		err  string
	}{
		`<./messages?cursor=a,b>; rel="next"`:                       {true, ""},
		`<./messages?cursor=2>; title="x"; REL = "last NEXT"`:       {true, ""},
		`<./first?a=1>; rel=first,<https://h/x?cursor=2>; rel=next`: {true, ""},
		`<./messages?direction=forwards>; rel="first"`:              {false, ""},
		``: {false, ""},
		`<./messages?direction=backwards>; rel="next"`:               {false, "to the same page"},
		`<./messages>; rel="next"`:                                   {false, `the target "./messages" has no query`},
		`<./messages?cursor=2; rel="next"`:                           {false, "no closing"},
		`./messages?cursor=2; rel="next"`:                            {false, "not in <>"},
		`<./messages?cursor=2>; rel="next`:                           {false, "no closing"},
		`<./messages?cursor=%zz>; rel="next"`:                        {false, "invalid URL escape"},
		`<./messages?a=1>; rel=first <./messages?cursor=2>;rel=next`: {false, "must be quoted"},
	} {
		a.set(200, "application/json", page, "Link", link)
		p, err := a.room.Messages().History(soon(t), ablychat.HistoryQuery{})
		switch {
		case want.err == "" && (err != nil || p.HasNext() != want.next):
			t.Errorf("the link %s: %+v, %v", link, p, err)
		case want.err != "" && (err == nil || !strings.HasPrefix(err.Error(), "unable to get history; the link to the next page ") ||
			!strings.Contains(err.Error(), want.err)):
			t.Errorf("the link %s: %v, expected %q", link, err, want.err)
		}
	}
}

// TestAnswersThatAreErrors: an answer with the status of an error is returned as that error,
// whatever its body is. A redirection is not followed, so that no other host gets the credentials.
func TestAnswersThatAreErrors(t *testing.T) {
	a := newAnswering(t)
	for what, c := range map[string]struct {
		status     int
		kind, body string
		headers    []string
		code       lifecycle.ErrorCode
		message    string
	}{
		"in Ably's form": {422, "application/json", `{"error":{"code":42211,"statusCode":422,"message":"a rule says no"}}`, nil, 42211, "a rule says no"},
		"in headers only": {403, "text/plain", "no", []string{"X-Ably-Errorcode", "40160", "X-Ably-Errormessage", "not permitted"},
			40160, "not permitted"},
		"from a proxy": {413, "text/html", "<html>too large</html>", nil, 41300,
			`the service answered 413 Request Entity Too Large with 22 bytes of text/html: "<html>too large</html>"`},
		"empty":         {500, "", "", nil, 50000, "the service answered 500 Internal Server Error with an empty body"},
		"a redirection": {302, "", "", []string{"Location", "http://portal.example/login"}, 30200, "the service answered 302 Found with an empty body"},
	} {
		a.set(c.status, c.kind, c.body, c.headers...)
		for call, do := range restCalls(t, a.room, "s") {
			info := lifecycle.AsErrorInfo(do())
			if info == nil || info.Code != c.code || info.StatusCode != c.status || info.Message != "unable to "+operations[call]+"; "+c.message {
				t.Errorf("%s, %s: %v", what, call, info)
			}
		}
	}
}

// TestAServiceThatIsSilent: while the service doesn't answer, a call ends with its context. A late
// answer has no effect.
func TestAServiceThatIsSilent(t *testing.T) {
	server := ablytest.NewServer(t)
	room := connectWith(t, server.ClientOptions(ably.WithClientID("ann"), ably.WithAutoConnect(false)))
	for call, do := range map[string]func(context.Context) error{
		"send": func(ctx context.Context) error {
			return second(room.Messages().Send(ctx, ablychat.MessageContent{Text: "x"}))
		},
		"occupancy": func(ctx context.Context) error { return second(room.Occupancy().Get(ctx)) },
	} {
		gate := server.Hold(ablytest.HTTPRequest("", "/chat/*"))
		mine := errors.New("mine")
		ctx, cancel := context.WithCancelCause(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- do(ctx) }()
		if err := gate.Await(soon(t), 1); err != nil {
			t.Fatal(err)
		}
		cancel(mine)
		if err := <-ended; !errors.Is(err, mine) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", call, err)
		}
		gate.Open()
	}
}
