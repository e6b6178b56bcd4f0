package chat

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"time"

	"ablyrooms.example/internal/jsonvalue"
)

// The names of realtime messages of a room (section 18 of the Chat specification).
const (
	NameMessage      = "chat.message"
	NameRoomReaction = "roomReaction"
	NameOccupancy    = "[meta]occupancy"
)

// WireMessage is a realtime message in the form in which a client library passes it on. Data may
// still have the encodings that Encoding lists.
type WireMessage struct {
	Name         string
	ClientID     string
	Data         any
	Encoding     string
	Extras       map[string]any
	Serial       string
	Timestamp    int64 // milliseconds since the Unix epoch
	Action       WireAction
	Version      WireVersion
	Summary      map[string]any // annotations.summary of a summary
	ConnectionID string
}

// WireVersion describes the version of a realtime message (TM2s).
type WireVersion struct {
	Serial      string
	Timestamp   int64 // milliseconds since the Unix epoch
	ClientID    string
	Description string
	Metadata    map[string]string
}

// WireAction is the action of a realtime message (TM5).
type WireAction int

// The actions.
const (
	WireCreate WireAction = iota
	WireUpdate
	WireDelete
	WireMeta
	WireSummary
	WireAppend
)

// payload decodes a payload: it undoes the encodings from the last to the first. It returns nil for
// a payload that can't be decoded, or has an unknown encoding.
func payload(data any, encoding string) any {
	for encoding != "" {
		head, last, found := cutLast(encoding)
		if !found {
			head, last = "", encoding
		}
		encoding = head
		switch last {
		case "json":
			var text []byte
			switch d := data.(type) {
			case string:
				text = []byte(d)
			case []byte:
				text = d
			default:
				continue // the client library has decoded it already
			}
			var err error
			if data, err = jsonvalue.Parse(text); err != nil {
				return nil
			}
		case "base64":
			text, ok := data.(string)
			if !ok {
				return nil
			}
			raw, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil
			}
			data = raw
		case "utf-8":
			if raw, ok := data.([]byte); ok {
				data = string(raw)
			}
		default:
			return nil
		}
	}
	return data
}

func cutLast(s string) (head, last string, found bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+1:], true
}

// The functions below accept a value of any type. They return the zero value for a type that they
// don't expect.

func object(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}

// objectOf is like object, but never returns nil.
func objectOf(v any) map[string]any {
	if o := object(v); o != nil {
		return o
	}
	return map[string]any{}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func flag(v any) bool {
	b, _ := v.(bool)
	return b
}

// count returns a number of JSON or MessagePack as a whole number. It returns 0 for a value that is
// no number, is negative or is too large.
func count(v any) int {
	var n float64
	switch v := v.(type) {
	case float64:
		n = v
	case float32:
		n = float64(v)
	case int:
		n = float64(v)
	case int8:
		n = float64(v)
	case int16:
		n = float64(v)
	case int32:
		n = float64(v)
	case int64:
		n = float64(v)
	case uint8:
		n = float64(v)
	case uint16:
		n = float64(v)
	case uint32:
		n = float64(v)
	case uint64:
		n = float64(v)
	case uint:
		n = float64(v)
	case json.Number:
		n, _ = v.Float64()
	}
	if !(n > 0) || n > math.MaxInt32 {
		return 0
	}
	return int(n)
}

func texts(v any) []string {
	list := []string{}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if s, ok := e.(string); ok {
				list = append(list, s)
			}
		}
	case []string:
		list = append(list, v...)
	}
	return list
}

// moment returns the time of a number of milliseconds since the Unix epoch.
func moment(ms int64) time.Time { return time.UnixMilli(ms) }

// millis returns a number of JSON as milliseconds. It returns 0 for a value that is no number, is
// negative or is too large.
func millis(v any) int64 {
	switch v := v.(type) {
	case float64:
		if v >= 0 && v < 1<<53 {
			return int64(v)
		}
	case json.Number:
		n, _ := v.Int64()
		return max(n, 0)
	case int64:
		return max(v, 0)
	case uint64:
		if v < 1<<53 {
			return int64(v)
		}
	case int:
		return max(int64(v), 0)
	}
	return 0
}

func userClaim(extras map[string]any) string { return text(extras["userClaim"]) }
