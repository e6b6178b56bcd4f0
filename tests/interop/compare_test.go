package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ablyrooms.example/chat"
)

// TestDifference checks that difference reports each changed field, and that it reports nothing for
// the same moment in another time zone.
func TestDifference(t *testing.T) {
	at := time.UnixMilli(1_000)
	m := chat.Message{Serial: "1", Metadata: map[string]any{"a": 1.0}, Headers: map[string]any{},
		Timestamp: at, Version: chat.MessageVersion{Serial: "1", Timestamp: at}}
	for what, change := range map[string]func(*chat.Message){
		"no metadata":         func(m *chat.Message) { m.Metadata = nil },
		"another number":      func(m *chat.Message) { m.Metadata = map[string]any{"a": 1.5} },
		"a number as text":    func(m *chat.Message) { m.Metadata = map[string]any{"a": "1"} },
		"nil for empty":       func(m *chat.Message) { m.Headers = nil },
		"another millisecond": func(m *chat.Message) { m.Timestamp = at.Add(time.Millisecond) },
		"another version":     func(m *chat.Message) { m.Version.Serial = "2" },
		"a reaction":          func(m *chat.Message) { m.Reactions.Unique = map[string]chat.ReactionClients{"x": {Total: 1}} },
	} {
		other := m
		change(&other)
		if difference(m, other) == "" {
			t.Errorf("%s: difference reports nothing", what)
		}
	}
	other := m
	other.Timestamp = at.In(time.FixedZone("", 3600))
	if diff := difference(m, other); diff != "" {
		t.Errorf("difference reports times of the same moment: %s", diff)
	}
}

// TestUnknownFields checks that decode returns an error for a JSON field that the Go type doesn't
// have.
func TestUnknownFields(t *testing.T) {
	var m chat.Message
	err := decode([]byte(`{"serial":"1","clientId":"a","version":{"serial":"1"}}`), &m)
	if err != nil || m.Serial != "1" || m.ClientID != "a" {
		t.Errorf("decode returned %+v, %v", m, err)
	}
	if err := decode([]byte(`{"serial":"1","colour":"red"}`), &m); err == nil {
		t.Error("decode returned no error for an unknown field")
	}
}

// TestCounts checks that failures are counted and printed, and that the counts of ably-js are read.
func TestCounts(t *testing.T) {
	lines := []line{{"f", "w", "Go to JS", []outcome{{}, {differs: "so"}, {err: fmt.Errorf("broken")},
		{err: fmt.Errorf("worse"), differs: "so"}}}}
	c := count(lines)
	var out strings.Builder
	c2 := counts{}
	err := readCounts(strings.NewReader("one\ncounts rows=3 failed=1\n"), &out, &c2)
	if err != nil || out.String() != "one\n" {
		t.Errorf("readCounts copied %q and returned %v", out.String(), err)
	}
	c.add(c2)
	if diff := cmp.Diff("EVIDENCE interop rows=7 passed=3 differs=1 failed=3", c.evidence()); diff != "" {
		t.Error(diff)
	}
	if err := readCounts(strings.NewReader("one\n"), &out, &c2); err == nil {
		t.Error("readCounts returned no error for an output without counts")
	}
	out.Reset()
	write(&out, lines)
	for _, want := range []string{"w    | Go to JS  | ok   | differs", "f, w, Go to JS (msgpack)\n  differs: so",
		"f, w, Go to JS (msgpack to json)\n  FAIL: worse"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}
