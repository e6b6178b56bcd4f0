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

// attempt runs a built suite for one mutant, 0 for none, and returns the test that failed first, and what was printed.
func attempt(ctx context.Context, root, binary string, l link, number int, limit time.Duration, env ...string) (verdict, string, string) {
	args := []string{"-test.run", l.Run, "-test.failfast", "-test.timeout", limit.String()}
	if l.Skip != "" {
		args = append(args, "-test.skip", l.Skip)
	}
	args = append(args, l.Args...)
	within, cancel := context.WithTimeout(ctx, limit+5*time.Second)
	defer cancel()
	line := fmt.Sprintf(`ulimit -v %d 2>/dev/null; exec "$0" "$@"`, memory)
	if l.Race { // which reserves more addresses than there is memory
		line = `exec "$0" "$@"`
	}
	cmd := exec.CommandContext(within, "sh", append([]string{"-c", line, binary}, args...)...)
	cmd.Dir = filepath.Join(root, l.Package)
	cmd.Env = append(append(os.Environ(), fmt.Sprintf("MUTANT=%d", number)), env...)
	cmd.WaitDelay = time.Second
	output, err := cmd.CombinedOutput()
	text := string(output)
	switch {
	case err == nil:
		return survived, "", text
	case within.Err() != nil, strings.Contains(text, "panic: test timed out after"), strings.Contains(text, "out of memory"),
		strings.Contains(text, "cannot allocate memory"), l.Unsure != "" && strings.Contains(text, l.Unsure):
		return hung, "", text
	}
	by := "exit"
	if m := failed.FindStringSubmatch(text); m != nil {
		by = m[1]
	} else if strings.Contains(text, "panic: ") {
		by = "panic"
	}
	return killed, by, text
}
