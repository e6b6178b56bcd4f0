// Command traces records what the Rooms of the running library do, on ably-go and the embedded
// server, and has TLC judge every line by spec/TLA/TraceRooms.tla; and the same with corrupted
// traces, of which only those may pass that the reference model takes too. So it does with what the
// cores of channels do in the scenarios, by spec/TLA/TraceChannel.tla. With -check it judges
// traces from files, from any folder. docs/traces.md has more.
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
	check := flag.Bool("check", false, "judge the traces in the files given")
	seed := flag.Uint64("seed", 1, "the seed of what is drawn")
	channels := flag.Bool("channels", false, "record and judge the traces of channels alone")
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

// newTLC finds TLC: below this module's root, or where the user's caches are.
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

// checkFiles judges the traces of files.
func checkFiles(ctx context.Context, out io.Writer, tlc *tlcrun.TLC, names []string) error {
	if len(names) == 0 {
		return errors.New("there is no file to check")
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
		fmt.Fprintf(out, "%s: rejected: step %d is no step of Rooms.tla: %v\n", all[i].Label, len(j.steps)+1, j.refused)
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
