package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"ablyrooms.example/internal/modroot"
	"ablyrooms.example/internal/progress"
)

// options are the values of the flags.
type options struct {
	packages string // for code: folders, comma-separated
	suites   string // for code: an expression for the names of the suites
	of       string // for specs: rooms or channel
	only     string
	sample   int
	seed     uint64
	workers  int
	quick    bool // for specs: stop at the first difference, skip equivalent mutants
	compare  int  // for specs: how many mutants are run on their own too
	verbose  bool
	write    bool
}

// runCode tries the mutants of some packages, and reports whether the suites killed the share that
// is required of each package.
func runCode(ctx context.Context, o options) (bool, error) {
	root, err := modroot.Find()
	if err != nil {
		return false, err
	}
	known, err := equivalents()
	if err != nil {
		return false, err
	}
	ok := true
	for _, folder := range strings.Split(o.packages, ",") {
		b := &bench{options: o, root: root, folder: strings.Trim(folder, "/")}
		verdicts, err := b.run(ctx)
		if err != nil {
			return false, fmt.Errorf("%s: %w", folder, err)
		}
		s := b.score(table(os.Stdout, verdicts, known, o.verbose), known)
		s.print(os.Stdout)
		ok = ok && s.holds()
		if o.write && o.only == "" {
			err = s.write(root)
		}
		if err != nil {
			return false, err
		}
	}
	return ok, nil
}

// bench tries the mutants of one package.
type bench struct {
	options
	root, folder string
	source       *source
	all          int // the number of all mutants, also of those that are not tried
	suites       []*benchSuite
	store        *store
	dir          string // holds the built test binaries

	mu             sync.Mutex
	alarms, checks int // failures that no mutant caused; runs with no mutant active
	alive          int
}

// benchSuite is a suite whose test binary has the mutants woven in. A variable of the environment
// makes one of them active.
type benchSuite struct {
	suite
	built   string
	hash    string
	limit   bounds
	reached map[int]bool // the mutants whose code the suite runs when none is active
}

