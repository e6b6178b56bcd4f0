package main

import (
	"strings"

	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/graphs/channel"
	"ablyrooms.example/tests/graphs/rooms"
	"ablyrooms.example/tests/graphs/roomstatus"
)

// link returns a line with a link to the counterexample in the playground, or "" if the playground
// doesn't have the machine.
func link(c *tlcrun.Config, trace string) string {
	module := c.Module
	if module == "" {
		module, _, _ = strings.Cut(c.Name, "_")
	}
	var read func(string) (string, error)
	switch module = strings.TrimSuffix(strings.TrimPrefix(module, "MC"), "Twins"); module {
	case "Rooms":
		read = rooms.TraceLink
	case "Leases":
		read = rooms.LeasesTraceLink
	case "RoomStatus", "RoomStatusSteps":
		read = roomstatus.TraceLink
	case "Channel", "ChannelSteps":
		read = channel.TraceLink
	default:
		return ""
	}
	line, err := read(trace)
	if err != nil {
		return "" // the broken spec took a step that no rule allows
	}
	return line
}
