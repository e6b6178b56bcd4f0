package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ablyrooms.example/adapter/ably/ablytest"
)

// recording has the frames that passed between a client and a server.
type recording struct {
	frames        []wireFrame
	room, barrier string   // the channels of the two rooms
	played        []string // what the relay did in place of the network or the server
}

// namedFrame is a frame whose fields are texts, by their paths. Values that differ between runs are
// replaced by names.
type namedFrame struct {
	name   string
	fields map[string]string
}

// view is the part of a recording that is compared. Frames of the barrier are left out, since they
// may come at any place among the others, and so are heartbeats, which depend on time. Frames that
// a server sends on the room's channel are in a list of their own, since they have no fixed order
// relative to the server's other frames.
type view struct{ sent, channel, answers, connection []namedFrame }

func (r recording) view() (v view) {
	r.each(func(f wireFrame, named namedFrame) {
		lane := &v.connection
		switch {
		case f.sent:
			lane = &v.sent
		case f.channel != "":
			lane = &v.channel
		case f.action == ablytest.ActionAck || f.action == ablytest.ActionNack:
			lane = &v.answers
		}
		*lane = append(*lane, named)
	})
	return v
}

// each calls f for each frame of the view, in the order in which they passed.
func (r recording) each(f func(wireFrame, namedFrame)) {
	n := names{given: map[string]map[string]string{"channel": {r.room: "the room's"}},
		barrier: map[string]map[int64]bool{}}
	for _, frame := range r.frames {
		if named, ok := n.frame(frame, r.barrier); ok {
			f(frame, named)
		}
	}
}

// kinds are the kinds of values that get names, by the last part of their path.
var kinds = map[string]string{"connectionId": "connection", "connectionKey": "key", "id": "id",
	"channelSerial": "serial", "serial": "message", "serials": "message", "serverId": "server",
	"siteCode": "site", "channel": "channel"}

// lookups are the kinds whose names are looked up for values in a client's frames, in this order.
var lookups = []string{"channel", "connection", "key", "serial", "message", "id"}

// timeless has names for fields whose values don't depend on the behaviour of client or server.
var timeless = map[string]string{"timestamp": "a time", "agent": "the client's name",
	"auth.accessToken": "a token", "error.message": "a text"}

// names gives names to values, in the order in which the server sent them. A value that the server
// has not sent gets no name.
type names struct {
	given      map[string]map[string]string // the names, by kind and value
	connection string                       // the id in the last CONNECTED
	barrier    map[string]map[int64]bool    // the serials of the barrier's messages, by connection
}

// frame returns a frame with names, or false if the frame doesn't belong to the view.
func (n *names) frame(f wireFrame, barrier string) (namedFrame, bool) {
	if id, ok := f.fields["connectionId"].(string); ok && f.action == ablytest.ActionConnected {
		n.connection = id
	}
	if n.barrier[n.connection] == nil {
		n.barrier[n.connection] = map[int64]bool{}
	}
	serial, numbered := whole(f.fields["msgSerial"])
	answer := f.action == ablytest.ActionAck || f.action == ablytest.ActionNack
	switch {
	case f.channel == barrier && f.channel != "":
		if f.sent && numbered {
			n.barrier[n.connection][serial] = true
		}
		return namedFrame{}, false
	case f.action == ablytest.ActionHeartbeat, answer && n.barrier[n.connection][serial]:
		return namedFrame{}, false
	}
	if members, ok := f.fields["presence"].([]any); ok && f.action == ablytest.ActionSync {
		f.fields = maps.Clone(f.fields)
		f.fields["presence"] = n.inOrder(members)
	}
	named := namedFrame{f.action.String(), map[string]string{}}
	n.flatten(named.fields, f, "", f.fields)
	if numbered && f.action != ablytest.ActionClose {
		named.fields["msgSerial"] = n.number(f.format.text(f.fields["msgSerial"]), n.connection)
	}
	return named, true
}

// inOrder sorts the members of a SYNC by client and connection, since their order is not fixed.
func (n *names) inOrder(members []any) []any {
	by := func(member any) string {
		m, _ := member.(map[string]any)
		connection, _ := m["connectionId"].(string)
		return fmt.Sprint(m["clientId"], " ", n.given["connection"][connection])
	}
	return slices.SortedFunc(slices.Values(members), func(a, b any) int {
		return strings.Compare(by(a), by(b))
	})
}

// number returns the serial that a message would have without the barrier's messages.
func (n *names) number(text, connection string) string {
	serial, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return text
	}
	others := serial
	for b := range maps.Keys(n.barrier[connection]) {
		if b < serial {
			others--
		}
	}
	return fmt.Sprint(others)
}

// flatten adds the fields of a value to fields, by their paths.
func (n *names) flatten(fields map[string]string, f wireFrame, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			fields[path] = "{}"
		}
		for _, key := range slices.Sorted(maps.Keys(v)) { // names are given in this order
			inner := key
			if path != "" {
				inner = path + "." + key
			}
			n.flatten(fields, f, inner, v[key])
		}
	case []any:
		if len(v) == 0 {
			fields[path] = "[]"
		}
		for i, value := range v {
			n.flatten(fields, f, fmt.Sprintf("%s[%d]", path, i), value)
		}
	default:
		fields[path] = n.value(f, path, v)
	}
}

// value returns the name of a value, or its text if it has no name.
func (n *names) value(f wireFrame, path string, v any) string {
	last := path[strings.LastIndex(path, ".")+1:]
	last, _, _ = strings.Cut(last, "[")
	class := timeless[path]
	if class == "" && last == "timestamp" {
		class = timeless[last]
	}
	text, ok := v.(string)
	switch {
	case class != "":
		return class
	case !ok || text == "":
		return f.format.text(v)
	case last == "data":
		return sorted(text)
	}
	if f.sent {
		for _, kind := range lookups {
			if name := n.given[kind][text]; name != "" {
				return name
			}
		}
		return n.composed(text)
	}
	kind := kinds[last]
	switch composed := n.composed(text); {
	case kind == "":
		return text
	case composed != text:
		return composed
	case f.action == ablytest.ActionSync && path == "channelSerial":
		return "a cursor"
	case n.given[kind] == nil:
		n.given[kind] = map[string]string{}
	}
	if n.given[kind][text] == "" {
		n.given[kind][text] = fmt.Sprintf("%s-%d", kind, len(n.given[kind])+1)
	}
	return n.given[kind][text]
}

// composed returns the id of a message, or of a list of messages, with names instead of the
// connection and the serial that it begins with. It returns any other text unchanged.
func (n *names) composed(text string) string {
	connection, rest, ok := strings.Cut(text, ":")
	name := n.given["connection"][connection]
	if !ok || name == "" {
		return text
	}
	serial, place, more := strings.Cut(rest, ":")
	name += ":" + n.number(serial, connection)
	if more {
		name += ":" + place
	}
	return name
}

// sorted returns JSON with its keys in order. It returns a text that is no JSON unchanged.
func sorted(text string) string {
	var plain any
	if json.Unmarshal([]byte(text), &plain) != nil {
		return text
	}
	ordered, _ := json.Marshal(plain)
	return string(ordered)
}

// String returns a list of the view's frames, for error messages.
func (r recording) String() string {
	var b strings.Builder
	r.each(func(f wireFrame, named namedFrame) {
		arrow := "<"
		if f.sent {
			arrow = ">"
		}
		fields, _ := json.Marshal(named.fields)
		fmt.Fprintf(&b, "%s %s %s\n", arrow, named.name, fields)
	})
	return b.String()
}
