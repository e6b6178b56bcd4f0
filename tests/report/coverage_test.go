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
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
)

// The coverage tables name the tests for each point of a specification. coverage.md has the points
// on a room's lifecycle, coverage-features.md all other points of the Chat specification,
// coverage-realtime.md the points and the traps of realtime clients, and coverage-uts.md the cases
// of the unit test texts for realtime clients. The tests in this file check the tables.

var (
	coverageRow   = regexp.MustCompile(`(?m)^\| ((?:CHA-)?[A-Z]+\d\w*(?:/[\w-]+)?) \| (.+) \| (.*) \|$`)
	coverageBold  = regexp.MustCompile(`\*\*(\w+)\*\*`)
	coverageWhy   = regexp.MustCompile(`^(?:(.*); )?(not for Go|not here|ably-go's|missing): (.*)$`)
	coveragePlace = regexp.MustCompile(`^(\w+\.md): `)
	roomProperty  = regexp.MustCompile(`(?m)^- \*\*(\w+)\*\*:`)

	realtimeDocuments = []string{"channel.md", "presence.md", "transport.md"}

	// coverages has the tables: the name in their line of evidence, their page, and the documents
	// that they cite.
	coverages = map[string]struct {
		evidence, page string
		documents      []string
	}{
		"room":     {"room_points", "coverage.md", []string{"room.md"}},
		"features": {"feature_points", "coverage-features.md", []string{"room.md"}},
		"realtime": {"realtime_points", "coverage-realtime.md", realtimeDocuments},
		"traps":    {"realtime_traps", "coverage-realtime.md", realtimeDocuments},
		"uts":      {"uts_cases", "coverage-uts.md", realtimeDocuments},
	}
)

// source has the texts that a check of a table needs.
type source struct {
	// points has a line for each point: its id, and T if the specification marks it as testable. A
	// line that begins with # has the commit of the specification.
	points   string
	table    string
	document string // the documents, each after a line with @ and its name
	test     func(folder, name string) (string, bool)
}

// coverageSource reads the points, a table, and the documents that the table cites.
func coverageSource(t *testing.T, of string, find func(folder, name string) (string, bool)) source {
	t.Helper()
	c, documents := coverages[of], ""
	for _, name := range c.documents {
		documents += "\n@" + name + "\n" + read(t, "docs/"+name)
	}
	table, traps, _ := strings.Cut(read(t, "tests/report/"+c.page), "\n## Traps\n")
	if of == "traps" {
		table = traps
	}
	return source{read(t, "tests/report/testdata/"+of+"-points.txt"), table, documents, find}
}

// ids returns the points by id, and whether each is testable.
func (s source) ids() map[string]bool {
	ids := map[string]bool{}
	for line := range strings.Lines(s.points) {
		if id, mark, _ := strings.Cut(strings.TrimSpace(line), " "); id != "#" {
			ids[id] = mark == "T"
		}
	}
	return ids
}

// covered checks a table and prints its line of evidence.
func covered(t *testing.T, of string) source {
	s := coverageSource(t, of, testFinder())
	for _, err := range s.check() {
		t.Error(err)
	}
	fmt.Printf("EVIDENCE %s listed=%d testable=%d tests_named=%d nothere=%d notforgo=%d "+
		"ablygo=%d missing=%d\n", coverages[of].evidence,
		len(s.ids()), strings.Count(s.points, " T\n"), len(coverageTest.FindAllString(s.table, -1)),
		s.without("not here"), s.without("not for Go"), s.without("ably-go's"), s.without("missing"))
	return s
}

// without counts the rows that have this reason instead of tests, for the whole point or for a part
// of it.
func (s source) without(reason string) int { return strings.Count(s.table, " "+reason+": ") }

// decided reports whether the document that a row begins with mentions the trap: a trap like T5 in
// bold or in brackets, and a trap like N5 as item 5 of a numbered list of decisions.
func (s source) decided(trap, row string) bool {
	place := coveragePlace.FindStringSubmatch(row)
	if place == nil {
		return false
	}
	_, text, _ := strings.Cut(s.document, "\n@"+place[1]+"\n")
	text, _, _ = strings.Cut(text, "\n@")
	if number, ok := strings.CutPrefix(trap, "N"); ok {
		return regexp.MustCompile(`(?m)^` + number + `\. \*`).MatchString(text)
	}
	return regexp.MustCompile(`(?:\*\*|[\[(][^\])]*\b)` + trap + `\b`).MatchString(text)
}

// testFinder returns a function that finds a test in a folder and returns the text of its file. It
// reads each folder only once.
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

