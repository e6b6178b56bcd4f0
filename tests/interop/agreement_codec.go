package main

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/coder/websocket"
	"github.com/ugorji/go/codec"

	"ablyrooms.example/adapter/ably/ablytest"
)

// format is an encoding of frames. Its value is the name in the address of a WebSocket.
type format string

const (
	inJSON    format = "json"
	inMsgPack format = "msgpack"
)

var formats = []format{inJSON, inMsgPack}

// wireFrame is one frame as it is on the wire. A missing field, a null and a zero are different. In
// MessagePack, int64 and float64 are different too, and so are string and []byte. The opening of a
// WebSocket is also a frame, whose fields are the parameters of the address.
type wireFrame struct {
	action  ablytest.Action
	channel string
	sent    bool // by the client
	format  format
	fields  map[string]any
	data    []byte // the bytes that came; nil for a frame that the relay changed or made
}

// msgpackHandle distinguishes text from binary when it decodes, and when it encodes.
var msgpackHandle = func() *codec.MsgpackHandle {
	h := &codec.MsgpackHandle{WriteExt: true}
	h.MapType = reflect.TypeFor[map[string]any]()
	h.SignedInteger = true
	return h
}()

// decode decodes a frame. sent says whether the client sent it.
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
		return frame, fmt.Errorf("a frame in %s, %q: the frame has no action", f, data)
	}
	frame.action = ablytest.Action(action)
	frame.channel, _ = frame.fields["channel"].(string)
	return frame, nil
}

// encode encodes the fields of a frame.
func (f format) encode(fields map[string]any) (data []byte, err error) {
	if f == inMsgPack {
		err = codec.NewEncoderBytes(&data, msgpackHandle).Encode(fields)
		return data, err
	}
	return json.Marshal(fields)
}

// kind returns the type of WebSocket messages in the format.
func (f format) kind() websocket.MessageType {
	if f == inMsgPack {
		return websocket.MessageBinary
	}
	return websocket.MessageText
}

// whole returns a value of a frame as a whole number, and reports whether it is one.
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

// text returns a text for a value that is neither a list nor an object. Values of different types
// have different texts.
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
