package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

var (
	//go:embed evidence/before.txt
	before string
	//go:embed evidence/families.txt
	subtests string
)

// sampled has the families of which make check tries only a random sample.
var sampled = map[string]bool{"misreading": true}

// contents returns the lines of a file that are neither empty nor comments.
func contents(file string) (lines []string) {
	for line := range strings.Lines(file) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// plain replaces the underscores in a name by spaces: go test replaces the spaces in names of
// subtests by underscores.
func plain(name string) string { return strings.ReplaceAll(name, "_", " ") }

// caught returns, sorted, what was caught, as "family: name". It takes the CAUGHT lines of the
// steps, and the passed subtests that match an expression in families.txt.
func caught(records []record) ([]string, error) {
	var names []string
	for _, r := range records {
		for _, line := range r.Caught {
			names = append(names, plain(line))
		}
	}
	for _, line := range contents(subtests) {
		family, expression, _ := strings.Cut(line, " ")
		subtest, err := regexp.Compile(strings.TrimSpace(expression))
		if err != nil || subtest.NumSubexp() != 1 {
			return nil, fmt.Errorf("families.txt: %s has no expression with one group: %w", family, err)
		}
		for _, r := range records {
			for _, test := range r.Passed {
				if m := subtest.FindStringSubmatch(test); m != nil {
					names = append(names, family+": "+plain(m[1]))
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// lost compares what was caught now with what was caught before, and returns what is missing and
// what was added. Of a sampled family, nothing counts as missing if at least one name was caught.
func lost(now, then []string) (missing, added []string) {
	family := func(line string) string { f, _, _ := strings.Cut(line, ":"); return f }
	tried := map[string]bool{}
	for _, line := range now {
		tried[family(line)] = true
		if !slices.Contains(then, line) {
			added = append(added, line)
		}
	}
	for _, line := range then {
		if f := family(line); !slices.Contains(now, line) && !(sampled[f] && tried[f]) {
			missing = append(missing, line)
		}
	}
	return missing, added
}

// compareCaught prints what is missing and what was added, and returns the exit code.
func compareCaught(dir string, out io.Writer) (int, error) {
	records, err := kept(dir)
	if err != nil {
		return 0, err
	}
	now, err := caught(records)
	if err != nil {
		return 0, err
	}
	if len(now) == 0 {
		return 0, errors.New("nothing was caught: run make check first")
	}
	then := contents(plain(before))
	missing, added := lost(now, then)
	for _, line := range added {
		fmt.Fprintln(out, "evidence: added:", line)
	}
	for _, line := range missing {
		fmt.Fprintln(out, "evidence: MISSING:", line)
	}
	fmt.Fprintf(out, "evidence: %d caught, %d before, %d added, %d missing\n",
		len(now), len(then), len(added), len(missing))
	return min(len(missing), 1), nil
}
