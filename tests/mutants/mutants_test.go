package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const toy = `package toy

import "fmt"

type Light uint8

const (
	Red Light = iota
	Amber
	Green
)

func Next(l Light) Light {
	if l == Green {
		return Red
	}
	return l + 1
}

func Sum(list []int) (sum int) {
	for i := 0; i < len(list); i++ {
		sum += list[i]
	}
	return sum
}

func Clamp(n, low int) int {
	if n < low {
		n = low
	}
	return n
}

func Odd(n int) bool {
	const two = 2
	switch n % two {
	case 1:
		return true
	default:
		return false
	}
}

func Both(a, b, c bool) bool { return a && (b || c) }

func All(a, b, c bool) bool { return a && b && c }

func Below(n int) int { return -1 * n }

func Refuse(n int) error { return fmt.Errorf("%d is refused", n+1) }
`

const toyTest = `package toy

import "testing"

func TestNext(t *testing.T) {
	if Next(Red) != Amber || Next(Amber) != Green || Next(Green) != Red {
		t.Fail()
	}
}

func TestOthers(t *testing.T) {
	Next(Green) // comes by, and looks at nothing
	if Sum(nil) != 0 || Sum([]int{1, 2, 4}) != 7 || Clamp(1, 2) != 2 || Clamp(3, 2) != 3 || !Odd(1) || Odd(2) || Odd(4) || Odd(6) || Refuse(1) == nil {
		t.Fail()
	}
	for i := range 8 {
		a, b, c := i&1 > 0, i&2 > 0, i&4 > 0
		if Both(a, b, c) != (i == 3 || i == 5 || i == 7) || All(a, b, c) != (i == 7) || Below(i) != -i {
			t.Fail()
		}
	}
}
`

// toyBench writes a small module and makes ready to try its mutants.
func toyBench(t *testing.T, l link) (b *bench, good, broken []mutant) {
	t.Helper()
	root := t.TempDir()
	for file, text := range map[string]string{"go.mod": "module toy.example\n\ngo 1.26\n", "toy/toy.go": toy, "toy/toy_test.go": toyTest} {
		name := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := load(root, "toy")
	if err != nil {
		t.Fatal(err)
	}
	if good, broken, err = prepare(p, generate(p, "toy/toy.go"), ""); err != nil {
		t.Fatal(err)
	}
	b = &bench{root: root, source: p, links: []link{l}, workers: 2, dir: t.TempDir()}
	if b.store, err = openStore(filepath.Join(t.TempDir(), "kept.jsonl")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.store.file.Close() })
	if err := b.prepare(t.Context(), good, func(string) {}); err != nil {
		t.Fatal(err)
	}
	b.limits[l.Name] = bounds{time.Minute, 2 * time.Second} // a loop without end is tried in full
	return b, good, broken
}

func allOf(t *testing.T, b *bench, mutants []mutant) map[string]result {
	t.Helper()
	results, err := b.all(t.Context(), mutants, func(string, bool) {})
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]result{}
	for _, r := range results {
		byName[r.mutant.Name] = r
	}
	return byName
}

