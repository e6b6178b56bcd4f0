package wire

import "encoding/binary"

// packed decodes the common forms of MessagePack, much faster than package codec. It fails on any
// other form. The caller then uses package codec.
type packed struct {
	b []byte
	i int
}

func (s *packed) header() (h Header, ok bool) {
	n, ok := s.object()
	if !ok {
		return h, false
	}
	for range n {
		key, ok := s.text()
		if !ok {
			return h, false
		}
		switch string(key) {
		case "action":
			if s.i == len(s.b) || s.b[s.i] > 0x7f { // not a small number
				return h, false
			}
			h.Action = Action(s.b[s.i])
			s.i++
		case "channel":
			name, ok := s.text()
			if !ok {
				return h, false
			}
			h.Channel = string(name)
		default:
			if !s.skip() {
				return h, false
			}
		}
	}
	return h, true
}

// object reads the head of a map, and returns how many keys follow.
func (s *packed) object() (n int, ok bool) {
	head, ok := s.take(1)
	switch {
	case !ok:
	case head[0]&0xf0 == 0x80:
		return int(head[0] & 0x0f), true
	case head[0] == 0xde:
		length, ok := s.length(2)
		return int(length), ok
	}
	return 0, false
}

// text reads a string.
func (s *packed) text() ([]byte, bool) {
	head, ok := s.take(1)
	if !ok {
		return nil, false
	}
	n := uint64(0)
	switch c := head[0]; {
	case c&0xe0 == 0xa0:
		n = uint64(c & 0x1f)
	case 0xd9 <= c && c <= 0xdb:
		if n, ok = s.length(1 << (c - 0xd9)); !ok {
			return nil, false
		}
	default:
		return nil, false
	}
	return s.take(n)
}

// take reads n bytes.
func (s *packed) take(n uint64) ([]byte, bool) {
	if n > uint64(len(s.b)-s.i) {
		return nil, false
	}
	taken := s.b[s.i : s.i+int(n)]
	s.i += int(n)
	return taken, true
}

// length reads a big-endian unsigned integer. size is its length in bytes: 1, 2 or 4.
func (s *packed) length(size uint64) (n uint64, ok bool) {
	b, ok := s.take(size)
	switch {
	case !ok:
		return 0, false
	case size == 1:
		return uint64(b[0]), true
	case size == 2:
		return uint64(binary.BigEndian.Uint16(b)), true
	}
	return uint64(binary.BigEndian.Uint32(b)), true
}

// skip reads past a value, without checking its content.
func (s *packed) skip() bool {
	for values := uint64(1); values > 0; values-- {
		head, ok := s.take(1)
		if !ok {
			return false
		}
		c := head[0]
		// bytes is the length of the content. size is the length of the length field, or 0. inner
		// is the number of values in each element: 1 in a list, 2 in a map.
		bytes, size, inner := uint64(0), uint64(0), uint64(0)
		switch {
		case c < 0x80, c >= 0xe0, c == 0xc0, c == 0xc2, c == 0xc3: // numbers, nil, false, true
		case c < 0x90: // maps
			values += 2 * uint64(c&0x0f)
		case c < 0xa0: // lists
			values += uint64(c & 0x0f)
		case c < 0xc0: // strings
			bytes = uint64(c & 0x1f)
		case c >= 0xc4 && c <= 0xc6: // bytes
			size = 1 << (c - 0xc4)
		case c >= 0xca && c <= 0xd3: // float32, float64, uint8 to uint64, int8 to int64
			bytes = [...]uint64{4, 8, 1, 2, 4, 8, 1, 2, 4, 8}[c-0xca]
		case c >= 0xd9 && c <= 0xdb: // strings
			size = 1 << (c - 0xd9)
		case c >= 0xdc && c <= 0xdd: // lists
			size, inner = 2<<(c-0xdc), 1
		case c >= 0xde: // maps
			size, inner = 2<<(c-0xde), 2
		default: // extensions
			return false
		}
		if size > 0 {
			n, ok := s.length(size)
			if !ok {
				return false
			}
			if values += n * inner; inner == 0 {
				bytes = n
			}
		}
		if _, ok := s.take(bytes); !ok {
			return false
		}
	}
	return true
}
