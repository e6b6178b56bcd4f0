package wire_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/ugorji/go/codec"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// A header is found after values of any kind and size. A frame that is cut off is an error, or its
// header is the one that a decoder of the whole frame finds.
func TestHeaderIsFoundBehindAnything(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	list := func(n int) []any {
		all := make([]any, n)
		for i := range all {
			all[i] = i % 3
		}
		return all
	}
	object := func(n int) map[string]any {
		all := map[string]any{}
		for i := range n {
			all[fmt.Sprint(i)] = []any{i}
		}
		return all
	}
	values := []any{nil, true, false, 0, 7, 200, 1 << 12, 1 << 20, int64(1) << 40, uint64(math.MaxUint64), -1, -100, -1000, -1 << 20,
		int64(math.MinInt64), 1.5, float32(1.5), "", "abc", long(40), long(300), long(70_000), []byte{}, []byte(long(300)),
		[]byte(long(70_000)), []any{}, list(3), list(20), list(70_000), map[string]any{}, object(3), object(20), object(70_000),
		map[string]any{"channel": "another", "action": 3}}
	// with fields in any order, and with the channel after the value
	for _, canonical := range []bool{false, true} {
		for i, value := range values {
			handle := &codec.MsgpackHandle{}
			handle.WriteExt, handle.Canonical = true, canonical
			var b []byte
			frame := map[string]any{"action": 15, "aa": value, "b": value, "channel": "lounge::$chat", "z": value}
			if err := codec.NewEncoderBytes(&b, handle).Encode(frame); err != nil {
				t.Fatal(err)
			}
			h, err := wire.UnmarshalHeader(wire.MsgPack, b)
			if err != nil || h != (wire.Header{Action: wire.ActionMessage, Channel: "lounge::$chat"}) {
				t.Errorf("value %d: %+v, %v", i, h, err)
			}
			if len(b) > 1000 {
				continue
			}
			for end := range b {
				h, err := wire.UnmarshalHeader(wire.MsgPack, b[:end])
				if m, bad := wire.Unmarshal(wire.MsgPack, b[:end]); (bad == nil) != (err == nil) || bad == nil && m.Channel != h.Channel {
					t.Errorf("value %d, %d bytes: %+v, %v; the whole frame: %v", i, end, h, err, bad)
				}
			}
		}
	}
}

// Headers of unusual form are left to the decoder.
func TestUnusualHeaders(t *testing.T) {
	for text, want := range map[string]wire.Header{
		// the action in a longer form
		"\x82\xa6action\xd1\x00\x0f\xa7channel\xa1c": {Action: 15, Channel: "c"},
		// nil values
		"\x82\xa6action\xc0\xa7channel\xc0": {},
		// the channel twice
		"\x83\xa7channel\xa1b\xa6action\x0f\xa7channel\xa1c": {Action: 15, Channel: "c"},
		// an extension as a value
		"\x83\xa6action\x0f\xa1x\xd4\x01\x00\xa7channel\xa1c": {Action: 15, Channel: "c"},
		// a map with a size of 16 bits
		"\xde\x00\x02\xa6action\x0f\xa7channel\xd9\x01c": {Action: 15, Channel: "c"},
		// a map with a size of 32 bits
		"\xdf\x00\x00\x00\x02\xa6action\x0f\xa7channel\xda\x00\x01c": {Action: 15, Channel: "c"},
	} {
		if h, err := wire.UnmarshalHeader(wire.MsgPack, []byte(text)); err != nil || h != want {
			t.Errorf("%q: %+v, %v", text, h, err)
		}
	}
}
