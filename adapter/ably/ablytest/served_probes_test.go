package ablytest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/coder/websocket"
)

// probeServer is a server with the clients of a probe.
type probeServer struct {
	*testing.T
	srv   *ablytest.Server
	clock *ablytest.ManualClock
}

// client connects with a query; attached also attaches to channel a.
func (s *probeServer) client(query string) *rawClient {
	c := dial(s.T, s.srv, "heartbeats=false&"+query)
	c.expect(ablytest.ActionConnected, 0)
	return c
}

const byKey = "key=app.key:secret"

func (s *probeServer) attached(query, attach string) *rawClient {
	c := s.client(query)
	c.send(`{"action":10,"channel":"a"` + attach + `}`)
	c.expect(ablytest.ActionAttached, 0)
	return c
}

// rest makes a request and checks the status of the answer.
func (s *probeServer) rest(method, path, body string, status int) string {
	s.Helper()
	rs, text := get(s.T, s.srv, method, path, body, "Content-Type", "application/json",
		"Authorization", "Basic YXBwLmtleTpzZWNyZXQ=", "X-Ably-ClientId", "YW5u") // ann
	if rs.StatusCode != status || status >= 400 && rs.Header.Get("X-Ably-Errorcode") == "" {
		s.Errorf("%s %s: %d %s, want %d", method, path, rs.StatusCode, text, status)
	}
	return text
}

func (s *probeServer) contains(text string, parts ...string) {
	s.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			s.Errorf("the answer lacks %q: %s", p, text)
		}
	}
}

func (s *probeServer) token(p ablytest.TokenParams) string {
	d, err := s.srv.IssueToken(p)
	if err != nil {
		s.Fatal(err)
	}
	return d.Token
}

func (s *probeServer) publish(messages ...ablytest.Message) []string {
	serials, err := s.srv.Publish("a", messages...)
	if err != nil {
		s.Fatal(err)
	}
	return serials
}

// refuses checks that a row has the support Refused, and that the server refuses each path.
func (s *probeServer) refuses(support ablytest.Support, method string, paths ...string) {
	if support != ablytest.Refused {
		s.Errorf("the row's support is %v, want Refused", support)
	}
	for _, path := range paths {
		s.rest(method, path, "{}", 404)
	}
}

