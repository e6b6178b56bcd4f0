// Command tlc checks the TLA+ specs: it runs TLC on every configuration of spec/TLA, and on the canaries, and compares each run with
// what the configuration says. It exits with 1 unless all are as stated.
//
// It then looks at what the configurations say together: that each action of the spec is taken in one of the graphs, and that each
// antecedent of a property is reached.
//
//	go run ./spec/TLA/tlc [-list] [-only REGEX] [-skip REGEX] [-renew] [-keep FOLDER] [-dump NAME -o FILE.dot]
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

	"ablyrooms.example/spec/TLA/tlcrun"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout *os.File, stderr io.Writer) int {
	flags := flag.NewFlagSet("tlc", flag.ContinueOnError)
	flags.SetOutput(stderr)
	list := flags.Bool("list", false, "list the configurations with what is expected of them, and run none")
	only := flags.String("only", "", "run only the configurations whose names match this `REGEX`")
	skip := flags.String("skip", "^$", "leave out the configurations whose names match this `REGEX`, which something else runs")
	renew := flags.Bool("renew", false, "run the configurations whose text has changed, and write its hash into those whose results are still as stated")
	keep := flags.String("keep", "", "write what TLC wrote for each configuration to this `FOLDER`")
	dump := flags.String("dump", "", "write the graph of the configuration `NAME` to the file -o")
	file := flags.String("o", "", "the `FILE` for -dump, ending in .dot")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 1
	}
	fail := func(err error) int {
		fmt.Fprintf(stderr, "tlc: %v\n", err)
		return 1
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return fail(err)
	}
	without, err := regexp.Compile(*skip)
	if err != nil {
		return fail(err)
	}
	root, err := tlcrun.Root()
	if err != nil {
		return fail(err)
	}
	configs, err := load(root)
	if err != nil {
		return fail(err)
	}
	if *dump != "" {
		pattern = regexp.MustCompile("^" + regexp.QuoteMeta(*dump) + "$")
	}
	all := configs
	configs = slices.DeleteFunc(slices.Clone(configs), func(c *tlcrun.Config) bool {
		return !pattern.MatchString(c.Name) || without.MatchString(c.Name)
	})
	if len(configs) == 0 {
		return fail(fmt.Errorf("no configuration has a name that matches %s", pattern))
	}
	if *list {
		printList(stdout, configs)
		return 0
	}
	tlc, err := tlcrun.New(ctx, root, stderr)
	if err != nil {
		return fail(err)
	}
	if *dump != "" {
		r, err := tlc.Dump(ctx, configs[0], *file)
		if err != nil {
			return fail(err)
		}
		fmt.Fprintf(stdout, "%s: %d states in %s\n", configs[0].Name, r.Distinct, *file)
		return 0
	}
	if *keep != "" {
		if err := os.MkdirAll(*keep, 0o755); err != nil {
			return fail(err)
		}
	}
	if *renew {
		configs = slices.DeleteFunc(configs, func(c *tlcrun.Config) bool { return c.CheckHash() == nil })
		if len(configs) == 0 {
			fmt.Fprintln(stdout, "no configuration's text has changed")
			return 0
		}
	}
	s := &suite{tlc: tlc, keep: *keep, show: newScreen(stdout), renew: *renew, taken: map[string]map[string]int{}}
	outcomes := s.run(ctx, configs)
	failed := printTable(stdout, outcomes)
	var together *together
	if *only == "" && !*renew {
		if together, err = lookTogether(ctx, tlc, all, s.taken); err != nil {
			return fail(err)
		}
		failed += together.print(stdout)
	}
	printEvidence(stdout, outcomes, together)
	if failed > 0 {
		return 1
	}
	return 0
}

// load reads and lints all configurations, also those that then aren't run.
func load(root string) ([]*tlcrun.Config, error) {
	dir := filepath.Join(root, "spec", "TLA")
	configs, err := tlcrun.ReadConfigs(dir, filepath.Join(dir, "canary"))
	if err != nil {
		return nil, err
	}
	document, err := os.ReadFile(filepath.Join(root, "docs", "rooms.md"))
	if err != nil {
		return nil, err
	}
	return configs, tlcrun.LintAll(configs, string(document))
}
