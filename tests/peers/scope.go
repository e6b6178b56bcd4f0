package main

import (
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// scopeText names the tests that can't pass on the embedded server, each with the reason.
//
//go:embed scope.txt
var scopeText string

// scope has the tests of a suite that are out of scope.
type scope struct {
	rows []*scopeRow
}

type scopeRow struct {
	test   *regexp.Regexp
	reason string
	failed int
}

// readScope reads the rows of a suite. A row has the suite's name, a regular expression for names
// of tests, and the reason, separated by tabs.
func readScope(name string) (*scope, error) {
	s := &scope{}
	for i, line := range strings.Split(scopeText, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(line, "\t")
		if len(parts) != 3 || !slices.ContainsFunc(suites, func(s suite) bool { return s.name == parts[0] }) {
			return nil, fmt.Errorf("scope.txt:%d: expected a suite, a test and a reason, separated by tabs", i+1)
		}
		if parts[0] != name {
			continue
		}
		test, err := regexp.Compile("^(?:" + parts[1] + ")$")
		if err != nil {
			return nil, fmt.Errorf("scope.txt:%d: %w", i+1, err)
		}
		s.rows = append(s.rows, &scopeRow{test: test, reason: parts[2]})
	}
	return s, nil
}

// row returns the row that matches a test, or nil if the test is in scope.
func (s *scope) row(test string) *scopeRow {
	for _, r := range s.rows {
		if r.test.MatchString(test) {
			return r
		}
	}
	return nil
}

// report prints the numbers and the failures. It returns an error if a test in scope failed, or if
// no test passed.
func (s *scope) report(w io.Writer, suite string, results []result) error {
	var pass, fail, skip, out int
	for _, r := range results {
		row := s.row(r.name)
		switch {
		case row != nil && r.outcome != skipped:
			out++
			if r.outcome == failed {
				row.failed++
			} else {
				fmt.Fprintf(w, "out of scope, but passes: %s\n", r.name)
			}
		case r.outcome == passed:
			pass++
		case r.outcome == skipped:
			skip++
		default:
			fail++
			fmt.Fprintf(w, "FAIL %s\n%s\n", r.name, indent(r.message))
		}
	}
	for _, r := range s.rows {
		if r.failed > 0 {
			fmt.Fprintf(w, "out of scope: %d of %s: %s\n", r.failed, r.test, r.reason)
		}
	}
	fmt.Fprintf(w, "EVIDENCE peers suite=%s passed=%d failed=%d skipped=%d out-of-scope=%d\n", suite, pass, fail, skip, out)
	if fail > 0 {
		return fmt.Errorf("%d of %d tests in scope failed", fail, pass+fail)
	}
	if pass == 0 {
		return fmt.Errorf("no test in scope passed")
	}
	return nil
}

// indent returns the first lines of a message, indented.
func indent(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > 25 {
		lines = append(lines[:25], "...")
	}
	return "    " + strings.Join(lines, "\n    ")
}
