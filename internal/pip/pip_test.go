package pip_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"ablyrooms.example/internal/pip"
)

func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "requirements.txt"), []byte("# nothing\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Without Python, the error says how to get it. Without requirements, the error says which file is
// missing.
func TestWhatIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := pip.Install(t.Context(), folder(t), io.Discard); !errors.Is(err, pip.ErrPython) {
		t.Errorf("without Python, Install returned %v", err)
	}
	if _, err := pip.Install(t.Context(), t.TempDir(), io.Discard); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without requirements, Install returned %v", err)
	}
}

// An environment with the same requirements is used again, without running Python.
func TestAnEnvironmentIsUsedAgain(t *testing.T) {
	dir := folder(t)
	if err := os.MkdirAll(filepath.Join(dir, ".venv"), 0o755); err != nil {
		t.Fatal(err)
	}
	stamp := filepath.Join(dir, ".venv", ".installed-requirements")
	t.Setenv("PATH", t.TempDir())
	for text, want := range map[string]error{"# nothing\n": nil, "# other\n": pip.ErrPython} {
		if err := os.WriteFile(stamp, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := pip.Install(t.Context(), dir, io.Discard); !errors.Is(err, want) {
			t.Errorf("with the requirements %q, Install returned %v, expected %v", text, err, want)
		}
	}
}
