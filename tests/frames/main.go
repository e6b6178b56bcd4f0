// Command frames runs fixed scenarios once for every frame that crosses the wire in them and for each of a list of faults that befalls it,
// and then pairs of faults. Each run is the whole stack, from the rooms' users to the embedded server, in a bubble of virtual time with the
// default timeouts. Each must end with every call settled, the statuses those of the core and of the reference model and true to the
// server, no channel and no goroutine left, and the rooms usable once the fault is over.
//
//	go run ./tests/frames [-run regexp] [-share 0.1] [-pairs 1000] [-seed n] [-full 3] [-list]
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func main() {
	testing.Init() // a bubble needs a test
	only := flag.String("run", "", "run only those of which the name matches this `regexp`, and no pairs; or the run of this name, as get-attach-release/1/out/ATTACH.lobby.1/cut-before")
	share := flag.Float64("share", 1, "the share of the runs with one fault that is run")
	pairs := flag.Int("pairs", 2000, "how many runs with two faults")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano())%1_000_000, "chooses the share, and the pairs")
	full := flag.Int("full", 3, "how many failures are told in full")
	list := flag.Bool("list", false, "list the scenarios and the faults")
	flag.Parse()
	set := settings{share: *share, pairs: *pairs, seed: *seed}
	if *only != "" {
		set.pairs = 0
		one, err := parsePlan(*only)
		if err == nil {
			set.one = &one
		} else if set.only, err = regexp.Compile("^(" + *only + ")$"); err != nil {
			fmt.Fprintln(os.Stderr, "frames:", err)
			os.Exit(2)
		}
	}
	if *list {
		for _, s := range scenarios() {
			fmt.Printf("scenario %-26s %s\n", s.name, s.says)
		}
		for _, f := range faults() {
			fmt.Printf("fault    %-26s %s\n", f.name, f.says)
		}
		return
	}
	begin := time.Now()
	bar := progress{out: os.Stderr, shown: isTerminal(os.Stderr)}
	set.told = bar.show
	testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "frames", F: func(t *testing.T) {
		sum := suite(t, set)
		bar.clear()
		fmt.Print(sum.findings(*full))
		fmt.Printf("frames: seed %d, %v\n%v\n", set.seed, time.Since(begin).Round(100*time.Millisecond), &sum)
		if !sum.good() {
			os.Exit(1)
		}
		os.Exit(0)
	}}}, nil, nil)
}

// progress is a bar that is drawn over itself.
type progress struct {
	out   *os.File
	shown bool
	last  int
}

func (p *progress) show(done, of, failed int) {
	const width = 40
	if now := done * 200 / max(of, 1); p.shown && now != p.last {
		p.last = now
		full := done * width / max(of, 1)
		fmt.Fprintf(p.out, "\r[%s%s] %d/%d, %d failed ", strings.Repeat("=", full), strings.Repeat(" ", width-full), done, of, failed)
	}
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.out, "\r\033[K")
	}
}

// isTerminal tells whether a file is one that a bar can be drawn on.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
