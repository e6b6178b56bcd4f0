package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ablyrooms.example/fsm"
	"ablyrooms.example/internal/progress"
	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/spec/proof"
	"ablyrooms.example/tests/report/golden"
)

var update = flag.Bool("update", false, "write the generated parts of the documents")

// generated returns the generated parts of each document, by name. In the document, a part is
// between <!-- begin NAME --> and <!-- end NAME -->.
func generated(t *testing.T) map[string]map[string]string {
	t.Helper()
	overview := fsm.RoomStatus().MermaidOverview("follows its channel")
	machine, err := fsm.RoomLifecycle().Definition().Mermaid()
	if err != nil {
		t.Fatal(err)
	}
	reg, err := readRegister(registered, root)
	if err != nil {
		t.Fatal(err)
	}
	fence := func(language, s string) string { return "```" + language + "\n" + s + "```\n" }
	return map[string]map[string]string{
		"README.md": {
			"quickstart": fence("go", read(t, "examples/quickstart/main.go")),
		},
		"docs/machines.md": {
			"room lifecycle machine": fence("mermaid", machine),
			"room status machine":    fence("mermaid", overview),
		},
		"docs/testing.md":    kitExamples(t),
		"spec/TLA/README.md": {"configurations": configurations(t)},
		"tests/report/register.md": {
			"properties": reg.properties(t),
			"evidence":   reg.evidence(),
			"skips":      reg.skips(),
			"caught":     families(),
			"sizes":      sizes(),
			"mutation":   mutationScores(t),
		},
		"tests/report/coverage-realtime.md": {"counts": realtimeCounts(t)},
		"tests/report/coverage-uts.md":      {"counts": utsCounts(t)},
	}
}

// configurations returns a table of the specs' configurations, with their descriptions and their
// numbers of states.
func configurations(t *testing.T) string {
	all, err := tlcrun.ReadConfigs(filepath.Join(root, "spec", "TLA"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, c := range all {
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |\n", c.Name, progress.Grouped(c.Distinct),
			strings.TrimSuffix(c.Description, ".")))
	}
	return table("configuration | states | what it checks", rows)
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func table(head string, rows []string) string {
	line := "|" + strings.Repeat(" --- |", strings.Count(head, "|")+1)
	return "| " + head + " |\n" + line + "\n" + strings.Join(rows, "")
}

func (r *register) properties(t *testing.T) string {
	var rows []string
	proved := proved(t)
	for _, m := range r.Machines {
		for _, p := range m.holds {
			rows = append(rows, fmt.Sprintf("| %s | %s | %s | `%s%s` | %s |\n", m.Name, p.name, p.points, m.Twin, p.name,
				proved[m.Name+" "+p.name]))
		}
	}
	return table("machine | property | points | broken twin | without bounds", rows)
}

// proved returns the properties that make prove proves without bounds, by "machine property".
func proved(t *testing.T) map[string]string {
	t.Helper()
	proofs, err := proof.All(root)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, p := range proofs {
		for _, name := range slices.Concat(p.Invariant, p.Implied, p.Properties) {
			all[p.Name+" "+name] = "proved"
		}
		for _, name := range p.Liveness {
			all[p.Name+" "+name] = "from proved conditions"
		}
	}
	return all
}

// docs/proof.md lists exactly the properties of Rooms, of leases and of a room that are proved.
func TestTheProofsDocumentListsWhatIsProved(t *testing.T) {
	text := read(t, "docs/proof.md")
	all := proved(t)
	claimed := func(spec string) string {
		_, table, _ := strings.Cut(text, "| claimed of `"+spec+".tla` | |\n")
		table, _, _ = strings.Cut(table, "\n\n")
		for _, name := range regexp.MustCompile(`\b[A-Z][a-z]\w+\b`).FindAllString(table, -1) {
			if all[spec+" "+name] == "" {
				t.Errorf("docs/proof.md claims %s of %s, which is not proved", name, spec)
			}
		}
		return table
	}
	table := claimed("Rooms")
	reg, err := readRegister(registered, root)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range reg.Machines[1].holds {
		if all["Leases "+p.name] == "" || !strings.Contains(text, p.name) {
			t.Errorf("%s of leases is not proved, or not in docs/proof.md", p.name)
		}
	}
	for _, p := range reg.Machines[0].holds {
		if !strings.Contains(table, p.name) {
			t.Errorf("docs/proof.md has no %s, which docs/rooms.md promises: it must say if it is not proved", p.name)
		}
	}
	room := claimed("RoomStatus")
	for name := range all {
		if name, ok := strings.CutPrefix(name, "RoomStatus "); ok && !strings.Contains(room, name) && strings.Contains(read(t, "docs/room.md"), "**"+name+"**") {
			t.Errorf("docs/proof.md does not say that %s is proved of a room", name)
		}
	}
	for _, m := range reg.Machines {
		for _, p := range m.holds {
			if m.Name == "RoomStatus" && !strings.Contains(text, p.name) {
				t.Errorf("docs/proof.md has no %s, which docs/room.md promises: it must say if it is not proved", p.name)
			}
		}
	}
}

func (r *register) evidence() string {
	var rows []string
	for _, e := range r.rows {
		holds := strings.Trim(fmt.Sprint(e.conditions), "[]")
		rows = append(rows, fmt.Sprintf("| %s | %s | `%s` |\n", e.step, e.name, holds))
	}
	return table("step | evidence | holds", rows)
}

func (r *register) skips() string {
	var rows []string
	for _, s := range r.Skips {
		rows = append(rows, fmt.Sprintf("| %s | `%s` | %s | %s |\n", s.Step, s.Test, s.Why, s.Instead))
	}
	return table("step | test | why | where it passes", rows)
}

// families returns a table with the number of faults caught in each family.
func families() string {
	var rows, order []string
	count := map[string]int{}
	for _, line := range contents(before) {
		family, _, _ := strings.Cut(line, ":")
		if count[family]++; count[family] == 1 {
			order = append(order, family)
		}
	}
	for _, family := range order {
		rows = append(rows, fmt.Sprintf("| %s | %d |\n", family, count[family]))
	}
	return table("family | caught", rows)
}

// sizes returns a table of the graphs whose sizes are in golden.json.
func sizes() string {
	var rows []string
	for _, key := range golden.Keys("graph") {
		if graph, ok := strings.CutSuffix(key, "/states"); ok {
			steps := "-"
			if golden.Has(graph + "/steps") {
				steps = progress.Grouped(golden.Int(graph + "/steps"))
			}
			name := strings.TrimPrefix(graph, "graph/")
			rows = append(rows, fmt.Sprintf("| %s | %s | %s |\n", name, progress.Grouped(golden.Int(key)), steps))
		}
	}
	return table("graph | states | steps", rows)
}

// mutationScores returns a table with the scores of the mutants of the code, by package.
func mutationScores(t *testing.T) string {
	var scores map[string]struct {
		Mutants, Tried, Killed, Equivalent, Hung, Alive int
		Sampled                                         bool
		Seed                                            uint64
		Share                                           float64
	}
	if err := json.Unmarshal([]byte(read(t, scoresFile)), &scores); err != nil {
		t.Fatal(err)
	}
	var rows []string
	const internal = "adapter/ably/internal/"
	for _, name := range []string{"fsm", "lifecycle", "adapter/ably", internal + "transport", internal + "transport/wire",
		internal + "transport/sequence", internal + "realtime", internal + "realtime/presence"} {
		s, measured := scores[name]
		if !measured {
			rows = append(rows, fmt.Sprintf("| `%s` | not measured | | | | | | | |\n", name))
			continue
		}
		of := "all"
		if s.Sampled {
			of = fmt.Sprintf("seed %d", s.Seed)
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %d | %d (%s) | %d | %d | %d | %d | %.1f %% |\n", name,
			s.Mutants, s.Tried, of, s.Killed, s.Equivalent, s.Hung, s.Alive, 100*s.Share))
	}
	if len(rows) < 3 {
		t.Errorf("%s has the scores of %d packages, expected 3 or more", scoresFile, len(rows))
	}
	return table("package | mutants | tried | killed | equivalent | hang | alive | share", rows)
}

