package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// bench tries the mutants of one folder.
type bench struct {
	root    string // a copy of the tree
	source  *source
	links   []link
	enough  int // after so many kills a mutant is tried no more; 0 for never
	workers int
	store   *store
	dir     string // for what is built

	hashes   map[string]string       // by link
	limits   map[string]bounds       // by link
	binaries map[string]string       // the woven suites, by link
	reached  map[string]map[int]bool // the mutants that a suite comes by with nothing planted, by link

	mu     sync.Mutex
	alarms int // failures of a suite with nothing planted, or that did not come twice
	checks int // runs with nothing planted
}

// result is how a mutant fared: a verdict for each link that it was tried under.
type result struct {
	mutant   mutant
	verdicts map[string]verdict
	by       map[string]string
}

func (r result) killers() []string {
	var names []string
	for name, v := range r.verdicts {
		if v == killed {
			names = append(names, name)
		}
	}
	return names
}

func (r result) hung() bool {
	for _, v := range r.verdicts {
		if v == hung {
			return true
		}
	}
	return false
}

// prepare builds the woven suites and runs each with nothing planted: a suite that fails anyway would kill everything.
func (b *bench) prepare(ctx context.Context, mutants []mutant, show func(string)) error {
	b.hashes, b.limits, b.binaries, b.reached = map[string]string{}, map[string]bounds{}, map[string]string{}, map[string]map[int]bool{}
	woven := b.source.woven(mutants)
	built := map[string]string{}
	for i, l := range b.links {
		hash, err := suiteHash(b.root, l)
		if err != nil {
			return err
		}
		b.hashes[l.Name] = hash
		kind := fmt.Sprintf("%s %t", l.Package, l.Race)
		if built[kind] == "" {
			binary := filepath.Join(b.dir, fmt.Sprintf("woven%d.test", i))
			if err := build(ctx, b.root, b.dir, binary, l, woven); err != nil {
				return err
			}
			built[kind] = binary
		}
		b.binaries[l.Name] = built[kind]
		began := time.Now()
		trace := filepath.Join(b.dir, l.Name+".reached")
		o := attempt(ctx, b.root, built[kind], l, 0, bounds{5 * time.Minute, 5 * time.Minute}, "MUTANT_TRACE="+trace)
		if o.verdict != survived {
			return fmt.Errorf("link %s with nothing planted: %s\n%s", l.Name, o.verdict, o.text)
		}
		took := time.Since(began)
		b.limits[l.Name] = bounds{15*took + 20*time.Second, 4*o.processor + 5*time.Second}
		if b.reached[l.Name], err = readNumbers(trace); err != nil {
			return err
		}
		show(fmt.Sprintf("%s: %s passes with nothing planted, in %v, and comes by %d of %d mutants", b.source.folder, l.Name,
			took.Round(10*time.Millisecond), len(b.reached[l.Name]), len(mutants)))
	}
	return nil
}

// try tries one mutant under the links, in their order.
func (b *bench) try(ctx context.Context, m mutant, dir string) (result, error) {
	r := result{mutant: m, verdicts: map[string]verdict{}, by: map[string]string{}}
	own := map[string]string{} // suites built for this mutant alone
	kills := 0
	for _, l := range b.links {
		key := record{Mutant: m.Name, Change: m.change(b.source), Link: l.Name, Suite: b.hashes[l.Name]}
		kept, ok := b.store.get(key)
		if m.number > 0 && !b.reached[l.Name][m.number] {
			kept, ok = key, true
			kept.Verdict = passed
		}
		if !ok {
			binary := b.binaries[l.Name]
			if m.number == 0 {
				kind := fmt.Sprintf("%s %t", l.Package, l.Race)
				if own[kind] == "" {
					own[kind] = filepath.Join(dir, fmt.Sprintf("own%d.test", len(own)))
					if err := build(ctx, b.root, dir, own[kind], l, map[string][]byte{m.File: planted(b.source.text[m.File], m)}); err != nil {
						return r, err
					}
				}
				binary = own[kind]
			}
			kept = key
			o := attempt(ctx, b.root, binary, l, m.number, b.limits[l.Name])
			if o.verdict == killed && l.Wire {
				if o = attempt(ctx, b.root, binary, l, m.number, b.limits[l.Name]); o.verdict == survived {
					b.mu.Lock()
					b.alarms++
					b.mu.Unlock()
				}
			}
			kept.Verdict, kept.By = o.verdict, o.by
			if ctx.Err() != nil {
				return r, ctx.Err()
			}
			if err := b.store.put(kept); err != nil {
				return r, err
			}
		}
		r.verdicts[l.Name], r.by[l.Name] = kept.Verdict, kept.By
		if kept.Verdict == killed {
			kills++
		}
		// A mutant that makes one suite hang would make others too, and each would take its whole limit.
		if b.enough > 0 && (kills >= b.enough || kept.Verdict == hung) {
			break
		}
	}
	return r, nil
}

