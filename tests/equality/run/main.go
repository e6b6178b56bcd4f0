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
	"strings"
	"text/tabwriter"
	"time"

	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/equality"
	"ablyrooms.example/tests/explore/roommachine"
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

// roomPairs are the same for one room.
var roomPairs = []struct {
	config string
	bounds roommachine.Bounds
}{
	{equality.RoomGoldenConfig, roommachine.Bounds{Calls: 2, Errors: 1, Bare: true}},
	{"MCRoomStatus_graph4", roommachine.Bounds{Calls: 4, Errors: 1, Bare: true}},
}

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

func compare(ctx context.Context, only string) (bool, error) {
	tlc, root, err := start(ctx)
	if err != nil {
		return false, err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, "configuration\tbounds\tstates\tedges\trefused\tspec = model\tspec = core\ttime")
	equal := true
	var shown []graphs.Difference
	compared := 0
	row := func(config, bounds string, graphsOf func(*tlcrun.Config) (spec, model, core *graphs.Graph, refused uint64, err error)) error {
		if !strings.HasPrefix(config, only) {
			return nil
		}
		began := time.Now()
		c, err := tlcrun.ReadConfig(filepath.Join(root, "spec", "TLA", config+".cfg"))
		if err != nil {
			return err
		}
		spec, model, core, refused, err := graphsOf(c)
		if err != nil {
			return err
		}
		compared++
		verdicts := [2]string{}
		for i, other := range []*graphs.Graph{model, core} {
			found, a, b := graphs.Compare(spec, other, 1)
			verdicts[i] = "equal"
			if a+b+len(found) > 0 {
				verdicts[i], equal = fmt.Sprintf("%d and %d edges differ", a, b), false
				shown = append(shown, found...)
			}
		}
		states, edges := spec.Len()
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%d\t%s\t%s\t%v\n", config, bounds, states, edges, refused, verdicts[0], verdicts[1], time.Since(began).Round(time.Second))
		out.Flush()
		fmt.Printf("EVIDENCE equality configuration=%s states=%d edges=%d refused=%d differences=%t\n", config, states, edges, refused, verdicts != [2]string{"equal", "equal"})
		return nil
	}
	for _, p := range pairs {
		err := row(p.config, p.bounds.String(), func(c *tlcrun.Config) (spec, model, core *graphs.Graph, refused uint64, err error) {
			if spec, err = equality.TLC(ctx, tlc, c); err != nil {
				return nil, nil, nil, 0, err
			}
			core, refused, err = equality.Core(ctx, p.bounds)
			return spec, equality.Model(p.bounds), core, refused, err
		})
		if err != nil {
			return false, err
		}
	}
	for _, p := range roomPairs {
		err := row(p.config, p.bounds.String(), func(c *tlcrun.Config) (spec, model, core *graphs.Graph, refused uint64, err error) {
			if spec, err = equality.RoomTLC(ctx, tlc, c); err != nil {
				return nil, nil, nil, 0, err
			}
			if model, _, _, err = equality.RoomGraph(ctx, "the model", roommachine.NewModel(p.bounds)); err != nil {
				return nil, nil, nil, 0, err
			}
			core, _, refused, err = equality.RoomGraph(ctx, "the core", roommachine.NewCore(p.bounds))
			return spec, model, core, refused, err
		})
		if err != nil {
			return false, err
		}
	}
	if compared == 0 {
		return false, fmt.Errorf("no configuration's name begins with %q", only)
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
