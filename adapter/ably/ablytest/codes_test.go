package ablytest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/golang-jwt/jwt/v5"
)

// REST requests are refused with Ably's codes.
func TestCodesOfREST(t *testing.T) {
	srv := ablytest.NewServer(t)
	basic := []string{"Authorization", "Basic YXBwLmtleTpzZWNyZXQ="} // app.key:secret
	sign := func(kid string) string {
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()})
		token.Header["kid"] = kid
		text, err := token.SignedString([]byte("secret"))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	capability := func(text string) string {
		b, _ := json.Marshal(map[string]string{"capability": text})
		return string(b)
	}
	const token = "/keys/app.key/requestToken"
	for name, tt := range map[string]struct {
		method, path, body string
		header             []string
		status, code       int
	}{
		"a key of an unknown application": {"POST", "/channels/a/messages", `{}`,
			[]string{"Authorization", "Basic bm8ua2V5OnNlY3JldA=="}, 401, 40101},
		"an unknown key": {"POST", "/channels/a/messages", `{}`,
			[]string{"Authorization", "Basic YXBwLm5vOnNlY3JldA=="}, 401, 40101},
		"a JWT of an unknown application":            {"POST", "/channels/a/messages", `{}`, []string{"Authorization", "Bearer " + sign("no.key")}, 404, 40400},
		"a JWT of an unknown key":                    {"POST", "/channels/a/messages", `{}`, []string{"Authorization", "Bearer " + sign("app.no")}, 401, 40101},
		"a token request for an unknown application": {"POST", "/keys/no.key/requestToken", `{}`, basic, 404, 40400},
		"a token request for an unknown key":         {"POST", "/keys/app.no/requestToken", `{}`, basic, 401, 40101},
		"GET of a token for an unknown application":  {"GET", "/keys/no.key/requestToken", "", basic, 404, 40400},
		"GET of a token":                             {"GET", token, "", basic, 405, 40500},
		"several messages with one id":               {"POST", "/channels/a/messages", `[{"id":"x"},{"id":"x"}]`, basic, 400, 40031},
		"ids with different names":                   {"POST", "/channels/a/messages", `[{"id":"x:0"},{"id":"y:1"}]`, basic, 400, 40031},
		"an id for one of several messages":          {"POST", "/channels/a/messages", `[{"id":"x:0"},{}]`, basic, 400, 40031},
		"ids whose indices begin with 1":             {"POST", "/channels/a/messages", `[{"id":"x:1"},{"id":"x:2"}]`, basic, 400, 40031},
		"ids whose indices begin with 0":             {"POST", "/channels/a/messages", `[{"id":"x:0"},{"id":"x:1"}]`, basic, 201, 0},
		"an unknown operation":                       {"POST", token, capability(`{"a":["publish_"]}`), basic, 400, 40003},
		"all operations and another one":             {"POST", token, capability(`{"a":["*","publish"]}`), basic, 400, 40003},
		"no operations":                              {"POST", token, capability(`{"a":[]}`), basic, 400, 40003},
		"operations that are not a list":             {"POST", token, capability(`{"a":"publish"}`), basic, 400, 40003},
		"a resource without a name":                  {"POST", token, capability(`{"":["*"]}`), basic, 400, 40003},
		"a capability that is null":                  {"POST", token, capability(`null`), basic, 400, 40003},
		"an invalid connection key":                  {"POST", "/channels/a/messages", `{"connectionKey":"no!key"}`, basic, 400, 40006},
		"stats":                                      {"GET", "/stats", "", basic, 404, 40400},
	} {
		t.Run(name, func(t *testing.T) {
			rs, body := get(t, srv, tt.method, tt.path, tt.body, tt.header...)
			code, _ := strconv.Atoi(rs.Header.Get("X-Ably-Errorcode"))
			if rs.StatusCode != tt.status || code != tt.code {
				t.Errorf("%d with the code %d, want %d with %d: %s", rs.StatusCode, code, tt.status, tt.code, body)
			}
			if tt.code != 0 && !strings.Contains(body, `"message":`) {
				t.Errorf("the body has no message: %s", body)
			}
		})
	}
}

