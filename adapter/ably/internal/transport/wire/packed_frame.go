package wire

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"
)

// maxDepth is how deep a payload may be nested. The fast decoder fails on a deeper one.
const maxDepth = 32

// frame decodes a frame of messages, an answer to a request or an acknowledgement. It fails on
// entries of other kinds, and on a list or object that comes twice, since a decoder may merge the
// two.
func (s *packed) frame(m *ProtocolMessage) bool {
	n, ok := s.object()
	for ; n > 0 && ok; n-- {
		var key []byte
		if key, ok = s.text(); !ok {
			return false
		}
		switch string(key) {
		case "action":
			var action int
			ok = s.small(&action)
			m.Action = Action(action)
		case "id":
			ok = s.string(&m.ID)
		case "channel":
			ok = s.string(&m.Channel)
		case "channelSerial":
			ok = s.string(&m.ChannelSerial)
		case "connectionId":
			ok = s.string(&m.ConnectionID)
		case "flags":
			var flags int64
			ok = s.integer(&flags)
			m.Flags = Flags(flags)
		case "msgSerial":
			serial := new(int64)
			ok = s.integer(serial)
			m.MsgSerial = serial
		case "count":
			ok = s.small(&m.Count)
		case "timestamp":
			ok = s.integer(&m.Timestamp)
		case "params":
			ok = s.strings(&m.Params)
		case "messages":
			ok = list(s, &m.Messages, (*packed).message)
		case "res":
			ok = list(s, &m.Res, (*packed).result)
		case "connectionDetails", "error", "presence", "annotations", "auth":
			return false
		default:
			ok = s.skip()
		}
	}
	return ok
}

func (s *packed) message(m *Message) bool {
	n, ok := s.object()
	for ; n > 0 && ok; n-- {
		var key []byte
		if key, ok = s.text(); !ok {
			return false
		}
		switch string(key) {
		case "id":
			ok = s.string(&m.ID)
		case "clientId":
			ok = s.string(&m.ClientID)
		case "connectionId":
			ok = s.string(&m.ConnectionID)
		case "name":
			ok = s.string(&m.Name)
		case "data":
			if m.Data != nil {
				return false
			}
			m.Data, ok = s.value(maxDepth)
		case "encoding":
			ok = s.string(&m.Encoding)
		case "timestamp":
			ok = s.integer(&m.Timestamp)
		case "extras":
			if m.Extras != nil {
				return false
			}
			m.Extras, ok = s.values(maxDepth)
		case "serial":
			ok = s.string(&m.Serial)
		case "action":
			ok = s.small(&m.Action)
		case "version":
			if m.Version != nil {
				return false
			}
			m.Version = &MessageVersion{}
			ok = s.version(m.Version)
		case "annotations":
			return false
		default:
			ok = s.skip()
		}
	}
	return ok
}

func (s *packed) version(v *MessageVersion) bool {
	n, ok := s.object()
	for ; n > 0 && ok; n-- {
		var key []byte
		if key, ok = s.text(); !ok {
			return false
		}
		switch string(key) {
		case "serial":
			ok = s.string(&v.Serial)
		case "timestamp":
			ok = s.integer(&v.Timestamp)
		case "clientId":
			ok = s.string(&v.ClientID)
		case "description":
			ok = s.string(&v.Description)
		case "metadata":
			ok = s.strings(&v.Metadata)
		default:
			ok = s.skip()
		}
	}
	return ok
}

func (s *packed) result(r *PublishResult) bool {
	n, ok := s.object()
	for ; n > 0 && ok; n-- {
		var key []byte
		if key, ok = s.text(); !ok {
			return false
		}
		if string(key) == "serials" {
			ok = list(s, &r.Serials, (*packed).string)
		} else {
			ok = s.skip()
		}
	}
	return ok
}

// list reads a list whose elements are objects, strings or nil.
func list[E any](s *packed, to *[]*E, take func(*packed, *E) bool) bool {
	n, ok := s.listed()
	if !ok || n == 0 || *to != nil {
		return false
	}
	all := make([]*E, 0, min(n, 16)) // n is unchecked: allocate little before the elements are seen
	for ; n > 0; n-- {
		if s.null() {
			all = append(all, nil)
			continue
		}
		e := new(E)
		if !take(s, e) {
			return false
		}
		all = append(all, e)
	}
	*to = all
	return true
}

// listed reads the head of a list, and returns how many values follow.
func (s *packed) listed() (n int, ok bool) {
	head, ok := s.take(1)
	switch {
	case !ok:
	case head[0]&0xf0 == 0x90:
		return int(head[0] & 0x0f), true
	case head[0] == 0xdc:
		length, ok := s.length(2)
		return int(length), ok
	}
	return 0, false
}

