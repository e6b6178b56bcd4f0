package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/equality"
	"ablyrooms.example/tests/explore/roommachine"
	"ablyrooms.example/tests/explore/roomsmachine"
	"ablyrooms.example/tests/graphs"
)

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

// comparison is a configuration of the spec with how its three graphs are made.
type comparison struct {
	config, bounds string
	tlc            func(context.Context, *tlcrun.TLC, *tlcrun.Config) (*graphs.Graph, error)
	model          func(context.Context) (*graphs.Graph, error)
	core           func(context.Context) (core *graphs.Graph, refused uint64, err error)
}

// comparisons returns those whose names begin with a prefix.
func comparisons(prefix string) (all []comparison) {
	for _, p := range pairs {
		all = append(all, comparison{p.config, p.bounds.String(), equality.TLC,
			func(context.Context) (*graphs.Graph, error) { return equality.Model(p.bounds), nil },
			func(ctx context.Context) (*graphs.Graph, uint64, error) { return equality.Core(ctx, p.bounds) },
		})
	}
	for _, p := range roomPairs {
		all = append(all, comparison{p.config, p.bounds.String(), equality.RoomTLC,
			func(ctx context.Context) (*graphs.Graph, error) {
				g, _, _, err := equality.RoomGraph(ctx, "the model", roommachine.NewModel(p.bounds))
				return g, err
			},
			func(ctx context.Context) (*graphs.Graph, uint64, error) {
				g, _, refused, err := equality.RoomGraph(ctx, "the core", roommachine.NewCore(p.bounds))
				return g, refused, err
			},
		})
	}
	kept := all[:0]
	for _, c := range all {
		if strings.HasPrefix(c.config, prefix) {
			kept = append(kept, c)
		}
	}
	return kept
}

// outcome is what a comparison came to.
type outcome struct {
	verdicts      [2]string // spec = model, spec = core
	shown         []graphs.Difference
	states, edges int
	refused       uint64
	took          time.Duration
	err           error
}

const same = "equal"

func (o *outcome) equal() bool { return o.verdicts == [2]string{same, same} }

// run makes the three graphs, all at once, and compares them.
func (c *comparison) run(ctx context.Context, tlc *tlcrun.TLC, config *tlcrun.Config) (o outcome) {
	began := time.Now()
	var spec, model, core *graphs.Graph
	errs := make([]error, 3)
	var three sync.WaitGroup
	three.Go(func() { spec, errs[0] = c.tlc(ctx, tlc, config) })
	three.Go(func() { model, errs[1] = c.model(ctx) })
	three.Go(func() { core, o.refused, errs[2] = c.core(ctx) })
	three.Wait()
	if o.err = errors.Join(errs...); o.err != nil {
		return o
	}
	for i, other := range []*graphs.Graph{model, core} {
		found, a, b := graphs.Compare(spec, other, 1)
		o.verdicts[i] = same
		if a+b+len(found) > 0 {
			o.verdicts[i] = fmt.Sprintf("%d and %d edges differ", a, b)
			o.shown = append(o.shown, found...)
		}
	}
	o.states, o.edges = spec.Len()
	o.took = time.Since(began)
	return o
}

// compare compares two configurations at a time, from the largest on, and tells whether all graphs are equal.
func compare(ctx context.Context, prefix string) (bool, error) {
	all := comparisons(prefix)
	if len(all) == 0 {
		return false, fmt.Errorf("no configuration's name begins with %q", prefix)
	}
	tlc, root, err := start(ctx)
	if err != nil {
		return false, err
	}
	configs, order := make([]*tlcrun.Config, len(all)), make([]int, len(all))
	for i, c := range all {
		order[i] = i
		if configs[i], err = tlcrun.ReadConfig(filepath.Join(root, "spec", "TLA", c.config+".cfg")); err != nil {
			return false, err
		}
	}
	slices.SortFunc(order, func(a, b int) int { return configs[b].Distinct - configs[a].Distinct })
	outcomes := make([]outcome, len(all))
	next := make(chan int)
	var two sync.WaitGroup
	for range 2 {
		two.Go(func() {
			for i := range next {
				outcomes[i] = all[i].run(ctx, tlc, configs[i])
				fmt.Fprintf(os.Stderr, "%s: %v\n", all[i].config, outcomes[i].took.Round(time.Second))
			}
		})
	}
	for _, i := range order {
		next <- i
	}
	close(next)
	two.Wait()

	equal := true
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, "configuration\tbounds\tstates\tedges\trefused\tspec = model\tspec = core\ttime")
	for i, o := range outcomes {
		if o.err != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", all[i].config, o.err))
			continue
		}
		equal = equal && o.equal()
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%d\t%s\t%s\t%v\n", all[i].config, all[i].bounds, o.states, o.edges, o.refused, o.verdicts[0], o.verdicts[1],
			o.took.Round(time.Second))
	}
	out.Flush()
	for i, o := range outcomes {
		if o.err == nil {
			fmt.Printf("EVIDENCE equality configuration=%s states=%d edges=%d refused=%d differences=%t\n", all[i].config, o.states, o.edges, o.refused, !o.equal())
		}
		for _, d := range o.shown {
			fmt.Println(d)
		}
	}
	return equal, err
}
