package ablytest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"ablyrooms.example/adapter/ably/ablytest"
)

// An append is delivered as the appended piece, and kept as the whole message. A client that
// rewinds gets the last version of the message, under its first serial, and no ephemeral messages.
func TestWhatIsRewoundIsTheHistory(t *testing.T) {
	srv := ablytest.NewServer(t)
	c := dial(t, srv, "key=app.key:secret&heartbeats=false&echo=false&clientId=ann")
	c.expect(ablytest.ActionConnected, 0)
	heard := watcherOf(t, srv, `,"flags":262144`)
	c.send(`{"action":15,"channel":"a","msgSerial":0,"messages":[{"name":"n","data":"Hello"}]}`)
	serial := c.expect(ablytest.ActionAck, 0).Res[0].Serials[0]
	heard.expect(ablytest.ActionMessage, 0)
	c.send(fmt.Sprintf(`{"action":15,"channel":"a","msgSerial":1,"messages":[{"action":5,"serial":%q,"data":" World",
		"version":{"description":"more","metadata":{"k":"v"}}}]}`, serial))
	version := c.expect(ablytest.ActionAck, 0).Res[0].Serials[0]
	m := heard.expect(ablytest.ActionMessage, 0).Messages[0]
	if m.Action != 5 || m.Data != " World" || m.Name != "n" || m.Serial != serial || m.Version.Serial != version ||
		m.Version.ClientID != "ann" || m.Version.Description != "more" || m.Version.Metadata["k"] != "v" {
		t.Errorf("the append is %+v of version %+v", m, m.Version)
	}
	if _, err := srv.Publish("a", ablytest.Message{Name: "typing", Extras: map[string]any{"ephemeral": true}}); err != nil {
		t.Fatal(err)
	}
	late := watcherOf(t, srv, `,"flags":262144,"params":{"rewind":"1"}`)
	pm := late.expect(ablytest.ActionMessage, 0)
	if m := pm.Messages[0]; m.Action != 1 || m.Data != "Hello World" || m.Serial != serial || m.Version.Serial != version {
		t.Errorf("the rewind delivered %+v", m)
	}
	if pm.ChannelSerial != srv.State().Channels["a"].Serial {
		t.Error("after the rewind, the client's serial differs from the channel's")
	}
}

// watcherOf connects a client and sends attach, its ATTACH to channel a.
func watcherOf(t *testing.T, srv *ablytest.Server, attach string) *rawClient {
	t.Helper()
	c := dial(t, srv, "key=app.key:secret&heartbeats=false")
	c.expect(ablytest.ActionConnected, 0)
	c.send(`{"action":10,"channel":"a"` + attach + `}`)
	c.expect(ablytest.ActionAttached, 0)
	return c
}

