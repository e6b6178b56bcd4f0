package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// link is one link of the chain of evidence: a suite that may kill a mutant.
type link struct {
	Name    string
	Package string   // what go test builds
	Run     string   // which tests
	Args    []string // more arguments of the test binary
	Folders []string // the folders whose mutants it can see
}

func links() []link {
	rapid := []string{"-rapid.checks=1500", "-rapid.nofailfile", "-rapid.shrinktime=0s"}
	return []link{
		{Name: "unit", Package: "./fsm", Run: ".", Folders: []string{"fsm"}},
		{Name: "unit", Package: "./lifecycle", Run: ".", Args: []string{"-rapid.nofailfile", "-rapid.shrinktime=0s"}, Folders: []string{"lifecycle"}},
		{Name: "unit", Package: "./adapter/ably", Run: ".", Folders: []string{"adapter/ably"}},
		{Name: "core = model", Package: "./tests/chain", Run: "TestCoreAgainstModel", Args: rapid, Folders: []string{"fsm"}},
		{Name: "goroutines <= model", Package: "./tests/chain", Run: "TestRoomsAgainstModel|TestInvalid|TestEnded", Args: rapid, Folders: []string{"fsm", "lifecycle"}},
		{Name: "stack <= model", Package: "./tests/stack", Run: ".", Args: []string{"-rapid.nofailfile", "-rapid.shrinktime=0s"}, Folders: []string{"lifecycle", "adapter/ably"}},
	}
}

// verdict is how a mutant fared under one link.
type verdict string

const (
	killed   verdict = "killed"
	survived verdict = "survived"
	hung     verdict = "hung"     // a suite that never ends notices too, but not by saying what is wrong
	broken   verdict = "no build" // tells nothing
	unseen   verdict = "-"        // the link doesn't look at this folder
)

// try builds a link's suite with a mutant planted, and runs it.
func try(ctx context.Context, root, dir string, m mutant, l link, limit time.Duration) (verdict, string) {
	if !sees(l, m.File) {
		return unseen, ""
	}
	binary, out, err := build(ctx, root, dir, m, l)
	if err != nil {
		return broken, out
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append([]string{"-test.run", l.Run, "-test.failfast", "-test.short"}, l.Args...)...)
	cmd.Dir = filepath.Join(root, l.Package)
	output, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return hung, ""
	case err == nil:
		return survived, ""
	}
	return killed, string(output)
}

func build(ctx context.Context, root, dir string, m mutant, l link) (binary, out string, err error) {
	source := filepath.Join(root, m.File)
	text, err := os.ReadFile(source)
	if err != nil {
		return "", "", err
	}
	planted := string(text[:m.begin]) + m.replacement + string(text[m.end:])
	plan, err := json.Marshal(map[string]any{"Replace": map[string]string{source: filepath.Join(dir, "planted.go")}})
	if err != nil {
		return "", "", err
	}
	err = errors.Join(os.WriteFile(filepath.Join(dir, "planted.go"), []byte(planted), 0o600),
		os.WriteFile(filepath.Join(dir, "overlay.json"), plan, 0o600))
	if err != nil {
		return "", "", err
	}
	binary = filepath.Join(dir, "suite.test")
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", filepath.Join(dir, "overlay.json"), "-o", binary, l.Package)
	cmd.Dir = root
	output, err := cmd.CombinedOutput()
	return binary, string(output), err
}

func sees(l link, file string) bool {
	for _, folder := range l.Folders {
		if filepath.ToSlash(filepath.Dir(file)) == strings.TrimSuffix(folder, "/") {
			return true
		}
	}
	return false
}
