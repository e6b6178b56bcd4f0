package wire

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// form is one encoding of a value, and the value that the decoded payload has.
type form struct {
	name  string
	bytes string
	value any
}

func big[N uint8 | uint16 | uint32 | uint64 | int8 | int16 | int32 | int64](head byte, n N) string {
	b, err := binary.Append([]byte{head}, binary.BigEndian, n)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// textForms returns the encodings of a string.
func textForms(s string) []form {
	forms := []form{{"str8", big(0xd9, uint8(len(s))) + s, s}, {"str16", big(0xda, uint16(len(s))) + s, s},
		{"str32", big(0xdb, uint32(len(s))) + s, s}}
	if len(s) < 32 {
		forms = append(forms, form{"fixstr", fixstr(s), s})
	}
	return forms
}

// fixstr returns a short string in the form that keys have.
func fixstr(s string) string { return string([]byte{byte(0xa0 + len(s))}) + s }

// numberForms returns the encodings of whole numbers, with the least and the largest value of each.
func numberForms() []form {
	return []form{{"fixint", "\x00", 0}, {"fixint", "\x7f", 127}, {"negative fixint", "\xff", -1}, {"negative fixint", "\xe0", -32},
		{"uint8", big(0xcc, uint8(math.MaxUint8)), math.MaxUint8}, {"uint16", big(0xcd, uint16(math.MaxUint16)), math.MaxUint16},
		{"uint32", big(0xce, uint32(math.MaxUint32)), math.MaxUint32}, {"uint64", big(0xcf, uint64(math.MaxInt64)), math.MaxInt64},
		{"uint64", big(0xcf, uint64(0)), 0}, {"int8", big(0xd0, int8(math.MinInt8)), math.MinInt8},
		{"int16", big(0xd1, int16(math.MinInt16)), math.MinInt16}, {"int32", big(0xd2, int32(math.MinInt32)), math.MinInt32},
		{"int64", big(0xd3, int64(math.MinInt64)), math.MinInt64}, {"int64", big(0xd3, int64(1)), 1}}
}

// payloadForms returns the encodings of all values that a payload may hold. Its lists and objects
// are nested up to that many levels deep.
func payloadForms(levels int) []form {
	forms := []form{{"nil", "\xc0", nil}, {"false", "\xc2", false}, {"true", "\xc3", true},
		{"float64", big(0xcb, math.Float64bits(-1.5)), json.Number("-1.5")},
		{"bin8", big(0xc4, uint8(2)) + "\x00\xff", []byte{0, 255}}, {"bin16", big(0xc5, uint16(1)) + "b", []byte("b")},
		{"bin32", big(0xc6, uint32(1)) + "b", []byte("b")}, {"bin8", big(0xc4, uint8(0)), []byte{}}}
	forms = append(forms, textForms("text")...)
	forms = append(forms, textForms("")...)
	forms = append(forms, textForms(strings.Repeat("x", 31))...)
	for _, n := range numberForms() {
		forms = append(forms, form{n.name, n.bytes, json.Number(fmt.Sprint(n.value))})
	}
	if levels == 0 {
		return forms
	}
	objects := map[string]any{}
	var list, object string
	var values []any
	for i, inner := range payloadForms(levels - 1) {
		key := fmt.Sprint("k", i)
		list, values = list+inner.bytes, append(values, inner.value)
		object, objects[key] = object+fixstr(key)+inner.bytes, inner.value
	}
	n := uint16(len(values))
	return append(forms, form{"array16", big(0xdc, n) + list, values}, form{"map16", big(0xde, n) + object, objects},
		form{"fixarray", "\x92\x01\xc0", []any{json.Number("1"), nil}}, form{"fixarray", "\x90", []any{}},
		form{"fixarray", "\x9f" + strings.Repeat("\x01", 15), ones(15)}, form{"fixmap", "\x80", map[string]any{}},
		form{"fixmap", "\x82" + fixstr("a") + "\x01" + fixstr("b") + "\xc0", map[string]any{"a": json.Number("1"), "b": nil}})
}

func ones(n int) (list []any) {
	for range n {
		list = append(list, json.Number("1"))
	}
	return list
}

// skippedForms returns the encodings of payloads, and more that are valid only in a skipped field.
func skippedForms() []form {
	return append(payloadForms(1), form{"float32", big(0xca, math.Float32bits(1)), nil}, form{"array32", big(0xdd, uint32(1)) + "\x01", nil},
		form{"map32", big(0xdf, uint32(1)) + "\x01\x02", nil}, form{"uint64", big(0xcf, uint64(math.MaxUint64)), nil})
}

// place is a position in a frame where a value may stand.
type place struct {
	path  string              // the path of the field in a ProtocolMessage, for test failures
	frame func(string) string // returns the frame with the value there
}

func field(of, key string, around func(string) string) place {
	return place{of + key, func(value string) string { // another field follows, which must be found
		return around("\x82" + fixstr(key) + value + fixstr("zz") + "\x01")
	}}
}

// last returns the place of a field that is the last of its object.
func last(of, key string, around func(string) string) place {
	return place{"the last " + of + key, func(value string) string { return around("\x81" + fixstr(key) + value) }}
}

func only(key string) func(string) string {
	return func(e string) string { return "\x81" + fixstr(key) + "\x91" + e }
}

func onlyVersion(v string) string { return only("messages")("\x81" + fixstr("version") + v) }

func frameOf(f string) string { return f }
func firstOf(key, e string) string {
	return "\x82" + fixstr("action") + "\x0f" + fixstr(key) + "\x93" + e + "\xc0\x80"
}
func messageOf(e string) string { return firstOf("messages", e) }
func resultOf(e string) string  { return firstOf("res", e) }
func versionOf(v string) string { return messageOf("\x81" + fixstr("version") + v) }

// The fast decoder takes every field in every usual form, and agrees with the decoder of whole
// frames. It takes no frame that is cut off near its head. It fails on a value in a form that its
// field can't have.
func TestFastDecoderTakesEveryUsualForm(t *testing.T) {
	var texts, numbers, payloads, objects, skipped []place
	for _, key := range []string{"id", "channel", "channelSerial", "connectionId"} {
		texts = append(texts, field("", key, frameOf), last("", key, frameOf))
	}
	for _, key := range []string{"id", "clientId", "connectionId", "name", "encoding", "serial"} {
		texts = append(texts, field("messages.", key, messageOf), last("messages.", key, only("messages")))
	}
	for _, key := range []string{"serial", "clientId", "description"} {
		texts = append(texts, field("messages.version.", key, versionOf), last("messages.version.", key, onlyVersion))
	}
	in := func(open string) func(string) string {
		return func(s string) string { return frameOf("\x81" + fixstr("params") + open + s) }
	}
	texts = append(texts, place{"params key", func(v string) string { return in("\x81")(v + fixstr("x")) }},
		place{"params value", func(v string) string { return in("\x81" + fixstr("x"))(v) }},
		place{"metadata value", func(v string) string { return versionOf("\x81" + fixstr("metadata") + "\x81" + fixstr("x") + v) }})
	serials := []place{{"serials", func(v string) string { return resultOf("\x81" + fixstr("serials") + "\x93" + v + "\xc0" + v) }}}
	for _, key := range []string{"action", "flags", "msgSerial", "count", "timestamp"} {
		numbers = append(numbers, field("", key, frameOf), last("", key, frameOf))
	}
	numbers = append(numbers, field("messages.", "timestamp", messageOf), field("messages.", "action", messageOf),
		field("messages.version.", "timestamp", versionOf))
	payloads = append(payloads, field("messages.", "data", messageOf), last("messages.", "data", only("messages")))
	objects = append(objects, field("messages.", "extras", messageOf), last("messages.", "extras", only("messages")))
	for of, around := range map[string]func(string) string{"": frameOf, "messages.": messageOf, "messages.version.": versionOf, "res.": resultOf} {
		skipped = append(skipped, field(of, "future", around))
	}
	skipped = append(skipped, last("", "future", frameOf), last("messages.", "future", only("messages")))
	isObject := func(f form) bool { _, is := f.value.(map[string]any); return is }
	isText := func(f form) bool { _, is := f.value.(string); return is }
	isNumber := func(f form) bool { _, is := f.value.(json.Number); return is && f.name != "float64" }
	for _, c := range []struct {
		places []place
		forms  []form
		fits   func(form) bool
	}{
		{texts, payloadForms(1), isText},
		{serials, payloadForms(1), func(f form) bool { return isText(f) || f.value == nil }},
		{numbers, payloadForms(1), isNumber},
		{payloads, payloadForms(2), func(form) bool { return true }}, {objects, payloadForms(2), isObject},
		{skipped, skippedForms(), func(form) bool { return true }},
	} {
		for _, p := range c.places {
			for _, f := range c.forms {
				b := []byte(p.frame(f.bytes))
				diff, fast := agrees(b)
				if fast != c.fits(f) || diff != "" {
					t.Errorf("%s as %s %v: taken %t, %s", p.path, f.name, f.value, fast, diff)
				}
				for end := range b[:min(len(b), 200)] {
					if _, fast := agrees(b[:end]); fast {
						t.Errorf("%s as %s %v: taken without all of its bytes: %d of %d", p.path, f.name, f.value, end, len(b))
					}
				}
			}
		}
	}
}

// A payload that the fast decoder reads has the values that were sent.
func TestFastDecoderReadsPayloads(t *testing.T) {
	for _, f := range payloadForms(2) {
		m := &ProtocolMessage{}
		s := packed{b: []byte(messageOf("\x81" + fixstr("data") + f.bytes))}
		if !s.frame(m) || len(m.Messages) != 3 || m.Messages[1] != nil {
			t.Errorf("%s: %+v", f.name, m)
		} else if diff := cmp.Diff(f.value, m.Messages[0].Data); diff != "" {
			t.Errorf("%s: %s", f.name, diff)
		}
	}
}

// The fast decoder finds a header after every value that may be skipped, unless the header's own
// fields are of an unusual form.
func TestFastHeaderTakesEveryUsualForm(t *testing.T) {
	for _, key := range []string{"action", "channel", "future"} {
		for _, p := range []place{field("", key, frameOf), last("", key, frameOf)} {
			for _, f := range skippedForms() {
				want := true
				switch _, isText := f.value.(string); key {
				case "action":
					want = f.name == "fixint"
				case "channel":
					want = isText
				}
				b := []byte(p.frame(f.bytes))
				s := packed{b: b}
				h, ok := s.header()
				var whole Header
				if ok != want || ok && (decodeMsgPack(b, &whole) != nil || h != whole) {
					t.Errorf("%s as %s %v: %+v, taken %t, expected %+v", p.path, f.name, f.value, h, ok, whole)
				}
				for end := range b[:min(len(b), 200)] {
					s := packed{b: b[:end]}
					if h, ok := s.header(); ok {
						t.Errorf("%s as %s %v: %d of %d bytes are %+v", p.path, f.name, f.value, end, len(b), h)
					}
				}
			}
		}
	}
}

// The bound of a size is at least the size, and at most a few times as large.
func TestBoundOfSizes(t *testing.T) {
	values := []any{nil, true, 1.5, -1e300, 1, int64(math.MinInt64), json.Number("12345678901234567890"), "", "text", "<<&&>>",
		"\u2028\xff", []any{}, map[string]any{}, []any{nil, false}, map[string]any{"a": "b", "\xff": []any{1}}}
	for n := range 40 {
		values = append(values, make([]byte, n), strings.Repeat("<", n), strings.Repeat("\xff", n), ones(n))
	}
	for _, v := range values {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		size := int64(len(b)) + 1 // 1 for a comma
		if got := bound(v); got < size || got > 40*size+40 {
			t.Errorf("%T %v has %d bytes, and the bound %d", v, v, size, got)
		}
	}
}

// The fast decoder fails on frames of unusual form; the decoder of whole frames takes them.
func TestFastDecoderLeavesTheUnusual(t *testing.T) {
	twice := func(key, value string) string { return "\x82" + fixstr(key) + value + fixstr(key) + value }
	deep := func(levels int) string { return "\x81" + fixstr("data") + strings.Repeat("\x91", levels) + "\x01" }
	deepObject := func(levels int) string {
		return "\x81" + fixstr("extras") + strings.Repeat("\x81"+fixstr("a"), levels) + "\x01"
	}
	for name, frame := range map[string]string{
		"params twice":           twice("params", "\x80"),
		"messages twice":         twice("messages", "\x91\x80"),
		"res twice":              twice("res", "\x91\x80"),
		"data twice":             messageOf(twice("data", "\x01")),
		"extras twice":           messageOf(twice("extras", "\x80")),
		"version twice":          messageOf(twice("version", "\x80")),
		"metadata twice":         versionOf(twice("metadata", "\x80")),
		"serials twice":          resultOf(twice("serials", "\x91\xc0")),
		"a key twice":            messageOf("\x81" + fixstr("data") + twice("a", "\x01")),
		"no messages":            "\x81" + fixstr("messages") + "\x90",
		"messages nil":           "\x81" + fixstr("messages") + "\xc0",
		"connectionDetails":      "\x81" + fixstr("connectionDetails") + "\x80",
		"error":                  "\x81" + fixstr("error") + "\x80",
		"presence":               "\x81" + fixstr("presence") + "\x91\x80",
		"annotations":            "\x81" + fixstr("annotations") + "\x91\x80",
		"auth":                   "\x81" + fixstr("auth") + "\x80",
		"annotations inside":     messageOf("\x81" + fixstr("annotations") + "\x80"),
		"a number is too large":  "\x81" + fixstr("timestamp") + big(0xcf, uint64(math.MaxInt64)+1),
		"a text is no number":    "\x81" + fixstr("timestamp") + fixstr("1"),
		"an extension":           "\x81" + fixstr("zz") + "\xd4\x01\x00",
		"an empty list deeper":   messageOf("\x81" + fixstr("data") + strings.Repeat("\x91", maxDepth) + "\x90"),
		"a key is a number":      "\x81\x01\x01",
		"a key of a message":     only("messages")("\x81\x01\x01"),
		"a key of a version":     onlyVersion("\x81\x01\x01"),
		"a key of a result":      only("res")("\x81\x01\x01"),
		"a key of a payload":     only("messages")("\x81" + fixstr("data") + "\x81\x01\x01"),
		"data twice, no more":    only("messages")(twice("data", "\x01")),
		"extras twice, no more":  only("messages")(twice("extras", "\x80")),
		"version twice, no more": only("messages")(twice("version", "\x80")),
		"a key twice, no more":   only("messages")("\x81" + fixstr("data") + twice("a", "\x01")),
		"annotations, no more":   only("messages")("\x81" + fixstr("annotations") + "\x80"),
		"ext8 in a payload":      only("messages")("\x81" + fixstr("data") + "\xc7" + strings.Repeat("\x00", 16)),
		"too deep a list":        messageOf(deep(maxDepth)),
		"too deep an object":     messageOf(deepObject(maxDepth)),
		"float32 in a payload":   messageOf("\x81" + fixstr("data") + big(0xca, math.Float32bits(1))),
		"array32 in a payload":   messageOf("\x81" + fixstr("data") + big(0xdd, uint32(1)) + "\x01"),
		"array32":                "\x81" + fixstr("messages") + big(0xdd, uint32(1)) + "\x80",
		"map32":                  big(0xdf, uint32(1)) + fixstr("action") + "\x0f",
		"a list":                 "\x91\x0f",
	} {
		if _, fast := agrees([]byte(frame)); fast {
			t.Errorf("%s: it is taken", name)
		}
	}
	for name, frame := range map[string]string{
		"a list": messageOf(deep(maxDepth - 1)), "an object": messageOf(deepObject(maxDepth - 1)),
		"an empty object": messageOf("\x81" + fixstr("extras") + strings.Repeat("\x81"+fixstr("a"), maxDepth-1) + "\x80"),
		"an empty list":   messageOf("\x81" + fixstr("data") + strings.Repeat("\x91", maxDepth-1) + "\x90"),
	} {
		if diff, fast := agrees([]byte(frame)); !fast || diff != "" {
			t.Errorf("%s as deep as may be: taken %t, %s", name, fast, diff)
		}
	}
}
