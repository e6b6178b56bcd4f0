package wire_test

import (
	"fmt"
	"testing"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// BenchmarkUnmarshal compares the decoding of a header with that of the whole frame.
func BenchmarkUnmarshal(b *testing.B) {
	for _, f := range []wire.Format{wire.JSON, wire.MsgPack} {
		frame := raw(b, f, map[string]any{
			"action": 15, "id": "c:1", "channel": "lounge::$chat", "channelSerial": "s", "connectionId": "c", "timestamp": 1,
			"messages": []any{map[string]any{
				"name": "chat.message", "data": fmt.Sprintf("%0200d", 7), "serial": "s:0", "action": 0,
				"extras": map[string]any{"headers": map[string]any{"a": 1, "b": "c"}},
			}},
		})
		b.Run("header/"+f.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wire.UnmarshalHeader(f, frame); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("frame/"+f.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wire.Unmarshal(f, frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
