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

	"ablyrooms.example/internal/playlink"
)

// suite is a link of the chain of evidence: tests that may notice a change.
type suite struct {
	Name    string
	Package string   // from the root of the module
	Run     string   // which tests
	Skip    string   // which of them not
	Args    []string // more arguments of the test binary
	Race    bool     // with the race detector
	Wire    bool     // it runs in real time: a failure counts when it comes twice
	Unsure  string   // what it says when it could not tell in time
	Folders []string // the folders whose mutants it can see
}

// binary names the test binary that a suite needs: some share one.
func (s suite) binary(dir string) string {
	race := ""
	if s.Race {
		race = "-race"
	}
	return filepath.Join(dir, strings.ReplaceAll(s.Package, "/", "-")+race+".test")
}

// memory is what a suite may take, in KiB of addresses: a loop that a mutant has made endless must
// not take the machine down.
const memory = 6 << 20

// overlay writes files that stand in for those of the tree, and the plan for the go command.
func overlay(root, dir string, instead map[string]string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	replace := map[string]string{}
	for i, file := range slices.Sorted(maps.Keys(instead)) {
		to := filepath.Join(dir, fmt.Sprintf("planted%d_%s", i, filepath.Base(file)))
		if err := os.WriteFile(to, []byte(instead[file]), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, file)] = to
	}
	plan, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, plan, 0o600)
}

// buildTests builds a suite with some files replaced.
func buildTests(ctx context.Context, root, dir string, s suite, instead map[string]string) (string, error) {
	args := []string{"test", "-c", "-vet=off", "-trimpath"}
	if s.Race {
		args = append(args, "-race")
	}
	return build(ctx, root, dir, s.binary(dir), args, s.Package, instead)
}

// build runs the go command for a package with some files replaced, and returns the binary.
func build(ctx context.Context, root, dir, binary string, args []string, folder string,
	instead map[string]string) (string, error) {
	file, err := overlay(root, dir, instead)
	if err != nil {
		return "", err
	}
	args = append(slices.Clone(args), "-ldflags=-s -w", "-overlay", file, "-o", binary, "./"+folder)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", folder, err, output)
	}
	return binary, nil
}

// bounds are how long a suite may take: of the clock, for one that waits for ever, and of the
// processor, for one that never ends its work. The machine may be busy with other things, which
// the second doesn't count.
type bounds struct{ clock, processor time.Duration }

// ending is how one run of a suite ended.
type ending struct {
	end       end
	by        string   // the test that failed first
	parts     []string // the parts of it that failed
	text      string   // what was printed
	link      string   // of the script that it failed at, in the playground; "" if it printed none
	processor time.Duration
}

var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// attempt runs a built suite with some of the changes that are woven into it.
func attempt(ctx context.Context, root, binary string, s suite, limit bounds, env ...string) ending {
	args := []string{"-test.run", s.Run, "-test.failfast", "-test.timeout", limit.clock.String()}
	if s.Skip != "" {
		args = append(args, "-test.skip", s.Skip)
	}
	args = append(args, s.Args...)
	within, cancel := context.WithTimeout(ctx, limit.clock+10*time.Second)
	defer cancel()
	line := fmt.Sprintf("ulimit -t %d 2>/dev/null; ", int(limit.processor.Seconds())+1)
	if !s.Race { // the race detector reserves more addresses than there is memory
		line += fmt.Sprintf("ulimit -v %d 2>/dev/null; ", memory)
	}
	cmd := exec.CommandContext(within, "sh",
		append([]string{"-c", line + `exec "$0" "$@"`, binary}, args...)...)
	cmd.Dir = filepath.Join(root, s.Package)
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = time.Second
	output, err := cmd.CombinedOutput()
	e := ending{end: alive, text: string(output)}
	signalled := false
	if p := cmd.ProcessState; p != nil {
		e.processor = p.UserTime() + p.SystemTime()
		signalled = p.ExitCode() < 0 // by the limit of the processor
	}
	switch {
	case err == nil:
	case cmd.ProcessState.ExitCode() == 126 || cmd.ProcessState.ExitCode() == 127:
		panic("mutation: the suite " + s.Name + " can't be run: " + e.text)
	case within.Err() != nil, signalled, strings.Contains(e.text, "panic: test timed out after"),
		strings.Contains(e.text, "SIGXCPU"), strings.Contains(e.text, "out of memory"),
		strings.Contains(e.text, "cannot allocate memory"),
		s.Unsure != "" && strings.Contains(e.text, s.Unsure):
		e.end = hung
	default:
		e.end, e.by, e.link = killed, "exit", playlink.Find(e.text)
		if all := failed.FindAllStringSubmatch(e.text, -1); len(all) > 0 {
			e.by = all[0][1]
			for _, m := range all {
				if part, ok := strings.CutPrefix(m[1], e.by+"/"); ok {
					e.parts = append(e.parts, part)
				}
			}
		} else if strings.Contains(e.text, "panic: ") {
			e.by = "panic"
		}
	}
	return e
}
