package main

import (
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
		t.Fail()
	}
}

func TestOthers(t *testing.T) {
	Next(Green) // comes by, and looks at nothing
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

// toyBench writes a small module and makes ready to try its mutants.
func toyBench(t *testing.T, s suite) (b *bench, good, bad []mutant) {
	t.Helper()
	root := t.TempDir()
	for file, text := range map[string]string{
		"go.mod": "module toy.example\n\ngo 1.26\n", "toy/toy.go": toy, "toy/toy_test.go": toyTest} {
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
	b = &bench{codeOptions: codeOptions{workers: 2}, root: root, source: p, suites: []suite{s}, dir: t.TempDir()}
	if good, bad, err = b.weave(generateCode(p, "toy/toy.go"), ""); err != nil {
		t.Fatal(err)
	}
	if b.store, err = openStore(filepath.Join(t.TempDir(), "kept.jsonl")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.store.file.Close() })
	return b, good, bad
}

// short has a loop without end end soon.
func (b *bench) short() {
	for _, s := range b.suites {
		b.limits[s.Name] = bounds{time.Minute, 2 * time.Second}
	}
}

func tryToy(t *testing.T, b *bench, mutants []mutant) map[string]verdict {
	t.Helper()
	byName := map[string]verdict{}
	for _, m := range mutants {
		v, err := b.try(t.Context(), m, filepath.Join(b.dir, "worker0"))
		if err != nil {
			t.Fatal(err)
		}
		byName[v.Name] = v
	}
	return byName
}

var toySuite = suite{Name: "toy-unit", Package: "toy", Run: ".", Folders: []string{"toy"}}

// Each kind of end is met and told apart: killed, alive, hung, and not compiled; what is kept is not
// tried again; and a mutant lives when its killer is taken out.
func TestEndsAreToldApart(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module")
	}
	b, good, bad := toyBench(t, toySuite)
	if err := b.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.short()
	for _, m := range good {
		if m.alone != strings.Contains(m.Name, " init: ") { // which can't choose among variants
			t.Errorf("%s is built alone: %t", m.Name, m.alone)
		}
	}
	results := tryToy(t, b, good)
	const next = "toy/toy.go Next: change constant: Green -> Red"
	const clamp = "toy/toy.go Clamp: change comparison: n < low -> n <= low" // which is equivalent
	for name, want := range map[string]end{
		next: killed, clamp: alive,
		"toy/toy.go Next: change constant: Red -> Amber":                        killed,
		"toy/toy.go Next: swap + and -: l + 1 -> l - 1":                         killed,
		"toy/toy.go Next: drop statement: return Red":                           killed,
		"toy/toy.go Sum: drop statement: i++":                                   hung,
		"toy/toy.go Sum: drop statement: sum += list[i]":                        killed,
		"toy/toy.go Clamp: change comparison: n < low -> n >= low":              killed,
		"toy/toy.go Odd: change literal: 2 -> (2 + 1)":                          killed,
		"toy/toy.go Both: swap && and ||: a && (b || c) -> ((a) || ((b || c)))": killed,
		"toy/toy.go Both: swap && and ||: b || c -> ((b) && (c))":               killed,
		"toy/toy.go All: swap && and ||: a && b -> ((a) || (b))":                killed,
		"toy/toy.go Below: change literal: 1 -> (1 + 1)":                        killed,
		"toy/toy.go Number: change constant: Green -> Red":                      killed,
		"toy/toy.go table: change literal: 1 -> (1 + 1)":                        alive, // nothing looks at it
		"toy/toy.go table: change constant: Red -> Amber":                       killed,
		"toy/toy.go init: drop statement: table[Amber] = 3":                     killed,
		"toy/toy.go Twice: swap + and -: n + n -> n - n":                        killed,
		"toy/toy.go none: change literal: 0 -> (0 + 1)":                         killed,
		"toy/toy.go Refuse: change literal: 1 -> (1 + 1)":                       alive, // words alone
	} {
		v, ok := results[name]
		if !ok || v.End != want || v.Message != strings.Contains(name, "Refuse") {
			t.Errorf("%s: %+v (there: %t), expected %s", name, v, ok, want)
		}
	}
	if v := results[next]; v.By != "toy-unit" || v.What != "TestNext" {
		t.Errorf("killed by %+v", v)
	}
	var names []string
	for _, m := range bad {
		names = append(names, m.Name)
	}
	// Two keys of one map, or a function without a return, are no Go.
	if all := strings.Join(names, "\n"); !strings.Contains(all, "Odd: empty case: return false") {
		t.Errorf("a function without a return is said to compile; broken: %q", names)
	}
	if err := b.compare(t.Context(), good[len(good)-5:]); b.compared < 4 || err != nil {
		t.Errorf("woven and alone compared: %d, %v", b.compared, err)
	}

	// Without the suite there is only what was kept.
	b.binaries[toySuite.Name] = filepath.Join(b.dir, "gone")
	again := tryToy(t, b, good)
	for name, v := range results {
		if again[name].End != v.End {
			t.Errorf("%s: %v, kept as %v", name, v.End, again[name].End)
		}
	}

	hung := "toy/toy.go Sum: drop statement: i++"
	c := count([]verdict{results[next], results[clamp], results[hung],
		results["toy/toy.go Refuse: change literal: 1 -> (1 + 1)"]}, map[string]string{clamp: "it is min"})
	if c.Killed != 1 || c.Equivalent != 1 || c.Hung != 1 || c.Alive != 0 || c.Share() != 0.5 || c.Words != 1 {
		t.Errorf("counted: %+v", c)
	}

	s := toySuite
	s.Skip = "TestNext"
	b, good, _ = toyBench(t, s)
	if err := b.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.short()
	for _, m := range good {
		if m.Name == next && tryToy(t, b, []mutant{m})[next].End != alive {
			t.Error("without its killer the mutant is not alive")
		}
	}
}

