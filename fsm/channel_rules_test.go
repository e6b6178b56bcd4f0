package fsm

import "testing"

// TestChannelRulesInParts tries single parts of rules that have several. TestChannelRules tries the
// rules as wholes.
func TestChannelRulesInParts(t *testing.T) {
	const cut = "Connection disconnected => stopRequestTimer"
	const setsOptions = "SetOptions 2 => " + reattaches
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
		// What the server held is gone with the connection, so that nothing has to be given back.
		{"C48 closed holds nothing", ChannelAttached, []string{
			"Connection closed over => state(attached -> detached, over)",
			"Connection connected resumed => state(detached -> initialized)",
			"Connection disconnected =>", "GiveBack =>", "Connection connected resumed =>",
		}},
		{"C49 failed holds nothing", ChannelAttached, []string{
			"Connection failed bad => state(attached -> failed, bad)",
			"Connection connected resumed => state(failed -> initialized)",
			"Connection disconnected =>", "GiveBack =>", "Connection connected resumed =>",
		}},
		{"C20 new options while the connection is closing", ChannelAttached, []string{
			"Connection closing =>", "SetOptions 2 => settle(2, invalidConnection)",
		}},
		// An ATTACHED that may be the server's own word leaves a doubt.
		{"C3 a DETACH ends the doubt", ChannelAttached, []string{
			setsOptions, "Attached resumed => apply(resumed); settle(2, done); stopRequestTimer",
			"Detach 3 => state(attached -> detaching); " + sendsDetach,
			"Detached => state(detaching -> detached); settle(3, done); stopRequestTimer", "GiveBack =>",
		}},
		{"C43 what was in doubt is left over", ChannelAttached, []string{
			setsOptions, "Attached resumed => apply(resumed); settle(2, done); stopRequestTimer",
			"Error bad => state(attached -> failed, bad)",
			"Connection disconnected =>", "Connection connected resumed => " + sendsDetach,
		}},
		// Two ATTACHes are out when a detach begins: it is sent at the first answer, and once.
		{"C28 an answer while detaching", ChannelAttached, []string{
			setsOptions, "SetOptions 3 => " + reattaches,
			"Detach 4 => state(attached -> detaching); settle(2, superseded); settle(3, superseded)",
			"Attached resumed => sendDetach", "Attached resumed =>",
			"Detached => state(detaching -> detached); settle(4, done); stopRequestTimer",
		}},
		{"C37 an ERROR ends the wait for all requests", ChannelAttached, []string{
			setsOptions, "SetOptions 3 => " + reattaches,
			"Error bad => state(attached -> failed, bad); settle(2, failed, bad); " +
				"settle(3, failed, bad); stopRequestTimer",
		}},
		{"C37 an ERROR before all", ChannelInitialized, []string{
			"Error bad => state(initialized -> failed, bad)",
		}},
	} {
		t.Run(c.name, func(t *testing.T) { playChannel(t, beginChannel(t, c.from), c.lines...) })
	}
}

// An input is printed with the arguments that its kind has.
func TestChannelInputsInWords(t *testing.T) {
	for text, want := range map[string]string{
		"Attach 1": "Attach(1)", "Detach 2": "Detach(2)", "SetOptions 3": "SetOptions(3)",
		"GiveBack": "GiveBack", "Renew": "Renew", "Overtaken": "Overtaken", "RetryTimeout": "RetryTimeout",
		"Attached": "Attached", "Attached resumed": "Attached(resumed)", "Attached s1": "Attached(serial s1)",
		"Attached resumed s1 e": "Attached(resumed, serial s1, e)", "Detached no": "Detached(no)",
		"Message s2": "Message(serial s2)", "RequestTimeout late": "RequestTimeout(late)",
		"Connection connected":              "Connection(connected)",
		"Connection connected resumed lost": "Connection(connected, resumed, lost)",
	} {
		if got := channelInputOf(text).String(); got != want {
			t.Errorf("%s is printed as %s", text, got)
		}
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
