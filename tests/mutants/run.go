package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// verdict is how a mutant fared under one link.
type verdict string

const (
	killed   verdict = "killed"
	survived verdict = "survived"
	passed   verdict = "unreached" // the suite, run with nothing planted, did not come by the place, so there was nothing to run
	hung     verdict = "hung"      // a suite that never ends, or eats all memory, notices too, but doesn't say what is wrong
)

// memory is what a suite may take, in KiB of addresses: a loop that a mutant has made endless must not take the machine down.
const memory = 6 << 20

// build builds a link's suite with some files replaced.
func build(ctx context.Context, root, dir, binary string, l link, instead map[string][]byte) error {
	replace := map[string]string{}
	for file, text := range instead {
		to := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(to, text, 0o600); err != nil {
			return err
		}
		replace[filepath.Join(root, file)] = to
	}
	plan, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, plan, 0o600); err != nil {
		return err
	}
	args := []string{"test", "-c", "-vet=off", "-overlay", overlay, "-o", binary}
	if l.Race {
		args = append(args, "-race")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+l.Package)...)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("link %s: %w\n%s", l.Name, err, output)
	}
	return nil
}

var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// bounds are how long a suite may take: of the clock, for one that waits for ever, and of the processor, for one that never ends its
// work. The machine may be busy with other things, which the second doesn't count.
type bounds struct{ clock, processor time.Duration }

// outcome is how one run of a suite ended.
type outcome struct {
	verdict   verdict
	by        string // the test that failed first
	text      string // what was printed
	processor time.Duration
}

// attempt runs a built suite for one mutant, 0 for none.
func attempt(ctx context.Context, root, binary string, l link, number int, limit bounds, env ...string) outcome {
	args := []string{"-test.run", l.Run, "-test.failfast", "-test.timeout", limit.clock.String()}
	if l.Skip != "" {
		args = append(args, "-test.skip", l.Skip)
	}
	args = append(args, l.Args...)
	within, cancel := context.WithTimeout(ctx, limit.clock+10*time.Second)
	defer cancel()
	line := fmt.Sprintf("ulimit -t %d 2>/dev/null; ", int(limit.processor.Seconds())+1)
	if !l.Race { // the race detector reserves more addresses than there is memory
		line += fmt.Sprintf("ulimit -v %d 2>/dev/null; ", memory)
	}
	cmd := exec.CommandContext(within, "sh", append([]string{"-c", line + `exec "$0" "$@"`, binary}, args...)...)
	cmd.Dir = filepath.Join(root, l.Package)
	cmd.Env = append(append(os.Environ(), fmt.Sprintf("MUTANT=%d", number)), env...)
	cmd.WaitDelay = time.Second
	output, err := cmd.CombinedOutput()
	o := outcome{verdict: survived, text: string(output)}
	signalled := false
	if p := cmd.ProcessState; p != nil {
		o.processor = p.UserTime() + p.SystemTime()
		signalled = p.ExitCode() < 0 // by the limit of the processor
	}
	switch {
	case err == nil:
	case within.Err() != nil, signalled, strings.Contains(o.text, "panic: test timed out after"), strings.Contains(o.text, "SIGXCPU"),
		strings.Contains(o.text, "out of memory"), strings.Contains(o.text, "cannot allocate memory"),
		l.Unsure != "" && strings.Contains(o.text, l.Unsure):
		o.verdict = hung
	default:
		o.verdict, o.by = killed, "exit"
		if m := failed.FindStringSubmatch(o.text); m != nil {
			o.by = m[1]
		} else if strings.Contains(o.text, "panic: ") {
			o.by = "panic"
		}
	}
	return o
}
