package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
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
	points   string // a line each: the id, and T where the specification marks it as testable
	table    string
	document string // docs/room.md
	test     func(folder, name string) (string, bool)
}

// coverageSource reads the points and the table of "room" or "features", and docs/room.md.
func coverageSource(t *testing.T, of string, find func(folder, name string) (string, bool)) source {
	t.Helper()
	table := map[string]string{"room": "coverage.md", "features": "coverage-features.md"}[of]
	points := read(t, "tests/report/testdata/"+of+"-points.txt")
	return source{points, read(t, "tests/report/"+table), read(t, "docs/room.md"), find}
}

// ids are the points, with whether they are testable.
func (s source) ids() map[string]bool {
	ids := map[string]bool{}
	for line := range strings.Lines(s.points) {
		id, mark, _ := strings.Cut(strings.TrimSpace(line), " ")
		ids[id] = mark == "T"
	}
	return ids
}

// covered checks a table and prints how much it covers.
func covered(t *testing.T, of string) source {
	s := coverageSource(t, of, testFinder())
	for _, err := range s.check() {
		t.Error(err)
	}
	name := map[string]string{"room": "room_points", "features": "feature_points"}[of]
	fmt.Printf("EVIDENCE %s listed=%d testable=%d tests_named=%d nothere=%d notforgo=%d\n", name,
		len(s.ids()), strings.Count(s.points, " T\n"), len(coverageTest.FindAllString(s.table, -1)),
		strings.Count(s.table, "not here: "), strings.Count(s.table, "| not for Go: "))
	return s
}

// testFinder returns a function that returns the text of the file with a test function of a
// folder. It reads each folder once.
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
	points, properties := s.ids(), map[string]bool{}
	for _, m := range roomProperty.FindAllStringSubmatch(s.document, -1) {
		properties[m[1]] = true
	}
	seen := map[string]bool{}
	for _, row := range coverageRow.FindAllStringSubmatch(s.table, -1) {
		id, by := row[1], row[3]
		testable, known := points[id]
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
	for id := range points {
		if !seen[id] {
			wrong("%s has no row", id)
		}
	}
	return errs
}

func TestEveryPointOfTheRoomIsCovered(t *testing.T) {
	s := covered(t, "room")
	if strings.Contains(s.table, "not here: ") {
		t.Error("a point of the room's lifecycle is not here")
	}
	points := s.ids()
	ids := regexp.MustCompile(`CHA-R[LS]\d\w*`).FindAllString(s.document, -1)
	for _, r := range model.RoomRules() {
		ids = append(ids, r.Spec()...)
	}
	for _, id := range ids {
		if _, ok := points[id]; !ok {
			t.Errorf("docs/room.md or a rule cites %s, which is no point of the specification", id)
		}
	}
}

func TestEveryPointOfTheFeaturesIsCovered(t *testing.T) { covered(t, "features") }

// What is wrong with a table, or with what it speaks of, is noticed. Each line of the file is a
// table, what is wrong, what is replaced in table, document and points, by what, and what is
// said.
func TestAPointThatIsNotCoveredIsNoticed(t *testing.T) {
	faults, err := os.ReadFile(filepath.Join("testdata", "coverage-faults.txt"))
	if err != nil {
		t.Fatal(err)
	}
	find := testFinder()
	for line := range strings.Lines(string(faults)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 5 {
			t.Fatalf("%q is no fault", line)
		}
		s := coverageSource(t, f[0], find)
		replaced := 0
		for _, text := range []*string{&s.table, &s.document, &s.points} {
			before := *text
			*text = regexp.MustCompile("(?m)"+f[2]).ReplaceAllString(before, strings.ReplaceAll(f[3], `\n`, "\n"))
			if before != *text {
				replaced++
			}
		}
		if err := errors.Join(s.check()...); replaced == 0 || err == nil || !strings.Contains(err.Error(), f[4]) {
			t.Errorf("%s, %s: %v, expected %q", f[0], f[1], err, f[4])
			continue
		}
		fmt.Printf("CAUGHT coverage: %s, %s\n", f[0], f[1])
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
