package tlcrun

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The configurations of the project state results about the text that there is.
func TestHashesAreOfTheText(t *testing.T) {
	t.Parallel()
	for _, c := range readAll(t) {
		if err := c.CheckHash(); err != nil {
			t.Error(err)
		}
	}
}

// copied copies the spec's folder to a temporary one, with a change in one of the files, and reads a configuration there.
func copied(t *testing.T, file, old, new, config string) *Config {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"Rooms.tla", "RoomsTwins.tla", "MCRooms.tla", config + ".cfg"} {
		text := readText(t, filepath.Join(specDir, name))
		if name == file {
			if !strings.Contains(text, old) {
				t.Fatalf("%s does not have %q", file, old)
			}
			text = strings.Replace(text, old, new, 1)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
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
		{"Rooms.tla", "MaxCalls > 0", "MaxCalls > 1", "MCRooms_safety5", true}, // through MCRooms and RoomsTwins
		{"RoomsTwins.tla", "~bad", "bad", "Twin_CallsSettle", true},
		{"RoomsTwins.tla", "~bad", "bad", "MCRooms_live3", false}, // Rooms doesn't extend it
		{"MCRooms_live3.cfg", "MaxCalls = 3", "MaxCalls = 2", "MCRooms_live3", true},
		{"MCRooms_live3.cfg", "PROPERTIES CallsSettle NoWedge", "PROPERTIES NoWedge", "MCRooms_live3", true},
		{"MCRooms_live3.cfg", "Liveness under", "Of liveness under", "MCRooms_live3", false}, // a sentence of the head
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
		// No run of such a text is judged, with whatever jar.
		_, err = new(TLC).Run(t.Context(), config, nil)
		wantError(t, err, "-renew")
		if len(config.Temporal) == 0 {
			_, err = new(TLC).Dump(t.Context(), config, "x.dot")
			wantError(t, err, "-renew")
		}
	}
}

// The hash is only written after a run that is as stated.
func TestRenewNeedsARun(t *testing.T) {
	t.Parallel()
	c := copied(t, "Rooms.tla", "MaxCalls > 0", "MaxCalls > 1", "MCRooms_live3")
	before := readText(t, c.Path)
	if _, err := (&TLC{Java: "java", Jar: filepath.Join(t.TempDir(), JarName)}).Renew(t.Context(), c, nil); err == nil {
		t.Error("renewed without TLC")
	}
	if readText(t, c.Path) != before {
		t.Error("the file was written although there was no run")
	}
	if err := c.writeHash(); err != nil {
		t.Fatal(err)
	}
	if err := c.CheckHash(); err != nil {
		t.Error(err)
	}
	again, err := ReadConfig(c.Path)
	if err != nil {
		t.Fatal(err)
	}
	if again.Hash != c.Hash || again.Hash == NoHash || strings.Replace(readText(t, c.Path), again.Hash, "", 1) == before {
		t.Errorf("the file says %s, expected %s", again.Hash, c.Hash)
	}
	if err := again.CheckHash(); err != nil {
		t.Error(err)
	}
}
