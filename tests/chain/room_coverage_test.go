package chain

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	sourcetoken "go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
)

// tests/coverage.md names, for each point of the specification on a room's lifecycle, what covers it. The tests here hold it to that, and
// those beside them (feature_coverage_test.go) hold tests/coverage-features.md to it for all other points.

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
	document string                                   // docs/room.md
	test     func(folder, name string) (string, bool) // the text of the file that has the test
}

// coverageSource reads a list of points, the table for it, and docs/room.md.
func coverageSource(points, table string, find func(folder, name string) (string, bool)) (source, error) {
	read := func(path ...string) (string, error) {
		text, err := os.ReadFile(filepath.Join(path...))
		return string(text), err
	}
	list, err1 := read("testdata", points)
	text, err2 := read("..", table)
	document, err3 := read("..", "..", "docs", "room.md")
	s := source{points: map[string]bool{}, table: text, document: document, test: find}
	for line := range strings.Lines(list) {
		id, mark, _ := strings.Cut(strings.TrimSpace(line), " ")
		s.points[id] = mark == "T"
	}
	return s, errors.Join(err1, err2, err3)
}

func roomSource(find func(folder, name string) (string, bool)) (source, error) {
	return coverageSource("room-points.txt", "coverage.md", find)
}

// testable counts the points that the specification marks so.
func (s source) testable() (n int) {
	for _, t := range s.points {
		if t {
			n++
		}
	}
	return n
}

// testFinder returns what looks for a test function in a folder of the module. It reads each folder once.
func testFinder() func(folder, name string) (string, bool) {
	folders := map[string]map[string]string{}
	return func(folder, name string) (string, bool) {
		if folders[folder] == nil {
			folders[folder] = map[string]string{}
			files, _ := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(folder), "*_test.go"))
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					continue
				}
				parsed, err := parser.ParseFile(sourcetoken.NewFileSet(), file, text, parser.SkipObjectResolution)
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
	s, err := roomSource(testFinder())
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range s.check() {
		t.Error(err)
	}
	testable, tests := s.testable(), len(coverageTest.FindAllString(s.table, -1))
	if strings.Contains(s.table, "not here: ") {
		t.Error("a point of the room's lifecycle is not here")
	}
	if len(s.points) != 79 || testable != 52 {
		t.Errorf("%d points are listed, %d of them testable; the specification has 79 and 52", len(s.points), testable)
	}
	cited := regexp.MustCompile(`CHA-R[LS]\d\w*`)
	for _, id := range cited.FindAllString(s.document, -1) {
		if _, ok := s.points[id]; !ok {
			t.Errorf("docs/room.md cites %s, which is no point of the specification", id)
		}
	}
	for _, r := range model.RoomRules() {
		for _, id := range r.Spec() {
			if _, ok := s.points[id]; !ok {
				t.Errorf("%v cites %s, which is no point of the specification", r, id)
			}
		}
	}
	fmt.Printf("EVIDENCE room_points listed=%d testable=%d tests_named=%d\n", len(s.points), testable, tests)
}

// What is wrong with a table is noticed.
func TestAPointThatIsNotCoveredIsNoticed(t *testing.T) {
	find := testFinder()
	noticed(t, func() (source, error) { return roomSource(find) }, map[string]plantedRow{
		"a row is gone": {func(s *source) {
			s.table = regexp.MustCompile(`(?m)^\| CHA-RL3h .*\n`).ReplaceAllString(s.table, "")
		}, "CHA-RL3h has no row"},
		"a test is renamed": {func(s *source) { s.table = strings.ReplaceAll(s.table, "TestRoomReleaseRetries", "TestRoomTriesAgain") },
			"CHA-RL3n4: there is no test TestRoomTriesAgain in lifecycle"},
		"a property is renamed": {func(s *source) { s.document = strings.ReplaceAll(s.document, "**GivenBackOnce**", "**GivenBack**") },
			"docs/room.md has no property GivenBackOnce"},
		"a test does not cite its point": {func(s *source) { s.table = strings.ReplaceAll(s.table, "[CHA-RL3h]", "[CHA-RL99]") },
			"CHA-RL3h: the tests beside TestRoomRules don't cite CHA-RL99"},
		"a testable point has a property alone": {func(s *source) {
			s.table = regexp.MustCompile(`(?m)^\| CHA-RL7a .*$`).ReplaceAllString(s.table, "| CHA-RL7a | order | **ReleaseFirst** |")
		}, "CHA-RL7a has no test"},
		"words": {func(s *source) {
			s.table = regexp.MustCompile(`(?m)^\| CHA-RL7a .*$`).ReplaceAllString(s.table, "| CHA-RL7a | order | looked at by hand |")
		}, `"looked at by hand", which is neither`},
		"no reason": {func(s *source) {
			s.table = strings.Replace(s.table, "not for Go: the original has it for React alone", "not for Go: no", 1)
		}, "CHA-RS1j is not for Go"},
		"a point of nobody": {func(s *source) { s.table += "| CHA-RL99 | nothing | **OneOperation** |\n" }, "CHA-RL99 is no point"},
		"a row twice":       {func(s *source) { s.table += "| CHA-RL7 | again | **OneOperation** |\n" }, "CHA-RL7 has two rows"},
	})
}

// plantedRow is a fault in a table, and what the check says of it.
type plantedRow struct {
	edit func(s *source)
	says string
}

// noticed plants faults, each in a source of its own, and looks for what the check says of them.
func noticed(t *testing.T, read func() (source, error), faults map[string]plantedRow) {
	t.Helper()
	for name, c := range faults {
		s, err := read()
		if err != nil {
			t.Fatal(err)
		}
		c.edit(&s)
		if err := errors.Join(s.check()...); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, expected %q", name, err, c.says)
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
