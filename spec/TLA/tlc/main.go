// Command tlc runs TLC on TLA+ specs: on those of this project, or on others.
//
//	go run ./spec/TLA/tlc [-list] [-only REGEX] [-skip REGEX] [-renew] [-keep FOLDER]
//	                      [-dump NAME -o FILE.dot]
//	go run ./spec/TLA/tlc -dir FOLDER …
//
// Without -dir it runs every configuration of this project, including the broken twins and the
// canaries, and compares each run with the result that its head states. It then checks that each
// action of Rooms.tla is taken in one of its graphs, and that each antecedent of a property is
// reached. It exits with 1 unless everything is as stated.
//
// With -dir it runs the configurations of a folder. A configuration without markers must violate
// nothing.
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
	"regexp"
	"slices"

	"ablyrooms.example/internal/modroot"
	"ablyrooms.example/internal/progress"
	"ablyrooms.example/spec/TLA/tlcrun"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the command's flags.
type options struct {
	dir, only, skip, keep, dump, file string
	list, renew                       bool
}

func run(ctx context.Context, args []string, stdout io.Writer, stderr *os.File) int {
	var o options
	flags := flag.NewFlagSet("tlc", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.dir, "dir", "", "run the configurations of this `FOLDER`, not the project's")
	flags.BoolVar(&o.list, "list", false, "list the configurations, and run none")
	flags.StringVar(&o.only, "only", "", "run only configurations whose names match this `REGEX`")
	flags.StringVar(&o.skip, "skip", "^$", "skip configurations whose names match this `REGEX`")
	flags.BoolVar(&o.renew, "renew", false, "run only configurations whose text has changed, and write the figures that TLC finds")
	flags.StringVar(&o.keep, "keep", "", "write TLC's own output to this `FOLDER`")
	flags.StringVar(&o.dump, "dump", "", "write the graph of the configuration `NAME` to -o")
	flags.StringVar(&o.file, "o", "", "the `FILE` for -dump, ending in .dot")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 1
	}
	failed, err := o.run(ctx, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "tlc: %v\n", err)
		return 1
	}
	return min(failed, 1)
}

func (o options) run(ctx context.Context, stdout io.Writer, stderr *os.File) (failed int, err error) {
	root := ""
	var all []*tlcrun.Config
	if o.dir != "" {
		all, err = tlcrun.ReadConfigs(o.dir)
	} else if root, err = modroot.Find(); err == nil {
		all, err = load(root)
	}
	if err != nil {
		return 0, err
	}
	if o.dump != "" {
		o.only = "^" + regexp.QuoteMeta(o.dump) + "$"
	}
	configs, err := o.choose(all)
	if err != nil {
		return 0, err
	}
	if o.list {
		printList(stdout, configs)
		return 0, nil
	}
	tlc, err := tlcrun.New(ctx, root, stderr)
	if err != nil {
		return 0, err
	}
	if o.dump != "" {
		r, err := tlc.Dump(ctx, configs[0], o.file)
		if err == nil {
			fmt.Fprintf(stdout, "%s: %d states in %s\n", configs[0].Name, r.Distinct, o.file)
		}
		return 0, err
	}
	if o.keep != "" {
		if err := os.MkdirAll(o.keep, 0o755); err != nil {
			return 0, err
		}
	}
	if o.renew {
		same := func(c *tlcrun.Config) bool { return c.CheckHash() == nil }
		configs = slices.DeleteFunc(configs, same)
	}
	s := &suite{tlc: tlc, keep: o.keep, bar: progress.Start(stderr), taken: map[string]map[string]int{}}
	if o.renew {
		s.renew = root
	}
	outcomes := s.run(ctx, configs)
	s.bar.Stop()
	failed = printTable(stdout, outcomes)
	if o.dir != "" || o.renew {
		return failed, nil
	}
	var together *together
	if o.only == "" {
		if together, err = lookTogether(ctx, tlc, all, s.taken); err != nil {
			return 0, err
		}
		failed += together.print(stdout)
	}
	printEvidence(stdout, outcomes, together)
	return failed, nil
}

// choose returns the configurations whose names match -only and not -skip.
func (o options) choose(all []*tlcrun.Config) ([]*tlcrun.Config, error) {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return nil, err
	}
	skip, err := regexp.Compile(o.skip)
	if err != nil {
		return nil, err
	}
	configs := slices.DeleteFunc(slices.Clone(all), func(c *tlcrun.Config) bool {
		return !only.MatchString(c.Name) || skip.MatchString(c.Name)
	})
	if len(configs) == 0 {
		return nil, fmt.Errorf("no configuration has a name that matches %s", only)
	}
	return configs, nil
}

// load reads and lints all configurations of the project, also those that are not chosen to run.
func load(root string) ([]*tlcrun.Config, error) {
	dir := filepath.Join(root, "spec", "TLA")
	configs, err := tlcrun.ReadConfigs(dir, filepath.Join(dir, "twins"), filepath.Join(dir, "canary"))
	if err != nil {
		return nil, err
	}
	document, err := os.ReadFile(filepath.Join(root, "docs", "rooms.md"))
	if err != nil {
		return nil, err
	}
	return configs, tlcrun.LintAll(configs, string(document))
}
