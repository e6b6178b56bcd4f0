package wire_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ugorji/go/codec"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// raw encodes a value as a server does, without the types of this package.
func raw(t testing.TB, f wire.Format, v any) []byte {
	t.Helper()
	if f == wire.JSON {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	h := &codec.MsgpackHandle{}
	h.WriteExt = true
	var b []byte
	if err := codec.NewEncoderBytes(&b, h).Encode(v); err != nil {
		t.Fatal(err)
	}
	return b
}

func eachFormat(t *testing.T, test func(*testing.T, wire.Format)) {
	for _, f := range []wire.Format{wire.JSON, wire.MsgPack} {
		t.Run(f.String(), func(t *testing.T) { test(t, f) })
	}
}

// Payloads keep what is on the wire: large numbers, strings, bytes, nesting, nil.
func TestPayloadsAreKept(t *testing.T) {
	eachFormat(t, func(t *testing.T, f wire.Format) {
		for _, c := range []struct{ sent, want any }{
			{"text", "text"},
			{"", ""},
			{nil, nil},
			{uint64(9007199254740993), json.Number("9007199254740993")},
			{int64(math.MinInt64), json.Number("-9223372036854775808")},
			{uint64(math.MaxUint64), json.Number("18446744073709551615")},
			{1.5, json.Number("1.5")},
			{true, true},
			{[]any{"a", int64(7), nil}, []any{"a", json.Number("7"), nil}},
			{map[string]any{"a": map[string]any{"b": uint64(9007199254740993)}},
				map[string]any{"a": map[string]any{"b": json.Number("9007199254740993")}}},
		} {
			extras := map[string]any{"headers": map[string]any{"n": c.sent}}
			frame := map[string]any{
				"action": 15, "channel": "c", "future": map[string]any{"x": 1},
				"messages":    []any{map[string]any{"data": c.sent, "extras": extras, "future": []any{1}}},
				"presence":    []any{map[string]any{"data": c.sent, "action": 2}},
				"annotations": []any{map[string]any{"data": c.sent, "count": 3}},
			}
			m, err := wire.Unmarshal(f, raw(t, f, frame))
			if err != nil {
				t.Fatal(err)
			}
			headers := m.Messages[0].Extras["headers"].(map[string]any)
			for i, got := range []any{m.Messages[0].Data, headers["n"], m.Presence[0].Data, m.Annotations[0].Data} {
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%v, place %d: %s", c.sent, i, diff)
				}
			}
			if *m.Annotations[0].Count != 3 || m.Presence[0].Action != 2 {
				t.Errorf("%+v, %+v", m.Annotations[0], m.Presence[0])
			}
			// Decoding returns what was encoded.
			b, err := wire.Marshal(f, m)
			if err != nil {
				t.Fatal(err)
			}
			again, err := wire.Unmarshal(f, b)
			if diff := cmp.Diff(m, again); diff != "" || err != nil {
				t.Errorf("%v, there and back: %v %s", c.sent, err, diff)
			}
		}
	})
}

// Binary data is binary in MessagePack and base64 in JSON (RSL4c, RSL4d); strings stay strings.
func TestBinaryData(t *testing.T) {
	data := []byte{0, 1, 0xff}
	for f, want := range map[wire.Format]*wire.Message{
		wire.JSON:    {Data: "AAH/", Encoding: "utf-8/base64"},
		wire.MsgPack: {Data: data, Encoding: "utf-8"},
	} {
		sent := &wire.ProtocolMessage{Action: wire.ActionMessage, Messages: []*wire.Message{{Data: data, Encoding: "utf-8"}}}
		b, err := wire.Marshal(f, sent)
		if err != nil {
			t.Fatal(err)
		}
		m, err := wire.Unmarshal(f, b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, m.Messages[0]); diff != "" {
			t.Errorf("%v: %s", f, diff)
		}
		if _, isBytes := sent.Messages[0].Data.([]byte); !isBytes {
			t.Error("Marshal changed the message")
		}
	}
}

// Values of any type that JSON can encode can be sent in MessagePack too, also maps of types on
// which the MessagePack encoder would crash. A value that can't be encoded is an error.
func TestValuesOfOtherTypes(t *testing.T) {
	type pair struct {
		A int `json:"a"`
	}
	eachFormat(t, func(t *testing.T, f wire.Format) {
		for _, v := range []any{map[string]int{"a": 1}, pair{1}, &pair{1}, map[string]string{"a": "1"}, []int{1}, int32(1)} {
			want, err := wire.Unmarshal(wire.JSON, raw(t, wire.JSON, map[string]any{"messages": []any{map[string]any{"data": v}}}))
			if err != nil {
				t.Fatal(err)
			}
			b, err := wire.Marshal(f, &wire.ProtocolMessage{Messages: []*wire.Message{{Data: v}}})
			if err != nil {
				t.Fatal(err)
			}
			got, err := wire.Unmarshal(f, b)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%T: %v %s", v, err, diff)
			}
		}
		for _, v := range []any{func() {}, make(chan int), math.Inf(1), map[string]any{"a": func() {}}} {
			if _, err := wire.Marshal(f, &wire.ProtocolMessage{Messages: []*wire.Message{{Data: v}}}); err == nil && f == wire.JSON {
				t.Errorf("%T was encoded", v)
			}
		}
	})
}

