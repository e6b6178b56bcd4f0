package schedules

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

// full says that a test is to do all that it claims. Else it does a share that is quick.
var full = flag.Bool("evidence.full", os.Getenv("EVIDENCE") == "full", "run everything, not a quick share; also by EVIDENCE=full")

// evidence prints one line with what a test reached, in a form that can be compared.
func evidence(what string, figures ...any) {
	var b strings.Builder
	for i := 0; i+1 < len(figures); i += 2 {
		fmt.Fprintf(&b, " %v=%v", figures[i], figures[i+1])
	}
	fmt.Printf("EVIDENCE %s%s\n", what, b.String())
}
