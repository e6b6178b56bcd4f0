package main

import (
	_ "embed"
	"fmt"
	"strings"
)

// equivalentList has the names of mutants that no test could distinguish from the original. Each
// name is a line; the reason follows in indented lines.
//
//go:embed equivalent.txt
var equivalentList string

// equivalents returns the reasons, by the names of the mutants.
func equivalents() (map[string]string, error) {
	found, name := map[string]string{}, ""
	for line := range strings.Lines(equivalentList) {
		reason, indented := strings.CutPrefix(line, "    ")
		switch line = strings.TrimSpace(line); {
		case line == "" || line[0] == '#':
		case indented && name != "":
			found[name] += strings.TrimSpace(reason) + " "
		default:
			if _, twice := found[line]; twice {
				return nil, fmt.Errorf("equivalent.txt has %s twice", line)
			}
			name, found[line] = line, ""
		}
	}
	return found, nil
}
