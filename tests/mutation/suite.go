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

// suite is a set of tests that may notice a mutant.
type suite struct {
	Name    string
	Package string   // relative to the root of the module
	Run     string   // an expression for the tests to run
	Skip    string   // an expression for tests to leave out of these
	Args    []string // more arguments of the test binary
	Race    bool     // built with the race detector
	Wire    bool     // it runs in real time, so only a second failure counts
	Unsure  string   // a text that it prints if it could not decide in time
	Folders []string // the folders whose mutants it may notice
}

// binary returns the path of the test binary of a suite. Suites may share one.
func (s suite) binary(dir string) string {
	race := ""
	if s.Race {
		race = "-race"
	}
	return filepath.Join(dir, strings.ReplaceAll(s.Package, "/", "-")+race+".test")
}

// memory is the limit for a suite's address space, in KiB. An endless loop in a mutant must not use
// up the memory of the machine.
const memory = 6 << 20

// overlay writes files that replace files of the repository in a build. It returns the path of the
// overlay file for the go command.
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

// buildTests builds the test binary of a suite, with some files replaced.
func buildTests(ctx context.Context, root, dir string, s suite, instead map[string]string) (string, error) {
	args := []string{"test", "-c", "-vet=off", "-trimpath"}
	if s.Race {
		args = append(args, "-race")
	}
	return build(ctx, root, dir, s.binary(dir), args, s.Package, instead)
}

// build runs the go command for a package, with some files replaced, and returns the binary.
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

// bounds are the time limits of a suite: clock for tests that wait for ever, and processor for
// tests that never stop working. On a busy machine, the processor time doesn't grow.
type bounds struct{ clock, processor time.Duration }

// ending says how one run of a suite ended.
type ending struct {
	end       end
	by        string   // the test that failed first
	parts     []string // the names of its subtests that failed
	text      string   // the output
	link      string   // a link to the failed script in the playground; "" if none was printed
	processor time.Duration
}

var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// attempt runs the binary of a suite. env selects the changes that are active.
func attempt(ctx context.Context, root, binary string, s suite, limit bounds, env ...string) ending {
	args := []string{"-test.run", s.Run, "-test.failfast", "-test.timeout", limit.clock.String()}
	if s.Skip != "" {
		args = append(args, "-test.skip", s.Skip)
	}
	args = append(args, s.Args...)
	within, cancel := context.WithTimeout(ctx, limit.clock+10*time.Second)
	defer cancel()
	line := fmt.Sprintf("ulimit -t %d 2>/dev/null; ", int(limit.processor.Seconds())+1)
	if !s.Race { // the race detector reserves more address space than this limit
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
		signalled = p.ExitCode() < 0 // by the limit for processor time
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
