// Command run compares the state graphs of the specs, the models and the cores, both ways, at several bounds, with TLC's graphs made
// afresh. With -golden it writes the goldens that the tests compare with where there is no Java.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/equality"
)

// goldenConfig is the configuration whose graph is kept.
const goldenConfig = "MCRooms_graph1"

func main() {
	golden := flag.Bool("golden", false, "write the goldens anew")
	only := flag.String("only", "", "compare the configurations alone whose names begin with this `prefix`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	equal := true
	if *golden {
		err = writeGolden(ctx)
	} else {
		equal, err = compare(ctx, *only)
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

func writeGolden(ctx context.Context) error {
	tlc, root, err := start(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "golden")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for name, hashOf := range map[string]func(root, config string) (string, error){goldenConfig: equality.HashOf, equality.RoomGoldenConfig: equality.RoomHash} {
		config, err := tlcrun.ReadConfig(filepath.Join(root, "spec", "TLA", name+".cfg"))
		if err != nil {
			return err
		}
		file := filepath.Join(dir, name+".dot")
		if _, err := tlc.Dump(ctx, config, file); err != nil {
			return err
		}
		dump, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if name == equality.RoomGoldenConfig {
			if dump, err = equality.Renumber(dump); err != nil {
				return err
			}
		}
		hash, err := hashOf(root, name)
		if err != nil {
			return err
		}
		golden := filepath.Join(root, "tests", "equality", "testdata", name+".dot.gz")
		if err := equality.WriteGolden(golden, equality.Golden{Hash: hash, Dump: dump}); err != nil {
			return err
		}
	}
	return nil
}
