package wire_test

import (
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

func TestMain(m *testing.M) {
	debug.SetMaxStack(16 << 20) // makes an endless recursion end the run early
	os.Exit(m.Run())
}

// RTN7a: four kinds of frames are acknowledged, and no others.
func TestWhatIsAcknowledged(t *testing.T) {
	acknowledged := map[wire.Action]bool{
		wire.ActionPresence: true, wire.ActionMessage: true, wire.ActionObject: true, wire.ActionAnnotation: true}
	for a := wire.Action(-1); a <= wire.ActionAnnotation+1; a++ {
		if a.Acknowledged() != acknowledged[a] {
			t.Errorf("%v is acknowledged: %t", a, a.Acknowledged())
		}
	}
}

// A set of flags has a flag if it has each of its bits (TR3).
func TestFlags(t *testing.T) {
	f := wire.FlagHasPresence | wire.ModePresence
	for flag, want := range map[wire.Flags]bool{
		wire.FlagHasPresence: true, wire.ModePresence: true, f: true, 0: true,
		wire.FlagResumed: false, wire.FlagHasPresence | wire.FlagResumed: false,
	} {
		if f.Has(flag) != want {
			t.Errorf("%b has %b: %t", f, flag, !want)
		}
	}
}

// TM6: the size of a message is that of its name, clientId, data and extras, as they are sent.
func TestSizes(t *testing.T) {
	extras := map[string]any{"headers": map[string]any{"a": 1}} // {"headers":{"a":1}}
	for want, m := range map[int64]*wire.ProtocolMessage{
		0:              {Messages: []*wire.Message{{ID: "id", Serial: "s", Encoding: "json"}}},
		5:              {Messages: []*wire.Message{{Data: "12345"}}},
		3:              {Messages: []*wire.Message{{Data: []byte{1, 2, 3}}}},
		7:              {Messages: []*wire.Message{{Data: map[string]any{"a": 1}, Extras: map[string]any{}}}},
		2 + 4 + 6 + 19: {Messages: []*wire.Message{{Name: "ab", ClientID: "abcd", Data: "123456", Extras: extras}}},
		1 + 3 + 19:     {Presence: []*wire.PresenceMessage{{ClientID: "a", Data: "123", Extras: extras}}},
		8 + 4 + 2 + 1 + 19: {Annotations: []*wire.Annotation{{Name: "12345678", ClientID: "1234", Type: "12", Data: "1",
			Extras: extras}}},
		10: {Messages: []*wire.Message{{Data: "1234"}, {Data: "123456"}}},
		1:  {Messages: []*wire.Message{{Data: func() {}, Name: "n"}}}, // data that can't be sent
	} {
		if got := m.Size(); got != want {
			t.Errorf("the size of %+v is %d, want %d", m, got, want)
		}
	}
}

// Input that isn't a frame is refused: it has a wrong type, is cut short, or is followed by more
// bytes.
func TestWhatIsNoFrame(t *testing.T) {
	for f, frames := range map[wire.Format][]string{
		wire.JSON: {"", "{", "[15]", "1", `{"action":"x"}`, `{} {}`, "{}x", `{"messages":[1]}`, `{"msgSerial":"a"}`},
		wire.MsgPack: {"", "\x92\x0f\xa1c", "\xc0", "\xde", "\xdf", "\x81", "\x81\xa6action\xa1x", "\x9f",
			"\xdc\x00\x01\x0f", "\xdd\x00\x00\x00\x01\x0f", "\xa1c", "\x0f"},
	} {
		for _, frame := range frames {
			if m, err := wire.Unmarshal(f, []byte(frame)); err == nil || m != nil {
				t.Errorf("%v %q is %+v", f, frame, m)
			}
			if _, err := wire.UnmarshalHeader(f, []byte(frame)); err == nil && f == wire.MsgPack {
				t.Errorf("%v %q has a header", f, frame)
			}
		}
	}
	// an empty map in each of its three forms
	for _, frame := range []string{"\x80", "\xde\x00\x00", "\xdf\x00\x00\x00\x00"} {
		if m, err := wire.Unmarshal(wire.MsgPack, []byte(frame)); err != nil || m.Action != wire.ActionHeartbeat {
			t.Errorf("%q is %+v, %v", frame, m, err)
		}
	}
}

// The numbers of a summary have the same form in both formats (TM2u).
func TestSummaries(t *testing.T) {
	var seen []*wire.ProtocolMessage
	eachFormat(t, func(t *testing.T, f wire.Format) {
		m, err := wire.Unmarshal(f, raw(t, f, map[string]any{"action": 15, "messages": []any{
			map[string]any{"action": 4, "annotations": map[string]any{
				"summary": map[string]any{"reaction:total.v1": map[string]any{"total": 3, "n": []any{1.5}}}}},
			map[string]any{"action": 4, "annotations": map[string]any{}},
		}}))
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, m)
	})
	if diff := cmp.Diff(seen[0], seen[1]); diff != "" || len(seen[0].Messages[0].Annotations.Summary) != 1 {
		t.Errorf("JSON and MessagePack differ: %s", diff)
	}
}

// A value that can't be encoded is an error, wherever it stands in the frame.
func TestWhatCanNotBeEncoded(t *testing.T) {
	bad := func() {}
	for _, v := range []any{bad, []any{1, bad}, map[string]any{"a": bad}, map[string]func(){"a": bad},
		[]any{map[string]any{"a": []any{bad}}}} {
		extras := map[string]any{"a": v}
		for i, m := range []*wire.ProtocolMessage{
			{Messages: []*wire.Message{{Data: v}}}, {Messages: []*wire.Message{{Extras: extras}}},
			{Presence: []*wire.PresenceMessage{{Data: v}}}, {Presence: []*wire.PresenceMessage{{Extras: extras}}},
			{Annotations: []*wire.Annotation{{Data: v}}}, {Annotations: []*wire.Annotation{{Extras: extras}}},
		} {
			eachFormat(t, func(t *testing.T, f wire.Format) {
				if b, err := wire.Marshal(f, m); err == nil || b != nil {
					t.Errorf("%T, place %d: %q", v, i, b)
				}
			})
		}
	}
}

// RSL4d1: bytes are base64 in JSON. The encoding gets "base64" as its only or its last step.
func TestBase64(t *testing.T) {
	for encoding, want := range map[string]string{"": "base64", "json/utf-8": "json/utf-8/base64"} {
		b, err := wire.Marshal(wire.JSON, &wire.ProtocolMessage{
			Presence: []*wire.PresenceMessage{{Data: []byte("x"), Encoding: encoding}}})
		if err != nil || !strings.Contains(string(b), `"data":"eA==","encoding":"`+want+`"`) {
			t.Errorf("%s, %v", b, err)
		}
	}
}
