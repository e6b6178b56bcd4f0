package wire

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
)

// Complete removes the null entries of a received frame. An entry that lacks its id, connectionId
// or timestamp gets it from the frame (TM2a, TM2c, TM2f, TP3a, TP3d, TP3g). Complete returns how
// many entries were null.
func (m *ProtocolMessage) Complete() (nulls int) {
	before := len(m.Messages) + len(m.Presence) + len(m.Annotations)
	for i, e := range m.Messages {
		if e == nil {
			continue
		}
		m.fill(i, &e.ID, &e.ConnectionID, &e.Timestamp)
		if e.Version == nil { // TM2s
			e.Version = &MessageVersion{}
		}
		if e.Version.Serial == "" {
			e.Version.Serial = e.Serial
		}
		if e.Version.Timestamp == 0 {
			e.Version.Timestamp = e.Timestamp
		}
	}
	for i, e := range m.Presence {
		if e != nil {
			m.fill(i, &e.ID, &e.ConnectionID, &e.Timestamp)
		}
	}
	for i, e := range m.Annotations {
		if e != nil {
			m.fill(i, &e.ID, &e.ConnectionID, &e.Timestamp)
		}
	}
	m.Messages = withoutNulls(m.Messages)
	m.Presence = withoutNulls(m.Presence)
	m.Annotations = withoutNulls(m.Annotations)
	return before - len(m.Messages) - len(m.Presence) - len(m.Annotations)
}

func (m *ProtocolMessage) fill(i int, id, connectionID *string, timestamp *int64) {
	if *id == "" && m.ID != "" {
		*id = m.ID + ":" + strconv.Itoa(i)
	}
	if *connectionID == "" {
		*connectionID = m.ConnectionID
	}
	if *timestamp == 0 {
		*timestamp = m.Timestamp
	}
}

func withoutNulls[E any](entries []*E) []*E {
	return slices.DeleteFunc(entries, func(e *E) bool { return e == nil })
}

// Exceeds reports whether [ProtocolMessage.Size] is larger than max bytes. It is cheap for a frame
// that is much smaller.
func (m *ProtocolMessage) Exceeds(max int64) bool { return m.sum(bound) > max && m.Size() > max }

// Size returns the size, in bytes, that Ably compares with maxMessageSize. It is the size of the
// names, client ids, data and extras of the frame's entries (TM6, TP3h, CD2c).
func (m *ProtocolMessage) Size() int64 { return m.sum(size) }

func (m *ProtocolMessage) sum(size func(any) int64) int64 {
	var n int64
	for _, e := range m.Messages {
		n += int64(len(e.Name)+len(e.ClientID)) + size(e.Data) + size(e.Extras)
	}
	for _, e := range m.Presence {
		n += int64(len(e.ClientID)) + size(e.Data) + size(e.Extras)
	}
	for _, e := range m.Annotations {
		n += int64(len(e.Name)+len(e.ClientID)+len(e.Type)) + size(e.Data) + size(e.Extras)
	}
	return n
}

func size(v any) int64 {
	switch v := v.(type) {
	case nil:
		return 0
	case string:
		return int64(len(v))
	case []byte:
		return int64(len(v))
	case map[string]any:
		if len(v) == 0 {
			return 0
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return 0 // v can't be encoded: sending the frame reports the error
	}
	return int64(len(b))
}

// bound returns a number that is at least size(v), and cheaper to compute.
func bound(v any) int64 {
	const scalar = 32 // at least the size of a number, a bool or null, with a comma
	text := func(s string) int64 { return 6*int64(len(s)) + 3 }
	switch v := v.(type) {
	case nil, bool, float64, int, int64:
		return scalar
	case string:
		return text(v)
	case json.Number:
		return int64(len(v)) + 1
	case []byte: // base64
		return 2*int64(len(v)) + scalar
	case []any:
		n := int64(scalar)
		for _, e := range v {
			n += bound(e)
		}
		return n
	case map[string]any:
		n := int64(scalar)
		for key, e := range v {
			n += text(key) + bound(e)
		}
		return n
	}
	return math.MaxInt32
}
