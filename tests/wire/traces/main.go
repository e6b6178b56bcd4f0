// Command traces records the steps of lifecycle.Rooms in the running library, on ably-go and the
// embedded server, and lets TLC check every line by spec/TLA/TraceRooms.tla. It also corrupts
// traces: TLC must accept exactly those that the reference model accepts too. It does the same for
// the cores of channels in the scenarios, by spec/TLA/TraceChannel.tla. With -check it checks the
// traces in files, and can be run in any folder. docs/traces.md describes it.
//
//	go run ./tests/wire/traces [-seed N] [-keep FILE.jsonl] [-channels]
//	go run ablyrooms.example/tests/wire/traces -check FILE.jsonl …
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"testing"

	"ablyrooms.example/internal/bubble"
	"ablyrooms.example/internal/modroot"
	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/spec/TLA/tlcrun"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	check := flag.Bool("check", false, "check the traces in the given files")
	seed := flag.Uint64("seed", 1, "the seed for random scripts, faults and corruptions")
	channels := flag.Bool("channels", false, "record and check only the traces of channels")
	keep := flag.String("keep", "", "write the recorded traces to this `FILE`")
	flag.Parse()
	bubble.Main(func(t *testing.T) int {
		err := error(nil)
		if *check {
			var tlc *tlcrun.TLC
			if tlc, err = newTLC(ctx); err == nil {
				err = checkFiles(ctx, os.Stdout, tlc, flag.Args())
			}
		} else {
			err = run(ctx, t, os.Stdout, *seed, *keep, *channels)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "traces:", err)
			return 1
		}
		return 0
	})
}

// newTLC returns TLC, installed below this module's root, or in the user's cache directory if the
// command runs outside of this module.
func newTLC(ctx context.Context) (*tlcrun.TLC, error) {
	root, err := modroot.Find()
	if err == nil {
		var path string
		if path, err = modroot.Path(root); path != "ablyrooms.example" {
			err = errors.Join(err, modroot.ErrNotFound)
		}
	}
	if err != nil {
		caches, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		root = filepath.Join(caches, "ablyrooms")
	}
	return tlcrun.New(ctx, root, os.Stderr)
}

// checkFiles checks the traces in files.
func checkFiles(ctx context.Context, out io.Writer, tlc *tlcrun.TLC, names []string) error {
	if len(names) == 0 {
		return errors.New("no file to check")
	}
	var all []trace.Trace
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		traces, err := trace.Read(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for i := range traces {
			traces[i].Label = fmt.Sprintf("%s, trace %d", name, i+1)
		}
		all = append(all, traces...)
	}
	verdicts, _, err := judgeTraces(ctx, tlc, true, all)
	if err != nil {
		return err
	}
	rejected, lines := 0, 0
	for i, j := range verdicts {
		lines += len(j.steps)
		if j.refused == nil {
			fmt.Fprintf(out, "%s: accepted: %d steps\n", all[i].Label, len(j.steps))
			continue
		}
		rejected++
		fmt.Fprintf(out, "%s: rejected: step %d is not a step of Rooms.tla: %v\n", all[i].Label, len(j.steps)+1, j.refused)
		if j.differs != "" {
			fmt.Fprintf(out, "  TLC: %s\n", j.differs)
		}
	}
	fmt.Fprintf(out, "EVIDENCE check traces=%d lines=%d accepted=%d rejected=%d\n", len(all), lines,
		len(all)-rejected, rejected)
	if rejected > 0 {
		return fmt.Errorf("%d of %d traces are rejected", rejected, len(all))
	}
	return nil
}
