package ablytest_test

import (
	"testing"

	"ablyrooms.example/adapter/ably/ablytest"
)

// The key of a connection changes each time that the connection is resumed or recovered (RTN15e,
// RTN16). The old key is not accepted any more.
func TestTheKeyChangesAtEachResume(t *testing.T) {
	srv := ablytest.NewServer(t)
	first := dial(t, srv, "key=app.key:secret").expect(ablytest.ActionConnected, 0)
	id, keys := first.ConnectionID, []string{first.ConnectionDetails.ConnectionKey}
	var last *rawClient
	for _, how := range []string{"resume", "recover", "resume"} {
		last = dial(t, srv, "key=app.key:secret&"+how+"="+keys[len(keys)-1])
		pm := last.expect(ablytest.ActionConnected, 0)
		key := pm.ConnectionDetails.ConnectionKey
		if pm.ConnectionID != id || key == keys[len(keys)-1] {
			t.Fatalf("%s: the connection is %s; the key changed: %t", how, pm.ConnectionID, key != keys[len(keys)-1])
		}
		keys = append(keys, key)
	}
	for _, key := range keys[:len(keys)-1] {
		if pm := dial(t, srv, "key=app.key:secret&resume="+key).expect(ablytest.ActionConnected, 80018); pm.ConnectionID == id {
			t.Error("the connection was resumed with an old key")
		}
	}
	// A second client with the old key doesn't take the connection from the first.
	last.send(`{"action":0,"id":"still here"}`)
	last.expect(ablytest.ActionHeartbeat, 0)
}

// A client whose CONNECTED was lost keeps its connection: the server accepts its last key until it
// has received a frame that follows the next CONNECTED.
func TestALostConnectedCostsNothing(t *testing.T) {
	srv := ablytest.NewServer(t)
	first := dial(t, srv, "key=app.key:secret").expect(ablytest.ActionConnected, 0)
	id, key := first.ConnectionID, first.ConnectionDetails.ConnectionKey
	resume := func(code int) (*rawClient, *ablytest.ProtocolMessage) {
		t.Helper()
		c := dial(t, srv, "key=app.key:secret&resume="+key)
		return c, c.expect(ablytest.ActionConnected, code)
	}
	resume(0)
	if err := srv.Cut(id); err != nil {
		t.Fatal(err)
	}
	c, pm := resume(0)
	if pm.ConnectionID != id {
		t.Fatalf("the connection's id changed from %s to %s", id, pm.ConnectionID)
	}
	c.send(`{"action":0,"id":"seen"}`)
	c.expect(ablytest.ActionHeartbeat, 0)
	if err := srv.Cut(id); err != nil {
		t.Fatal(err)
	}
	if _, pm := resume(80018); pm.ConnectionID == id {
		t.Error("the connection was resumed with an old key")
	}
}
