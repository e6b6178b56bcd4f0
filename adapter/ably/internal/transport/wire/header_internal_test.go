package wire

import (
	"encoding/json"
	"testing"
	"time"

	"ablyrooms.example/internal/bubble"
)

// patience is the time limit for work that takes microseconds.
const patience = 10 * time.Second

// The scanner reads the header of every frame that servers send, in one pass, whatever the other
// fields are. A header that it didn't read would be decoded twice.
func TestTheScannerReadsHeaders(t *testing.T) {
	for frame, want := range map[string]Header{
		`{"action":15,"channel":"a::$chat"}`: {15, "a::$chat"},
		`{"channel":"a","action":15}`:        {15, "a"},
		`{}`:                                 {},
		`{"action":0}`:                       {},
		`{"action":-1,"channel":""}`:         {-1, ""},
		"{\"action\":7\n}":                   {7, ""},
		"{\"action\":7\r}":                   {7, ""},
		"{\"action\":7\t}":                   {7, ""},
		"{\"action\":7 }":                    {7, ""},
		"\n\r\t { \"action\" : 15 , \"channel\" : \"b\" } \t\r\n":                    {15, "b"},
		`{"id":"x","action":4}`:                                                      {4, ""},
		`{"id":"\"action\\","action":4}`:                                             {4, ""},
		`{"id":"\\","x":"}{][,","action":4}`:                                         {4, ""},
		`{"x":[{"action":1},[2,3],"]"],"action":4,"y":{"a":{"b":1},"channel":"no"}}`: {4, ""},
		`{"x":{},"y":[],"z":null,"action":4,"w":1.5e3,"channel":"c","v":true}`:       {4, "c"},
		`{"x":{"y":[1]},"channel":"é€"}`:                                             {0, "é€"},
		`{"channel":"two words"}`:                                                    {0, "two words"},
		`{"channel":"last"}`:                                                         {0, "last"},
		`{"x":1, "messages":[{"data":"a"},{"data":"b"}]}`:                            {},
	} {
		bubble.Ends(t, patience, func() {
			s := scanner{b: []byte(frame)}
			if got, ok := s.header(); !ok || got != want {
				t.Errorf("%s: %+v, %t; want %+v", frame, got, ok, want)
			}
			for n := range frame {
				part := scanner{b: []byte(frame[:n])}
				if _, ok := part.header(); ok && !json.Valid([]byte(frame[:n])) {
					t.Errorf("%s is a header, without its end", frame[:n])
				}
			}
		})
	}
}

// The scanner either fails on a header or agrees with encoding/json.
func TestTheScannerKnowsWhatItDoesNotKnow(t *testing.T) {
	for frame, unsure := range map[string]bool{
		``: true, `[`: true, `1`: true, `{,}`: true, `{"action"}`: true, `{"action":}`: true, `{action:1}`: true,
		`{"action":1"channel":"a"}`: true, `{"action":1;"channel":"a"}`: true, `{"x":1 "action":1}`: false,
		`{"action":1} x`: true, `{"action":1}{`: true, `{"action":1,}`: true, `{"x"1}`: true, `{"x":`: true,
		`{"action":01}`: true, `{"action":+1}`: true, `{"action":1.0}`: true, `{"action":1e1}`: true,
		`{"action":"1"}`: true, `{"action":null}`: true, `{"action":x}`: true,
		`{"channel":1}`: true, `{"channel":null}`: true, `{"channel":"a`: true,
		`{"channel":"\u0061"}`: true, "{\"channel\":\"a\nb\"}": true, "{\"channel\":\"\xff\"}": true,
		`{"Action":1}`: true, `{"CHANNEL":"a"}`: true, `{"act\u0069on":1}`: true, `{"x":"a`: true, `{"x":[1`: true,
		`{"x":"a\`: true, `{"x":"\"`: true,
		`"action":1}`: true, `{:1}`: true, `{"channel":"a""action":1}`: true,
	} {
		bubble.Ends(t, patience, func() {
			s := scanner{b: []byte(frame)}
			if h, ok := s.header(); ok == unsure {
				t.Errorf("%q: %+v, %t", frame, h, ok)
			}
			got, err := UnmarshalHeader(JSON, []byte(frame))
			var want Header
			if wrong := json.Unmarshal([]byte(frame), &want); unsure && (got != want || (err == nil) != (wrong == nil)) {
				t.Errorf("%q: %+v, %v; want %+v, %v", frame, got, err, want, wrong)
			}
		})
	}
}