var probes = map[string]func(*probeServer, ablytest.Support){
	"Authentication, keys": func(s *probeServer, _ ablytest.Support) {
		s.client(byKey)
		dial(s.T, s.srv, "key=app.key:wrong").expect(ablytest.ActionError, 40101)
		s.rest("GET", "/channels/a/messages", "", 200)
	},
	"Authentication, tokens": func(s *probeServer, _ ablytest.Support) {
		c := s.client("accessToken=" + s.token(ablytest.TokenParams{ClientID: "ann", TTL: time.Minute}))
		s.srv.RevokeTokens("ann")
		c.expect(ablytest.ActionDisconnected, 40141)
		c = s.client("accessToken=" + s.token(ablytest.TokenParams{ClientID: "bob", TTL: time.Minute}))
		s.clock.Advance(time.Minute)
		for pm := c.receive(); pm.Action != ablytest.ActionDisconnected; pm = c.receive() {
			if pm.Action != ablytest.ActionAuth {
				s.Fatalf("received %v, want AUTH or DISCONNECTED", pm.Action)
			}
		}
	},
	"Authentication, token requests": func(s *probeServer, _ ablytest.Support) {
		s.contains(s.rest("POST", "/keys/app.key/requestToken", `{"keyName":"app.key","ttl":1000}`, 201), `"token":"app.`)
		s.rest("POST", "/keys/app.key/requestToken", fmt.Sprintf(`{"keyName":"app.key","mac":"bad","nonce":"0123456789abcdef","timestamp":%d}`,
			s.clock.Now().UnixMilli()), 401)
	},
	"Authentication, JWT": func(s *probeServer, _ ablytest.Support) {
		jwt, err := s.srv.IssueJWT(ablytest.TokenParams{ClientID: "ann", Capability: `{"a":["publish"]}`})
		if err != nil {
			s.Fatal(err)
		}
		c := s.client("accessToken=" + jwt)
		c.send(`{"action":10,"channel":"b"}`)
		c.expect(ablytest.ActionError, 40160)
	},
	"Authentication, re-authentication": func(s *probeServer, _ ablytest.Support) {
		c := s.attached("accessToken="+s.token(ablytest.TokenParams{Capability: `{"a":["subscribe"]}`}), "")
		c.send(fmt.Sprintf(`{"action":17,"auth":{"accessToken":%q}}`, s.token(ablytest.TokenParams{})))
		c.expect(ablytest.ActionConnected, 0)
		if pm := c.expect(ablytest.ActionAttached, 0); !pm.Flags.Has(ablytest.ModePublish) {
			s.Errorf("modes are %v", pm.Flags)
		}
	},
	"Authentication, applications": func(s *probeServer, _ ablytest.Support) {
		s.attached("key=other.key:secret", "")
		if st := s.srv.State(); st.Attached("a") || len(st.OtherApps["other"]["a"].Attached) != 1 {
			s.Errorf("the state is %+v", st)
		}
	},
	"Authentication, capabilities": func(s *probeServer, _ ablytest.Support) {
		c := s.client("accessToken=" + s.token(ablytest.TokenParams{Capability: `{"chat:*":["subscribe"]}`}))
		c.send(`{"action":10,"channel":"chat:a"}`)
		c.expect(ablytest.ActionAttached, 0)
		if _, err := s.srv.IssueToken(ablytest.TokenParams{Capability: `{"a":["fly"]}`}); err == nil {
			s.Error("an operation that Ably doesn't know is allowed")
		}
	},
	"Connections, connect": func(s *probeServer, _ ablytest.Support) {
		pm := dial(s.T, s.srv, byKey+"&clientId=ann").expect(ablytest.ActionConnected, 0)
		if d := pm.ConnectionDetails; d == nil || d.ClientID != "ann" || d.ConnectionKey == "" || pm.ConnectionID == "" {
			s.Errorf("CONNECTED is %+v", pm)
		}
	},
	"Connections, heartbeats": func(s *probeServer, _ ablytest.Support) {
		c := s.client(byKey)
		c.send(`{"action":0,"id":"x"}`)
		if pm := c.expect(ablytest.ActionHeartbeat, 0); pm.ID != "x" {
			s.Errorf("the HEARTBEAT has the id %q, want x", pm.ID)
		}
	},
	"Connections, close": func(s *probeServer, _ ablytest.Support) {
		c := s.client(byKey)
		c.send(`{"action":7}`)
		c.expect(ablytest.ActionClosed, 0)
		c = s.client(byKey)
		c.send(`{"action":5}`)
		c.expect(ablytest.ActionDisconnected, 0)
	},
	"Connections, resume": func(s *probeServer, _ ablytest.Support) {
		first := dial(s.T, s.srv, byKey).expect(ablytest.ActionConnected, 0)
		again := dial(s.T, s.srv, byKey+"&resume="+first.ConnectionDetails.ConnectionKey).expect(ablytest.ActionConnected, 0)
		if again.ConnectionID != first.ConnectionID || again.ConnectionDetails.ConnectionKey == first.ConnectionDetails.ConnectionKey {
			s.Errorf("CONNECTED is %+v", again)
		}
		dial(s.T, s.srv, byKey+"&recover=no!key").expect(ablytest.ActionConnected, 80018)
	},
	"Connections, slow readers": func(s *probeServer, _ ablytest.Support) { TestASlowReaderIsCutOff(s.T) },
	"Connections, comet": func(s *probeServer, support ablytest.Support) {
		s.refuses(support, "GET", "/comet/connect")
		s.refuses(support, "POST", "/comet/x/send")
	},
	"Channels, attach": func(s *probeServer, _ ablytest.Support) {
		c := s.attached(byKey, `,"flags":131072`)
		c.send(`{"action":10,"channel":"a","flags":262144}`)
		if pm := c.expect(ablytest.ActionAttached, 0); pm.Flags.Modes() != ablytest.ModeSubscribe {
			s.Errorf("modes are %v", pm.Flags)
		}
		c.send(`{"action":12,"channel":"a"}`)
		c.expect(ablytest.ActionDetached, 0)
	},
	"Channels, channel errors": func(s *probeServer, _ ablytest.Support) {
		c := s.attached(byKey, "")
		s.srv.UpdateChannel("a", true, nil)
		c.expect(ablytest.ActionAttached, 0)
		s.srv.FailChannel("a", ablytest.NewError(90000, 500, "x"))
		c.expect(ablytest.ActionError, 90000)
		c.send(`{"action":10,"channel":""}`)
		c.expect(ablytest.ActionError, 40010)
	},
	"Channels, params": func(s *probeServer, _ ablytest.Support) {
		s.publish(ablytest.Message{Name: "old"})
		c := s.client(byKey)
		c.send(`{"action":10,"channel":"a","params":{"rewind":"1","delta":"vcdiff","occupancy":"metrics","agent":"x","modes":"subscribe"}}`)
		pm := c.expect(ablytest.ActionAttached, 0)
		if len(pm.Params) != 4 || pm.Params["agent"] != "" || pm.Flags.Modes() != ablytest.ModeSubscribe {
			s.Errorf("ATTACHED with %v and %v", pm.Params, pm.Flags)
		}
		if pm := c.expect(ablytest.ActionMessage, 0); pm.Messages[0].Name != "old" || pm.Messages[0].Encoding != "" {
			s.Errorf("the rewind delivered %+v", pm.Messages[0])
		}
	},
	"Channels, qualifiers": func(s *probeServer, _ ablytest.Support) {
		c := s.client(byKey)
		c.send(`{"action":10,"channel":"[filter=x]a"}`)
		c.expect(ablytest.ActionError, 40010)
	},
	"Channels, objects": func(s *probeServer, support ablytest.Support) {
		c := s.attached(byKey, "")
		c.send(`{"action":19,"channel":"a","msgSerial":0,"state":[{}]}`)
		c.expect(ablytest.ActionNack, 40000)
		s.refuses(support, "GET", "/channels/a/object")
	},
	"Messages, publish": func(s *probeServer, _ ablytest.Support) {
		c := s.attached(byKey, "")
		for range 2 {
			c.send(`{"action":15,"channel":"a","msgSerial":0,"messages":[{"id":"x","data":"y"}]}`)
		}
		got := []ablytest.Action{c.receive().Action, c.receive().Action}
		slices.Sort(got)
		if !slices.Equal(got, []ablytest.Action{ablytest.ActionAck, ablytest.ActionMessage}) || len(s.srv.Messages("a")) != 1 {
			s.Errorf("received %v, and the history has %v; want ACK, MESSAGE and one message", got, s.srv.Messages("a"))
		}
	},
	"Messages, ephemeral messages": func(s *probeServer, _ ablytest.Support) {
		c := s.attached(byKey, "")
		s.publish(ablytest.Message{Extras: map[string]any{"ephemeral": true}})
		c.expect(ablytest.ActionMessage, 0)
		if len(s.srv.Messages("a")) != 0 {
			s.Error("the history has the ephemeral message")
		}
	},
	"Messages, updates": func(s *probeServer, _ ablytest.Support) {
		serial := s.publish(ablytest.Message{Name: "n", Data: "a"})[0]
		path := "/channels/a/messages/" + serial
		s.contains(s.rest("PATCH", path, `{"action":1,"data":"b"}`, 200), `"versionSerial":`)
		s.contains(s.rest("PATCH", path, `{"action":5,"data":"c"}`, 200), `"versionSerial":`)
		s.contains(s.rest("GET", path, "", 200), `"data":"bc"`, `"name":"n"`)
		s.contains(s.rest("GET", path+"/versions", "", 200), `"data":"a"`, `"data":"b"`, `"data":"bc"`)
		c := s.attached(byKey, "")
		c.send(fmt.Sprintf(`{"action":15,"channel":"a","msgSerial":0,"messages":[{"action":2,"serial":%q,"data":{}}]}`, serial))
		got := []ablytest.Action{c.receive().Action, c.receive().Action}
		slices.Sort(got)
		if !slices.Equal(got, []ablytest.Action{ablytest.ActionAck, ablytest.ActionMessage}) {
			s.Errorf("received %v, want ACK and MESSAGE", got)
		}
		s.rest("PATCH", path, `{"action":4}`, 400)
	},
	"Messages, annotations": func(s *probeServer, _ ablytest.Support) {
		c := s.attached(byKey+"&clientId=ann", fmt.Sprintf(`,"flags":%d`, ablytest.ModeAnnotationPublish|ablytest.ModeAnnotationSubscribe))
		serial := s.publish(ablytest.Message{Name: "n"})[0]
		c.send(fmt.Sprintf(`{"action":21,"channel":"a","msgSerial":0,"annotations":[{"type":"reaction:unique.v1","name":"like","messageSerial":%q}]}`, serial))
		got := []ablytest.Action{c.receive().Action, c.receive().Action}
		if !slices.Contains(got, ablytest.ActionAnnotation) || !slices.Contains(got, ablytest.ActionAck) {
			s.Errorf("got %v", got)
		}
		c.send(fmt.Sprintf(`{"action":21,"channel":"a","msgSerial":1,"annotations":[{"type":"votes:other.v9","name":"x","messageSerial":%q}]}`, serial))
		c.expect(ablytest.ActionNack, 40003)
		path := "/channels/a/messages/" + serial + "/annotations"
		s.rest("POST", path, `[{"action":0,"type":"reaction:distinct.v1","name":"heart"}]`, 201)
		s.contains(s.rest("GET", path, "", 200), `"name":"like"`, `"name":"heart"`)
	},
	"Messages, history for two minutes": func(s *probeServer, _ ablytest.Support) {
		s.publish(ablytest.Message{Name: "n"})
		s.clock.Advance(2*time.Minute - time.Millisecond)
		s.contains(s.rest("GET", "/channels/a/messages", "", 200), `"name":"n"`)
		s.clock.Advance(time.Millisecond)
		if body := s.rest("GET", "/channels/a/messages", "", 200); body != "[]" {
			s.Errorf("after two minutes, the history is still %s", body)
		}
	},
	"Presence, members": func(s *probeServer, _ ablytest.Support) {
		c := s.attached(byKey+"&clientId=ann", "")
		for i, action := range []int{2, 4, 3} {
			c.send(fmt.Sprintf(`{"action":14,"channel":"a","msgSerial":%d,"presence":[{"action":%d}]}`, i, action))
			if i == 1 {
				c.receive()
				c.receive()
				if pm := watcher(s.T, s.srv).expect(ablytest.ActionSync, 0); len(pm.Presence) != 1 {
					s.Errorf("SYNC is %v", pm.Presence)
				}
				continue
			}
			c.receive()
			c.receive()
		}
	},
	"Presence, occupancy": func(s *probeServer, _ ablytest.Support) {
		c := s.attached(byKey, `,"params":{"occupancy":"metrics"}`)
		s.contains(fmt.Sprint(c.expect(ablytest.ActionMessage, 0).Messages[0].Data), `"connections":1`)
		s.contains(s.rest("GET", "/channels/a", "", 200), `"connections":1`)
	},
	"REST, time": func(s *probeServer, _ ablytest.Support) {
		s.contains(s.rest("GET", "/time", "", 200), fmt.Sprint(s.clock.Now().UnixMilli()))
	},
	"REST, history": func(s *probeServer, _ ablytest.Support) {
		serial := s.publish(ablytest.Message{Name: "1"}, ablytest.Message{Name: "2"})[0]
		rs, _ := do(s.T, s.srv, "GET", "/channels/a/messages?limit=1", "", "app.key")
		s.contains(strings.Join(rs.Header.Values("Link"), " "), `rel="next"`)
		s.contains(s.rest("GET", "/channels/a/history", "", 200), `"name":"1"`)
		s.contains(s.rest("GET", "/channels/a/messages/"+serial, "", 200), `"name":"1"`)
	},
	"REST, publishing": func(s *probeServer, _ ablytest.Support) {
		s.contains(s.rest("POST", "/channels/a/messages", `[{"name":"1"},{"name":"2"}]`, 201), `"serials":[`)
		s.rest("POST", "/channels/a/messages", `{"connectionKey":"none"}`, 400)
	},
	"REST, presence": func(s *probeServer, _ ablytest.Support) {
		member(s.T, s.srv, "eve", "")
		s.contains(s.rest("GET", "/channels/a/presence", "", 200), `"clientId":"eve"`)
		s.contains(s.rest("GET", "/channels/a/presence/history", "", 200), `"clientId":"eve"`)
	},
	"REST, channel status": func(s *probeServer, _ ablytest.Support) {
		s.contains(s.rest("GET", "/channels/a", "", 200), `"channelId":"a"`, `"isActive":false`)
	},
	"REST, Chat": func(s *probeServer, _ ablytest.Support) {
		for _, version := range []string{"v3", "v4"} {
			room := "/chat/" + version + "/rooms/" + version + "/"
			body := s.rest("POST", room+"messages", `{"text":"x"}`, 201)
			_, serial, _ := strings.Cut(body, `"serial":"`)
			serial, _, _ = strings.Cut(serial, `"`)
			s.rest("POST", room+"messages/"+serial+"/reactions", `{"type":"distinct","name":"like"}`, 201)
			message := room + "messages/" + serial
			s.contains(s.rest("GET", message, "", 200), `"like"`)
			s.contains(s.rest("GET", message+"/client-reactions", "", 200), `"like"`)
			s.rest("DELETE", message+"/reactions?type=distinct&name=like", "", 200)
			s.contains(s.rest("GET", room+"messages", "", 200), `"distinct":{}`)
			s.rest("PUT", message, `{"message":{"text":"y"}}`, 200)
			s.rest("POST", message+"/delete", "{}", 200)
			s.contains(s.rest("GET", message+"/versions", "", 200), `"text":"x"`, `"text":"y"`)
			s.contains(s.rest("GET", room+"occupancy", "", 200), `"connections":0`)
		}
	},
	"REST, stats": func(s *probeServer, support ablytest.Support) { s.refuses(support, "GET", "/stats") },
	"REST, push": func(s *probeServer, support ablytest.Support) {
		s.refuses(support, "POST", "/push/publish")
		s.refuses(support, "GET", "/push/deviceRegistrations", "/push/channelSubscriptions")
	},
	"REST, batch": func(s *probeServer, support ablytest.Support) {
		s.refuses(support, "POST", "/messages")
		s.refuses(support, "GET", "/presence", "/channels")
	},
	"Limits, sizes": func(s *probeServer, _ ablytest.Support) {
		s.rest("POST", "/channels/a/messages", `{"data":"`+strings.Repeat("x", 65_537)+`"}`, 400)
	},
	"Limits, rates": func(s *probeServer, _ ablytest.Support) {
		c := s.client(byKey)
		for i := range 500 { // twice the number that CONNECTED allows in a second
			c.send(fmt.Sprintf(`{"action":15,"channel":"a","msgSerial":%d,"messages":[{}]}`, i))
			c.expect(ablytest.ActionAck, 0)
		}
	},
	"Limits, web pages": func(s *probeServer, _ ablytest.Support) {
		_, rs, err := websocket.Dial(testContext(s.T), "ws://"+s.srv.Addr()+"/?"+byKey,
			&websocket.DialOptions{HTTPHeader: map[string][]string{"Origin": {"https://evil.example"}}})
		if err == nil || rs == nil || rs.StatusCode != 403 {
			s.Errorf("a WebSocket of a page from another site: response %v, %v; want status 403", rs, err)
		}
	},
}
