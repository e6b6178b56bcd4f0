package tlcrun

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ablyrooms.example/tests/report/golden"
)

// The golden figures of each configuration are for its present text. There are no figures of other
// configurations.
func TestHashesAreOfTheText(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, c := range readAll(t) {
		known[c.Name] = true
		if err := c.CheckHash(); err != nil {
			t.Error(err)
		}
	}
	for _, key := range golden.Keys("tlc") {
		if name := strings.Split(key, "/")[1]; !known[name] {
			t.Errorf("golden.json has %s, but no such configuration exists", key)
		}
	}
}

// copied copies the spec's folder to a temporary one, makes a change in one of the files there, and
// reads a configuration from there.
func copied(t *testing.T, file, old, new, config string) *Config {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(specDir)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, file)
	text := readText(t, path)
	if !strings.Contains(text, old) {
		t.Fatalf("%s does not have %q", file, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(text, old, new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := ReadConfig(filepath.Join(dir, config+".cfg"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnotherTextIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, old, new, config string
		refused                bool
	}{
		{"Rooms.tla", "MaxCalls > 0", "MaxCalls > 1", "MCRooms_live3", true},
		// through MCRooms
		{"Rooms.tla", "MaxCalls > 0", "MaxCalls > 1", "MCRooms_safety5", true},
		// RoomsTwins extends Rooms in the folder above
		{"Rooms.tla", "MaxCalls > 0", "MaxCalls > 1", "twins/Twin_CallsSettle", true},
		{"twins/RoomsTwins.tla", "~bad", "bad", "twins/Twin_CallsSettle", true},
		{"twins/RoomsTwins.tla", "~bad", "bad", "MCRooms_live3", false}, // Rooms doesn't extend it
		{"MCRooms_live3.cfg", "MaxCalls = 3", "MaxCalls = 2", "MCRooms_live3", true},
		{"MCRooms_live3.cfg", "PROPERTIES CallsSettle NoWedge", "PROPERTIES NoWedge", "MCRooms_live3", true},
		// the hash doesn't depend on the head
		{"MCRooms_live3.cfg", "Liveness under", "Of liveness under", "MCRooms_live3", false},
	} {
		config := copied(t, c.file, c.old, c.new, c.config)
		err := config.CheckHash()
		if !c.refused {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		wantError(t, err, "go run ./spec/TLA/tlc -renew")
		// A run of a changed spec fails before TLC starts.
		_, err = new(TLC).Run(t.Context(), config, nil)
		wantError(t, err, "-renew")
		if len(config.Temporal) == 0 {
			_, err = new(TLC).Dump(t.Context(), config, "x.dot")
			wantError(t, err, "-renew")
		}
	}
}

// The figures are written only after a run that ends as the head states.
func TestRenew(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	file := filepath.Join(root, filepath.FromSlash(golden.File))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	before := `{"tlc/MCRooms_live3/distinct": 1}`
	if err := os.WriteFile(file, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	c := copied(t, "Rooms.tla", "MaxCalls > 0", "MaxCalls > 1", "MCRooms_live3")
	none := &TLC{Java: "java", Jar: filepath.Join(root, JarName)}
	if _, err := none.Renew(t.Context(), root, c, nil); err == nil || readText(t, file) != before {
		t.Errorf("Renew without TLC returns %v", err)
	}
	if err := c.write(root, &Result{Distinct: 17}); err != nil {
		t.Fatal(err)
	}
	if text := readText(t, file); !strings.Contains(text, `"tlc/MCRooms_live3/distinct": 17`) || !strings.Contains(text, c.Hash) {
		t.Errorf("the figures are %s", text)
	}
	if err := c.CheckHash(); err != nil {
		t.Error(err)
	}
	c.Distinct = 0
	wantError(t, c.CheckHash(), "-renew")
}
