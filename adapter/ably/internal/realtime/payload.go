package realtime

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/chat"
	"ablyrooms.example/internal/jsonvalue"
	"ablyrooms.example/lifecycle"
)

// encode returns data in the form in which it is sent: a string, bytes, or text with the encoding
// json (RSL4). The transport encodes bytes as base64 where the format needs it.
func encode(data any) (encoded any, encoding string, err *lifecycle.ErrorInfo) {
	switch data.(type) {
	case nil, string, []byte:
		return data, "", nil
	}
	text, bad := json.Marshal(data)
	if bad != nil {
		return nil, "", lifecycle.NewErrorInfo(lifecycle.ErrInvalidArgument,
			"the data has no form in JSON", bad)
	}
	return string(text), "json", nil
}

// decode undoes the steps of an encoding, from the right, until it can't undo one. It returns the
// steps that are left, and the error of the first of them (RSL6, RSL6b).
func decode(data any, encoding string) (decoded any, left string, err error) {
	for encoding != "" {
		at := strings.LastIndexByte(encoding, '/')
		next, err := decodeStep(data, encoding[at+1:])
		if err != nil {
			return data, encoding, err
		}
		data, encoding = next, encoding[:max(at, 0)]
	}
	return data, "", nil
}

func decodeStep(data any, encoding string) (any, error) {
	text, isText := data.(string)
	raw, isRaw := data.([]byte)
	switch {
	case encoding == "json" && (isText || isRaw):
		if isText {
			raw = []byte(text)
		}
		return jsonvalue.Parse(raw)
	case encoding == "base64" && isText:
		return base64.StdEncoding.DecodeString(text)
	case encoding == "utf-8" && isRaw:
		return string(raw), nil
	case encoding == "utf-8" && isText:
		return text, nil
	}
	return nil, fmt.Errorf("can't decode %T with the encoding %q", data, encoding)
}

// payload is the payload of a presence message: encoded in messages that this client sends, decoded
// in messages that it received.
type payload struct {
	data     any
	encoding string
	extras   map[string]any
}

func (c *Client) decoded(data any, encoding string) (any, string) {
	decoded, left, err := decode(jsonvalue.Received(data), encoding)
	if err != nil {
		c.config.Load().Log.Warn("a payload can't be decoded", "error", err)
	}
	return decoded, left
}

// messages converts the messages of a frame to those of package chat.
func (c *Client) messages(in []*wire.Message) []chat.WireMessage {
	out := make([]chat.WireMessage, len(in))
	for i, m := range in {
		w := &out[i]
		*w = chat.WireMessage{
			Name: m.Name, ClientID: m.ClientID, ConnectionID: m.ConnectionID,
			Extras: jsonvalue.ReceivedObject(m.Extras),
			Serial: m.Serial, Timestamp: m.Timestamp, Action: chat.WireAction(m.Action),
		}
		w.Data, w.Encoding = c.decoded(m.Data, m.Encoding)
		if v := m.Version; v != nil {
			w.Version = chat.WireVersion{Serial: v.Serial, Timestamp: v.Timestamp, ClientID: v.ClientID,
				Description: v.Description, Metadata: v.Metadata}
		}
		if m.Annotations != nil {
			w.Summary = jsonvalue.ReceivedObject(m.Annotations.Summary)
		}
	}
	return out
}

func annotations(in []*wire.Annotation) []chat.WireAnnotation {
	out := make([]chat.WireAnnotation, len(in))
	for i, a := range in {
		out[i] = chat.WireAnnotation{
			Action: a.Action, Type: a.Type, Name: a.Name, ClientID: a.ClientID, Serial: a.Serial,
			MessageSerial: a.MessageSerial, Timestamp: a.Timestamp, Extras: jsonvalue.ReceivedObject(a.Extras),
		}
		if a.Count != nil {
			count := int(*a.Count)
			out[i].Count = &count
		}
	}
	return out
}
