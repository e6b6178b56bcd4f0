package fsm

import "testing"

// TestChannelRulesInParts tries single parts of rules that have several. TestChannelRules tries the
// rules as wholes.
func TestChannelRulesInParts(t *testing.T) {
	const cut = "Connection disconnected => stopRequestTimer"
	for _, c := range []struct {
		name  string
		from  ChannelState
		lines []string
	}{
		// Suspending the connection doesn't restart the count of retries (C1, C46).
		{"C46 retries go on", ChannelSuspended, []string{
			"RetryTimeout => state(suspended -> attaching); " + sendsAttach,
			"Detached e => state(attaching -> suspended, e); stopRequestTimer; startRetryTimer(2)",
			"Connection suspended => stopRetryTimer",
			"Connection connected => state(suspended -> attaching); " + sendsAttach,
			"Detached e => state(attaching -> suspended, e); stopRequestTimer; startRetryTimer(3)",
		}},
		{"C46 retries go on while attaching", ChannelSuspended, []string{
			"RetryTimeout => state(suspended -> attaching); " + sendsAttach,
			"Connection suspended e => state(attaching -> suspended, e); stopRequestTimer",
			"Connection connected => state(suspended -> attaching); " + sendsAttach,
			"Detached e => state(attaching -> suspended, e); stopRequestTimer; startRetryTimer(2)",
		}},
		{"C47 closing changes no state", ChannelAttached, []string{
			"Connection closing =>", "Connection closed bad => state(attached -> detached, bad)",
			"Connection connected => state(detached -> initialized)",
		}},
		{"C48 closed while detaching", ChannelDetaching, []string{
			"Attach 3 =>", "Connection closed bad => state(detaching -> detached, bad); settle(2, done); " +
				"settle(3, invalidConnection); stopRequestTimer",
		}},
		{"C41 back to attached", ChannelDetaching, []string{
			"Attach 3 =>", "RequestTimeout late => state(detaching -> attached, late); settle(2, failed, late); settle(3, done)",
		}},
		{"C43 a fence that is cut is set again", ChannelAttached, []string{
			"GiveBack => " + sendsDetach, cut, "Connection connected resumed => " + sendsDetach,
		}},
	} {
		t.Run(c.name, func(t *testing.T) { playChannel(t, beginChannel(t, c.from), c.lines...) })
	}
}

// States with different lists or serials have different keys.
func TestChannelKeysTellListsApart(t *testing.T) {
	var wires [][]Request
	var calls [][]Call
	for a := range 3 {
		for b := range 3 {
			if a > 0 || b == 0 {
				wire, list := []Request{Request(a), Request(b)}, []Call{Call(a), Call(b)}
				n := min(a, 1) + min(b, 1)
				wires, calls = append(wires, wire[:n]), append(calls, list[:n])
			}
		}
	}
	serials := []Serial{"", "\x00", "\x01", "a", "b", "ab", "\x00\x00"}
	seen := map[string]*channelCore{}
	for _, wire := range wires {
		for _, attachers := range calls {
			for _, detachers := range calls {
				for _, channel := range serials {
					for _, attach := range serials {
						c := &channelCore{wire: wire, attachers: attachers, detachers: detachers, channelSerial: channel, attachSerial: attach}
						key := channelKey(c)
						if d := seen[key]; d != nil && !d.Equal(c) {
							t.Fatalf("%+v and %+v have one key", d, c)
						}
						seen[key] = c
					}
				}
			}
		}
	}
}