// A change that can't be made is refused, and a change that is requested twice is made once.
func TestChangesOfMessages(t *testing.T) {
	srv := ablytest.NewServer(t, ablytest.WithMaxMessageSize(100))
	serials, err := srv.Publish("a", ablytest.Message{Name: "n", Data: "text", ClientID: "bob"},
		ablytest.Message{Data: []byte{1}}, ablytest.Message{Data: `{}`, Encoding: "json"})
	if err != nil {
		t.Fatal(err)
	}
	as := func(client, capability string) []string {
		d, err := srv.IssueToken(ablytest.TokenParams{ClientID: client, Capability: capability})
		if err != nil {
			t.Fatal(err)
		}
		return []string{"Authorization", "Bearer " + d.Token}
	}
	bob := as("bob", `{"*":["message-update-own","message-delete-own","history"]}`)
	ann := as("ann", `{"*":["message-update-own","message-delete-own"]}`)
	mod := as("mod", `{"*":["message-delete-any"]}`)
	for name, tt := range map[string]struct {
		serial, body string
		as           []string
		status, code int
	}{
		"an update of an own message":        {serials[0], `{"action":1,"data":"a"}`, bob, 200, 0},
		"an update of another's message":     {serials[0], `{"action":1,"data":"a"}`, ann, 401, 40160},
		"a deletion with message-delete-any": {serials[0], `{"action":2}`, mod, 200, 0},
		"an update with message-delete-any":  {serials[0], `{"action":1}`, mod, 401, 40160},
		"another client's id in the version": {serials[0], `{"action":1,"version":{"clientId":"eve"}}`, bob, 400, 40012},
		"an unknown serial":                  {"none", `{"action":1}`, bob, 404, 40400},
		"the action create":                  {serials[0], `{"action":0}`, bob, 400, 40003},
		"text appended to bytes":             {serials[1], `{"action":5,"data":"a"}`, nil, 400, 40003},
		"bytes appended to bytes":            {serials[1], `{"action":5,"data":"Ag==","encoding":"base64"}`, nil, 200, 0},
		"text appended to JSON":              {serials[2], `{"action":5,"data":"a"}`, nil, 400, 40003},
		"data that is too large":             {serials[1], fmt.Sprintf(`{"action":1,"data":"%0101d"}`, 0), nil, 400, 40009},
		"data that isn't base64":             {serials[1], `{"action":1,"data":"%","encoding":"base64"}`, nil, 400, 40000},
		"the action summary":                 {serials[0], `{"action":4}`, bob, 400, 40003},
		"a serial that doesn't exist yet":    {serials[0] + "x", `{"action":2}`, mod, 404, 40400},
	} {
		header := append([]string{"Content-Type", "application/json"}, tt.as...)
		rs, body := get(t, srv, "PATCH", "/channels/a/messages/"+tt.serial, tt.body, header...)
		if rs.StatusCode != tt.status || tt.code != 0 && rs.Header.Get("X-Ably-Errorcode") != fmt.Sprint(tt.code) {
			t.Errorf("%s: status %d, %s", name, rs.StatusCode, body)
		}
	}
	for range 2 {
		get(t, srv, "PATCH", "/channels/a/messages/"+serials[1], `{"action":1,"id":"once","data":"x"}`, "Content-Type", "application/json")
	}
	_, body := get(t, srv, "GET", "/channels/a/messages/"+serials[1]+"/versions", "", bob...)
	var versions []struct {
		Data    string
		Version struct{ Timestamp int64 }
	}
	if err := json.Unmarshal([]byte(body), &versions); err != nil || len(versions) != 3 {
		t.Fatalf("%d versions, want 3: %s", len(versions), body)
	}
	if !slices.IsSortedFunc(versions, func(a, b struct {
		Data    string
		Version struct{ Timestamp int64 }
	}) int {
		return int(a.Version.Timestamp - b.Version.Timestamp)
	}) || versions[0].Version.Timestamp == versions[1].Version.Timestamp {
		t.Errorf("the versions are not in the order of their times: %+v", versions)
	}
}

// REST returns the annotations of a message in pages, oldest first.
func TestAnnotationsByREST(t *testing.T) {
	srv := ablytest.NewServer(t)
	serials, err := srv.Publish("a", ablytest.Message{Name: "n"})
	if err != nil {
		t.Fatal(err)
	}
	path := "/channels/a/messages/" + serials[0] + "/annotations"
	ann := []string{"Content-Type", "application/json", "X-Ably-ClientId", "YW5u"}
	for _, name := range []string{"1", "2", "3"} {
		if rs, body := get(t, srv, "POST", path, fmt.Sprintf(`[{"type":"reaction:distinct.v1","name":%q,"data":"d"}]`, name), ann...); rs.StatusCode != 201 {
			t.Fatal(body)
		}
	}
	rs, body := get(t, srv, "GET", path+"?limit=2", "")
	var page []struct{ Name, ClientID, Data string }
	if err := json.Unmarshal([]byte(body), &page); err != nil || len(page) != 2 || page[0].Name != "1" ||
		page[1].Name != "2" || page[0].ClientID != "ann" || page[0].Data != "d" || len(rs.Header.Values("Link")) != 3 {
		t.Errorf("the page is %s, with the headers %v", body, rs.Header)
	}
	for name, c := range map[string]struct {
		body string
		code int
	}{
		"no name":         {`[{"type":"reaction:distinct.v1"}]`, 400},
		"an unknown type": {`[{"type":"other:sum.v1","name":"x"}]`, 400},
		// allowed with a key
		"another client's id": {`[{"type":"reaction:distinct.v1","name":"x","clientId":"bob"}]`, 201},
		"no list":             {`{}`, 400},
		"an unknown message":  {`[{"type":"reaction:distinct.v1","name":"x"}]`, 404},
	} {
		to := path
		if c.code == 404 {
			to = "/channels/a/messages/none/annotations"
		}
		if rs, body := get(t, srv, "POST", to, c.body, ann...); rs.StatusCode != c.code {
			t.Errorf("%s: status %d, %s", name, rs.StatusCode, body)
		}
	}
}
