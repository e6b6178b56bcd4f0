// Command run compares the state graphs of the spec, the model and the core, both ways, at several bounds, with TLC's graphs made
// afresh. With -golden it writes the golden that the tests compare with where there is no Java.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"text/tabwriter"
	"time"

	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/equality"
	"ablyrooms.example/tests/explore/roomsmachine"
	"ablyrooms.example/tests/graphs"
)

// goldenConfig is the configuration whose graph is kept.
const goldenConfig = "MCRooms_graph1"

// pairs are the configurations of the spec with the bounds that say the same.
var pairs = []struct {
	config string
	bounds roomsmachine.Bounds
}{
	{goldenConfig, roomsmachine.Bounds{Calls: 4, Names: 1, Options: 1}},
	{"MCRooms_graph2", roomsmachine.Bounds{Calls: 3, Names: 2, Options: 2}},
	{"MCRooms_safety4", roomsmachine.Bounds{Calls: 4, Names: 2, Options: 2}},
}

func main() {
	golden := flag.Bool("golden", false, "write the golden anew")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	equal := true
	if *golden {
		err = writeGolden(ctx)
	} else {
		equal, err = compare(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "equality:", err)
		os.Exit(1)
	}
	if !equal {
		os.Exit(1)
	}
}

func start(ctx context.Context) (*tlcrun.TLC, string, error) {
	root, err := tlcrun.Root()
	if err != nil {
		return nil, "", err
	}
	tlc, err := tlcrun.New(ctx, root, os.Stderr)
	return tlc, root, err
}

func compare(ctx context.Context) (bool, error) {
	tlc, root, err := start(ctx)
	if err != nil {
		return false, err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, "configuration\tbounds\tstates\tedges\trefused\tspec = model\tspec = core\ttime")
	equal := true
	var shown []graphs.Difference
	for _, p := range pairs {
		began := time.Now()
		config, err := tlcrun.ReadConfig(filepath.Join(root, "spec", "TLA", p.config+".cfg"))
		if err != nil {
			return false, err
		}
		spec, err := equality.TLC(ctx, tlc, config)
		if err != nil {
			return false, err
		}
		verdicts := [2]string{}
		model := equality.Model(p.bounds)
		core, refused, err := equality.Core(ctx, p.bounds)
		if err != nil {
			return false, err
		}
		for i, other := range []*graphs.Graph{model, core} {
			found, a, b := graphs.Compare(spec, other, 1)
			verdicts[i] = "equal"
			if a+b+len(found) > 0 {
				verdicts[i], equal = fmt.Sprintf("%d and %d edges differ", a, b), false
				shown = append(shown, found...)
			}
		}
		states, edges := spec.Len()
		fmt.Fprintf(out, "%s\t%v\t%d\t%d\t%d\t%s\t%s\t%v\n", p.config, p.bounds, states, edges, refused, verdicts[0], verdicts[1], time.Since(began).Round(time.Second))
		out.Flush()
		fmt.Printf("EVIDENCE equality configuration=%s states=%d edges=%d refused=%d differences=%t\n", p.config, states, edges, refused, verdicts != [2]string{"equal", "equal"})
	}
	for _, d := range shown {
		fmt.Println(d)
	}
	return equal, nil
}

func writeGolden(ctx context.Context) error {
	tlc, root, err := start(ctx)
	if err != nil {
		return err
	}
	config, err := tlcrun.ReadConfig(filepath.Join(root, "spec", "TLA", goldenConfig+".cfg"))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "golden")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "graph.dot")
	if _, err := tlc.Dump(ctx, config, file); err != nil {
		return err
	}
	dump, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	hash, err := equality.HashOf(root, goldenConfig)
	if err != nil {
		return err
	}
	return equality.WriteGolden(filepath.Join(root, "tests", "equality", "testdata", goldenConfig+".dot.gz"), equality.Golden{Hash: hash, Dump: dump})
}
