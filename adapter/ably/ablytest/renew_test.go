package ablytest_test

import (
	"fmt"
	"testing"

	"ablyrooms.example/adapter/ably/ablytest"
)

// A new token on a connection changes at once what is allowed on an attached channel, without a new
// ATTACH. An ATTACHED with RESUMED has the new modes (RTC8a1, RTL12).
func TestANewTokenWidensAndNarrowsAttachedChannels(t *testing.T) {
	srv := ablytest.NewServer(t)
	token := func(capability string) string {
		d, err := srv.IssueToken(ablytest.TokenParams{ClientID: "ann", Capability: capability})
		if err != nil {
			t.Fatal(err)
		}
		return d.Token
	}
	c := dial(t, srv, "heartbeats=false&accessToken="+token(`{"a":["subscribe"]}`))
	c.expect(ablytest.ActionConnected, 0)
	c.send(`{"action":10,"channel":"a"}`)
	if pm := c.expect(ablytest.ActionAttached, 0); pm.Flags != ablytest.ModeSubscribe|ablytest.ModePresenceSubscribe {
		t.Fatalf("attached with %v", pm.Flags)
	}
	serial := 0
	publish := func(code int) {
		t.Helper()
		c.send(fmt.Sprintf(`{"action":15,"channel":"a","msgSerial":%d,"messages":[{"name":"n"}]}`, serial))
		serial++
		if code != 0 {
			c.expect(ablytest.ActionNack, code)
			return
		}
		got := map[ablytest.Action]bool{c.receive().Action: true}
		if srv.State().Channels["a"].Attached[connectionOf(srv)].Modes.Has(ablytest.ModeSubscribe) {
			got[c.receive().Action] = true
		} else {
			got[ablytest.ActionMessage] = true
		}
		if !got[ablytest.ActionAck] || !got[ablytest.ActionMessage] {
			t.Errorf("after a publish, these actions came: %v; want ACK and MESSAGE", got)
		}
	}
	renew := func(capability string, want ablytest.Flags) {
		t.Helper()
		c.send(fmt.Sprintf(`{"action":17,"auth":{"accessToken":%q}}`, token(capability)))
		c.expect(ablytest.ActionConnected, 0)
		if want == 0 {
			return
		}
		if pm := c.expect(ablytest.ActionAttached, 0); pm.Channel != "a" || pm.Flags != want|ablytest.FlagResumed {
			t.Errorf("with the capability %s, ATTACHED has the flags %v for the channel %q, want %v and RESUMED", capability, pm.Flags, pm.Channel, want)
		}
	}
	publish(40160)
	renew(`{"a":["subscribe","publish"]}`, ablytest.ModeSubscribe|ablytest.ModePresenceSubscribe|ablytest.ModePublish)
	publish(0)
	renew(`{"a":["publish"]}`, ablytest.ModePublish)
	publish(0) // and the message isn't delivered
	renew(`{"a":["publish"],"b":["*"]}`, 0)
	if _, err := srv.Publish("a", ablytest.Message{Name: "unheard"}); err != nil {
		t.Fatal(err)
	}
	publish(0)
	// A client that may now see presence gets the members.
	member(t, srv, "eve", "")
	renew(`{"*":["*"]}`, ablytest.ModesDefault|ablytest.FlagHasPresence)
	if pm := c.expect(ablytest.ActionSync, 0); len(pm.Presence) != 1 || pm.Presence[0]["clientId"] != "eve" {
		t.Errorf("SYNC is %v", pm.Presence)
	}
	// If the new token allows no mode, the channel fails, and the connection stays.
	c.send(fmt.Sprintf(`{"action":17,"auth":{"accessToken":%q}}`, token(`{"b":["*"]}`)))
	c.expect(ablytest.ActionConnected, 0)
	if pm := c.expect(ablytest.ActionError, 40160); pm.Channel != "a" {
		t.Errorf("the ERROR is for the channel %q, want a", pm.Channel)
	}
	c.send(`{"action":0,"id":"still here"}`)
	c.expect(ablytest.ActionHeartbeat, 0)
}

// connectionOf returns the id of the server's first connection.
func connectionOf(srv *ablytest.Server) string { return srv.State().Connections[0].ID }