// null reads a nil, and reports whether there was one.
func (s *packed) null() bool {
	if s.i < len(s.b) && s.b[s.i] == 0xc0 {
		s.i++
		return true
	}
	return false
}

func (s *packed) string(to *string) bool {
	text, ok := s.text()
	*to = string(text)
	return ok
}

// strings reads an object of strings.
func (s *packed) strings(to *map[string]string) bool {
	n, ok := s.object()
	if !ok || *to != nil {
		return false
	}
	all := make(map[string]string, min(n, 16))
	for ; n > 0; n-- {
		var key, value string
		if !s.string(&key) || !s.string(&value) {
			return false
		}
		all[key] = value
	}
	*to = all
	return true
}

// small reads a number that fits an int.
func (s *packed) small(to *int) bool {
	var n int64
	ok := s.integer(&n)
	*to = int(n)
	return ok && int64(*to) == n
}

// integer reads a whole number.
func (s *packed) integer(to *int64) bool {
	head, ok := s.take(1)
	if !ok {
		return false
	}
	c := head[0]
	switch {
	case c < 0x80, c >= 0xe0:
		*to = int64(int8(c))
		return true
	case c < 0xcc || c > 0xd3:
		return false
	}
	b, ok := s.take(1 << ((c - 0xcc) & 3))
	if !ok {
		return false
	}
	switch c {
	case 0xcc:
		*to = int64(b[0])
	case 0xcd:
		*to = int64(binary.BigEndian.Uint16(b))
	case 0xce:
		*to = int64(binary.BigEndian.Uint32(b))
	case 0xd0:
		*to = int64(int8(b[0]))
	case 0xd1:
		*to = int64(int16(binary.BigEndian.Uint16(b)))
	case 0xd2:
		*to = int64(int32(binary.BigEndian.Uint32(b)))
	default: // 64 bits, signed or unsigned
		*to = int64(binary.BigEndian.Uint64(b))
		return c == 0xd3 || *to >= 0
	}
	return true
}

// value reads a value of a payload.
func (s *packed) value(depth int) (v any, ok bool) {
	if s.i == len(s.b) || depth == 0 {
		return nil, false
	}
	switch c := s.b[s.i]; {
	case c == 0xc0:
		s.i++
		return nil, true
	case c == 0xc2, c == 0xc3:
		s.i++
		return c == 0xc3, true
	case c&0xe0 == 0xa0, 0xd9 <= c && c <= 0xdb:
		var text string
		ok = s.string(&text)
		return text, ok
	case 0xc4 <= c && c <= 0xc6:
		s.i++
		n, ok := s.length(1 << (c - 0xc4))
		if !ok {
			return nil, false
		}
		b, ok := s.take(n)
		return append([]byte{}, b...), ok
	case c == 0xcb:
		s.i++
		b, ok := s.take(8)
		if !ok {
			return nil, false
		}
		f := math.Float64frombits(binary.BigEndian.Uint64(b))
		return json.Number(strconv.FormatFloat(f, 'g', -1, 64)), true
	case c&0xf0 == 0x80, c == 0xde:
		return s.values(depth)
	case c&0xf0 == 0x90, c == 0xdc:
		n, ok := s.listed()
		if !ok {
			return nil, false
		}
		all := make([]any, 0, min(n, 16))
		for ; n > 0; n-- {
			e, ok := s.value(depth - 1)
			if !ok {
				return nil, false
			}
			all = append(all, e)
		}
		return all, true
	}
	var n int64
	if !s.integer(&n) {
		return nil, false
	}
	return json.Number(strconv.FormatInt(n, 10)), true
}

// Value decodes plain MessagePack: maps as map[string]any, numbers as [json.Number]. It returns
// false for bytes that are unusual or malformed.
func Value(b []byte) (v any, ok bool) {
	s := packed{b: b}
	v, ok = s.value(maxDepth)
	return v, ok && s.i == len(b)
}

// values reads an object of a payload.
func (s *packed) values(depth int) (map[string]any, bool) {
	n, ok := s.object()
	if !ok || depth == 0 {
		return nil, false
	}
	all := make(map[string]any, min(n, 16))
	for ; n > 0; n-- {
		var key string
		if !s.string(&key) {
			return nil, false
		}
		if _, twice := all[key]; twice {
			return nil, false
		}
		if all[key], ok = s.value(depth - 1); !ok {
			return nil, false
		}
	}
	return all, true
}
