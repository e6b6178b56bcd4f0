package ablytest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
)

// member connects a client, attaches it to channel a and enters it with data.
func member(t *testing.T, srv *ablytest.Server, clientID, query string) (*rawClient, *ablytest.ProtocolMessage) {
	t.Helper()
	c := dial(t, srv, "key=app.key:secret&heartbeats=false&clientId="+clientID+query)
	connected := c.expect(ablytest.ActionConnected, 0)
	c.send(`{"action":10,"channel":"a","flags":65536}`) // PRESENCE only: it receives nothing
	c.expect(ablytest.ActionAttached, 0)
	c.send(`{"action":14,"channel":"a","msgSerial":0,"presence":[{"action":2,"data":"here"}]}`)
	c.expect(ablytest.ActionAck, 0)
	return c, connected
}

// presenceOf receives a PRESENCE with one entry and returns its action, clientId and data.
func (c *rawClient) presenceOf() string {
	c.t.Helper()
	pm := c.expect(ablytest.ActionPresence, 0)
	if len(pm.Presence) != 1 {
		c.t.Fatalf("PRESENCE is %v", pm.Presence)
	}
	e := pm.Presence[0]
	return fmt.Sprintf("%v %v %v", e["action"], e["clientId"], e["data"])
}

func watcher(t *testing.T, srv *ablytest.Server) *rawClient {
	t.Helper()
	c := dial(t, srv, "key=app.key:secret&heartbeats=false")
	c.expect(ablytest.ActionConnected, 0)
	c.send(`{"action":10,"channel":"a","flags":524288}`) // PRESENCE_SUBSCRIBE
	c.expect(ablytest.ActionAttached, 0)
	return c
}

func TestMembersOfAConnectionThatVanishedLeave(t *testing.T) {
	for name, tt := range map[string]struct {
		query string
		stay  time.Duration
	}{
		"after Ably's 15 s":                        {"", 15 * time.Second},
		"after the time that the client requested": {"&remainPresentFor=1000", time.Second},
		"at once": {"&remainPresentFor=0", 0},
		"after 15 s if the requested time is malformed": {"&remainPresentFor=soon", 15 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			clock := ablytest.NewManualClock(time.Now())
			srv := ablytest.NewServer(t, ablytest.WithClock(clock), ablytest.WithMaxIdleInterval(0))
			watch := watcher(t, srv)
			_, connected := member(t, srv, "alice", tt.query)
			if got := watch.presenceOf(); got != "2 alice here" {
				t.Fatalf("received the presence %q, want an enter of alice", got)
			}
			if err := srv.Cut(connected.ConnectionID); err != nil {
				t.Fatal(err)
			}
			if tt.stay > 0 {
				clock.Advance(tt.stay - time.Millisecond)
				if got := srv.State().Channels["a"].Members; !slices.Equal(got, []string{"alice"}) {
					t.Errorf("the members one millisecond before the time is over: %v", got)
				}
			}
			clock.Advance(time.Millisecond)
			if got := watch.presenceOf(); got != "3 alice here" {
				t.Errorf("received the presence %q, want a leave of alice", got)
			}
			if got := srv.State().Channels["a"].Members; len(got) != 0 {
				t.Errorf("the members after the time is over: %v", got)
			}
			if len(srv.State().Connections) != 2 {
				t.Error("the server forgot the connection when its members left")
			}
		})
	}
}

func TestAMemberThatComesBackNeverLeft(t *testing.T) {
	clock := ablytest.NewManualClock(time.Now())
	srv := ablytest.NewServer(t, ablytest.WithClock(clock), ablytest.WithMaxIdleInterval(0))
	watch := watcher(t, srv)
	_, connected := member(t, srv, "alice", "")
	watch.presenceOf()
	id := connected.ConnectionID
	if err := srv.Cut(id); err != nil {
		t.Fatal(err)
	}
	again := dial(t, srv, "key=app.key:secret&heartbeats=false&clientId=alice&resume="+connected.ConnectionDetails.ConnectionKey)
	again.expect(ablytest.ActionConnected, 0)
	clock.Advance(time.Minute)
	again.send(`{"action":10,"channel":"a","flags":65536}`)
	again.expect(ablytest.ActionAttached, 0)
	// The re-entry (RTP17g) has the id that the member already has, so other clients are not
	// notified.
	again.send(fmt.Sprintf(`{"action":14,"channel":"a","msgSerial":1,"presence":[{"action":2,"id":"%s:0:0","data":"here"}]}`, id))
	again.expect(ablytest.ActionAck, 0)
	// If a member that is present enters, that is an update.
	again.send(`{"action":14,"channel":"a","msgSerial":2,"presence":[{"action":2,"data":"back"}]}`)
	again.expect(ablytest.ActionAck, 0)
	if got := watch.presenceOf(); got != "4 alice back" {
		t.Errorf("got %q", got)
	}
	// A leave without data gets the member's data (RTP10a); a leave with data keeps its own.
	again.send(`{"action":14,"channel":"a","msgSerial":3,"presence":[{"action":3}]}`)
	again.expect(ablytest.ActionAck, 0)
	if got := watch.presenceOf(); got != "3 alice back" {
		t.Errorf("got %q", got)
	}
	again.send(`{"action":14,"channel":"a","msgSerial":4,"presence":[{"action":4,"data":"x"}]}`)
	again.expect(ablytest.ActionAck, 0)
	again.send(`{"action":14,"channel":"a","msgSerial":5,"presence":[{"action":3,"data":"bye"}]}`)
	again.expect(ablytest.ActionAck, 0)
	for _, want := range []string{"2 alice x", "3 alice bye"} {
		if got := watch.presenceOf(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A leave without data gets the member's data, and one without extras gets the member's extras.
func TestALeaveHasItsOwnExtras(t *testing.T) {
	srv := ablytest.NewServer(t)
	watch := watcher(t, srv)
	c, _ := member(t, srv, "alice", "")
	watch.presenceOf()
	for i, tt := range []struct{ leave, data, extras string }{
		{``, "in", "map[headers:map[a:b]]"},
		{`,"data":"out"`, "out", "map[headers:map[a:b]]"},
		{`,"extras":{"headers":{"c":"d"}}`, "in", "map[headers:map[c:d]]"},
		{`,"data":"out","extras":{"headers":{"c":"d"}}`, "out", "map[headers:map[c:d]]"},
	} {
		c.send(fmt.Sprintf(`{"action":14,"channel":"a","msgSerial":%d,"presence":[{"action":4,"data":"in","extras":{"headers":{"a":"b"}}}]}`, 2*i+1))
		c.expect(ablytest.ActionAck, 0)
		watch.expect(ablytest.ActionPresence, 0)
		c.send(fmt.Sprintf(`{"action":14,"channel":"a","msgSerial":%d,"presence":[{"action":3%s}]}`, 2*i+2, tt.leave))
		c.expect(ablytest.ActionAck, 0)
		m := watch.expect(ablytest.ActionPresence, 0).Presence[0]
		if fmt.Sprint(m["data"]) != tt.data || fmt.Sprint(m["extras"]) != tt.extras {
			t.Errorf("a leave with %q was delivered with the data %v and the extras %v", tt.leave, m["data"], m["extras"])
		}
	}
}