// A suite that fails with nothing planted would kill everything, so it stops the run.
func TestASuiteThatFailsIsNoLink(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module")
	}
	b, _, _ := toyBench(t, toySuite)
	file := filepath.Join(b.root, "toy", "toy_test.go")
	wrong := strings.Replace(toyTest, "Sum(nil) != 0", "Sum(nil) != 1", 1)
	if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "TestOthers") {
		t.Errorf("got %v", err)
	}
}

// What equivalent.txt names exists, so that a reason doesn't outlive its mutant.
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
			t.Errorf("two mutants are called %q", name)
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
	for _, m := range specMutants(t, roomsSpec(t)) {
		add(m.name)
	}
	for name := range known {
		if !there[name] {
			t.Errorf("no mutant is %q", name)
		}
	}
	for _, bad := range []string{"a\nb\n    reason\n", "a\n", "    reason\n",
		"a\n    reason\na\n    again\n"} {
		if _, err := parseEquivalents(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// A share says whether it is what is asked for, and too many equivalents are no share.
func TestScore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what  string
		score score
		holds bool
	}{
		{"good", score{Share: 0.9, least: 0.9, total: 0.05}, true},
		{"too few are killed", score{Share: 0.89, least: 0.9}, false},
		{"too many are equivalent", score{Share: 1, total: 0.051}, false},
		{"an equivalent one is killed", score{Share: 1, wrong: 1}, false},
	} {
		if c.score.holds() != c.holds {
			t.Errorf("%s: %t", c.what, c.score.holds())
		}
	}
	if s := (score{Sampled: true, Tried: 299}); s.whole() || !(&score{Tried: 20}).whole() {
		t.Error("299 drawn are enough, or all of 20 are not")
	}
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, filepath.Dir(resultsFile)), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*score{{Package: "a", Killed: 1}, {Package: "b", Survivors: []string{"m"}},
		{Package: "a", Killed: 2}} {
		if err := s.write(root); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, resultsFile))
	if err != nil || strings.Count(string(text), `"package"`) != 2 || !strings.Contains(string(text), `"killed": 2`) {
		t.Errorf("%v\n%s", err, text)
	}
}
