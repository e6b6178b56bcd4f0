package main

import (
	"cmp"
	"fmt"
	"go/format"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"ablyrooms.example/internal/modroot"
)

func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := modroot.Find()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// plantedFaults are the faults of planted/faults.diff, woven into their packages.
type plantedFaults struct {
	root      string
	faults    []planted
	suites    []suite // for each fault: the test that must catch it
	binaries  map[string]string
	variables map[string]string
}

var caughtBy = regexp.MustCompile(`^(Test\w+(?:/\S+)?) in (\S+)$`)

func weaveFaults(t *testing.T) *plantedFaults {
	t.Helper()
	p := &plantedFaults{root: moduleRoot(t), binaries: map[string]string{}}
	var err error
	if p.faults, err = readPlanted("faults.diff"); err != nil {
		t.Fatal(err)
	}
	var all []map[string]string
	for _, f := range p.faults {
		texts, err := f.texts(p.root)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, texts)
		m := caughtBy.FindStringSubmatch(f.Fields["caught by"])
		if m == nil {
			t.Fatalf("the entry %q does not name the test that catches the fault", f.Name)
		}
		s := suite{Package: m[2], Run: "^" + m[1] + "$", Args: []string{"-test.v"}}
		if strings.HasPrefix(s.Package, "tests/graphs") {
			s.Args = append(s.Args, "-rapid.nofailfile", "-rapid.shrinktime=300ms")
		}
		p.suites = append(p.suites, s)
	}
	files, variables, err := weavePlanted(p.root, all)
	if err != nil {
		t.Fatal(err)
	}
	p.variables = variables
	for i, s := range p.suites {
		if p.binaries[s.Package] == "" {
			dir := t.TempDir()
			if p.binaries[s.Package], err = buildTests(t.Context(), p.root, dir, s, files); err != nil {
				t.Fatalf("%s: %v", p.faults[i].Name, err)
			}
		}
	}
	return p
}

// run runs the test that must catch a fault, with this fault planted or, if number is 0, with none.
func (p *plantedFaults) run(t *testing.T, i, number int, checks string) ending {
	s := p.suites[i]
	if len(s.Args) > 1 {
		// With another seed, the first failure that a fault causes may be another one, such as a
		// panic.
		s.Args = append(s.Args, "-rapid.checks="+checks, "-rapid.seed=1")
	}
	var env []string
	for _, variable := range p.variables {
		env = append(env, fmt.Sprintf("%s=%d", variable, number))
	}
	limit := bounds{time.Minute, time.Minute}
	if number > 0 && p.faults[i].Fields["how"] == "hang" {
		limit.clock = 4 * time.Second // without the fault, the test takes less than one second
	}
	return attempt(t.Context(), p.root, p.binaries[s.Package], s, limit, env...)
}

func TestPlantedFaultsAreCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("builds suites with faults planted")
	}
	p := weaveFaults(t)
	// With nothing planted, the same tests must pass: then the faults cause the failures.
	seen := map[string]bool{}
	for i, s := range p.suites {
		if key := s.Package + s.Run; !seen[key] {
			seen[key] = true
			e := p.run(t, i, 0, "500")
			if e.end != alive || !strings.Contains(e.text, "--- PASS: "+strings.Trim(s.Run, "^$")) {
				t.Errorf("without a fault %s failed, or didn't run:\n%s", key, e.text)
			}
		}
	}
	for i, f := range p.faults {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			e := p.run(t, i, i+1, "2000")
			test, _, _ := strings.Cut(strings.Trim(p.suites[i].Run, "^$"), "/")
			how, want := "violation", cmp.Or(f.Fields["how"], "violation")
			switch {
			case e.end == hung || strings.Contains(e.text, "hangs: "):
				how = "hang"
			case strings.Contains(e.text, "panic: ") || strings.Contains(e.text, " panics: "):
				how = "panic"
			}
			fmt.Printf("EVIDENCE planted fault=%q by=%s found=%s\n", f.Name, test, how)
			switch {
			case e.end == alive:
				t.Fatalf("%s did not catch the fault", test)
			case how != want:
				t.Fatalf("%s found the fault by a %s, expected a %s:\n%s", test, how, want, e.text)
			case e.by != test && how == "violation":
				t.Fatalf("%s did not fail, but another test did:\n%s", test, e.text)
			}
			t.Logf("caught by %s%s", test, script(e.text))
		})
	}
}

var scriptLine = regexp.MustCompile(`(?m)^\s+\d+  \S.*$`)

// script returns the script in a report.
func script(text string) string {
	if lines := scriptLine.FindAllString(text, -1); len(lines) > 0 {
		return ":\n" + strings.Join(lines, "\n")
	}
	return ""
}

// Every passage that is changed by hand must occur once in its file, and the result must be Go.
// Each misreading must have all its fields, and must be planted in core, model and spec.
func TestEveryPassageStandsThereOnce(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	all, err := readPlanted("*.diff")
	if err != nil {
		t.Fatal(err)
	}
	seen, files := map[string]bool{}, map[string]bool{}
	for _, p := range all {
		if seen[p.Name] || p.Name == "" || len(p.Hunks) == 0 {
			t.Errorf("the entry %q occurs twice, or is not complete", p.Name)
		}
		seen[p.Name] = true
		texts, err := p.texts(root)
		if err != nil {
			t.Error(err)
		}
		for file, text := range texts {
			files[file] = true
			if path.Ext(file) == ".go" {
				if _, err := format.Source([]byte(text)); err != nil {
					t.Errorf("%s: the changed file %s is not valid Go: %v", p.Name, file, err)
				}
			}
		}
	}
	for _, file := range []string{"fsm/rooms.go", "lifecycle/rooms.go", "model/step.go", roomsT} {
		if !files[file] {
			t.Errorf("nothing is planted in %s", file)
		}
	}
}

func TestAPassageThatDoesNotMatchIsAnError(t *testing.T) {
	t.Parallel()
	for _, h := range []hunk{
		{"fsm/rooms.go", "no such passage\n", "x\n"}, {"fsm/rooms.go", "}\n", "x\n"},
		{"fsm/rooms.go", "package fsm\n", "package fsm\n"}, {"fsm/rooms.go", "", "x\n"},
	} {
		if _, err := (planted{Name: "a fault", Hunks: []hunk{h}}).texts(moduleRoot(t)); err == nil {
			t.Errorf("the wrong passage %q was accepted", h.Old)
		}
	}
}
