package ablytest_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/coder/websocket"
)

// With a key of one application, a client reaches nothing of another application: not over the
// socket, by REST, with a token, or with the key of a connection.
func TestApplicationsAreApart(t *testing.T) {
	srv := ablytest.NewServer(t, ablytest.WithKeys(ablytest.DefaultKey, ablytest.Key{Name: "other.key", Secret: "secret"}))
	const mine, other = "key=app.key:secret&heartbeats=false", "key=other.key:secret&heartbeats=false"
	attach := func(query string) (*rawClient, *ablytest.ProtocolMessage) {
		c := dial(t, srv, query)
		connected := c.expect(ablytest.ActionConnected, 0)
		c.send(`{"action":10,"channel":"a"}`)
		if pm := c.expect(ablytest.ActionAttached, 0); pm.Flags.Has(ablytest.FlagHasPresence) {
			t.Errorf("with %s, ATTACHED announces members of the other application", query)
		}
		return c, connected
	}
	a, connected := attach(mine + "&clientId=zoe")
	a.send(`{"action":14,"channel":"a","msgSerial":0,"presence":[{"action":2}]}`)
	a.receive()
	a.receive()
	b, _ := attach(other)
	a.send(`{"action":15,"channel":"a","msgSerial":1,"messages":[{"name":"mine"}]}`)
	a.receive()
	a.receive()
	b.send(`{"action":15,"channel":"a","msgSerial":0,"messages":[{"name":"theirs"}]}`)
	for range 2 { // an ACK, and its own message but no other
		if pm := b.receive(); pm.Action == ablytest.ActionMessage && pm.Messages[0].Name != "theirs" {
			t.Errorf("received the message %q of the other application", pm.Messages[0].Name)
		}
	}
	for _, path := range []string{"/channels/a/messages", "/channels/a/presence", "/channels/a/presence/history", "/channels/a"} {
		own, _ := do(t, srv, "GET", path, "", "app.key")
		_, theirs := do(t, srv, "GET", path, "", "other.key")
		if own.StatusCode != 200 || strings.Contains(theirs, "mine") || strings.Contains(theirs, "zoe") ||
			strings.Contains(theirs, `"presenceMembers":1`) {
			t.Errorf("GET %s: status %d; with the other application's key: %s", path, own.StatusCode, theirs)
		}
	}
	dial(t, srv, other+"&resume="+connected.ConnectionDetails.ConnectionKey).expect(ablytest.ActionConnected, 80018)
	if rs, _ := do(t, srv, "POST", "/channels/a/messages",
		fmt.Sprintf(`{"connectionKey":%q}`, connected.ConnectionDetails.ConnectionKey), "other.key"); rs.StatusCode != 400 {
		t.Errorf("a publish that names a connection of the other application: status %d", rs.StatusCode)
	}
	st := srv.State()
	if ch := st.Channels["a"]; ch.Messages != 1 || len(ch.Members) != 1 || len(ch.Attached) != 1 {
		t.Errorf("the channel is %+v", ch)
	}
	if ch := st.OtherApps["other"]["a"]; ch.Messages != 1 || len(ch.Attached) != 1 {
		t.Errorf("the channel of the other application is %+v", ch)
	}
}

// do makes a request with a key whose secret is "secret".
func do(t *testing.T, srv *ablytest.Server, method, path, body, key string) (*http.Response, string) {
	t.Helper()
	sign := "?"
	if strings.Contains(path, "?") {
		sign = "&"
	}
	return get(t, srv, method, path+sign+"key="+key+":secret", body, "Authorization", "", "Content-Type", "application/json")
}

