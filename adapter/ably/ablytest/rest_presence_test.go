package ablytest_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/ably/ably-go/ably"
	"github.com/coder/websocket"
	"github.com/ugorji/go/codec"
)

// REST returns the present and the past members, in pages, and selected by clientId or connectionId
// (RSP3, RSP4).
func TestPresenceByREST(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		ctx := testContext(t)
		srv := ablytest.NewServer(t)
		realtime := connect(t, srv, binary).Channels.Get("a")
		for _, client := range []string{"ann", "bob", "eve"} {
			if err := realtime.Presence.EnterClient(ctx, client, "of "+client); err != nil {
				t.Fatal(err)
			}
		}
		if err := realtime.Presence.LeaveClient(ctx, "eve", nil); err != nil {
			t.Fatal(err)
		}
		p := newREST(t, srv, binary).Channels.Get("a").Presence
		var got []string
		members, err := p.Get(ably.GetPresenceWithLimit(1)).Items(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for members.Next(ctx) {
			m := members.Item()
			got = append(got, fmt.Sprint(m.Action, m.ClientID, m.Data))
		}
		slices.Sort(got)
		if want := []string{"PRESENTannof ann", "PRESENTbobof bob"}; !slices.Equal(got, want) || members.Err() != nil {
			t.Errorf("members are %q, want %q; %v", got, want, members.Err())
		}
		for _, c := range []struct {
			direction ably.Direction
			want      string
		}{{ably.Backwards, "LEAVEeve ENTEReve ENTERbob ENTERann"}, {ably.Forwards, "ENTERann ENTERbob ENTEReve LEAVEeve"}} {
			past, err := p.History(ably.PresenceHistoryWithDirection(c.direction), ably.PresenceHistoryWithLimit(3)).Items(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for past.Next(ctx) {
				got = append(got, fmt.Sprint(past.Item().Action, past.Item().ClientID))
			}
			if s := strings.Join(got, " "); s != c.want || past.Err() != nil {
				t.Errorf("presence was %q, want %q; %v", s, c.want, past.Err())
			}
		}
	})
	srv := ablytest.NewServer(t)
	member(t, srv, "ann", "")
	member(t, srv, "bob", "")
	for query, want := range map[string]string{
		"?clientId=ann": "ann", "?clientId=none": "", "?clientId=ann&connectionId=none": "",
		"?connectionId=" + srv.State().Connections[1].ID: "bob",
	} {
		_, body := get(t, srv, "GET", "/channels/a/presence"+query, "")
		var members []struct{ ClientID string }
		if err := json.Unmarshal([]byte(body), &members); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, m := range members {
			got += m.ClientID
		}
		if got != want {
			t.Errorf("the members for %s are %q, want %q", query, got, want)
		}
	}
}

