package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

func Number(l Light) int {
	switch {
	case l == Red:
		return 1
	case l == Green:
		return 2
	}
	return 3
}

func Both(a, b, c bool) bool { return a && (b || c) }

func All(a, b, c bool) bool { return a && b && c }

func Below(n int) int { return -1 * n }

var table = map[Light]int{Red: 1, Green: 2}

func init() { table[Amber] = 3 }

func Size() int { return len(table) }

func Twice[N int | float64](n N) N { return n + n }

func none(_ int) int { return 0 }

func Refuse(n int) error { return fmt.Errorf("%d is refused", n+1) }
`

const toyTest = `package toy

import "testing"

func TestNext(t *testing.T) {
	if Next(Red) != Amber || Next(Amber) != Green || Next(Green) != Red {
		t.Fatal("open it: playground#rooms/dispose(1)")
	}
}

func TestOthers(t *testing.T) {
	Next(Green) // runs the code, and checks nothing
	if Sum(nil) != 0 || Sum([]int{1, 2, 4}) != 7 || Clamp(1, 2) != 2 || Clamp(3, 2) != 3 {
		t.Fail()
	}
	if !Odd(1) || Odd(2) || Odd(4) || Odd(6) || Refuse(1) == nil || Size() != 3 || Twice(3) != 6 || none(1) != 0 ||
		Number(Red) != 1 || Number(Green) != 2 {
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

var toySuite = suite{Name: "toy-unit", Package: "toy", Run: ".", Folders: []string{"toy"}}

// toyBench writes a small module to disk, and returns a bench for it, its mutants that compile, and
// the verdicts on the others.
func toyBench(t *testing.T, s suite, test string) (b *bench, good []mutant, broke []verdict) {
	t.Helper()
	root := t.TempDir()
	for file, text := range map[string]string{
		"go.mod": "module toy.example\n\ngo 1.26\n", "toy/toy.go": toy, "toy/toy_test.go": test} {
		name := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b = &bench{options: options{workers: 2}, root: root, folder: "toy", suites: []*benchSuite{{suite: s}},
		dir: t.TempDir()}
	var err error
	if b.source, err = load(root, "toy"); err != nil {
		t.Fatal(err)
	}
	if b.store, err = openStore(filepath.Join(t.TempDir(), "kept.jsonl")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.store.file.Close() })
	if good, broke, err = b.choose(); err != nil {
		t.Fatal(err)
	}
	return b, good, broke
}

func tryToy(t *testing.T, b *bench, mutants []mutant) map[string]verdict {
	t.Helper()
	verdicts, err := b.tryAll(t.Context(), mutants)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]verdict{}
	for _, v := range verdicts {
		byName[v.Name] = v
	}
	return byName
}

// The mutants of the toy package end in all possible ways (killed, alive, hung and broken), and
// each end must be recognized. A mutant with a kept verdict must not be run again. If the test that
// kills a mutant is left out, the mutant must be alive.
func TestEndsAreToldApart(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module")
	}
	b, good, broke := toyBench(t, toySuite, toyTest)
	if err := b.prepare(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	// an endless loop uses up the processor time
	b.suites[0].limit = bounds{time.Minute, 2 * time.Second}
	results := tryToy(t, b, good)
	const next, clamp = "Next: change constant: Green -> Red", "Clamp: change comparison: n < low -> n <= low"
	for name, want := range map[string]end{
		next: killed, clamp: alive, // clamp is equivalent
		"Next: change constant: Red -> Amber":                        killed,
		"Next: swap + and -: l + 1 -> l - 1":                         killed,
		"Next: drop statement: return Red":                           killed,
		"Sum: drop statement: i++":                                   hung,
		"Sum: drop statement: sum += list[i]":                        killed,
		"Clamp: change comparison: n < low -> n >= low":              killed,
		"Odd: change literal: 2 -> (2 + 1)":                          killed,
		"Number: change constant: Green -> Red":                      killed,
		"Both: swap && and ||: a && (b || c) -> ((a) || ((b || c)))": killed,
		"Both: swap && and ||: b || c -> ((b) && (c))":               killed,
		"All: swap && and ||: a && b -> ((a) || (b))":                killed,
		"Below: change literal: 1 -> (1 + 1)":                        killed,
		"init: drop statement: table[Amber] = 3":                     killed, // built alone
		"table: change literal: 1 -> (1 + 1)":                        alive,  // no test checks it
		"table: change constant: Red -> Amber":                       killed,
		"Twice: swap + and -: n + n -> n - n":                        killed,
		"none: change literal: 0 -> (0 + 1)":                         killed,
		"Refuse: change literal: 1 -> (1 + 1)":                       alive, // a message
	} {
		v, ok := results["toy/toy.go "+name]
		if !ok || v.End != want || v.Message != strings.HasPrefix(name, "Refuse") {
			t.Errorf("%s: the verdict is %+v (found: %t), expected %s", name, v, ok, want)
		}
	}
	if v := results["toy/toy.go "+next]; v.By != "toy-unit" || v.What != "TestNext" || v.Link != "playground#rooms/dispose(1)" {
		t.Errorf("the verdict must have the failed test, and the link that it printed: %+v", v)
	}
	for _, m := range good {
		if m.alone != (strings.Contains(m.Name, " init: ") || strings.Contains(m.Name, " table: ")) {
			t.Errorf("%s: built alone: %t, which is wrong", m.Name, m.alone)
		}
	}
	if !slices.ContainsFunc(broke, func(v verdict) bool {
		return v.Name == "toy/toy.go Odd: empty case: return false" && v.End == broken
	}) {
		t.Errorf("the mutant that does not compile is not in the list of broken mutants: %v", broke)
	}

	// without the binary of the suite, only kept verdicts are possible
	b.suites[0].built = filepath.Join(b.dir, "gone")
	for name, v := range tryToy(t, b, good) {
		if v.End != results[name].End {
			t.Errorf("%s: the run had the verdict %v, but the kept verdict is %v", name, results[name].End, v.End)
		}
	}

	s := toySuite
	s.Skip = "TestNext"
	b, good, _ = toyBench(t, s, toyTest)
	good = slices.DeleteFunc(good, func(m mutant) bool { return m.Name != "toy/toy.go "+next })
	if err := b.prepare(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	if v := tryToy(t, b, good)["toy/toy.go "+next]; v.End != alive {
		t.Errorf("the test that kills the mutant was left out, but the mutant is not alive: %+v", v)
	}
}

// A suite that fails with nothing planted would kill every mutant, so it must stop the run.
func TestASuiteThatFailsIsNoLink(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module")
	}
	b, good, _ := toyBench(t, toySuite, strings.Replace(toyTest, "Sum(nil) != 0", "Sum(nil) != 1", 1))
	if err := b.prepare(t.Context(), good); err == nil || !strings.Contains(err.Error(), "TestOthers") {
		t.Errorf("prepare returned %v, expected an error that names TestOthers", err)
	}
}

// Every mutant in equivalent.txt must exist, so that the list has no reason for a mutant that was
// removed.
func TestEquivalentMutantsExist(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the packages")
	}
	known, err := equivalents()
	if err != nil {
		t.Fatal(err)
	}
	there, folders := map[string]bool{}, map[string]bool{}
	for name := range known {
		if file, _, _ := strings.Cut(name, " "); strings.HasSuffix(file, ".go") {
			folders[filepath.ToSlash(filepath.Dir(file))] = true
		}
	}
	add := func(name string) {
		if there[name] {
			t.Errorf("two mutants have the name %q", name)
		}
		there[name] = true
	}
	for folder := range folders {
		p, err := load(moduleRoot(t), folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range p.files() {
			for _, m := range generateCode(p, file) {
				add(m.Name)
			}
		}
	}
	for _, s := range subjects {
		for _, m := range specMutants(t, specOf(t, s)) {
			add(m.name)
		}
	}
	for name, reason := range known {
		if !there[name] || reason == "" {
			t.Errorf("equivalent.txt: no mutant has the name %q, or it has no reason", name)
		}
	}
}

// Every suite must exist, and must have the tests that it names.
func TestSuitesExist(t *testing.T) {
	t.Parallel()
	for _, s := range suites() {
		files, err := filepath.Glob(filepath.Join(moduleRoot(t), s.Package, "*_test.go"))
		if len(files) == 0 || err != nil {
			if !strings.HasPrefix(s.Package, internal) {
				t.Errorf("%s has no tests in %s", s.Name, s.Package)
			}
			continue
		}
		run, found := regexp.MustCompile(s.Run), false
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)`).FindAllStringSubmatch(string(text), -1) {
				found = found || run.MatchString(m[1])
			}
		}
		if !found {
			t.Errorf("%s: no test of %s matches %s", s.Name, s.Package, s.Run)
		}
	}
}
