package solver

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnotherWheelIsRefused checks that a download with another checksum is refused, and that
// nothing in it is run.
func TestAnotherWheelIsRefused(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, ".cache", "z3")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, Wheel), []byte("another"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Fetch(t.Context(), root, io.Discard); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "z3")); err == nil {
		t.Error("it is unpacked")
	}
}

// TestUnpack checks that the program is extracted from a wheel, and is executable.
func TestUnpack(t *testing.T) {
	dir := t.TempDir()
	wheel, to := filepath.Join(dir, "wheel"), filepath.Join(dir, "z3")
	f, err := os.Create(wheel)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, text := range map[string]string{"z3/lib/z3": "library", "z3.data/data/bin/z3": "program"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := unpack(wheel, to); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(to)
	info, err2 := os.Stat(to)
	if err != nil || err2 != nil || string(text) != "program" || info.Mode()&0o111 == 0 {
		t.Errorf("%q, %v, %v", text, err, err2)
	}
}
