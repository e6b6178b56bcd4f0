package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
)

// coverage.md names, for each point of the specification on a room's lifecycle, what covers it, and
// coverage-features.md does for all other points. The tests here hold them to that.

var (
	coverageRow  = regexp.MustCompile(`(?m)^\| (CHA-\w+) \| (.+) \| (.*) \|$`)
	coverageTest = regexp.MustCompile("`([a-z/]+)\\.(Test\\w+)(?:\\[(CHA-\\w+)\\])?`")
	coverageBold = regexp.MustCompile(`\*\*(\w+)\*\*`)
	roomProperty = regexp.MustCompile(`(?m)^- \*\*(\w+)\*\*:`)
)

// source is what the checks read.
type source struct {
	points   map[string]bool // by id: whether the specification marks it as testable
	table    string
	document string // docs/room.md
	test     func(folder, name string) (string, bool)
}

// coverageSource reads a list of points, the table for it, and docs/room.md.
func coverageSource(t *testing.T, points, table string, find func(folder, name string) (string, bool)) source {
	t.Helper()
	read := func(path ...string) string {
		text, err := os.ReadFile(filepath.Join(path...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	s := source{map[string]bool{}, read(table), read(root, "docs", "room.md"), find}
	for line := range strings.Lines(read("testdata", points)) {
		id, mark, _ := strings.Cut(strings.TrimSpace(line), " ")
		s.points[id] = mark == "T"
	}
	return s
}

// evidence prints how much is covered.
func (s source) evidence(name string) {
	testable := 0
	for _, t := range s.points {
		if t {
			testable++
		}
	}
	fmt.Printf("EVIDENCE %s listed=%d testable=%d tests_named=%d nothere=%d notforgo=%d\n", name,
		len(s.points), testable, len(coverageTest.FindAllString(s.table, -1)),
		strings.Count(s.table, "not here: "), strings.Count(s.table, "| not for Go: "))
}

// testFinder returns a function that returns the text of the file with a test function of a folder. It
// reads each folder once.
func testFinder() func(folder, name string) (string, bool) {
	folders := map[string]map[string]string{}
	return func(folder, name string) (string, bool) {
		if folders[folder] == nil {
			folders[folder] = map[string]string{}
			files, _ := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					continue
				}
				parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
				if err != nil {
					continue
				}
				for _, decl := range parsed.Decls {
					if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
						folders[folder][f.Name.Name] = string(text)
					}
				}
			}
		}
		text, ok := folders[folder][name]
		return text, ok
	}
}

// check returns what is wrong with the table.
func (s source) check() (errs []error) {
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	properties := map[string]bool{}
	for _, m := range roomProperty.FindAllStringSubmatch(s.document, -1) {
		properties[m[1]] = true
	}
	seen := map[string]bool{}
	for _, row := range coverageRow.FindAllStringSubmatch(s.table, -1) {
		id, by := row[1], row[3]
		testable, known := s.points[id]
		switch {
		case !known:
			wrong("%s is no point of the specification", id)
		case seen[id]:
			wrong("%s has two rows", id)
		}
		seen[id] = true
		if why, ok := strings.CutPrefix(by, "not for Go: "); ok {
			if len(why) < 20 {
				wrong("%s is not for Go, and it isn't said why", id)
			}
			continue
		}
		by, why, partly := strings.Cut(by, "not here: ")
		if by = strings.TrimSuffix(by, "; "); partly && len(why) < 20 {
			wrong("%s is not here, and it isn't said why", id)
		}
		tests, bold := coverageTest.FindAllStringSubmatch(by, -1), coverageBold.FindAllStringSubmatch(by, -1)
		if !partly && (len(tests)+len(bold) == 0 || testable && len(tests) == 0) {
			wrong("%s has no test", id)
		}
		if rest := strings.Trim(coverageBold.ReplaceAllString(coverageTest.ReplaceAllString(by, ""), ""), ", "); rest != "" {
			wrong("%s is covered by %q, which is neither a test nor a property", id, rest)
		}
		for _, t := range tests {
			text, ok := s.test(t[1], t[2])
			if !ok {
				wrong("%s: there is no test %s in %s", id, t[2], t[1])
			} else if t[3] != "" && !regexp.MustCompile(regexp.QuoteMeta(t[3])+`\b`).MatchString(text) {
				wrong("%s: the tests beside %s don't cite %s", id, t[2], t[3])
			}
		}
		for _, p := range bold {
			if !properties[p[1]] {
				wrong("%s: docs/room.md has no property %s", id, p[1])
			}
		}
	}
	for id := range s.points {
		if !seen[id] {
			wrong("%s has no row", id)
		}
	}
	return errs
}

func TestEveryPointOfTheRoomIsCovered(t *testing.T) {
	s := coverageSource(t, "room-points.txt", "coverage.md", testFinder())
	for _, err := range s.check() {
		t.Error(err)
	}
	if strings.Contains(s.table, "not here: ") {
		t.Error("a point of the room's lifecycle is not here")
	}
	ids := regexp.MustCompile(`CHA-R[LS]\d\w*`).FindAllString(s.document, -1)
	for _, r := range model.RoomRules() {
		ids = append(ids, r.Spec()...)
	}
	for _, id := range ids {
		if _, ok := s.points[id]; !ok {
			t.Errorf("docs/room.md or a rule cites %s, which is no point of the specification", id)
		}
	}
	s.evidence("room_points")
}

