package schedules

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

// full says that a test is to do all that it claims, in a minute or two. Else it does a share that is quick. everything adds what takes
// some minutes more.
var (
	everything = flag.Bool("evidence.all", os.Getenv("EVIDENCE") == "all", "run what takes minutes too; also by EVIDENCE=all")
	full       = flag.Bool("evidence.full", os.Getenv("EVIDENCE") == "full" || os.Getenv("EVIDENCE") == "all",
		"run more than a quick share; also by EVIDENCE=full")
)

// evidence prints one line with what a test reached, in a form that can be compared.
func evidence(what string, figures ...any) {
	var b strings.Builder
	for i := 0; i+1 < len(figures); i += 2 {
		fmt.Fprintf(&b, " %v=%v", figures[i], figures[i+1])
	}
	fmt.Printf("EVIDENCE %s%s\n", what, b.String())
}
