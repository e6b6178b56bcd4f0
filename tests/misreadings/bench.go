package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"ablyrooms.example/spec/TLA/tlcrun"
)

// limit is how long one suite may run before it counts as hanging: seconds are enough, but for a machine that is busy with other things.
const limit = 3 * time.Minute

// bench tries misreadings.
type bench struct {
	root string
	tlc  *tlcrun.TLC
	all  bool // ask the tests of core and goroutine layer also where something cheaper caught the misreading

	invariants, steps, liveness []string // the spec's properties, by kind
}

// found is what a catcher has to say of a misreading: the test or property that fails, nothing, or that it was not asked.
type found string

// What catches nothing: a suite that hangs doesn't say what is wrong, and may be no more than slow.
const (
	notAsked found = "not asked"
	hangs    found = "hangs"
)

func (f found) is() bool { return f != "" && f != notAsked && f != hangs }

func anyOf(all ...found) bool { return slices.ContainsFunc(all, found.is) }

// result says what caught a misreading.
type result struct {
	misreading misreading

	// What looks at the core alone, and so catches the same whatever else is misread.
	CoreTests, DriverTests found
	// Of a misreading in the core alone: the core against the model.
	Chain found
	// Of one in core and model: the model against the kept graph of the spec.
	Golden found
	// Of one in all three, and of one in core and model: what is stated from the points of Ably's specification.
	ModelProperties, CoreProperties, Liveness found
	// The sentences of Ably's specification, as properties of the model's steps: the tests of package model that are named after it.
	Sentences found
	// The model's tests of one rule each, and its example.
	Examples found
	// Of one in all three: TLC's verdict on the spec.
	TLC found
}

// Kinds of evidence: each says whether it caught the misreading.

func (r result) byTests() bool { return anyOf(r.CoreTests, r.DriverTests) }

func (r result) byCore() bool { return anyOf(r.Chain) || r.byTests() }

// byModelProperties is what is said of model and core alone.
func (r result) byModelProperties() bool {
	return anyOf(r.ModelProperties, r.CoreProperties, r.Liveness, r.Sentences)
}

func (r result) byProperties() bool { return anyOf(r.TLC) || r.byModelProperties() }

func (r result) byExamples() bool { return anyOf(r.Examples) || r.byTests() }

func (r result) byModel() bool { return anyOf(r.Golden) || r.byExamples() || r.byModelProperties() }

func (r result) caught() bool { return r.byCore() || r.byModel() || r.byProperties() }

// try plants a misreading in the three ways, and asks the catchers, cheap ones first. An error means that the misreading is not planted
// as it should be.
func (b *bench) try(ctx context.Context, m misreading) (r result, err error) {
	r = result{misreading: m, CoreTests: notAsked, DriverTests: notAsked}
	dir, err := os.MkdirTemp("", "misreadings")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)

	coreOnly, err := b.overlay(filepath.Join(dir, "core"), m.Core)
	if err != nil {
		return r, err
	}
	withModel, err := b.overlay(filepath.Join(dir, "model"), slices.Concat(m.Core, m.Model))
	if err != nil {
		return r, err
	}
	ask := func(to *found, folder, overlay, run string) {
		if err == nil {
			*to, err = b.test(ctx, dir, folder, overlay, run)
		}
	}
	ask(&r.Chain, "tests/graphs/rooms", coreOnly, "^TestCoreAgainstModel")
	ask(&r.Examples, "model", withModel, "^(TestR[0-9]+_|Example)")
	ask(&r.Sentences, "model", withModel, "^TestDigest$")
	if err != nil {
		return r, err
	}
	if err := b.probe(ctx, dir, withModel, m, &r); err != nil {
		return r, err
	}
	if r.TLC, err = b.check(ctx, dir, m); err != nil {
		return r, err
	}
	if b.all || !r.byCore() || !r.byProperties() && !r.byExamples() {
		ask(&r.CoreTests, "fsm", coreOnly, ".")
		ask(&r.DriverTests, "lifecycle", coreOnly, ".")
	}
	return r, err
}

