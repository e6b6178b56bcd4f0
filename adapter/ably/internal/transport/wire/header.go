package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// Header has the fields that decide where a frame goes.
type Header struct {
	Action  Action `json:"action"`
	Channel string `json:"channel"`
}

// UnmarshalHeader decodes only the header of a frame. It never panics. It may return no error for a
// frame whose other fields are malformed.
func UnmarshalHeader(f Format, b []byte) (h Header, err error) {
	if f == MsgPack {
		s := packed{b: b}
		if h, ok := s.header(); ok {
			return h, nil
		}
		err = decodeMsgPack(b, &h)
		return h, err
	}
	s := scanner{b: b}
	if h, ok := s.header(); ok {
		return h, nil
	}
	err = json.Unmarshal(b, &h)
	return h, err
}

// scanner looks for a header in plain JSON, much faster than a decoder that checks the whole frame.
// It fails on anything unusual: the caller then uses that decoder.
type scanner struct {
	b []byte
	i int
}

func (s *scanner) header() (h Header, ok bool) {
	if !s.next('{') {
		return h, false
	}
	for first := true; !s.next('}'); first = false {
		if !first && !s.next(',') {
			return h, false
		}
		key, ok := s.text()
		if !ok || !s.next(':') {
			return h, false
		}
		s.space()
		switch start := s.i; {
		case string(key) == "action":
			n, err := strconv.Atoi(string(s.literal()))
			if err != nil || s.b[start] == '+' || n != 0 && s.b[start] == '0' {
				return h, false
			}
			h.Action = Action(n)
		case string(key) == "channel":
			name, ok := s.text()
			if !ok || !utf8.Valid(name) {
				return h, false
			}
			h.Channel = string(name)
		case bytes.EqualFold(key, []byte("action")) || bytes.EqualFold(key, []byte("channel")) || !s.skip():
			return h, false
		}
	}
	s.space()
	return h, s.i == len(s.b)
}

func (s *scanner) space() {
	for s.i < len(s.b) && (s.b[s.i] == ' ' || s.b[s.i] == '\n' || s.b[s.i] == '\t' || s.b[s.i] == '\r') {
		s.i++
	}
}

// next skips spaces, and then reads c if c is the next byte. It reports whether it read c.
func (s *scanner) next(c byte) bool {
	s.space()
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

// text reads a string without escapes.
func (s *scanner) text() ([]byte, bool) {
	if !s.next('"') {
		return nil, false
	}
	start := s.i
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[start : s.i-1], true
		case c == '\\' || c < ' ':
			return nil, false
		}
	}
	return nil, false
}

// literal reads a number or a word.
func (s *scanner) literal() []byte {
	start := s.i
	for s.i < len(s.b) && bytes.IndexByte([]byte(",}] \n\t\r"), s.b[s.i]) < 0 {
		s.i++
	}
	return s.b[start:s.i]
}

// skip reads past a value, without checking its content.
func (s *scanner) skip() bool {
	depth := 0
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case '"':
			for s.i++; s.i < len(s.b) && s.b[s.i] != '"'; s.i++ {
				if s.b[s.i] == '\\' {
					s.i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return true // the end of the surrounding object
			}
		case ',':
			if depth == 0 {
				return true
			}
		}
		s.i++
	}
	return false
}
