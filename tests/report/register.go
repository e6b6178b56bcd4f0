package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ablyrooms.example/tests/report/golden"
)

//go:embed register.json
var registered []byte

// register is the content of register.json.
type register struct {
	Machines []machine
	Evidence map[string][]string // the evidence that each step must print: a name, and conditions
	Skips    []skip
	rows     []row
	covering []string // the tests that the coverage tables name, as package.Test
}

// machine is a machine whose document lists its properties.
type machine struct {
	Name, Document string
	Twin           string   // prefix of the names of the broken twins of its spec
	Tests          []string // tests that check all properties of model and core, as package.Test
	holds          []property
}

// property is a property that a document lists, with the points of the specification that it cites.
type property struct{ name, points string }

// skip is a test that is skipped in a step, and passes in another step or with another command.
type skip struct{ Step, Test, Why, Instead string }

// row describes a line of evidence: the step must print a line with this name that meets all
// conditions.
type row struct {
	step, name string
	conditions []condition
}

type condition struct{ key, operator, value string }

func (c condition) String() string { return c.key + c.operator + c.value }

var (
	coverageTest = regexp.MustCompile("`([a-z/]+)\\.(Test\\w+)(?:\\[([A-Z-]+\\d[\\w/-]*)\\])?`")
	conditioned  = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_-]*)(>=|<=|=)(\S+)$`)
	mustHold     = regexp.MustCompile(`(?m)^- \*\*([A-Za-z, ]+)\*\*((?:.+\n  )*.+)`)
	cited        = regexp.MustCompile(`\b(?:CHA-\w+|RT[A-Z]+\d\w*)`)
)

// readRegister reads the register, the properties in the documents that it names, and the tests
// that the coverage tables name.
func readRegister(text []byte, root string) (*register, error) {
	reg := &register{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(reg); err != nil {
		return nil, err
	}
	for i := range reg.Machines {
		m := &reg.Machines[i]
		document, err := os.ReadFile(filepath.Join(root, m.Document))
		if err != nil {
			return nil, err
		}
		_, must, _ := strings.Cut(string(document), "\n## What must hold\n")
		must, _, _ = strings.Cut(must, "\n## ")
		for _, found := range mustHold.FindAllStringSubmatch(must, -1) {
			for name := range strings.SplitSeq(found[1], ", ") {
				points := strings.Join(cited.FindAllString(found[2], -1), ", ")
				m.holds = append(m.holds, property{name, points})
			}
		}
		if len(m.holds) == 0 || len(m.Tests) == 0 {
			return nil, fmt.Errorf("%s lists no properties, or no test holds them", m.Document)
		}
	}
	tables, err := filepath.Glob(filepath.Join(root, "tests", "report", "coverage*.md"))
	if err != nil {
		return nil, err
	}
	for _, file := range tables {
		table, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, t := range coverageTest.FindAllStringSubmatch(string(table), -1) {
			reg.covering = append(reg.covering, t[1]+"."+t[2])
		}
	}
	slices.Sort(reg.covering)
	reg.covering = slices.Compact(reg.covering)
	for _, s := range reg.Skips {
		if s.Why == "" || s.Instead == "" {
			return nil, fmt.Errorf("the skip of %s does not say why, or where it runs", s.Test)
		}
	}
	for _, step := range slices.Sorted(maps.Keys(reg.Evidence)) {
		for _, line := range reg.Evidence[step] {
			e, err := readRow(step, line)
			if err != nil {
				return nil, err
			}
			reg.rows = append(reg.rows, e)
		}
	}
	return reg, nil
}

// readRow parses a line of register.json. A value that begins with @ is a key of golden.json.
func readRow(step, line string) (row, error) {
	words := strings.Fields(line)
	e := row{step: step, name: words[0]}
	for _, word := range words[1:] {
		m := conditioned.FindStringSubmatch(word)
		if m == nil {
			return e, fmt.Errorf("%s: %q is none of key=value, key>=number, key<=number", step, word)
		}
		if key, ok := strings.CutPrefix(m[3], "@"); ok {
			m[3] = fmt.Sprint(golden.Int(key))
		}
		e.conditions = append(e.conditions, condition{m[1], m[2], m[3]})
	}
	if len(e.conditions) == 0 {
		return e, fmt.Errorf("%s: the evidence %q has no condition", step, line)
	}
	return e, nil
}

// check prints the differences between the records and the register, and returns the exit code.
func check(root, dir string, out io.Writer) (int, error) {
	reg, err := readRegister(registered, root)
	if err != nil {
		return 0, fmt.Errorf("register.json: %w", err)
	}
	records, err := kept(dir)
	if err != nil {
		return 0, err
	}
	names, err := caught(records)
	if err != nil {
		return 0, err
	}
	complaints := reg.compare(records, names)
	for _, c := range complaints {
		fmt.Fprintln(out, "register:", c)
	}
	fmt.Fprintf(out, "register: %d steps, %d kinds of evidence; differences from register.json: %d\n",
		len(records), len(reg.rows), len(complaints))
	return min(len(complaints), 1), nil
}

// compare returns the differences between the records and the register. names has what was caught.
func (r *register) compare(records []record, names []string) (complaints []string) {
	complain := func(format string, args ...any) {
		complaints = append(complaints, fmt.Sprintf(format, args...))
	}
	ran, passed, passedIn := map[string]bool{}, map[string]bool{}, map[[2]string]bool{}
	for _, rec := range records {
		ran[rec.Step] = true
		if rec.Exit != 0 {
			complain("step %s ended with code %d", rec.Step, rec.Exit)
		}
		for _, t := range rec.Passed {
			passed[t], passedIn[[2]string{rec.Step, t}] = true, true
		}
		for _, t := range rec.Skipped {
			listed := func(s skip) bool { return s.Step == rec.Step && s.Test == t }
			if !slices.ContainsFunc(r.Skips, listed) {
				complain("step %s skipped %s, which is not in the list of skips", rec.Step, t)
			}
		}
		for _, line := range rec.Evidence {
			known := func(e row) bool { return e.step == rec.Step && e.met(line) }
			if !slices.ContainsFunc(r.rows, known) {
				complain("step %s printed evidence that no row of the register allows: %q", rec.Step, line)
			}
		}
	}
	of := func(step string, has func(record) bool) bool {
		return slices.ContainsFunc(records, func(rec record) bool { return rec.Step == step && has(rec) })
	}
	for step := range r.Evidence {
		if !ran[step] {
			complain("step %s did not run", step)
		}
	}
	for _, e := range r.rows {
		printed := func(rec record) bool { return slices.ContainsFunc(rec.Evidence, e.met) }
		if ran[e.step] && !of(e.step, printed) {
			complain("step %s printed no evidence %s with %v", e.step, e.name, e.conditions)
		}
	}
	for _, s := range r.Skips {
		if ran[s.Step] && !of(s.Step, func(rec record) bool { return slices.Contains(rec.Skipped, s.Test) }) {
			complain("step %s did not skip %s, although the register says so", s.Step, s.Test)
		}
		if !strings.HasPrefix(s.Instead, "make ") && !passedIn[[2]string{s.Instead, s.Test}] {
			complain("%s did not run and pass in step %s either", s.Test, s.Instead)
		}
	}
	for _, t := range r.covering {
		if !passed[t] {
			complain("the test %s, which a coverage table names, did not run and pass", t)
		}
	}
	for _, m := range r.Machines {
		for _, t := range m.Tests {
			if !passed[t] {
				complain("the test %s did not run and pass", t)
			}
		}
		for _, p := range m.holds {
			if !slices.Contains(names, plain("twin: "+m.Twin+p.name)) {
				complain("TLC did not reject the broken twin of %s, %s%s", p.name, m.Twin, p.name)
			}
		}
	}
	return complaints
}

// met reports whether a line of evidence has the name and meets the conditions.
func (e row) met(line string) bool {
	name, rest, _ := strings.Cut(line, " ")
	values := map[string]string{}
	for word := range strings.FieldsSeq(rest) {
		key, value, _ := strings.Cut(word, "=")
		values[key] = strings.Trim(value, `"`)
	}
	return name == e.name && !slices.ContainsFunc(e.conditions, func(c condition) bool {
		value, ok := values[c.key]
		return !ok || !c.holds(value)
	})
}

// holds reports whether a value meets the condition. "=" compares texts; the others compare
// numbers, where 0.97, 97% and 33/34 are numbers.
func (c condition) holds(value string) bool {
	got, err1 := number(value)
	want, err2 := number(c.value)
	switch {
	case c.operator == "=":
		return value == c.value
	case err1 != nil || err2 != nil:
		return false
	case c.operator == ">=":
		return got >= want
	}
	return got <= want
}

func number(s string) (float64, error) {
	s = strings.ReplaceAll(s, ",", "")
	if part, whole, ok := strings.Cut(s, "/"); ok {
		a, err1 := strconv.ParseFloat(part, 64)
		b, err2 := strconv.ParseFloat(whole, 64)
		return a / b, errors.Join(err1, err2)
	}
	if percent, ok := strings.CutSuffix(s, "%"); ok {
		f, err := strconv.ParseFloat(percent, 64)
		return f / 100, err
	}
	return strconv.ParseFloat(s, 64)
}
