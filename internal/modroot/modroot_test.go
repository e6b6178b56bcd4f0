package modroot

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestTheNearestModuleCounts(t *testing.T) {
	outer := t.TempDir()
	inner := filepath.Join(outer, "inner")
	below := filepath.Join(inner, "a", "b")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := FindFrom(below); !errors.Is(err, ErrNotFound) {
		t.Skipf("the folder of temporary files is in a module: %v", err)
	}
	for dir, text := range map[string]string{outer: "go 1.26\n", inner: "// A\nmodule b.example // c\n\ngo 1.26\n"} {
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for from, want := range map[string]string{below: inner, inner: inner, outer: outer} {
		if got, err := FindFrom(from); err != nil || got != want {
			t.Errorf("FindFrom(%s) returned %s, %v, expected %s", from, got, err, want)
		}
	}
	for dir, want := range map[string]string{inner: "b.example", outer: "", below: ""} {
		if path, err := Path(dir); path != want || (err == nil) != (want != "") {
			t.Errorf("Path of %s returned %q, %v", dir, path, err)
		}
	}
	t.Chdir(below)
	if got, err := Find(); err != nil || got != inner {
		t.Errorf("in a folder below the root, Find returned %s, %v", got, err)
	}
}
