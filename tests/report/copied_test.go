package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var toolLine = regexp.MustCompile(`(?m)^tool .*\n`)

// foreignModule makes another module that requires this one, like the module of a user's program.
// It requires the same versions of all other modules, so it needs no network.
func foreignModule(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	mod := toolLine.ReplaceAllString(strings.Replace(read(t, "go.mod"), "module "+module, "module mybot.example", 1), "")
	mod += "\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + absolute + "\n"
	write(t, filepath.Join(dir, "go.mod"), mod)
	write(t, filepath.Join(dir, "go.sum"), read(t, "go.sum"))
	return dir
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// goCommand runs the go command in a folder, without access to a network.
func goCommand(dir string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestExamplesCanBeCopiedOut builds each example in another module: examples must not import
// packages that only this module may import.
func TestExamplesCanBeCopiedOut(t *testing.T) {
	dir, copied := foreignModule(t), 0
	err := fs.WalkDir(os.DirFS(root), "examples", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasPrefix(path, "examples/stage/") {
			return err
		}
		write(t, filepath.Join(dir, path), read(t, path))
		copied++
		return nil
	})
	if err != nil || copied < 20 {
		t.Fatalf("copied %d files, expected 20 or more: %v", copied, err)
	}
	if out, err := goCommand(dir, "vet", "./..."); err != nil {
		t.Errorf("an example does not compile in another module: %v\n%s", err, out)
	}
}

// TestAnInternalImportIsSeen shows that the check can fail.
func TestAnInternalImportIsSeen(t *testing.T) {
	dir := foreignModule(t)
	write(t, filepath.Join(dir, "main.go"), "package main\n\nimport _ \""+module+"/internal/progress\"\n\nfunc main() {}\n")
	if out, err := goCommand(dir, "vet", "./..."); err == nil || !strings.Contains(out, "use of internal package") {
		t.Errorf("go vet must reject the import of an internal package: %v\n%s", err, out)
	}
}
