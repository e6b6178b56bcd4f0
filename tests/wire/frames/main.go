// Command frames plays fixed scenarios. Each run has one fault at one frame of a scenario; together
// the runs have each fault of a list at each frame. Then it makes runs with pairs of faults. A run
// uses the whole stack, from the users of the rooms to the embedded server, in a bubble of virtual
// time with the default timeouts. Package world describes what is checked.
//
//	go run ./tests/wire/frames [-run regexp] [-share 0.1] [-pairs 1000] [-seed n] [-full 3]
//	go run ./tests/wire/frames -list
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"ablyrooms.example/internal/bubble"
	"ablyrooms.example/tests/wire/world"
)

func main() {
	only := flag.String("run", "", "make only the runs with one fault whose names match this `regexp`, or the run with this name")
	var set settings
	flag.Float64Var(&set.share, "share", 1, "the share of the runs with one fault to make, from 0 to 1")
	flag.IntVar(&set.pairs, "pairs", 2000, "the number of runs with two faults")
	flag.Uint64Var(&set.seed, "seed", uint64(time.Now().UnixNano())%1_000_000, "selects the runs of the share, and the pairs")
	full := flag.Int("full", 3, "the number of failures to report in full")
	list := flag.Bool("list", false, "list the scenarios, the faults and the known failures")
	flag.Parse()
	if *list {
		for _, s := range world.Scenarios() {
			fmt.Printf("scenario %-26s %s\n", s.Name, s.Says)
		}
		for _, f := range world.Faults() {
			fmt.Printf("fault    %-26s %s\n", f.Name, f.Says)
		}
		for _, k := range world.KnownFailures() {
			fmt.Printf("known    %-26s %s\n", k.Name, k.Reason)
		}
		return
	}
	if *only != "" {
		set.pairs = 0
		one, err := world.ParsePlan(*only)
		if err == nil {
			set.one = &one
		} else if set.only, err = regexp.Compile("^(" + *only + ")$"); err != nil {
			fmt.Fprintln(os.Stderr, "frames:", err)
			os.Exit(2)
		}
	}
	begin := time.Now()
	bubble.Main(func(t *testing.T) int {
		sum := suite(t, set)
		fmt.Print(sum.findings(*full), sum.known)
		fmt.Printf("frames: seed %d, %v\n%v\n", set.seed, time.Since(begin).Round(time.Second), sum)
		return min(len(sum.failed)+len(sum.trouble), 1)
	})
}