// readNumbers reads the numbers that a suite has written, one on a line.
func readNumbers(file string) (map[int]bool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	numbers := map[int]bool{}
	for _, line := range strings.Fields(string(text)) {
		n, err := strconv.Atoi(line)
		if err != nil {
			return nil, err
		}
		numbers[n] = true
	}
	return numbers, nil
}

func (m mutant) change(s *source) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", m.File, s.text[m.File][m.begin:m.end], m.to, m.number))
	return fmt.Sprintf("%x", h[:6])
}

// all tries the mutants, several at once, and shows how far it is.
func (b *bench) all(ctx context.Context, mutants []mutant, show func(line string, last bool)) ([]result, error) {
	results := make([]result, len(mutants))
	errs := make([]error, b.workers)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next, done, alive, began := 0, 0, 0, time.Now()
	var group sync.WaitGroup
	for w := range b.workers {
		group.Go(func() {
			dir := filepath.Join(b.dir, fmt.Sprintf("worker%d", w))
			if errs[w] = os.MkdirAll(dir, 0o755); errs[w] != nil {
				cancel()
			}
			for ctx.Err() == nil {
				b.mu.Lock()
				i := next
				next++
				b.mu.Unlock()
				if i >= len(mutants) {
					return
				}
				r, err := b.try(ctx, mutants[i], dir)
				if err == nil && i%50 == 49 {
					err = b.check(ctx, b.links[i/50%len(b.links)])
				}
				if err != nil {
					errs[w] = fmt.Errorf("%s: %w", mutants[i].Name, err)
					cancel()
					return
				}
				b.mu.Lock()
				results[i] = r
				done++
				if len(r.killers()) == 0 && !r.hung() {
					alive++
				}
				left := time.Duration(float64(time.Since(began)) / float64(done) * float64(len(mutants)-done)).Round(time.Second)
				show(fmt.Sprintf("%s: %d of %d mutants, %d alive, %v gone, %v to go", b.source.folder, done, len(mutants), alive,
					time.Since(began).Round(time.Second), left), done == len(mutants))
				b.mu.Unlock()
			}
		})
	}
	group.Wait()
	return results, errors.Join(errs...)
}

// check runs a suite with nothing planted while the run goes on: what fails then would have killed without a reason.
func (b *bench) check(ctx context.Context, l link) error {
	o := attempt(ctx, b.root, b.binaries[l.Name], l, 0, b.limits[l.Name])
	if ctx.Err() != nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.checks++
	if o.verdict == survived {
		return nil
	}
	b.alarms++
	if o.verdict == killed && !l.Wire {
		return fmt.Errorf("link %s fails now and then with nothing planted:\n%s", l.Name, o.text)
	}
	return nil
}

// faithful builds some woven mutants by themselves, as copies of the source, and fails when one fares otherwise under the first link.
func (b *bench) faithful(ctx context.Context, mutants []mutant) (int, error) {
	dir := filepath.Join(b.dir, "faithful")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	l := b.links[0]
	binary := filepath.Join(dir, "alone.test")
	n := 0
	for _, m := range mutants {
		if m.number == 0 {
			continue
		}
		if err := build(ctx, b.root, dir, binary, l, map[string][]byte{m.File: planted(b.source.text[m.File], m)}); err != nil {
			return n, fmt.Errorf("%s is woven, but doesn't build alone: %w", m.Name, err)
		}
		alone := attempt(ctx, b.root, binary, l, 0, b.limits[l.Name]).verdict
		woven := attempt(ctx, b.root, b.binaries[l.Name], l, m.number, b.limits[l.Name]).verdict
		if ctx.Err() != nil {
			return n, ctx.Err()
		}
		if alone != woven {
			return n, fmt.Errorf("%s: %s alone, %s woven", m.Name, alone, woven)
		}
		n++
	}
	return n, nil
}

func sees(l link, folder string) bool {
	return slices.Contains(l.Folders, strings.TrimSuffix(folder, "/"))
}
