package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"ablyrooms.example/internal/modroot"
	"ablyrooms.example/internal/progress"
)

// misreading is a rule that is understood wrongly, as a reasonable person might understand it.
// texts are the core, the model and the spec as their author would then have written them.
type misreading struct {
	planted
	at    limits // the bounds at which it is checked
	texts map[string]string
}

// control is the name of a run with nothing planted. If a catcher notices something in it, the run
// fails.
const control = "nothing, as a control"

// roomsT is the path of the spec that misreadings change.
const roomsT = "spec/TLA/Rooms.tla"

// misreadings returns all misreadings, with their texts.
func misreadings(root string) ([]misreading, error) {
	entries, err := readPlanted("misread_*.diff")
	if err != nil {
		return nil, err
	}
	all := make([]misreading, len(entries))
	for i, p := range entries {
		m := misreading{planted: p, at: limits{3, 1, 1}}
		if at, ok := p.Fields["at"]; ok {
			if _, err := fmt.Sscanf(at, "%d,%d,%d", &m.at.calls, &m.at.names, &m.at.options); err != nil {
				return nil, fmt.Errorf("%s: at %q: %w", p.Name, at, err)
			}
		}
		if m.texts, err = p.texts(root); err != nil {
			return nil, err
		}
		all[i] = m
	}
	return all, nil
}

// The catchers. For byChain, only the core is misread. For byGolden, core and model are misread,
// and the spec is not. For the others, all three are misread. Each catcher returns the name of the
// test or property that fails, or "". If a suite hangs, that doesn't count, since it doesn't show
// what is wrong.
const (
	byChain      = "chain"      // compares the core with the model
	byGolden     = "golden"     // compares the model with the kept graph of the spec
	byTLC        = "TLC"        // checks the properties of the spec
	byProperties = "properties" // checks the properties in Go, on model and core, and liveness
	// runs TestDigest, which checks the model against the sentences of Ably's specification
	bySentences = "sentences"
	byExamples  = "examples" // runs the model's tests that test one rule each

	hangs = "hangs"
)

// row has the results of all catchers for one misreading.
type row struct {
	misreading
	said map[string]string
	link string // the script of byChain, as a link to the playground; may be empty
}

// by reports whether at least one of these catchers noticed the misreading.
func (r row) by(catchers ...string) bool {
	return slices.ContainsFunc(catchers, func(c string) bool {
		return r.said[c] != "" && r.said[c] != hangs
	})
}

// misreadBench runs the catchers. All misreadings are woven into one program.
type misreadBench struct {
	*checker
	options
	root, dir string
	mu        sync.Mutex
	binaries  map[string]string // by folder
	woven     map[string]string // the files of core and model, with all misreadings woven in
	variables map[string]string // by folder: the environment variable that selects a misreading
}

