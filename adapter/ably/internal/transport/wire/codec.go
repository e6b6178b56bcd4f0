package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"sync"

	"github.com/ugorji/go/codec"
)

// Format is an encoding of the protocol.
type Format int

// The two formats.
const (
	JSON Format = iota
	MsgPack
)

// String returns "json" or "msgpack", as in the query of a WebSocket.
func (f Format) String() string {
	if f == MsgPack {
		return "msgpack"
	}
	return "json"
}

// msgpack distinguishes strings from binary data in both directions: the encoding of payloads
// depends on this difference.
var msgpack = func() *codec.MsgpackHandle {
	h := &codec.MsgpackHandle{}
	h.WriteExt = true
	h.MapType = reflect.TypeFor[map[string]any]()
	return h
}()

// Unmarshal decodes a frame. It never panics.
func Unmarshal(f Format, b []byte) (*ProtocolMessage, error) {
	m := &ProtocolMessage{}
	if f == JSON {
		if err := decodeJSON(b, m); err != nil {
			return nil, err
		}
		return m, nil
	}
	fast := packed{b: b}
	if fast.frame(m) {
		return m, nil
	}
	*m = ProtocolMessage{}
	if err := unmarshalMsgPack(b, m); err != nil {
		return nil, err
	}
	return m, nil
}

// unmarshalMsgPack decodes a frame of any content, with the decoder of the library.
func unmarshalMsgPack(b []byte, m *ProtocolMessage) error {
	if err := decodeMsgPack(b, m); err != nil {
		return err
	}
	for _, e := range m.Messages {
		if e != nil {
			e.Data, e.Extras = decoded(e.Data), decodedMap(e.Extras)
			if e.Annotations != nil {
				e.Annotations.Summary = decodedMap(e.Annotations.Summary)
			}
		}
	}
	for _, e := range m.Presence {
		if e != nil {
			e.Data, e.Extras = decoded(e.Data), decodedMap(e.Extras)
		}
	}
	for _, e := range m.Annotations {
		if e != nil {
			e.Data, e.Extras = decoded(e.Data), decodedMap(e.Extras)
		}
	}
	return nil
}

func decodeJSON(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("the frame has more than one JSON value")
	}
	return nil
}

func decodeMsgPack(b []byte, v any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed MessagePack: %v", r)
		}
	}()
	if len(b) == 0 || b[0]&0xf0 != 0x80 && b[0] != 0xde && b[0] != 0xdf {
		return fmt.Errorf("the frame is not a map") // the decoder also takes arrays
	}
	d := decoders.Get().(*codec.Decoder)
	d.ResetBytes(b)
	err = d.Decode(v)
	d.ResetBytes(nil)
	decoders.Put(d) // not put back after a panic
	return err
}

// decoders and encoders are pools for MessagePack, whose decoders and encoders are costly to make.
var (
	decoders = sync.Pool{New: func() any { return codec.NewDecoderBytes(nil, msgpack) }}
	encoders = sync.Pool{New: func() any { return codec.NewEncoderBytes(&[]byte{}, msgpack) }}
)

// Marshal encodes a frame. In JSON, binary data becomes base64, and "base64" is added to its
// encoding (RSL4d1). Marshal doesn't change m, and never panics.
func Marshal(f Format, m *ProtocolMessage) ([]byte, error) { return MarshalInto(nil, f, m) }

// MarshalInto is [Marshal], but uses the memory of buffer if it is large enough.
func MarshalInto(buffer []byte, f Format, m *ProtocolMessage) (b []byte, err error) {
	if len(m.Messages)+len(m.Presence)+len(m.Annotations) > 0 {
		if m, err = encodePayloads(f, m); err != nil {
			return nil, err
		}
	}
	if f == JSON {
		return json.Marshal(m)
	}
	defer func() {
		if r := recover(); r != nil {
			b, err = nil, fmt.Errorf("encode MessagePack: %v", r)
		}
	}()
	b = buffer[:0]
	e := encoders.Get().(*codec.Encoder)
	e.ResetBytes(&b)
	err = e.Encode(m)
	e.ResetBytes(nil)
	encoders.Put(e) // not put back after a panic
	return b, err
}

// encodePayloads returns a copy of the frame whose payloads can be encoded in the format.
func encodePayloads(f Format, m *ProtocolMessage) (_ *ProtocolMessage, err error) {
	c := *m
	if c.Messages, err = encodeEntries(f, m.Messages, func(e *Message) payload {
		return payload{&e.Data, &e.Encoding, &e.Extras}
	}); err != nil {
		return nil, err
	}
	if c.Presence, err = encodeEntries(f, m.Presence, func(e *PresenceMessage) payload {
		return payload{&e.Data, &e.Encoding, &e.Extras}
	}); err != nil {
		return nil, err
	}
	if c.Annotations, err = encodeEntries(f, m.Annotations, func(e *Annotation) payload {
		return payload{&e.Data, &e.Encoding, &e.Extras}
	}); err != nil {
		return nil, err
	}
	return &c, nil
}

// payload points to the fields of an entry that differ between the formats.
type payload struct {
	data     *any
	encoding *string
	extras   *map[string]any
}

// encodeEntries returns copies of entries whose payloads can be encoded in the format.
func encodeEntries[E any](f Format, entries []*E, payloadOf func(*E) payload) ([]*E, error) {
	if entries == nil {
		return nil, nil
	}
	out := make([]*E, len(entries))
	for i, e := range entries {
		c := *e
		p := payloadOf(&c)
		var err error
		if f == JSON {
			*p.data, *p.encoding = base64Data(*p.data, *p.encoding)
		} else if *p.data, err = encodable(*p.data); err != nil {
			return nil, fmt.Errorf("data: %w", err)
		} else if *p.extras, err = encodableMap(*p.extras); err != nil {
			return nil, fmt.Errorf("extras: %w", err)
		}
		out[i] = &c
	}
	return out, nil
}
