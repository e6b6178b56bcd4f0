package main

import (
	_ "embed"
	"fmt"
	"strings"
)

// equivalentList names the changes that nothing could tell from the original: a name in a line, and
// its reason in lines that are indented.
//
//go:embed equivalent.txt
var equivalentList string

// equivalents returns the reasons by name.
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
				return nil, fmt.Errorf("%s is there twice", line)
			}
			name, found[line] = line, ""
		}
	}
	return found, nil
}