// Zero values: action 0 and msgSerial 0 are on the wire, a msgSerial that isn't set is absent
// (T21).
func TestZeroValues(t *testing.T) {
	zero := int64(0)
	for m, want := range map[*wire.ProtocolMessage]string{
		{Action: wire.ActionMessage, Channel: "c", MsgSerial: &zero, Messages: []*wire.Message{{}}}: `{"action":15,"channel":"c","msgSerial":0,"messages":[{"action":0}]}`,
		{Action: wire.ActionAttach, Channel: "c"}:                                                   `{"action":10,"channel":"c"}`,
		{Action: wire.ActionPresence, Presence: []*wire.PresenceMessage{{}}}:                        `{"action":14,"presence":[{"action":0}]}`,
		{Action: wire.ActionAnnotation, Annotations: []*wire.Annotation{{}}}:                        `{"action":21,"annotations":[{"action":0}]}`,
	} {
		b, err := wire.Marshal(wire.JSON, m)
		if err != nil || string(b) != want {
			t.Errorf("%s, %v; want %s", b, err, want)
		}
	}
}

// Null serials in an ACK stay null, and the results of its frames stay separate (T29).
func TestResults(t *testing.T) {
	eachFormat(t, func(t *testing.T, f wire.Format) {
		m, err := wire.Unmarshal(f, raw(t, f, map[string]any{"action": 1, "msgSerial": 0, "count": 3,
			"res": []any{map[string]any{"serials": []any{"a", nil}}, nil, map[string]any{"serials": []any{"b"}}}}))
		if err != nil {
			t.Fatal(err)
		}
		if *m.MsgSerial != 0 || m.Count != 3 || len(m.Res) != 3 || m.Res[1] != nil || *m.Res[0].Serials[0] != "a" ||
			m.Res[0].Serials[1] != nil || *m.Res[2].Serials[0] != "b" {
			t.Errorf("%+v", m)
		}
	})
}

// An entry gets the fields that it lacks from its frame; null entries are removed (TM2, TP3).
func TestComplete(t *testing.T) {
	m := &wire.ProtocolMessage{ID: "f", ConnectionID: "c", Timestamp: 5,
		Messages:    []*wire.Message{nil, {Serial: "s"}, {ID: "own", ConnectionID: "d", Timestamp: 6, Version: &wire.MessageVersion{Serial: "v"}}},
		Presence:    []*wire.PresenceMessage{{}, nil},
		Annotations: []*wire.Annotation{nil, nil, {}},
	}
	if nulls := m.Complete(); nulls != 4 {
		t.Errorf("%d nulls, want 4", nulls)
	}
	want := &wire.ProtocolMessage{ID: "f", ConnectionID: "c", Timestamp: 5,
		Messages: []*wire.Message{
			{ID: "f:1", ConnectionID: "c", Timestamp: 5, Serial: "s", Version: &wire.MessageVersion{Serial: "s", Timestamp: 5}},
			{ID: "own", ConnectionID: "d", Timestamp: 6, Version: &wire.MessageVersion{Serial: "v", Timestamp: 6}},
		},
		Presence:    []*wire.PresenceMessage{{ID: "f:0", ConnectionID: "c", Timestamp: 5}},
		Annotations: []*wire.Annotation{{ID: "f:2", ConnectionID: "c", Timestamp: 5}},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	rewound := &wire.ProtocolMessage{Messages: []*wire.Message{{}}}
	if rewound.Complete(); rewound.Messages[0].ID != "" {
		t.Errorf("id %q for a frame without one", rewound.Messages[0].ID)
	}
}

// Any input is decoded or refused. Its header is the same as in the decoded frame.
func FuzzUnmarshal(f *testing.F) {
	for _, frame := range []map[string]any{
		{"action": 15, "channel": "c", "messages": []any{nil, map[string]any{"data": []byte{1}}}},
		{"action": 1, "msgSerial": 0, "count": 1, "res": []any{map[string]any{"serials": []any{nil}}}},
		{"action": 4, "connectionDetails": map[string]any{"maxIdleInterval": 15000}},
	} {
		f.Add(raw(f, wire.JSON, frame), false)
		f.Add(raw(f, wire.MsgPack, frame), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, binary bool) {
		format := wire.JSON
		if binary {
			format = wire.MsgPack
		}
		h, headerErr := wire.UnmarshalHeader(format, b)
		m, err := wire.Unmarshal(format, b)
		if err != nil {
			return
		}
		if headerErr != nil || h.Action != m.Action || h.Channel != m.Channel {
			t.Errorf("header %+v, %v; frame %v", h, headerErr, m)
		}
		m.Complete()
		if _, err := wire.Marshal(format, m); err != nil && format == wire.JSON {
			t.Errorf("can't be encoded again: %v", err)
		}
		_ = fmt.Sprint(m, m.Size())
	})
}