const scoresFile = "tests/mutation/results.json"

func TestGeneratedPartsHaveNotDrifted(t *testing.T) {
	for file, parts := range generated(t) {
		text := read(t, file)
		for name, want := range parts {
			part := regexp.MustCompile(`(?s)(<!-- begin ` + name + ` -->\n)(.*?)(<!-- end ` + name + ` -->)`)
			found := part.FindStringSubmatch(text)
			switch {
			case found == nil:
				t.Errorf("%s has no part %q", file, name)
			case found[2] != want && *update:
				text = strings.Replace(text, found[0], found[1]+want+found[3], 1)
			case found[2] != want:
				t.Errorf("the part %q of %s differs from the code; to write it again: make generate", name, file)
			}
		}
		if *update {
			if err := os.WriteFile(filepath.Join(root, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A number of states, steps or schedules in a document must be in golden.json, unless it is a
// multiple of 1000.
func TestNumbersInDocumentsAreGolden(t *testing.T) {
	known := map[string]bool{}
	for _, prefix := range []string{"graph", "equality", "tlc", "schedules", "wire"} {
		for _, key := range golden.Keys(prefix) {
			if !strings.HasSuffix(key, "/hash") && !strings.HasSuffix(key, "/digest") {
				known[progress.Grouped(golden.Int(key))] = true
			}
		}
	}
	number, seen := regexp.MustCompile(`\b\d{1,3}(?:,\d{3})+\b`), 0
	unknown := func(text string) (bad []string) {
		for _, found := range number.FindAllString(text, -1) {
			n, err := strconv.Atoi(strings.ReplaceAll(found, ",", ""))
			if seen++; err != nil || n%1000 != 0 && !known[found] {
				bad = append(bad, found)
			}
		}
		return bad
	}
	for _, pattern := range []string{"*.md", "docs/*.md", "spec/*/README.md", "tests/*.md", "tests/*/README.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if filepath.Base(file) == "CHANGELOG.md" {
				continue // it describes earlier versions
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, bad := range unknown(string(text)) {
				t.Errorf("%s: the number %s is not in %s", file, bad, golden.File)
			}
		}
	}
	if seen < 5 || len(unknown("some 19,409 states of 10,000")) != 1 {
		t.Errorf("only %d numbers were checked, or a wrong number was not noticed", seen)
	}
}
