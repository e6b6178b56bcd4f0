package tlcrun

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const specDir, documentPath = "..", "../../../docs/rooms.md"

func readAll(t *testing.T) []*Config {
	t.Helper()
	configs, err := ReadConfigs(specDir, filepath.Join(specDir, "twins"), filepath.Join(specDir, "canary"))
	if err != nil {
		t.Fatal(err)
	}
	return configs
}

// pathOf returns the path of a configuration of the project.
func pathOf(name string) string {
	if strings.Contains(name, "Twin_") {
		return filepath.Join(specDir, "twins", name+".cfg")
	}
	return filepath.Join(specDir, name+".cfg")
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// planted makes one change in a configuration of the project, and returns the error of parsing and
// linting it.
func planted(t *testing.T, name, old, new string) error {
	t.Helper()
	path := pathOf(name)
	text := readText(t, path)
	if old == "" { // add a line
		old, new = `\* WORKERS`, `\* `+new+"\n"+`\* WORKERS`
	}
	if strings.Count(text, old) == 0 {
		t.Fatalf("%s does not have %q", name, old)
	}
	c, err := ParseConfig(path, strings.Replace(text, old, new, 1))
	if err != nil {
		return err
	}
	return Lint(c)
}

// wantError fails the test unless err contains the text.
func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("the error is %v, expected one with %q", err, text)
	}
}

func TestEachMarkerIsNeeded(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Twin_TypeOK", "MCRooms_safety3"} {
		lines := strings.SplitAfter(readText(t, pathOf(name)), "\n")
		for i, line := range lines {
			if !strings.HasPrefix(line, `\*`) {
				break
			}
			if _, err := ParseConfig(pathOf(name), strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "")); err == nil {
				t.Errorf("%s without the line %s is accepted", name, line)
			}
		}
	}
}

func TestMarkersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, want string }{
		{"MCRooms_safety5", "", "EXPECT-DISTINCT: 0", "EXPECT-DISTINCT"},
		{"MCRooms_safety5", "WORKERS: 2", "WORKERS: two", "WORKERS"},
		{"MCRooms_safety5", "WORKERS: 2", "WORKERS:", "WORKERS is missing"},
		{"MCRooms_safety5", "", "WORKERS: 2", "twice"},
		{"MCRooms_safety5", "", "THREADS: 2", "THREADS is unknown"},
		{"MCRooms_safety5", "", "a second sentence", "no marker"},
		{"MCRooms_safety5", "", "EXPECT-VIOLATES: TypeOK", "violates nothing"},
		{"MCRooms_safety5", "", "EXPECT-TRACE: 3", "EXPECT-TRACE"},
		{"Twin_TypeOK", "", "EXPECT-DISTINCT: 3", "EXPECT-DISTINCT"},
		{"Twin_TypeOK", "SPECIFICATION", "OTHERWISE", "no section"},
	} {
		wantError(t, planted(t, c.name, c.old, c.new), c.want)
	}
}

func TestConfigurationsPassTheLint(t *testing.T) {
	t.Parallel()
	configs := readAll(t)
	if err := LintAll(configs, readText(t, documentPath)); err != nil {
		t.Error(err)
	}
	if len(configs) < 80 {
		t.Errorf("only %d configurations were found", len(configs))
	}
}

func TestLint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, want string }{
		{"MCRooms_live3", "WORKERS: 1", "WORKERS: 2", "misses violations"},
		{"MCRooms_live3", "CHECK_DEADLOCK", "CONSTRAINT TypeOK\nCHECK_DEADLOCK", "can hide"},
		{"MCRooms_live3", "CHECK_DEADLOCK", "SYMMETRY TypeOK\nCHECK_DEADLOCK", "can hide"},
		{"MCRooms_live3", "CHECK_DEADLOCK", "VIEW TypeOK\nCHECK_DEADLOCK", "can hide"},
		{"MCRooms_live3", "", "ALLOWS: CONSTRAINT", "canaries only"},
		{"MCRooms_live3", "", "REPEAT: 2", "REPEAT is for canaries"},
		{"MCRooms_live3", "\nPROPERTIES CallsSettle", "\nPROPERTIES", "EXPECT-PROPERTIES says"},
		{"MCRooms_live3", "\nPROPERTIES", "\n\\* PROPERTIES", "EXPECT-PROPERTIES says"},
		{"MCRooms_graph1", "CHECK_DEADLOCK", "INVARIANT TypeOK\n", "EXPECT-PROPERTIES"},
		{"MCRooms_live3", "SPECIFICATION FairSpec", "SPECIFICATION Fair", "specification"},
		{"MCRooms_live3", "MODULE: Rooms", "MODULE: Room", "Room.tla"},
		{"Twin_TypeOK", "EXPECT-EXIT: 12", "EXPECT-EXIT: 13", "must exit with 13"},
		{"Twin_TypeOK", "EXPECT-EXIT: 12", "EXPECT-EXIT: 1", "no exit code"},
		{"Twin_TypeOK", "EXPECT-EXIT: 12", "EXPECT-EXIT: 11", "deadlock"},
		{"Twin_TypeOK", "EXPECT-VIOLATES: TypeOK", "EXPECT-VIOLATES: OneOpen", "must exit with 12"},
		{"Twin_TypeOK", "StuckAfterError", "Nothing", "both LifeAfter and Nothing"},
	} {
		wantError(t, planted(t, c.name, c.old, c.new), c.want)
	}

	path := pathOf("Twin_TypeOK")
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
	document := readText(t, documentPath)
	without := func(name string) []*Config {
		return slices.DeleteFunc(readAll(t), func(c *Config) bool { return c.Name == name })
	}
	wantError(t, LintAll(without("Twin_SharedEnd"), document), "SharedEnd has no twin")
	wantError(t, LintAll(without("Twin_SharedEnd"), document), "FirstHearsOnly, which no")
	wantError(t, LintAll(without("MCRooms_live3"), document), "NoWedge must hold")
	more := strings.Replace(document, "- **SameRoom**:", "- **SameRoom, Other**:", 1)
	wantError(t, LintAll(readAll(t), more), "Other must hold")
	wantError(t, LintAll(readAll(t), "# Nothing"), "What must hold")
	if names, err := MustHold(document); err != nil || len(names) != 29 {
		t.Errorf("MustHold returned %v, %v, expected 29 names", names, err)
	}
}

// Each property of docs/room.md, "What must hold", has a configuration of the room's spec where it
// holds, and a twin of that spec that breaks it. LintAll can't check this: it finds properties by
// their names, and some names are those of properties of Rooms too.
func TestEachPropertyOfTheRoomHasItsTwin(t *testing.T) {
	t.Parallel()
	document := readText(t, filepath.Join(filepath.Dir(documentPath), "room.md"))
	room := slices.DeleteFunc(readAll(t), func(c *Config) bool { return !strings.Contains(c.Module, "RoomStatus") })
	if err := LintAll(room, document); err != nil {
		t.Error(err)
	}
	room = slices.DeleteFunc(room, func(c *Config) bool { return c.Violates == "GivenBackOnce" })
	wantError(t, LintAll(room, document), "GivenBackOnce has no twin")
}
