// Command mutants plants small faults in the code, one at a time, and measures which of them the suites notice.
//
// Each mutant is a copy of one source file with a few bytes changed, built with the go command's overlay: nothing in the tree
// changes. A mutant that does not compile tells nothing and is accounted apart, as is a suite that hangs. What survives every link
// stands either in equivalent.txt, with the reason why no test could tell it from the original, or is a gap.
package main

import (
	"bufio"
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
	"sync"
	"text/tabwriter"
	"time"

	"golang.org/x/term"
)

type result struct {
	mutant   mutant
	verdicts []verdict // by link name, in order of names
}

func main() {
	root := flag.String("root", ".", "the root of the module")
	folders := flag.String("folders", "fsm,lifecycle,adapter/ably", "the folders to change")
	only := flag.String("only", "", "try the mutants whose name matches this expression")
	sample := flag.Int("sample", 0, "try only so many, drawn by the seed; 0 for all")
	seed := flag.Uint64("seed", 1, "the seed of the sample")
	list := flag.Bool("list", false, "list the mutants and try none")
	limit := flag.Duration("limit", 60*time.Second, "how long one suite may run before it counts as hung")
	workers := flag.Int("workers", 2, "how many mutants are tried at once")
	first := flag.Bool("first", false, "stop at the first link that kills a mutant; quicker, but no matrix")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, *root, strings.Split(*folders, ","), *only, *sample, *seed, *list, *limit, *workers, *first)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, folders []string, only string, sample int, seed uint64, list bool, limit time.Duration, workers int, first bool) (bool, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return false, err
	}
	match, err := regexp.Compile(only)
	if err != nil {
		return false, err
	}
	equivalent, err := readEquivalent(filepath.Join(root, "tests", "mutants", "equivalent.txt"))
	if err != nil {
		return false, err
	}
	files, err := sources(root, folders)
	if err != nil {
		return false, err
	}
	var all []mutant
	for _, file := range files {
		some, err := generate(root, file)
		if err != nil {
			return false, err
		}
		all = append(all, some...)
	}
	all = slices.DeleteFunc(all, func(m mutant) bool { return !match.MatchString(m.Name) })
	if sample > 0 && sample < len(all) {
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		all = all[:sample]
		slices.SortFunc(all, func(a, b mutant) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.begin, b.begin)) })
	}
	if list {
		for _, m := range all {
			fmt.Printf("%s:%d\t%s\n", m.File, m.Line, m.Name)
		}
		fmt.Println(len(all), "mutants")
		return true, nil
	}
	used := slices.DeleteFunc(links(), func(l link) bool {
		_, err := os.Stat(filepath.Join(root, l.Package))
		return err != nil
	})
	if err := control(ctx, root, used, limit); err != nil {
		return false, err
	}
	results := tryAll(ctx, root, all, used, limit, workers, first)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return report(results, used, equivalent), nil
}

// control runs every link with nothing planted: a suite that fails anyway would kill everything.
func control(ctx context.Context, root string, links []link, limit time.Duration) error {
	for _, l := range links {
		dir, err := os.MkdirTemp("", "mutants")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		files, err := sources(root, l.Folders)
		if err != nil || len(files) == 0 {
			return fmt.Errorf("link %s (%s) has no files: %v", l.Name, l.Package, err)
		}
		if v, out := try(ctx, root, dir, mutant{File: files[0]}, l, limit); v != survived {
			return fmt.Errorf("link %s (%s) without a mutant: %s\n%s", l.Name, l.Package, v, out)
		}
	}
	return nil
}

