package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// register is what tests/README.md says.
type register struct {
	Properties []property
	Evidence   []evidence
	Skips      []skip
}

// property is a row of the table of properties.
type property struct {
	Name, Stated string
	Tests        []string // that it names, as package.Test
}

// evidence is a row of the table of evidence: the step prints a line of that name that meets all conditions.
type evidence struct {
	Step, Name string
	Conditions []condition
}

type condition struct {
	Key, Operator, Value string
}

// skip is a test that is skipped in a step, and passes in another one; or, for larger bounds, in none of make check.
type skip struct{ Step, Test, Instead string }

func (r *register) skips(step, test string) bool {
	return slices.ContainsFunc(r.Skips, func(s skip) bool { return s.Step == step && s.Test == test })
}

var (
	testName    = regexp.MustCompile("`([a-z0-9/]+\\.(?:Test|Example|Fuzz)\\w*)`")
	conditioned = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9-]*)(>=|<=|=)(\S+)$`)
)

// parse reads the tables below the headings Properties, Evidence and Skipped tests.
func parse(text string) (*register, error) {
	reg := &register{}
	for _, row := range table(text, "Properties") {
		if len(row) < 4 {
			return nil, fmt.Errorf("a property has %d columns: %v", len(row), row)
		}
		p := property{Name: row[0], Stated: row[1]}
		for _, m := range testName.FindAllStringSubmatch(strings.Join(row[2:], " "), -1) {
			p.Tests = append(p.Tests, m[1])
		}
		if p.Stated == "" || len(p.Tests) == 0 {
			return nil, fmt.Errorf("%s does not say where it is stated, or names no test", p.Name)
		}
		reg.Properties = append(reg.Properties, p)
	}
	for _, row := range table(text, "Evidence") {
		if len(row) < 3 {
			return nil, fmt.Errorf("evidence has %d columns: %v", len(row), row)
		}
		e := evidence{Step: plain(row[0]), Name: plain(row[1])}
		for word := range strings.FieldsSeq(plain(row[2])) {
			m := conditioned.FindStringSubmatch(word)
			if m == nil {
				return nil, fmt.Errorf("%s %s: %q is no condition, expected key=value, key>=number or key<=number", e.Step, e.Name, word)
			}
			e.Conditions = append(e.Conditions, condition{m[1], m[2], m[3]})
		}
		if e.Step == "" || e.Name == "" || len(e.Conditions) == 0 {
			return nil, fmt.Errorf("evidence without step, name or condition: %v", row)
		}
		reg.Evidence = append(reg.Evidence, e)
	}
	for _, row := range table(text, "Skipped tests") {
		if len(row) < 4 || row[2] == "" || row[3] == "" {
			return nil, fmt.Errorf("a skip does not say why, or where it runs: %v", row)
		}
		reg.Skips = append(reg.Skips, skip{plain(row[0]), plain(row[1]), plain(row[3])})
	}
	if len(reg.Properties) == 0 || len(reg.Evidence) == 0 {
		return nil, fmt.Errorf("no table of properties or of evidence")
	}
	return reg, nil
}

// table returns the rows of the first table below a heading, without its head.
func table(text, heading string) (rows [][]string) {
	_, text, ok := strings.Cut(text, "\n## "+heading+"\n")
	if !ok {
		return nil
	}
	seen := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "|"):
			if seen++; seen > 2 {
				cells := strings.Split(strings.Trim(line, "|"), "|")
				for i := range cells {
					cells[i] = strings.TrimSpace(cells[i])
				}
				rows = append(rows, cells)
			}
		case seen > 0 || strings.HasPrefix(line, "## "):
			return rows
		}
	}
	return rows
}

func plain(cell string) string { return strings.Trim(cell, "`") }

// steps returns the steps that the register knows.
func (r *register) steps() []string {
	known := map[string]bool{}
	for _, e := range r.Evidence {
		known[e.Step] = true
	}
	return slices.Sorted(maps.Keys(known))
}