// check returns the errors in the table.
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
		if traps := strings.HasPrefix(s.points, "T1 "); traps && !s.decided(id, row[2]) {
			wrong("%s: no document that the row names has a decision on it", id)
		}
		why := coverageWhy.FindStringSubmatch(by)
		if why != nil {
			by = why[1]
			if len(why[3]) < 20 {
				wrong("%s is marked as %q, without a reason", id, why[2])
			}
		}
		tests, bold := coverageTest.FindAllStringSubmatch(by, -1), coverageBold.FindAllStringSubmatch(by, -1)
		if why == nil && (len(tests)+len(bold) == 0 || testable && len(tests) == 0) {
			wrong("%s has no test", id)
		}
		if rest := strings.Trim(coverageBold.ReplaceAllString(coverageTest.ReplaceAllString(by, ""), ""), ", "); rest != "" {
			wrong("%s is covered by %q, which is neither a test nor a property", id, rest)
		}
		for _, t := range tests {
			text, ok := s.test(t[1], t[2])
			if !ok {
				wrong("%s: there is no test %s in %s", id, t[2], t[1])
			} else if t[3] != "" && !regexp.MustCompile(`\b`+t[3]+`\b`).MatchString(text) {
				wrong("%s: the file of the test %s doesn't cite %s", id, t[2], t[3])
			}
		}
		for _, p := range bold {
			if !properties[p[1]] {
				wrong("%s: no document has the property %s", id, p[1])
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
	if s.without("not here") > 0 {
		t.Error("a point of the room's lifecycle has the reason \"not here\" instead of tests")
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

func TestEveryPointOfRealtimeIsCovered(t *testing.T) {
	s := covered(t, "realtime")
	points := s.ids()
	for _, id := range regexp.MustCompile(`\bRT[A-Z]+\d\w*`).FindAllString(s.document, -1) {
		if _, ok := points[id]; !ok {
			t.Errorf("a document cites %s, which has no row", id)
		}
	}
}

func TestEveryTrapIsDecided(t *testing.T) { covered(t, "traps") }

func TestEveryCaseOfTheUnitTestTextsIsCovered(t *testing.T) { covered(t, "uts") }

// utsCounts returns a table with the number of rows of coverage-uts.md for each text.
func utsCounts(t *testing.T) string {
	var texts []string
	counts := map[string]*[5]int{}
	s := coverageSource(t, "uts", nil)
	commit, _, _ := strings.Cut(strings.TrimPrefix(s.points, "# "), "\n")
	for _, row := range coverageRow.FindAllStringSubmatch(s.table, -1) {
		text := row[2]
		if counts[text] == nil {
			texts, counts[text] = append(texts, text), &[5]int{}
		}
		n := counts[text]
		n[0]++
		why := coverageWhy.FindStringSubmatch(row[3])
		switch {
		case why == nil:
			n[1]++
			continue
		case why[1] != "":
			n[2]++
		case why[2] == "ably-go's":
			n[3]++
		default:
			n[4]++
		}
	}
	var rows []string
	var sum [5]int
	for _, text := range texts {
		n := counts[text]
		rows = append(rows, fmt.Sprintf("| %s | %d | %d | %d | %d | %d |\n", text, n[0], n[1], n[2], n[3], n[4]))
		for i := range sum {
			sum[i] += n[i]
		}
	}
	rows = append(rows, fmt.Sprintf("| all | %d | %d | %d | %d | %d |\n", sum[0], sum[1], sum[2], sum[3], sum[4]))
	return "Commit " + commit + ".\n\n" +
		table("text | cases | with tests | in part | ably-go's | not here", rows)
}

// realtimeCounts returns a table with the number of rows of coverage-realtime.md for each kind of
// point.
func realtimeCounts(t *testing.T) string {
	// A point is counted in the first row that matches.
	kinds := []string{"RTL|RTS|RTB", "RTP", "RTN|RTC", "RTAN|RSAN|TAN", "[A-Z]+"}
	var points, tests [5]int
	var reasons [5]map[string]int
	for _, row := range coverageRow.FindAllStringSubmatch(coverageSource(t, "realtime", nil).table, -1) {
		i := slices.IndexFunc(kinds, func(kind string) bool {
			return regexp.MustCompile(`^(?:` + kind + `)\d`).MatchString(row[1])
		})
		if reasons[i] == nil {
			reasons[i] = map[string]int{}
		}
		points[i]++
		why := coverageWhy.FindStringSubmatch(row[3])
		if why == nil || why[1] != "" {
			tests[i]++
		}
		if why != nil {
			reasons[i][why[2]]++
		}
	}
	var rows []string
	for i, name := range []string{"RTL, RTS, RTB: channels", "RTP: presence", "RTN, RTC: the connection",
		"RTAN, RSAN, TAN: annotations", "frames, types, options, payloads"} {
		rows = append(rows, fmt.Sprintf("| %s | %d | %d | %d | %d | %d |\n", name, points[i], tests[i],
			reasons[i]["ably-go's"], reasons[i]["not here"], reasons[i]["missing"]))
	}
	return table("points | listed | with tests | ably-go's, or in part | not here, or in part | missing", rows)
}

// The checks notice an error in a table, or in a text that it cites. Each line of the file plants
// an error. Its parts are the table, the name of the error, an expression to be replaced in the
// table, the documents and the points, the replacement, and the expected error.
func TestAPointThatIsNotCoveredIsNoticed(t *testing.T) {
	faults, err := os.ReadFile(filepath.Join("testdata", "coverage-faults.txt"))
	if err != nil {
		t.Fatal(err)
	}
	find := testFinder()
	for line := range strings.Lines(string(faults)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 5 {
			t.Fatalf("the line %q does not have the parts of a fault", line)
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
			t.Errorf("the fault %[2]q in the table %[1]s: the check returned %[3]v, expected %[4]q", f[0], f[1], err, f[4])
			continue
		}
		fmt.Printf("CAUGHT coverage: %s, %s\n", f[0], f[1])
	}
}

// CHA-RL3: only Rooms releases a room; a room has no method for it.
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
