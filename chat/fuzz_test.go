package chat_test

import (
	"encoding/json"
	"testing"
	"time"

	"ablyrooms.example/chat"
)

// decoded returns the JSON value of a text, or the text itself if it is no JSON.
func decoded(s string) any {
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return s
	}
	return v
}

func asObject(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}

// FuzzMessage checks that a decoded message never has nil maps, whatever the wire message is.
func FuzzMessage(f *testing.F) {
	f.Add(`{"text":"hi","metadata":{"a":[1,{"b":null}]}}`, "json", `{"headers":{"h":1},"userClaim":"c"}`, "01", int64(1), 0, "02")
	f.Add(`eyJ0ZXh0IjoiaGkifQ==`, "json/utf-8/base64", `[]`, "", int64(-1), 4, "")
	f.Add(`[`, "cipher+aes-128-cbc/base64", `{`, "x", int64(1)<<62, -7, "y")
	f.Fuzz(func(t *testing.T, data, encoding, extras, serial string, ms int64, action int, version string) {
		for _, d := range []any{data, []byte(data), decoded(data)} {
			w := chat.WireMessage{Name: chat.NameMessage, Data: d, Encoding: encoding, Extras: asObject(decoded(extras)), Serial: serial, Timestamp: ms,
				Action: chat.WireAction(action), Version: chat.WireVersion{Serial: version}}
			e, err := chat.DecodeMessage(w)
			if (err == nil) != (action >= 0 && action <= 2) {
				t.Fatalf("decoding the action %d: %v", action, err)
			}
			if err == nil && (e.Message.Metadata == nil || e.Message.Headers == nil || e.Message.Serial != serial || e.Message.Version.Serial == "" && serial != "") {
				t.Fatalf("a decoded event has a nil map or a wrong serial: %+v", e)
			}
			r := chat.DecodeRoomReaction(w, "me", time.UnixMilli(0))
			if r.Metadata == nil || r.Headers == nil {
				t.Fatalf("a decoded room reaction has a nil map: %+v", r)
			}
		}
		m := chat.DecodeRESTMessage(asObject(decoded(data)))
		if m.Metadata == nil || m.Headers == nil || m.Action == "" || m.Reactions.Unique == nil {
			t.Fatalf("a decoded message lacks a map or its action: %+v", m)
		}
	})
}

func FuzzSummary(f *testing.F) {
	f.Add(`{"reaction:unique.v1":{"like":{"total":1,"clientIds":["a"]}},"reaction:multiple.v1":{"x":{"total":1e99,"clientIds":{"a":-1}}}}`)
	f.Add(`{"reaction:distinct.v1":[],"unique":{"a":7},"":{}}`)
	f.Fuzz(func(t *testing.T, summary string) {
		e, ignored := chat.DecodeSummary(chat.WireMessage{Serial: "01", Summary: asObject(decoded(summary))})
		r := e.Reactions
		if r.Unique == nil || r.Distinct == nil || r.Multiple == nil || len(ignored) > len(asObject(decoded(summary))) {
			t.Fatalf("a decoded summary has a nil map: %+v", r)
		}
		for _, l := range r.Multiple {
			for id, n := range l.ClientIDs {
				if n < 0 || l.Total < 0 {
					t.Fatalf("the client %q has the count %d", id, n)
				}
			}
		}
	})
}

func FuzzPresence(f *testing.F) {
	f.Add(2, "ann", `{"mood":"ok"}`, "json", `{"userClaim":"c"}`, int64(1))
	f.Add(9, "", `"`, "utf-8/json", `7`, int64(-1))
	f.Fuzz(func(t *testing.T, action int, client, data, encoding, extras string, ms int64) {
		for _, d := range []any{data, []byte(data), decoded(data), nil} {
			e, err := chat.DecodePresence(chat.WirePresence{Action: action, ClientID: client, Data: d, Encoding: encoding, Extras: asObject(decoded(extras)), Timestamp: ms})
			if (err == nil) != (action >= 1 && action <= 4) || e.Member.ClientID != client {
				t.Fatalf("decoding the action %d: %+v, %v", action, e, err)
			}
		}
	})
}

func FuzzOccupancy(f *testing.F) {
	f.Add(`{"metrics":{"connections":5,"presenceMembers":2}}`, "json")
	f.Add(`{"metrics":{"connections":1e300,"presenceMembers":-4.5}}`, "")
	f.Fuzz(func(t *testing.T, data, encoding string) {
		for _, d := range []any{data, []byte(data), decoded(data)} {
			if o := chat.DecodeOccupancy(chat.WireMessage{Data: d, Encoding: encoding}); o.Connections < 0 || o.PresenceMembers < 0 {
				t.Fatalf("a decoded occupancy is negative: %+v", o)
			}
		}
		chat.DecodeRESTOccupancy(asObject(decoded(data)))
	})
}

func FuzzAnnotation(f *testing.F) {
	f.Add(0, "reaction:multiple.v1", "like", "ann", "01", int64(1), 3, true, `{"userClaim":"c"}`)
	f.Add(1, "reaction:", "", "", "", int64(-1), -3, false, ``)
	f.Fuzz(func(t *testing.T, action int, kind, name, client, serial string, ms int64, n int, counted bool, extras string) {
		a := chat.WireAnnotation{Action: action, Type: kind, Name: name, ClientID: client, MessageSerial: serial, Timestamp: ms, Extras: asObject(decoded(extras))}
		if counted {
			a.Count = &n
		}
		e, err := chat.DecodeRawReaction(a)
		if err == nil && (chat.AnnotationType(e.Reaction.Type) != kind || e.Reaction.Count < 0 || e.Reaction.Name != name) {
			t.Fatalf("a decoded reaction differs from its annotation: %+v", e)
		}
	})
}