func tryAll(ctx context.Context, root string, all []mutant, links []link, limit time.Duration, workers int, first bool) []result {
	results := make([]result, len(all))
	var mu sync.Mutex
	next, done, alive, began := 0, 0, 0, time.Now()
	show := progress()
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			dir, err := os.MkdirTemp("", "mutants")
			if err != nil {
				panic(err)
			}
			defer os.RemoveAll(dir)
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= len(all) || ctx.Err() != nil {
					return
				}
				r := result{mutant: all[i], verdicts: make([]verdict, len(links))}
				for j, l := range links {
					r.verdicts[j] = unseen
					if first && caught(r) {
						continue
					}
					r.verdicts[j], _ = try(ctx, root, dir, all[i], l, limit)
					if r.verdicts[j] == broken {
						break
					}
				}
				mu.Lock()
				results[i] = r
				done++
				if !caught(r) && !slices.Contains(r.verdicts, broken) {
					alive++
				}
				show(fmt.Sprintf("%d of %d mutants, %d alive, %v", done, len(all), alive, time.Since(began).Round(time.Second)), done == len(all))
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return results
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

func caught(r result) bool {
	return slices.Contains(r.verdicts, killed) || slices.Contains(r.verdicts, hung)
}

// report prints the matrix of folders against links and what survived, and returns whether every survivor is known as equivalent.
func report(results []result, links []link, equivalent map[string]string) bool {
	type count struct{ tried, killed, hung, broken, equivalent, alive int }
	byFolder := map[string]*count{}
	byLink := map[string]map[string]int{} // link name, folder: kills
	alone := map[string]int{}             // link name: kills that no other link has
	var gaps []mutant
	for _, r := range results {
		folder := filepath.ToSlash(filepath.Dir(r.mutant.File))
		c := byFolder[folder]
		if c == nil {
			c = &count{}
			byFolder[folder] = c
		}
		killers := map[string]bool{}
		for j, v := range r.verdicts {
			if v == killed {
				killers[links[j].Name] = true
			}
		}
		for name := range killers {
			if byLink[name] == nil {
				byLink[name] = map[string]int{}
			}
			byLink[name][folder]++
			if len(killers) == 1 {
				alone[name]++
			}
		}
		switch _, known := equivalent[r.mutant.Name]; {
		case slices.Contains(r.verdicts, broken):
			c.broken++
			continue
		case len(killers) > 0:
			c.killed++
		case slices.Contains(r.verdicts, hung):
			c.hung++
		case known:
			c.equivalent++
		default:
			c.alive++
			gaps = append(gaps, r.mutant)
		}
		c.tried++
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, "folder\ttried\tkilled\thung\tequivalent\talive\tscore\tno build")
	for _, folder := range sorted(byFolder) {
		c := byFolder[folder]
		score := 100.0
		if n := c.tried - c.equivalent; n > 0 {
			score = 100 * float64(c.killed+c.hung) / float64(n)
		}
		fmt.Fprintf(out, "%s\t%d\t%d\t%d\t%d\t%d\t%.1f %%\t%d\n", folder, c.tried, c.killed, c.hung, c.equivalent, c.alive, score, c.broken)
	}
	fmt.Fprintln(out, "\nlink\tkills by folder\talone")
	for _, name := range sorted(byLink) {
		var cells []string
		for _, folder := range sorted(byLink[name]) {
			cells = append(cells, fmt.Sprintf("%s %d", folder, byLink[name][folder]))
		}
		fmt.Fprintf(out, "%s\t%s\t%d\n", name, strings.Join(cells, ", "), alone[name])
	}
	out.Flush()
	if len(gaps) > 0 {
		fmt.Println("\nalive:")
		for _, m := range gaps {
			fmt.Printf("  %s:%d\t%s\n", m.File, m.Line, m.Name)
		}
	}
	return len(gaps) == 0
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// readEquivalent reads the mutants that no test could tell from the original: a line with the name, then an indented line with the
// reason.
func readEquivalent(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	known := map[string]string{}
	name := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "    "):
			known[name] = strings.TrimSpace(line)
		default:
			name = line
		}
	}
	for name, reason := range known {
		if reason == "" {
			return nil, fmt.Errorf("%s gives no reason for %q", file, name)
		}
	}
	return known, nil
}
