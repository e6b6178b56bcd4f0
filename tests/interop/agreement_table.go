package main

// accepted is a known difference, and its reason.
type accepted struct {
	scenario string // "" for any scenario
	in       format // "" for each format
	variance
	reason string
}

// isFor reports whether the row belongs to a format.
func (a accepted) isFor(in format) bool { return a.in == "" || a.in == in }

// only returns a text that names the format, or "" for all formats.
func (f format) only() string {
	if f == "" {
		return ""
	}
	return ", in " + string(f) + " only"
}

// covers reports whether the row accepts a difference.
func (a accepted) covers(scenario string, in format, v variance) bool {
	matches := func(pattern, text string) bool { return pattern == anything || pattern == text }
	return (a.scenario == "" || a.scenario == scenario) && a.isFor(in) && a.frame == v.frame &&
		a.field == v.field && matches(a.ours, v.ours) && matches(a.theirs, v.theirs)
}

// acceptedVariances has all differences that are allowed. Each row must occur in each of its
// formats.
var acceptedVariances = []accepted{
	{"", "", variance{"CONNECT", "v", "5", "6"},
		"ably-go 1.4.1 requests protocol 5 in the address of the WebSocket"},
	{"", "", variance{"CONNECT", "heartbeats", "true", "false"},
		"ably-go requests heartbeats as frames; ably-js in Node sees the WebSocket's pings"},
	{"", "", variance{"CONNECT", "echo", "true", absent},
		"ably-go writes the default"},
	{"", "", variance{"CONNECT", "timestamp", "a time", absent},
		"ably-go writes the time of the dial"},
	{"", "", variance{"CONNECT", "agent", absent, "the client's name"},
		"ably-go sends its name in the header Ably-Agent"},
	{"", "", variance{"CLOSE", "msgSerial", "0", absent},
		"ably-go writes the zero of a field that CLOSE does not have (T21)"},
	{"", "", variance{"ATTACH", "flags", "3080224", "3080192"},
		"protocol 5 requires ATTACH_RESUME (32) in an attach that goes on, protocol 6 does not (T2)"},
	{"", inJSON, variance{"ATTACH", "channelSerial", absent, "null"},
		"ably-js writes a serial that was cleared as null; its MessagePack has no nulls (T21)"},
	{"", "", variance{"MESSAGE", "messages[0].size", absent, anything},
		"ably-js sends the size that it has computed as a field of the message (T21)"},

	{"detach before attach", "", variance{"DETACH", "", absent, "sent"},
		"ably-js detaches a channel that it never attached; by the specification nothing is sent " +
			"(RTL5a, T7)"},
	{"attach, detach at once", "", variance{"DETACH", "", absent, "sent"},
		"ably-js sends DETACH before ATTACH is answered, and again for ATTACHED (RTL5k, T1)"},
	{"detach, attach at once", "", variance{"ATTACH", "channelSerial", absent, "serial-1"},
		"ably-js sends ATTACH before DETACH is answered, with a serial that the answer clears (T1)"},
	{"detach while cut", "", variance{"DETACH", "", "sent", absent},
		"ably-js leaves the channel attached at the server after the resume (RTL5l, T8)"},
	{"ATTACHED after a detach", "", variance{"DETACH", "", "sent", absent},
		"ably-js accepts an ATTACHED that it did not request; by the specification it must send " +
			"DETACH (RTL5k, T5)"},
	{"a late message after a detach, attach", "",
		variance{"ATTACH", "channelSerial", absent, "serial-2"},
		"ably-js uses the serial of a message that it drops (RTL15b2, T17)"},
	{"enter while detached", "", variance{"ATTACH", "", absent, "sent"},
		"ably-js attaches in order to enter; by the specification enter fails (RTP16c, T16)"},
	{"enter while detached", "", variance{"PRESENCE", "", absent, "sent"},
		"ably-js attaches in order to enter; by the specification enter fails (RTP16c, T16)"},
	{"presence, state lost, update, state lost", "",
		variance{"PRESENCE", "presence[0].data", `{"mood":"bad"}`, `{"mood":"best"}`},
		"ably-js treats the new connection's echo as older, and enters with old data (RTP17h, T3)"},
	{"presence unanswered, then a message, cut, resume", "", variance{"PRESENCE", "", "sent", absent},
		"ably-js sends PRESENCE again only after ATTACHED, with a new serial (RTN19a2, T10)"},
	{"presence unanswered, then a message, cut, resume", "",
		variance{"PRESENCE", "presence[0].clientId", "alice", absent},
		"the last PRESENCE of this library is a re-entry (RTP17g); ably-js repeats its first (T10)"},
}
