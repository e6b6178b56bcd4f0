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

// standIns puts programs named node and npm into a folder that is the whole PATH. npm makes
// node_modules with one package, and fails where a file "broken" lies.
func standIns(t *testing.T, version string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the programs are shell scripts")
	}
	bin := t.TempDir()
	write(t, filepath.Join(bin, "node"), "#!/bin/sh\necho "+version+"\n")
	write(t, filepath.Join(bin, "npm"), `#!/bin/sh
echo "$@"
if [ -e broken ]; then exit 1; fi
/bin/mkdir -p node_modules/@a/b
echo '{"version": "1.2.3"}' > node_modules/@a/b/package.json
`)
	t.Setenv("PATH", bin)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestPackagesAreInstalledOnceForEachLockFile(t *testing.T) {
	standIns(t, "v22.1.0")
	dir := t.TempDir()
	ran := func() bool {
		t.Helper()
		var out bytes.Buffer
		if err := Install(t.Context(), dir, &out); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(out.String(), "ci --no-audit")
	}
	write(t, filepath.Join(dir, "package-lock.json"), "one")
	if !ran() || ran() {
		t.Error("npm must run once for a lock file")
	}
	if v, err := Version(dir, "@a/b"); err != nil || v != "1.2.3" {
		t.Errorf("version %q, %v", v, err)
	}
	write(t, filepath.Join(dir, "package-lock.json"), "two")
	if !ran() || ran() {
		t.Error("npm must run again for another lock file")
	}
}

func TestAFailedInstallIsTriedAgain(t *testing.T) {
	standIns(t, "v22.1.0")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "package-lock.json"), "one")
	write(t, filepath.Join(dir, "broken"), "")
	for range 2 {
		var out bytes.Buffer
		if err := Install(t.Context(), dir, &out); err == nil || !strings.Contains(out.String(), "ci") {
			t.Errorf("%v after %q", err, &out)
		}
	}
}

func TestMissingOrOldNodeIsSaidWithWhatToDo(t *testing.T) {
	for name, prepare := range map[string]func(){
		"missing": func() { t.Setenv("PATH", t.TempDir()) },
		"old":     func() { standIns(t, "v18.19.1") },
		"odd":     func() { standIns(t, "nightly") },
	} {
		prepare()
		err := Install(t.Context(), t.TempDir(), os.Stderr)
		if !errors.Is(err, ErrNode) || !strings.Contains(err.Error(), "https://nodejs.org") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPackageWithoutAVersionIsAnError(t *testing.T) {
	dir := t.TempDir()
	if _, err := Version(dir, "a"); err == nil {
		t.Error("a missing package is no error")
	}
	file := filepath.Join(dir, "node_modules", "a", "package.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"{", "{}"} {
		write(t, file, text)
		if _, err := Version(dir, "a"); err == nil {
			t.Errorf("%s is no error", text)
		}
	}
}
