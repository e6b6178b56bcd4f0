package npm

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func write(t *testing.T, text string, file ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(file...), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// standIns creates programs named node and npm in a folder, and makes this folder the whole PATH.
// npm creates node_modules with one package; it fails if there is a file "broken".
func standIns(t *testing.T, version string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the programs are shell scripts")
	}
	bin := t.TempDir()
	write(t, "#!/bin/sh\necho "+version+"\n", bin, "node")
	write(t, `#!/bin/sh
echo "$@"
if [ -e broken ]; then exit 1; fi
/bin/mkdir -p node_modules/@a/b
echo '{"version": "1.2.3"}' > node_modules/@a/b/package.json
`, bin, "npm")
	t.Setenv("PATH", bin)
}

// Packages are installed once for each lock file, and again after a failure.
func TestInstall(t *testing.T) {
	standIns(t, "v22.1.0")
	dir := t.TempDir()
	install := func(lock string, runs, fails bool) {
		t.Helper()
		write(t, lock, dir, "package-lock.json")
		var out bytes.Buffer
		if err := Install(t.Context(), dir, &out); (err != nil) != fails {
			t.Errorf("with the lock file %s, Install returned %v", lock, err)
		}
		if strings.Contains(out.String(), "ci --no-audit") != runs {
			t.Errorf("with the lock file %s, npm must run: %t; the output is\n%s", lock, runs, &out)
		}
	}
	install("one", true, false)
	install("one", false, false)
	write(t, "", dir, "broken")
	install("two", true, true)
	if err := os.Remove(filepath.Join(dir, "broken")); err != nil {
		t.Fatal(err)
	}
	install("two", true, false)
	if v, err := Version(dir, "@a/b"); err != nil || v != "1.2.3" {
		t.Errorf("Version returned %q, %v", v, err)
	}
	for _, text := range []string{"{", "{}"} {
		write(t, text, dir, "node_modules", "@a", "b", "package.json")
		if _, err := Version(dir, "@a/b"); err == nil {
			t.Errorf("Version returned no error for the package.json %s", text)
		}
	}
}

// An error about Node says what to do.
func TestNodeIsMissingOrOld(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, version := range []string{"", "v18.19.1", "nightly"} {
		if version != "" {
			standIns(t, version)
		}
		err := Install(t.Context(), t.TempDir(), os.Stderr)
		if !errors.Is(err, ErrNode) || !strings.Contains(err.Error(), "https://nodejs.org") {
			t.Errorf("with the Node version %q, Install returned %v", version, err)
		}
	}
}