func (r *register) tests() []string {
	known := map[string]bool{}
	for _, p := range r.Properties {
		for _, t := range p.Tests {
			known[t] = true
		}
	}
	return slices.Sorted(maps.Keys(known))
}

// compare returns what is not as the register says.
func (r *register) compare(records []record) (complaints []string) {
	complain := func(format string, args ...any) { complaints = append(complaints, fmt.Sprintf(format, args...)) }
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
			if !r.skips(rec.Step, t) {
				complain("step %s skipped %s, which is not in the list of skips", rec.Step, t)
			}
		}
		for _, line := range rec.Evidence {
			if !slices.ContainsFunc(r.Evidence, func(e evidence) bool { return e.Step == rec.Step && e.met(line) }) {
				complain("step %s printed evidence that no row knows or allows: %q", rec.Step, line)
			}
		}
	}
	for _, step := range r.steps() {
		if !ran[step] {
			complain("step %s did not run", step)
		}
	}
	for _, e := range r.Evidence {
		found := slices.ContainsFunc(records, func(rec record) bool { return rec.Step == e.Step && slices.ContainsFunc(rec.Evidence, e.met) })
		if ran[e.Step] && !found {
			complain("step %s printed no evidence %s with %v", e.Step, e.Name, e.Conditions)
		}
	}
	for _, s := range r.Skips {
		skipped := slices.ContainsFunc(records, func(rec record) bool { return rec.Step == s.Step && slices.Contains(rec.Skipped, s.Test) })
		if ran[s.Step] && !skipped {
			complain("step %s did not skip %s, although the register says so", s.Step, s.Test)
		}
		if !strings.HasPrefix(s.Instead, "make ") && !passedIn[[2]string{s.Instead, s.Test}] {
			complain("%s did not run and pass in step %s either", s.Test, s.Instead)
		}
	}
	for _, t := range r.tests() {
		if !passed[t] {
			complain("the test %s did not run and pass", t)
		}
	}
	return complaints
}

// met tells whether a line of evidence is of the name and meets the conditions.
func (e evidence) met(line string) bool {
	words := fields(line)
	if len(words) == 0 || words[0] != e.Name {
		return false
	}
	values := map[string]string{}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		if unquoted, err := strconv.Unquote(value); err == nil {
			value = unquoted
		}
		values[key] = value
	}
	for _, c := range e.Conditions {
		value, ok := values[c.Key]
		if !ok || !c.holds(value) {
			return false
		}
	}
	return true
}

func (c condition) holds(value string) bool {
	if c.Operator == "=" {
		return value == c.Value
	}
	// A share is written as 0.97, 97% or 33/34.
	got, err1 := number(value)
	want, err2 := number(c.Value)
	if err1 != nil || err2 != nil {
		return false
	}
	if c.Operator == ">=" {
		return got >= want
	}
	return got <= want
}

func number(s string) (float64, error) {
	s = strings.ReplaceAll(s, ",", "")
	if part, whole, ok := strings.Cut(s, "/"); ok {
		a, err1 := strconv.ParseFloat(part, 64)
		b, err2 := strconv.ParseFloat(whole, 64)
		if err1 != nil || err2 != nil || b == 0 {
			return 0, fmt.Errorf("%q is no share", s)
		}
		return a / b, nil
	}
	if percent, ok := strings.CutSuffix(s, "%"); ok {
		f, err := strconv.ParseFloat(percent, 64)
		return f / 100, err
	}
	return strconv.ParseFloat(s, 64)
}

// fields splits at spaces that are not within quotes.
func fields(line string) (words []string) {
	quoted, begin := false, -1
	for i := 0; i <= len(line); i++ {
		switch {
		case i < len(line) && line[i] == '"' && (i == 0 || line[i-1] != '\\'):
			quoted = !quoted
			if begin < 0 {
				begin = i
			}
		case i == len(line) || line[i] == ' ' && !quoted:
			if begin >= 0 {
				words = append(words, line[begin:i])
			}
			begin = -1
		case begin < 0:
			begin = i
		}
	}
	return words
}

func (c condition) String() string { return c.Key + c.Operator + c.Value }