func TestEveryPointOfTheFeaturesIsCovered(t *testing.T) {
	s := coverageSource(t, "feature-points.txt", "coverage-features.md", testFinder())
	for _, err := range s.check() {
		t.Error(err)
	}
	s.evidence("feature_points")
}

// What is wrong with a table is noticed.
func TestAPointThatIsNotCoveredIsNoticed(t *testing.T) {
	type planted struct {
		edit func(s *source)
		says string
	}
	replace := func(expression, by string) func(s *source) {
		return func(s *source) { s.table = regexp.MustCompile(expression).ReplaceAllString(s.table, by) }
	}
	row := func(id, by string) func(s *source) {
		return replace(`(?m)^(\| `+id+` \| .+ \|) .* \|$`, "$1 "+by+" |")
	}
	more := func(row string) func(s *source) { return func(s *source) { s.table += row + "\n" } }
	find := testFinder()
	for table, faults := range map[string]map[string]planted{
		"room": {
			"a row is gone":     {replace(`(?m)^\| CHA-RL3h .*\n`, ""), "CHA-RL3h has no row"},
			"a test is renamed": {replace("TestRoomReleaseRetries", "TestX"), "CHA-RL3n4: there is no test TestX in lifecycle"},
			"a property is renamed": {func(s *source) { s.document = strings.ReplaceAll(s.document, "**GivenBackOnce**", "") },
				"docs/room.md has no property GivenBackOnce"},
			"a test does not cite its point": {replace(`\[CHA-RL3h\]`, "[CHA-RL99]"),
				"CHA-RL3h: the tests beside TestRoomRules don't cite CHA-RL99"},
			"a testable point has a property alone": {row("CHA-RL7a", "**ReleaseFirst**"), "CHA-RL7a has no test"},
			"words":                                 {row("CHA-RL7a", "looked at by hand"), `"looked at by hand", which is neither`},
			"no reason":                             {row("CHA-RS1j", "not for Go: no"), "CHA-RS1j is not for Go"},
			"a point of nobody":                     {more("| CHA-RL99 | nothing | **OneOperation** |"), "CHA-RL99 is no point"},
			"a row twice":                           {more("| CHA-RL7 | again | **OneOperation** |"), "CHA-RL7 has two rows"},
		},
		"feature": {
			"a row is gone":          {replace(`(?m)^\| CHA-M5d .*\n`, ""), "CHA-M5d has no row"},
			"a new point":            {func(s *source) { s.points["CHA-T99"] = true }, "CHA-T99 has no row"},
			"nothing":                {row("CHA-T13b5", ""), "CHA-T13b5 has no test"},
			"nothing at all":         {row("CHA-GP3", ""), "CHA-GP3 has no test"},
			"a test that isn't":      {row("CHA-O7a", "`adapter/ably.TestX`"), "CHA-O7a: there is no test TestX in adapter/ably"},
			"a folder that isn't":    {row("CHA-O7a", "`adapter.TestOccupancy`"), "CHA-O7a: there is no test TestOccupancy in adapter"},
			"a point is not cited":   {row("CHA-M5d", "`chat.TestOrder[CHA-M5d]`"), "CHA-M5d: the tests beside TestOrder don't cite CHA-M5d"},
			"a longer one is cited":  {row("CHA-M2e", "`chat.TestOrder[CHA-M2]`"), "CHA-M2e: the tests beside TestOrder don't cite CHA-M2"},
			"no reason":              {row("CHA-T16", "not here: later"), "CHA-T16 is not here, and it isn't said why"},
			"no reason for the rest": {row("CHA-T18", "`chat.TestTypers`; not here: no"), "CHA-T18 is not here, and it isn't said why"},
			"no reason, not for Go":  {row("CHA-IN1a", "not for Go: no"), "CHA-IN1a is not for Go, and it isn't said why"},
			"a reason of another kind": {row("CHA-T16", "left out: the specification calls it deprecated"),
				`CHA-T16 is covered by "left out: `},
			"a point of nobody": {more("| CHA-M99 | nothing | `chat.TestOrder` |"), "CHA-M99 is no point"},
			"a point of a room": {more("| CHA-RL1 | attach | `chat.TestOrder` |"), "CHA-RL1 is no point"},
		},
	} {
		file := map[string]string{"room": "coverage.md", "feature": "coverage-features.md"}[table]
		for _, name := range slices.Sorted(maps.Keys(faults)) {
			s := coverageSource(t, table+"-points.txt", file, find)
			faults[name].edit(&s)
			if err := errors.Join(s.check()...); err == nil || !strings.Contains(err.Error(), faults[name].says) {
				t.Errorf("%s, %s: %v, expected %q", table, name, err, faults[name].says)
				continue
			}
			fmt.Printf("CAUGHT coverage: %s, %s\n", table, name)
		}
	}
}

// CHA-RL3: only the Rooms release a room; the room itself has no method for it.
func TestRoomHasNoPublicRelease(t *testing.T) {
	room := reflect.TypeFor[*lifecycle.Room]()
	if room.NumMethod() == 0 {
		t.Fatal("a room has no methods")
	}
	for i := range room.NumMethod() {
		if name := strings.ToLower(room.Method(i).Name); strings.Contains(name, "release") || strings.Contains(name, "dispose") {
			t.Errorf("a room has the method %s", room.Method(i).Name)
		}
	}
}
