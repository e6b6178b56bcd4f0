package wire

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ugorji/go/codec"
	"pgregory.net/rapid"
)

// agrees returns how the result of the fast decoder differs from that of the decoder of whole
// frames. fast says whether the fast decoder took the frame.
func agrees(b []byte) (diff string, fast bool) {
	quick, whole := &ProtocolMessage{}, &ProtocolMessage{}
	s := packed{b: b}
	if !s.frame(quick) {
		return "", false
	}
	if err := unmarshalMsgPack(b, whole); err != nil {
		return "the whole decoder: " + err.Error(), true
	}
	if reflect.DeepEqual(whole, quick) { // cmp.Diff would take too long for deeply nested lists
		return "", true
	}
	return cmp.Diff(whole, quick), true
}

// fields returns values of all kinds: those that a server may send in a field, and others.
func fields(depth int) *rapid.Generator[any] {
	simple := rapid.OneOf(rapid.SampledFrom([]any{nil, true, false, 1.5, float32(1.5), -1, -40, 1 << 40, []byte{1}, "", "text"}),
		rapid.Int64().AsAny(), rapid.Uint64().AsAny(), rapid.String().AsAny(), rapid.SliceOf(rapid.Byte()).AsAny())
	if depth == 0 {
		return simple
	}
	return rapid.OneOf(simple, rapid.SliceOfN(fields(depth-1), 0, 20).AsAny(), objects(depth-1).AsAny())
}

var keys = []string{"action", "id", "channel", "channelSerial", "connectionId", "connectionDetails", "error", "flags", "msgSerial",
	"count", "timestamp", "params", "messages", "presence", "annotations", "auth", "res", "serials", "clientId", "name", "data",
	"encoding", "extras", "serial", "version", "description", "metadata", "summary", "future"}

func objects(depth int) *rapid.Generator[map[string]any] {
	return rapid.MapOfN(rapid.SampledFrom(keys), fields(depth), 0, 4)
}

// frames returns frames as servers send them, with one or two fields replaced by any value.
func frames() *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		text := func(label string) string { return rapid.StringN(0, 40, -1).Draw(t, label) }
		message := map[string]any{"id": text("id"), "clientId": "bob", "name": "chat.message", "data": fields(2).Draw(t, "data"),
			"encoding": "json", "timestamp": 1 << 40, "extras": map[string]any{"headers": fields(2).Draw(t, "headers")}, "serial": text("serial"),
			"action": rapid.IntRange(0, 300).Draw(t, "message action"), "connectionId": "c",
			"version": map[string]any{"serial": "s", "timestamp": 1, "clientId": "x", "description": "d", "metadata": map[string]any{"a": "b"}}}
		f := map[string]any{"action": rapid.IntRange(0, 21).Draw(t, "action"), "id": "i", "channel": "c", "channelSerial": "s", "connectionId": "c",
			"flags": rapid.Int64().Draw(t, "flags"), "msgSerial": rapid.Int64().Draw(t, "msgSerial"), "count": 3, "timestamp": 5,
			"params": map[string]any{"agent": "x"}, "messages": []any{message, nil, map[string]any{}},
			"res": []any{map[string]any{"serials": []any{"s", nil}}, nil}}
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			of := f
			if rapid.Bool().Draw(t, "in the message") {
				of = message
			}
			key := rapid.SampledFrom(keys).Draw(t, "key")
			if delete(of, key); rapid.Bool().Draw(t, "replaced") {
				of[key] = fields(2).Draw(t, "value")
			}
		}
		return f
	})
}

func encoded(t *rapid.T, v any) (b []byte) {
	h := &codec.MsgpackHandle{}
	h.WriteExt = true
	if err := codec.NewEncoderBytes(&b, h).Encode(v); err != nil {
		t.Fatal(err)
	}
	return b
}

// A frame that the fast decoder takes has the same result with the decoder of whole frames. The
// frames are valid, cut off, or changed in one byte.
func TestFastDecoderAgrees(t *testing.T) {
	taken := 0
	rapid.Check(t, func(t *rapid.T) {
		b := encoded(t, frames().Draw(t, "frame"))
		switch rapid.IntRange(0, 3).Draw(t, "what becomes of it") {
		case 1:
			b = b[:rapid.IntRange(0, len(b)).Draw(t, "cut")]
		case 2:
			b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] = rapid.Byte().Draw(t, "value")
		}
		diff, fast := agrees(b)
		if diff != "" {
			t.Fatalf("%x: %s", b, diff)
		}
		if fast {
			taken++
		}
	})
	if taken == 0 {
		t.Error("the fast decoder took no frame")
	}
}

// The fast decoder takes the most frequent frames.
func TestFastDecoderTakesWhatComesMost(t *testing.T) {
	serial := "s"
	for _, m := range []*ProtocolMessage{
		{Action: ActionMessage, ID: "i", Channel: "c", ConnectionID: "x", ChannelSerial: "s", Timestamp: 1 << 40,
			Messages: []*Message{{Name: "n", Data: "text", Encoding: "json", Serial: "s", Extras: map[string]any{"headers": map[string]any{"a": 1}},
				Version: &MessageVersion{Serial: "s", Timestamp: 1}}}},
		{Action: ActionAttached, Channel: "c", ChannelSerial: "s", Flags: 1 << 30, Params: map[string]string{"agent": "a"}},
		{Action: ActionDetached, Channel: "c"},
		{Action: ActionAck, MsgSerial: new(int64), Count: 1, Res: []*PublishResult{{Serials: []*string{&serial, nil}}}},
	} {
		b, err := Marshal(MsgPack, m)
		if err != nil {
			t.Fatal(err)
		}
		if diff, fast := agrees(b); !fast || diff != "" {
			t.Errorf("%v: taken %v, %s", m, fast, diff)
		}
	}
}

// FuzzFastDecoder compares the fast decoder with the decoder of whole frames, on any bytes.
func FuzzFastDecoder(f *testing.F) {
	b, _ := Marshal(MsgPack, &ProtocolMessage{Action: ActionMessage, Messages: []*Message{{Data: "x", Extras: map[string]any{"a": []any{1}}}}})
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if diff, _ := agrees(b); diff != "" {
			t.Error(diff)
		}
	})
}