// Each kind of end is met and told apart: killed, alive, hung, and not compiled; what is kept is not tried again; and a mutant lives
// when its killer is taken out.
func TestEndsAreToldApart(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module")
	}
	l := link{Name: "toy-unit", Package: "toy", Run: ".", Folders: []string{"toy"}}
	b, good, broken := toyBench(t, l)
	results := allOf(t, b, good)
	const next = "toy/toy.go Next: change constant: Green -> Red"
	for name, want := range map[string]verdict{
		next: killed,
		"toy/toy.go Next: change constant: Red -> Amber":                        killed,
		"toy/toy.go Next: swap + and -: l + 1 -> l - 1":                         killed,
		"toy/toy.go Next: drop statement: return Red":                           killed,
		"toy/toy.go Sum: drop statement: i++":                                   hung,
		"toy/toy.go Sum: drop statement: sum += list[i]":                        killed,
		"toy/toy.go Clamp: change comparison: n < low -> n <= low":              survived, // which is equivalent
		"toy/toy.go Clamp: change comparison: n < low -> n >= low":              killed,
		"toy/toy.go Odd: change literal: 2 -> (2 + 1)":                          killed,
		"toy/toy.go Both: swap && and ||: a && (b || c) -> ((a) || ((b || c)))": killed,
		"toy/toy.go Both: swap && and ||: b || c -> ((b) && (c))":               killed,
		"toy/toy.go All: swap && and ||: a && b -> ((a) || (b))":                killed,
		"toy/toy.go Below: change literal: 1 -> (1 + 1)":                        killed,
		"toy/toy.go Refuse: change literal: 1 -> (1 + 1)":                       survived, // which only changes words
	} {
		r, ok := results[name]
		if got := r.verdicts[l.Name]; !ok || got != want {
			t.Errorf("%s: %q (there: %t), expected %s", name, got, ok, want)
		}
		if r.mutant.Message != strings.Contains(name, "Refuse") {
			t.Errorf("%s: a message: %t", name, r.mutant.Message)
		}
		// A constant can't be asked which mutant this run is of.
		if alone := r.mutant.number == 0; alone != strings.Contains(name, "Odd: change literal: 2 ") {
			t.Errorf("%s: built alone: %t", name, alone)
		}
	}
	if by := results[next].by[l.Name]; by != "TestNext" {
		t.Errorf("killed by %s", by)
	}
	var names []string
	for _, m := range broken {
		names = append(names, m.Name)
	}
	if !strings.Contains(strings.Join(names, "\n"), "toy/toy.go Odd: empty case: return false") {
		t.Errorf("a function without a return is said to compile; broken: %q", names)
	}
	if n, err := b.faithful(t.Context(), good[len(good)-12:]); n < 11 || err != nil {
		t.Errorf("woven and alone compared: %d, %v", n, err)
	}

	// Without the suite there is only what was kept.
	b.binaries[l.Name] = filepath.Join(b.dir, "gone")
	again := allOf(t, b, good)
	for name, r := range results {
		if again[name].verdicts[l.Name] != r.verdicts[l.Name] {
			t.Errorf("%s: %v, kept as %v", name, r.verdicts, again[name].verdicts)
		}
	}

	var c tally
	c.count([]result{results[next], results["toy/toy.go Clamp: change comparison: n < low -> n <= low"], results["toy/toy.go Sum: drop statement: i++"],
		results["toy/toy.go Refuse: change literal: 1 -> (1 + 1)"]}, map[string]string{"toy/toy.go Clamp: change comparison: n < low -> n <= low": "min"})
	if c.killed != 1 || c.equivalent != 1 || c.timeouts != 1 || c.survived != 0 || c.alone[l.Name] != 1 {
		t.Errorf("counted: %+v", c)
	}

	l.Skip = "TestNext"
	b, good, _ = toyBench(t, l)
	if got := allOf(t, b, good)[next].verdicts[l.Name]; got != survived {
		t.Errorf("without its killer the mutant is %s", got)
	}
}

// A suite that fails with nothing planted would kill everything, so it stops the run.
func TestASuiteThatFailsIsNoLink(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module")
	}
	l := link{Name: "toy-unit", Package: "toy", Run: ".", Folders: []string{"toy"}}
	b, good, _ := toyBench(t, l)
	file := filepath.Join(b.root, "toy", "toy_test.go")
	if err := os.WriteFile(file, []byte(strings.Replace(toyTest, "Sum(nil) != 0", "Sum(nil) != 1", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.prepare(context.Background(), good, func(string) {}); err == nil || !strings.Contains(err.Error(), "TestOthers") {
		t.Errorf("got %v", err)
	}
}

// What equivalent.txt names exists, so that a reason doesn't outlive its mutant.
func TestEquivalentMutantsExist(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the packages")
	}
	equivalent, err := readEquivalent("equivalent.txt")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	folders := map[string]bool{}
	for name := range equivalent {
		file, _, _ := strings.Cut(name, " ")
		folders[filepath.ToSlash(filepath.Dir(file))] = true
	}
	for folder := range folders {
		p, err := load("../..", folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range p.files() {
			for _, m := range generate(p, file) {
				if there[m.Name] {
					t.Errorf("two mutants are called %q", m.Name)
				}
				there[m.Name] = true
			}
		}
	}
	for name := range equivalent {
		if !there[name] {
			t.Errorf("no mutant is %q", name)
		}
	}
}