// runMisread plants misreadings, and reports whether enough of them were noticed.
func runMisread(ctx context.Context, o options) (bool, error) {
	root, err := modroot.Find()
	if err != nil {
		return false, err
	}
	all, err := misreadings(root)
	if err != nil {
		return false, err
	}
	texts, numbers := make([]map[string]string, len(all)), make([]int, len(all))
	for i, m := range all {
		texts[i], numbers[i] = m.texts, i+1
	}
	numbers, err = choose(o, "misreadings", numbers, func(n int) string { return all[n-1].Name })
	if err != nil {
		return false, err
	}
	numbers = append([]int{0}, numbers...) // the control
	c, err := newChecker(ctx, root, roomsSubject)
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "misread")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	b := &misreadBench{checker: c, options: o, root: root, dir: dir, binaries: map[string]string{}}
	if b.woven, b.variables, err = weavePlanted(root, texts); err != nil {
		return false, err
	}
	rows := make([]row, len(numbers))
	for k, n := range numbers {
		m := misreading{planted: planted{Name: control}, at: limits{4, 1, 2},
			texts: map[string]string{roomsT: c.source}}
		if n > 0 {
			m = all[n-1]
		}
		rows[k] = row{misreading: m, said: map[string]string{}}
	}
	if err := b.byTLC(ctx, rows, numbers); err != nil {
		return false, err
	}
	note := func() string { return "misreadings" }
	err = progress.Each(ctx, o.workers, len(rows), note, func(ctx context.Context, _, k int) error {
		if err := b.try(ctx, numbers[k], &rows[k]); err != nil {
			return fmt.Errorf("%s: %w", rows[k].Name, err)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	for catcher, said := range rows[0].said {
		if said != "" {
			return false, fmt.Errorf("the catcher %s reports %s, although nothing is planted", catcher, said)
		}
	}
	ok := reportMisread(os.Stdout, rows[1:], len(all))
	if o.write && len(rows) > len(all) {
		err = writeMisread(root, rows[1:])
	}
	return ok, err
}

// byTLC has TLC check the misread specs. Their properties are not misread.
func (b *misreadBench) byTLC(ctx context.Context, rows []row, numbers []int) error {
	groups := map[limits]map[int]string{}
	for k, r := range rows {
		if groups[r.at] == nil {
			groups[r.at] = map[int]string{}
		}
		if numbers[k] > 0 {
			groups[r.at][k] = r.texts[roomsT]
		}
	}
	bounds := slices.Collect(maps.Keys(groups))
	note := func() string { return "runs of TLC, each with all misreadings of one bound" }
	return progress.Each(ctx, b.workers, len(bounds), note, func(ctx context.Context, _, i int) error {
		e, err := b.explore(ctx, groups[bounds[i]], bounds[i], false)
		if err != nil {
			return err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		for k, v := range e.found {
			if v.By != "property" {
				return fmt.Errorf("%s: TLC can't run the spec: %s", rows[k].Name, v.What)
			}
			name, _, _ := strings.Cut(v.What, " ")
			rows[k].said[byTLC] = name
		}
		return nil
	})
}

// try runs the catchers on one misreading, cheap ones first. It returns an error if a catcher can't
// be run, or if core, model and spec are not misread in the same way.
func (b *misreadBench) try(ctx context.Context, number int, r *row) error {
	core := fmt.Sprintf("%s=%d", b.variables["fsm"], number)
	both := []string{core, fmt.Sprintf("%s=%d", b.variables["model"], number)}
	rapid := []string{"-test.short", "-rapid.nofailfile", "-rapid.shrinktime=0s"}
	ask := func(catcher string, s suite, env ...string) (err error) {
		var link string
		if r.said[catcher], link, err = b.test(ctx, s, env); catcher == byChain {
			r.link = link
		}
		return err
	}
	err := errors.Join(
		ask(byChain, suite{Package: "tests/graphs/rooms", Run: "^TestCoreAgainstModel", Args: rapid}, core),
		ask(byExamples, suite{Package: "model", Run: "^(TestR[0-9]+_|Example)"}, both...),
		ask(bySentences, suite{Package: "model", Run: "^TestDigest$"}, both...),
		b.probe(ctx, r, both))
	if err != nil {
		return err
	}
	if r.said[byTLC] == "" {
		says, err := b.alive(ctx, r.texts[roomsT], "", limits{3, 1, 1})
		if err != nil {
			return err
		}
		r.said[byTLC] = says
	}
	return nil
}

// binary builds the tests or the program of a folder, with all misreadings woven in. It builds each
// folder only once.
func (b *misreadBench) binary(ctx context.Context, folder string, args ...string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.binaries[folder] == "" {
		to := filepath.Join(b.dir, strings.ReplaceAll(folder, "/", "-"))
		binary, err := build(ctx, b.root, to+"-files", to, args, folder, b.woven)
		if err != nil {
			return "", err
		}
		b.binaries[folder] = binary
	}
	return b.binaries[folder], nil
}

// test returns the first test of a suite that fails, and the link to a script that it printed. For
// tests of the model, it returns the names of the subtests that fail.
func (b *misreadBench) test(ctx context.Context, s suite, env []string) (fails, link string, err error) {
	binary, err := b.binary(ctx, s.Package, "test", "-c", "-vet=off")
	if err != nil {
		return "", "", err
	}
	e := attempt(ctx, b.root, binary, s, bounds{3 * time.Minute, 3 * time.Minute}, env...)
	switch {
	case ctx.Err() != nil:
		return "", "", context.Cause(ctx)
	case e.end == hung:
		return hangs, "", nil
	case e.end == killed && len(e.parts) > 0 && s.Package == "model":
		return strings.Join(e.parts, " "), "", nil
	case e.end == killed && e.by == "exit":
		return "", "", fmt.Errorf("the tests of %s ended without naming a test:\n%s", s.Package, e.text)
	}
	return e.by, e.link, nil
}

// probe compares core and model with each other, and with TLC's graph of the misread spec. It also
// checks their properties. If the three differ, the misreading is not the same in all of them, and
// probe returns an error.
func (b *misreadBench) probe(ctx context.Context, r *row, env []string) error {
	binary, err := b.binary(ctx, "tests/mutation/probe", "build")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(b.dir, "probe")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// Comparing core and model is cheap, so it is also done at larger bounds.
	args := []string{"-golden", filepath.Join(b.root, "tests", "graphs", "rooms",
		"testdata", "MCRooms_graph1.dot.gz"), "4,1,1=", "3,2,1="}
	at := []limits{r.at}
	if r.Name == control {
		at = append(at, limits{3, 2, 1})
	}
	for _, l := range at {
		to := filepath.Join(dir, l.String()+".dot")
		result, err := b.exec(ctx, "Rooms", r.texts[roomsT], "Spec", l, "",
			func(dump string) error { return os.Rename(dump, to) })
		if err != nil {
			return err
		}
		if !clean(result) {
			return fmt.Errorf("TLC ends with %d: %q\n%s", result.Exit, result.Errors, result.Output)
		}
		args = append(args, l.String()+"="+to)
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w\n%s", err, e.Stderr)
	}
	var said struct{ Golden, Properties, Unlike string }
	if err == nil {
		err = json.Unmarshal(out, &said)
	}
	if err != nil {
		return fmt.Errorf("the probe: %w", err)
	}
	if said.Unlike != "" {
		return fmt.Errorf("the misreading is not the same in core, model and spec: %s", said.Unlike)
	}
	r.said[byProperties] = said.Properties
	if said.Golden != "" {
		r.said[byGolden] = "TestTheGraphsAreEqual"
	}
	return nil
}
