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

// recording is what passed between a client and a server.
type recording struct {
	frames        []wireFrame
	room, barrier string   // the channels
	played        []string // what the relay did in the place of network and server
}

// namedFrame is a frame, field by field, by the path of each. Values that differ from run to run
// have names.
type namedFrame struct {
	name   string
	fields map[string]string
}

// view is a recording as it is compared, without what belongs to the barrier, which may stand
// anywhere among the others, and without heartbeats, which depend on time. What a server sends on
// the room's channel is in no order with the rest.
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

// each calls a function for each frame of the view, in the order in which they passed.
func (r recording) each(f func(wireFrame, namedFrame)) {
	n := names{given: map[string]map[string]string{"channel": {r.room: "the room's"}},
		barrier: map[string]map[int64]bool{}}
	for _, frame := range r.frames {
		if named, ok := n.frame(frame, r.barrier); ok {
			f(frame, named)
		}
	}
}

// kinds are the kinds of values that have names, by the last part of their path.
var kinds = map[string]string{"connectionId": "connection", "connectionKey": "key", "id": "id",
	"channelSerial": "serial", "serial": "message", "serials": "message", "serverId": "server",
	"siteCode": "site", "channel": "channel"}

// lookups are the kinds by whose names values in a client's frames are known.
var lookups = []string{"channel", "connection", "key", "serial", "message", "id"}

// timeless are the fields whose values say nothing of what a client or a server does.
var timeless = map[string]string{"timestamp": "a time", "agent": "the client's name",
	"auth.accessToken": "a token", "error.message": "a text"}

// names gives names to values, in the order in which the server sent them. What the server has not
// sent keeps its value.
type names struct {
	given      map[string]map[string]string // by kind and value
	connection string                       // of the last CONNECTED
	barrier    map[string]map[int64]bool    // serials of the barrier's messages, by connection
}

// frame returns a frame with names, and false for one that isn't in the view.
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

// inOrder sorts the members of a SYNC, which are in no order, by client and connection.
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

// number returns a serial of messages as if those of the barrier were not there.
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

// flatten adds the fields of a value by their paths.
func (n *names) flatten(fields map[string]string, f wireFrame, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			fields[path] = "{}"
		}
		for _, key := range slices.Sorted(maps.Keys(v)) { // for names are given in this order
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

// value returns a value's text or name.
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

// composed returns the id of a message or of a list of them, which begins with a connection's id
// and a serial, by their names; or else the text.
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

// sorted returns JSON with its keys in order, and any other text as it is.
func sorted(text string) string {
	var plain any
	if json.Unmarshal([]byte(text), &plain) != nil {
		return text
	}
	ordered, _ := json.Marshal(plain)
	return string(ordered)
}

// String lists the frames, the barrier's left out, for a message.
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