// The server forgets the history of a channel after two minutes on its clock, except in persisted
// namespaces. A client whose serial is older than the rest of the history can't continue.
func TestHistoryEndsInTime(t *testing.T) {
	clock := ablytest.NewManualClock(time.Now())
	srv := ablytest.NewServer(t, ablytest.WithClock(clock), ablytest.WithPersisted("kept"), ablytest.WithMaxIdleInterval(0))
	names := []string{"a", "kept:a", "a::$chat"}
	for _, name := range names {
		if _, err := srv.Publish(name, ablytest.Message{Name: "old"}); err != nil {
			t.Fatal(err)
		}
	}
	start := srv.State().Channels["a"].Serial
	member(t, srv, "eve", "")
	clock.Advance(time.Minute)
	for _, name := range names {
		if _, err := srv.Publish(name, ablytest.Message{Name: "new"}); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(time.Minute)
	for i, want := range []int{1, 2, 2} {
		if got := len(srv.Messages(names[i])); got != want || srv.State().Channels[names[i]].Messages != want {
			t.Errorf("the history of %s has %d messages, want %d", names[i], got, want)
		}
	}
	if _, body := do(t, srv, "GET", "/channels/a/presence/history", "", "app.key"); body != "[]" {
		t.Errorf("the history of presence is %s, want []", body)
	}
	c := dial(t, srv, "key=app.key:secret&heartbeats=false")
	c.expect(ablytest.ActionConnected, 0)
	c.send(fmt.Sprintf(`{"action":10,"channel":"a","channelSerial":%q}`, start[:len(start)-1]+"x"))
	if pm := c.expect(ablytest.ActionAttached, 0); pm.Flags.Has(ablytest.FlagResumed) {
		t.Error("the channel was resumed from a serial before the start of its history")
	}
	clock.Advance(2 * time.Minute)
	if st := srv.State(); len(srv.Messages("a")) != 0 || st.HistoryBytes > 4*1000 {
		t.Errorf("after the time limit, the history has %d messages; all histories have %d bytes", len(srv.Messages("a")), st.HistoryBytes)
	}
}

// The histories of all channels together stay below the limit. The server drops the oldest message
// of all channels first, with its versions and reactions.
func TestHistoryEndsInSize(t *testing.T) {
	const limit = 2 << 20
	srv := ablytest.NewServer(t, ablytest.WithMemoryLimit(limit))
	data := strings.Repeat("x", 60_000)
	for i := range 100 {
		if _, err := srv.Publish(fmt.Sprintf("%d::$chat", i%5), ablytest.Message{Name: fmt.Sprint(i), Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	kept := 0
	for i := range 5 {
		ms := srv.Messages(fmt.Sprintf("%d::$chat", i))
		kept += len(ms)
		if len(ms) == 0 || ms[len(ms)-1].Name != fmt.Sprint(95+i) {
			t.Errorf("the server dropped the newest message of channel %d", i)
		}
	}
	if held := srv.State().HistoryBytes; held > limit || kept < 25 {
		t.Errorf("the histories have %d bytes and %d messages; the limit is %d bytes", held, kept, limit)
	}
	for i := range 5 {
		if err := srv.ForgetChannel(fmt.Sprintf("%d::$chat", i)); err != nil {
			t.Fatal(err)
		}
	}
	if held := srv.State().HistoryBytes; held != 0 {
		t.Errorf("HistoryBytes is %d after all messages were dropped, want 0", held)
	}
}

// When the server drops messages, it subtracts all that it had counted for them, versions,
// reactions and presence included.
func TestHistoryCountsAllOfIt(t *testing.T) {
	srv := ablytest.NewServer(t, ablytest.WithMessageLimit(20))
	token, err := srv.IssueJWT(ablytest.TokenParams{ClientID: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	bearer := []string{"Authorization", "Bearer " + token}
	for i := range 30 {
		serials, err := srv.Publish("a::$chat", ablytest.Message{Name: "chat.message", ClientID: "ann", Data: `{"text":"x"}`, Encoding: "json"})
		if err != nil {
			t.Fatal(err)
		}
		path := "/chat/v4/rooms/a/messages/" + serials[0]
		for range 2 {
			if rs, body := get(t, srv, "PUT", path, `{"message":{"text":"y"}}`, bearer...); rs.StatusCode != 200 {
				t.Fatal(i, body)
			}
		}
		if rs, body := get(t, srv, "POST", path+"/reactions", `{"type":"unique","name":"like"}`, bearer...); rs.StatusCode != 201 {
			t.Fatal(i, body)
		}
	}
	if err := srv.ForgetChannel("a::$chat"); err != nil || srv.State().HistoryBytes != 0 {
		t.Errorf("HistoryBytes is %d after the channel was forgotten, want 0; %v", srv.State().HistoryBytes, err)
	}
}

// If a client doesn't read, the server cuts it off before the frames that wait for it take too much
// memory. The server keeps the connection, so that the client can resume.
func TestASlowReaderIsCutOff(t *testing.T) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t, ablytest.WithOutboundLimit(1<<20), ablytest.WithFrameLog(100))
	conn, err := net.Dial("tcp", srv.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// With a small window, the server's writes soon block.
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /?key=app.key:secret&heartbeats=false HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", srv.Addr())
	if rs, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || rs.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(rs, err)
	}
	// This is a masked text frame, as clients write them. The mask is zero.
	attach := `{"action":10,"channel":"a"}`
	if _, err := conn.Write(append([]byte{0x81, 0x80 | byte(len(attach)), 0, 0, 0, 0}, attach...)); err != nil {
		t.Fatal(err)
	}
	if err := srv.Await(ctx, func(st ablytest.State) bool { return st.Attached("a") }); err != nil {
		t.Fatal(err)
	}
	data := strings.Repeat("x", 60_000)
	published := 0
	for ; srv.State().Connected() == 1; published++ {
		if _, err := srv.Publish("a", ablytest.Message{Name: fmt.Sprint(published), Data: data}); err != nil {
			t.Fatal(err)
		}
		if published > 2_000 {
			t.Fatal("120 MB wait for a client that doesn't read")
		}
	}
	// The server keeps the connection, as for any client that lost its transport.
	if st := srv.State(); len(st.Connections) != 1 || !st.Attached("a") {
		t.Errorf("the connections are %+v", st.Connections)
	}
}

// A client that sends faster than the server works has to wait, so that the server's memory doesn't
// grow.
func TestAFastSenderWaits(t *testing.T) {
	srv := ablytest.NewServer(t)
	gate := srv.Hold(ablytest.ToServer(ablytest.ActionHeartbeat))
	c := dial(t, srv, "key=app.key:secret&heartbeats=false&echo=false")
	c.expect(ablytest.ActionConnected, 0)
	c.send(`{"action":0,"id":"held"}`)
	if err := gate.Await(testContext(t), 1); err != nil {
		t.Fatal(err)
	}
	// Frames that a gate of the test holds don't count.
	data := strings.Repeat("x", 60_000)
	for i := range 200 {
		c.send(fmt.Sprintf(`{"action":15,"channel":"a","msgSerial":%d,"messages":[{"data":%q}]}`, i, data))
		c.expect(ablytest.ActionAck, 0)
	}
	gate.Open()
	c.expect(ablytest.ActionHeartbeat, 0)
}

// A web page from another site can't use the server, neither by a cross-site request nor by a name
// of its own that resolves to loopback.
func TestWebPagesOfElsewhereAreRefused(t *testing.T) {
	srv := ablytest.NewServer(t, ablytest.WithHosts("local.example"))
	for name, tt := range map[string]struct {
		host, origin string
		allowed      bool
	}{
		"no browser":                        {"", "", true},
		"a page on loopback":                {"", "http://localhost:3000", true},
		"a page on loopback by IP":          {"", "http://127.0.0.2:3000", true},
		"a page on loopback by IPv6":        {"", "http://[::1]:3000", true},
		"localhost":                         {"LOCALHOST:80", "", true},
		"a name below localhost":            {"app.localhost", "", true},
		"a host that is allowed":            {"local.example:8081", "https://local.example", true},
		"a page from another site":          {"", "https://evil.example", false},
		"a page without an origin":          {"", "null", false},
		"another name, rebound to loopback": {"evil.example", "", false},
		"a name that begins with localhost": {"localhost.evil.example", "", false},
		"an address that is not loopback":   {"192.168.0.1", "", false},
		"another name and another site":     {"evil.example", "http://evil.example", false},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			if tt.origin != "" {
				header.Set("Origin", tt.origin)
			}
			rq, err := http.NewRequest("GET", srv.URL()+"/time", nil)
			if err != nil {
				t.Fatal(err)
			}
			rq.Host, rq.Header = tt.host, header.Clone()
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			rs, err := client.Do(rq)
			if err != nil {
				t.Fatal(err)
			}
			rs.Body.Close()
			if (rs.StatusCode == 200) != tt.allowed || !tt.allowed && rs.Header.Get("X-Ably-Errorcode") != "40300" {
				t.Errorf("REST: status %d, code %s", rs.StatusCode, rs.Header.Get("X-Ably-Errorcode"))
			}
			ws, rs, err := websocket.Dial(testContext(t), "ws://"+srv.Addr()+"/?key=app.key:secret",
				&websocket.DialOptions{Host: tt.host, HTTPHeader: header})
			if (err == nil) != tt.allowed || err != nil && rs != nil && rs.StatusCode != 403 {
				t.Errorf("WebSocket: %v", err)
			}
			if err == nil {
				ws.CloseNow()
			}
		})
	}
}
