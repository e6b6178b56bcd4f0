package ablytest

import (
	"encoding/json"

	"github.com/ugorji/go/codec"
)

// Params are the params of a channel (RTL4k), all as text. On the wire a value may also be a number
// or a boolean. A value of any other JSON type is kept as its JSON text. If a client sends params
// that are no object, their JSON is kept under the empty name, so that the server refuses the
// channel, and not the connection.
type Params map[string]string

// UnmarshalJSON reads the params that a client sent.
func (p *Params) UnmarshalJSON(b []byte) error {
	var named map[string]json.RawMessage
	if json.Unmarshal(b, &named) != nil {
		*p = Params{"": string(b)}
		return nil
	}
	*p = nil
	for name, value := range named {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		p.set(name, text)
	}
	return nil
}

func (p *Params) set(name, value string) {
	if *p == nil {
		*p = Params{}
	}
	(*p)[name] = value
}

// CodecEncodeSelf writes the params in MessagePack.
func (p *Params) CodecEncodeSelf(e *codec.Encoder) { e.MustEncode(map[string]string(*p)) }

// CodecDecodeSelf reads the params that a client sent in MessagePack.
func (p *Params) CodecDecodeSelf(d *codec.Decoder) {
	var value any
	d.MustDecode(&value)
	b, err := json.Marshal(value)
	if err == nil {
		err = p.UnmarshalJSON(b)
	}
	if err != nil {
		*p = Params{"": err.Error()}
	}
}

var _ codec.Selfer = (*Params)(nil)
