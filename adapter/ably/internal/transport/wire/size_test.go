package wire_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

func payloads(depth int) *rapid.Generator[any] {
	simple := rapid.OneOf(
		rapid.SampledFrom([]any{nil, true, false, []any(nil), map[string]any{}, "\xff\xff", "\u2028\u2028", "<<&&>>", struct{}{}, 1 << 40}),
		rapid.String().AsAny(), rapid.Float64().AsAny(), rapid.Int64().AsAny(), rapid.SliceOf(rapid.Byte()).AsAny(),
		rapid.Map(rapid.Int64(), func(n int64) json.Number { b, _ := json.Marshal(n); return json.Number(b) }).AsAny(),
	)
	if depth == 0 {
		return simple
	}
	return rapid.OneOf(simple, rapid.SliceOfN(payloads(depth-1), 0, 4).AsAny(),
		rapid.MapOfN(rapid.String(), payloads(depth-1), 0, 4).AsAny())
}

// Exceeds reports whether the size is larger than the limit, also where it doesn't compute the size
// (CD2c).
func TestExceeds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &wire.ProtocolMessage{}
		for range rapid.IntRange(0, 2).Draw(t, "messages") {
			m.Messages = append(m.Messages, &wire.Message{Name: "n", Data: payloads(2).Draw(t, "data"),
				Extras: map[string]any{"e": payloads(2).Draw(t, "extras")}})
		}
		m.Presence = []*wire.PresenceMessage{{ClientID: "c", Data: payloads(1).Draw(t, "presence")}}
		m.Annotations = []*wire.Annotation{{Type: "t", Data: payloads(1).Draw(t, "annotation")}}
		size := m.Size()
		for _, max := range []int64{0, size - 1, size, size + 1, rapid.Int64Range(0, 2*size).Draw(t, "max")} {
			if m.Exceeds(max) != (size > max) {
				t.Fatalf("size %d, limit %d: exceeds is %v", size, max, m.Exceeds(max))
			}
		}
	})
}
