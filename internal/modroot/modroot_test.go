package modroot

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestTheRootIsFoundFromBelow(t *testing.T) {
	root, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	if path, err := Path(root); err != nil || path != "ablyrooms.example" {
		t.Errorf("the module is %q, %v", path, err)
	}
	if here, err := os.Getwd(); err != nil || filepath.Join(root, "internal", "modroot") != here {
		t.Errorf("the root of %s is %s", here, root)
	}
}

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
	write(t, filepath.Join(outer, "go.mod"), "module outer.example\n")
	write(t, filepath.Join(inner, "go.mod"), "// A comment.\nmodule inner.example // another\n\ngo 1.26\n")
	for from, want := range map[string]string{below: inner, inner: inner, outer: outer} {
		if got, err := FindFrom(from); err != nil || got != want {
			t.Errorf("the root of %s is %s, %v, expected %s", from, got, err, want)
		}
	}
	if path, err := Path(inner); err != nil || path != "inner.example" {
		t.Errorf("the module is %q, %v", path, err)
	}
}

func TestAFileThatNamesNoModuleIsAnError(t *testing.T) {
	dir := t.TempDir()
	if _, err := Path(dir); err == nil {
		t.Error("no go.mod is no error")
	}
	write(t, filepath.Join(dir, "go.mod"), "go 1.26\n")
	if _, err := Path(dir); err == nil {
		t.Error("a go.mod without a module is no error")
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
