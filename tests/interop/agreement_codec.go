package main

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/coder/websocket"
	"github.com/ugorji/go/codec"

	"ablyrooms.example/adapter/ably/ablytest"
)

// format is an encoding of frames, by its name in the address of a WebSocket.
type format string

const (
	inJSON    format = "json"
	inMsgPack format = "msgpack"
)

var formats = []format{inJSON, inMsgPack}

// wireFrame is one frame as it stands on the wire: a missing field, a null and a zero are three
// things. Its values are of the types that decoding makes: in MessagePack int64 and float64, string
// and []byte are different. The opening of a WebSocket is a frame too, with the parameters of its
// address.
type wireFrame struct {
	action  ablytest.Action
	channel string
	sent    bool // by the client
	format  format
	fields  map[string]any
	data    []byte // as it came; nil for a frame that was changed or made here
}

// msgpackHandle tells text from binary both ways.
var msgpackHandle = func() *codec.MsgpackHandle {
	h := &codec.MsgpackHandle{WriteExt: true}
	h.MapType = reflect.TypeFor[map[string]any]()
	h.SignedInteger = true
	return h
}()

// decode reads a frame.
func (f format) decode(data []byte, sent bool) (wireFrame, error) {
	frame := wireFrame{sent: sent, format: f, data: data}
	var err error
	if f == inMsgPack {
		err = codec.NewDecoderBytes(data, msgpackHandle).Decode(&frame.fields)
	} else {
		err = json.Unmarshal(data, &frame.fields)
	}
	if err != nil {
		return frame, fmt.Errorf("a frame in %s, %q: %w", f, data, err)
	}
	action, ok := whole(frame.fields["action"])
	if !ok {
		return frame, fmt.Errorf("a frame in %s, %q: it has no action", f, data)
	}
	frame.action = ablytest.Action(action)
	frame.channel, _ = frame.fields["channel"].(string)
	return frame, nil
}

// encode writes the fields of a frame.
func (f format) encode(fields map[string]any) (data []byte, err error) {
	if f == inMsgPack {
		err = codec.NewEncoderBytes(&data, msgpackHandle).Encode(fields)
		return data, err
	}
	return json.Marshal(fields)
}

// kind returns the type of the WebSocket's messages.
func (f format) kind() websocket.MessageType {
	if f == inMsgPack {
		return websocket.MessageBinary
	}
	return websocket.MessageText
}

// whole returns a whole number of a frame, and reports whether it is one.
func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case float64:
		return int64(v), v == float64(int64(v))
	}
	return 0, false
}

// text returns a value that has no others in it, so that values of two types have two texts.
func (f format) text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return fmt.Sprintf("binary %q", v)
	case float64:
		if f == inMsgPack {
			return fmt.Sprintf("float %v", v)
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%T %v", v, v)
	}
	return string(text)
}