// Frames are refused with Ably's codes.
func TestCodesOfFrames(t *testing.T) {
	srv := ablytest.NewServer(t)
	for name, tt := range map[string]struct {
		query  string
		action ablytest.Action
		code   int
	}{
		"a key of an unknown application":       {"key=no.key:secret", ablytest.ActionError, 40101},
		"an unknown connection key to resume":   {"key=app.key:secret&resume=no!key", ablytest.ActionConnected, 80018},
		"an unknown connection key to recover":  {"key=app.key:secret&recover=no!key", ablytest.ActionConnected, 80018},
		"a malformed connection key to recover": {"key=app.key:secret&recover=nokey", ablytest.ActionConnected, 80018},
		"a JSON object to recover":              {"key=app.key:secret&recover={}", ablytest.ActionConnected, 80018},
	} {
		t.Run(name, func(t *testing.T) { dial(t, srv, tt.query).expect(tt.action, tt.code) })
	}
	c := dial(t, srv, "key=app.key:secret&heartbeats=false")
	c.expect(ablytest.ActionConnected, 0)
	c.send(`{"action":15,"channel":"a","msgSerial":0,"messages":[{"id":"x"},{"id":"x"}]}`)
	c.expect(ablytest.ActionNack, 40031)
	c.send(`{"action":16,"channel":"a"}`)
	if pm := c.expect(ablytest.ActionError, 90001); pm.Channel != "a" {
		t.Errorf("the ERROR is for the channel %q", pm.Channel)
	}
}

// A client's SYNC requests the members again, even if there are none (RTP3).
func TestAClientsSync(t *testing.T) {
	srv := ablytest.NewServer(t)
	watch := watcher(t, srv)
	watch.send(`{"action":16,"channel":"a"}`)
	if pm := watch.expect(ablytest.ActionSync, 0); len(pm.Presence) != 0 {
		t.Errorf("SYNC has the members %v, want none", pm.Presence)
	}
	member(t, srv, "eve", "")
	watch.expect(ablytest.ActionPresence, 0)
	watch.send(`{"action":16,"channel":"a"}`)
	if pm := watch.expect(ablytest.ActionSync, 0); len(pm.Presence) != 1 || pm.Presence[0]["data"] != "here" {
		t.Errorf("members are %v", pm.Presence)
	}
}

// The totals of a client's reactions count all clients. The list of clients has only that client,
// and is marked as clipped if there are others (CHA-MR13).
func TestClientReactionsCountEverybody(t *testing.T) {
	srv := ablytest.NewServer(t)
	as := func(client string) []string {
		d, err := srv.IssueToken(ablytest.TokenParams{ClientID: client})
		if err != nil {
			t.Fatal(err)
		}
		return []string{"Authorization", "Bearer " + d.Token}
	}
	_, body := get(t, srv, "POST", "/chat/v4/rooms/a/messages", `{"text":"hi"}`, as("ann")...)
	var sent struct{ Serial string }
	if err := json.Unmarshal([]byte(body), &sent); err != nil {
		t.Fatal(err)
	}
	path := "/chat/v4/rooms/a/messages/" + sent.Serial
	for _, r := range []struct{ client, body string }{
		{"ann", `{"type":"distinct","name":"heart"}`}, {"bob", `{"type":"distinct","name":"heart"}`},
		{"bob", `{"type":"distinct","name":"rocket"}`},
		{"ann", `{"type":"unique","name":"like"}`}, {"bob", `{"type":"unique","name":"like"}`},
		{"ann", `{"type":"multiple","name":"clap","count":3}`}, {"bob", `{"type":"multiple","name":"clap","count":4}`},
	} {
		if rs, body := get(t, srv, "POST", path+"/reactions", r.body, as(r.client)...); rs.StatusCode != http.StatusCreated {
			t.Fatalf("reaction: status %d, %s", rs.StatusCode, body)
		}
	}
	shared := func(client string) map[string]any {
		return map[string]any{"total": 2.0, "clientIds": []any{client}, "clipped": true}
	}
	for client, want := range map[string]map[string]any{
		"ann": {
			"distinct": map[string]any{"heart": shared("ann")},
			"unique":   map[string]any{"like": shared("ann")},
			"multiple": map[string]any{"clap": map[string]any{"total": 7.0, "clientIds": map[string]any{"ann": 3.0},
				"totalUnidentified": 0.0, "totalClientIds": 2.0, "clipped": true}},
		},
		"bob": {
			"distinct": map[string]any{"heart": shared("bob"),
				"rocket": map[string]any{"total": 1.0, "clientIds": []any{"bob"}, "clipped": false}},
			"unique": map[string]any{"like": shared("bob")},
			"multiple": map[string]any{"clap": map[string]any{"total": 7.0, "clientIds": map[string]any{"bob": 4.0},
				"totalUnidentified": 0.0, "totalClientIds": 2.0, "clipped": true}},
		},
		"eve": {"distinct": map[string]any{}, "unique": map[string]any{}, "multiple": map[string]any{}},
	} {
		_, body := get(t, srv, "GET", path+"/client-reactions?forClientId="+client, "", as("ann")...)
		var got map[string]any
		if err := json.Unmarshal([]byte(body), &got); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the reactions of the client %s are %v, want %v", client, got, want)
		}
	}
}
