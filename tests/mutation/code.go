package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"ablyrooms.example/internal/modroot"
)

// codeOptions say which mutants of the code are tried, and how.
type codeOptions struct {
	packages string
	only     string
	suites   string
	sample   int
	seed     uint64
	list     bool
	matrix   bool // try a mutant under every suite, not to the first that kills it
	faithful int  // so many are built by themselves too, to compare
	workers  int
	write    bool
}

// runCode tries mutants of packages, and reports whether each has the share killed that it must.
func runCode(ctx context.Context, o codeOptions) (bool, error) {
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
		b, verdicts, err := runPackage(ctx, o, root, strings.Trim(folder, "/"))
		if err != nil {
			return false, fmt.Errorf("%s: %w", folder, err)
		}
		if o.list {
			continue
		}
		score := b.score(table(os.Stdout, verdicts, known))
		score.print(os.Stdout)
		ok = ok && score.holds()
		if o.write && o.only == "" {
			if err := score.write(root); err != nil {
				return false, err
			}
		}
	}
	return ok, nil
}

// bench tries the mutants of one package.
type bench struct {
	codeOptions
	root   string // a copy of the tree
	source *source
	suites []suite
	store  *store
	dir    string // for what is built

	all, whole int                     // how many mutants there are, and how many of them compile
	files      map[string]string       // the package with all of them woven in
	hashes     map[string]string       // by suite
	limits     map[string]bounds       // by suite
	binaries   map[string]string       // the woven suites, by suite
	reached    map[string]map[int]bool // what a suite comes by with nothing planted, by suite

	counted         locked
	alarms, checks  int // failures and runs of a suite with nothing planted
	compared, alive int
}

func runPackage(ctx context.Context, o codeOptions, root, folder string) (*bench, []verdict, error) {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return nil, nil, err
	}
	which, err := regexp.Compile(o.suites)
	if err != nil {
		return nil, nil, err
	}
	place := filepath.Join(root, ".cache", "mutation", strings.ReplaceAll(folder, "/", "-"))
	b := &bench{codeOptions: o, root: filepath.Join(place, "tree"), dir: filepath.Join(place, "built")}
	if err := errors.Join(os.RemoveAll(b.dir), os.MkdirAll(b.dir, 0o755)); err != nil {
		return nil, nil, err
	}
	if err := snapshot(root, b.root); err != nil {
		return nil, nil, err
	}
	if b.source, err = load(b.root, folder); err != nil {
		return nil, nil, err
	}
	var all []mutant
	for _, file := range b.source.files() {
		all = append(all, generateCode(b.source, file)...)
	}
	// The numbers don't depend on the choice, so that what is kept of one run holds in another.
	good, bad, err := b.weave(all, place+".compiled.json")
	if err != nil {
		return nil, nil, err
	}
	b.all, b.whole = len(all), len(good)
	fit := func(m mutant) bool { return !only.MatchString(m.Name) }
	tried, failed := slices.DeleteFunc(good, fit), slices.DeleteFunc(bad, fit)
	if o.sample > 0 && o.sample < len(tried) {
		fmt.Printf("mutation: %d of the %d mutants of %s that compile, by the seed %d\n", o.sample, len(tried),
			folder, o.seed)
		tried, failed = draw(tried, o.sample, o.seed), nil
	}
	if o.list {
		for _, m := range tried {
			fmt.Printf("%s:%d\t%s\n", m.File, m.Line, m.Name)
		}
		return b, nil, nil
	}
	for _, s := range suites() {
		_, err := os.Stat(filepath.Join(b.root, s.Package))
		if s.sees(folder) && which.MatchString(s.Name) && err == nil {
			b.suites = append(b.suites, s)
		}
	}
	if len(b.suites) == 0 {
		return nil, nil, errors.New("no suite sees it")
	}
	if b.store, err = openStore(place + ".jsonl"); err != nil {
		return nil, nil, err
	}
	defer b.store.file.Close()
	verdicts, err := b.tryAll(ctx, tried)
	for _, m := range failed {
		verdicts = append(verdicts, verdict{Name: m.Name, Kind: m.Kind, Message: m.Message, End: broken})
	}
	return b, verdicts, err
}

// weave numbers the mutants, tells those apart that don't compile, and weaves the others into one
// program. Which compile is kept in a file, if that has a name, for the same text.
func (b *bench) weave(mutants []mutant, file string) (good, bad []mutant, err error) {
	var kept struct {
		Of       string
		Compiles []bool
	}
	if text, err := os.ReadFile(file); err == nil {
		_ = json.Unmarshal(text, &kept) // a part of a file is of nothing
	}
	if kept.Of != b.source.hash || len(kept.Compiles) != len(mutants) {
		kept.Of, kept.Compiles = b.source.hash, nil
		for _, m := range mutants {
			err := b.source.compiles(map[string]string{m.File: m.text(b.source.text[m.File])})
			kept.Compiles = append(kept.Compiles, err == nil)
		}
		text, err := json.Marshal(kept)
		if err == nil && file != "" {
			err = os.WriteFile(file, text, 0o644)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	for i, m := range mutants {
		m.number = i + 1
		if kept.Compiles[i] {
			good = append(good, m)
		} else {
			bad = append(bad, m)
		}
	}
	for range 2 {
		files, alone, err := b.woven(good)
		if err != nil {
			return nil, nil, err
		}
		for i := range good {
			good[i].alone = good[i].alone || slices.Contains(alone, good[i].number)
		}
		if err = b.source.compiles(files); err == nil {
			b.files = files
			return good, bad, nil
		}
		for i, m := range good { // some can't be woven: it takes long to find which
			one, _, err2 := b.woven([]mutant{m})
			good[i].alone = m.alone || err2 != nil || b.source.compiles(one) != nil
			err = errors.Join(err, err2)
		}
	}
	return nil, nil, errors.New("the woven package doesn't compile")
}

// woven weaves mutants into the files of the package.
func (b *bench) woven(mutants []mutant) (map[string]string, []int, error) {
	changed, near := map[string]map[int]string{}, map[string]map[int]int{}
	for _, m := range mutants {
		if m.alone {
			continue
		}
		if changed[m.File] == nil {
			changed[m.File], near[m.File] = map[int]string{}, map[int]int{}
		}
		changed[m.File][m.number] = m.text(b.source.text[m.File])
		near[m.File][m.number] = m.near
	}
	return b.source.woven(changed, near)
}

// hash is of what a mutant changes, and to what.
func (b *bench) hash(m mutant) string {
	old := b.source.text[m.File][m.begin:m.end]
	h := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", m.File, old, m.to, m.number))
	return fmt.Sprintf("%x", h[:6])
}
