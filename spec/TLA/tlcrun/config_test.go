package tlcrun

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const specDir = ".."

func readAll(t *testing.T) []*Config {
	t.Helper()
	configs, err := ReadConfigs(specDir, filepath.Join(specDir, "canary"))
	if err != nil {
		t.Fatal(err)
	}
	return configs
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// planted parses and lints a configuration of the project with one change, and returns the error.
func planted(t *testing.T, name, old, new string) error {
	t.Helper()
	path := filepath.Join(specDir, name+".cfg")
	text := readText(t, path)
	if strings.Count(text, old) == 0 {
		t.Fatalf("%s does not have %q", name, old)
	}
	c, err := ParseConfig(path, strings.Replace(text, old, new, 1))
	if err != nil {
		return err
	}
	return Lint(c)
}

// wantError fails the test unless the error has the text.
func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("the error is %v, expected one with %q", err, text)
	}
}

func TestParseConfig(t *testing.T) {
	t.Parallel()
	c, err := ReadConfig(filepath.Join(specDir, "Twin_RoomIsReady.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "Twin_RoomIsReady" || c.Module != "RoomsTwins" || c.Exit != ExitProperty || c.Violates != "RoomIsReady" ||
		c.Workers != 1 || c.Specification != "Spec" || c.Description == "" || c.Distinct != 0 || c.IsCanary() ||
		!slices.Equal(c.Properties, []string{"RoomIsReady"}) || !slices.Equal(c.Temporal, c.Properties) || c.Invariants != nil ||
		len(c.Overrides) != 2 || c.Overrides["Rejected"] != "NobodyRejected" || c.Overrides["OpenedAbandoned"] != "OpenedForAbandoned" {
		t.Errorf("%+v", c)
	}
}

func TestEachMarkerIsNeeded(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Twin_TypeOK", "MCRooms_safety3"} {
		lines := strings.SplitAfter(readText(t, filepath.Join(specDir, name+".cfg")), "\n")
		for i, line := range lines {
			if !strings.HasPrefix(line, `\*`) {
				break
			}
			if _, err := ParseConfig(name+".cfg", strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "")); err == nil {
				t.Errorf("%s is read without the line %s", name, line)
			}
		}
	}
}

func TestMarkersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, want string }{
		{"MCRooms_safety5", "EXPECT-DISTINCT: 2014697", "EXPECT-DISTINCT: 0", "EXPECT-DISTINCT"},
		{"MCRooms_safety5", "WORKERS: 2", "WORKERS: two", "WORKERS"},
		{"MCRooms_safety5", "WORKERS: 2", "WORKERS:", "WORKERS is missing"},
		{"MCRooms_safety5", `\* WORKERS`, "\\* WORKERS: 2\n\\* WORKERS", "twice"},
		{"MCRooms_safety5", `\* WORKERS`, "\\* THREADS: 2\n\\* WORKERS", "THREADS is unknown"},
		{"MCRooms_safety5", `\* WORKERS`, "\\* a second sentence\n\\* WORKERS", "no marker"},
		{"MCRooms_safety5", `\* WORKERS`, "\\* EXPECT-VIOLATES: TypeOK\n\\* WORKERS", "violates nothing"},
		{"MCRooms_safety5", `\* WORKERS`, "\\* EXPECT-TRACE: 3\n\\* WORKERS", "EXPECT-TRACE"},
		{"Twin_TypeOK", `\* WORKERS`, "\\* EXPECT-DISTINCT: 3\n\\* WORKERS", "EXPECT-DISTINCT"},
		{"Twin_TypeOK", "SPECIFICATION", "POSTCONDITION", "no section"},
	} {
		wantError(t, planted(t, c.name, c.old, c.new), c.want)
	}
}

func TestConfigurationsPassTheLint(t *testing.T) {
	t.Parallel()
	configs := readAll(t)
	if err := LintAll(configs, readText(t, filepath.Join(specDir, "..", "..", "docs", "rooms.md"))); err != nil {
		t.Error(err)
	}
	if len(configs) < 30 {
		t.Errorf("there are only %d configurations", len(configs))
	}
}

