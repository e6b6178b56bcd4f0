package subject

import (
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/tests/conformance"
)

func TestScriptsAreReadAsTheyAreWritten(t *testing.T) {
	bounds := NewPlan(conformance.AllPromises(), 3, 0).Random[1]
	kinds := map[Kind]bool{}
	for i := range uint64(200) {
		script := random(bounds.Alphabet, bounds.Length, 1, i)
		read, err := ParseScript(script.String())
		if err != nil || !slices.Equal(read, script) {
			t.Fatalf("%v is read as %v, %v", script, read, err)
		}
		if again := random(bounds.Alphabet, bounds.Length, 1, i); !slices.Equal(again, script) {
			t.Fatalf("the same seed draws %v and %v", script, again)
		}
		for _, s := range script {
			kinds[s.Kind] = true
		}
	}
	if len(kinds) != len(allKinds) {
		t.Errorf("drawn are the kinds %v, expected all", kinds)
	}
}

func TestWhatCanNotHappenIsRefused(t *testing.T) {
	for text, why := range map[string]string{
		"get(1, a)":                          "no step",
		"get(1, a, z)":                       "options",
		"fetch(1, a, x)":                     "the words are",
		"get(2, a, x)":                       "the next call",
		"attach(1)":                          "no such room",
		"get(1, a, x); released(1)":          "no DETACHED",
		"get(1, a, x); attached(1)":          "no ATTACHED",
		"get(1, a, x); giveUp(1)":            "settled",
		"get(1, a, invalid); giveUp(1)":      "no such call",
		"get(1, a, x); attach(1); attach(1)": "attached already",
		"get(1, a, x); attach(1); release(2, a); resisted(1); resisted(1)":       "once",
		"get(1, a, x); attach(1); release(2, a); get(3, a, x); attach(2)":        "not ready",
		"get(1, a, x); attaching(1); release(2, a); released(1)":                 "no DETACHED",
		"get(1, a, x); attaching(1); attachRefused(1); release(2, a); attach(1)": "not ready",
	} {
		if _, err := ParseScript(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, expected %q", text, err, why)
		}
	}
}

// TestAllScriptsAreTried counts scripts of each length apart, as the begins of what exhaustive yields and by their number of ways.
func TestAllScriptsAreTried(t *testing.T) {
	a := Alphabet{Calls: 4, Names: []string{"a"}, Options: []string{"x", "y"}, Kinds: fewKinds, Promises: conformance.AllPromises()}
	var ways func(m machine, n int) int
	ways = func(m machine, n int) int {
		if n == 0 {
			return 1
		}
		sum := 0
		for _, s := range m.enabled(a) {
			next, _, _ := m.step(s)
			sum += ways(next, n-1)
		}
		return sum
	}
	begins := map[string]int{}
	for script := range exhaustive(a, 4) {
		for n := range script {
			begins[script[:n+1].String()] = n + 1
		}
	}
	for n := 1; n <= 4; n++ {
		got := 0
		for _, length := range begins {
			if length == n {
				got++
			}
		}
		if want := ways(machine{}, n); got != want || want < 4 {
			t.Errorf("%d scripts of the length %d, expected %d", got, n, want)
		}
	}
}

func TestShortenKeepsWhatMatters(t *testing.T) {
	long := parse(t, "get(1, b, y); attaching(1); get(2, a, y+defaults); get(3, a, invalid); attachRefused(1); attach(2); release(4, a); "+
		"get(5, a, y); release(6, b); failed(2); dispose(7)")
	got := Shorten(long, func(s Script) bool {
		var m machine
		for _, step := range s {
			next, turn, err := m.step(step)
			if err != nil {
				t.Fatalf("%v can't happen: %v", s, err)
			}
			for _, rule := range turn.all {
				if rule.String() == "R22" {
					return true
				}
			}
			m = next
		}
		return false
	})
	if want := "get(1, a, x); attach(1); release(2, a); get(3, a, x); released(1)"; got.String() != want {
		t.Errorf("shortened to %v, expected %s", got, want)
	}
}

func TestDiagramsShowTheWire(t *testing.T) {
	script := parse(t, "get(1, a, x); attaching(1); release(2, a); attached(1); resisted(1); failed(1); get(3, a, invalid)")
	want := `sequenceDiagram
    participant C as callers
    participant R as rooms
    participant S as server
    C->>R: get(1, a, x)
    R-->>C: settle(1, room(1))
    C->>R: attaching(1)
    R->>S: ATTACH a
    C->>R: release(2, a)
    S-->>R: ATTACHED a
    R->>S: DETACH a
    S-->>R: ATTACHED a
    R->>S: DETACH a
    S-->>R: ERROR a
    R-->>C: settle(2, done)
    C->>R: get(3, a, invalid)
    R-->>C: settle(3, error 40003)
    Note over R: but it waits, no. 1
`
	if got := Mermaid(script, "it waits; #1"); got != want {
		t.Errorf("got\n%s", got)
	}
}
