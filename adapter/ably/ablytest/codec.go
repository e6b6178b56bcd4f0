package ablytest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/ugorji/go/codec"
)

// Format is an encoding of the wire: [JSON] or [MsgPack].
type Format int

// The two encodings of Ably's protocols.
const (
	JSON Format = iota
	MsgPack
)

const (
	mimeJSON    = "application/json"
	mimeMsgPack = "application/x-msgpack"
)

// String returns "json" or "msgpack", as in the query of a WebSocket.
func (f Format) String() string {
	if f == MsgPack {
		return "msgpack"
	}
	return "json"
}

func (f Format) mime() string {
	if f == MsgPack {
		return mimeMsgPack
	}
	return mimeJSON
}

// msgpackHandle keeps strings and binary data apart, in both directions (WriteExt without
// RawToString): the encoding of message data depends on that.
var msgpackHandle = func() *codec.MsgpackHandle {
	h := &codec.MsgpackHandle{}
	h.WriteExt = true
	h.MapType = reflect.TypeFor[map[string]any]()
	return h
}()

func marshal(f Format, v any) ([]byte, error) {
	if f == JSON {
		return json.Marshal(v)
	}
	var b []byte
	err := codec.NewEncoderBytes(&b, msgpackHandle).Encode(v)
	return b, err
}

// unmarshal decodes b into v. It returns an error where the MessagePack decoder panics, as it may
// on hostile input.
func unmarshal(f Format, b []byte, v any) (err error) {
	if f == JSON {
		return unmarshalJSON(b, v)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed MessagePack: %v", r)
		}
	}()
	return codec.NewDecoderBytes(b, msgpackHandle).Decode(v)
}

func marshalProtocol(f Format, pm *ProtocolMessage) ([]byte, error) {
	c := *pm
	var err error
	if c.Messages, err = forFormat(f, pm.Messages); err != nil {
		return nil, err
	}
	for _, list := range []*[]map[string]any{&c.Presence, &c.Annotations, &c.State} {
		if *list, err = mapsForFormat(f, *list); err != nil {
			return nil, err
		}
	}
	if c.nameAlways {
		return marshal(f, &namedMessage{ProtocolMessage: &c, Channel: c.Channel})
	}
	return marshal(f, &c)
}

// namedMessage is a message whose channel is encoded even if it is empty.
type namedMessage struct {
	*ProtocolMessage
	Channel string `json:"channel"`
}

func unmarshalProtocol(f Format, b []byte) (*ProtocolMessage, error) {
	pm := &ProtocolMessage{}
	if err := unmarshal(f, b, pm); err != nil {
		return nil, err
	}
	for i, m := range pm.Messages {
		if m == nil {
			return nil, fmt.Errorf("message %d is null", i)
		}
	}
	return pm, nil
}

// forFormat returns the messages in the form that a client of that format reads: with binary data
// as base64 in JSON, and with plain types only in MessagePack. It doesn't change ms.
func forFormat(f Format, ms []*Message) ([]*Message, error) {
	if ms == nil {
		return nil, nil
	}
	out := make([]*Message, len(ms))
	for i, m := range ms {
		if f == JSON {
			out[i] = m.text()
			continue
		}
		p, err := m.plain()
		if err != nil {
			return nil, err
		}
		out[i] = p
	}
	return out, nil
}

// text returns the message with binary data as base64.
func (m *Message) text() *Message {
	b, ok := m.Data.([]byte)
	if !ok {
		return m
	}
	c := *m
	c.Data = base64.StdEncoding.EncodeToString(b)
	c.Encoding = strings.TrimPrefix(m.Encoding+"/base64", "/")
	return &c
}

// canonical decodes data that is base64 only because of the transport, so that the stored form is
// the same for JSON and MessagePack clients.
func (m *Message) canonical() error {
	text, ok := m.Data.(string)
	if !ok || (m.Encoding != "base64" && !strings.HasSuffix(m.Encoding, "/base64")) {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("the data is not base64, but its encoding says so")
	}
	m.Data = b
	m.Encoding = strings.TrimSuffix(strings.TrimSuffix(m.Encoding, "base64"), "/")
	return nil
}

// plain returns the message with data and extras that consist of plain types only.
func (m *Message) plain() (*Message, error) {
	data, err := plain(m.Data)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	extras, err := plain(m.Extras)
	if err != nil {
		return nil, fmt.Errorf("extras: %w", err)
	}
	c := *m
	c.Data = data
	c.Extras, _ = extras.(map[string]any)
	return &c, nil
}

// mapsForFormat is forFormat for presence and annotations.
func mapsForFormat(f Format, ms []map[string]any) ([]map[string]any, error) {
	out := slices.Clone(ms)
	for i, m := range out {
		if f == JSON {
			out[i] = textMap(m)
			continue
		}
		v, err := plain(m)
		if err != nil {
			return nil, err
		}
		out[i], _ = v.(map[string]any)
	}
	return out, nil
}

// textMap returns the presence message or annotation with binary data as base64.
func textMap(m map[string]any) map[string]any {
	b, ok := m["data"].([]byte)
	if !ok {
		return m
	}
	encoding, _ := m["encoding"].(string)
	c := maps.Clone(m)
	c["data"] = base64.StdEncoding.EncodeToString(b)
	c["encoding"] = strings.TrimPrefix(encoding+"/base64", "/")
	return c
}

// canonicalMap is canonical for presence and annotations. It returns the data and the encoding.
func canonicalMap(m map[string]any) (data any, encoding string, err error) {
	c := &Message{Data: m["data"]}
	c.Encoding, _ = m["encoding"].(string)
	err = c.canonical()
	return c.Data, c.Encoding, err
}

// plain returns v itself if it has only types that decoding produces. Otherwise it encodes v as
// JSON and decodes that. With Go 1.24 and later, this version of the MessagePack encoder crashes
// the process on maps of other types.
func plain(v any) (any, error) {
	if isPlain(v) {
		return v, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out any
	err = unmarshalJSON(b, &out)
	return out, err
}

func isPlain(v any) bool {
	switch v := v.(type) {
	case nil, string, []byte, bool, float64, float32, int, int64, uint64, map[string]string:
		return true
	case []any:
		for _, x := range v {
			if !isPlain(x) {
				return false
			}
		}
		return true
	case map[string]any:
		for _, x := range v {
			if !isPlain(x) {
				return false
			}
		}
		return true
	}
	return false
}
