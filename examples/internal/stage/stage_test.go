package stage

import (
	"bytes"
	"testing"
)

// What others say can't give orders to the terminal.
func TestPrintfIsClean(t *testing.T) {
	var out bytes.Buffer
	s := &Stage{Out: &out}
	s.Printf("%s says %s", "eve\x1b[2J", "a\r\nb\a\u202e é 👋")
	if got, want := out.String(), "eve[2J says ab é 👋\n"; got != want {
		t.Errorf("printed %q, expected %q", got, want)
	}
}