func (b *bench) run(ctx context.Context) ([]verdict, error) {
	place := filepath.Join(b.root, ".cache", "mutation", strings.ReplaceAll(b.folder, "/", "-"))
	err := os.MkdirAll(filepath.Dir(place), 0o755)
	if err != nil {
		return nil, err
	}
	if b.dir, err = os.MkdirTemp(filepath.Dir(place), filepath.Base(place)+"-built-"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(b.dir)
	if b.source, err = load(b.root, b.folder); err != nil {
		return nil, err
	}
	which, err := regexp.Compile(b.options.suites)
	if err != nil {
		return nil, err
	}
	for _, s := range suites() {
		if s.sees(b.folder) && which.MatchString(s.Name) {
			b.suites = append(b.suites, &benchSuite{suite: s})
		}
	}
	if len(b.suites) == 0 {
		return nil, errors.New("no suite tests this folder")
	}
	if b.store, err = openStore(place + ".jsonl"); err != nil {
		return nil, err
	}
	defer b.store.file.Close()
	good, verdicts, err := b.choose()
	if err != nil {
		return nil, err
	}
	if err := b.prepare(ctx, good); err != nil {
		return nil, err
	}
	tried, err := b.tryAll(ctx, good)
	return append(verdicts, tried...), err
}

// choose returns the mutants to be tried, and the verdicts on mutants that don't compile. A sample
// has only mutants that compile.
func (b *bench) choose() (good []mutant, broke []verdict, err error) {
	only, err := regexp.Compile(b.only)
	if err != nil {
		return nil, nil, err
	}
	var all []mutant
	for _, file := range b.source.files() {
		all = append(all, generateCode(b.source, file)...)
	}
	b.all = len(all)
	for i := range all {
		all[i].number = i + 1
	}
	all = slices.DeleteFunc(all, func(m mutant) bool { return !only.MatchString(m.Name) })
	order := rand.New(rand.NewPCG(b.seed, 0)).Perm(len(all))
	for _, i := range order {
		m := all[i]
		if b.sample > 0 && len(good) == b.sample {
			fmt.Printf("mutation: a sample of %d mutants of %s, drawn with the seed %d\n", b.sample, b.folder, b.seed)
			break
		}
		text := map[string]string{m.File: m.text(b.source.text[m.File])}
		if b.source.compiles(text) != nil {
			broke = append(broke, m.verdict(broken))
			continue
		}
		good = append(good, m)
	}
	slices.SortFunc(good, func(a, b mutant) int { return a.number - b.number })
	return good, broke, nil
}

// weave returns the files of the package with the mutants woven in. Mutants that can't be woven are
// marked as alone.
func (b *bench) weave(mutants []mutant) (map[string]string, error) {
	for range 2 {
		changed, near := map[string]map[int]string{}, map[string]map[int]int{}
		for _, m := range mutants {
			if !m.alone {
				put(changed, m.File, m.number, m.text(b.source.text[m.File]))
				put(near, m.File, m.number, m.near)
			}
		}
		files, alone, err := b.source.woven(changed, near)
		if err != nil {
			return nil, err
		}
		for i := range mutants {
			mutants[i].alone = mutants[i].alone || slices.Contains(alone, mutants[i].number)
		}
		if b.source.compiles(files) == nil {
			return files, nil
		}
		if len(mutants) == 1 {
			return nil, errors.New("the mutant can't be woven")
		}
		for i, m := range mutants { // slow: try each mutant, to find which can't be woven
			if _, err := b.weave([]mutant{m}); err != nil {
				mutants[i].alone = true
			}
		}
	}
	return nil, errors.New("the woven package doesn't compile")
}

// patience is a part of each time limit. Some tests have a deadline of their own, after at most 15
// s or, on a busy machine, somewhat later; then they print what hangs. A suite must not be stopped
// before that.
const patience = 45 * time.Second

// prepare builds the woven suites and runs each with no mutant active. A suite that fails then
// would kill every mutant.
func (b *bench) prepare(ctx context.Context, mutants []mutant) error {
	files, err := b.weave(mutants)
	if err != nil {
		return err
	}
	for _, s := range b.suites {
		s.built = s.binary(b.dir)
		if _, err := os.Stat(s.built); err != nil {
			if _, err := buildTests(ctx, b.root, b.dir, s.suite, files); err != nil {
				return err
			}
		}
		if s.hash, err = s.hashOf(s.built); err != nil {
			return err
		}
		trace := filepath.Join(b.dir, s.Name+".reached")
		began := time.Now()
		e := attempt(ctx, b.root, s.built, s.suite, bounds{5 * time.Minute, 5 * time.Minute},
			"MUTANT_TRACE="+trace)
		if e.end != alive {
			return fmt.Errorf("the suite %s with no mutant active: %s\n%s", s.Name, e.end, e.text)
		}
		took := time.Since(began)
		// The limit is 8 times the time that the suite took, and patience.
		s.limit = bounds{8*took + patience, 4*e.processor + patience}
		text, err := os.ReadFile(trace)
		if err != nil {
			return err
		}
		s.reached = map[int]bool{}
		for _, line := range strings.Fields(string(text)) {
			n, err := strconv.Atoi(line)
			if err != nil {
				return err
			}
			s.reached[n] = true
		}
		fmt.Printf("%s passes with no mutant active, in %v, and runs the code of %d mutants\n", s.Name,
			took.Round(10*time.Millisecond), len(s.reached))
	}
	return nil
}

// tryAll tries the mutants, several at the same time.
func (b *bench) tryAll(ctx context.Context, mutants []mutant) ([]verdict, error) {
	verdicts := make([]verdict, len(mutants))
	note := func() string {
		b.mu.Lock()
		defer b.mu.Unlock()
		return fmt.Sprintf("mutants of %s, %d alive", b.folder, b.alive)
	}
	err := progress.Each(ctx, b.workers, len(mutants), note, func(ctx context.Context, worker, i int) (err error) {
		dir := filepath.Join(b.dir, fmt.Sprintf("worker%d", worker))
		if verdicts[i], err = b.try(ctx, mutants[i], dir); err == nil && i%50 == 49 {
			err = b.control(ctx, b.suites[i/50%len(b.suites)])
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if verdicts[i].End != killed {
			b.alive++
		}
		return err
	})
	return verdicts, err
}

// try runs the suites on one mutant, in their order, until one doesn't pass. It doesn't run the
// rest: a mutant that makes one suite hang would make others hang too, each up to its time limit.
func (b *bench) try(ctx context.Context, m mutant, dir string) (verdict, error) {
	v := m.verdict(alive)
	for _, s := range b.suites {
		if !m.alone && m.near > 0 && !s.reached[m.number] {
			continue
		}
		r := record{Change: m.Name, Number: m.number, Suite: s.Name, Hash: s.hash}
		kept, ok := b.store.get(r)
		if !ok {
			built, number := s.built, m.number
			if m.alone {
				var err error
				number = 0
				text := map[string]string{m.File: m.text(b.source.text[m.File])}
				if built, err = buildTests(ctx, b.root, dir, s.suite, text); err != nil {
					return v, err
				}
			}
			e := b.again(ctx, built, s, number, b.store.killer(m.Name, s.Name))
			if e.end == killed && s.Wire {
				if e = b.attempt(ctx, built, s, number); e.end == alive {
					b.mu.Lock()
					b.alarms++
					b.mu.Unlock()
				}
			}
			if ctx.Err() != nil {
				return v, ctx.Err()
			}
			kept = r
			kept.End, kept.By, kept.Link = e.end, e.by, e.link
			if err := b.store.put(kept); err != nil {
				return v, err
			}
		}
		if v.End = kept.End; v.End != alive {
			v.By, v.What, v.Link = s.Name, kept.By, kept.Link
			break
		}
	}
	return v, nil
}

// again runs the test that killed the mutant before, if there is one. Unless that test kills it
// again, the whole suite runs.
func (b *bench) again(ctx context.Context, built string, s *benchSuite, number int, test string) ending {
	if strings.HasPrefix(test, "Test") {
		first := *s
		first.Run = "^" + test + "$"
		if e := b.attempt(ctx, built, &first, number); e.end == killed {
			return e
		}
	}
	return b.attempt(ctx, built, s, number)
}

func (b *bench) attempt(ctx context.Context, built string, s *benchSuite, number int) ending {
	env := fmt.Sprintf("%s=%d", b.source.variable(), number)
	return attempt(ctx, b.root, built, s.suite, s.limit, env)
}

// control runs a suite with no mutant active while mutants are being tried. A test that fails then
// would have killed a mutant without a reason.
func (b *bench) control(ctx context.Context, s *benchSuite) error {
	e := b.attempt(ctx, s.built, s, 0)
	if ctx.Err() != nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.checks++
	if e.end != alive {
		b.alarms++
	}
	if e.end == killed && !s.Wire {
		return fmt.Errorf("the suite %s failed with no mutant active, but passed before:\n%s", s.Name, e.text)
	}
	return nil
}
