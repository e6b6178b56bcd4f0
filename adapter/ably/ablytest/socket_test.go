package ablytest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/coder/websocket"
)

// rawClient sends and receives frames in JSON, for tests of frames that no client library sends.
type rawClient struct {
	t   *testing.T
	ctx context.Context
	ws  *websocket.Conn
}

func dial(t *testing.T, srv *ablytest.Server, query string) *rawClient {
	t.Helper()
	ctx := testContext(t)
	ws, _, err := websocket.Dial(ctx, fmt.Sprintf("ws://%s/?%s", srv.Addr(), query), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.CloseNow() })
	return &rawClient{t, ctx, ws}
}

func (c *rawClient) send(frame string) {
	c.t.Helper()
	if err := c.ws.Write(c.ctx, websocket.MessageText, []byte(frame)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *rawClient) receive() *ablytest.ProtocolMessage {
	c.t.Helper()
	_, b, err := c.ws.Read(c.ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	pm := &ablytest.ProtocolMessage{}
	if err := json.Unmarshal(b, pm); err != nil {
		c.t.Fatal(err)
	}
	return pm
}

// expect receives a message, and checks its action and its error code; 0 means no error.
func (c *rawClient) expect(action ablytest.Action, code int) *ablytest.ProtocolMessage {
	c.t.Helper()
	pm := c.receive()
	got := 0
	if pm.Error != nil {
		got = pm.Error.Code
	}
	if pm.Action != action || got != code {
		c.t.Fatalf("got %v with code %d (%v), want %v with %d", pm.Action, got, pm.Error, action, code)
	}
	return pm
}

// expectEnd waits for the close of the WebSocket.
func (c *rawClient) expectEnd() {
	c.t.Helper()
	if _, b, err := c.ws.Read(c.ctx); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		c.t.Errorf("the WebSocket was not closed: read %s, %v", b, err)
	}
}

func TestFramesByHand(t *testing.T) {
	srv := ablytest.NewServer(t)
	c := dial(t, srv, "key=app.key:secret&clientId=me&heartbeats=false")
	details := c.expect(ablytest.ActionConnected, 0).ConnectionDetails
	if details == nil || details.ClientID != "me" || details.ConnectionKey == "" || details.ConnectionStateTTL != 120_000 ||
		details.MaxIdleInterval != 15_000 || details.MaxMessageSize != 65_536 {
		t.Errorf("details are %+v", details)
	}
	c.send(`{"action":0,"id":"ping"}`)
	if pm := c.expect(ablytest.ActionHeartbeat, 0); pm.ID != "ping" {
		t.Errorf("id is %q", pm.ID)
	}
	c.send(`{"action":10,"channel":"a"}`)
	if pm := c.expect(ablytest.ActionAttached, 0); pm.Flags != ablytest.ModesDefault || pm.ChannelSerial == "" || pm.Params != nil {
		t.Errorf("ATTACHED is %+v", pm)
	}
	c.send(`{"action":13,"channel":"a"}`) // a client must not send DETACHED
	c.expect(ablytest.ActionError, 40000)
	c.send(`{"action":12,"channel":"never attached"}`)
	c.expect(ablytest.ActionDetached, 0)
	c.send(`{"action":10,"channel":""}`)
	c.expect(ablytest.ActionError, 40010)
	c.send(`{"action":15,"channel":"a","msgSerial":0,"messages":[{"name":"n","clientId":"other"}]}`)
	if pm := c.expect(ablytest.ActionAck, 0); pm.MsgSerial == nil || *pm.MsgSerial != 0 || pm.Count != 1 || len(pm.Res[0].Serials) != 1 {
		t.Errorf("ACK is %+v", pm)
	}
	c.send(`{"action":21,"channel":"a","msgSerial":1,"annotations":[{}]}`)
	c.expect(ablytest.ActionNack, 40000)
	c.send(`{"action":15,"channel":"a","msgSerial":2,"messages":[]}`)
	c.expect(ablytest.ActionNack, 40000)
	c.send(`{"action":15,"channel":"a","msgSerial":2,"messages":[]}`) // again: answered once
	c.send(`{"action":7}`)
	c.expect(ablytest.ActionClosed, 0)
	c.expectEnd()
}

func TestBadFramesEndTheConnection(t *testing.T) {
	srv := ablytest.NewServer(t)
	for _, frame := range []string{
		`{"action":`, `[]`, `{"action":"attach"}`, `{"action":99}`, `{"action":16}`, `{"action":17}`,
		`{"action":15,"channel":"a","messages":[{}]}`, `{"action":15,"messages":[null],"msgSerial":0}`,
	} {
		c := dial(t, srv, "key=app.key:secret")
		c.expect(ablytest.ActionConnected, 0)
		c.send(frame)
		pm := c.receive()
		if pm.Action != ablytest.ActionError || pm.Channel != "" || pm.Error == nil {
			t.Errorf("%s is answered by %v", frame, pm.Action)
		}
		c.expectEnd()
	}
	if err := srv.Await(testContext(t), func(st ablytest.State) bool { return len(st.Connections) == 0 }); err != nil {
		t.Error(err)
	}
}

func TestBadCredentials(t *testing.T) {
	srv := ablytest.NewServer(t)
	alice, err := srv.IssueToken(ablytest.TokenParams{ClientID: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := srv.IssueToken(ablytest.TokenParams{ClientID: "revoked"})
	if err != nil {
		t.Fatal(err)
	}
	srv.RevokeTokens("revoked")
	for query, code := range map[string]int{
		"":                              40101,
		"key=hush":                      40101,
		"access_token=app.unknown":      40101,
		"access_token=a.b.c":            40144,
		"key=app.key:secret&clientId=*": 40012,
		"access_token=" + revoked.Token: 40141,
		"clientId=bob&accessToken=" + alice.Token: 40102,
	} {
		c := dial(t, srv, query)
		c.expect(ablytest.ActionError, code)
		c.expectEnd()
	}
	c := dial(t, srv, "clientId=alice&accessToken="+alice.Token)
	c.expect(ablytest.ActionConnected, 0)
}

func TestResumeNeedsTheRightKeyAndCredentials(t *testing.T) {
	srv := ablytest.NewServer(t)
	c := dial(t, srv, "key=app.key:secret&clientId=alice")
	first := c.expect(ablytest.ActionConnected, 0)
	key := first.ConnectionDetails.ConnectionKey
	for query, code := range map[string]int{
		"clientId=alice&resume=nonsense":                       80018,
		"clientId=alice&resume=" + first.ConnectionID + "!bad": 80018,
		"clientId=alice&recover=unknown!key":                   80018,
		"clientId=bob&resume=" + key:                           80018,
	} {
		other := dial(t, srv, "key=app.key:secret&"+query)
		if pm := other.expect(ablytest.ActionConnected, code); pm.ConnectionID == first.ConnectionID {
			t.Errorf("the connection was resumed with %s", query)
		}
	}
	// The old transport gets a DISCONNECTED, since the connection continues on another transport.
	again := dial(t, srv, "key=app.key:secret&clientId=alice&resume="+key)
	if pm := again.expect(ablytest.ActionConnected, 0); pm.ConnectionID != first.ConnectionID {
		t.Errorf("the connection's id changed from %s to %s", first.ConnectionID, pm.ConnectionID)
	}
	c.expect(ablytest.ActionDisconnected, 80003)
	c.expectEnd()
}

func TestWebSocketsElsewhereAreRefused(t *testing.T) {
	srv := ablytest.NewServer(t)
	_, rs, err := websocket.Dial(testContext(t), "ws://"+srv.Addr()+"/elsewhere?key=app.key:secret", nil)
	if err == nil || rs == nil || rs.StatusCode != http.StatusNotFound || rs.Header.Get("X-Ably-Errorcode") != "40400" {
		t.Errorf("the answer for an unknown path is %v, %v", rs, err)
	}
}

func TestPingsForClientsWithoutHeartbeats(t *testing.T) {
	clock := ablytest.NewManualClock(time.Now())
	srv := ablytest.NewServer(t, ablytest.WithClock(clock))
	pinged := make(chan struct{}, 1)
	ctx := testContext(t)
	ws, _, err := websocket.Dial(ctx, "ws://"+srv.Addr()+"/?key=app.key:secret&heartbeats=false",
		&websocket.DialOptions{OnPingReceived: func(context.Context, []byte) bool {
			pinged <- struct{}{}
			return true
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	reader := make(chan struct{})
	go func() {
		defer close(reader)
		for {
			if _, _, err := ws.Read(ctx); err != nil {
				return
			}
		}
	}()
	if err := srv.Await(ctx, func(st ablytest.State) bool { return st.Connected() == 1 }); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		// Advance returns after the pong has arrived.
		clock.Advance(15 * time.Second)
		select {
		case <-pinged:
		case <-ctx.Done():
			t.Fatal("no ping")
		}
	}
	ws.CloseNow()
	<-reader
}
