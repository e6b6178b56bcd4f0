package stage

import (
	"bytes"
	"testing"
)

// hostile is a name that would clear the screen, set a colour, reverse the direction of the line
// and begin another line.
const hostile = "\x1b[2J\x1b[31meve\u202e\u2066\u2028\r\nroot:\x00\x7f\u009b31m\xff👩\u200d🚀"

// TestPrintfIsHarmless checks that names and texts of others only appear in their line.
func TestPrintfIsHarmless(t *testing.T) {
	var out bytes.Buffer
	s := &Stage{Out: &out}
	s.Printf("%s says %v", hostile, map[string]any{hostile: hostile})
	const harmless = "[2J[31meve  root:31m\ufffd👩\u200d🚀"
	if want := harmless + " says map[" + harmless + ":" + harmless + "]\n"; out.String() != want {
		t.Errorf("Printf wrote %q,\nexpected %q", out.String(), want)
	}
}
