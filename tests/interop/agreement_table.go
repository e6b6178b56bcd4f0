package main

// accepted is a difference that is known, and its reason.
type accepted struct {
	scenario string // "" for any
	in       format // "" for each
	variance
	reason string
}

// isFor reports whether the row is for frames of a format.
func (a accepted) isFor(in format) bool { return a.in == "" || a.in == in }

// only returns the format, in words, and nothing for each.
func (f format) only() string {
	if f == "" {
		return ""
	}
	return ", in " + string(f) + " only"
}

// covers reports whether the row is for a difference.
func (a accepted) covers(scenario string, in format, v variance) bool {
	matches := func(pattern, text string) bool { return pattern == anything || pattern == text }
	return (a.scenario == "" || a.scenario == scenario) && a.isFor(in) && a.frame == v.frame &&
		a.field == v.field && matches(a.ours, v.ours) && matches(a.theirs, v.theirs)
}

// acceptedVariances are all differences there may be. Each row must occur, in each format that it
// is for.
var acceptedVariances = []accepted{
	{"", "", variance{"CONNECT", "v", "5", "6"},
		"ably-go 1.4.1 asks for protocol 5 in the address that it makes"},
	{"", "", variance{"CONNECT", "heartbeats", "true", "false"},
		"ably-go asks for frames as heartbeats; ably-js sees the WebSocket's own in Node"},
	{"", "", variance{"CONNECT", "echo", "true", absent},
		"ably-go writes the default"},
	{"", "", variance{"CONNECT", "timestamp", "a time", absent},
		"ably-go writes the time of the dial"},
	{"", "", variance{"CONNECT", "agent", absent, "the client's name"},
		"ably-go says it in the header Ably-Agent"},
	{"", "", variance{"CLOSE", "msgSerial", "0", absent},
		"ably-go writes the zero of a field that CLOSE does not have (T21)"},
	{"", "", variance{"ATTACH", "flags", "3080224", "3080192"},
		"protocol 5 wants ATTACH_RESUME (32) where an attach goes on, protocol 6 does not (T2)"},
	{"", inJSON, variance{"ATTACH", "channelSerial", absent, "null"},
		"ably-js writes a serial that was cleared as null; its MessagePack has no nulls (T21)"},
	{"", "", variance{"MESSAGE", "messages[0].size", absent, anything},
		"ably-js leaves the size that it has computed in the message (T21)"},

	{"detach before attach", "", variance{"DETACH", "", absent, "sent"},
		"ably-js detaches what it never attached; the text sends nothing (RTL5a, T7)"},
	{"attach, detach at once", "", variance{"DETACH", "", absent, "sent"},
		"ably-js sends DETACH before ATTACH is answered, and again for ATTACHED (RTL5k, T1)"},
	{"detach, attach at once", "", variance{"ATTACH", "channelSerial", absent, "serial-1"},
		"ably-js sends ATTACH before DETACH is answered, with the serial that this clears (T1)"},
	{"detach while cut", "", variance{"DETACH", "", "sent", absent},
		"ably-js leaves the channel attached at the server after the resume (RTL5l, T8)"},
	{"ATTACHED after a detach", "", variance{"DETACH", "", "sent", absent},
		"ably-js takes an ATTACHED that was not asked for; the text answers DETACH (RTL5k, T5)"},
	{"a late message after a detach, attach", "",
		variance{"ATTACH", "channelSerial", absent, "serial-2"},
		"ably-js takes the serial of a message that it drops (RTL15b2, T17)"},
	{"enter while detached", "", variance{"ATTACH", "", absent, "sent"},
		"ably-js attaches to enter; the text is an error (RTP16c, T16)"},
	{"enter while detached", "", variance{"PRESENCE", "", absent, "sent"},
		"ably-js attaches to enter; the text is an error (RTP16c, T16)"},
	{"presence, state lost, update, state lost", "",
		variance{"PRESENCE", "presence[0].data", `{"mood":"bad"}`, `{"mood":"best"}`},
		"ably-js takes the new connection's echo for older, and enters with old data (RTP17h, T3)"},
	{"presence unanswered, then a message, cut, resume", "", variance{"PRESENCE", "", "sent", absent},
		"ably-js sends PRESENCE again only after ATTACHED, with a new serial (RTN19a2, T10)"},
	{"presence unanswered, then a message, cut, resume", "",
		variance{"PRESENCE", "presence[0].clientId", "alice", absent},
		"the last PRESENCE is a re-entry here (RTP17g), and there the first one, once more (T10)"},
}