// A member's binary data is bytes in MessagePack. In JSON it is base64, and the encoding contains
// "base64". This is true for frames and for REST.
func TestPresenceDataSurvivesBothFormats(t *testing.T) {
	srv := ablytest.NewServer(t)
	data := []byte{0, 1, 254, 255}
	h := &codec.MsgpackHandle{WriteExt: true}
	h.MapType = reflect.TypeFor[map[string]any]()
	for i, frame := range []map[string]any{
		{"action": 2, "clientId": "ann", "data": data},
		{"action": 2, "clientId": "ann", "data": "AAH+/w==", "encoding": "base64"},
	} {
		name := fmt.Sprint("a", i)
		enter := dial(t, srv, "key=app.key:secret&heartbeats=false")
		enter.expect(ablytest.ActionConnected, 0)
		enter.send(fmt.Sprintf(`{"action":10,"channel":%q,"flags":65536}`, name))
		enter.expect(ablytest.ActionAttached, 0)
		var b []byte
		if err := codec.NewEncoderBytes(&b, h).Encode(map[string]any{"action": 14, "channel": name, "msgSerial": 0,
			"presence": []any{frame}}); err != nil {
			t.Fatal(err)
		}
		if err := enter.ws.Write(enter.ctx, websocket.MessageBinary, b); err != nil {
			t.Fatal(err)
		}
		enter.expect(ablytest.ActionAck, 0)

		text := dial(t, srv, "key=app.key:secret&heartbeats=false")
		text.expect(ablytest.ActionConnected, 0)
		text.send(fmt.Sprintf(`{"action":10,"channel":%q,"flags":524288}`, name))
		text.expect(ablytest.ActionAttached, 0)
		binary := dial(t, srv, "key=app.key:secret&heartbeats=false&format=msgpack")
		binary.send(fmt.Sprintf(`{"action":10,"channel":%q,"flags":524288}`, name))
		var sync ablytest.ProtocolMessage
		for sync.Action != ablytest.ActionSync {
			_, b, err := binary.ws.Read(binary.ctx)
			if err != nil {
				t.Fatal(err)
			}
			sync = ablytest.ProtocolMessage{}
			if err := codec.NewDecoderBytes(b, h).Decode(&sync); err != nil {
				t.Fatal(err)
			}
		}
		_, body := get(t, srv, "GET", "/channels/"+name+"/presence", "")
		_, packed := get(t, srv, "GET", "/channels/"+name+"/presence", "", "Accept", "application/x-msgpack")
		var byREST, byBinary []map[string]any
		if err := json.Unmarshal([]byte(body), &byREST); err != nil {
			t.Fatal(err)
		}
		if err := codec.NewDecoderBytes([]byte(packed), h).Decode(&byBinary); err != nil {
			t.Fatal(err)
		}
		for what, m := range map[string]map[string]any{
			"a frame of JSON": text.expect(ablytest.ActionSync, 0).Presence[0], "JSON by REST": byREST[0],
		} {
			if m["data"] != "AAH+/w==" || m["encoding"] != "base64" {
				t.Errorf("case %d, %s: %v", i, what, m)
			}
		}
		for what, m := range map[string]map[string]any{"a frame of MessagePack": sync.Presence[0], "MessagePack by REST": byBinary[0]} {
			if b, ok := m["data"].([]byte); !ok || !slices.Equal(b, data) || m["encoding"] != nil {
				t.Errorf("case %d, %s: %#v", i, what, m)
			}
		}
	}
}

// A channel is active after a publish, for a while.
func TestAChannelIsActiveAfterAPublish(t *testing.T) {
	clock := ablytest.NewManualClock(time.Now())
	srv := ablytest.NewServer(t, ablytest.WithClock(clock))
	active := func() bool {
		_, body := get(t, srv, "GET", "/channels/a", "")
		return strings.Contains(body, `"isActive":true`)
	}
	if active() {
		t.Error("active before the first publish")
	}
	if rs, body := get(t, srv, "POST", "/channels/a/messages", `{"data":"x"}`, "Content-Type", "application/json"); rs.StatusCode != 201 {
		t.Fatal(body)
	}
	if !active() {
		t.Error("not active after a publish")
	}
	clock.Advance(time.Minute)
	if active() {
		t.Error("active a minute later")
	}
}

// A REST publish that names the key of a connection counts as published by that connection (TM2h).
func TestConnectionKeyInAPublish(t *testing.T) {
	srv := ablytest.NewServer(t)
	deaf := dial(t, srv, "key=app.key:secret&heartbeats=false&echo=false&clientId=ann")
	connected := deaf.expect(ablytest.ActionConnected, 0)
	deaf.send(`{"action":10,"channel":"a"}`)
	deaf.expect(ablytest.ActionAttached, 0)
	watch := dial(t, srv, "key=app.key:secret&heartbeats=false")
	watch.expect(ablytest.ActionConnected, 0)
	watch.send(`{"action":10,"channel":"a"}`)
	watch.expect(ablytest.ActionAttached, 0)
	body := fmt.Sprintf(`{"name":"n","connectionKey":%q}`, connected.ConnectionDetails.ConnectionKey)
	if rs, got := get(t, srv, "POST", "/channels/a/messages", body, "Content-Type", "application/json"); rs.StatusCode != 201 {
		t.Fatal(got)
	}
	pm := watch.expect(ablytest.ActionMessage, 0)
	if m := pm.Messages[0]; pm.ConnectionID != connected.ConnectionID || m.ClientID != "ann" || m.ConnectionKey != "" {
		t.Errorf("the message is from the connection %q: %+v", pm.ConnectionID, m)
	}
	deaf.send(`{"action":0,"id":"and no echo"}`)
	deaf.expect(ablytest.ActionHeartbeat, 0)
	bob := []string{"Content-Type", "application/json", "X-Ably-ClientId", "Ym9i"}
	if rs, got := get(t, srv, "POST", "/channels/a/messages", body, bob...); rs.StatusCode != 401 {
		t.Errorf("a publish as bob that names ann's connection: status %d, %s", rs.StatusCode, got)
	}
}