func TestLint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, want string }{
		{"MCRooms_live3", "WORKERS: 1", "WORKERS: 2", "misses violations"},
		{"MCRooms_live3", "CHECK_DEADLOCK", "CONSTRAINT TypeOK\nCHECK_DEADLOCK", "can hide"},
		{"MCRooms_live3", "CHECK_DEADLOCK", "SYMMETRY TypeOK\nCHECK_DEADLOCK", "can hide"},
		{"MCRooms_live3", "CHECK_DEADLOCK", "VIEW TypeOK\nCHECK_DEADLOCK", "can hide"},
		{"MCRooms_live3", `\* WORKERS`, "\\* ALLOWS: CONSTRAINT\n\\* WORKERS", "canaries only"},
		{"MCRooms_live3", `\* WORKERS`, "\\* REPEAT: 2\n\\* WORKERS", "REPEAT is for canaries only"},
		{"MCRooms_live3", "PROPERTIES CallsSettle NoWedge", "PROPERTIES CallsSettle", "EXPECT-PROPERTIES says"},
		{"MCRooms_live3", "\nPROPERTIES CallsSettle NoWedge", "\n\\* PROPERTIES CallsSettle NoWedge", "EXPECT-PROPERTIES says"},
		{"MCRooms_graph1", "CHECK_DEADLOCK", "INVARIANT TypeOK\nCHECK_DEADLOCK", "EXPECT-PROPERTIES says"},
		{"MCRooms_live3", "SPECIFICATION FairSpec", "SPECIFICATION Fair", "specification"},
		{"MCRooms_live3", "MODULE: Rooms", "MODULE: Room", "Room.tla"},
		{"Twin_TypeOK", "EXPECT-EXIT: 12", "EXPECT-EXIT: 13", "must exit with 13"},
		{"Twin_TypeOK", "EXPECT-EXIT: 12", "EXPECT-EXIT: 1", "no exit code"},
		{"Twin_TypeOK", "EXPECT-EXIT: 12", "EXPECT-EXIT: 11", "deadlock"},
		{"Twin_TypeOK", "EXPECT-VIOLATES: TypeOK", "EXPECT-VIOLATES: OneOpen", "must exit with 12"},
		{"Twin_TypeOK", "LifeAfter <- StuckAfterError", "LifeAfter <- Nothing", "both LifeAfter and Nothing"},
	} {
		wantError(t, planted(t, c.name, c.old, c.new), c.want)
	}

	path := filepath.Join(specDir, "Twin_TypeOK.cfg")
	c, err := ParseConfig(path, strings.ReplaceAll(readText(t, path), "TypeOK", "TypesOK"))
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, Lint(c), "TypesOK, which RoomsTwins does not define")

	canary := filepath.Join(specDir, "canary", "Canary_vacuous.cfg")
	c, err = ParseConfig(canary, strings.Replace(readText(t, canary), `\* ALLOWS: CONSTRAINT`+"\n", "", 1))
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, Lint(c), "can hide")
}

func TestLintAllFindsWhatIsNotThere(t *testing.T) {
	t.Parallel()
	document := readText(t, filepath.Join(specDir, "..", "..", "docs", "rooms.md"))
	without := func(name string) []*Config {
		return slices.DeleteFunc(readAll(t), func(c *Config) bool { return c.Name == name })
	}
	wantError(t, LintAll(without("Twin_SharedEnd"), document), "SharedEnd has no twin")
	wantError(t, LintAll(without("Twin_SharedEnd"), document), "FirstHearsOnly, which no configuration uses")
	wantError(t, LintAll(without("MCRooms_live3"), document), "NoWedge must hold")
	wantError(t, LintAll(readAll(t), strings.Replace(document, "- **SameRoom**:", "- **SameRoom, Other**:", 1)), "Other must hold")
	wantError(t, LintAll(readAll(t), "# Nothing"), "What must hold")
	if names, err := MustHold(document); err != nil || len(names) != 29 {
		t.Errorf("%v, %v: expected 29 names", names, err)
	}
}
