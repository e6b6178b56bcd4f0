// Package evidence decides how much the tests of this folder run, and prints what they reached.
package evidence

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Level is how much the tests run. The environment variable EVIDENCE sets it.
type Level int

// The levels.
const (
	Quick Level = iota // what go test ./... runs, in seconds
	Check              // EVIDENCE=check: what make check runs without the race detector
	Full               // EVIDENCE=full: a minute or two
	All                // EVIDENCE=all: some minutes more
)

// At reports whether the tests run at least this much.
func At(least Level) bool {
	return Level(slices.Index([]string{"", "check", "full", "all"}, os.Getenv("EVIDENCE"))) >= least || least == Quick
}

// Print prints a line with the figures that a test reached: names and values in turn. tests/report
// reads such lines.
func Print(what string, figures ...any) {
	var b strings.Builder
	for i := 0; i+1 < len(figures); i += 2 {
		if s, ok := figures[i+1].(string); ok && strings.Contains(s, " ") {
			figures[i+1] = fmt.Sprintf("%q", s)
		}
		fmt.Fprintf(&b, " %v=%v", figures[i], figures[i+1])
	}
	fmt.Printf("EVIDENCE %s%s\n", what, b.String())
}