// overlay writes the files with the edits made, and the plan for the go command.
func (b *bench) overlay(dir string, edits []edit) (string, error) {
	texts, err := plant(b.root, edits)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	replace := map[string]string{}
	for i, file := range slices.Sorted(maps.Keys(texts)) {
		planted := filepath.Join(dir, fmt.Sprintf("planted%d.go", i))
		if err := os.WriteFile(planted, []byte(texts[file]), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(b.root, file)] = planted
	}
	plan, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, plan, 0o600)
}

// build runs the go command, which has to work: what does not compile is no misreading.
func (b *bench) build(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = b.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// test builds the tests of a folder, runs those that match, and returns the first that fails; of a test with parts, the parts that fail.
func (b *bench) test(ctx context.Context, dir, folder, overlay, run string) (found, error) {
	binary := filepath.Join(dir, strings.ReplaceAll(folder, "/", "-")+".test")
	if _, err := os.Stat(binary); err != nil { // model's is used twice
		if err := b.build(ctx, "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", binary, "./"+folder); err != nil {
			return "", err
		}
	}
	args := []string{"-test.short", "-test.failfast", "-test.run", run, "-test.timeout", limit.String()}
	if folder != "model" {
		args = append(args, "-rapid.nofailfile", "-rapid.shrinktime=0s")
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = filepath.Join(b.root, folder)
	out, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err == nil:
		return "", nil
	case strings.Contains(string(out), "panic: test timed out"):
		return hangs, nil
	}
	if failed := failure.FindAllStringSubmatch(string(out), -1); len(failed) > 0 {
		name, parts := failed[0][1], []string{}
		for _, f := range failed {
			if part, ok := strings.CutPrefix(f[1], name+"/"); ok {
				parts = append(parts, part)
			}
		}
		if len(parts) > 0 && folder == "model" {
			return found(strings.Join(parts, " ")), nil
		}
		return found(name), nil
	}
	for _, how := range []string{"panic:", "fatal error:"} {
		if strings.Contains(string(out), how) {
			return found(strings.TrimSuffix(how, ":")), nil
		}
	}
	return "", fmt.Errorf("the tests of %s end in no known way: %w\n%s", folder, err, out)
}

// probe builds the probe with core and model misread, and has it compare the model with the misread spec, too. If those differ, the
// misreading is not the same one in all three.
func (b *bench) probe(ctx context.Context, dir, overlay string, m misreading, r *result) error {
	binary := filepath.Join(dir, "probe")
	if err := b.build(ctx, "build", "-ldflags=-s -w", "-overlay", overlay, "-o", binary, "./tests/misreadings/probe"); err != nil {
		return err
	}
	args := []string{"-golden", filepath.Join(b.root, "tests", "graphs", "rooms", "testdata", "MCRooms_graph1.dot.gz")}
	// Core and model are cheap to compare, so they are compared further.
	args = append(args, fourCalls.String()+"=", twoNames.String()+"=")
	for _, at := range m.bounds() {
		dump, err := b.dump(ctx, dir, m, at)
		if err != nil {
			return err
		}
		args = append(args, at.String()+"="+dump)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	out, err := cmd.Output()
	if err != nil {
		if e, ok := err.(*exec.ExitError); ok {
			err = fmt.Errorf("%w\n%s", err, e.Stderr)
		}
		return fmt.Errorf("the probe: %w", err)
	}
	var said struct{ Golden, Model, Core, Liveness, Chain, Spec string }
	if err := json.Unmarshal(out, &said); err != nil {
		return err
	}
	if said.Chain != "" || said.Spec != "" {
		return fmt.Errorf("it is not planted alike: %s\n%s", said.Chain, said.Spec)
	}
	r.ModelProperties, r.CoreProperties, r.Liveness = found(said.Model), found(said.Core), found(said.Liveness)
	if said.Golden != "" {
		r.Golden = "TestTheGraphsAreEqual"
	}
	return nil
}
