// Command mutants plants small faults in the code, one at a time, and measures which of them the suites notice.
//
// A mutant is a copy of one source file with a few bytes changed. Each is held against the compiler's type checker first: one that
// does not compile tells nothing and is accounted apart. The others are woven into one program, each behind the question whether it is
// this run's, and each suite is built once with that, by the go command's overlay: nothing in the tree changes. What can't be woven is
// built by itself. Then the suites run for one mutant at a time. A suite that hangs is accounted apart too, and so are changes of words.
// What survives every link stands either in equivalent.txt, with the reason why no test could tell it from the original, or is a gap.
//
// Verdicts are kept in .cache/mutants, by what the suite was built from, so that a run that was stopped goes on where it was.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"
)

type settings struct {
	root, folders, only, links string
	sample, enough, workers    int
	faithful                   int
	seed                       uint64
	list                       bool
}

func main() {
	var s settings
	flag.StringVar(&s.root, "root", ".", "the root of the module")
	flag.StringVar(&s.folders, "folders", "fsm,lifecycle,adapter/ably", "the folders to change")
	flag.StringVar(&s.only, "only", "", "try the mutants whose name matches this expression")
	flag.StringVar(&s.links, "links", "", "use the links whose name matches this expression")
	flag.IntVar(&s.sample, "sample", 0, "try only so many of each folder, drawn by the seed; 0 for all")
	flag.Uint64Var(&s.seed, "seed", 1, "the seed of the samples")
	flag.BoolVar(&s.list, "list", false, "list the mutants and try none")
	flag.IntVar(&s.workers, "workers", 2, "how many mutants are tried at once")
	flag.IntVar(&s.enough, "enough", 2, "try a mutant under no more links when so many have killed it: 1 is quickest, 2 tells which link is alone")
	matrix := flag.Bool("matrix", false, "try every mutant under every link")
	flag.IntVar(&s.faithful, "faithful", 5, "build so many mutants of each folder by themselves too, and compare")
	flag.Parse()
	if *matrix {
		s.enough = 0
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, s)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run returns whether every survivor is known as equivalent.
func run(ctx context.Context, s settings) (bool, error) {
	root, err := filepath.Abs(s.root)
	if err != nil {
		return false, err
	}
	equivalent, err := readEquivalent(filepath.Join(root, "tests", "mutants", "equivalent.txt"))
	if err != nil {
		return false, err
	}
	ok := true
	for _, folder := range strings.Split(s.folders, ",") {
		t, err := runFolder(ctx, s, root, folder, equivalent)
		if err != nil {
			return false, err
		}
		ok = ok && t.survived == 0 && t.unexpected == 0
	}
	return ok, nil
}

func runFolder(ctx context.Context, s settings, root, folder string, equivalent map[string]string) (*tally, error) {
	only, err := regexp.Compile(s.only)
	if err != nil {
		return nil, err
	}
	which, err := regexp.Compile(s.links)
	if err != nil {
		return nil, err
	}
	place := filepath.Join(root, ".cache", "mutants", strings.ReplaceAll(folder, "/", "-"))
	dir := filepath.Join(place, "built")
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	copied := filepath.Join(place, "tree")
	if err := snapshot(root, copied); err != nil {
		return nil, err
	}
	p, err := load(copied, folder)
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, file := range p.files() {
		if some := files()[folder]; some == nil || slices.Contains(some, filepath.Base(file)) {
			all = append(all, generate(p, file)...)
		}
	}
	show := progress()
	show(fmt.Sprintf("%s: %d mutants; which of them compile?", folder, len(all)), false)
	// The numbers don't depend on the choice, so that what is kept of one run holds in another.
	good, broken, err := prepare(p, all, place+".compiled.json")
	if err != nil {
		return nil, err
	}
	chosen := func(list []mutant) []mutant {
		return slices.DeleteFunc(slices.Clone(list), func(m mutant) bool { return !only.MatchString(m.Name) })
	}
	tried, failed := chosen(good), chosen(broken)
	if s.sample > 0 && s.sample < len(tried) {
		draw(tried, s.seed)
		tried = tried[:s.sample]
		slices.SortFunc(tried, func(a, b mutant) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.begin, b.begin)) })
	}
	t := &tally{folder: folder, total: len(tried) + len(failed), builds: len(tried), complete: s.enough == 0, first: s.enough == 1}
	for _, m := range tried {
		if m.Message {
			t.messages++
		}
	}
	if s.list {
		for _, m := range tried {
			fmt.Printf("%s:%d\t%s\n", m.File, m.Line, m.Name)
		}
		t.print(nil)
		return t, nil
	}
	b := &bench{root: copied, source: p, enough: s.enough, workers: s.workers, dir: dir}
	for _, l := range links() {
		if sees(l, folder) && which.MatchString(l.Name) {
			b.links = append(b.links, l)
		}
	}
	if len(b.links) == 0 {
		return nil, fmt.Errorf("no link for %s", folder)
	}
	if b.store, err = openStore(place + ".jsonl"); err != nil {
		return nil, err
	}
	defer b.store.file.Close()
	if err := b.prepare(ctx, good, func(line string) { show(line, true) }); err != nil {
		return nil, err
	}
	few := slices.Clone(tried)
	draw(few, s.seed)
	if t.faithful, err = b.faithful(ctx, few[:min(s.faithful, len(few))]); err != nil {
		return nil, err
	}
	results, err := b.all(ctx, tried, show)
	if err != nil {
		return nil, err
	}
	t.alarms, t.checks = b.alarms, b.checks
	t.count(results, equivalent)
	t.print(b.links)
	return t, nil
}

func draw(list []mutant, seed uint64) {
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// progress returns a function that shows a line: over and over in place on a terminal, now and then in a pipe.
func progress() func(line string, last bool) {
	terminal := term.IsTerminal(int(os.Stderr.Fd()))
	shown := time.Time{}
	return func(line string, last bool) {
		switch {
		case terminal:
			fmt.Fprintf(os.Stderr, "\r\x1b[K%s", line)
			if last {
				fmt.Fprintln(os.Stderr)
			}
		case last || time.Since(shown) > 30*time.Second:
			fmt.Fprintln(os.Stderr, line)
			shown = time.Now()
		}
	}
}
