package presence_test

import (
	"testing"

	. "ablyrooms.example/adapter/ably/internal/realtime/presence"
)

// P15, P16 (RTP2b): the newer of two messages of a member counts, in whichever order they come.
func TestWhichMessageIsNewer(t *testing.T) {
	type message struct {
		id        string
		timestamp int64
	}
	for _, c := range []struct {
		connection       string
		stored, incoming message
		taken            bool
	}{
		{"c1", message{"c1:0:0", 5}, message{"c1:0:0", 6}, false}, // a duplicate counts as old
		{"c1", message{"c1:9:0", 5}, message{"c1:10:0", 4}, true},
		{"c1", message{"c1:10:0", 5}, message{"c1:9:0", 6}, false},
		{"c1", message{"c1:1:0", 5}, message{"c1:0:7", 6}, false},
		{"c1", message{"c1:0:7", 5}, message{"c1:1:0", 4}, true},
		{"c1", message{"c1:0:1", 5}, message{"c1:0:0", 6}, false},
		{"c1", message{"c1:0:9", 5}, message{"c1:0:10", 4}, true},
		{"", message{":1:0", 5}, message{":0:0", 5}, true}, // without a connectionId
	} {
		taken(t, c.connection, c.stored.id, c.stored.timestamp, c.incoming.id, c.incoming.timestamp, c.taken)
	}
	// If an id can't be read, or is another connection's, the timestamp counts.
	const readable = "c1:5:5"
	for _, id := range []string{"", "odd", "c1", "c1:", "c1:9", "c1:9:", "c1::9", "c1:a:9", "c1:9:a", "c1:x:9", "c1:9:9:9",
		"c2:9:9", "9:9"} {
		for by := int64(-1); by <= 1; by++ {
			taken(t, "c1", id, 5, readable, 5+by, by >= 0)
			taken(t, "c1", readable, 5, id, 5+by, by >= 0)
		}
	}
}

func taken(t *testing.T, connection, storedID string, stored int64, id string, timestamp int64, want bool) {
	t.Helper()
	m := Message[int]{Action: Enter, ClientID: "you", ConnectionID: connection, ID: storedID, Timestamp: stored}
	s := &Set[int]{}
	play(s, Input[int]{Kind: ChannelAttached}, Input[int]{Kind: Received, Messages: []Message[int]{m}})
	m.ID, m.Timestamp = id, timestamp
	if got := play(s, Input[int]{Kind: Received, Messages: []Message[int]{m}}); len(got) == 1 != want {
		t.Errorf("%q at %d after %q at %d: taken %t", id, timestamp, storedID, stored, !want)
	}
}
