package ablytest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
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

// msgpackHandle tells strings from binary on both ways (WriteExt, RawToString), which
// the encoding of message data depends on.
var msgpackHandle = func() *codec.MsgpackHandle {
	h := &codec.MsgpackHandle{}
	h.WriteExt = true
	h.RawToString = true
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

// unmarshal never panics: the MessagePack decoder may, on hostile input.
func unmarshal(f Format, b []byte, v any) (err error) {
	if f == JSON {
		return json.Unmarshal(b, v)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed MessagePack: %v", r)
		}
	}()
	return codec.NewDecoderBytes(b, msgpackHandle).Decode(v)
}

func marshalProtocol(f Format, pm *ProtocolMessage) ([]byte, error) {
	if f == JSON {
		if out := textMessages(pm.Messages); out != nil {
			c := *pm
			c.Messages = out
			pm = &c
		}
	}
	return marshal(f, pm)
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

// textMessages returns a copy of ms with binary data as base64, or nil if there is no
// binary data in them.
func textMessages(ms []*Message) []*Message {
	var out []*Message
	for i, m := range ms {
		b, ok := m.Data.([]byte)
		if !ok {
			continue
		}
		if out == nil {
			out = append([]*Message(nil), ms...)
		}
		c := *m
		c.Data = base64.StdEncoding.EncodeToString(b)
		c.Encoding = strings.TrimPrefix(m.Encoding+"/base64", "/")
		out[i] = &c
	}
	return out
}

// canonical undoes base64 of the transport, so that one stored form serves JSON and
// MessagePack clients.
func (m *Message) canonical() error {
	text, ok := m.Data.(string)
	if !ok || (m.Encoding != "base64" && !strings.HasSuffix(m.Encoding, "/base64")) {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("data is not base64 as its encoding says")
	}
	m.Data = b
	m.Encoding = strings.TrimSuffix(strings.TrimSuffix(m.Encoding, "base64"), "/")
	return nil
}
